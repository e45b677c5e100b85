//! Lists the changes that the teacher considers for a harness.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::edits;
use super::sample::agent_of;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::task::Task;
use crate::eval::student::nearest::query_class::QueryClass;
use crate::eval::student::nearest::tool;
use crate::harness::agent_settings::{AgentSettings, ModelSettings};
use crate::harness::home::{ParsedHome, filled};
use crate::harness::{Harness, examples};
use crate::teacher::Briefing;

/// A change; its edit can depend on the train tasks that may be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) enum CandidateChange {
    /// Adds train tasks as examples, up to `per_label` per label.
    Exemplars {
        /// The agent that gets the examples.
        agent: String,
        /// The largest number of examples per label.
        per_label: usize,
    },
    /// An edit that does not depend on the tasks that may be shown.
    Fixed(Box<Edit>),
}

impl CandidateChange {
    /// The agent whose tasks alone the change can affect; `None` if it can affect every task.
    pub(crate) fn agent(&self) -> Option<&str> {
        match self {
            CandidateChange::Exemplars { agent, .. } => Some(agent),
            CandidateChange::Fixed(edit) => edit.payload.get("agent")?.as_str(),
        }
    }

    /// The edit for a harness if these tasks may be shown.
    pub(crate) fn edit(&self, harness: &Harness, open: &[&Task], briefing: &Briefing, default: &str) -> Edit {
        match self {
            CandidateChange::Fixed(edit) => (**edit).clone(),
            CandidateChange::Exemplars { agent, per_label } => {
                let path = filled(&briefing.layout.few_shot, &[("agent", agent)]);
                let existing: Vec<Value> = harness
                    .text(&path)
                    .and_then(|text| serde_json::from_str(text).ok())
                    .unwrap_or_default();
                edits::exemplars(agent, edits::chosen(&existing, open, agent, default, *per_label))
            }
        }
    }
}

/// Every change of these agents and of what they share that is worth measuring, in a fixed order, with ops that the
/// layout supports.
pub(crate) fn changes(
    harness: &Harness,
    briefing: &Briefing,
    agents: &BTreeSet<String>,
    default: &str,
) -> Vec<CandidateChange> {
    let home = ParsedHome::new(harness, briefing.layout);
    let mut fixed: Vec<Edit> = Vec::new();
    let mut changes: Vec<CandidateChange> = Vec::new();
    for agent in agents {
        changes.extend([3, 10, usize::MAX].map(|per_label| CandidateChange::Exemplars {
            agent: agent.clone(),
            per_label,
        }));
        fixed.extend(missing_labels(&home, briefing, agent, default));
        fixed.extend(agent_edits(&home, briefing, agent));
    }
    fixed.extend(model_edits(&home));
    changes.extend(fixed.into_iter().map(|edit| CandidateChange::Fixed(Box::new(edit))));
    changes.retain(|change| briefing.ops.contains(&op(change)));
    changes
}

/// The op of a change.
pub(crate) fn op(change: &CandidateChange) -> Op {
    match change {
        CandidateChange::Exemplars { .. } => Op::EditFewShotExemplars,
        CandidateChange::Fixed(edit) => edit.op,
    }
}

/// Whether the change moves the similarity below which the agent refuses.
pub(crate) fn is_refusal(change: &CandidateChange) -> bool {
    matches!(change, CandidateChange::Fixed(edit) if edit.payload.get("param") == Some(&json!("refuse_below")))
}

/// A patch of the prompt that adds a line for each label of the train tasks that the agent does not know.
fn missing_labels(home: &ParsedHome, briefing: &Briefing, agent: &str, default: &str) -> Option<Edit> {
    let (_, prompt) = home.text(&briefing.layout.prompt, &[("agent", agent)]).ok()??;
    let known: BTreeSet<String> = examples::read(home, agent)
        .ok()?
        .into_iter()
        .map(|known| known.output)
        .collect();
    let asked = briefing.train.iter().filter(|task| agent_of(task, default) == agent);
    let labels: BTreeSet<&str> = asked.map(|task| task.reference_answer.as_str()).collect();
    let is_name = |label: &str| !label.contains(char::is_whitespace) && label.chars().any(char::is_alphabetic);
    let missing = labels
        .into_iter()
        .filter(|label| is_name(label) && !known.contains(*label));
    let lines: String = missing
        .map(|label| format!("- {label}: {}\n", label.replace(['_', '-'], " ")))
        .collect();
    let ended = if prompt.ends_with('\n') { "" } else { "\n" };
    (!lines.is_empty()).then(|| edits::prompt_patch(agent, prompt, &format!("{prompt}{ended}{lines}")))
}

