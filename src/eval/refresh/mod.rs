//! Refreshes the gate split: chooses the gate tasks to retire and the reserve tasks to draw, and edits the lines of the
//! task files. Pure.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::artifact::task::{Split, Task};
use crate::digest::Digest;

/// The tasks that a refresh exchanges.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Exchange {
    /// The ids of gate tasks that become train tasks.
    pub retired: Vec<String>,
    /// The ids of tasks that become gate tasks, the same number per category.
    pub drawn: Vec<String>,
    /// The categories that have too few reserve tasks, so that fewer tasks retire than should.
    pub short: BTreeMap<String, Short>,
}

/// A category with too few reserve tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Short {
    /// The number of tasks that should retire.
    pub wanted: usize,
    /// The number of tasks that could replace them.
    pub reserve: usize,
}

/// The input of a refresh.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefreshDraw<'a> {
    /// The current gate tasks.
    pub gate: &'a [&'a Task],
    /// The number of consultations of each gate task.
    pub consulted: &'a BTreeMap<&'a str, usize>,
    /// The tasks that can replace them.
    pub reserve: &'a [&'a Task],
    /// The share that should retire, 0 to 1.
    pub share: f64,
    /// The number of refreshes so far, which seeds the random order.
    pub refreshes: usize,
}

/// Chooses the tasks to exchange in each category, so that each category keeps its size. Retires the most consulted
/// tasks first, at random among equals.
pub(crate) fn exchange(draw: &RefreshDraw) -> Exchange {
    let lot = |task: &Task| Digest::of_value(&(&task.task_id, draw.refreshes));
    let consulted = |task: &Task| draw.consulted.get(task.task_id.as_str()).copied().unwrap_or(0);
    let mut gate = by_category(draw.gate);
    let mut reserve = by_category(draw.reserve);
    let mut chosen = Exchange::default();
    for (category, wanted) in quotas(&gate, &reserve, draw) {
        let mut present = gate.remove(category).unwrap_or_default();
        let mut others = reserve.remove(category).unwrap_or_default();
        present.sort_by_key(|task| (Reverse(consulted(task)), lot(task)));
        others.sort_by_key(|task| lot(task));
        let number = wanted.min(others.len());
        if number < wanted {
            let reserve = others.len();
            chosen.short.insert(category.to_owned(), Short { wanted, reserve });
        }
        chosen.retired.extend(ids(&present[..number]));
        chosen.drawn.extend(ids(&others[..number]));
    }
    chosen
}

/// The number of tasks of each category that should retire, in total `share` of all gate tasks and at least one. Each
/// category gets its proportional number, rounded down. The rest goes first to categories with enough reserve, then by
/// the largest remainder, then at random, so that small categories get their turn.
fn quotas<'a>(gate: &Categories<'a>, reserve: &Categories, draw: &RefreshDraw) -> BTreeMap<&'a str, usize> {
    let all = draw.gate.len();
    let total = ((draw.share * all as f64).round() as usize).clamp(1.min(all), all);
    let exact = |tasks: &[&Task]| total as f64 * tasks.len() as f64 / all as f64;
    let mut quotas: BTreeMap<&str, usize> = BTreeMap::new();
    let mut owed = Vec::new();
    for (category, tasks) in gate {
        let whole = exact(tasks).floor();
        quotas.insert(category, whole as usize);
        // In millionths, so that rounding errors do not decide.
        let rest = ((exact(tasks) - whole) * 1e6).round() as u64;
        let has_none = reserve.get(category).map_or(0, Vec::len) <= whole as usize;
        owed.push((
            has_none,
            Reverse(rest),
            Digest::of_value(&(category, draw.refreshes)),
            *category,
        ));
    }
    owed.sort();
    let left = total - quotas.values().sum::<usize>();
    for (_, _, _, category) in owed.into_iter().take(left) {
        *quotas.entry(category).or_default() += 1;
    }
    quotas
}

/// Tasks by category.
type Categories<'a> = BTreeMap<&'a str, Vec<&'a Task>>;

fn by_category<'a>(tasks: &[&'a Task]) -> Categories<'a> {
    let mut categories = Categories::new();
    for task in tasks {
        categories.entry(&task.category).or_default().push(task);
    }
    categories
}

fn ids<'a>(tasks: &'a [&Task]) -> impl Iterator<Item = String> + 'a {
    tasks.iter().map(|task| task.task_id.clone())
}

/// The ids of the gate tasks after an exchange.
pub(crate) fn gate_after<'a>(gate: &[&'a Task], exchange: &'a Exchange) -> BTreeSet<&'a str> {
    let retired: BTreeSet<&str> = exchange.retired.iter().map(String::as_str).collect();
    let stays = gate.iter().map(|task| task.task_id.as_str());
    let drawn = exchange.drawn.iter().map(String::as_str);
    stays.filter(|id| !retired.contains(id)).chain(drawn).collect()
}

/// Sets the splits of some lines, numbered from 1. All other bytes stay unchanged.
pub(crate) fn with_splits(text: &str, splits: &BTreeMap<usize, Split>) -> String {
    let line = |(at, line): (usize, &str)| {
        let split = splits.get(&(at + 1));
        let changed = split.and_then(|split| with_split(line, *split));
        changed.unwrap_or_else(|| line.to_owned())
    };
    text.split_inclusive('\n').enumerate().map(line).collect()
}

/// Sets the split of a line, or adds it. `None` if the line is not a JSON object.
pub(crate) fn with_split(line: &str, split: Split) -> Option<String> {
    let json = line.strip_prefix('\u{feff}').unwrap_or(line);
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
    let value = format!("\"{}\"", split.name());
    let (from, to, put) = match fields.get("split") {
        Some(present) => {
            // The value is a slice of the line, so the difference of their addresses is its offset.
            let from = present.get().as_ptr() as usize - line.as_ptr() as usize;
            (from, from + present.get().len(), value)
        }
        None => {
            let end = line[..line.rfind('}')?].trim_end().len();
            let comma = if fields.is_empty() { "" } else { "," };
            (end, end, format!("{comma}\"split\":{value}"))
        }
    };
    Some(format!("{}{put}{}", &line[..from], &line[to..]))
}

/// Appends lines to a text, with the line ending of its first line.
pub(crate) fn with_lines(text: &str, lines: &[String]) -> String {
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    let ending = if first.ends_with("\r\n") { "\r\n" } else { "\n" };
    let mut whole = text.to_owned();
    if !lines.is_empty() && !whole.is_empty() && !whole.ends_with('\n') {
        whole += ending;
    }
    whole.extend(lines.iter().map(|line| format!("{}{ending}", line.trim())));
    whole
}
