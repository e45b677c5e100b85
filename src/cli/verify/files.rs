//! Checks artifacts: each parses as its type and version, has the right name, and matches its checkpoint.

use std::path::Path;

use super::{Severity, VerifyFinding, finding};
use crate::artifact::baseline::Baseline;
use crate::artifact::checkpoint::Checkpoint;
use crate::artifact::outcome::Outcome;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::artifact::readiness::Readiness;
use crate::artifact::record::SessionRecord;
use crate::artifact::trigger::Trigger;
use crate::artifact::{Artifact, ArtifactError};
use crate::workspace::session::{OUTCOMES, PENDING, Session, SessionError};

/// The remedy for a broken or missing file; it depends on the kind of file.
fn restore(session: &Session, name: &str) -> String {
    let run = super::run(session);
    match name.rsplit_once('/') {
        None if name == "trigger.json" => "restore it with git".to_owned(),
        Some(("pending_review", file)) => {
            format!("restore it with git; or delete it and outcomes/{file}, and {run} asks again")
        }
        _ => format!("restore it with git, or delete it and run {run} to create it again"),
    }
}

/// Checks all JSON files of a session.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn check(session: &Session) -> Result<Vec<VerifyFinding>, SessionError> {
    let mut names: Vec<String> = session.names("")?;
    for folder in ["checkpoints/", OUTCOMES, PENDING] {
        names.extend(session.names(folder)?.into_iter().map(|name| format!("{folder}{name}")));
    }
    names.retain(|name| name.ends_with(".json"));
    let mut found = Vec::new();
    for name in &names {
        let failure = |problem: String| finding(Severity::Failure, session, name, problem, restore(session, name));
        let text = match session.root().read(session.path(name))?.map(String::from_utf8) {
            Some(Ok(text)) => text,
            Some(Err(_)) => {
                found.push(failure("it is not UTF-8".into()));
                continue;
            }
            None => continue,
        };
        match parse(name, Path::new(name), &text) {
            Err(error) => found.push(failure(super::without_file(name, &error.to_string()))),
            Ok(problem) => found.extend(problem.map(failure)),
        }
    }
    found.extend(written(session, &names)?);
    Ok(found)
}

/// Remarks on a plan that may contain mistakes.
///
/// # Errors
/// The plan cannot be read.
pub(crate) fn remarks(session: &Session) -> Result<Vec<VerifyFinding>, SessionError> {
    let plan: Option<Plan> = session.read("plan.json")?;
    let remedy = "nothing to do, or correct plan.json and run again";
    let one = |remark| finding(Severity::Information, session, "plan.json", remark, remedy);
    Ok(plan.iter().flat_map(Plan::remarks).map(one).collect())
}

/// Parses a file as the type that its name implies. Returns a problem if name and content disagree.
fn parse(name: &str, path: &Path, text: &str) -> Result<Option<String>, ArtifactError> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let stem = file.trim_end_matches(".json");
    let named = |digest: String| (digest != stem).then(|| format!("it is about {digest}, which is not its file name"));
    Ok(match (folder, stem) {
        ("", "trigger") => sound::<Trigger>(path, text)?,
        ("", "readiness") => sound::<Readiness>(path, text)?,
        ("", "baseline") => sound::<Baseline>(path, text)?,
        ("", "plan") => sound::<Plan>(path, text)?,
        ("", "session") => sound::<SessionRecord>(path, text)?,
        ("checkpoints", _) => named(Checkpoint::from_text(path, text)?.phase),
        ("outcomes", _) => named(Outcome::from_text(path, text)?.edit_digest.to_string()),
        ("pending_review", _) => {
            let pending = PendingReview::from_text(path, text)?;
            let own = pending.edit.digest();
            let changed = || format!("the digest of its edit is {own}, not {}", pending.edit_digest);
            named(pending.edit_digest.to_string()).or_else(|| (own != pending.edit_digest).then(changed))
        }
        _ => None,
    })
}

fn sound<A: Artifact>(path: &Path, text: &str) -> Result<Option<String>, ArtifactError> {
    A::from_text(path, text).map(|_| None)
}

/// Compares the digests in each checkpoint with the files.
fn written(session: &Session, names: &[String]) -> Result<Vec<VerifyFinding>, SessionError> {
    let mut found = Vec::new();
    for name in names.iter().filter_map(|name| name.strip_prefix("checkpoints/")) {
        let Some(checkpoint) = session.checkpoint(name.trim_end_matches(".json")) else {
            continue;
        };
        for (file, was) in &checkpoint.writes {
            match session.digest(file)? {
                None => found.push(finding(
                    Severity::Failure,
                    session,
                    file,
                    format!("phase {} wrote it, but it is missing", checkpoint.phase),
                    restore(session, file),
                )),
                Some(now) if now != *was && session.exact_digest(file)? != Some(*was) => found.push(finding(
                    Severity::Information,
                    session,
                    file,
                    format!(
                        "changed since phase {} wrote it, by a person or by `kaizen revert`",
                        checkpoint.phase
                    ),
                    "nothing to do: kaizen uses the changed version",
                )),
                Some(_) => {}
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_shapes_future_versions_and_wrong_names_are_found() {
        for (name, text, part) in [
            ("trigger.json", r#"{"trigger": "on_demand"}"#, ""),
            ("trigger.json", r#"{"trigger": "boredom"}"#, "boredom"),
            ("trigger.json", r#"{"trigger": "on_demand", "version": 9}"#, "newer"),
            ("plan.json", "{", "plan.json:1"),
            ("checkpoints/plan.json", CHECKPOINT, ""),
            ("checkpoints/other.json", CHECKPOINT, "is about plan"),
            ("further.json", "not ours to judge", ""),
        ] {
            let message = match parse(name, Path::new(name), text) {
                Ok(problem) => problem.unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            assert!(
                message.contains(part) && message.is_empty() == part.is_empty(),
                "{name}: {message}"
            );
        }
    }

    const CHECKPOINT: &str = r#"{
        "phase": "plan", "definition": "0123456789012345678901234567890123456789", "reads": {}, "writes": {}
    }"#;
}
