//! Lists of tools: no edit may remove or empty one, or open it to all tools, because that widens what an agent may do.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::inapplicable::Inapplicable;
use super::protected::{bare, without_place};
use super::protected_keys::FileSettings;

/// Words that some hosts read as no value.
const NOTHING: [&str; 2] = ["null", "~"];

/// A list of tools as a host reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ToolList {
    /// Whether it names a tool.
    has_tool: bool,
    /// Whether it opens all tools.
    is_open: bool,
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
                is_open: fields.iter().any(|(name, value)| is_all(name) && *value == true),
                is_odd: false,
            },
            Json::Null | Json::Bool(_) | Json::Number(_) => Self::default(),
        }
    }

    /// Names with commas between them; a host may read brackets and quotes around them.
    fn of_names(names: &str) -> Self {
        let name = |part: &str| {
            let part = part.trim().trim_matches(['[', ']', '{', '}', '"', '\'']).trim();
            Self {
                has_tool: part.contains(char::is_alphanumeric) && !NOTHING.contains(&part.to_lowercase().as_str()),
                is_open: is_all(part),
                is_odd: false,
            }
        };
        let list = names.split([',', ' ']).map(name).fold(Self::default(), Self::and);
        Self {
            is_odd: names.trim_end_matches('\n').contains(char::is_control),
            ..list
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            has_tool: self.has_tool || other.has_tool,
            is_open: self.is_open || other.is_open,
            is_odd: self.is_odd || other.is_odd,
        }
    }
}

/// Whether a name stands for all tools: `*`, `**`, `.*`.
fn is_all(name: &str) -> bool {
    name.contains('*') && !name.contains(char::is_alphanumeric)
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
        list.has_tool |= has_item(&line);
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

/// Refuses a change after which a list of tools is gone, empty or open to all, and was not before.
///
/// # Errors
/// The first such list.
pub(super) fn check(path: &str, old: &FileSettings, new: &FileSettings) -> Result<(), Inapplicable> {
    let (old, new) = (lists(old), lists(new));
    let refused = |key: &str, problem| Inapplicable::Tools {
        path: path.to_owned(),
        key: key.to_owned(),
        problem,
    };
    let had = |key: &str, is: fn(&ToolList) -> bool| old.get(key).is_some_and(|lists| lists.iter().any(is));
    for key in old.keys().filter(|key| had(key, |list| list.has_tool)) {
        let stays = new.get(key).is_some_and(|lists| lists.iter().all(|list| list.has_tool));
        if !stays {
            return Err(refused(
                key,
                "would have no tool any more, which opens all tools in some hosts; keep one",
            ));
        }
    }
    for (key, lists) in &new {
        let becomes = |is: fn(&ToolList) -> bool| lists.iter().any(is) && !had(key, is);
        if becomes(|list| list.is_open) {
            return Err(refused(key, "would open all tools with `*`; name the tools"));
        }
        if becomes(|list| list.is_odd) {
            return Err(refused(key, "would have a name with a control character; remove it"));
        }
    }
    Ok(())
}

/// Whether a line of a list of tools has an item.
fn has_item(line: &str) -> bool {
    let line = line.trim_start_matches("- ");
    let value = match line.split_once(':') {
        Some((key, rest)) if key.trim_matches(['"', '\'']).ends_with("ools") => rest,
        _ => line,
    };
    ToolList::of_names(value.split(" #").next().unwrap_or_default()).has_tool
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
            assert_eq!((list.has_tool, list.is_open), (has_tool, is_open), "{value}");
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
