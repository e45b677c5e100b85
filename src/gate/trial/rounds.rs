//! Rounds: every task that tells both harnesses apart once in each arm, as an audit wants it.

use std::collections::BTreeMap;

use super::{RunSlot, Trial};
use crate::artifact::gate::record::{Pair, Reached, Runs};
use crate::eval::run::Halted;
use crate::gate::exact::Confirmation;
use crate::gate::order::shuffled;

impl Trial<'_> {
    /// The tasks that tell both harnesses apart.
    pub(crate) fn reached(&self) -> Vec<Reached> {
        self.begun(None).reached
    }

    /// All tasks by category.
    pub(crate) fn sizes(&self) -> BTreeMap<String, usize> {
        self.begun(None).sizes
    }

    /// Whether the student can answer any of those tasks differently when asked again.
    pub(crate) fn varies(&self) -> bool {
        let varies = |task| self.before.varies(task) || self.after.varies(task);
        self.reached.iter().any(|task| varies(task))
    }

    /// One pair of every such task, in an order that is drawn for the round; `run` is the number of the runs of both arms.
    ///
    /// # Errors
    /// Something halted the runs; what was attempted is remembered.
    pub(crate) fn round(&self, round: u32, run: u32, made: &mut Runs) -> Result<Vec<Pair>, Halted> {
        let tasks: Vec<usize> = (0..self.reached.len()).collect();
        let order = shuffled(&tasks, self.comparison.seed(), 0, round);
        let places: Vec<RunSlot> = order.into_iter().map(|task| (task, run)).collect();
        let ys = self.scores(&self.before, &places, &mut made.baseline)?;
        let xs = self.scores(&self.after, &places, &mut made.edited)?;
        let pair = |((place, x), y): ((&RunSlot, Option<f64>), Option<f64>)| Pair {
            task: self.reached[place.0].task_id.clone(),
            run: round,
            x: x.and(y).and(x),
            y: x.and(y),
            confirmations: Vec::new(),
        };
        Ok(places.iter().zip(xs).zip(ys).map(pair).collect())
    }

    /// The pairs with further runs of both arms behind every flip; one whose further runs have no score is lost.
    ///
    /// # Errors
    /// Something halted the runs; what was attempted is remembered.
    pub(crate) fn confirmed(&self, pairs: Vec<Pair>, times: u32, made: &mut Runs) -> Result<Vec<Pair>, Halted> {
        let confirm = |pair: Pair| -> Result<Pair, Halted> {
            let task = self.reached.iter().position(|task| task.task_id == pair.task);
            let Some(task) = task.filter(|_| pair.difference().is_some_and(|difference| difference != 0.0)) else {
                return Ok(pair);
            };
            Ok(match self.confirmations(task, times, made)? {
                Some(confirmations) => Pair { confirmations, ..pair },
                None => Pair {
                    x: None,
                    y: None,
                    ..pair
                },
            })
        };
        pairs.into_iter().map(confirm).collect()
    }
    /// Further runs of both arms, so many; `None` where one has no score.
    pub(super) fn confirmations(
        &self,
        task: usize,
        times: u32,
        made: &mut Runs,
    ) -> Result<Option<Vec<Confirmation>>, Halted> {
        let places: Vec<RunSlot> = (1..=times).map(|run| (task, run)).collect();
        let ys = self.scores(&self.before, &places, &mut made.baseline)?;
        let xs = self.scores(&self.after, &places, &mut made.edited)?;
        Ok(xs.into_iter().zip(ys).map(|(x, y)| x.zip(y)).collect())
    }
}
