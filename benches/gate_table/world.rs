//! A world: 50 gate tasks in four clusters, and a home that answers about half of them correctly.

use std::collections::BTreeMap;

use kaizen::Digest;
use kaizen::artifact::Task;
use kaizen::internals::shuffled;

use crate::data::{Data, Row};
use crate::ground_truth::{Lexicon, Standing, mean, similarity};
use crate::workspace::{Change, Home, Shot};

/// Number of tasks per cluster.
const SIZES: [usize; 4] = [13, 13, 12, 12];

/// The initial score of each cluster. The first one fails most, and single edits target it.
const START: [f64; 4] = [0.42, 0.52, 0.52, 0.52];

/// A search ends when the mean deviation of the clusters from their goals is below this.
const NEAR: f64 = 0.004;

/// Number of passes of a search over its candidates.
const PASSES: usize = 2;

/// The agents that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One agent answers everything, so that every edit reaches every task.
    One,
    /// Each cluster has its own agent.
    Several,
}

/// A benchmark, and the home to improve.
pub struct World {
    /// The world's number.
    pub number: u64,
    /// Names of the clusters.
    pub names: Vec<String>,
    /// All tasks, cluster by cluster.
    pub tasks: Vec<Task>,
    /// The home.
    pub home: Home,
    /// Examples of each cluster that can be added to the home.
    pools: Vec<Vec<Shot>>,
    lexicon: Lexicon,
}

impl World {
    /// Creates world `number`.
    pub fn draw(data: &Data, number: u64, shape: Shape, temperature: f64) -> Self {
        let fields: Vec<&String> = data.test.keys().collect();
        let names: Vec<String> = shuffle(&fields, number, 0).into_iter().take(4).cloned().collect();
        let agent = |name: &str| match shape {
            Shape::One => "clerk".to_owned(),
            Shape::Several => name.to_owned(),
        };
        let turns: BTreeMap<String, u32> = names.iter().map(|name| (agent(name), 10)).collect();
        let home = Home {
            shots: Vec::new(),
            model: "base".to_owned(),
            temperature,
            turns,
        };
        let mut world = Self {
            number,
            names: Vec::new(),
            tasks: Vec::new(),
            home,
            pools: Vec::new(),
            lexicon: Lexicon::default(),
        };
        for (at, name) in names.into_iter().enumerate() {
            let tasks = shuffle(&data.test[&name], number, 1 + at as u32);
            let rows = shuffle(&data.train[&name], number, 11 + at as u32);
            world.add_cluster(name.clone(), agent(&name), tasks, rows);
        }
        world.stock();
        world
    }

    fn add_cluster(&mut self, name: String, agent: String, tasks: Vec<Task>, rows: Vec<Row>) {
        for task in tasks.into_iter().take(SIZES[self.names.len()]) {
            self.lexicon.learn(&task.query);
            self.tasks.push(Task {
                agent: Some(agent.clone()),
                ..task
            });
        }
        rows.iter().for_each(|row| self.lexicon.learn(&row.query));
        self.pools.push(rows.into_iter().map(|row| shot(row, &agent)).collect());
        self.names.push(name);
    }

    /// Adds examples to the home until each cluster has its initial score. Only a third of each pool is used for that;
    /// the rest is for edits.
    fn stock(&mut self) {
        let for_start: Vec<Shot> = self
            .pools
            .iter()
            .flat_map(|pool| pool[..pool.len() / 3].to_vec())
            .collect();
        let candidates = shuffle(&for_start, self.number, 21);
        let change = self.search(START, &candidates, |change, shot| change.adds.push(shot));
        self.home = self.home.with(&change);
    }

    /// The overall probability of success.
    pub fn overall(&self, home: &Home) -> f64 {
        mean(&self.lexicon.chances(home, &self.tasks))
    }

    /// The standing of every task with a home; `known` provides those that need not be computed.
    fn standing(&self, home: &Home, known: impl Fn(usize) -> Option<Standing>) -> Vec<Standing> {
        let shots = self.lexicon.shots(home);
        let stand = |(at, task)| known(at).unwrap_or_else(|| self.lexicon.standing(home, &shots, task));
        self.tasks.iter().enumerate().map(stand).collect()
    }

