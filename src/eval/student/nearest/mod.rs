//! The embedded student: a small honest agent that answers with the label of the nearest example.
//!
//! It routes a query to a model by [`query_class`], calls a built-in [`tool`] when the agent has it and its
//! description fits, and otherwise lets the nearest examples vote. [`agent_settings`] has every parameter.
//!
//! [`agent_settings`]: crate::harness::agent_settings

pub(crate) mod query_class;
pub(crate) mod tool;

mod agent;
mod index;
mod words;

use agent::Agent;
pub(crate) use agent::routed;

use crate::artifact::evaluation::Attempt;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::student::{Draw, Prepared, Student};
use crate::harness::Harness;
use crate::harness::agents::Agents;
use crate::manifest::layout::Layout;

/// Raised by hand whenever the same harness would be answered differently.
const REVISION: u32 = 1;

/// The embedded student.
pub struct Nearest {
    layout: Layout,
}

impl Nearest {
    /// A student that finds its files where `layout` says.
    pub fn new(layout: Layout) -> Self {
        Self { layout }
    }
}

impl Student for Nearest {
    fn identity(&self) -> serde_json::Value {
        serde_json::json!({"engine": "nearest", "revision": REVISION, "layout": self.layout})
    }

    fn check(&self, harness: &Harness, tasks: &[&Task]) -> Result<(), String> {
        let agents = Agents::read(harness, &self.layout, Agent::read);
        let broken = tasks.iter().find_map(|task| agents.of(task).broken());
        broken.map_or(Ok(()), |broken| Err(broken.to_string()))
    }

    /// A draw depends on the seed and the query alone.
    fn shares_chance(&self) -> bool {
        true
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn Prepared> {
        Box::new(Agents::read(harness, &self.layout, Agent::read))
    }
}

impl Prepared for Agents<Agent> {
    fn footprint(&self, task: &Task) -> Digest {
        self.of(task).footprint(&task.query)
    }

    fn varies(&self, task: &Task) -> bool {
        self.of(task).varies(&task.query)
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        self.of(task).attempt(&task.query, draw.seed)
    }
}

#[cfg(test)]
mod tests;
