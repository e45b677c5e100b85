//! The forms in which models write diffs: each applies completely, or is refused with the offending line.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: long tables

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

const PROMPT: &str = "# Assistant\n\nYou answer.\n\n## Rules\n- Be brief.\n- Use the calculator.\n- Never guess.\n\n## Tone\n\
    Friendly.  \nCalm.\n```\ncode\n```\n";

/// What a diff makes of the prompt; `Err` with a part of the message.
fn after(diff: &str, expected: Result<&[(&str, &str)], &str>) {
    let found = unified_diff::apply(PROMPT, diff);
    match expected {
        Ok(changes) => {
            let changed = |text: String, (old, new): &(&str, &str)| {
                assert_eq!(text.matches(old).count(), 1, "{old}");
                text.replacen(old, new, 1)
            };
            let wanted = changes.iter().fold(PROMPT.to_owned(), changed);
            assert_eq!(found, Ok(wanted.clone()), "{diff}");
            assert_eq!(unified_diff::apply(&wanted, diff), Ok(wanted), "again: {diff}");
        }
        Err(part) => {
            let message = found.map_err(|refusal| refusal.to_string()).unwrap_err();
            assert!(message.contains(part), "{diff}\n{message}");
        }
    }
}

#[test]
fn a_diff_in_any_certain_form_applies() {
    let cite: &[(&str, &str)] = &[("calculator.\n", "calculator.\n- Cite.\n")];
    let body = " - Use the calculator.\n+- Cite.\n - Never guess.\n";
    for head in [
        "@@\n",
        "@@ @@\n",
        "@@ ... @@\n",
        "@@ -99,3 +1,9 @@\n",
        "@@ -7,2 +7,3\n",
        "@@ -7,2 +7,3 @@ ## Rules\n",
        "@@ ## Rules\n",
        "@@ ## Rules @@\n",
        "--- a/other.md\n+++ b/other.md\n@@\n",
        "--- original\n+++ modified\n",
        "diff --git a/p b/p\nindex 1..2 100644\n--- a/p\n+++ b/p\n@@ -7,2 +7,3 @@\n",
        "Here it is:\n```diff\n@@\n",
        "*** Begin Patch\n*** Update File: agents/a/system_prompt.md\n@@\n",
        "*** Begin Patch\n*** Update File: agents/a/system_prompt.md\n@@ ## Rules\n",
        "*** Begin Patch\n*** Update File: agents/a/system_prompt.md\n",
        "",
    ] {
        let end = match head {
            head if head.contains("```") => "```\n- done\n",
            head if head.contains("Begin") => "*** End Patch\n",
            _ => "",
        };
        after(&format!("{head}{body}{end}"), Ok(cite));
        after(&format!("{head}{body}{end}").replace('\n', "\r\n"), Ok(cite));
        after(&format!("{head}{body}{end}\n\n"), Ok(cite));
    }
    after(&format!("```\n{body}```"), Ok(cite));
    after(&format!("@@\n{body}```"), Ok(cite));
    after(
        "@@ -7,2 +7,3 @@\n - Use the calculator.\n+- Cite.\n - Never guess.\n\nThis adds a rule.\n",
        Ok(cite),
    );
    let block = "<<<<<<< SEARCH\n- Use the calculator.\n=======\n- Use the calculator.\n- Cite.\n>>>>>>> REPLACE\n";
    after(block, Ok(cite));
    after(&format!("agents/a/system_prompt.md\n```\n{block}```\n"), Ok(cite));
}

#[test]
fn lost_blanks_are_restored_where_the_file_is_certain() {
    let cite: &[(&str, &str)] = &[("calculator.\n", "calculator.\n- Cite.\n")];
    let dashes = "## Rules\n- Be brief.\n- Use the calculator.\n+- Cite.\n- Never guess.\n";
    after(&format!("@@ -5,4 +5,5 @@\n{dashes}"), Ok(cite));
    after(
        &format!("@@\n{dashes}"),
        Err("line 3 of the diff (`- Be brief.`) is either"),
    );
    after(&format!("@@ -5,4 +5,2 @@\n{dashes}"), Err("leading blank"));
    let both: &[(&str, &str)] = &[("You answer.", "You reply."), ("Never guess.", "Never ever guess.")];
    let half = "-You answer.\n+You reply.\n \n## Rules\n - Be brief.\n - Use the calculator.\n-- Never guess.\n+- Never ever guess.\n";
    for head in ["@@ -3,7 +3,7 @@\n", "@@ -3,6 +3,6 @@\n", "@@ -3 +3 @@\n", "@@\n"] {
        after(&format!("{head}{half}"), Ok(both));
    }
    // Context that lost the blanks at its end fits once, and the file keeps them.
    after(
        "@@ -10,3 +10,3 @@\n ## Tone\n Friendly.\n-Calm.\n+Calm and exact.\n",
        Ok(&[("Calm.", "Calm and exact.")]),
    );
    after(
        "@@\n-Friendly.\n-Calm.\n+Friendly.\n+Calm and exact.\n",
        Ok(&[("Calm.", "Calm and exact.")]),
    );
    // A fence of the file without its blank does not end the diff.
    after(
        "```diff\n@@\n-Calm.\n+Calm!\n```\n-code\n+CODE\n```\n```\n",
        Ok(&[("Calm.", "Calm!"), ("\ncode", "\nCODE")]),
    );
}

