//! The embedded student: a small honest agent that answers with the label of the nearest example.
//!
//! It routes a query to a model by [`query_class`], calls a built-in [`tool`] when the agent has it and its
//! description fits, and otherwise lets the nearest examples vote. See [`settings`] for every parameter.

pub mod knowledge;
pub mod query_class;
pub mod tool;

mod agent;
pub(in crate::engine) mod home;
mod index;
pub(in crate::engine) mod settings;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use agent::Agent;
pub(in crate::engine) use agent::routed;
use home::{Broken, Home};

use crate::artifact::evaluation::Attempt;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::manifest::layout::Layout;
use crate::port::{Prepared, Student};

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
        let agents = Agents::read(harness, &self.layout);
        let broken = tasks.iter().find_map(|task| agents.agent(task).broken());
        broken.map_or(Ok(()), |broken| Err(broken.to_string()))
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn Prepared> {
        Box::new(Agents::read(harness, &self.layout))
    }
}

/// The agent that is asked when a task names none.
///
/// `[agent] default_agent`, else the only agent that has a prompt or examples, else `simple`.
pub fn default_agent(harness: &Harness, layout: &Layout) -> String {
    let home = Home::new(harness, layout);
    named_default(&home)
        .ok()
        .flatten()
        .unwrap_or_else(|| the_only_agent(&home))
}

fn named_default(home: &Home) -> Result<Option<String>, Broken> {
    let agents = home.table_above(&home.layout().agent_param, "{agent}")?;
    let name = agents
        .and_then(|agents| agents.get("default_agent"))
        .and_then(|name| name.as_str());
    Ok(name.map(str::to_owned))
}

fn the_only_agent(home: &Home) -> String {
    let names = agents_with_files(home);
    match names.len() {
        1 => names.into_iter().next().unwrap_or_default(),
        _ => "simple".to_owned(),
    }
}

/// Agents that have a prompt or a few-shot file.
fn agents_with_files(home: &Home) -> BTreeSet<String> {
    let templates = [&home.layout().prompt, &home.layout().few_shot];
    let between = |path: &str, template: &str| {
        let (before, after) = template.split_once("{agent}")?;
        let name = path.strip_prefix(before)?.strip_suffix(after)?;
        (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
    };
    home.paths()
        .flat_map(|path| {
            templates
                .into_iter()
                .filter_map(move |template| between(path, template))
        })
        .collect()
}

/// All agents of a harness.
struct Agents {
    by_name: BTreeMap<String, Agent>,
    default: String,
    /// Stands in for an agent that the harness does not know.
    stranger: Agent,
}

impl Agents {
    fn read(harness: &Harness, layout: &Layout) -> Self {
        let home = Home::new(harness, layout);
        let default = named_default(&home)
            .ok()
            .flatten()
            .unwrap_or_else(|| the_only_agent(&home));
        let mut names = agents_with_files(&home);
        names.insert(default.clone());
        if let Ok(Some(serde_json::Value::Object(agents))) = home.table_above(&layout.agent_param, "{agent}") {
            names.extend(
                agents
                    .iter()
                    .filter(|(_, table)| table.is_object())
                    .map(|(name, _)| name.clone()),
            );
        }
        Self {
            by_name: names
                .into_iter()
                .map(|name| (name.clone(), Agent::read(&home, &name)))
                .collect(),
            default,
            stranger: Agent::read(&home, ""),
        }
    }

    fn agent(&self, task: &Task) -> &Agent {
        let name = task.agent.as_ref().unwrap_or(&self.default);
        self.by_name.get(name).unwrap_or(&self.stranger)
    }
}

impl Prepared for Agents {
    fn footprint(&self, task: &Task) -> Digest {
        self.agent(task).footprint(&task.query)
    }

    fn attempt(&self, task: &Task, seed: u64) -> Attempt {
        self.agent(task).attempt(&task.query, seed)
    }
}

#[cfg(test)]
mod tests;
