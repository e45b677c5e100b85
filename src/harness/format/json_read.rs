//! Reads JSON, JSON with comments, and JSON Lines, with the places of all values.

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value as Json;

use super::error::{FormatError, line_of};
use super::node::{Member, Node, NodeShape};

/// What JSON with comments allows beyond JSON: comments and trailing commas.
const WITH_COMMENTS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Reads JSON.
///
/// # Errors
/// It is not JSON.
pub(super) fn json(text: &str) -> Result<Node, FormatError> {
    strict(text, 1)?;
    read(text, "JSON")
}

/// Reads JSON with comments and trailing commas.
///
/// # Errors
/// It is not JSON apart from those.
pub(super) fn jsonc(text: &str) -> Result<Node, FormatError> {
    read(text, "JSON")
}

/// Reads JSON Lines as a list; empty lines are left out.
///
/// # Errors
/// A line is not JSON.
pub(super) fn jsonl(text: &str) -> Result<Node, FormatError> {
    let (mut items, mut start) = (Vec::new(), 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end_matches(['\n', '\r']);
        if !content.trim().is_empty() {
            strict(content, number + 1)?;
            items.push(read(content, "JSON")?.moved(start));
        }
        start += line.len();
    }
    Ok(Node::inline(0..text.len(), NodeShape::List(items)))
}

/// # Errors
/// The text, which begins on a line, is not JSON.
fn strict(text: &str, line: usize) -> Result<(), FormatError> {
    let parsed = serde_json::from_str::<Json>(text);
    parsed.map(drop).map_err(|error| {
        let message = error.to_string();
        FormatError::Syntax {
            format: "JSON",
            line: line + error.line().saturating_sub(1),
            message: message.split(" at line ").next().unwrap_or(&message).to_owned(),
        }
    })
}

fn read(text: &str, format: &'static str) -> Result<Node, FormatError> {
    let syntax = |position: usize, message: String| FormatError::Syntax {
        format,
        line: line_of(text, position),
        message,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &WITH_COMMENTS)
        .map_err(|error| syntax(error.range().start, error.kind().to_string()))?;
    match parsed.value {
        Some(value) => node(&value, text),
        None => Err(syntax(0, "no value".to_owned())),
    }
}

fn node(value: &Value, text: &str) -> Result<Node, FormatError> {
    let range = value.range();
    let shape = match value {
        Value::StringLit(literal) => NodeShape::Scalar(Json::from(literal.value.as_ref())),
        Value::NumberLit(literal) => NodeShape::Scalar(number(literal.value, text, range.start)?),
        Value::BooleanLit(literal) => NodeShape::Scalar(Json::from(literal.value)),
        Value::NullKeyword(_) => NodeShape::Scalar(Json::Null),
        Value::Array(array) => NodeShape::List(
            array
                .elements
                .iter()
                .map(|item| node(item, text))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(object) => NodeShape::Map(
            object
                .properties
                .iter()
                .map(|one| member(one, text))
                .collect::<Result<_, _>>()?,
        ),
    };
    Ok(Node::inline(range.start..range.end, shape))
}

fn member(property: &ObjectProp, text: &str) -> Result<Member, FormatError> {
    let name = property.name.range();
    Ok(Member {
        name: property.name.as_str().to_owned(),
        name_span: name.start..name.end,
        node: node(&property.value, text)?,
    })
}

fn number(digits: &str, text: &str, position: usize) -> Result<Json, FormatError> {
    serde_json::from_str(digits).map_err(|_| FormatError::Syntax {
        format: "JSON",
        line: line_of(text, position),
        message: format!("the number `{digits}`"),
    })
}
