//! The share of tasks for each split, and the assignment of tasks to splits.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::artifact::task::{Split, Task};
use crate::digest::Digest;

/// The tolerance for the sum of the shares, which must be 1.
const SLIP: f64 = 1e-6;

/// The share of each split, from 0 to 1, with a sum of 1.
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

    /// Reads `train=0.5,gate=0.3,test=0.2`. Splits that are not named get no tasks.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut named = BTreeMap::new();
        for part in text.split(',') {
            let (name, share) = part.split_once('=').unwrap_or((part, ""));
            let share: f64 = share
                .trim()
                .parse()
                .map_err(|_| format!("`{part}` is not a share: write, for example, train=0.5"))?;
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("`{part}`: a share must be between 0 and 1"));
            }
            if named.insert(name.trim(), share).is_some() {
                return Err(format!("`{}` occurs twice", name.trim()));
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
                "unknown split `{name}`; the splits are train, gate, test, reserve"
            )),
            None if (shares.train + shares.gate + shares.test + shares.reserve - 1.0).abs() > SLIP => {
                Err("the shares must add up to 1".into())
            }
            None => Ok(shares),
        }
    }
}

impl Shares {
    /// Assigns a split to every task, at random by the digest of its id, so that adding tasks does not move it. Then
    /// adjusts categories of two or more tasks, so that each has both a train and a gate task.
    pub(crate) fn assign(&self, tasks: &mut [Task]) {
        let mut categories: BTreeMap<String, Vec<&mut Task>> = BTreeMap::new();
        for task in tasks.iter_mut() {
            task.split = Some(self.of(lot(task)));
            categories.entry(task.category.clone()).or_default().push(task);
        }
        for category in categories.into_values() {
            self.mend(category);
        }
        // If all categories have one task, all tasks may have the same split.
        self.mend(tasks.iter_mut().collect());
    }

    /// The split of a number from 0 to 1: train is lowest, then gate, test and reserve.
    fn of(&self, lot: f64) -> Split {
        match lot {
            lot if lot < self.train => Split::Train,
            lot if lot < self.train + self.gate => Split::Gate,
            lot if self.reserve > 0.0 && lot >= self.train + self.gate + self.test => Split::Reserve,
            _ if self.test > 0.0 => Split::Test,
            // The sum is slightly less than 1.
            _ if self.gate > 0.0 => Split::Gate,
            _ => Split::Train,
        }
    }

    /// If the tasks have no train task, the one with the lowest number becomes one; if they have no gate task, the one
    /// with the highest number does. With two or more tasks these are different tasks.
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

/// A number from 0 to 1, derived from the digest of the task's id.
fn lot(task: &Task) -> f64 {
    Digest::of_bytes(task.task_id.as_bytes()).seed() as f64 / (u64::MAX as f64 + 1.0)
}
