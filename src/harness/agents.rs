//! Finds the agents of a harness, and the agent for a task.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::home::{AgentError, ParsedHome};
use crate::artifact::task::Task;
use crate::harness::Harness;
use crate::manifest::layout::Layout;
use crate::sys::disk::plain_name::{is_device, is_plain};

/// All agents of a harness, each read when a task first needs it: a harness may hold hundreds of agents, and a teacher
/// often tries an edit on the tasks of one.
pub(crate) struct Agents<A> {
    home: ParsedHome<'static>,
    read: Box<ReadAgent<A>>,
    by_name: BTreeMap<String, OnceLock<A>>,
    default: String,
    /// The replacement for an agent that is not in the harness.
    stranger: OnceLock<A>,
}

/// Reads the agent of a name.
type ReadAgent<A> = dyn Fn(&ParsedHome, &str) -> A + Send + Sync;

impl<A> Agents<A> {
    /// The agents of a harness.
    pub(crate) fn new(
        harness: &Harness,
        layout: &Layout,
        read: impl Fn(&ParsedHome, &str) -> A + Send + Sync + 'static,
    ) -> Self {
        let home = ParsedHome::owned(harness, layout);
        let default = default_name(&home);
        let mut names = known(&home);
        names.insert(default.clone());
        Self {
            by_name: names.into_iter().map(|name| (name, OnceLock::new())).collect(),
            default,
            stranger: OnceLock::new(),
            read: Box::new(read),
            home,
        }
    }

    /// The agent for a task.
    pub(crate) fn of(&self, task: &Task) -> &A {
        let name = task.agent.as_ref().unwrap_or(&self.default);
        match self.by_name.get(name) {
            Some(agent) => agent.get_or_init(|| (self.read)(&self.home, name)),
            None => self.stranger.get_or_init(|| (self.read)(&self.home, "")),
        }
    }
}

/// The agents that have a prompt, examples or a table of parameters.
pub(crate) fn known(home: &ParsedHome) -> BTreeSet<String> {
    let mut names = with_files(home);
    if let Ok(Some(serde_json::Value::Object(agents))) = home.table_above(&home.layout().agent_param, "{agent}", &[]) {
        let tables = agents.iter().filter(|(_, table)| table.is_object());
        names.extend(tables.map(|(name, _)| name.clone()));
    }
    names
}

/// The agent for tasks that do not name one: `[agent] default_agent`, otherwise the only agent with a prompt or
/// examples, otherwise `simple`.
pub(crate) fn default_agent(harness: &Harness, layout: &Layout) -> String {
    default_name(&ParsedHome::new(harness, layout))
}

/// The same for a harness that is parsed already.
pub(crate) fn default_name(home: &ParsedHome) -> String {
    let named = named_default(home).ok().flatten();
    named.unwrap_or_else(|| the_only_agent(home))
}

fn named_default(home: &ParsedHome) -> Result<Option<String>, AgentError> {
    let agents = home.table_above(&home.layout().agent_param, "{agent}", &[])?;
    let name = agents
        .and_then(|agents| agents.get("default_agent"))
        .and_then(|name| name.as_str());
    Ok(name.map(str::to_owned))
}

fn the_only_agent(home: &ParsedHome) -> String {
    let names = with_files(home);
    match names.len() {
        1 => names.into_iter().next().unwrap_or_default(),
        _ => "simple".to_owned(),
    }
}

/// The agents that have a prompt or a few-shot file.
fn with_files(home: &ParsedHome) -> BTreeSet<String> {
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

/// Why an agent that is not in the harness may not get this name, if it may not. Its files must have the same meaning on
/// every file system.
pub(crate) fn new_name_problem(agent: &str, known: &BTreeSet<String>) -> Option<&'static str> {
    let is_letter = |c: char| c.is_ascii_alphanumeric();
    match agent {
        _ if known.contains(agent) => None,
        _ if is_device(agent) => Some("Windows reserves it for a device"),
        _ if !agent.starts_with(is_letter) => Some("it does not begin with an ASCII letter or a digit"),
        _ if agent.ends_with('.') => Some("it ends with a dot"),
        _ if !is_plain(agent) => Some("use up to 100 ASCII letters, digits, `-`, `_` and `.`"),
        _ if known.iter().any(|name| name.eq_ignore_ascii_case(agent)) => Some("an agent has it in another case"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_agent_has_a_name_with_one_meaning_on_every_file_system() {
        let known = BTreeSet::from(["Porter".to_owned(), "Zoë".to_owned(), "con".to_owned()]);
        for good in ["a", "7", "night-porter_2.b", "Porter", "Zoë", "con"] {
            assert_eq!(new_name_problem(good, &known), None, "{good}");
        }
        let long = "a".repeat(101);
        for bad in [
            "porter",
            "CON",
            "nul.txt",
            "COM¹",
            "CONIN$",
            "_a",
            "-a",
            ".a",
            "a.",
            "a b",
            "é",
            "a\u{200b}",
            "a\u{202e}b",
            "аgent",
            "a$",
            &long,
        ] {
            assert!(new_name_problem(bad, &known).is_some(), "{bad}");
        }
    }
}
