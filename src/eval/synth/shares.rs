//! Shares: how many tasks each split gets, and which.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::artifact::task::{Split, Task};
use crate::digest::Digest;

/// Shares that add up to 1 but for so much are meant to.
const SLIP: f64 = 1e-6;

/// The share of each split, 0 to 1; together 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shares {
    train: f64,
    gate: f64,
    test: f64,
    reserve: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            train: 0.5,
            gate: 0.5,
            test: 0.0,
            reserve: 0.0,
        }
    }
}

impl FromStr for Shares {
    type Err = String;

    /// Reads `train=0.5,gate=0.3,test=0.2`; what is not named gets nothing.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut named = BTreeMap::new();
        for part in text.split(',') {
            let (name, share) = part.split_once('=').unwrap_or((part, ""));
            let share: f64 = share
                .trim()
                .parse()
                .map_err(|_| format!("`{part}` is no share: write train=0.5"))?;
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("`{part}`: a share lies between 0 and 1"));
            }
            if named.insert(name.trim(), share).is_some() {
                return Err(format!("`{}` stands twice", name.trim()));
            }
        }
        let mut take = |name| named.remove(name).unwrap_or(0.0);
        let shares = Self {
            train: take("train"),
            gate: take("gate"),
            test: take("test"),
            reserve: take("reserve"),
        };
        match named.keys().next() {
            Some(name) => Err(format!(
                "there is no split `{name}`; there are train, gate, test, reserve"
            )),
            None if (shares.train + shares.gate + shares.test + shares.reserve - 1.0).abs() > SLIP => {
                Err("the shares must add up to 1".into())
            }
            None => Ok(shares),
        }
    }
}

impl Shares {
    /// Gives every task its split: by its id's own lot, so that it stays where it is when others come; but every
    /// category of two or more tasks is both learnt from and decided by.
    pub(crate) fn assign(&self, tasks: &mut [Task]) {
        let mut categories: BTreeMap<String, Vec<&mut Task>> = BTreeMap::new();
        for task in tasks.iter_mut() {
            task.split = Some(self.of(lot(task)));
            categories.entry(task.category.clone()).or_default().push(task);
        }
        for category in categories.into_values() {
            self.mend(category);
        }
        // Categories of one task each may all have drawn the same.
        self.mend(tasks.iter_mut().collect());
    }

    /// The split of a lot, 0 to 1: the lowest train, then gate, test and reserve.
    fn of(&self, lot: f64) -> Split {
        match lot {
            lot if lot < self.train => Split::Train,
            lot if lot < self.train + self.gate => Split::Gate,
            lot if self.reserve > 0.0 && lot >= self.train + self.gate + self.test => Split::Reserve,
            _ if self.test > 0.0 => Split::Test,
            // The sum fell short of 1 by a hair.
            _ if self.gate > 0.0 => Split::Gate,
            _ => Split::Train,
        }
    }

    /// The lowest lot becomes train and the highest gate where there is none: of two tasks, neither takes the other's place.
    fn mend(&self, mut tasks: Vec<&mut Task>) {
        tasks.sort_by(|one, two| {
            lot(one)
                .total_cmp(&lot(two))
                .then_with(|| one.task_id.cmp(&two.task_id))
        });
        if tasks.len() < 2 {
            return;
        }
        let last = tasks.len() - 1;
        for (at, split) in [(0, Split::Train), (last, Split::Gate)] {
            if self.share(split) > 0.0 && !tasks.iter().any(|task| task.split() == split) {
                tasks[at].split = Some(split);
            }
        }
    }

    pub(super) fn share(&self, split: Split) -> f64 {
        match split {
            Split::Train => self.train,
            Split::Gate => self.gate,
            Split::Test => self.test,
            Split::Reserve => self.reserve,
        }
    }
}

/// A number from 0 to 1 that is drawn by the task's id.
fn lot(task: &Task) -> f64 {
    Digest::of_bytes(task.task_id.as_bytes()).seed() as f64 / (u64::MAX as f64 + 1.0)
}
