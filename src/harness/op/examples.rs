//! The op that replaces an agent's few-shot examples. The file keeps its form, and the examples that stay their bytes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::edit_location::EditLocation;
use super::inapplicable::Inapplicable;
use super::originals::restored;
use super::{OpContext, OpRules, payload, surface};
use crate::artifact::edit::{Edit, Op};
use crate::artifact::key_path::KeyPath;
use crate::harness::Harness;
use crate::harness::format::set_value;
use crate::manifest::surface::SurfaceFormat;

/// Arguments of `edit_few_shot_exemplars`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The agent's name. If absent, it is the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// All examples, in order. They replace the old examples.
    pub exemplars: Vec<Exemplar>,
}

/// One question with the answer that the agent should give.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Exemplar {
    /// The user's question.
    pub input: String,
    /// The agent's answer.
    pub output: String,
}

pub(super) fn apply(payload: &Payload, context: &OpContext) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::of(context, &[("agent", agent)])?;
    let old = place.text(context.harness)?.unwrap_or_default();
    let original = |text: &str| restored(text, &old, false);
    let exemplars: Result<Vec<Exemplar>, Inapplicable> = payload
        .exemplars
        .iter()
        .map(|one| -> Result<Exemplar, Inapplicable> {
            Ok(Exemplar {
                input: original(&one.input)?,
                output: original(&one.output)?,
            })
        })
        .collect();
    let exemplars = exemplars?;
    if place.keys.is_empty() {
        place.with_text(context.harness, &rewritten(&old, &exemplars))
    } else {
        place.with_value(context.harness, &serde_json::json!(exemplars))
    }
}

/// The text of the file with these examples instead of the old ones. Examples that stay keep their bytes, and the others
/// are written like them.
fn rewritten(old: &str, exemplars: &[Exemplar]) -> String {
    in_file(old, str::is_ascii, |style| style.with(exemplars), &json!(exemplars))
}

/// The text of a file whose examples are replaced in its style; without a style, or without examples, as `json`. `escapes`
/// says whether a file escapes the characters beyond ASCII.
fn in_file(old: &str, escapes: fn(&str) -> bool, styled: impl Fn(&FileStyle) -> String, json: &Value) -> String {
    let body = old.strip_prefix('\u{feff}').unwrap_or(old);
    let mark = &old[..old.len() - body.len()];
    let end = match body {
        body if body.ends_with("\r\n") => "\r\n",
        body if body.ends_with('\n') => "\n",
        _ => "",
    };
    let is_empty = json.as_array().is_none_or(Vec::is_empty);
    let is_ascii = escapes(body);
    let text = match FileStyle::of(body, is_ascii).filter(|_| !is_empty) {
        Some(style) => styled(&style),
        None if is_ascii => format!("{}{end}", ascii(&format!("{json:#}"))),
        None => format!("{json:#}{end}"),
    };
    format!("{mark}{text}")
}

/// How a file of examples is written: the text around its examples, and the examples.
struct FileStyle<'a> {
    head: &'a str,
    separator: String,
    tail: &'a str,
    /// The text of each example, by question and answer.
    known: BTreeMap<(String, String), &'a str>,
    /// Each example with its text.
    all: Vec<(Map<String, Value>, &'a str)>,
    first: &'a str,
    is_ascii: bool,
}

impl<'a> FileStyle<'a> {
    /// Reads the file; `None` if it is not a list of objects.
    fn of(text: &'a str, is_ascii: bool) -> Option<Self> {
        let parts: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        let parts: Vec<&str> = parts.into_iter().map(RawValue::get).collect();
        let (first, last) = (*parts.first()?, *parts.last()?);
        let start = |part: &str| part.as_ptr().addr() - text.as_ptr().addr();
        let (mut known, mut all) = (BTreeMap::new(), Vec::new());
        for part in &parts {
            let fields: Map<String, Value> = serde_json::from_str(part).ok()?;
            let field = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
            if let (Some(input), Some(output)) = (field("input"), field("output")) {
                known.entry((input, output)).or_insert(*part);
            }
            all.push((fields, *part));
        }
        let head = &text[..start(first)];
        Some(Self {
            head,
            separator: match parts.get(1) {
                Some(second) => text[start(first) + first.len()..start(second)].to_owned(),
                None if head.contains('\n') => format!(",{}", head.trim_start().trim_start_matches('[')),
                None => ", ".to_owned(),
            },
            tail: &text[start(last) + last.len()..],
            known,
            all,
            first,
            is_ascii,
        })
    }

