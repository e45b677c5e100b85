//! Generated files: random values, written in random styles of their format.

use serde_json::{Map, Value as Json, json};

use super::dice::Dice;
use crate::manifest::surface::SurfaceFormat;

const NAMES: [&str; 14] = [
    "a",
    "model",
    "tools",
    "name",
    "b-c",
    "d_e",
    "x.y",
    "two words",
    "é",
    "key: x",
    "0",
    "description",
    "q\"q",
    "Z",
];

const TEXTS: [&str; 30] = [
    "x",
    "gpt-5.2",
    "",
    " ",
    " lead",
    "trail ",
    "a: b",
    "a #b",
    "#c",
    "- d",
    "true",
    "no",
    "null",
    "~",
    "1.5",
    "007",
    "2024-01-02",
    "it's",
    "say \"hi\"",
    "back\\slash",
    "tab\there",
    "two\nlines",
    "block\nof\n\n  lines\n",
    "end\n",
    "日本 é",
    "[x]",
    "{{q}}",
    "openai:gpt-4.1",
    "*.ts",
    "A longer text that says what the agent has to do, in more than sixty characters.",
];

/// A file with the values that it holds.
pub(super) struct GeneratedFile {
    pub text: String,
    pub values: Json,
}

/// How a generated file is written.
struct Style {
    indent: usize,
    end: &'static str,
    comments: bool,
    /// How many comments were written; each has its own number.
    count: usize,
}

pub(super) fn file(format: SurfaceFormat, seed: u64) -> GeneratedFile {
    let mut dice = Dice::of(seed);
    let mut style = Style {
        indent: *dice.pick(&[2, 2, 4]),
        end: if dice.one_in(4) { "\r\n" } else { "\n" },
        comments: dice.one_in(2),
        count: 0,
    };
    let values = map(&mut dice, 0, format == SurfaceFormat::Toml);
    let (values, mut text) = match format {
        SurfaceFormat::Json => {
            style.comments = false;
            let is_long = !dice.one_in(3);
            let text = json_text(&values, &mut dice, &mut style, 0, is_long) + style.end;
            (values, text)
        }
        SurfaceFormat::Jsonc => {
            let is_long = !dice.one_in(3);
            let text = json_text(&values, &mut dice, &mut style, 0, is_long) + style.end;
            (values, text)
        }
        SurfaceFormat::Jsonl => {
            let items: Vec<Json> = (0..dice.below(5)).map(|_| value(&mut dice, 1, false)).collect();
            let lines = items.iter().map(|item| {
                format!(
                    "{item}{}",
                    if dice.one_in(6) {
                        style.end.repeat(2)
                    } else {
                        style.end.to_owned()
                    }
                )
            });
            let text = lines.collect();
            (Json::Array(items), text)
        }
        SurfaceFormat::Toml => {
            let text = super::toml_file::text(&values, &mut dice, style.end, style.comments);
            (values, text)
        }
        SurfaceFormat::Yaml => {
            let text = super::yaml_file::text(&values, &mut dice, style.indent, style.end, style.comments);
            (values, text)
        }
        SurfaceFormat::FrontMatter | SurfaceFormat::Preamble => {
            let head = super::yaml_file::text(&values, &mut dice, style.indent, style.end, style.comments);
            let body = ["", "# Title\n\nText.\n", "\n- one\n- two"];
            let body = dice.pick(&body).replace('\n', style.end);
            let text = format!("---{0}{head}---{0}{body}", style.end);
            return GeneratedFile {
                text: with_mark(&mut dice, text),
                values,
            };
        }
        SurfaceFormat::Text => (values, String::new()),
    };
    if dice.one_in(4) && format != SurfaceFormat::Yaml {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    GeneratedFile {
        text: with_mark(&mut dice, text),
        values,
    }
}

fn with_mark(dice: &mut Dice, text: String) -> String {
    if dice.one_in(8) {
        format!("\u{feff}{text}")
    } else {
        text
    }
}

pub(super) fn map(dice: &mut Dice, depth: usize, is_toml: bool) -> Json {
    let mut fields = Map::new();
    for _ in 0..dice.below(5) + usize::from(depth == 0) {
        fields.insert((*dice.pick(&NAMES)).to_owned(), value(dice, depth + 1, is_toml));
    }
    Json::Object(fields)
}

/// A value; for TOML without null.
pub(super) fn value(dice: &mut Dice, depth: usize, is_toml: bool) -> Json {
    match dice.below(if depth > 3 { 7 } else { 10 }) {
        0 => json!(dice.below(1000)),
        1 => json!(-1.5 * dice.below(9) as f64 - 0.25),
        2 => json!(dice.one_in(2)),
        3 if !is_toml => Json::Null,
        7 => map(dice, depth, is_toml),
        8 => (0..dice.below(4)).map(|_| value(dice, depth + 1, is_toml)).collect(),
        9 => (0..dice.below(4)).map(|_| Json::from(*dice.pick(&TEXTS))).collect(),
        _ => Json::from(*dice.pick(&TEXTS)),
    }
}

fn json_text(value: &Json, dice: &mut Dice, style: &mut Style, level: usize, is_long: bool) -> String {
    let (open, close, parts): (_, _, Vec<String>) = match value {
        Json::Array(items) => (
            '[',
            ']',
            items
                .iter()
                .map(|item| {
                    let long = is_long && !dice.one_in(3);
                    json_text(item, dice, style, level + 1, long)
                })
                .collect(),
        ),
        Json::Object(fields) => (
            '{',
            '}',
            fields
                .iter()
                .map(|(name, item)| {
                    let long = is_long && !dice.one_in(3);
                    format!(
                        "{}: {}",
                        Json::from(name.as_str()),
                        json_text(item, dice, style, level + 1, long)
                    )
                })
                .collect(),
        ),
        _ => return value.to_string(),
    };
    let mut text = String::from(open);
    let count = parts.len();
    for (at, part) in parts.into_iter().enumerate() {
        if is_long {
            text += style.end;
            if style.comments && dice.one_in(3) {
                text += &format!(
                    "{}// c{}{}",
                    " ".repeat(style.indent * (level + 1)),
                    style.count,
                    style.end
                );
                style.count += 1;
            }
            text += &" ".repeat(style.indent * (level + 1));
        } else if at > 0 {
            text.push(' ');
        }
        text += &part;
        let is_last = at + 1 == count;
        if !is_last || style.comments && is_long && dice.one_in(2) {
            text.push(',');
        }
        if style.comments && dice.one_in(4) {
            match is_long {
                true => text += &format!(" // c{}", style.count),
                false => text += &format!(" /* c{} */", style.count),
            }
            style.count += 1;
        }
    }
    if is_long && count > 0 {
        text += &format!("{}{}", style.end, " ".repeat(style.indent * level));
    }
    text.push(close);
    text
}
