//! The chat student: a language model that is asked exactly as the harness says, with programs as its tools.
//!
//! The system prompt, the examples, the tools with their descriptions, the model of the query's class and every
//! parameter go into the request, so that no edit is without effect on what the model sees.

mod agent;
mod parameters;
mod talk;
mod tool;

use std::sync::Arc;

use serde_json::{Value, json};

use self::agent::{Agent, Asked};
pub use self::tool::Toolbox;
use crate::artifact::evaluation::Attempt;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::student::{Draw, Prepared, Student};
use crate::harness::Harness;
use crate::harness::agents::Agents;
use crate::harness::home::AgentError;
use crate::llm::chat::Request;
use crate::llm::model::Model;
use crate::manifest::StudentSection;
use crate::manifest::layout::Layout;

/// Raised by hand whenever the same harness would be asked differently.
const REVISION: u32 = 1;

/// A language model as the student.
pub struct ChatStudent(Arc<Means>);

/// What every attempt needs.
struct Means {
    model: Box<dyn Model>,
    section: StudentSection,
    layout: Layout,
    toolbox: Toolbox,
}

/// A harness that was read.
struct Read {
    agents: Agents<Agent>,
    means: Arc<Means>,
}

impl ChatStudent {
    /// A student that finds its files where `layout` says.
    pub fn new(model: Box<dyn Model>, section: StudentSection, layout: Layout, toolbox: Toolbox) -> Self {
        Self(Arc::new(Means {
            model,
            section,
            layout,
            toolbox,
        }))
    }

    fn read(&self, harness: &Harness) -> Read {
        let means = &self.0;
        let own = means.section.model.as_deref().unwrap_or_default();
        Read {
            agents: Agents::read(harness, &means.layout, |home, name| {
                Agent::read(home, name, own, &means.toolbox)
            }),
            means: Arc::clone(means),
        }
    }
}

impl Student for ChatStudent {
    fn identity(&self) -> Value {
        let means = &self.0;
        json!({
            "engine": "chat", "revision": REVISION, "model": means.model.identity(), "layout": means.layout,
            "tools": means.toolbox.identity(), "env": means.section.env
        })
    }

    fn check(&self, harness: &Harness, tasks: &[&Task]) -> Result<(), String> {
        let read = self.read(harness);
        for task in tasks {
            let asked = read.asked(task).map_err(|broken| broken.to_string())?;
            for tool in &asked.request.tools {
                self.0.toolbox.find(&tool.name)?;
            }
        }
        Ok(())
    }

    fn is_dear(&self) -> bool {
        true
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn Prepared> {
        Box::new(self.read(harness))
    }
}

impl Read {
    fn asked(&self, task: &Task) -> Result<Asked, AgentError> {
        self.agents.of(task).asked(&task.query)
    }

    /// Two seeds share one call, unless there is chance in it.
    fn seed(&self, request: &Request, seed: u64) -> Option<u64> {
        let section = &self.means.section;
        let degree = request.parameters.get("temperature");
        let degree = degree
            .or_else(|| section.body.get("temperature"))
            .and_then(Value::as_f64);
        let degree = degree.or(section.temperature).unwrap_or(0.0);
        (degree != 0.0).then_some(seed)
    }
}

impl Prepared for Read {
    /// The programs behind the tools stand in the student's identity.
    fn footprint(&self, task: &Task) -> Digest {
        match self.asked(task) {
            Ok(asked) => Digest::of_value(&(self.means.model.rendered(&asked.request), asked.turns)),
            Err(broken) => Digest::of_parts([("broken", broken.0.as_bytes())]),
        }
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        let mut asked = match self.asked(task) {
            Ok(asked) => asked,
            Err(AgentError(reason)) => return Attempt::Failed { reason },
        };
        asked.request.seed = self.seed(&asked.request, draw.seed);
        asked.request.repeat = draw.repeat;
        talk::talk(self.means.model.as_ref(), asked, &|name, arguments| {
            self.means.toolbox.call(name, arguments)
        })
    }
}

#[cfg(test)]
mod tests;
