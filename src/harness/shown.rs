//! What a teacher sees of a file: everything but the values of keys, environment variables and headers. Pure.
//!
//! Permissions, hooks and the commands of MCP servers stay visible, because they explain what an agent can do.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use super::format::all_values::all_values;
use super::format::front_matter::body;
use super::layout::values;
use super::op::is_secret_key;
use crate::manifest::surface::SurfaceFormat;

/// The names of tables whose values are environment variables or headers, in lower case without `-` and `_`.
const HIDDEN_TABLES: [&str; 9] = [
    "env",
    "environmentvariables",
    "setenv",
    "envvars",
    "headers",
    "httpheaders",
    "envhttpheaders",
    "extraheaders",
    "defaultheaders",
];

/// What takes the place of a hidden value.
const MARK: &str = "[redacted:setting]";
/// What takes the place of a file in which the values cannot be found.
const WHOLE: &str = "[redacted:file]\n";

/// The text of a file as a teacher sees it, from the text without personal data and keys.
pub(crate) fn shown<'t>(path: &str, text: &'t str) -> Cow<'t, str> {
    let format = SurfaceFormat::of(path);
    if !format.has_keys() {
        return Cow::Borrowed(text);
    }
    let Some(values) = values(path, text) else {
        let is_prose = format == SurfaceFormat::FrontMatter;
        let is_open = is_prose || !mentions_hidden(text);
        return Cow::Borrowed(if is_open { text } else { WHOLE });
    };
    // The text under a front matter holds no settings.
    let head = match format {
        SurfaceFormat::FrontMatter => &text[..text.len() - body(text).unwrap_or_default().len()],
        _ => text,
    };
    // A line that belongs to no key may hold what is to be hidden.
    if format == SurfaceFormat::FrontMatter && !is_read_in_full(text) && mentions_hidden(head) {
        return Cow::Borrowed(WHOLE);
    }
    let mut hidden = Vec::new();
    collect(&values, &mut Vec::new(), false, &mut hidden);
    let mut places: Vec<Range<usize>> = Vec::new();
    for (name, value) in &hidden {
        let found = places_of(head, name, value);
        // A value that is written in another way cannot be hidden alone.
        if found.is_empty() && !value.is_empty() {
            return Cow::Borrowed(WHOLE);
        }
        places.extend(found);
    }
    match places.is_empty() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(replaced(text, places)),
    }
}

/// Whether every line of a front matter was read as a part of a key with a certain value.
fn is_read_in_full(text: &str) -> bool {
    all_values(SurfaceFormat::FrontMatter, text).is_ok_and(|found| found.unread.is_empty())
}

/// Whether a text that cannot be read may hold something to hide.
fn mentions_hidden(text: &str) -> bool {
    let words = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')));
    words
        .into_iter()
        .any(|word| is_hidden_table(word) || is_secret_key(word))
}

fn is_hidden_table(key: &str) -> bool {
    let letters = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    HIDDEN_TABLES.contains(&letters.collect::<String>().as_str())
}

/// Collects the values to hide, each with its name; the name is empty in a list.
fn collect(value: &Value, keys: &mut Vec<String>, is_hidden: bool, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                // At the top, `environment` is a section of settings; in a server, it is a table of variables.
                let is_variables = key == "environment" && !keys.is_empty();
                let hides = is_hidden || is_variables || is_hidden_table(key) || is_secret_key(key);
                keys.push(key.clone());
                collect(value, keys, hides, found);
                keys.pop();
            }
        }
        Value::Array(items) => {
            keys.push(String::new());
            items.iter().for_each(|item| collect(item, keys, is_hidden, found));
            keys.pop();
        }
        _ if !is_hidden => {}
        // What is redacted already stays as it is.
        Value::String(text) if text.starts_with("[redacted:") => {}
        Value::String(text) => found.push((keys.last().cloned().unwrap_or_default(), text.clone())),
        Value::Number(number) => found.push((keys.last().cloned().unwrap_or_default(), number.to_string())),
        _ => {}
    }
}