    fn with(&self, exemplars: &[Exemplar]) -> String {
        let one = |exemplar: &Exemplar| {
            let known = self.known.get(&(exemplar.input.clone(), exemplar.output.clone()));
            let pair = || self.new_example(&[("input", json!(exemplar.input)), ("output", json!(exemplar.output))]);
            known.map_or_else(pair, |known| (*known).to_owned())
        };
        self.joined(exemplars.iter().map(one).collect())
    }

    /// The same for examples with any fields.
    fn with_objects(&self, exemplars: &[Map<String, Value>]) -> String {
        let order = |name: &str| self.first.find(&json!(name).to_string());
        let new = |exemplar: &Map<String, Value>| {
            let mut fields: Vec<(&str, Value)> = exemplar
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone()))
                .collect();
            fields.sort_by_key(|(name, _)| order(name).unwrap_or(usize::MAX));
            self.new_example(&fields)
        };
        let one = |(at, exemplar): (usize, &Map<String, Value>)| {
            if let Some((_, text)) = self.all.iter().find(|(fields, _)| fields == exemplar) {
                return (*text).to_owned();
            }
            // An example in the place of one that goes is that one with other values.
            let gone = self.all.get(at).filter(|(fields, _)| !exemplars.contains(fields));
            let wanted = Value::Object(exemplar.clone());
            let changed = |text: &str| set_value(SurfaceFormat::Json, text, &KeyPath::default(), &wanted).ok();
            gone.and_then(|(_, text)| changed(text))
                .unwrap_or_else(|| new(exemplar))
        };
        self.joined(exemplars.iter().enumerate().map(one).collect())
    }

    fn joined(&self, texts: Vec<String>) -> String {
        format!("{}{}{}", self.head, texts.join(&self.separator), self.tail)
    }

    /// A new example, with the white space of the first one.
    fn new_example(&self, fields: &[(&str, Value)]) -> String {
        let inner = &self.first[1..self.first.len() - 1];
        let open = &inner[..inner.len() - inner.trim_start().len()];
        let close = &inner[inner.trim_end().len()..];
        let after_comma = if open.contains('\n') { open } else { " " };
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}: {value}", json!(name)))
            .collect();
        let example = format!("{open}{}{close}", fields.join(&format!(",{after_comma}")));
        let example = if self.is_ascii { ascii(&example) } else { example };
        format!("{{{example}}}")
    }
}

/// The text of a JSON file of examples with these instead of the old ones. Those that stay keep their bytes, and of those
/// that change in their place only the changed values do.
pub(super) fn rewritten_objects(old: &str, exemplars: &[Map<String, Value>]) -> String {
    let escapes = |text: &str| text.is_ascii() && text.contains("\\u");
    in_file(old, escapes, |style| style.with_objects(exemplars), &json!(exemplars))
}

/// The questions of an edit's examples that the present file does not have; empty for other ops.
pub(super) fn new_questions(edit: &Edit, harness: &Harness, rules: &OpRules) -> Vec<String> {
    if edit.op == Op::EditExamples {
        return surface::new_texts(edit, harness, rules).unwrap_or_default();
    }
    if edit.op != Op::EditFewShotExemplars {
        return Vec::new();
    }
    let read = || -> Result<Vec<String>, Inapplicable> {
        let payload: Payload = payload::read(&edit.payload)?;
        let context = &OpContext {
            op: edit.op,
            target: &edit.target,
            harness,
            rules,
        };
        let place = EditLocation::of(context, &[("agent", context.agent(payload.agent.as_deref())?)])?;
        let old = place.text(harness)?.unwrap_or_default();
        let old: Vec<Exemplar> = serde_json::from_str(old.trim_start_matches('\u{feff}')).unwrap_or_default();
        let is_new = |question: &String| old.iter().all(|known| known.input != *question);
        Ok(payload
            .exemplars
            .into_iter()
            .map(|one| one.input)
            .filter(is_new)
            .collect())
    };
    read().unwrap_or_default()
}

