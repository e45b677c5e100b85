//! What a teacher sees of a file: everything but the values of keys, environment variables and headers. Pure.
//!
//! Permissions, hooks and the commands of MCP servers stay visible, because they explain what an agent can do.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use super::command_secrets::{is_command, of_line, of_words};
use super::format::all_values::all_values;
use super::format::front_matter::body;
use super::layout::values_in;
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

/// The text of a file as a teacher sees it, from the text without personal data and keys. It is read in the format that its
/// name and text say, and in that which the manifest states, so that a manifest can only hide more.
pub(crate) fn shown<'t>(path: &str, stated: Option<SurfaceFormat>, text: &'t str) -> Cow<'t, str> {
    let own = format_of(path, text);
    let first = shown_in(own, text);
    match stated.filter(|stated| *stated != own && stated.has_keys()) {
        Some(stated) => Cow::Owned(shown_in(stated, &first).into_owned()),
        None => first,
    }
}

/// The format that a path and a text say. Any text may have a front matter.
fn format_of(path: &str, text: &str) -> SurfaceFormat {
    match SurfaceFormat::of(&path.to_lowercase()) {
        SurfaceFormat::Text if text.trim_start().starts_with('{') => SurfaceFormat::Jsonc,
        SurfaceFormat::Text if path.ends_with("modes") => SurfaceFormat::Yaml,
        SurfaceFormat::Text => SurfaceFormat::FrontMatter,
        format => format,
    }
}

fn shown_in(format: SurfaceFormat, text: &str) -> Cow<'_, str> {
    if !format.has_keys() {
        return Cow::Borrowed(text);
    }
    let Some(values) = values_in(format, text) else {
        let is_open = format.is_headed() || !mentions_hidden(text);
        return Cow::Borrowed(if is_open { text } else { WHOLE });
    };
    // The text under a front matter holds no settings.
    let head = match format.is_headed() {
        true => &text[..text.len() - body(format, text).unwrap_or_default().len()],
        false => text,
    };
    // A line that belongs to no key may hold what is to be hidden.
    if format.is_headed() && !is_read_in_full(format, text) && mentions_hidden(head) {
        return Cow::Borrowed(WHOLE);
    }
    let mut hidden = HiddenValues::default();
    hidden.collect(&values, &mut Vec::new(), false);
    let mut places: Vec<Range<usize>> = Vec::new();
    for (name, value) in &hidden.settings {
        let found = places_of(head, name, value);
        // A value that is written in another way cannot be hidden alone.
        if found.is_empty() && !value.is_empty() {
            return Cow::Borrowed(WHOLE);
        }
        places.extend(found);
    }
    for part in &hidden.parts {
        let found = places_of_part(head, part);
        if found.is_empty() {
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
fn is_read_in_full(format: SurfaceFormat, text: &str) -> bool {
    all_values(format, text).is_ok_and(|found| found.unread.is_empty())
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

/// The values to hide.
#[derive(Default)]
struct HiddenValues {
    /// Whole values, each with its name; the name is empty in a list.
    settings: Vec<(String, String)>,
    /// Parts of command lines and addresses.
    parts: Vec<String>,
}

impl HiddenValues {
    fn collect(&mut self, value: &Value, keys: &mut Vec<String>, is_hidden: bool) {
        let is_command = || {
            keys.iter()
                .rev()
                .find(|key| !key.is_empty())
                .is_some_and(|key| is_command(key))
        };
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    // At the top, `environment` is a section of settings; in a server, it is a table of variables.
                    let is_variables = key == "environment" && !keys.is_empty();
                    let hides = is_hidden || is_variables || is_hidden_table(key) || is_secret_key(key);
                    keys.push(key.clone());
                    self.collect(value, keys, hides);
                    keys.pop();
                }
            }
            Value::Array(items) => {
                if !is_hidden && is_command() {
                    let words = items.iter().map(|item| item.as_str().unwrap_or_default());
                    self.add_parts(&of_words(words));
                }
                keys.push(String::new());
                items.iter().for_each(|item| self.collect(item, keys, is_hidden));
                keys.pop();
            }
            // What is redacted already stays as it is.
            Value::String(text) if text.starts_with("[redacted:") => {}
            Value::String(text) if is_hidden => self.add(keys, text.clone()),
            Value::Number(number) if is_hidden => self.add(keys, number.to_string()),
            Value::String(text) if is_command() => self.add_parts(&of_line(text)),
            _ => {}
        }
    }

    fn add(&mut self, keys: &[String], value: String) {
        self.settings.push((keys.last().cloned().unwrap_or_default(), value));
    }

    fn add_parts(&mut self, parts: &[&str]) {
        let new = parts.iter().filter(|part| !part.starts_with("[redacted:"));
        self.parts.extend(new.map(|part| (*part).to_owned()));
    }
}

/// The places of a part of a command line: wherever it is a word of its own.
fn places_of_part(text: &str, part: &str) -> Vec<Range<usize>> {
    let escaped = Value::from(part).to_string();
    let forms = [part, &escaped[1..escaped.len() - 1]];
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let is_word = |place: &Range<usize>| {
        let (before, after) = (
            text[..place.start].chars().next_back(),
            text[place.end..].chars().next(),
        );
        !is_letter(before) && !is_letter(after)
    };
    let found = |form: &str| {
        let starts = text.match_indices(form).map(|(at, _)| at..at + form.len());
        starts.filter(is_word).collect::<Vec<_>>()
    };
    forms.into_iter().flat_map(found).collect()
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
            assert_eq!(shown(path, None, text), wanted, "{path}");
        }
    }

    #[test]
    fn secrets_of_command_lines_and_addresses_are_hidden() {
        for (path, text, wanted) in [
            (
                ".mcp.json",
                "{\"mcpServers\": {\"x\": {\"command\": \"npx\", \"args\": [\"-y\", \"server\", \"--token\", \"abc\", \"--api-key=d/e\", \"-e\", \"A=b\"]}}}",
                "{\"mcpServers\": {\"x\": {\"command\": \"npx\", \"args\": [\"-y\", \"server\", \"--token\", \"[redacted:setting]\", \"--api-key=[redacted:setting]\", \"-e\", \"A=[redacted:setting]\"]}}}",
            ),
            (
                "config.toml",
                "[mcp_servers.x]\nurl = \"https://me:pw@x.org/?token=abc\"\nargs = [\"--header\", \"Authorization: Bearer abc\"]\n",
                "[mcp_servers.x]\nurl = \"https://me:[redacted:setting]@x.org/?token=[redacted:setting]\"\nargs = [\"--header\", \"Authorization: Bearer [redacted:setting]\"]\n",
            ),
            (
                ".roomodes",
                "customModes:\n  - slug: a\n    apiKey: abc\n",
                "customModes:\n  - slug: a\n    apiKey: [redacted:setting]\n",
            ),
            (
                "settings",
                "{\"env\": {\"A\": \"b\"}}",
                "{\"env\": {\"A\": \"[redacted:setting]\"}}",
            ),
        ] {
            assert_eq!(shown(path, None, text), wanted, "{path}");
        }
    }

    #[test]
    fn the_format_that_the_manifest_states_counts_as_well() {
        let text = "apiKey: abc\n";
        assert_eq!(shown("agent.conf", None, text), text);
        let hidden = "apiKey: [redacted:setting]\n";
        assert_eq!(shown("agent.conf", Some(SurfaceFormat::Yaml), text), hidden);
        // A format that hides nothing opens nothing.
        assert_eq!(shown("agent.yaml", Some(SurfaceFormat::Text), text), hidden);
    }
}
