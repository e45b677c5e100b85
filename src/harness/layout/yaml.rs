//! Reads the keys and values of YAML by its lines, well enough to recognise a file.
//!
//! Anchors, tags and complex keys are not understood; such values are null. Scalars are strings. Front matter is often no
//! YAML, so nothing is an error.

use serde_json::{Map, Value};

/// How many levels of nesting are read.
const MOST_LEVELS: usize = 32;

/// A line without its comment.
struct YamlLine {
    indent: usize,
    text: String,
}

/// The values of a YAML text.
pub(super) fn read(text: &str) -> Value {
    let lines = text.lines().filter(|line| !line.starts_with("---"));
    let lines: Vec<YamlLine> = lines.filter_map(line).collect();
    YamlLines { lines, at: 0 }.node(0, 0)
}

/// A line, unless it is blank or a comment.
fn line(raw: &str) -> Option<YamlLine> {
    let text = raw.trim_start_matches(' ');
    let indent = raw.len() - text.len();
    let text = without_comment(text).trim_end();
    (!text.is_empty()).then(|| YamlLine {
        indent,
        text: text.to_owned(),
    })
}

fn without_comment(text: &str) -> &str {
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in text.char_indices() {
        match (c, quote) {
            ('#', None) if before.is_whitespace() => return &text[..at],
            ('"' | '\'', None) if !before.is_alphanumeric() => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    text
}

struct YamlLines {
    lines: Vec<YamlLine>,
    at: usize,
}

impl YamlLines {
    /// The text of the next line if it is indented by at least `indent`.
    fn next(&self, indent: usize) -> Option<(usize, &str)> {
        let line = self.lines.get(self.at)?;
        (line.indent >= indent).then_some((line.indent, line.text.as_str()))
    }

    /// The value that begins at the next line, if that is indented by at least `indent`.
    fn node(&mut self, indent: usize, level: usize) -> Value {
        let Some((indent, text)) = self.next(indent) else {
            return Value::Null;
        };
        match text {
            _ if level > MOST_LEVELS => self.skip(indent),
            _ if is_item(text) => self.list(indent, level),
            _ if key_of(text).is_some() => self.map(indent, level),
            _ => {
                let text = text.to_owned();
                self.at += 1;
                self.scalar(&text, indent)
            }
        }
    }

    /// Skips everything that is indented by at least `indent`.
    fn skip(&mut self, indent: usize) -> Value {
        while self.next(indent).is_some() {
            self.at += 1;
        }
        Value::Null
    }

    fn list(&mut self, indent: usize, level: usize) -> Value {
        let mut items = Vec::new();
        while let Some((here, text)) = self.next(indent) {
            if here != indent || !is_item(text) {
                break;
            }
            let rest = text[1..].trim_start();
            if rest.is_empty() {
                self.at += 1;
            } else {
                // The item continues as if it began a line of its own.
                let inner = YamlLine {
                    indent: indent + text.len() - rest.len(),
                    text: rest.to_owned(),
                };
                self.lines[self.at] = inner;
            }
            items.push(self.node(indent + 1, level + 1));
            self.skip(indent + 1);
        }
        Value::Array(items)
    }

    fn map(&mut self, indent: usize, level: usize) -> Value {
        let mut map = Map::new();
        while let Some((_, text)) = self.next(indent) {
            let Some((key, rest)) = key_of(text) else {
                self.at += 1;
                continue;
            };
            let (key, rest) = (key.to_owned(), rest.to_owned());
            self.at += 1;
            let value = match rest.chars().next() {
                None if self
                    .next(indent)
                    .is_some_and(|(here, text)| here == indent && is_item(text)) =>
                {
                    self.list(indent, level + 1)
                }
                None => self.node(indent + 1, level + 1),
                Some('|' | '>') => self.block(indent + 1),
                Some(_) => self.scalar(&rest, indent + 1),
            };
            map.insert(key, value);
            self.skip(indent + 1);
        }
        // A line that is no key ends the map; whoever called skips it.
        Value::Object(map)
    }

    /// The lines of a block scalar.
    fn block(&mut self, indent: usize) -> Value {
        let mut text = String::new();
        while let Some((_, line)) = self.next(indent) {
            text += line;
            text.push('\n');
            self.at += 1;
        }
        Value::String(text)
    }

    /// A scalar or a flow collection, which may continue on the next lines.
    fn scalar(&mut self, first: &str, indent: usize) -> Value {
        let mut text = first.to_owned();
        let is_flow = text.starts_with(['[', '{']);
        while is_flow && is_open(&text) && self.next(indent).is_some() {
            text.push(' ');
            text += &self.lines[self.at].text;
            self.at += 1;
        }
        FlowText { rest: &text }.value(is_flow, 0)
    }
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

/// The key at the start of a line, and the text after its colon.
fn key_of(text: &str) -> Option<(&str, &str)> {
    if text.starts_with(['[', '{', '&', '*', '!', '?']) {
        return None;
    }
    let (key, rest) = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let (key, rest) = text[1..].split_once(quote)?;
            (key, rest.trim_start().strip_prefix(':')?)
        }
        _ => text.split_once(": ").or_else(|| Some((text.strip_suffix(':')?, "")))?,
    };
    Some((key.trim(), rest.trim()))
}

/// Whether a flow collection has more opening than closing brackets.
fn is_open(text: &str) -> bool {
    let count = |set: [char; 2]| text.matches(set).count();
    count(['[', '{']) > count([']', '}'])
}

/// What is left to read of a flow collection or a scalar.
struct FlowText<'t> {
    rest: &'t str,
}

