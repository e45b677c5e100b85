//! What the files show about an edit: whether they contain it, and whether any of it is left. Pure.

use std::collections::BTreeSet;

use crate::artifact::edit::{Edit, Op};
use crate::harness::line_hunk::{LineHunk, line_hunks, of_file};
use crate::harness::merge::merge;
use crate::harness::{FileChange, Harness, op};

/// Whether files contain an edit, perhaps under `later` edits; `None` if they do not show it.
pub(super) fn contains(edit: &Edit, later: &[Edit], files: &Harness, rules: &op::OpRules) -> Option<bool> {
    let Ok(mut applied) = op::effect(edit, files, rules) else {
        return survives(edit, files).then_some(true);
    };
    for edit in later {
        // A later edit that does not apply cannot hide the first.
        if &applied == files {
            break;
        }
        applied = op::effect(edit, &applied, rules).unwrap_or(applied);
    }
    Some(&applied == files)
}

/// Whether the lines of a patch survive changes of the lines around them: the added ones are in a file in their order,
/// and the removed ones are not in it.
fn survives(edit: &Edit, files: &Harness) -> bool {
    let Some((removed, added)) = op::patch_lines(edit) else {
        return false;
    };
    let has_the_lines = |path: &str| {
        let lines: Vec<&str> = files
            .text(path)
            .unwrap_or_default()
            .lines()
            .map(str::trim_end)
            .collect();
        let mut rest = lines.iter();
        let in_order = added.iter().all(|line| rest.any(|other| *other == line.trim_end()));
        let is_gone = |line: &&str| added.contains(line) || !lines.contains(&line.trim_end());
        in_order && removed.iter().all(is_gone)
    };
    let has_words = added.iter().any(|line| !line.trim().is_empty());
    has_words && files.files().any(|(path, _)| has_the_lines(path))
}

/// An edit with the lines that it removed and added in its commit.
pub(in crate::pipeline) struct EditContent<'a> {
    pub edit: &'a Edit,
    rules: &'a op::OpRules,
    removed: Vec<String>,
    added: Vec<String>,
    /// Whether the files before the edit are known.
    has_before: bool,
    /// Whether the edit applies to the files before it.
    is_complete: bool,
    /// The added lines that the files did not have before.
    own: Vec<String>,
    /// The files that the edit changed; empty if they are not known.
    pub paths: Vec<String>,
}

impl<'a> EditContent<'a> {
    /// The content of an edit that was applied to the files `before`, if this clone has them.
    pub(in crate::pipeline) fn of(edit: &'a Edit, before: Option<&Harness>, rules: &'a op::OpRules) -> Self {
        let after = before.and_then(|before| op::effect(edit, before, rules).ok());
        let changed = before.zip(after.as_ref());
        let (removed, added) = match changed {
            Some((before, after)) => lines(line_hunks(before, after)),
            None => {
                let owned = |lines: Vec<&str>| lines.into_iter().map(str::to_owned).collect();
                let (removed, added) = op::patch_lines(edit).unwrap_or_default();
                (owned(removed), owned(added))
            }
        };
        let paths: Vec<String> = match changed {
            Some((before, after)) => before.changes(after).into_iter().map(|change| change.path).collect(),
            None => op::prompt_lines(edit, rules)
                .map(|(path, _)| path)
                .into_iter()
                .collect(),
        };
        let texts = || paths.iter().filter_map(|path| before?.text(path));
        let had = |line: &String| texts().flat_map(str::lines).any(|other| other == line);
        let own = added.iter().filter(|line| !line.trim().is_empty() && !had(line));
        Self {
            own: own.cloned().collect(),
            has_before: before.is_some(),
            is_complete: changed.is_some(),
            paths,
            edit,
            rules,
            removed,
            added,
        }
    }

    /// Whether a prompt shows the edit by the lines that neither the files before it nor `others` wrote: all of them are
    /// there in their order, and none that it removed. Lines of others may stand between them and their context.
    pub(super) fn has_own_lines(&self, files: &Harness, others: &BTreeSet<&str>) -> bool {
        let is_evidence = |line: &String| !others.contains(line.trim_end());
        self.is_prompt()
            && self.has_before
            && self.own.iter().any(is_evidence)
            && self
                .paths
                .iter()
                .any(|path| self.has_lines(files.text(path).unwrap_or_default()))
    }