/// JSON with all non-ASCII characters escaped, as OpenJarvis writes it.
fn ascii(json: &str) -> String {
    let escape = |unit: u16| format!("\\u{unit:04x}");
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            text.push(character);
        } else {
            text.extend(character.encode_utf16(&mut [0; 2]).iter().copied().map(escape));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exemplars(pairs: &[(&str, &str)]) -> Vec<Exemplar> {
        let one = |(input, output): &(&str, &str)| Exemplar {
            input: (*input).to_owned(),
            output: (*output).to_owned(),
        };
        pairs.iter().map(one).collect()
    }

    #[test]
    fn one_example_a_line_stays_so_and_old_lines_keep_their_bytes() {
        let old =
            "[\r\n  { \"output\": \"x\", \"input\": \"a\" },\r\n  { \"input\": \"b\", \"output\": \"y\" }\r\n]\r\n";
        let new = exemplars(&[("b", "y"), ("é", "z"), ("a", "x")]);
        let text = rewritten(old, &new);
        let expected = "[\r\n  { \"input\": \"b\", \"output\": \"y\" },\r\n  { \"input\": \"\\u00e9\", \"output\": \"z\" },\r\n  \
                        { \"output\": \"x\", \"input\": \"a\" }\r\n]\r\n";
        assert_eq!(text, expected);
        assert_eq!(rewritten(&text, &new), text);
    }

    #[test]
    fn an_indented_file_keeps_its_letters_indent_mark_and_last_line_end() {
        let one = |input: &str, output: &str| {
            format!("    {{\n        \"input\": \"{input}\",\n        \"output\": \"{output}\"\n    }}")
        };
        let file = |examples: &[String]| format!("\u{feff}[\n{}\n]\n", examples.join(",\n"));
        let old = file(&[one("Où ?", "À gauche."), one("日本語", "はい")]);
        let new = exemplars(&[("Où ?", "À gauche."), ("日本語", "はい"), ("Merci", "Déjà")]);
        let wanted = file(&[one("Où ?", "À gauche."), one("日本語", "はい"), one("Merci", "Déjà")]);
        assert_eq!(rewritten(&old, &new), wanted);
        assert_eq!(rewritten(&wanted, &new), wanted);
        // A single example shows the style too, and a further field of an example stays.
        let old = "[\n\t{\"input\": \"a\", \"output\": \"x\", \"note\": 1}\n]\n";
        let text = rewritten(old, &exemplars(&[("a", "x"), ("b", "y")]));
        assert_eq!(
            text,
            "[\n\t{\"input\": \"a\", \"output\": \"x\", \"note\": 1},\n\t{\"input\": \"b\", \"output\": \"y\"}\n]\n"
        );
        let line = "[{\"input\": \"a\", \"output\": \"x\"}]";
        let both = "[{\"input\": \"a\", \"output\": \"x\"}, {\"input\": \"b\", \"output\": \"y\"}]";
        assert_eq!(rewritten(line, &exemplars(&[("a", "x"), ("b", "y")])), both);
    }

    #[test]
    fn objects_change_only_in_their_changed_values() {
        let old = "[\n  {\"q\":  \"a\", \"b\": [1,2]},\n\n  { \"q\": \"c\" }\n]\n";
        let objects = |list: Value| -> Vec<Map<String, Value>> { serde_json::from_value(list).unwrap() };
        for (list, wanted) in [
            (json!([{"q": "a", "b": [1, 2]}, {"q": "c"}]), old.to_owned()),
            (
                json!([{"q": "é", "b": [1, 2]}, {"q": "c"}]),
                old.replace("\"a\"", "\"é\""),
            ),
            (
                json!([{"q": "c"}, {"q": "a", "b": [1, 2]}]),
                "[\n  { \"q\": \"c\" },\n\n  {\"q\":  \"a\", \"b\": [1,2]}\n]\n".to_owned(),
            ),
        ] {
            assert_eq!(rewritten_objects(old, &objects(list.clone())), wanted, "{list}");
        }
        let new = rewritten_objects("[]\n", &objects(json!([{"q": "é"}])));
        assert_eq!(new, "[\n  {\n    \"q\": \"é\"\n  }\n]\n");
    }

    #[test]
    fn any_other_file_is_written_as_the_ancestor_does() {
        let new = exemplars(&[("a", "x")]);
        for old in ["", "[]", "[1]", "not JSON"] {
            let text = rewritten(old, &new);
            assert_eq!(text, "[\n  {\n    \"input\": \"a\",\n    \"output\": \"x\"\n  }\n]");
            assert_eq!(rewritten(&text, &new), text);
        }
        assert_eq!(rewritten("[\n{\"input\": \"a\", \"output\": \"x\"}\n]\n", &[]), "[]\n");
    }
}