    /// A change of the home that brings the clusters close to their goals. A candidate is taken if it reduces the
    /// deviation over all clusters.
    fn search(&self, goals: [f64; 4], candidates: &[Shot], take: impl Fn(&mut Change, Shot)) -> Change {
        let off = |standing: &[Standing]| {
            let sum: f64 = by_cluster(standing)
                .zip(goals)
                .map(|(own, goal)| (mean(&own) - goal).abs() * own.len() as f64)
                .sum();
            sum / self.tasks.len() as f64
        };
        let mut best = Change::default();
        let mut stand = self.standing(&self.home, |_| None);
        let mut left = off(&stand);
        let mut open: Vec<&Shot> = candidates.iter().collect();
        let queries: Vec<&[usize]> = self.tasks.iter().map(|task| self.lexicon.of(&task.query)).collect();
        for _ in 0..PASSES {
            open.retain(|shot| {
                if left < NEAR {
                    return true;
                }
                let words = self.lexicon.of(&shot.input);
                let touches = |at: usize| similarity(queries[at], words) >= stand[at].floor;
                let untouched = |at: usize| (!touches(at)).then(|| stand[at]);
                let mut tried = best.clone();
                take(&mut tried, (*shot).clone());
                let tried_stand = self.standing(&self.home.with(&tried), untouched);
                let now = off(&tried_stand);
                let helps = now < left;
                if helps {
                    (best, left, stand) = (tried, now, tried_stand);
                }
                !helps
            });
        }
        best
    }

    /// A change of few-shot examples that moves the score of each cluster by about `by`; `key` selects the examples.
    pub fn moving(&self, by: [f64; 4], key: u32) -> Change {
        let standing = self.standing(&self.home, |_| None);
        let mut goals = by;
        goals
            .iter_mut()
            .zip(by_cluster(&standing))
            .for_each(|(goal, own)| *goal += mean(&own));
        let touched = (0..4).filter(|at| by[*at] != 0.0);
        if by.iter().any(|by| *by < 0.0) {
            let wrong: Vec<Shot> = touched.flat_map(|at| self.mislabelled(at)).collect();
            return self.search(goals, &shuffle(&wrong, self.number, key), |change, shot| {
                change.relabels.push(shot);
            });
        }
        let unused = |at: usize| self.pools[at][self.pools[at].len() / 3..].to_vec();
        let own: Vec<Shot> = touched.flat_map(unused).collect();
        // These may disturb other clusters; examples of those clusters can compensate.
        let others: Vec<Shot> = (0..4).filter(|at| by[*at] == 0.0).flat_map(unused).collect();
        let candidates = [shuffle(&own, self.number, key), shuffle(&others, self.number, key)].concat();
        self.search(goals, &candidates, |change, shot| change.adds.push(shot))
    }

    /// The home's examples of a cluster, with wrong answers.
    fn mislabelled(&self, at: usize) -> Vec<Shot> {
        let pool = &self.pools[at];
        let wrong = |shot: &Shot| {
            let other = pool.iter().find(|other| other.output != shot.output);
            Shot {
                output: other.map_or_else(String::new, |other| other.output.clone()),
                ..shot.clone()
            }
        };
        let own = self.home.shots.iter().filter(|shot| pool.contains(shot));
        own.map(wrong).collect()
    }

    /// Mean variance of one run.
    pub fn noise(&self) -> f64 {
        let chances = self.lexicon.chances(&self.home, &self.tasks);
        mean(&chances.iter().map(|p| p * (1.0 - p)).collect::<Vec<_>>())
    }

    /// The gains per cluster for a gain of the overall score that is all in one cluster.
    pub fn focused(at: usize, overall: f64) -> [f64; 4] {
        let mut by = [0.0; 4];
        by[at] = overall * SIZES.iter().sum::<usize>() as f64 / SIZES[at] as f64;
        by
    }

    /// The gains per cluster for a gain of the overall score of which half is in one cluster.
    pub fn half(at: usize, overall: f64) -> [f64; 4] {
        let all = SIZES.iter().sum::<usize>();
        let others = overall / 2.0 * all as f64 / (all - SIZES[at]) as f64;
        let mut by = [others; 4];
        by[at] = overall / 2.0 * all as f64 / SIZES[at] as f64;
        by
    }
}

/// The probabilities of success of each cluster's tasks.
fn by_cluster(standing: &[Standing]) -> impl Iterator<Item = Vec<f64>> {
    let ends = (1..=SIZES.len()).map(|count| SIZES[..count].iter().sum::<usize>());
    ends.zip(SIZES)
        .map(|(end, size)| standing[end - size..end].iter().map(|one| one.chance).collect())
}

fn shot(row: Row, agent: &str) -> Shot {
    Shot {
        agent: agent.to_owned(),
        input: row.query,
        output: row.reference_answer,
    }
}

/// The items in a random order that depends on the world.
fn shuffle<T: Clone>(items: &[T], world: u64, key: u32) -> Vec<T> {
    shuffled(items, Digest::of_value(&("world", world)).seed(), key, 0)
}
