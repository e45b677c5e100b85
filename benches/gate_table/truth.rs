//! Truth: how likely each task succeeds under a home, by many draws. Homes share their draws here, so that a difference
//! is known far better than either.

use std::collections::BTreeMap;
use std::sync::Mutex;

use kaizen::artifact::evaluation::Attempt;
use kaizen::artifact::task::Task;
use kaizen::digest::Digest;
use kaizen::engine::nearest::Nearest;
use kaizen::manifest::layout::Layout;
use kaizen::port::{Draw, Student};

use crate::home::Home;

/// The chance that each task succeeds, by so many draws.
pub fn chances(home: &Home, tasks: &[Task], draws: u64) -> Vec<f64> {
    let prepared = Nearest::new(Layout::default()).prepare(&home.harness());
    let draws = if home.temperature > 0.0 { draws } else { 1 };
    let succeeds = |task: &Task, draw: u64| match prepared.attempt(task, Draw::first(draw)) {
        Attempt::Answered { answer, .. } => answer == task.reference_answer,
        _ => false,
    };
    let chance = |task| (0..draws).filter(|draw| succeeds(task, *draw)).count() as f64 / draws as f64;
    tasks.iter().map(chance).collect()
}

/// The mean; 0 of none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Overall chances that were worked out before, by home and tasks.
#[derive(Default)]
pub struct Truths(Mutex<BTreeMap<Digest, f64>>);

impl Truths {
    /// The overall chance of success.
    pub fn overall(&self, home: &Home, tasks: &[Task], draws: u64) -> f64 {
        let ids: Vec<&str> = tasks.iter().map(|task| task.task_id.as_str()).collect();
        let key = Digest::of_value(&(home.harness().digest(), ids));
        let known = self.0.lock().ok().and_then(|known| known.get(&key).copied());
        known.unwrap_or_else(|| {
            let overall = mean(&chances(home, tasks, draws));
            if let Ok(mut known) = self.0.lock() {
                known.insert(key, overall);
            }
            overall
        })
    }
}
