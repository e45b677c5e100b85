//! Determines the epoch of cached answers, and whether the student is noisy, from the baselines of sessions.

use serde_json::Value;

use crate::artifact::baseline::Baseline;
use crate::artifact::outcome::Outcome;
use crate::sys::disk::Root;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// The epoch of the newest session with the present student.
pub(crate) fn newest(root: &Root, student: &Value) -> u32 {
    up_to(root, student, |_| true)
}

/// The epoch of a session or, before it has a baseline, that of the newest earlier session.
pub(crate) fn of(root: &Root, student: &Value, session: &Session) -> u32 {
    up_to(root, student, |other| other.id <= session.id)
}

/// A session's baseline, if the present student made it. An unreadable baseline is skipped; code that needs it
/// reports the error.
pub(crate) fn own_baseline(session: &Session, student: &Value) -> Option<Baseline> {
    let baseline: Baseline = session.read("baseline.json").ok().flatten()?;
    (baseline.student == *student).then_some(baseline)
}

fn up_to(root: &Root, student: &Value, counts: impl Fn(&Session) -> bool) -> u32 {
    let sessions = session::all(root).unwrap_or_default();
    let mut newest_first = sessions.iter().rev().filter(|session| counts(session));
    let found = newest_first.find_map(|session| own_baseline(session, student));
    found.map_or(0, |baseline| baseline.epoch)
}

/// Whether two runs of the same request differed; `None` if no two runs were compared.
///
/// # Errors
/// A session cannot be read.
pub(crate) fn noisy(workspace: &Workspace) -> Result<Option<bool>, RunError> {
    for session in workspace.sessions()?.iter().rev() {
        let Some(probe) = own_baseline(session, &workspace.student.identity()).and_then(|baseline| baseline.probe)
        else {
            continue;
        };
        let flaky = session.outcomes()?.values().any(Outcome::is_flaky);
        return Ok(Some(flaky || probe.is_noisy()));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::artifact::Artifact;
    use crate::artifact::evaluation::Evaluation;
    use crate::digest::Digest;

    fn baseline(epoch: u32, student: &Value) -> Baseline {
        let digest = Digest::of_bytes(b"");
        let fields = json!({"version": 1, "harness_commit": "c", "harness": digest, "benchmark": digest,
            "student": student, "seed": 0, "epoch": epoch, "evaluation": Evaluation::default()});
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn a_session_has_the_epoch_of_its_baseline_or_of_the_newest_before_it_with_its_student() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let (student, other) = (json!({"engine": "a"}), json!({"engine": "b"}));
        for (id, epoch, student) in [
            ("s0", 4, &student),
            ("s2", 0, &student),
            ("s3", 2, &student),
            ("s4", 7, &other),
        ] {
            let session = Session::at(&root, id);
            session.publish("trigger.json", "{}").unwrap();
            session
                .publish("baseline.json", &baseline(epoch, student).to_text())
                .unwrap();
        }
        let of = |id: &str| of(&root, &student, &Session::at(&root, id));
        assert_eq!(of("s2"), 0, "its own baseline");
        assert_eq!(of("s1"), 4, "no baseline yet");
        assert_eq!(of("s4"), 2, "another student's baseline does not count");
        assert_eq!(newest(&root, &student), 2);
        assert_eq!(of("s"), 0, "no session before it");
    }
}
