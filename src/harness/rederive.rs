//! Re-derives the harness without the edits that left the plan, from the states in the git history. Pure.
//!
//! `git revert` conflicts if a neighbouring configuration key changed later, or if a prompt was appended to twice, and
//! these are the most common edits. Ops are pure, so the kept edits are applied again instead. Changes by people and by
//! other sessions are merged into the result; if a merge conflicts, nothing is reverted.

use std::collections::BTreeSet;

use super::merge::merge;
use crate::artifact::edit::Edit;
use crate::artifact::short_id;
use crate::digest::Digest;
use crate::harness::{FileChange, Harness, op};

/// The commit of an edit, with the harness before and after it.
pub(crate) struct EditCommit {
    /// The edit; `None` if it is no longer in its plan.
    pub edit: Option<Edit>,
    /// The edit's digest.
    pub digest: Digest,
    /// The name of the edit for people, if it belongs to another session.
    pub foreign: Option<Later>,
    pub before: Harness,
    pub after: Harness,
}

/// An edit of another session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// Its label.
    pub label: String,
    /// Its digest.
    pub digest: Digest,
    /// Its session.
    pub session: String,
    /// Its commit.
    pub commit: String,
}

/// The harness without the dropped edits.
#[derive(Debug, Default)]
pub(crate) struct RederivedHarness {
    pub harness: Harness,
    /// The kept edits that no longer apply, with the reasons.
    pub stranded: Vec<(Digest, String)>,
}

/// A conflict between an edit to revert and a later change of the same lines, which stays.
#[derive(Debug, thiserror::Error)]
#[error("{}; {}", self.what(), self.remedy())]
pub struct Conflict {
    /// The file.
    pub path: String,
    /// The later edit; `None` for a change by hand.
    pub later: Option<Later>,
}

impl Conflict {
    /// The conflicting change, as a message.
    pub(crate) fn what(&self) -> String {
        let by = match &self.later {
            None => "by hand or by a merge".to_owned(),
            Some(later) => format!(
                "by the later edit {} of {} (commit {})",
                later.label,
                later.session,
                short_id(&later.commit)
            ),
        };
        format!("{} was changed {by} on lines of an edit to revert", self.path)
    }

    fn remedy(&self) -> String {
        match &self.later {
            None => {
                let path = &self.path;
                format!("change {path} yourself and commit it, or put the edit back into plan.json")
            }
            Some(later) => format!(
                "put the edit back into plan.json, or revert the later one first: {}",
                later.command()
            ),
        }
    }
}

impl Later {
    /// The command that reverts it.
    pub(crate) fn command(&self) -> String {
        format!("kaizen revert {} --session {}", self.digest.short(), self.session)
    }
}

/// Applies the edits of `changes` again, oldest first and without the dropped ones, and merges all other changes up to
/// `head`.
///
/// # Errors
/// See [`Conflict`].
pub(crate) fn rederive(
    changes: &[EditCommit],
    dropped: &BTreeSet<Digest>,
    head: &Harness,
    rules: &op::OpRules,
) -> Result<RederivedHarness, Conflict> {
    let Some(first) = changes.first() else {
        return Ok(RederivedHarness {
            harness: head.clone(),
            stranded: Vec::new(),
        });
    };
    let (mut derived, mut real) = (first.before.clone(), first.before.clone());
    let mut stranded = Vec::new();
    for change in changes {
        derived = carry(&real, &derived, &change.before)?;
        match &change.edit {
            _ if change.foreign.is_some() => derived = follow(change, &derived)?,
            Some(edit) if !dropped.contains(&change.digest) => match op::apply(edit, &derived, rules) {
                Ok(next) => derived = formatted(edit, change, next, rules),
                Err(reason) => stranded.push((change.digest, reason.to_string())),
            },
            _ => {}
        }
        real = change.after.clone();
    }
    Ok(RederivedHarness {
        harness: carry(&real, &derived, head)?,
        stranded,
    })
}

/// The harness with a kept edit, as a hook changed it while it was committed. Where that no longer fits, the hook of the
/// next commit follows.
fn formatted(edit: &Edit, change: &EditCommit, next: Harness, rules: &op::OpRules) -> Harness {
    let Ok(edited) = op::apply(edit, &change.before, rules) else {
        return next;
    };
    let hooked = carry(&edited, &next, &change.after);
    hooked.unwrap_or(next)
}

/// Whether everything else that the commit of an edit changed stays without the edit. If a hook formatted the lines of the
/// edit, it does not.
pub(crate) fn is_separable(before: &Harness, edited: &Harness, after: &Harness) -> bool {
    carry(edited, before, after).is_ok()
}

/// Merges the change by another session's edit. Fails if it depends on lines of a dropped edit.
fn follow(change: &EditCommit, derived: &Harness) -> Result<Harness, Conflict> {
    carry(&change.before, derived, &change.after).map_err(|conflict| Conflict {
        later: change.foreign.clone(),
        ..conflict
    })
}

