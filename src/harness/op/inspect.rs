//! The parts of the harness that an op would change, and the usual form of its target, for the teacher.

use serde_json::Value as Json;

use super::edit_location::{EditLocation, home};
use super::{OpContext, OpRules};
use crate::artifact::edit::Op;
use crate::harness::Harness;
use crate::manifest::layout::Layout;
use crate::manifest::membership::Membership;

/// The current text at an op's home for one `(placeholder, name)`; `None` if the op has no text there, or the name is not
/// valid.
pub(crate) fn current_text(op: Op, name: (&str, &str), harness: &Harness, layout: &Layout) -> Option<String> {
    let rules = &OpRules {
        layout: layout.clone(),
        membership: Membership::everything(),
        ..OpRules::default()
    };
    let context = OpContext {
        op,
        target: "",
        harness,
        rules,
    };
    EditLocation::of(&context, &[name]).ok()?.text(harness).ok()?
}

/// The files of the harness that match a path template, with their texts.
pub(crate) fn files_of<'a>(template: &'a str, harness: &'a Harness) -> impl Iterator<Item = (&'a str, &'a str)> {
    let paths = harness.files().map(|(path, _)| path);
    let named = paths.filter(move |path| filling(template, path).is_some());
    named.filter_map(|path| Some((path, harness.text(path)?)))
}

/// The tools that have a description, each with the table or file that contains it, in the order of the file.
pub(crate) fn described_tools(harness: &Harness, layout: &Layout) -> Vec<(String, Json)> {
    let Some(home) = home(Op::EditToolDescription, layout) else {
        return Vec::new();
    };
    let Some(key) = home.key else {
        let names = harness.files().filter_map(|(path, _)| filling(&home.path, path));
        return names.map(|name| (name.to_owned(), Json::Null)).collect();
    };
    let keys: Vec<&str> = key.split('.').take_while(|part| *part != "{tool}").collect();
    let tools = files_of(&home.path, harness).filter_map(|(_, text)| table(text, &keys));
    tools.flatten().collect()
}

/// The part of a path that matches the placeholder of a template; empty if the template has none and equals the path.
fn filling<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, rest)) = template.split_once('{') else {
        return (template == path).then_some("");
    };
    let (_, after) = rest.split_once('}')?;
    let name = path.strip_prefix(before)?.strip_suffix(after)?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// The tables under these keys of a TOML text, in its order.
fn table(text: &str, keys: &[&str]) -> Option<Vec<(String, Json)>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document: toml_edit::DocumentMut = text.parse().ok()?;
    let below = keys.iter().try_fold(document.as_item(), |item, key| item.get(key))?;
    let values: Json = toml::from_str::<toml::Table>(text)
        .ok()
        .and_then(|table| serde_json::to_value(table).ok())?;
    let values = keys.iter().fold(&values, |value, key| &value[*key]);
    let names = below.as_table_like()?.iter().filter(|(_, item)| item.is_table_like());
    Some(names.map(|(name, _)| (name.to_owned(), values[name].clone())).collect())
}

/// The usual form of an op's target.
pub(crate) fn usual_target(op: Op) -> &'static str {
    match op {
        Op::SetModelForQueryClass => "routing.<query class>",
        Op::SetModelParam => "models.<model>.<param>",
        Op::PatchSystemPrompt | Op::ReplaceSystemPrompt => "agents.<agent>.system_prompt",
        Op::SetAgentClass => "agents.<agent>.class",
        Op::SetAgentParam => "agents.<agent>.<param>",
        Op::EditFewShotExemplars => "agents.<agent>.few_shot",
        Op::AddToolToAgent | Op::RemoveToolFromAgent => "agents.<agent>.tools",
        Op::EditToolDescription => "tools.<tool>.description",
        Op::LoraFinetune => "models.<model>",
        Op::Several => "agents.<agent>",
        Op::SetKey | Op::UnsetKey | Op::EditList => "<path>#<key>",
        _ => "<path>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_where_the_layout_puts_them() {
        let harness = Harness::default().with("agents/a/system_prompt.md", "Be kind.").with(
            "tools/descriptions.toml",
            "[z]\ndescription = \"Z\"\n[a]\nagents = [\"x\"]\n",
        );
        let layout = Layout::default();
        let prompt = |name| current_text(Op::ReplaceSystemPrompt, ("agent", name), &harness, &layout);
        assert_eq!(prompt("a").as_deref(), Some("Be kind."));
        for name in ["b", "", "..", "a/../a", "../agents/a", "a\0"] {
            assert_eq!(prompt(name), None, "{name:?}");
        }
        let tool = |name| current_text(Op::EditToolDescription, ("tool", name), &harness, &layout);
        assert_eq!((tool("z").as_deref(), tool("a")), (Some("Z"), None));
        let tools = described_tools(&harness, &layout);
        let names: Vec<&str> = tools.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, &tools[1].1["agents"][0]), (vec!["z", "a"], &Json::from("x")));
    }

    #[test]
    fn one_file_a_tool_is_a_list_of_tools_too() {
        let harness = Harness::default()
            .with("tools/search.md", "Finds.")
            .with("tools/x/y.md", "");
        let layout = Layout {
            tool_description: "tools/{tool}.md".into(),
            ..Layout::default()
        };
        assert_eq!(described_tools(&harness, &layout), [("search".to_owned(), Json::Null)]);
        assert_eq!(
            current_text(Op::EditToolDescription, ("tool", "search"), &harness, &layout).as_deref(),
            Some("Finds.")
        );
    }
}
