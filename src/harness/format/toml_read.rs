//! Reads TOML, with the places of all values.

use std::ops::Range;

use serde_json::Value as Json;
use toml_edit::{Document, InlineTable, Item, Table, Value};

use super::error::{FormatError, line_of};
use super::node::{Form, Member, Node, NodeShape};

/// Reads TOML.
///
/// # Errors
/// It is not TOML.
pub(super) fn toml(text: &str) -> Result<Node, FormatError> {
    Ok(of_table(parsed(text)?.as_table()))
}

/// # Errors
/// It is not TOML.
pub(super) fn parsed(text: &str) -> Result<Document<&str>, FormatError> {
    Document::parse(text).map_err(|error| FormatError::Syntax {
        format: "TOML",
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })
}

fn in_tables(span: Option<Range<usize>>, shape: NodeShape) -> Node {
    Node {
        span: span.unwrap_or_default(),
        shape,
        form: Form::Tables,
        lead: None,
        obstacle: None,
    }
}

fn of_table(table: &Table) -> Node {
    let member = |(name, item): (&str, &Item)| {
        of_item(item).map(|node| Member {
            name: name.to_owned(),
            name_span: table.key(name).and_then(|key| key.span()).unwrap_or_default(),
            node,
        })
    };
    in_tables(table.span(), NodeShape::Map(table.iter().filter_map(member).collect()))
}

fn of_item(item: &Item) -> Option<Node> {
    match item {
        Item::None => None,
        Item::Value(value) => Some(of_value(value)),
        Item::Table(table) => Some(of_table(table)),
        Item::ArrayOfTables(tables) => Some(in_tables(None, NodeShape::List(tables.iter().map(of_table).collect()))),
    }
}

fn of_value(value: &Value) -> Node {
    let shape = match value {
        Value::String(text) => NodeShape::Scalar(Json::from(text.value().as_str())),
        Value::Integer(number) => NodeShape::Scalar(Json::from(*number.value())),
        // JSON has no such numbers as `nan` and `inf`.
        Value::Float(number) => NodeShape::Scalar(
            serde_json::Number::from_f64(*number.value())
                .map_or_else(|| Json::from(number.value().to_string()), Json::Number),
        ),
        Value::Boolean(flag) => NodeShape::Scalar(Json::from(*flag.value())),
        Value::Datetime(time) => NodeShape::Scalar(Json::from(time.value().to_string())),
        Value::Array(array) => NodeShape::List(array.iter().map(of_value).collect()),
        Value::InlineTable(table) => return of_inline_table(table),
    };
    Node::inline(value.span().unwrap_or_default(), shape)
}

fn of_inline_table(table: &InlineTable) -> Node {
    let member = |(name, value): (&str, &Value)| Member {
        name: name.to_owned(),
        name_span: table.key(name).and_then(|key| key.span()).unwrap_or_default(),
        node: of_value(value),
    };
    let shape = NodeShape::Map(table.iter().map(member).collect());
    match table.span() {
        Some(span) if !table.is_dotted() => Node::inline(span, shape),
        span => in_tables(span, shape),
    }
}