    fn has_lines(&self, text: &str) -> bool {
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let words = |line: &&String| !line.trim().is_empty();
        let mut rest = lines.iter();
        let in_order = self
            .added
            .iter()
            .filter(words)
            .all(|line| rest.any(|other| *other == line.trim_end()));
        let is_gone = |line: &String| self.added.contains(line) || !lines.contains(&line.trim_end());
        in_order && self.removed.iter().filter(words).all(is_gone)
    }

    /// Whether a prompt has a line that only the edit added as often as before: what should have removed it did not.
    pub(in crate::pipeline) fn outlasts(&self, before: &Harness, after: &Harness) -> bool {
        let count = |files: &Harness, line: &str| {
            let texts = self.paths.iter().filter_map(|path| files.text(path));
            texts
                .flat_map(str::lines)
                .filter(|other| other.trim_end() == line.trim_end())
                .count()
        };
        let stays = |line: &String| count(before, line) > 0 && count(after, line) >= count(before, line);
        self.is_prompt() && self.has_before && self.own.iter().any(stays)
    }

    fn is_prompt(&self) -> bool {
        self.edit.op.writes_text()
    }

    /// Whether something of the edit is left in the files: a line that only it added, or its value.
    pub(super) fn is_left_in(&self, files: &Harness) -> bool {
        if !self.is_text() {
            return op::contains(self.edit, files, self.rules) == Some(true);
        }
        let is_own = |line: &str| self.own.iter().any(|own| own.trim_end() == line.trim_end());
        let mut texts = files
            .files()
            .filter_map(|(path, _)| files.text(path).filter(|_| self.concerns(path)));
        texts.any(|text| text.lines().any(is_own))
    }

    /// Whether nothing of the edit is left. A value is gone if it is deleted or as before the edit, but not if it was
    /// changed again.
    pub(super) fn is_gone(&self, files: &Harness) -> bool {
        if self.is_text() {
            return !self.is_left_in(files);
        }
        let Ok(again) = op::effect(self.edit, files, self.rules) else {
            return false;
        };
        if &again == files || self.is_list() {
            return &again != files;
        }
        let (removed, added) = lines(line_hunks(files, &again));
        let is_as_before = removed.iter().all(|line| self.removed.contains(line));
        let adds_as_much = self.added.iter().all(|line| added.contains(line));
        let is_deleted = removed.is_empty();
        is_as_before && (is_deleted || adds_as_much || !self.is_complete)
    }

    /// Whether the lines of the edit were replaced by others, so that a person may have reworded them.
    pub(super) fn is_replaced(&self, before: &Harness, after: &Harness) -> bool {
        let replaces = |hunk: &LineHunk| {
            let is_new = |line: &String| !line.trim().is_empty() && !self.removed.contains(line);
            hunk.removed.iter().any(|line| self.own.contains(line)) && hunk.added.iter().any(is_new)
        };
        self.is_text() && line_hunks(before, after).iter().any(replaces)
    }

    /// Whether other changes of the same files merge with the edit, so that they do not hide it.
    pub(super) fn is_apart(&self, before: &Harness, after: &Harness) -> bool {
        let Ok(edited) = op::effect(self.edit, before, self.rules) else {
            return false;
        };
        let merges = |change: FileChange| {
            let (Some(base), Some(ours)) = (change.before, change.after) else {
                return false;
            };
            let theirs = after.get(&change.path);
            theirs.is_some_and(|theirs| theirs == base || merge(&change.path, &base, &ours, theirs).is_some())
        };
        before.changes(&edited).into_iter().all(merges)
    }

