//! The chat student: a language model that gets its requests from the harness, with programs as its tools.
//!
//! The request contains the system prompt, the examples, the tools with their descriptions, the model for the query's
//! class, and all parameters, so that every edit of the harness changes the request.

mod agent;
mod parameters;
mod source;
mod talk;
mod tool;

use std::sync::Arc;

use serde_json::{Value, json};

use self::agent::{AgentRequest, ChatAgent};
pub use self::tool::Toolbox;
use crate::artifact::evaluation::Attempt;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::student::{Draw, PreparedStudent, Student};
use crate::harness::Harness;
use crate::harness::agents::Agents;
use crate::harness::home::AgentError;
use crate::llm::chat::Request;
use crate::llm::model::Model;
use crate::manifest::StudentSection;
use crate::manifest::layout::Layout;

/// Increment this when the same harness would give other requests.
const REVISION: u32 = 1;

/// A language model as the student.
pub struct ChatStudent(Arc<ChatContext>);

/// The parts that every attempt needs.
struct ChatContext {
    model: Box<dyn Model>,
    section: StudentSection,
    layout: Layout,
    toolbox: Toolbox,
}

/// A harness that the student has read.
struct PreparedChat {
    agents: Agents<ChatAgent>,
    context: Arc<ChatContext>,
}

impl ChatStudent {
    /// Creates a student that finds its files by `layout`.
    pub fn new(model: Box<dyn Model>, section: StudentSection, layout: Layout, toolbox: Toolbox) -> Self {
        Self(Arc::new(ChatContext {
            model,
            section,
            layout,
            toolbox,
        }))
    }

    fn read(&self, harness: &Harness) -> PreparedChat {
        let context = &self.0;
        let reader = Arc::clone(context);
        PreparedChat {
            agents: Agents::new(harness, &context.layout, move |home, name| {
                let own = reader.section.model.as_deref().unwrap_or_default();
                ChatAgent::read(home, name, own, &reader.toolbox)
            }),
            context: Arc::clone(context),
        }
    }
}

impl Student for ChatStudent {
    fn identity(&self) -> Value {
        let context = &self.0;
        json!({
            "engine": "chat", "revision": REVISION, "model": context.model.identity(), "layout": context.layout,
            "tools": context.toolbox.identity(), "env": context.section.env
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

    fn is_expensive(&self) -> bool {
        true
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent> {
        Box::new(self.read(harness))
    }
}

impl PreparedChat {
    fn asked(&self, task: &Task) -> Result<AgentRequest, AgentError> {
        self.agents.of(task).asked(&task.query)
    }

    /// The temperature of a request; `None` if it is the server's default.
    fn temperature(&self, request: &Request) -> Option<f64> {
        let section = &self.context.section;
        let degree = request.parameters.get("temperature");
        let degree = degree
            .or_else(|| section.body.get("temperature"))
            .and_then(Value::as_f64);
        degree.or(section.temperature)
    }

    /// The seed of a request; `None` at temperature 0, so that runs with different seeds share one call.
    fn seed(&self, request: &Request, seed: u64) -> Option<u64> {
        let degree = self.temperature(request).unwrap_or(0.0);
        (degree != 0.0).then_some(seed)
    }
}

impl PreparedStudent for PreparedChat {
    /// The digest of the request. The programs behind the tools are part of the student's identity.
    fn footprint(&self, task: &Task) -> Digest {
        match self.asked(task) {
            Ok(asked) => Digest::of_value(&(self.context.model.rendered(&asked.request), asked.turns)),
            Err(broken) => Digest::of_parts([("broken", broken.0.as_bytes())]),
        }
    }

    fn request_bytes(&self, task: &Task) -> Option<u64> {
        self.context.model.size(&self.asked(task).ok()?.request)
    }

    fn words(&self, task: &Task) -> Option<String> {
        let request = self.asked(task).ok()?.request;
        let section = &self.context.section;
        let model = request.model.as_deref().or(section.model.as_deref())?;
        let chat = section.chat();
        // Without the scheme, and without a user's name and password.
        let server = chat
            .url()
            .rsplit(['/', '@'])
            .find(|part| part.contains('.') || part.contains(':'));
        let server = server.unwrap_or_else(|| chat.url());
        let temperature = match self.temperature(&request) {
            Some(degree) => format!("temperature {degree}"),
            None => "the server's temperature".to_owned(),
        };
        Some(format!("{model} at {server}, {temperature}"))
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        let mut asked = match self.asked(task) {
            Ok(asked) => asked,
            Err(AgentError(reason)) => return Attempt::Failed { reason },
        };
        asked.request.seed = self.seed(&asked.request, draw.seed);
        asked.request.repeat = draw.repeat;
        talk::talk(self.context.model.as_ref(), asked, &|name, arguments| {
            self.context.toolbox.call(name, arguments)
        })
    }
}

#[cfg(test)]
mod tests;
