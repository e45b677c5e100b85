//! Lists of tools: no edit may remove or empty one, or open it to tools that it does not name, because that widens what an
//! agent may do.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::inapplicable::Inapplicable;
use super::protected::{bare, without_place};
use super::protected_keys::FileSettings;
use super::tool_pattern::ToolPattern;

/// Words that some hosts read as no value.
const NOTHING: [&str; 2] = ["null", "~"];

/// A list of tools as a host reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ToolList {
    /// What it allows.
    patterns: Vec<ToolPattern>,
    /// Whether it names a tool.
    has_tool: bool,
    /// Whether a name contains a control character, so that the list may be more than one line.
    is_odd: bool,
}

impl ToolList {
    fn of(value: &Json) -> Self {
        match value {
            Json::String(names) => Self::of_names(names),
            Json::Array(items) => items.iter().map(Self::of).fold(Self::default(), Self::and),
            // A table of tools, each with its description or with true and false.
            Json::Object(fields) => Self {
                has_tool: !fields.is_empty(),
                patterns: fields
                    .iter()
                    .filter(|(_, value)| **value != false)
                    .map(|(name, _)| ToolPattern::of(name))
                    .collect(),
                is_odd: false,
            },
            Json::Null | Json::Bool(_) | Json::Number(_) => Self::default(),
        }
    }

    /// Names with commas or spaces between them; a host may read brackets and quotes around them.
    fn of_names(names: &str) -> Self {
        let bare = |part: &str| {
            let part = part.trim().trim_matches(['[', ']', '{', '}', '"', '\'']);
            part.trim().to_owned()
        };
        let parts = split(names).into_iter().map(bare);
        let parts: Vec<String> = parts
            .filter(|part| !part.is_empty() && !NOTHING.contains(&part.to_lowercase().as_str()))
            .collect();
        Self {
            has_tool: parts.iter().any(|part| part.contains(char::is_alphanumeric)),
            patterns: parts.iter().map(|part| ToolPattern::of(part)).collect(),
            is_odd: names.trim_end_matches('\n').contains(char::is_control),
        }
    }

    fn and(mut self, other: Self) -> Self {
        self.patterns.extend(other.patterns);
        Self {
            has_tool: self.has_tool || other.has_tool,
            is_odd: self.is_odd || other.is_odd,
            ..self
        }
    }
}

