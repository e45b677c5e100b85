//! Ops that give an agent a tool or take one away.

use super::inapplicable::Inapplicable;
use super::place::place;
use super::{Rules, payload, toml_text};
use crate::artifact::edit::Edit;
use crate::harness::Harness;

pub(super) fn add(edit: &Edit, harness: &Harness, rules: &Rules) -> Result<Harness, Inapplicable> {
    change(edit, harness, rules, toml_text::append)
}

pub(super) fn remove(edit: &Edit, harness: &Harness, rules: &Rules) -> Result<Harness, Inapplicable> {
    change(edit, harness, rules, toml_text::remove)
}

type Change = fn(&str, &[String], &str) -> Result<String, String>;

fn change(edit: &Edit, harness: &Harness, rules: &Rules, change: Change) -> Result<Harness, Inapplicable> {
    let tool = payload::text(&edit.payload, "tool_name")?;
    if tool.trim().is_empty() || tool.contains(',') || tool.chars().any(char::is_control) {
        return Err(payload::wrong("tool_name", "it must be a plain name"));
    }
    let place = place(edit, harness, rules)?;
    let text = toml_text::read(harness, &place.path)?;
    let edited = change(&text, &place.keys, tool).map_err(|problem| Inapplicable::File {
        path: place.path.clone(),
        problem,
    })?;
    Ok(harness.clone().with(place.path, edited))
}
