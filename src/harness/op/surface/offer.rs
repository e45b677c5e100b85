//! The generic ops that apply to a harness, each with the file and the key that it would change, and an example.

use serde_json::{Value as Json, json};

use super::document::{Document, of_names};
use super::example_list::other_than_examples;
use super::key::{editable, is_text, names_of};
use super::new_file::new_file;
use super::target::SurfaceTarget;
use super::value_kind::other_kind;
use crate::artifact::edit::{Edit, Op, RiskTier};
use crate::artifact::key_path::{KeyPath, Segment};
use crate::harness::Harness;
use crate::harness::format;
use crate::harness::format::all_values::can_be_read;
use crate::harness::format::front_matter;
use crate::harness::format::section::{section_names, without_section};
use crate::harness::layout::guard::FileGuard;
use crate::harness::op::check::placeholders::FilledPlaceholders;
use crate::harness::op::offers::OpOffer;
use crate::harness::op::program_files::is_program;
use crate::harness::op::protected::{is_protected_file, kind_of};
use crate::harness::op::{OpContext, OpRules, apply};
use crate::manifest::surface::{BodyTier, CreateTier, Surface, SurfaceFormat};

/// The ops on a text.
const TEXT_OPS: [Op; 4] = [Op::PatchText, Op::ReplaceText, Op::InsertSection, Op::DeleteSection];

/// The generic ops that apply, by file.
pub(in crate::harness::op) fn offers(harness: &Harness, rules: &OpRules) -> Vec<OpOffer> {
    let context = OpContext {
        op: Op::SetKey,
        target: "",
        harness,
        rules,
    };
    let files = harness.files().filter_map(|(path, _)| {
        let guards = rules.guard.guards(path, harness);
        let is_closed =
            is_program(path, harness) || is_protected_file(path) || guards.iter().any(|guard| guard.is_closed);
        let target = SurfaceTarget::of(path, &context).ok().filter(|_| !is_closed)?;
        let filled = FilledPlaceholders::of(path, harness, rules);
        Some(of_file(&target, &guards, &filled))
    });
    let files = files.flatten().filter(|offer| can_remove(offer, harness, rules));
    let created = rules.surfaces.all().filter_map(|surface| of_new_file(surface, harness));
    files.chain(created).collect()
}

/// Whether an op that removes something is not refused, because the host needs the key or another file links to the file.
/// Other ops apply with some payload.
fn can_remove(offer: &OpOffer, harness: &Harness, rules: &OpRules) -> bool {
    let (Op::UnsetKey | Op::RemoveFile, Json::Object(payload)) = (offer.op, &offer.example) else {
        return true;
    };
    apply(&Edit::unlabelled(offer.op, payload.clone()), harness, rules).is_ok()
}

fn of_new_file(surface: &Surface, harness: &Harness) -> Option<OpOffer> {
    if surface.create == CreateTier::Off {
        return None;
    }
    let (path, content) = new_file(surface, harness)?;
    Some(OpOffer {
        op: Op::CreateFile,
        path: surface.path.clone(),
        key: None,
        tier: RiskTier::Review,
        example: json!({"path": path, "content": content}),
    })
}

fn of_file(target: &SurfaceTarget, guards: &[FileGuard], filled: &FilledPlaceholders) -> Vec<OpOffer> {
    let text = target.text.unwrap_or_default();
    let mut offers = Vec::new();
    let is_readable = can_be_read(target.format(), text);
    // A template of YAML is no YAML. Every other edit of a broken file is refused.
    if !is_readable && target.format() == SurfaceFormat::Yaml {
        offers = of_body(target, text, filled);
    }
    if is_readable {
        offers = of_body(target, text, filled);
        if let Ok(document) = Document::of(target, text) {
            let keys = keys_of(target, &document, guards);
            offers.extend(keys.iter().flat_map(|key| of_key(target, key, &document, filled)));
        }
    }
    if target.surface.create == CreateTier::Review {
        offers.push(offer(target, Op::RemoveFile, None, RiskTier::Review, json!({})));
    }
    offers
}