/// Merges the changes from `was` to `now` into `derived`.
fn carry(was: &Harness, derived: &Harness, now: &Harness) -> Result<Harness, Conflict> {
    let mut carried = derived.clone();
    for change in was.changes(now) {
        let path = change.path.clone();
        let ours = derived.get(&path);
        let merged = match (ours == change.before.as_deref(), ours == change.after.as_deref()) {
            (true, _) => change.after,
            (_, true) => continue,
            _ => Some(both(change, ours)?),
        };
        carried = match merged {
            Some(bytes) => carried.with(path, bytes),
            None => carried.without(&path),
        };
    }
    Ok(carried)
}

fn both(change: FileChange, ours: Option<&[u8]>) -> Result<Vec<u8>, Conflict> {
    let base = change.before.unwrap_or_default();
    let merged = match (ours, change.after) {
        (Some(ours), Some(theirs)) => merge(&change.path, &base, ours, &theirs),
        _ => None,
    };
    merged.ok_or(Conflict {
        path: change.path,
        later: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::membership::Membership;

    fn rules() -> op::OpRules {
        let section = crate::manifest::HarnessSection::default();
        op::OpRules {
            layout: section.layout,
            membership: Membership::of_files(&section.files).unwrap(),
            ..op::OpRules::default()
        }
    }

    fn edit(param: &str, value: i64) -> Edit {
        serde_json::from_value(serde_json::json!({
            "id": param, "pillar": "agent", "op": "set_agent_param", "target": format!("agents.a.{param}"),
            "payload": {"agent": "a", "param": param, "value": value}, "rationale": "", "expected_improvement": "c"
        }))
        .unwrap()
    }

    fn history(edits: &[Edit]) -> (Vec<EditCommit>, Harness) {
        let mut head = Harness::default().with("config.toml", "# mine\n[agent.a]\nk = 0\n");
        let mut changes = Vec::new();
        for edit in edits {
            let after = op::apply(edit, &head, &rules()).unwrap();
            changes.push(EditCommit {
                digest: edit.digest(),
                edit: Some(edit.clone()),
                foreign: None,
                before: head,
                after: after.clone(),
            });
            head = after;
        }
        (changes, head)
    }

    #[test]
    fn neighbouring_keys_come_apart() {
        let edits = [edit("k", 1), edit("l", 2), edit("m", 3)];
        let (changes, head) = history(&edits);
        let derived = rederive(&changes, &[edits[1].digest()].into(), &head, &rules()).unwrap();
        assert_eq!(
            derived.harness.text("config.toml"),
            Some("# mine\n[agent.a]\nk = 1\nm = 3\n")
        );
        assert!(derived.stranded.is_empty());
    }

    #[test]
    fn dropping_nothing_is_the_identity() {
        let (changes, head) = history(&[edit("k", 1), edit("l", 2)]);
        assert_eq!(
            rederive(&changes, &BTreeSet::new(), &head, &rules()).unwrap().harness,
            head
        );
    }

    #[test]
    fn what_others_changed_is_kept_or_named() {
        let edits = [edit("k", 1)];
        let (changes, head) = history(&edits);
        let text = head.text("config.toml").unwrap();
        let elsewhere = head.clone().with("config.toml", format!("# theirs\n\n\n\n{text}"));
        let derived = rederive(&changes, &[edits[0].digest()].into(), &elsewhere, &rules()).unwrap();
        assert_eq!(
            derived.harness.text("config.toml"),
            Some("# theirs\n\n\n\n# mine\n[agent.a]\nk = 0\n")
        );
        let same_line = head.clone().with("config.toml", text.replace("k = 1", "k = 9"));
        let conflict = rederive(&changes, &[edits[0].digest()].into(), &same_line, &rules()).unwrap_err();
        assert!(conflict.to_string().contains("config.toml"));
    }

    /// The second edit is another session's.
    fn two_sessions(second: &Edit) -> (Vec<EditCommit>, Harness) {
        let (mut changes, head) = history(&[edit("k", 1), second.clone()]);
        changes[1].foreign = Some(Later {
            label: "later".into(),
            digest: second.digest(),
            session: "session-2".into(),
            commit: "0123456789".into(),
        });
        (changes, head)
    }

    #[test]
    fn a_later_session_keeps_its_neighbouring_key_and_stops_on_the_same() {
        let dropped = [edit("k", 1).digest()].into();
        let (mut changes, head) = two_sessions(&edit("l", 2));
        // Its plan may no longer exist.
        changes[1].edit = None;
        let derived = rederive(&changes, &dropped, &head, &rules()).unwrap();
        assert_eq!(
            derived.harness.text("config.toml"),
            Some("# mine\n[agent.a]\nk = 0\nl = 2\n")
        );
        let (changes, head) = two_sessions(&edit("k", 2));
        let conflict = rederive(&changes, &dropped, &head, &rules()).unwrap_err();
        assert_eq!(conflict.path, "config.toml");
        let words = conflict.to_string();
        assert!(
            words.contains("later edit later of session-2 (commit 01234567)"),
            "{words}"
        );
    }
}
