//! Replays acceptance rules over the measured answers of a language model, and compares them with a published study.
//!
//! `cargo bench --bench acceptors [-- --sessions N --only compare|tried]`. The data are looked for in the folder `llm` of
//! `KAIZEN_DATA`. Fails if more figures than chance explains are three standard errors away from the published ones.
#![allow(clippy::disallowed_methods, unreachable_pub)] // a benchmark: files, the environment

mod acceptors;
mod catalog;
mod draw;
mod figures;
mod published;
mod rows;
mod shares;
mod unconditional;

use acceptors::Acceptor;
use draw::Session;
use figures::{COLUMNS, Figure, NAMES, each, figures};
use published::{Published, Table};
use rows::Row;

/// A result whose error can be sent between threads.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Default number of sessions per table.
const SESSIONS: usize = 1000;

/// A figure that differs by more standard errors than this is printed with a mark.
const TOLERATED: f64 = 3.0;

/// This share of the figures may differ by more. Chance gives 0.3 %; the figures of a table share their sessions.
const BY_CHANCE: f64 = 0.005;

/// No figure may differ by more standard errors than this.
const MOST: f64 = 4.0;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("run `cargo bench --bench acceptors`");
        return Ok(());
    }
    if is_for_another(&arguments) {
        return Ok(());
    }
    let folder = rows::folder();
    if !folder.is_dir() {
        println!("skipped: there is no {}; set KAIZEN_DATA", folder.display());
        return Ok(());
    }
    let after = |name: &str| {
        let at = arguments.iter().position(|one| one == name);
        at.and_then(|at| arguments.get(at + 1))
    };
    let sessions = after("--sessions").map_or(Ok(SESSIONS), |sessions| sessions.parse())?;
    let only = after("--only").map(String::as_str);
    let rows: Vec<Row> = ["router", "reviews", "noise", "extract"]
        .into_iter()
        .map(|name| rows::read(&folder, name))
        .collect::<Outcome<_>>()?;
    let agrees = match only.is_none_or(|only| only == "compare") {
        true => compare(&rows, sessions)?,
        false => true,
    };
    if only.is_none_or(|only| only == "tried") {
        tried(&rows, sessions);
    }
    match agrees {
        true => Ok(()),
        false => Err("the replay does not agree with the published tables".into()),
    }
}

/// Whether the arguments name other benchmarks only: `cargo bench -- search` runs this program too.
fn is_for_another(arguments: &[String]) -> bool {
    let is_value = |at: usize| at > 0 && ["--sessions", "--only"].contains(&arguments[at - 1].as_str());
    let named = |at: &usize| !arguments[*at].starts_with('-') && !is_value(*at);
    let mut names = (1..arguments.len()).filter(named).peekable();
    names.peek().is_some() && !names.any(|at| "acceptors".contains(arguments[at].as_str()))
}

/// Prints every published table beside its replay. Returns whether they agree.
fn compare(rows: &[Row], count: usize) -> Outcome<bool> {
    println!("{}\n", catalog::PACE_LIKE);
    let mut all = Vec::new();
    for table in published::tables()? {
        let row = rows.iter().find(|row| row.name == table.row).ok_or("unknown row")?;
        println!(
            "{}, {} gate tasks, {count} sessions (study: {})\n",
            row.name, table.tasks, table.sessions
        );
        all.extend(beside(&table, &drawn(row, table.tasks, count))?);
    }
    let beyond = all.iter().filter(|off| **off > TOLERATED).count();
    let most = all.iter().copied().fold(0.0, f64::max);
    println!(
        "{} figures compared; {beyond} differ by more than {TOLERATED} standard errors, the most by {most:.1}\n",
        all.len()
    );
    Ok(most <= MOST && beyond as f64 <= BY_CHANCE * all.len() as f64)
}

/// Prints one table. Returns by how many standard errors each figure differs.
fn beside(table: &Table, sessions: &[Session]) -> Outcome<Vec<f64>> {
    let acceptors = catalog::published();
    let mut all = Vec::new();
    print_head();
    for line in &table.lines {
        let acceptor = acceptors.iter().find(|acceptor| acceptor.name == line.name);
        let acceptor = acceptor.ok_or_else(|| format!("no acceptor is named `{}`", line.name))?;
        let measured = figures(&acceptor.rule, sessions);
        print_line(&line.name, &measured.map(shown));
        print_line("  study", &line.figures.map(of_study));
        if line.is_compared {
            let off = offs(&measured, &line.figures, table);
            print_line("  standard errors off", &off.map(of_errors));
            all.extend(off.into_iter().flatten());
        }
    }
    println!();
    Ok(all)
}

fn drawn(row: &Row, tasks: usize, count: usize) -> Vec<Session> {
    let numbers: Vec<u64> = (0..count as u64).collect();
    each(&numbers, |number| Session::draw(row, tasks, *number))
}

fn offs(
    measured: &[Option<Figure>; COLUMNS],
    published: &[Option<Published>; COLUMNS],
    table: &Table,
) -> [Option<f64>; COLUMNS] {
    let off = |measured: Figure, published: Published| measured.off(published.value, published.unit, table.sessions);
    std::array::from_fn(|at| Some(off(measured[at]?, published[at]?)))
}

/// Prints what else was tried: chosen on the first row, confirmed on the others.
fn tried(rows: &[Row], count: usize) {
    println!("{}\n", catalog::TRIED);
    let acceptors = catalog::tried();
    for row in rows {
        println!("{}, 100 gate tasks, {count} sessions\n", row.name);
        print_table(&acceptors, &drawn(row, 100, count));
    }
    for flips in [0.05, 0.10, 0.25, 0.40] {
        println!(
            "ten edits that gain nothing and flip {flips} of 100 tasks, {count} sessions: column s0 is bounded by 10 %\n"
        );
        let numbers: Vec<u64> = (0..count as u64).collect();
        print_table(
            &acceptors,
            &each(&numbers, |number| Session::of_nothing(flips, 100, *number)),
        );
    }
}

fn print_table(acceptors: &[Acceptor], sessions: &[Session]) {
    print_head();
    for Acceptor { name, rule } in acceptors {
        print_line(name, &figures(rule, sessions).map(shown));
    }
    println!();
}

fn print_head() {
    print_line("acceptor", &NAMES.map(str::to_owned));
}

fn print_line(name: &str, cells: &[String; COLUMNS]) {
    let pad = |(cell, name): (&String, &str)| format!("{cell:>0$}", name.len().max(5));
    let cells: Vec<String> = cells.iter().zip(NAMES).map(pad).collect();
    println!("{name:34}  {}", cells.join(" "));
}

fn shown(figure: Option<Figure>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{:.1}", figure.value))
}

fn of_study(published: Option<Published>) -> String {
    published.map_or_else(|| "-".to_owned(), |published| published.value.to_string())
}

fn of_errors(off: Option<f64>) -> String {
    off.map_or_else(
        || "-".to_owned(),
        |off| format!("{off:.1}{}", if off > TOLERATED { "!" } else { "" }),
    )
}