    /// Whether `others` wrote all lines that its prompt has gained, and none is lost: then nobody reworded its lines.
    pub(super) fn is_explained(&self, before: &Harness, after: &Harness, others: &BTreeSet<&str>) -> bool {
        let is_known = |line: &String| line.trim().is_empty() || others.contains(line.trim_end());
        let changes = before
            .changes(after)
            .into_iter()
            .filter(|change| self.concerns(&change.path));
        let mut hunks = changes.flat_map(of_file);
        self.is_prompt() && hunks.all(|hunk| hunk.removed.is_empty() && hunk.added.iter().all(is_known))
    }

    /// Whether its lines show the edit: it writes a text, and some of its lines are nobody else's.
    fn is_text(&self) -> bool {
        let op = self.edit.op;
        (op.writes_text() || op.writes_examples()) && !self.own.is_empty()
    }

    /// Whether the edit changes one item of a list, or removes lines, so that it applies again only without its effect.
    fn is_list(&self) -> bool {
        let op = self.edit.op;
        let removes = matches!(op, Op::DeleteSection | Op::UnsetKey | Op::RemoveFile);
        let lists = matches!(op, Op::AddToolToAgent | Op::RemoveToolFromAgent | Op::EditList);
        op.is_patch() || lists || removes
    }

    fn concerns(&self, path: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|own| own == path)
    }
}