/// The places of a value in a text: after its name, or anywhere for an item of a list.
fn places_of(text: &str, name: &str, value: &str) -> Vec<Range<usize>> {
    let escaped = Value::from(value).to_string();
    let escaped = &escaped[1..escaped.len() - 1];
    let quote = |c: char| matches!(c, '"' | '\'');
    if name.is_empty() {
        let forms = [value, escaped];
        let starts = forms
            .into_iter()
            .flat_map(|form| text.match_indices(form).map(move |(at, _)| at..at + form.len()));
        // The name of a variable in `NAME=value` stays visible.
        let after_name = |place: Range<usize>| match text[place.clone()].split_once('=') {
            Some((name, _)) => place.start + name.len() + 1..place.end,
            None => place,
        };
        return starts.map(after_name).filter(|place| !place.is_empty()).collect();
    }
    let names = text.match_indices(name).map(|(at, _)| at + name.len());
    let place = |after: usize| {
        let rest = text[after..].trim_start_matches(quote).trim_start();
        let rest = rest.strip_prefix([':', '='])?.trim_start();
        let rest = rest.trim_start_matches(quote);
        let start = text.len() - rest.len();
        let form = [value, escaped].into_iter().find(|form| rest.starts_with(form))?;
        (!form.is_empty()).then_some(start..start + form.len())
    };
    names.filter_map(place).collect()
}

/// The text with a mark at each place; places that overlap are joined.
fn replaced(text: &str, mut places: Vec<Range<usize>>) -> String {
    places.sort_by_key(|place| (place.start, place.end));
    let (mut shown, mut at) = (String::new(), 0);
    for place in places {
        if place.start >= at {
            shown += &text[at..place.start];
            shown += MARK;
        }
        at = at.max(place.end);
    }
    shown + &text[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_hidden_and_what_runs_is_seen() {
        for (path, text, wanted) in [
            (
                ".mcp.json",
                "{\"mcpServers\": {\"x\": {\"command\": \"npx\", \"args\": [\"-y\"], \"env\": {\"A\": \"s3\\\"cret\", \"B\": \"1\"}}}}",
                "{\"mcpServers\": {\"x\": {\"command\": \"npx\", \"args\": [\"-y\"], \"env\": {\"A\": \"[redacted:setting]\", \"B\": \"[redacted:setting]\"}}}}",
            ),
            (
                "config.toml",
                "model = \"m\"\n[mcp_servers.x]\ncommand = \"run\"\n[mcp_servers.x.http_headers]\nAuth = \"Basic xyz\"\n",
                "model = \"m\"\n[mcp_servers.x]\ncommand = \"run\"\n[mcp_servers.x.http_headers]\nAuth = \"[redacted:setting]\"\n",
            ),
            (
                "x.yaml",
                "models:\n  - name: main\n    apiKey: abc-def\nmax_tokens: 5\n",
                "models:\n  - name: main\n    apiKey: [redacted:setting]\nmax_tokens: 5\n",
            ),
            (
                "s.json",
                "{\"permissions\": {\"allow\": [\"Bash\"]}, \"env\": [\"A=b c\"]}",
                "{\"permissions\": {\"allow\": [\"Bash\"]}, \"env\": [\"A=[redacted:setting]\"]}",
            ),
            (
                "a.md",
                "---\nname: a\nenv:\n  KEY: v\n---\nKEY: v stays in the text.\n",
                "---\nname: a\nenv:\n  KEY: [redacted:setting]\n---\nKEY: v stays in the text.\n",
            ),
            (
                "flow.md",
                "---\n{name: a, env: {KEY: v}}\n---\nText.\n",
                "---\n{name: a, env: {KEY: [redacted:setting]}}\n---\nText.\n",
            ),
            ("odd.md", "---\nname: a\n&x env: {KEY: v}\n---\nText.\n", WHOLE),
            ("long.md", "---\nname: a\nenv: KEY: v\n  OTHER: w\n---\nText.\n", WHOLE),
            (
                "odd.md",
                "---\nname: a\nprose\n---\nenv: x\n",
                "---\nname: a\nprose\n---\nenv: x\n",
            ),
            ("broken.json", "{\"env\": {", WHOLE),
            ("broken.json", "{\"model\": ", "{\"model\": "),
            ("x.txt", "env: A=b", "env: A=b"),
        ] {
            assert_eq!(shown(path, text), wanted, "{path}");
        }
    }
}