impl FlowText<'_> {
    fn value(&mut self, in_flow: bool, level: usize) -> Value {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next() {
            Some('[' | '{') if level > MOST_LEVELS => {
                self.rest = "";
                Value::Null
            }
            Some('[') if in_flow => self.items(level),
            Some('{') if in_flow => self.members(level),
            Some(quote @ ('"' | '\'')) => {
                let inner = &self.rest[1..];
                let (text, rest) = inner.split_once(quote).unwrap_or((inner, ""));
                self.rest = rest;
                Value::String(text.to_owned())
            }
            Some('&' | '*' | '!') => {
                self.word(in_flow);
                Value::Null
            }
            _ => Value::String(self.word(in_flow)),
        }
    }

    /// A plain scalar; in a flow collection it ends at a comma, a bracket, or a colon before a blank.
    fn word(&mut self, in_flow: bool) -> String {
        let colon = self.rest.find(": ");
        let end = self.rest.find([',', ']', '}', '[', '{']).unwrap_or(self.rest.len());
        let end = match in_flow {
            true => colon.map_or(end, |colon| colon.min(end)),
            false => self.rest.len(),
        };
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.trim().to_owned()
    }

    fn items(&mut self, level: usize) -> Value {
        let mut items = Vec::new();
        while self.more(']') {
            items.push(self.value(true, level + 1));
        }
        Value::Array(items)
    }

    fn members(&mut self, level: usize) -> Value {
        let mut map = Map::new();
        while self.more('}') {
            let Value::String(key) = self.value(true, level + 1) else {
                break;
            };
            self.rest = self.rest.trim_start();
            let value = match self.rest.strip_prefix(':') {
                Some(rest) => {
                    self.rest = rest;
                    self.value(true, level + 1)
                }
                None => Value::Null,
            };
            map.insert(key, value);
        }
        Value::Object(map)
    }

    /// Steps over an opening bracket or a comma; returns whether another value follows before `close`.
    fn more(&mut self, close: char) -> bool {
        let rest = self.rest.trim_start();
        if let Some(rest) = rest.strip_prefix(close) {
            self.rest = rest;
            return false;
        }
        let Some(rest) = rest.strip_prefix(['[', '{', ',']) else {
            self.rest = "";
            return false;
        };
        self.rest = rest.trim_start();
        match self.rest.strip_prefix(close) {
            Some(rest) => {
                self.rest = rest;
                false
            }
            None => !self.rest.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_flows_and_scalars() {
        let text = "# head\nname: demo # a comment\nprompts: [file://a.txt, \"b, c\"]\nmodels:\n  - name: main\n    roles: [chat,\n      edit]\n  - name: two\nlist:\n- x\n- {q: 1, r: [s]}\ntext: |\n  One.\n  - Two: yes\nafter: 'end'\nurl: http://x/y\nempty:\n";
        assert_eq!(
            read(text),
            json!({"name": "demo", "prompts": ["file://a.txt", "b, c"],
                "models": [{"name": "main", "roles": ["chat", "edit"]}, {"name": "two"}],
                "list": ["x", {"q": "1", "r": ["s"]}], "text": "One.\n- Two: yes\n", "after": "end",
                "url": "http://x/y", "empty": null})
        );
    }

    #[test]
    fn front_matter_that_is_no_yaml_keeps_its_other_keys() {
        let value = read("description: Use it: now\nglobs: **/*.py,**/x\nalwaysApply: false\n");
        assert_eq!(
            value,
            json!({"description": "Use it: now", "globs": null, "alwaysApply": "false"})
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_or_loop(text in "([-:#|>\"'\\[\\]{},&*! \n]|[ab]|é){0,60}") {
            read(&text);
        }
    }
}
