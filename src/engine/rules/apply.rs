//! What a candidate edit makes of a harness, for measuring only; the bytes that are committed come from `op`.

use serde_json::Value;

use crate::artifact::edit::{Edit, Op};
use crate::engine::nearest::home::filled;
use crate::harness::Harness;
use crate::manifest::layout::Layout;

/// The harness with the edit applied; `None` where it does not apply.
pub fn applied(edit: &Edit, harness: &Harness, layout: &Layout) -> Option<Harness> {
    let text = |name: &str| edit.payload.get(name).and_then(Value::as_str);
    let names: Vec<(&str, &str)> = [
        ("agent", text("agent")),
        ("param", text("param")),
        ("model", text("model")),
        ("query_class", text("query_class")),
        ("tool", text("tool_name")),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let set = |template: &str, value: &Value| set(harness, template, &names, value);
    match edit.op {
        Op::SetModelForQueryClass => set(&layout.query_class, edit.payload.get("model")?),
        Op::SetModelParam => set(&layout.model_param, edit.payload.get("value")?),
        Op::SetAgentClass => set(&layout.agent_class, edit.payload.get("new_class")?),
        Op::SetAgentParam => set(&layout.agent_param, edit.payload.get("value")?),
        Op::EditToolDescription => set(&layout.tool_description, edit.payload.get("new_description")?),
        Op::AddToolToAgent | Op::RemoveToolFromAgent => {
            let tools = candidate_tools(harness, layout, text("agent")?, text("tool_name")?, edit.op);
            set(&layout.agent_tools, &tools.into())
        }
        Op::EditFewShotExemplars => {
            let exemplars = edit.payload.get("exemplars")?.to_string();
            Some(harness.clone().with(filled(&layout.few_shot, &names), exemplars))
        }
        Op::PatchSystemPrompt => {
            let path = filled(&layout.prompt, &names);
            let patch = diffy::Patch::from_str(text("diff")?).ok()?;
            let patched = diffy::apply(harness.text(&path)?, &patch).ok()?;
            Some(harness.clone().with(path, patched))
        }
        Op::ReplaceSystemPrompt | Op::LoraFinetune => None,
    }
}

fn candidate_tools(harness: &Harness, layout: &Layout, agent: &str, tool: &str, op: Op) -> Vec<String> {
    let home = crate::engine::nearest::home::Home::new(harness, layout);
    let settings = crate::engine::nearest::settings::AgentSettings::read(&home, agent);
    let mut tools = settings.map(|settings| settings.tools).unwrap_or_default();
    tools.retain(|name| name != tool);
    if op == Op::AddToolToAgent {
        tools.push(tool.to_owned());
    }
    tools
}

fn set(harness: &Harness, template: &str, names: &[(&str, &str)], value: &Value) -> Option<Harness> {
    let (path, key) = template.split_once('#')?;
    let path = filled(path, names);
    let mut root: Value = toml::from_str(harness.text(&path).unwrap_or_default()).ok()?;
    let mut at = &mut root;
    for part in key.split('.') {
        at = at
            .as_object_mut()?
            .entry(filled(part, names))
            .or_insert_with(|| serde_json::json!({}));
    }
    *at = value.clone();
    Some(harness.clone().with(path, toml::to_string(&root).ok()?))
}