fn lines(hunks: Vec<LineHunk>) -> (Vec<String>, Vec<String>) {
    let (removed, added): (Vec<_>, Vec<_>) = hunks.into_iter().map(|hunk| (hunk.removed, hunk.added)).unzip();
    (removed.concat(), added.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::HarnessSection;
    use crate::manifest::membership::Membership;

    fn rules() -> op::OpRules {
        let section = HarnessSection::default();
        op::OpRules {
            layout: section.layout,
            membership: Membership::of_files(&section.files).unwrap(),
            ..op::OpRules::default()
        }
    }

    fn edit(op: &str, payload: serde_json::Value) -> Edit {
        serde_json::from_value(serde_json::json!({
            "id": "e", "pillar": "agent", "op": op, "target": "", "payload": payload, "rationale": "",
            "expected_improvement": "c"
        }))
        .unwrap()
    }

    fn value(value: i64) -> Edit {
        Edit {
            target: "agents.a.k".into(),
            ..edit(
                "set_agent_param",
                serde_json::json!({"agent": "a", "param": "k", "value": value}),
            )
        }
    }

    fn patch(diff: &str) -> Edit {
        Edit {
            target: "agents.a.system_prompt".into(),
            ..edit("patch_system_prompt", serde_json::json!({"agent": "a", "diff": diff}))
        }
    }

    fn config(text: &str) -> Harness {
        Harness::default().with("config.toml", format!("[agent.a]\n{text}"))
    }

    fn prompt(text: &str) -> Harness {
        Harness::default().with("agents/a/system_prompt.md", text)
    }

    #[test]
    fn files_show_an_edit_unless_a_later_one_hides_it() {
        let (rules, files) = (rules(), |value: i64| config(&format!("k = {value}\n")));
        assert_eq!(contains(&value(1), &[], &files(1), &rules), Some(true));
        assert_eq!(contains(&value(1), &[], &files(2), &rules), Some(false));
        assert_eq!(contains(&value(1), &[value(2)], &files(2), &rules), Some(true));
        assert_eq!(contains(&value(1), &[value(2)], &files(3), &rules), Some(false));
    }

    #[test]
    fn the_lines_of_a_patch_survive_other_lines_around_them() {
        let edit = patch("--- a\n+++ b\n@@ -1,2 +1,3 @@\n Be kind.\n-Be slow.\n+One.\n+Two.\n");
        for (text, expected) in [
            ("Be nice.\nOne.\nTwo.\n", Some(true)),
            ("Be nice.\nOne.\nmine\nTwo.\n", Some(true)),
            ("Be nice.\nTwo.\nOne.\n", None),
            ("Be nice.\nBe slow.\nOne.\nTwo.\n", None),
            ("Be nice.\n", None),
        ] {
            assert_eq!(contains(&edit, &[], &prompt(text), &rules()), expected, "{text}");
        }
    }

    #[test]
    fn a_value_is_gone_if_it_is_as_before_and_not_if_it_was_changed() {
        let (rules, edit) = (rules(), value(3));
        for (before, now, expected) in [
            ("", "", true),
            ("", "k = 3\n", false),
            ("", "k = 4\n", false),
            ("k = 1\n", "k = 1\n", true),
            ("k = 1\n", "k = 2\n", false),
            ("k = 1\n", "", true),
            ("k = 1\nj = 1\n", "k = 1\nj = 2\n", true),
        ] {
            let before = config(before);
            let content = EditContent::of(&edit, Some(&before), &rules);
            assert_eq!(content.is_gone(&config(now)), expected, "{now}");
        }
        let blind = EditContent::of(&edit, None, &rules);
        assert!(blind.is_gone(&config("")) && !blind.is_gone(&config("k = 1\n")));
    }

    #[test]
    fn added_lines_are_gone_if_none_of_them_is_left() {
        let (rules, before) = (rules(), prompt("Be kind.\nBe slow.\n"));
        let edit = patch("--- a\n+++ b\n@@ -1,2 +1,3 @@\n Be kind.\n-Be slow.\n+One.\n+Two.\n");
        let content = EditContent::of(&edit, Some(&before), &rules);
        for (now, expected) in [
            ("Be kind.\nOne.\nTwo.\n", false),
            ("Be kind.\nTwo.\n", false),
            ("Two.\nBe kind.\n", false),
            ("Be kind.\nBe slow.\n", true),
            ("Be kind.\n", true),
            ("Something else.\n", true),
        ] {
            assert_eq!(content.is_gone(&prompt(now)), expected, "{now}");
        }
        let with = prompt("Be kind.\nOne.\nTwo.\n");
        assert!(content.is_apart(&before, &before));
        assert!(!content.is_apart(&before, &prompt("Be kind.\nOne and two.\n")));
        assert!(content.is_replaced(&with, &prompt("Be kind.\nOne and two.\n")));
        assert!(!content.is_replaced(&with, &prompt("Be kind.\nBe slow.\n")));
        assert!(!content.is_replaced(&with, &prompt("Be kind.\n")));
    }

    #[test]
    fn own_lines_show_a_patch_wherever_they_stand() {
        let (rules, before) = (rules(), prompt("One.\nBe kind.\nBe slow.\n"));
        let edit = patch("--- a\n+++ b\n@@ -2,2 +2,3 @@\n Be kind.\n-Be slow.\n+One.\n+Two.\n");
        let content = EditContent::of(&edit, Some(&before), &rules);
        let (nobody, somebody) = (BTreeSet::new(), BTreeSet::from(["Two."]));
        for (now, expected) in [
            ("Be kind.\nNew.\nOne.\nTwo.\n", true),
            ("Be kind.\nOne.\nNew.\nTwo.  \n", true),
            ("Be kind.\nTwo.\nNew.\nOne.\n", false),
            ("Be kind.\nBe slow.\nOne.\nTwo.\n", false),
            ("Be kind.\nTwo.\n", false),
            ("Be kind.\nOne.\n", false),
        ] {
            assert_eq!(content.has_own_lines(&prompt(now), &nobody), expected, "{now}");
            assert!(!content.has_own_lines(&prompt(now), &somebody), "{now}");
        }
        // The other line may have been there before.
        let blind = EditContent::of(&edit, None, &rules);
        assert!(!blind.has_own_lines(&prompt("Be kind.\nNew.\nOne.\nTwo.\n"), &nobody));
        let with = prompt("Be kind.\nNew.\nOne.\nTwo.\nOne.\n");
        assert!(content.outlasts(&with, &with));
        assert!(!content.outlasts(&with, &prompt("Be kind.\nNew.\nBe slow.\nOne.\n")));
    }

    #[test]
    fn a_patch_that_only_removes_is_gone_if_its_lines_are_back() {
        let (rules, before) = (rules(), prompt("Be kind.\nBe slow.\n"));
        let edit = patch("--- a\n+++ b\n@@ -1,2 +1 @@\n Be kind.\n-Be slow.\n");
        let content = EditContent::of(&edit, Some(&before), &rules);
        assert!(content.is_gone(&before) && !content.is_gone(&prompt("Be kind.\n")));
    }
}
