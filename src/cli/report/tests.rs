//! The page as a whole: its policy fits its content, and its size is bounded whatever the edits are.

use regex::Regex;

use super::facts::HarnessReport;
use super::facts::ReportScope;
use super::page;
use super::page::policy;
use crate::workspace::demo::demo;

fn empty_page() -> String {
    let folder = tempfile::tempdir().unwrap();
    let workspace = demo(folder.path()).unwrap();
    page::page(&HarnessReport::of(&workspace, &ReportScope::Newest).unwrap())
}

#[test]
fn the_policy_names_exactly_the_style_and_the_script_of_the_page() {
    let text = empty_page();
    let inline = Regex::new(r"(?s)<(style|script)>(.*?)</(?:style|script)>").unwrap();
    let sources: Vec<String> = inline
        .captures_iter(&text)
        .map(|found| format!("{}-src '{}'", &found[1], policy::source(&found[2])))
        .collect();
    let allowed = format!(
        "default-src 'none'; {}; base-uri 'none'; form-action 'none'",
        sources.join("; ")
    );
    assert!(text.contains(&format!("content=\"{allowed}\"")), "{allowed}");
}

#[test]
fn a_harness_without_edits_is_shown_with_the_people_who_wrote_it() {
    let text = empty_page();
    for part in [
        "A household assistant",
        "config.toml",
        "no line by an edit",
        "No score yet",
    ] {
        assert!(text.contains(part), "{part}");
    }
}
