//! No op changes what a layout protects, whatever the manifest opens.

use super::*;
use crate::harness::layout::table::LayoutTable;
use crate::manifest::HarnessSection;
use crate::manifest::surface::{BodyTier, CreateTier, Surface, SurfaceFormat};

/// A path that a glob matches.
fn sample(glob: &str) -> String {
    let path = glob.replace("**/", "").replace("/**", "/x.md").replace('*', "x");
    path.trim_start_matches('/').to_owned()
}

/// A text of a format with a value at a key.
fn text_with(format: SurfaceFormat, keys: &[&str], value: &str) -> String {
    let indented = |end: &str| -> String {
        let line = |(at, key): (usize, &&str)| match at + 1 == keys.len() {
            true => format!("{}{key}: {value}{end}", "  ".repeat(at)),
            false => format!("{}{key}:{end}", "  ".repeat(at)),
        };
        keys.iter().enumerate().map(line).collect()
    };
    match format {
        SurfaceFormat::FrontMatter | SurfaceFormat::Preamble => format!("---\n{}---\nBody.\n", indented("\n")),
        SurfaceFormat::Yaml => indented("\n"),
        SurfaceFormat::Toml => {
            let (last, above) = keys.split_last().unwrap();
            let table = if above.is_empty() {
                String::new()
            } else {
                format!("[{}]\n", above.join("."))
            };
            format!("{table}{last} = \"{value}\"\n")
        }
        _ => {
            let inner = json!(value);
            keys.iter()
                .rev()
                .fold(inner, |value, key| json!({*key: value}))
                .to_string()
        }
    }
}

/// A section that opens everything to edits, as far as a manifest can.
fn open(path: &str, key: &str) -> HarnessSection {
    let surface = Surface {
        name: "all".into(),
        path: globset::escape(path),
        format: None,
        body: Some(BodyTier::Auto),
        keys: [(key.to_owned(), RiskTier::Auto)].into(),
        text: Vec::new(),
        fills: None,
        create: CreateTier::Review,
    };
    HarnessSection {
        surface: vec![surface],
        ..HarnessSection::default()
    }
}

#[test]
fn every_protected_key_of_every_layout_is_refused_by_every_op() {
    let table = LayoutTable::built_in().unwrap();
    let mut tried = 0;
    for row in table.rows() {
        let layout = &row.layout;
        for surface in &layout.surfaces {
            let path = sample(&surface.glob());
            // A manifest may read any text in the format that its name says.
            let format = match surface.format_of(&path) {
                SurfaceFormat::Text => SurfaceFormat::of(&path),
                format => format,
            };
            if !format.has_keys() {
                continue;
            }
            for key in layout.protected.keys.iter().filter(|key| !key.contains("[*]")) {
                let key = key.replace('*', "cook");
                let keys: Vec<&str> = key.split('.').collect();
                let old = text_with(format, &keys, "old");
                // What marks the home.
                let marker = layout.markers.first().unwrap();
                let harness = marked(layout, &sample(&marker.path));
                // The marker may be the file itself; then its keys stay in it.
                let mark = harness
                    .text(&path)
                    .filter(|_| marker.has.len() + marker.has_any.len() > 0);
                let with_mark = |text: &str| match (mark, format) {
                    (Some(mark), SurfaceFormat::Toml | SurfaceFormat::Yaml) => format!("{mark}{text}"),
                    (Some(mark), _) => {
                        let (mut all, more): (Json, Json) =
                            (serde_json::from_str(mark).unwrap(), serde_json::from_str(text).unwrap());
                        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                        all.to_string()
                    }
                    (None, _) => text.to_owned(),
                };
                let old = with_mark(&old);
                let harness = harness.clone().with(path.clone(), old.clone());
                let section = open(&path, &key);
                let rules = OpRules::of(&section, Membership::everything());
                let new = with_mark(&text_with(format, &keys, "new"));
                let body = format!("{new}{old}");
                for (op, payload) in [
                    (Op::SetKey, json!({"path": path, "key": keys, "value": "new"})),
                    (Op::UnsetKey, json!({"path": path, "key": keys})),
                    (Op::EditList, json!({"path": path, "key": keys, "add": ["new"]})),
                    (
                        Op::PatchText,
                        json!({"path": path, "key": keys, "diff": "@@ -1 +1 @@\n-old\n+new\n"}),
                    ),
                    (
                        Op::ReplaceText,
                        json!({"path": path, "key": keys, "new_content": "new"}),
                    ),
                    (Op::ReplaceText, json!({"path": path, "new_content": body})),
                    (
                        Op::PatchText,
                        json!({"path": path, "diff": diffy::create_patch(&old, &new).to_string()}),
                    ),
                ] {
                    let edit = placed(op, payload.clone());
                    let found = apply(&edit, &harness, &rules);
                    tried += 1;
                    let kept = found.as_ref().is_ok_and(|after| *after == harness);
                    // A body below a front matter is no setting.
                    let is_body = format.is_headed() && payload["key"].is_null();
                    assert!(
                        found.is_err() || kept || is_body,
                        "{}: {path} {key}: {payload}",
                        layout.name
                    );
                }
            }
        }
        for glob in &layout.protected.files {
            let path = sample(glob);
            let marker = layout.markers.first().unwrap();
            let harness = marked(layout, &sample(&marker.path)).with(path.clone(), "old\n");
            let rules = OpRules::of(&open(&path, "x"), Membership::everything());
            for (op, payload) in [
                (Op::ReplaceText, json!({"path": path, "new_content": "new"})),
                (Op::RemoveFile, json!({"path": path})),
            ] {
                let edit = placed(op, payload.clone());
                let found = apply(&edit, &harness, &rules);
                tried += 1;
                assert!(found.is_err(), "{}: {payload}: {found:?}", layout.name);
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

/// A harness that has the markers of a layout.
fn marked(layout: &crate::harness::layout::HostLayout, path: &str) -> Harness {
    let marker = layout.markers.first().unwrap();
    let keys = marker.has.first().or(marker.has_any.first());
    let text = keys.map_or_else(
        || "---\nname: x\n---\nText.\n".to_owned(),
        |_| {
            let mut all = json!({});
            for key in marker.has.iter().chain(marker.has_any.first()) {
                let mut place = &mut all;
                for part in key.replace('*', "cook").split('.') {
                    place = &mut place[part];
                }
                *place = json!("x");
            }
            match SurfaceFormat::of(path) {
                SurfaceFormat::Toml => toml::to_string(&all).unwrap(),
                SurfaceFormat::Yaml => {
                    let key = marker
                        .has
                        .first()
                        .or(marker.has_any.first())
                        .unwrap()
                        .replace('*', "cook");
                    text_with(SurfaceFormat::Yaml, &key.split('.').collect::<Vec<_>>(), "x")
                }
                _ => all.to_string(),
            }
        },
    );
    let harness = Harness::default().with(path, text);
    match &marker.beside {
        Some(other) => harness.with(other.clone(), "x: y\n"),
        None => harness,
    }
}
