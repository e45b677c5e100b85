//! Writes new YAML values: in brackets, and by lines with the indentation of the text around.

use serde_json::Value as Json;

use super::node::{Form, Node, NodeShape, NodeStep, in_order};
use super::splice::line_end;
use super::yaml_spelling::{double_quoted, is_plain, new_scalar};

/// The name of a member, in quotes if necessary.
pub(super) fn key(name: &str, in_flow: bool) -> String {
    match is_plain(name, in_flow) && !name.contains(':') {
        true => name.to_owned(),
        false => double_quoted(name),
    }
}

/// A value in brackets, on one line.
pub(super) fn flow(value: &Json) -> String {
    match value {
        Json::Array(items) => {
            let parts: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", parts.join(", "))
        }
        Json::Object(fields) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", key(name, true), flow(value)))
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
        _ => new_scalar(value, 0, 0, "\n", true),
    }
}

/// How a text indents its lines.
pub(super) struct YamlIndents<'t> {
    /// Columns of one level.
    unit: usize,
    /// Columns from a name to the `-` under it.
    dash: usize,
    end: &'t str,
    /// The order of the names in the items of a list.
    names: Vec<String>,
}

impl<'t> YamlIndents<'t> {
    /// As elsewhere in the text.
    pub(super) fn of(text: &'t str, tree: &Node) -> Self {
        let (mut unit, mut dash) = (None, None);
        measure(tree, &mut unit, &mut dash);
        Self::with(text, unit, dash)
    }

    /// As the value at the end of steps and what surrounds it, so that it does not depend on changes elsewhere.
    pub(super) fn around(text: &'t str, tree: &Node, steps: &[NodeStep]) -> Self {
        let (mut unit, mut dash) = (None, None);
        for depth in (1..=steps.len()).rev() {
            if let (Some(parent), Some(node)) = (tree.at(&steps[..depth - 1]), tree.at(&steps[..depth])) {
                measure_pair(parent, node, &mut unit, &mut dash);
            }
        }
        Self::with(text, unit, dash)
    }

    fn with(text: &'t str, unit: Option<usize>, dash: Option<usize>) -> Self {
        let unit = unit.unwrap_or(2);
        Self {
            unit,
            dash: dash.unwrap_or(unit),
            end: line_end(text),
            names: Vec::new(),
        }
    }

    /// For a new item of a list.
    pub(super) fn of_item(text: &'t str, tree: &Node, list: &Node) -> Self {
        Self {
            names: list.names_of_items(),
            ..Self::of(text, tree)
        }
    }

    /// A value behind the `:` or `-` of a parent at a column, with the blank or line end before it.
    pub(super) fn after_lead(&self, value: &Json, column: usize, in_list: bool) -> String {
        let newline = |column: usize| format!("{}{}", self.end, " ".repeat(column));
        match value {
            Json::Array(items) if !items.is_empty() && !in_list => {
                let column = column + self.dash;
                items
                    .iter()
                    .map(|item| format!("{}-{}", newline(column), self.after_lead(item, column, true)))
                    .collect()
            }
            Json::Object(fields) if !fields.is_empty() => {
                let inner = if in_list { column + 2 } else { column + self.unit };
                let lines = in_order(fields, &self.names)
                    .into_iter()
                    .map(|(name, value)| format!("{}:{}", key(name, false), self.after_lead(value, inner, false)));
                let lines = lines.collect::<Vec<_>>().join(&newline(inner));
                if in_list {
                    format!(" {lines}")
                } else {
                    format!("{}{lines}", newline(inner))
                }
            }
            Json::Array(_) | Json::Object(_) => format!(" {}", flow(value)),
            _ => format!(" {}", new_scalar(value, column, column + self.unit, self.end, false)),
        }
    }
}

/// The first indentations of maps and lists in maps.
fn measure(node: &Node, unit: &mut Option<usize>, dash: &mut Option<usize>) {
    let children = node
        .items()
        .iter()
        .chain(node.members().iter().map(|member| &member.node));
    for child in children {
        measure_pair(node, child, unit, dash);
        measure(child, unit, dash);
    }
}

fn measure_pair(parent: &Node, node: &Node, unit: &mut Option<usize>, dash: &mut Option<usize>) {
    let (Form::Block { indent }, Form::Block { indent: inner }) = (parent.form, node.form) else {
        return;
    };
    match (&parent.shape, &node.shape) {
        (NodeShape::Map(_), NodeShape::Map(_)) if unit.is_none() => {
            *unit = inner.checked_sub(indent).filter(|unit| *unit > 0)
        }
        (NodeShape::Map(_), NodeShape::List(_)) if dash.is_none() => *dash = inner.checked_sub(indent),
        _ => {}
    }
}
