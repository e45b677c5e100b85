//! The embedded student: a small agent, without a language model, that answers with the label of the nearest examples.
//!
//! It selects a model by [`query_class`], calls a built-in [`tool`] if the agent has the tool and its description fits,
//! and otherwise lets the nearest examples vote. [`agent_settings`] defines the parameters.
//!
//! [`agent_settings`]: crate::harness::agent_settings

pub(crate) mod query_class;
pub(crate) mod tool;

mod agent;
mod index;
mod words;

use agent::NearestAgent;
pub(crate) use agent::routed;

use crate::artifact::evaluation::Attempt;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::student::{Draw, PreparedStudent, Student};
use crate::harness::Harness;
use crate::harness::agents::Agents;
use crate::manifest::layout::Layout;

/// Increment this when the same harness would give other answers.
const REVISION: u32 = 1;

/// The embedded student.
pub struct Nearest {
    layout: Layout,
}

impl Nearest {
    /// Creates a student that finds its files by `layout`.
    pub fn new(layout: Layout) -> Self {
        Self { layout }
    }
}

impl Student for Nearest {
    fn identity(&self) -> serde_json::Value {
        serde_json::json!({"engine": "nearest", "revision": REVISION, "layout": self.layout})
    }

    fn check(&self, harness: &Harness, tasks: &[&Task]) -> Result<(), String> {
        let agents = Agents::new(harness, &self.layout, NearestAgent::read);
        let broken = tasks.iter().find_map(|task| agents.of(task).broken());
        broken.map_or(Ok(()), |broken| Err(broken.to_string()))
    }

    /// The random choice depends only on the seed and the query.
    fn shares_chance(&self) -> bool {
        true
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent> {
        Box::new(Agents::new(harness, &self.layout, NearestAgent::read))
    }
}

impl PreparedStudent for Agents<NearestAgent> {
    fn footprint(&self, task: &Task) -> Digest {
        self.of(task).footprint(&task.query)
    }

    fn varies(&self, task: &Task) -> bool {
        self.of(task).varies(&task.query)
    }

    fn words(&self, _: &Task) -> Option<String> {
        Some("nearest, built in".to_owned())
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        self.of(task).attempt(&task.query, draw.seed)
    }
}

#[cfg(test)]
mod tests;
