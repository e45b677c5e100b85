//! The published figures of the study, to compare with.

use crate::Outcome;
use crate::figures::COLUMNS;

/// A table.
pub struct Table {
    /// The row of data.
    pub row: String,
    /// Number of gate tasks.
    pub tasks: usize,
    /// Number of sessions in the study.
    pub sessions: usize,
    /// The acceptors.
    pub lines: Vec<Line>,
}

/// The figures of one acceptor.
pub struct Line {
    /// Its name.
    pub name: String,
    /// Whether its figures have to agree.
    pub is_compared: bool,
    /// The figures; `None` where the study has none.
    pub figures: [Option<Published>; COLUMNS],
}

/// A published figure.
#[derive(Clone, Copy)]
pub struct Published {
    /// The value.
    pub value: f64,
    /// The unit that it was rounded to.
    pub unit: f64,
}

/// All tables of the study.
///
/// # Errors
/// A line has another form.
pub fn tables() -> Outcome<Vec<Table>> {
    let mut tables: Vec<Table> = Vec::new();
    let lines = include_str!("published.txt").lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        match (line.strip_prefix("## "), tables.last_mut()) {
            (Some(head), _) => tables.push(table(head)?),
            (None, Some(table)) => table.lines.push(figures(line)?),
            (None, None) => return Err(format!("no table for `{line}`").into()),
        }
    }
    Ok(tables)
}

fn table(head: &str) -> Outcome<Table> {
    let mut words = head.split_whitespace();
    let mut next = || words.next().ok_or_else(|| format!("`{head}` is too short"));
    Ok(Table {
        row: next()?.to_owned(),
        tasks: next()?.parse()?,
        sessions: next()?.parse()?,
        lines: Vec::new(),
    })
}

fn figures(line: &str) -> Outcome<Line> {
    let mut cells = line.split('|').map(str::trim);
    let name = cells.next().unwrap_or_default();
    let figures: Vec<Option<Published>> = cells.map(figure).collect::<Outcome<_>>()?;
    let count = figures.len();
    Ok(Line {
        name: name.trim_start_matches("~ ").to_owned(),
        is_compared: !name.starts_with('~'),
        figures: figures
            .try_into()
            .map_err(|_| format!("`{line}` has {count} figures"))?,
    })
}

fn figure(cell: &str) -> Outcome<Option<Published>> {
    if cell == "-" {
        return Ok(None);
    }
    let decimals = cell.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    Ok(Some(Published {
        value: cell.parse()?,
        unit: 0.1_f64.powi(decimals as i32),
    }))
}