fn agent_edits(home: &ParsedHome, briefing: &Briefing, agent: &str) -> Vec<Edit> {
    let Ok(settings) = AgentSettings::read(home, agent) else {
        return Vec::new();
    };
    let class = if settings.class == "simple" { "react" } else { "simple" };
    let mut found = vec![edits::agent_class(agent, class)];
    if settings.max_turns < 2 {
        found.push(edits::agent_param(agent, "max_turns", json!(10)));
    }
    let refusals = ["oos", "out_of_scope", "none", "unknown", "other"].into_iter();
    let used = |label: &&str| {
        briefing
            .train
            .iter()
            .any(|task| task.reference_answer.as_str() == *label)
    };
    found.extend(
        refusals
            .filter(|label| *label != settings.fallback)
            .filter(used)
            .map(|label| edits::agent_param(agent, "fallback", json!(label))),
    );
    for name in tool::NAMES {
        let has = settings.tools.iter().any(|tool| tool == name);
        found.push(edits::tool(
            if has {
                Op::RemoveToolFromAgent
            } else {
                Op::AddToolToAgent
            },
            agent,
            name,
        ));
        let described = home
            .value(&briefing.layout.tool_description, &[("tool", name)])
            .ok()
            .flatten();
        if has && described.and_then(Value::as_str) != Some(edits::good_description(name)) {
            found.push(edits::description(name, edits::good_description(name)));
        }
    }
    found
}

/// Edits that change a parameter of a model in use, or route a query class to another model.
fn model_edits(home: &ParsedHome) -> Vec<Edit> {
    let configured = home
        .table_above(&home.layout().model_param, "{model}", &[])
        .ok()
        .flatten();
    let names: Vec<&String> = configured
        .and_then(Value::as_object)
        .map(|models| models.keys().collect())
        .unwrap_or_default();
    let route = |class: QueryClass| crate::eval::student::nearest::routed(home, class).ok();
    let used: BTreeSet<String> = QueryClass::ALL.into_iter().filter_map(route).collect();
    let mut found: Vec<Edit> = used.iter().flat_map(|model| param_edits(home, model)).collect();
    for class in QueryClass::ALL {
        let others = names.iter().filter(|name| route(class).as_ref() != Some(**name));
        found.extend(others.map(|name| edits::route(class.name(), name)));
    }
    found
}

fn param_edits(home: &ParsedHome, model: &str) -> Vec<Edit> {
    let Ok(settings) = ModelSettings::read(home, model) else {
        return Vec::new();
    };
    let now = json!(settings);
    let grid: [(&str, Vec<Value>); 6] = [
        ("weighting", ["binary", "tfidf", "bm25"].map(Value::from).to_vec()),
        ("ngrams", [1, 2, 3].map(Value::from).to_vec()),
        ("char_ngrams", [0, 3, 4, 5].map(Value::from).to_vec()),
        ("k", [1, 3, 5, 10, 20].map(Value::from).to_vec()),
        (
            "refuse_below",
            (0..13).map(|step| json!(f64::from(step * 5) / 100.0)).collect(),
        ),
        ("temperature", vec![json!(0.0)]),
    ];
    let edits = grid.into_iter().flat_map(|(param, values)| {
        let differs = values
            .into_iter()
            .filter(|value| value.as_f64() != now[param].as_f64() || value.is_string() && *value != now[param]);
        differs
            .map(|value| edits::model_param(model, param, value))
            .collect::<Vec<_>>()
    });
    edits.collect()
}