fn offer(target: &SurfaceTarget, op: Op, key: Option<&str>, tier: RiskTier, more: Json) -> OpOffer {
    let mut example = json!({"path": target.path});
    if let Some(key) = key {
        example["key"] = key.into();
    }
    if let (Json::Object(example), Json::Object(more)) = (&mut example, more) {
        example.extend(more);
    }
    OpOffer {
        op,
        path: target.path.clone(),
        key: key.map(str::to_owned),
        tier,
        example,
    }
}

fn of_body(target: &SurfaceTarget, text: &str, filled: &FilledPlaceholders) -> Vec<OpOffer> {
    let tier = match target.surface.body_of(&target.path) {
        BodyTier::Off => return Vec::new(),
        BodyTier::Auto => RiskTier::Auto,
        BodyTier::Review => RiskTier::Review,
    };
    match target.format() {
        format @ (SurfaceFormat::Jsonl | SurfaceFormat::Json) => {
            let values = format::values(format, text).unwrap_or_default();
            let items = values.as_array().map(Vec::as_slice).unwrap_or_default();
            match (other_than_examples(&target.path, items), items.first()) {
                (None, first) => {
                    let example = json!({"input": "A question", "output": "The answer"});
                    let exemplars = json!({"exemplars": [first.unwrap_or(&example)]});
                    vec![offer(target, Op::EditExamples, None, tier, exemplars)]
                }
                // Such as a prompt of chat messages.
                (Some(_), _) => vec![offer(target, Op::ReplaceText, None, tier, json!({"new_content": text}))],
            }
        }
        SurfaceFormat::Yaml | SurfaceFormat::Toml => of_structured_text(target, tier, text),
        format => {
            let text = front_matter::body(format, text).unwrap_or(text);
            of_text(target, None, tier, text, filled)
        }
    }
}

/// The ops on the whole text of a file that has to stay readable in its format: the examples add a comment.
fn of_structured_text(target: &SurfaceTarget, tier: RiskTier, text: &str) -> Vec<OpOffer> {
    let first = text.lines().next().unwrap_or_default();
    let diff = json!({"diff": format!("@@ -1 +1,2 @@\n+# A comment.\n {first}\n")});
    let whole = json!({"new_content": format!("# A comment.\n{text}")});
    vec![
        offer(target, Op::PatchText, None, tier, diff),
        offer(target, Op::ReplaceText, None, tier, whole),
    ]
}

/// The ops on a text, with examples that would apply to it.
fn of_text(
    target: &SurfaceTarget,
    key: Option<&str>,
    tier: RiskTier,
    text: &str,
    filled: &FilledPlaceholders,
) -> Vec<OpOffer> {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let number = text.lines().position(|other| other == line).unwrap_or_default() + 1;
    let removable = removable_section(text);
    let example = |op: &Op| match op {
        Op::PatchText => json!({"diff": format!("@@ -{number} +{number},2 @@\n {line}\n+A new line.\n")}),
        Op::ReplaceText => json!({"new_content": new_text(filled, text)}),
        Op::InsertSection => json!({"content": "## Checks\n\nThe text of the section.\n"}),
        _ => json!({"section": removable}),
    };
    // A section of a short text under a key is no section.
    let ops = TEXT_OPS.iter().filter(|op| match op {
        Op::DeleteSection => key.is_none() && removable.is_some(),
        Op::InsertSection => key.is_none(),
        _ => true,
    });
    ops.map(|op| offer(target, *op, key, tier, example(op))).collect()
}

/// A text in place of another one, with the placeholders that it has to keep.
fn new_text(filled: &FilledPlaceholders, old: &str) -> String {
    let kept: Vec<String> = filled.of_text(old).into_iter().collect();
    match kept.is_empty() {
        true => "The complete new text.\n".to_owned(),
        false => format!("The complete new text, with {}.\n", kept.join(" ")),
    }
}

