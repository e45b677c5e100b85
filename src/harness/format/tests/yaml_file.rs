//! Writes generated values as YAML in random styles.

use serde_json::Value as Json;

use super::dice::Dice;

struct YamlFile<'d> {
    dice: &'d mut Dice,
    indent: usize,
    /// Columns from a name to the `-` under it.
    dash: usize,
    end: &'static str,
    comments: bool,
    count: usize,
}

pub(super) fn text(values: &Json, dice: &mut Dice, indent: usize, end: &'static str, comments: bool) -> String {
    let dash = if dice.one_in(2) { 0 } else { indent };
    let mut file = YamlFile {
        dice,
        indent,
        dash,
        end,
        comments,
        count: 0,
    };
    match values.as_object() {
        Some(fields) if !fields.is_empty() => file.block(values, 0).trim_start_matches(['\r', '\n']).to_owned() + end,
        _ => format!("{{}}{end}"),
    }
}

impl YamlFile<'_> {
    fn comment(&mut self) -> String {
        if !self.comments || !self.dice.one_in(4) {
            return String::new();
        }
        self.count += 1;
        format!(" # c{}", self.count)
    }

    /// A line end, and sometimes an empty line and a comment before the next one.
    fn line(&mut self, column: usize) -> String {
        let mut text = self.end.to_owned();
        if self.comments && self.dice.one_in(6) {
            self.count += 1;
            text += &format!("{}# c{}{}", " ".repeat(column), self.count, self.end);
        }
        if self.dice.one_in(12) {
            text += self.end;
        }
        text + &" ".repeat(column)
    }

    /// The members or items of a collection at a column, each with a line end before it.
    fn block(&mut self, value: &Json, column: usize) -> String {
        let mut text = String::new();
        match value {
            Json::Object(fields) => {
                for (name, value) in fields {
                    text += &self.line(column);
                    text += &format!("{}:{}", self.key(name), self.value(value, column, false));
                }
            }
            Json::Array(items) => {
                for item in items {
                    text += &self.line(column);
                    text += &format!("-{}", self.value(item, column, true));
                }
            }
            _ => {}
        }
        text
    }

    /// A value after a `:` or `-`.
    fn value(&mut self, value: &Json, column: usize, in_list: bool) -> String {
        match value {
            Json::Object(fields) if !fields.is_empty() && !self.dice.one_in(4) => {
                let inner = if in_list { column + 2 } else { column + self.indent };
                let comment = self.comment();
                let text = self.block(value, inner);
                match in_list && comment.is_empty() && !text.contains('#') && !text.starts_with(&self.end.repeat(2)) {
                    true => format!(" {}", text.trim_start()),
                    false => format!("{comment}{text}"),
                }
            }
            Json::Array(items) if !items.is_empty() && !self.dice.one_in(3) => {
                let inner = if in_list { column + 2 } else { column + self.dash };
                format!("{}{}", self.comment(), self.block(value, inner))
            }
            Json::Array(_) | Json::Object(_) => format!(" {}{}", self.flow(value), self.comment()),
            Json::String(text) => self.string(text, column),
            Json::Null if self.dice.one_in(2) => self.comment(),
            _ => format!(" {value}{}", self.comment()),
        }
    }

    fn flow(&mut self, value: &Json) -> String {
        match value {
            Json::Array(items) => {
                let parts: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", parts.join(", "))
            }
            Json::Object(fields) => {
                let parts: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{}: {}", self.key(name), self.flow(value)))
                    .collect();
                format!("{{{}}}", parts.join(", "))
            }
            Json::String(text) => self.quoted(text, true),
            _ => value.to_string(),
        }
    }

    fn key(&mut self, name: &str) -> String {
        self.quoted(name, true)
    }

    fn quoted(&mut self, text: &str, is_short: bool) -> String {
        let is_word = text.chars().next().is_some_and(char::is_alphabetic)
            && text.chars().all(|c| c.is_alphanumeric() || "-_. ".contains(c));
        let is_special = ["true", "no", "null"].contains(&text) || text.ends_with(' ');
        match self.dice.below(3) {
            0 | 1 if is_word && !is_special => {
                match text.contains(' ') && !is_short && self.dice.one_in(2) && text.len() > 20 {
                    true => text.to_owned(),
                    false => text.to_owned(),
                }
            }
            1 if !text.chars().any(char::is_control) => format!("'{}'", text.replace('\'', "''")),
            _ => Json::from(text).to_string(),
        }
    }

    fn string(&mut self, text: &str, column: usize) -> String {
        let content = text.trim_end_matches('\n');
        let is_block = !content.is_empty() && !content.starts_with([' ', '\n']) && !content.contains('\t');
        if !is_block || !self.dice.one_in(2) {
            return format!(" {}{}", self.quoted(text, false), self.comment());
        }
        let chomp = match text.len() - content.len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let pad = " ".repeat(column + self.indent);
        let comment = self.comment();
        let is_folded = self.dice.one_in(2) && !content.contains("\n ") && !content.contains("\n\n");
        let (style, lines): (_, Vec<String>) = match is_folded {
            true => (
                '>',
                content
                    .split('\n')
                    .flat_map(|line| [line.to_owned(), String::new()])
                    .collect(),
            ),
            false => ('|', content.split('\n').map(str::to_owned).collect()),
        };
        let lines: Vec<String> = lines
            .iter()
            .map(|line| {
                if line.is_empty() {
                    String::new()
                } else {
                    format!("{pad}{line}")
                }
            })
            .collect();
        let body = lines.join(self.end);
        let body = body.trim_end_matches(['\r', '\n']);
        format!(" {style}{chomp}{comment}{}{body}", self.end)
    }
}
