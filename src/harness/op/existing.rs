//! Compares what an edit names with what exists: an agent that is not in the harness, and a target that names another
//! part of it than the payload.

use std::collections::BTreeSet;

use super::OpContext;
use super::inapplicable::{Inapplicable, shortened};
use super::inspect::described_tools;
use crate::harness::home::ParsedHome;
use crate::harness::{Harness, agents};

/// Checks the names of an edit, as `(placeholder, name)`, against the harness.
///
/// A harness without any agent may get its first one. A target that names nothing known is only a label.
///
/// # Errors
/// The agent is not in the harness, or the target names something else that is.
pub(super) fn check(context: &OpContext, template: &str, names: &[(&str, &str)]) -> Result<(), Inapplicable> {
    let home = &ParsedHome::new(context.harness, &context.rules.layout);
    let name_of = |what: &str| names.iter().find(|(known, _)| *known == what).map(|(_, name)| *name);
    if let Some(agent) = name_of("agent").filter(|_| template.contains("{agent}")) {
        let known = agents::known(home);
        // A task that names no agent is for the default one, which may have no files yet.
        let is_known = known.contains(agent) || agent == agents::default_name(home);
        if !known.is_empty() && !is_known {
            return Err(Inapplicable::NoAgent {
                agent: shortened(agent),
                known: listed(&known),
            });
        }
        if let Some(problem) = agents::new_name_problem(agent, &known) {
            return Err(Inapplicable::BadName {
                what: "a new agent".to_owned(),
                name: shortened(agent),
                problem,
            });
        }
    }
    match contradiction(context, home, &name_of) {
        Some((named, changed)) => Err(Inapplicable::Target {
            target: context.target.to_owned(),
            named,
            changed,
        }),
        None => Ok(()),
    }
}

/// What the target names, and what the payload changes, if they differ and the first exists too.
fn contradiction<'n>(
    context: &OpContext,
    home: &ParsedHome,
    name_of: &impl Fn(&str) -> Option<&'n str>,
) -> Option<(String, String)> {
    let (word, rest) = context.target.split_once('.')?;
    let what = match word {
        "agent" | "agents" => "agent",
        "model" | "models" => "model",
        "tool" | "tools" => "tool",
        "routing" => "query_class",
        _ => return None,
    };
    let changed = name_of(what)?;
    let starts_with = |name: &str| rest == name || rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    // The longest name is meant: the name of a model may contain dots.
    let known = known(what, context.harness, home);
    let named = known
        .iter()
        .filter(|name| starts_with(name))
        .max_by_key(|name| name.len());
    if !starts_with(changed) || named.is_some_and(|named| named.len() > changed.len()) {
        return Some((format!("{what} `{}`", named?), format!("{what} `{changed}`")));
    }
    let named = rest.get(changed.len() + 1..)?;
    let param = name_of("param").filter(|param| *param != named)?;
    let exists = has_param(home, what, changed, named);
    exists.then(|| (format!("`{named}`"), format!("`{param}`")))
}

fn has_param(home: &ParsedHome, what: &str, name: &str, param: &str) -> bool {
    let layout = home.layout();
    let template = match what {
        "model" => &layout.model_param,
        _ => &layout.agent_param,
    };
    home.value(template, &[(what, name), ("param", param)])
        .is_ok_and(|value| value.is_some())
}

/// The names of this kind in the harness.
fn known(what: &str, harness: &Harness, home: &ParsedHome) -> BTreeSet<String> {
    let layout = home.layout();
    let tables = |template: &str, placeholder: &str| -> BTreeSet<String> {
        let above = home.table_above(template, placeholder, &[]).ok().flatten();
        let fields = above.and_then(serde_json::Value::as_object);
        fields.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    match what {
        "agent" => agents::known(home),
        "model" => tables(&layout.model_param, "{model}"),
        "tool" => described_tools(harness, layout)
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        _ => tables(&layout.query_class, "{query_class}"),
    }
}

/// The first names of a set, for a message.
fn listed(names: &BTreeSet<String>) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    match names.len() > shown.len() {
        true => format!("{}, …", shown.join(", ")),
        false => shown.join(", "),
    }
}
