//! Ops that set one value in a TOML file: routes, parameters, classes, descriptions.

use serde_json::Value;

use super::inapplicable::Inapplicable;
use super::place::place;
use super::{Rules, payload, toml_text};
use crate::artifact::edit::{Edit, Op};
use crate::harness::Harness;

pub(super) fn apply(edit: &Edit, harness: &Harness, rules: &Rules) -> Result<Harness, Inapplicable> {
    let value = wanted(edit)?;
    let place = place(edit, harness, rules)?;
    let text = toml_text::read(harness, &place.path)?;
    let edited = toml_text::set(&text, &place.keys, &value).map_err(|problem| Inapplicable::File {
        path: place.path.clone(),
        problem,
    })?;
    Ok(harness.clone().with(place.path, edited))
}

fn wanted(edit: &Edit) -> Result<Value, Inapplicable> {
    let text = |key| payload::text(&edit.payload, key).map(|text| Value::String(text.to_owned()));
    match edit.op {
        Op::SetModelForQueryClass => text("model"),
        Op::SetAgentClass => text("new_class"),
        Op::EditToolDescription => text("new_description"),
        _ => payload::value(&edit.payload, "value").cloned(),
    }
}
