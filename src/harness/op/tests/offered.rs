//! Every op that is offered applies to the harness that it is offered for, as its example spells it.
#![allow(clippy::disallowed_methods)] // tests: real files

use std::path::Path;

use super::sample_homes::{harness_in, listing_of};
use super::*;
use crate::harness::layout::detect::detect;
use crate::harness::layout::entries::entries;
use crate::harness::layout::table::LayoutTable;
use crate::harness::op::offers;
use crate::manifest::{HarnessSection, template};

/// The files of a home in `tests/layouts`; `␍` stands for a carriage return.
fn home_of(file: &Path) -> Harness {
    let text = std::fs::read_to_string(file).unwrap();
    let data: toml::Table = toml::from_str(&text).unwrap();
    let files = data["files"].as_table().unwrap().iter();
    Harness::new(files.map(|(path, text)| {
        let text = text.as_str().unwrap().replace('␍', "\r");
        (path.clone(), text.into_bytes())
    }))
}

/// The section of the manifest that `init` writes for a home.
pub(super) fn section_of(harness: &Harness) -> HarnessSection {
    let table = LayoutTable::built_in().unwrap();
    let listing = listing_of(harness);
    let found = detect(&table, &listing, &|path| harness.text(path).map(str::to_owned)).unwrap();
    let is_json = |path: &str| {
        harness
            .text(path)
            .is_some_and(|text| text.trim_start().starts_with('{'))
    };
    let entries = entries(&found, &listing, &|_| false, &is_json);
    let text = template::manifest_text(&[], &[]);
    let text = template::with_surfaces(
        &text,
        &entries.layouts,
        &entries.files,
        &entries.surfaces,
        &entries.protected,
    );
    parsed(&text).harness
}

/// The offers of a home that do not apply, with the reasons.
fn refused(name: &str, harness: &Harness) -> Vec<String> {
    let section = section_of(harness);
    let rules = OpRules::of(&section, Membership::of_files(&section.globs()).unwrap());
    let offers = offers::offers(harness, &rules, &section);
    let refused = offers.into_iter().filter_map(|offer| {
        let edit = placed(offer.op, offer.example.clone());
        let reason = apply(&edit, harness, &rules).err()?;
        Some(format!("{name}: {} {}: {reason}", offer.op.name(), offer.example))
    });
    refused.collect()
}

fn files_in(folder: &Path, extension: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == extension));
    files.sort();
    files
}

fn assert_none(refused: &[String]) {
    assert!(
        refused.is_empty(),
        "{} offers do not apply:\n{}",
        refused.len(),
        refused.join("\n")
    );
}

#[test]
fn each_offered_op_applies_as_its_example_spells_it() {
    let layouts = files_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts"), "toml");
    assert!(layouts.len() > 20, "{} layouts", layouts.len());
    let found: Vec<String> = layouts
        .iter()
        .flat_map(|file| refused(&file.file_stem().unwrap().to_string_lossy(), &home_of(file)))
        .collect();
    assert_none(&found);
}

#[test]
fn each_offered_op_of_the_sample_homes_applies() {
    let shared = std::env::var("KAIZEN_SHARED").unwrap_or_else(|_| "../shared".into());
    let homes = files_in(&Path::new(&shared).join("samples/dialects/homes"), "json");
    let found: Vec<String> = homes
        .iter()
        .map(|file| file.to_string_lossy().replace(".expected.json", ""))
        .flat_map(|home| refused(&home, &harness_in(Path::new(&home))))
        .collect();
    assert_none(&found);
}

#[test]
fn each_predictor_of_a_dspy_program_has_offers_of_its_own_with_the_fields_of_its_demos() {
    let predictor = |field: &str| {
        json!({"traces": [], "train": [], "demos": [{field: "a", "label": "b"}],
               "signature": {"instructions": "Sort it.", "fields": []}, "lm": null})
    };
    let program = json!({"draft": predictor("text"), "judge.predict": predictor("claim"), "metadata": {}});
    let harness = Harness::default().with("out/program.json", format!("{program:#}\n"));
    let section = section_of(&harness);
    let rules = OpRules::of(&section, Membership::of_files(&section.globs()).unwrap());
    let offers = offers::offers(&harness, &rules, &section);
    let of = |op: Op| {
        let offers = offers.iter().filter(move |offer| offer.op == op);
        offers.map(|offer| offer.example.clone()).collect::<Vec<_>>()
    };
    let instructions = of(Op::ReplaceText);
    for key in [
        json!("draft.signature.instructions"),
        json!("\"judge.predict\".signature.instructions"),
    ] {
        assert!(
            instructions.iter().any(|example| example["key"] == key),
            "{key}: {instructions:?}"
        );
    }
    let demos = of(Op::EditExamples);
    for (key, field) in [
        (json!("draft.demos"), "text"),
        (json!("\"judge.predict\".demos"), "claim"),
    ] {
        let example = demos.iter().find(|example| example["key"] == key);
        let example = example.unwrap_or_else(|| panic!("{key}: {demos:?}"));
        assert!(example["exemplars"][0].get(field).is_some(), "{example}");
    }
    // `metadata` is protected, and nothing else is open.
    assert!(
        offers
            .iter()
            .all(|offer| !offer.example.to_string().contains("metadata")),
        "{offers:?}"
    );
}