#[test]
fn several_hunks_apply_in_any_order() {
    let both: &[(&str, &str)] = &[("You answer.", "You reply."), ("Calm.", "Cool.")];
    let (one, two) = ("@@\n-You answer.\n+You reply.\n", "@@\n-Calm.\n+Cool.\n");
    for diff in [
        format!("{one}{two}"),
        format!("{two}{one}"),
        format!("--- a\n+++ b\n{one}--- a\n+++ b\n{two}"),
        format!("```diff\n{one}```\nand\n```diff\n{two}```\n"),
        // The context of two hunks overlaps.
        "@@\n-You answer.\n+You reply.\n \n ## Rules\n@@\n ## Rules\n - Be brief.\n - Use the calculator.\n \
         - Never guess.\n \n ## Tone\n Friendly.\n-Calm.\n+Cool.\n"
            .to_owned(),
    ] {
        after(&diff, Ok(both));
    }
}

#[test]
fn whatever_is_not_certain_is_refused_with_its_line() {
    for (diff, part) in [
        (
            "@@\n - Use the calculator.\n+- Cite.\n - Never Guess.\n",
            "line 4 of the diff (` - Never Guess.`) is not in",
        ),
        (
            "@@\n-Calm.\n+Cool.\nFurther words.\n",
            "line 4 of the diff (`Further words.`)",
        ),
        (
            "@@ -12 +12 @@\n-Calm.\n+Cool.\nFurther.\n-code\n+CODE\n",
            "line 4 of the diff (`Further.`)",
        ),
        ("@@\n-```\n+~~~\n", "several positions"),
        ("@@\n+- Cite.\n", "no context"),
        ("@@\n Calm.\n+...\n", "left out"),
        (
            "@@\n ## Rules\n ...\n-Calm.\n+Cool.\n",
            "line 3 of the diff (` ...`) stands for text",
        ),
        (
            "@@\n-Calm.\n+Cool.\n+# ... rest of the prompt unchanged ...\n",
            "left out",
        ),
        (
            "@@ Nowhere\n-Calm.\n+Cool.\n",
            "line 1 of the diff (`@@ Nowhere`) is neither",
        ),
        ("@@\n Calm.\n", "adds and removes nothing"),
        (
            "--- a/x\n+++ b/x\n@@\n-Calm.\n+Cool.\n--- a/y\n+++ b/y\n@@\n-code\n+CODE\n",
            "more than one file",
        ),
        (
            "*** Begin Patch\n*** Delete File: p\n*** End Patch\n",
            "creates, deletes or renames",
        ),
        (
            "*** Begin Patch\n*** Update File: p\n*** Move to: q\n@@\n-Calm.\n+Cool.\n",
            "creates, deletes or renames",
        ),
        ("<<<<<<< SEARCH\nCalm.\n=======\nCool.\n", "is not complete"),
        (
            "<<<<<<< SEARCH\nCold.\n=======\nCool.\n>>>>>>> REPLACE\n",
            "line 2 of the diff (`Cold.`)",
        ),
        ("<<<<<<< SEARCH\n=======\nCool.\n>>>>>>> REPLACE\n", "no context"),
        ("- Be brief.\n- Be kind.\n", "no hunks"),
        ("make it better", "no hunks"),
    ] {
        after(diff, Err(part));
    }
}

/// How often each line occurs.
fn counted<'a>(lines: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, isize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

/// A change of a file: for each line whether it stays, and the lines that are added before it.
#[derive(Clone, Debug)]
struct Change {
    before: Vec<String>,
    stays: Vec<bool>,
    added: Vec<Vec<String>>,
}