/// The names of a list in one text: commas and spaces inside parentheses belong to a name.
fn split(names: &str) -> Vec<&str> {
    let count = |mark: char| names.matches(mark).count();
    let is_balanced = count('(') == count(')');
    let mut depth = 0_usize;
    let parts = names.split(|c: char| {
        match c {
            '(' if is_balanced => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(c, ',' | ' ')
    });
    parts.collect()
}

/// Whether a key holds a list of tools.
pub(super) fn is_tools(keys: &[String]) -> bool {
    keys.last().is_some_and(|key| bare(key) == "tools")
}

/// The lists of tools of a file by key. Of several with one key, any may be the one that counts.
fn lists(settings: &FileSettings) -> BTreeMap<String, Vec<ToolList>> {
    let mut lists: BTreeMap<String, Vec<ToolList>> = BTreeMap::new();
    for (keys, value) in settings.values().filter(|(keys, _)| is_tools(keys)) {
        lists.entry(keys.join(".")).or_default().push(ToolList::of(value));
    }
    let mut of_lines: BTreeMap<String, ToolList> = BTreeMap::new();
    for (key, line) in settings.lines(&is_tools) {
        let list = of_lines.entry(without_place(&key).to_owned()).or_default();
        *list = std::mem::take(list).and(of_line(&line));
    }
    // Lines count where no value was read.
    for (key, list) in of_lines {
        lists.entry(key).or_insert_with(|| vec![list]);
    }
    lists
}

/// Whether a file has a list of tools that names one.
pub(super) fn has_tools(settings: &FileSettings) -> bool {
    lists(settings).values().flatten().any(|list| list.has_tool)
}

/// Whether a file has a list of tools that names none.
pub(super) fn is_empty(settings: &FileSettings) -> bool {
    lists(settings).values().flatten().any(|list| !list.has_tool)
}

/// Refuses a change after which a list of tools is gone or empty, and was not before, or opens more than it names.
///
/// # Errors
/// The first such list.
pub(super) fn check(path: &str, old: &FileSettings, new: &FileSettings) -> Result<(), Inapplicable> {
    let (old, new) = (lists(old), lists(new));
    let refused = |key: &str, problem: String| Inapplicable::Tools {
        path: path.to_owned(),
        key: key.to_owned(),
        problem,
    };
    let none = Vec::new();
    for (key, lists) in &new {
        let known = old.get(key).unwrap_or(&none);
        if let Some(problem) = widening(known, lists) {
            return Err(refused(key, problem));
        }
        if lists.iter().any(|list| list.is_odd) && !known.iter().any(|list| list.is_odd) {
            return Err(refused(
                key,
                "would have a name with a control character; remove it".to_owned(),
            ));
        }
    }
    let is_named = |lists: &[ToolList]| lists.iter().any(|list| list.has_tool);
    for key in old.iter().filter(|(_, lists)| is_named(lists)).map(|(key, _)| key) {
        let stays = new.get(key).is_some_and(|lists| lists.iter().all(|list| list.has_tool));
        if !stays {
            return Err(refused(
                key,
                "would have no tool any more, which opens all tools in some hosts; keep one".to_owned(),
            ));
        }
    }
    Ok(())
}

/// How new lists open more than old ones, other than by the names of further tools. An old list of `*` covers everything.
fn widening(old: &[ToolList], new: &[ToolList]) -> Option<String> {
    let known = || old.iter().flat_map(|list| &list.patterns);
    let all = new.iter().flat_map(|list| &list.patterns);
    let mut added = all.filter(|pattern| !known().any(|old| old.covers(pattern)));
    added.find_map(|pattern| {
        let narrower = || known().find(|old| pattern.covers(old));
        match (pattern.problem(), narrower()) {
            (Some(problem), _) => Some(format!("{problem} with `{}`; name what is needed", pattern.text)),
            (None, Some(old)) => Some(format!(
                "would become wider than `{}` with `{}`; keep it as narrow",
                old.text, pattern.text
            )),
            (None, None) => None,
        }
    })
}

/// What a line of a list of tools has.
fn of_line(line: &str) -> ToolList {
    let line = line.trim_start_matches("- ");
    let value = match line.split_once(':') {
        Some((key, rest)) if key.trim_matches(['"', '\'']).ends_with("ools") => rest,
        _ => line,
    };
    ToolList::of_names(value.split(" #").next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifest::surface::SurfaceFormat;

    #[test]
    fn a_list_has_a_tool_if_a_host_reads_one() {
        for (value, has_tool, is_open) in [
            (json!("Read, Grep"), true, false),
            (json!(["Bash(git:*)", "mcp__x__*"]), true, false),
            (json!({"bash": false}), true, false),
            (json!([{"type": "function"}]), true, false),
            (json!("[Read]"), true, false),
            (json!("*"), false, true),
            (json!(["Read", "*"]), true, true),
            (json!("Read, *"), true, true),
            (json!("'*'"), false, true),
            (json!({"*": true}), true, true),
            (json!({"*": false, "bash": true}), true, false),
            (json!(""), false, false),
            (json!(" "), false, false),
            (json!(","), false, false),
            (json!("\u{a0}"), false, false),
            (json!([""]), false, false),
            (json!([null]), false, false),
            (json!([[]]), false, false),
            (json!("~"), false, false),
            (json!("null"), false, false),
            (json!("NULL,"), false, false),
            (json!("[]"), false, false),
            (json!("[ null, \"\" ]"), false, false),
            (json!("\"\""), false, false),
            (json!("-"), false, false),
            (json!(true), false, false),
            (json!(null), false, false),
            (json!({}), false, false),
        ] {
            let list = ToolList::of(&value);
            let opens = |pattern: &ToolPattern| pattern.problem() == Some("would open all tools");
            let found = (list.has_tool, list.patterns.iter().any(opens));
            assert_eq!(found, (has_tool, is_open), "{value}");
        }
        assert!(ToolList::of(&json!("Bash\npermissionMode: x")).is_odd);
    }

    #[test]
    fn a_list_stays_a_list() {
        let head = |tools: &str| format!("---\nname: a\n{tools}---\nBody\n");
        for (old, new, is_refused) in [
            ("tools: Read, Grep\n", "tools: Read\n", false),
            ("tools: Read\n", "tools: [Read, Bash]\n", false),
            ("tools: Read\n", "", true),
            ("tools: Read\n", "tools:\n", true),
            ("tools: Read\n", "tools: ','\n", true),
            ("tools: [Read]\n", "tools: ['']\n", true),
            ("tools: [Read]\n", "tools: ['*']\n", true),
            ("tools: [Read]\n", "tools: [Read, '*']\n", true),
            ("tools: ['*']\n", "tools: ['*', Read]\n", false),
            ("tools: Read\n", "tools: Read\ntools:\n", true),
            ("tools: &t [Read]\n", "tools: &t [Read, Grep]\n", false),
            ("tools: &t [Read]\n", "tools: &t []\n", true),
            ("", "tools: Read\n", false),
            ("tools: Read\n", "tools: Read, Bash(git diff *)\n", false),
            ("tools: Read\n", "tools: [Read, \"Bash(git diff:*, ls)\"]\n", false),
            ("tools: Bash\n", "tools: Bash(git diff *)\n", false),
            ("tools: Bash\n", "tools: Bash(*)\n", false),
            ("tools: Bash(git diff *)\n", "tools: Bash(git *)\n", true),
            ("tools: Bash(git diff *)\n", "tools: Bash\n", true),
            ("tools: Read\n", "tools: Read, Bash(*)\n", true),
            ("tools: Read\n", "tools: Read, Bash(git, *\n", true),
            ("tools: Read\n", "tools: Read, All\n", true),
            ("tools: Read\n", "tools: [Read, mcp__a__*]\n", true),
            ("tools: [mcp__a__*]\n", "tools: [mcp__a__b, mcp__a__c]\n", false),
            ("tools: Read\n", "tools: [Read, x/*]\n", true),
            ("tools: Read\n", "tools: [Read, mcp_*]\n", true),
            ("", "tools: '*'\n", true),
            (
                "description: a: b\ntools: Read\n",
                "description: a: b\ntools: ~\n",
                true,
            ),
        ] {
            let (old, new) = (head(old), head(new));
            let settings = |text| FileSettings::of("a.md", Some(SurfaceFormat::FrontMatter), text);
            let found = check("a.md", &settings(&old), &settings(&new));
            assert_eq!(found.is_err(), is_refused, "{old} to {new}: {found:?}");
        }
    }
}
