//! Writes generated values as TOML in random styles.

use serde_json::{Map, Value as Json};

use super::dice::Dice;

struct TomlFile<'d> {
    dice: &'d mut Dice,
    end: &'static str,
    comments: bool,
    count: usize,
}

pub(super) fn text(values: &Json, dice: &mut Dice, end: &'static str, comments: bool) -> String {
    let mut file = TomlFile {
        dice,
        end,
        comments,
        count: 0,
    };
    match values.as_object() {
        Some(fields) => file.table(fields, &[]),
        None => String::new(),
    }
}

impl TomlFile<'_> {
    fn comment(&mut self) -> String {
        if !self.comments || !self.dice.one_in(4) {
            return String::new();
        }
        self.count += 1;
        format!(" # c{}", self.count)
    }

    /// The lines of a table: first its own keys, then its tables.
    fn table(&mut self, fields: &Map<String, Json>, path: &[String]) -> String {
        let mut own = String::new();
        let mut tables = String::new();
        for (name, value) in fields {
            let child = [path, &[key(name)]].concat();
            match value {
                Json::Object(inner) if self.dice.one_in(2) => {
                    let comment = self.comment();
                    tables += &format!("{0}[{1}]{comment}{0}", self.end, child.join("."));
                    tables += &self.table(inner, &child);
                }
                Json::Object(inner) if !inner.is_empty() && self.dice.one_in(2) => {
                    for (inner_name, value) in inner {
                        own += &format!("{}.{} = {}", key(name), key(inner_name), self.value(value));
                        own += &format!("{}{}", self.comment(), self.end);
                    }
                }
                Json::Array(items) if !items.is_empty() && items.iter().all(Json::is_object) => {
                    for item in items {
                        tables += &format!("{}[[{}]]{}", self.end, child.join("."), self.end);
                        tables += &self.table(item.as_object().unwrap(), &child);
                    }
                }
                _ => own += &format!("{} = {}{}{}", key(name), self.value(value), self.comment(), self.end),
            }
        }
        own + &tables
    }

    fn value(&mut self, value: &Json) -> String {
        match value {
            Json::String(text) => self.string(text),
            Json::Array(items) => {
                let is_long = self.dice.one_in(2) && !items.is_empty();
                let mut text = String::from("[");
                for (at, item) in items.iter().enumerate() {
                    text += &if is_long {
                        format!("{}  ", self.end)
                    } else if at > 0 {
                        " ".to_owned()
                    } else {
                        String::new()
                    };
                    text += &self.value(item);
                    if at + 1 < items.len() || self.dice.one_in(3) {
                        text.push(',');
                    }
                    if is_long {
                        text += &self.comment();
                    }
                }
                text + if is_long { self.end } else { "" } + "]"
            }
            Json::Object(fields) => {
                let parts: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{} = {}", key(name), self.value(value)))
                    .collect();
                format!("{{ {} }}", parts.join(", "))
            }
            _ => value.to_string(),
        }
    }

    fn string(&mut self, text: &str) -> String {
        let is_bare = !text.chars().any(|c| c.is_control() || c == '\'');
        match self.dice.below(4) {
            0 if is_bare => format!("'{text}'"),
            1 if self.end == "\n" && !text.contains(['\\', '"']) => format!("\"\"\"\n{text}\"\"\""),
            2 if self.end == "\n" && !text.contains(['\'', '\\']) => format!("'''\n{text}'''"),
            _ => Json::from(text).to_string(),
        }
    }
}

fn key(name: &str) -> String {
    match name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        true => name.to_owned(),
        false => Json::from(name).to_string(),
    }
}
