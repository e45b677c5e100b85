//! A file with one example a line: its lines and bytes stay, apart from the values that change.

use serde_json::{Map, Value as Json};

use crate::artifact::key_path::KeyPath;
use crate::harness::format::list::{ItemChange, changes};
use crate::harness::format::set_value;
use crate::manifest::surface::SurfaceFormat;

/// A line of a file, without its line end.
#[derive(Clone, Debug)]
struct ExampleLine {
    text: String,
    end: String,
    is_example: bool,
}

/// The lines of a file of examples.
struct ExampleLines<'t> {
    lines: Vec<ExampleLine>,
    /// The examples of the file before any change, each with its line.
    known: Vec<(Json, &'t str)>,
    /// The end of a new line.
    end: &'static str,
}

/// The text with other examples. An example that stays or moves keeps its line, one that changes keeps all but the changed
/// values, and a new one is written like the first. Other lines stay.
pub(super) fn with_examples(text: &str, exemplars: &[Map<String, Json>]) -> String {
    let wanted: Vec<Json> = exemplars.iter().cloned().map(Json::Object).collect();
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = &text[..text.len() - body.len()];
    let mut file = ExampleLines::of(body);
    let old: Vec<Json> = file.known.iter().map(|(value, _)| value.clone()).collect();
    file.change(changes(&old, &wanted).unwrap_or_else(|| one_by_one(old.len(), &wanted)));
    format!("{mark}{}", file.joined(body.is_empty() || body.ends_with('\n')))
}

/// Changes by place, for lists that are too long to be compared.
fn one_by_one(old: usize, wanted: &[Json]) -> Vec<ItemChange> {
    let set = wanted.iter().take(old).enumerate();
    let set = set.map(|(at, item)| ItemChange::Set(at, item.clone()));
    let removed = (wanted.len()..old).rev().map(ItemChange::Remove);
    let new = wanted.iter().enumerate().skip(old);
    let new = new.map(|(at, item)| ItemChange::Insert(at, item.clone()));
    set.chain(removed).chain(new).collect()
}

impl<'t> ExampleLines<'t> {
    fn of(text: &'t str) -> Self {
        let mut known = Vec::new();
        let mut line = |whole: &'t str| {
            let text = whole.trim_end_matches(['\n', '\r']);
            let value = serde_json::from_str::<Json>(text);
            let is_example = value.is_ok();
            known.extend(value.ok().map(|value| (value, text)));
            ExampleLine {
                text: text.to_owned(),
                end: whole[text.len()..].to_owned(),
                is_example,
            }
        };
        let lines = text.split_inclusive('\n').map(&mut line).collect();
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { lines, known, end }
    }

    fn change(&mut self, changes: Vec<ItemChange>) {
        for change in changes {
            match change {
                ItemChange::Set(at, item) => {
                    if let Some(at) = self.place(at) {
                        self.lines[at].text = self.line(&item, Some(&self.lines[at].text));
                    }
                }
                ItemChange::Remove(at) => {
                    if let Some(at) = self.place(at) {
                        self.lines.remove(at);
                    }
                }
                ItemChange::Insert(at, item) => {
                    let new = ExampleLine {
                        text: self.line(&item, None),
                        end: self.end.to_owned(),
                        is_example: true,
                    };
                    let after_last = || Some(self.lines.iter().rposition(|line| line.is_example)? + 1);
                    let at = self.place(at).or_else(after_last).unwrap_or(self.lines.len());
                    self.lines.insert(at, new);
                }
            }
        }
    }

    /// The line of the example at an index.
    fn place(&self, at: usize) -> Option<usize> {
        let mut examples = self.lines.iter().enumerate().filter(|(_, line)| line.is_example);
        examples.nth(at).map(|(place, _)| place)
    }

    /// The line of an example: the one that the file has, else one like its old line or the first. New fields come in the
    /// order of their names, because the order in the payload is not known: its fields are kept sorted.
    fn line(&self, item: &Json, old: Option<&str>) -> String {
        if let Some((_, line)) = self.known.iter().find(|(value, _)| value == item) {
            return (*line).to_owned();
        }
        let like = old.or_else(|| self.known.first().map(|(_, line)| *line));
        let changed = like.and_then(|like| set_value(SurfaceFormat::Json, like, &KeyPath::default(), item).ok());
        changed
            .filter(|line| !line.contains('\n'))
            .unwrap_or_else(|| item.to_string())
    }

    /// The text. Its last line has a line end if it had one.
    fn joined(mut self, has_end: bool) -> String {
        let count = self.lines.len();
        for (at, line) in self.lines.iter_mut().enumerate() {
            if at + 1 < count && line.end.is_empty() {
                line.end = self.end.to_owned();
            }
            if at + 1 == count && !has_end {
                line.end.clear();
            }
        }
        self.lines.into_iter().map(|line| line.text + &line.end).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(text: &str, examples: Json) -> String {
        let examples: Vec<Map<String, Json>> = serde_json::from_value(examples).unwrap();
        let changed = with_examples(text, &examples);
        assert_eq!(with_examples(&changed, &examples), changed);
        changed
    }

    #[test]
    fn bytes_outside_the_changed_values_stay() {
        let text = "{\"q\": 1,  \"a\": \"h\\u00e9\"}\r\n\r\n{ \"a\":\"é\", \"q\":2 }\r\n";
        let (first, second) = (json!({"q": 1, "a": "hé"}), json!({"q": 2, "a": "é"}));
        for (examples, wanted) in [
            (json!([first, second]), text.to_owned()),
            (json!([first, {"q": 2, "a": "è"}]), text.replace("\"é\"", "\"è\"")),
            (
                json!([first, second, {"q": 3, "a": "ü"}]),
                format!("{text}{{\"q\": 3,  \"a\": \"ü\"}}\r\n"),
            ),
            (
                json!([second, first]),
                "\r\n{ \"a\":\"é\", \"q\":2 }\r\n{\"q\": 1,  \"a\": \"h\\u00e9\"}\r\n".to_owned(),
            ),
            (json!([second]), "\r\n{ \"a\":\"é\", \"q\":2 }\r\n".to_owned()),
        ] {
            assert_eq!(changed(text, examples.clone()), wanted, "{examples}");
        }
    }

    #[test]
    fn files_without_examples_or_a_last_line_end_get_lines() {
        for (text, examples, wanted) in [
            ("", json!([{"b": 1, "a": 2}]), "{\"a\":2,\"b\":1}\n"),
            ("{\"b\": 1}", json!([{"b": 1}, {"b": 2}]), "{\"b\": 1}\n{\"b\": 2}"),
            ("\u{feff}{\"b\": 1}\n", json!([{"b": 3}]), "\u{feff}{\"b\": 3}\n"),
            ("{\"b\": 1}\n", json!([]), ""),
        ] {
            assert_eq!(changed(text, examples), wanted, "{text:?}");
        }
    }

    #[test]
    fn long_lists_are_changed_by_place() {
        let line = |n: usize| format!("{{\"n\": {n} }}\n");
        let text: String = (0..600).map(line).collect();
        let wanted: Vec<Json> = (0..601).map(|n| json!({"n": n * 7})).collect();
        let new = changed(&text, json!(wanted));
        assert_eq!(new, (0..601).map(|n| line(n * 7)).collect::<String>());
    }
}