impl Change {
    fn after(&self) -> Vec<&str> {
        let mut after = Vec::new();
        for (at, line) in self.before.iter().enumerate() {
            after.extend(self.added[at].iter().map(String::as_str));
            after.extend(self.stays[at].then_some(line.as_str()));
        }
        after
    }
}

fn changes() -> impl Strategy<Value = Change> {
    let line = || {
        select(vec![
            "# Title",
            "",
            "- one",
            "- two",
            "one",
            " one",
            "Be kind.  ",
            "Be kind.",
            "```",
            "+ plus",
            "end",
            "@@ x",
            "two\t",
        ])
        .prop_map(str::to_owned)
    };
    let lines = proptest::collection::vec(line(), 1..14);
    lines.prop_flat_map(move |before| {
        let size = before.len();
        let stays = proptest::collection::vec(prop::bool::weighted(0.8), size);
        let few = prop_oneof![4 => Just(Vec::new()), 1 => proptest::collection::vec(line(), 1..3)];
        (Just(before), stays, proptest::collection::vec(few, size)).prop_map(|(before, stays, added)| Change {
            before,
            stays,
            added,
        })
    })
}

/// The diff as git writes it, changed in a way in which models err.
fn as_a_model_writes(diff: &str, before: &str, mistakes: u8, at: Index) -> String {
    let mut lines: Vec<String> = diff.lines().map(str::to_owned).collect();
    let does = |bit: u8| mistakes & (1 << bit) != 0;
    for (number, line) in lines.iter_mut().enumerate() {
        let hit = at.index(7) == number % 7;
        match line.chars().next() {
            Some('@') if does(0) => *line = "@@".to_owned(),
            Some('@') if does(1) => *line = "@@ -3,9 +2 @@".to_owned(),
            Some(' ') if does(2) && (hit || does(7)) => *line = line[1..].to_owned(),
            Some(' ') if does(3) => *line = line.trim_end().to_owned(),
            // Lines that then still are a part of a correct diff are left alone.
            Some('+')
                if does(4)
                    && hit
                    && line[1..].starts_with(|c: char| c.is_alphabetic())
                    && !before.contains(line[1..].trim()) =>
            {
                *line = line[1..].to_owned()
            }
            _ => {}
        }
    }
    let text = lines.join("\n");
    match (does(5), does(6)) {
        (true, _) => format!("```diff\n{text}\n```\nThat is all."),
        (_, true) => format!("{}\r\n", text.replace('\n', "\r\n")),
        _ => format!("{text}\n"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever applies is the whole change: each line occurs as often as before, plus its added and minus its removed
    /// occurrences, and the lines that stay keep their order and their bytes.
    #[test]
    fn a_diff_applies_completely_or_not_at_all(change in changes(), mistakes in any::<u8>(), at in any::<Index>(), few in 0..4_usize) {
        let (before, after) = (change.before.join("\n") + "\n", change.after().join("\n") + "\n");
        let diff = diffy::DiffOptions::new().set_context_len(few).create_patch(&before, &after).to_string();
        let written = as_a_model_writes(&diff, &before, mistakes, at);
        if let Ok(found) = unified_diff::apply(&before, &written) && found != before {
            let signed = |sign: char| diff.lines().skip(2).filter_map(move |line| line.strip_prefix(sign));
            let mut wanted = counted(before.lines());
            signed('+').for_each(|line| *wanted.entry(line).or_default() += 1);
            signed('-').for_each(|line| *wanted.entry(line).or_default() -= 1);
            wanted.retain(|_, count| *count != 0);
            prop_assert_eq!(counted(found.lines()), wanted, "{}\n{}", written, found);
            let added = counted(signed('+'));
            let removed = counted(signed('-'));
            let untouched = |line: &&str| !added.contains_key(line) && !removed.contains_key(line);
            let kept: Vec<&str> = found.lines().filter(untouched).collect();
            prop_assert_eq!(kept, before.lines().filter(untouched).collect::<Vec<_>>(), "{}", written);
        }
    }

    /// What git writes applies, unless the diff would fit its own result again.
    #[test]
    fn a_correct_diff_gives_the_wanted_text(change in changes(), few in 0..4_usize) {
        let (before, after) = (change.before.join("\n") + "\n", change.after().join("\n") + "\n");
        let diff = diffy::DiffOptions::new().set_context_len(few).create_patch(&before, &after).to_string();
        if let Ok(found) = unified_diff::apply(&before, &diff) {
            prop_assert!(found == after || found == before, "{}\n{}", diff, found);
        }
    }
}