/// The first section without which there is still text.
fn removable_section(text: &str) -> Option<String> {
    let is_removable = |name: &String| without_section(text, name).is_ok_and(|rest| !rest.trim().is_empty());
    section_names(text).into_iter().find(is_removable)
}

/// The keys of a file that edits may change: those that it has, and those that its surface names without `*`.
fn keys_of(target: &SurfaceTarget, document: &Document, guards: &[FileGuard]) -> Vec<KeyPath> {
    let surface = target.surface;
    let mut keys = document.editable_keys(surface);
    // Where the keys may be at the top or below any name, as in a saved program, no others are added.
    let is_elsewhere = |pattern: &&String| surface.keys.contains_key(&format!("*.{pattern}"));
    let literal = surface.keys.keys().filter(|pattern| !pattern.contains('*'));
    let literal = literal.filter(|pattern| !is_elsewhere(pattern));
    keys.extend(literal.map(|pattern| of_names(pattern.split('.'))));
    keys.sort();
    keys.dedup();
    keys.retain(|key| kind_of(&names_of(key), guards).is_none());
    keys
}

fn of_key(target: &SurfaceTarget, path: &KeyPath, document: &Document, filled: &FilledPlaceholders) -> Vec<OpOffer> {
    let (Ok(value), Some(tier)) = (document.value(path), editable(target.surface, path)) else {
        return Vec::new();
    };
    let key = path.to_string();
    let key = key.as_str();
    let simple = |op: Op, more: Json| offer(target, op, Some(key), tier, more);
    let is_named = |names: &[&str]| names_of(path).last().is_some_and(|name| names.contains(&name.as_str()));
    // An item of a list is changed in place, not removed.
    let is_member = matches!(path.segments.last(), Some(Segment::Name(_)));
    match &value {
        None => {
            let values = [json!("…"), json!(1), json!(true), json!(["…"])];
            let fits = |value: &Json| other_kind(value, path, target.surface, document).is_none();
            let value = values.into_iter().find(fits).into_iter();
            value.map(|value| simple(Op::SetKey, json!({"value": value}))).collect()
        }
        Some(Json::Array(_)) if is_text(target.surface, path) => {
            vec![
                simple(Op::SetKey, json!({"value": "…"})),
                simple(Op::UnsetKey, json!({})),
            ]
        }
        Some(Json::String(text)) if text.contains('\n') => of_text(target, Some(key), tier, text, filled),
        Some(Json::String(_)) if is_named(&["tools"]) => {
            vec![simple(Op::EditList, json!({"add": ["Read"], "remove": []}))]
        }
        Some(Json::String(text)) => {
            let mut offers = vec![
                simple(Op::SetKey, json!({"value": text})),
                simple(Op::ReplaceText, json!({"new_content": text})),
            ];
            offers.extend(is_member.then(|| simple(Op::UnsetKey, json!({}))));
            let has_items = is_named(&["globs", "paths", "applyTo"]);
            offers.extend(has_items.then(|| simple(Op::EditList, json!({"add": ["**/*.md"], "remove": []}))));
            offers
        }
        Some(Json::Array(items)) if !items.is_empty() && other_than_examples(key, items).is_none() => {
            vec![simple(Op::EditExamples, json!({"exemplars": items}))]
        }
        Some(Json::Array(items)) if items.iter().all(Json::is_object) && !items.is_empty() => {
            vec![simple(Op::SetKey, json!({"value": items}))]
        }
        Some(Json::Array(items)) => {
            // A list of tools, or of prompts, keeps one.
            let least = usize::from(is_named(&["tools", "prompts"]));
            let is_free = |one: &&[Json]| items.len() > least && one.iter().all(Json::is_string);
            let removed = items.get(..1).filter(is_free).unwrap_or_default();
            vec![simple(Op::EditList, json!({"add": ["…"], "remove": removed}))]
        }
        Some(Json::Object(_)) => Vec::new(),
        Some(other) => vec![
            simple(Op::SetKey, json!({"value": other})),
            simple(Op::UnsetKey, json!({})),
        ],
    }
}
