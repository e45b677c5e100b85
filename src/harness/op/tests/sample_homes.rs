//! The edits that sample homes list, if their folder is there: each gives the line that it should.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: real files

use std::path::Path;

use super::*;
use crate::harness::layout::detect::detect;
use crate::harness::layout::listing::WorkspaceListing;
use crate::harness::layout::table::LayoutTable;
use crate::manifest::HarnessSection;
use crate::manifest::surface::Surface;

/// The files of a folder.
pub(super) fn harness_in(folder: &Path) -> Harness {
    let entries = walkdir::WalkDir::new(folder).into_iter().flatten();
    let files = entries.filter(|entry| entry.file_type().is_file()).map(|entry| {
        let path = entry
            .path()
            .strip_prefix(folder)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        (path, std::fs::read(entry.path()).unwrap())
    });
    Harness::new(files)
}

/// The files of a home as the detection of layouts sees them.
pub(super) fn listing_of(harness: &Harness) -> WorkspaceListing {
    WorkspaceListing {
        name: "home".into(),
        files: harness.files().map(|(path, _)| path.to_owned()).collect(),
        ..WorkspaceListing::default()
    }
}

/// The surfaces that `init` finds, one for each file.
pub(super) fn section_of(harness: &Harness) -> HarnessSection {
    let table = LayoutTable::built_in().unwrap();
    let listing = listing_of(harness);
    let found = detect(&table, &listing, &|path| harness.text(path).map(str::to_owned)).unwrap();
    let surface = |(path, file): (&String, &crate::harness::layout::detect::HomeFile)| Surface {
        name: path.clone(),
        path: globset::escape(path),
        ..file.surface.clone()
    };
    HarnessSection {
        surface: found.files.iter().map(surface).collect(),
        layouts: found.layouts().iter().map(|layout| layout.name.clone()).collect(),
        ..HarnessSection::default()
    }
}

/// The payload of a listed edit; a diff is made from the text that should result, or adds a line.
fn payload(listed: &Json, harness: &Harness) -> Json {
    // What is expected is no part of the payload.
    let fields = [
        "path",
        "key",
        "value",
        "content",
        "new_content",
        "add",
        "remove",
        "exemplars",
        "section",
    ];
    let mut payload = listed.clone();
    payload
        .as_object_mut()
        .unwrap()
        .retain(|name, _| fields.contains(&name.as_str()));
    if listed["op"] == "patch_text" {
        let path = listed["path"].as_str().unwrap();
        let text = harness.text(path).unwrap();
        let keyed = |text: &str| -> Option<String> {
            let values: toml::Table = toml::from_str(text).ok()?;
            Some(values.get(listed["key"].as_str()?)?.as_str()?.to_owned())
        };
        let old = keyed(text).unwrap_or_else(|| text.to_owned());
        let new = listed["after"]
            .as_str()
            .and_then(keyed)
            .unwrap_or_else(|| format!("{old}One line more.\n"));
        payload["diff"] = diffy::create_patch(&old, &new).to_string().into();
    }
    payload
}

#[test]
fn each_listed_edit_gives_the_listed_line() {
    let folder = std::env::var("KAIZEN_SHARED").unwrap_or_else(|_| "../shared".into());
    let folder = Path::new(&folder).join("samples/dialects/homes");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return eprintln!("skipped: no samples at {}", folder.display());
    };
    let mut tried = 0;
    for entry in entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "json"))
    {
        let expected: Json = serde_json::from_str(&std::fs::read_to_string(entry.path()).unwrap()).unwrap();
        let home = entry.path().to_string_lossy().replace(".expected.json", "");
        let harness = harness_in(Path::new(&home));
        let section = section_of(&harness);
        let rules = OpRules::of(&section, Membership::of_files(&section.globs()).unwrap());
        for listed in expected["edits"].as_array().into_iter().flatten() {
            let op: Op = serde_json::from_value(listed["op"].clone()).unwrap();
            let edit = placed(op, payload(listed, &harness));
            tried += 1;
            let after = match apply(&edit, &harness, &rules) {
                Ok(after) => after,
                Err(reason) => {
                    assert_eq!(listed["refused"], true, "{home}: {listed}: {reason}");
                    continue;
                }
            };
            assert!(listed["refused"].is_null(), "{home}: {listed} was not refused");
            let path = listed["path"].as_str().unwrap();
            assert_eq!(harness.changes(&after).len(), 1, "{home}: {listed}");
            let text = after.text(path).unwrap();
            if let Some(line) = listed["after_line"].as_str() {
                assert!(text.lines().any(|other| other == line), "{home}: {listed}: {text}");
            }
            if let Some(part) = listed["after"].as_str() {
                assert!(text.contains(part), "{home}: {listed}: {text}");
            }
            if let Some(wanted) = listed["tier"].as_str() {
                assert_eq!(json!(tier(&edit, &section)), wanted, "{home}: {listed}");
            }
        }
    }
    assert!(tried > 10, "{tried} edits");
}
