//! World: 50 gate tasks in four clusters, and a home that gets about half of them right.

use std::collections::BTreeMap;

use kaizen::artifact::task::Task;
use kaizen::digest::Digest;
use kaizen::gate::order::shuffled;

use crate::data::{Data, Row};
use crate::home::{Change, Home, Shot};
use crate::reach::reach;
use crate::truth::{chances, mean};

/// Tasks of each cluster.
const SIZES: [usize; 4] = [13, 13, 12, 12];

/// What each cluster starts with: the first fails most, and is what focused edits aim at.
const START: [f64; 4] = [0.42, 0.52, 0.52, 0.52];

/// Draws by which a search judges.
const SEARCH_DRAWS: u64 = 120;

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One agent answers everything, so that every edit reaches every task.
    One,
    /// Each cluster has an agent of its own.
    Several,
}

/// A benchmark and the home that is to be improved.
pub struct World {
    /// Its number.
    pub number: u64,
    /// Names of the clusters.
    pub names: Vec<String>,
    /// All tasks, cluster by cluster.
    pub tasks: Vec<Task>,
    /// The home.
    pub home: Home,
    /// Examples of each cluster that the home may be given.
    pools: Vec<Vec<Shot>>,
}

impl World {
    /// Draws a world.
    pub fn draw(data: &Data, number: u64, shape: Shape, temperature: f64) -> Self {
        let fields: Vec<&String> = data.test.keys().collect();
        let names: Vec<String> = drawn(&fields, number, 0).into_iter().take(4).cloned().collect();
        let agent = |name: &str| match shape {
            Shape::One => "clerk".to_owned(),
            Shape::Several => name.to_owned(),
        };
        let mut tasks = Vec::new();
        let mut pools = Vec::new();
        for (at, (name, size)) in names.iter().zip(SIZES).enumerate() {
            let of_field = drawn(&data.test[name], number, 1 + at as u32);
            tasks.extend(of_field.into_iter().take(size).map(|task| Task {
                agent: Some(agent(name)),
                ..task
            }));
            let rows = drawn(&data.train[name], number, 11 + at as u32);
            pools.push(rows.into_iter().map(|row| shot(row, agent(name))).collect());
        }
        let turns: BTreeMap<String, u32> = names.iter().map(|name| (agent(name), 10)).collect();
        let home = Home {
            shots: Vec::new(),
            model: "base".to_owned(),
            temperature,
            turns,
        };
        let mut world = Self {
            number,
            names,
            tasks,
            home,
            pools,
        };
        world.stock();
        world
    }

    /// Gives the home examples until each cluster scores what it starts with. Each cluster may use a part of its pool;
    /// the rest is for edits. Twice: one cluster's examples disturb another's tasks.
    fn stock(&mut self) {
        let mut own: Vec<Vec<Shot>> = vec![Vec::new(); SIZES.len()];
        for at in (0..SIZES.len()).chain(0..SIZES.len()) {
            let others: Vec<Shot> = own
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .flat_map(|(_, shots)| shots.clone())
                .collect();
            let (for_start, _) = self.pools[at].split_at(self.pools[at].len() / 3);
            let with = |shots: &[Shot]| Home {
                shots: others.iter().chain(shots).cloned().collect(),
                ..self.home.clone()
            };
            own[at] = reach(START[at], for_start, |shots| self.score(at, &with(shots)));
        }
        self.home.shots = own.concat();
    }

    /// The tasks of a cluster.
    pub fn cluster(&self, at: usize) -> &[Task] {
        let from: usize = SIZES[..at].iter().sum();
        &self.tasks[from..from + SIZES[at]]
    }

    /// The score of a cluster.
    fn score(&self, at: usize, home: &Home) -> f64 {
        mean(&chances(home, self.cluster(at), SEARCH_DRAWS))
    }

    /// A change of few-shot examples that moves each cluster by so much; `key` draws the examples.
    pub fn moving(&self, by: [f64; 4], key: u32) -> Change {
        let mut change = Change::default();
        for (at, by) in by.into_iter().enumerate().filter(|(_, by)| *by != 0.0) {
            let goal = self.score(at, &self.home) + by;
            let candidates = self.candidates(at, by > 0.0, key);
            let with = |shots: &[Shot]| extended(&change, shots, by > 0.0);
            let chosen = reach(goal, &candidates, |shots| {
                self.score(at, &self.home.with(&with(shots)))
            });
            change = with(&chosen);
        }
        change
    }

    /// New examples of a cluster, or its old ones with a neighbour's answer.
    fn candidates(&self, at: usize, good: bool, key: u32) -> Vec<Shot> {
        let pool = &self.pools[at];
        if good {
            return drawn(&pool[pool.len() / 3..], self.number, 100 * key + at as u32);
        }
        let own = self.home.shots.iter().filter(|shot| pool.contains(shot));
        let own = drawn(&own.cloned().collect::<Vec<_>>(), self.number, 100 * key + at as u32);
        let wrong = |shot: &Shot| {
            let other = pool.iter().find(|other| other.output != shot.output);
            let output = other.map_or("none", |other| other.output.as_str());
            Shot {
                output: output.to_owned(),
                ..shot.clone()
            }
        };
        own.iter().map(wrong).collect()
    }

    /// Mean variance of a run.
    pub fn noise(&self, draws: u64) -> f64 {
        let chances = chances(&self.home, &self.tasks, draws);
        mean(&chances.iter().map(|p| p * (1.0 - p)).collect::<Vec<_>>())
    }

    /// The change of each cluster's score that lifts it so far that the overall score moves by so much.
    pub fn focused(at: usize, overall: f64) -> [f64; 4] {
        let mut by = [0.0; 4];
        by[at] = overall * SIZES.iter().sum::<usize>() as f64 / SIZES[at] as f64;
        by
    }

    /// Half of a gain in one cluster, half of it in the others.
    pub fn half(at: usize, overall: f64) -> [f64; 4] {
        let all = SIZES.iter().sum::<usize>();
        let others = overall / 2.0 * all as f64 / (all - SIZES[at]) as f64;
        let mut by = [others; 4];
        by[at] = overall / 2.0 * all as f64 / SIZES[at] as f64;
        by
    }
}

fn extended(change: &Change, shots: &[Shot], good: bool) -> Change {
    let mut change = change.clone();
    match good {
        true => change.adds.extend(shots.iter().cloned()),
        false => change.relabels.extend(shots.iter().cloned()),
    }
    change
}

fn shot(row: Row, agent: String) -> Shot {
    Shot {
        agent,
        input: row.query,
        output: row.reference_answer,
    }
}

/// The items in an order drawn for this world.
fn drawn<T: Clone>(items: &[T], world: u64, key: u32) -> Vec<T> {
    shuffled(items, Digest::of_value(&("world", world)).seed(), key, 0)
}
