//! Refresh of a benchmark: which gate tasks retire, which of the reserve take their place, and the lines that say so. Pure.

mod line;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub(crate) use self::line::{with_lines, with_split, with_splits};
use crate::artifact::task::Task;
use crate::digest::Digest;

/// Tasks that change places.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Exchange {
    /// Ids of gate tasks that become train tasks.
    pub retired: Vec<String>,
    /// Ids of the tasks that become gate tasks, as many of each category.
    pub drawn: Vec<String>,
    /// Categories in which fewer retire than should, because there is too little to replace them.
    pub short: BTreeMap<String, Short>,
}

/// What a category lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Short {
    /// Tasks that should retire.
    pub wanted: usize,
    /// Tasks that could replace them.
    pub reserve: usize,
}

/// What is drawn from, and by which lot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw<'a> {
    /// The present gate tasks.
    pub gate: &'a [&'a Task],
    /// How often each of them was consulted.
    pub consulted: &'a BTreeMap<&'a str, usize>,
    /// What can take their place.
    pub reserve: &'a [&'a Task],
    /// The share that should retire, 0 to 1.
    pub share: f64,
    /// Refreshes so far: another one draws other lots.
    pub refreshes: usize,
}

/// Chooses by category, so that each keeps its number of tasks: most consulted first, then by lot.
pub(crate) fn exchange(draw: &Draw) -> Exchange {
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

/// How many tasks of each category should retire: together the share of all, at least one; what does not divide goes
/// to categories that have something to draw, to those first that are owed most, and among equals by lot, so that small
/// ones have their turn.
fn quotas<'a>(gate: &Categories<'a>, reserve: &Categories, draw: &Draw) -> BTreeMap<&'a str, usize> {
    let all = draw.gate.len();
    let total = ((draw.share * all as f64).round() as usize).clamp(1.min(all), all);
    let exact = |tasks: &[&Task]| total as f64 * tasks.len() as f64 / all as f64;
    let mut quotas: BTreeMap<&str, usize> = BTreeMap::new();
    let mut owed = Vec::new();
    for (category, tasks) in gate {
        let whole = exact(tasks).floor();
        quotas.insert(category, whole as usize);
        // In millionths, so that a hair of rounding decides nothing.
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

/// The ids of the gate after an exchange.
pub(crate) fn gate_after<'a>(gate: &[&'a Task], exchange: &'a Exchange) -> BTreeSet<&'a str> {
    let retired: BTreeSet<&str> = exchange.retired.iter().map(String::as_str).collect();
    let stays = gate.iter().map(|task| task.task_id.as_str());
    let drawn = exchange.drawn.iter().map(String::as_str);
    stays.filter(|id| !retired.contains(id)).chain(drawn).collect()
}

#[cfg(test)]
mod tests;
