//! Re-derive: the harness without edits that left the plan, from the history's own states. Pure.
//!
//! `git revert` conflicts where a neighbouring configuration key changed later, or where a prompt was appended to
//! twice: the two commonest edits. Ops are pure, so the kept ones are simply applied again. What anybody else
//! changed in between is carried over by a three-way merge of the file.

use std::collections::BTreeSet;

use crate::artifact::edit::Edit;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::op;

/// One commit of an edit, with the harness before and after it.
pub struct Change {
    /// The edit; `None` for one that has left the plan.
    pub edit: Option<Edit>,
    /// Its identity.
    pub digest: Digest,
    /// The harness before.
    pub before: Harness,
    /// The harness after.
    pub after: Harness,
}

/// The harness without the dropped edits.
#[derive(Debug, Default)]
pub struct Rederived {
    /// The files.
    pub harness: Harness,
    /// Kept edits that found no place any more, with the reason.
    pub stranded: Vec<(Digest, String)>,
}

/// Two changes to the same lines, one by kaizen and one by somebody else.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path} was changed by hand where an edit is to be taken back; change {path} yourself and commit it, or put the edit back into plan.json"
)]
pub struct Conflict {
    /// The file.
    pub path: String,
}

/// Walks the session's commits, oldest first, leaving out the dropped edits, and ends at `head`.
///
/// # Errors
/// See [`Conflict`].
pub fn rederive(
    changes: &[Change],
    dropped: &BTreeSet<Digest>,
    head: &Harness,
    rules: &op::Rules,
) -> Result<Rederived, Conflict> {
    let Some(first) = changes.first() else {
        return Ok(Rederived {
            harness: head.clone(),
            stranded: Vec::new(),
        });
    };
    let (mut derived, mut real) = (first.before.clone(), first.before.clone());
    let mut stranded = Vec::new();
    for change in changes {
        derived = carry(&real, &derived, &change.before)?;
        match &change.edit {
            Some(edit) if !dropped.contains(&change.digest) => match op::apply(edit, &derived, rules) {
                Ok(next) => derived = next,
                Err(reason) => stranded.push((change.digest, reason.to_string())),
            },
            _ => {}
        }
        real = change.after.clone();
    }
    Ok(Rederived {
        harness: carry(&real, &derived, head)?,
        stranded,
    })
}

/// Carries what somebody else changed from `was` to `now` over to `derived`.
fn carry(was: &Harness, derived: &Harness, now: &Harness) -> Result<Harness, Conflict> {
    let mut carried = derived.clone();
    for change in was.changes(now) {
        let ours = derived.get(&change.path);
        let merged = match (ours == change.before.as_deref(), ours == change.after.as_deref()) {
            (true, _) => change.after,
            (_, true) => continue,
            _ => Some(merge(&change.path, change.before, ours, change.after)?),
        };
        carried = match merged {
            Some(bytes) => carried.with(change.path, bytes),
            None => carried.without(&change.path),
        };
    }
    Ok(carried)
}

fn merge(path: &str, base: Option<Vec<u8>>, ours: Option<&[u8]>, theirs: Option<Vec<u8>>) -> Result<Vec<u8>, Conflict> {
    let conflict = || Conflict { path: path.to_owned() };
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return Err(conflict());
    };
    diffy::merge_bytes(&base.unwrap_or_default(), ours, &theirs).map_err(|_| conflict())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> op::Rules {
        let section = crate::manifest::HarnessSection::default();
        op::Rules {
            layout: section.layout,
            editable: section.files,
        }
    }

    fn edit(param: &str, value: i64) -> Edit {
        serde_json::from_value(serde_json::json!({
            "id": param, "pillar": "agent", "op": "set_agent_param", "target": format!("agents.a.{param}"),
            "payload": {"agent": "a", "param": param, "value": value}, "rationale": "", "expected_improvement": "c"
        }))
        .unwrap()
    }

    fn history(edits: &[Edit]) -> (Vec<Change>, Harness) {
        let mut head = Harness::default().with("config.toml", "# mine\n[agent.a]\nk = 0\n");
        let mut changes = Vec::new();
        for edit in edits {
            let after = op::apply(edit, &head, &rules()).unwrap();
            changes.push(Change {
                digest: edit.digest(),
                edit: Some(edit.clone()),
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
}
