//! Files: each parses as its type and version, is named as its digest says, and is as its checkpoint left it.

use std::path::Path;

use super::{Finding, Kind, finding};
use crate::artifact::baseline::Baseline;
use crate::artifact::checkpoint::Checkpoint;
use crate::artifact::outcome::Outcome;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::artifact::readiness::Readiness;
use crate::artifact::record::Record;
use crate::artifact::trigger::Trigger;
use crate::artifact::{Artifact, ArtifactError};
use crate::workspace::session::{OUTCOMES, PENDING, Session, SessionError};

/// What to do about a file that is broken or gone, by what makes it.
fn restore(session: &Session, name: &str) -> String {
    let run = super::run(session);
    match name.rsplit_once('/') {
        None if name == "trigger.json" => "restore it with git".to_owned(),
        Some(("pending_review", file)) => {
            format!("restore it with git, or delete it and outcomes/{file}, and {run} asks again")
        }
        _ => format!("restore it with git, or delete it and let {run} make it again"),
    }
}

/// Checks all files of a session.
///
/// # Errors
/// The file system says no.
pub(crate) fn check(session: &Session) -> Result<Vec<Finding>, SessionError> {
    let mut names: Vec<String> = session.names("")?;
    for folder in ["checkpoints/", OUTCOMES, PENDING] {
        names.extend(session.names(folder)?.into_iter().map(|name| format!("{folder}{name}")));
    }
    names.retain(|name| name.ends_with(".json"));
    let mut found = Vec::new();
    for name in &names {
        let text = match session.root().read(session.path(name))?.map(String::from_utf8) {
            Some(Ok(text)) => text,
            Some(Err(_)) => {
                let remedy = restore(session, name);
                found.push(finding(Kind::Failure, session, name, "it is not UTF-8".into(), remedy));
                continue;
            }
            None => continue,
        };
        match parse(name, Path::new(name), &text) {
            Err(error) => {
                let problem = super::without_file(name, &error.to_string());
                found.push(finding(Kind::Failure, session, name, problem, restore(session, name)));
            }
            Ok(Some(problem)) => found.push(finding(Kind::Failure, session, name, problem, restore(session, name))),
            Ok(None) => {}
        }
    }
    found.extend(written(session, &names)?);
    Ok(found)
}

/// What a person may not have meant in the plan.
///
/// # Errors
/// The plan cannot be read.
pub(crate) fn remarks(session: &Session) -> Result<Vec<Finding>, SessionError> {
    let plan: Option<Plan> = session.read("plan.json")?;
    let remedy = "nothing to do, or correct plan.json and run again";
    let one = |remark| finding(Kind::Information, session, "plan.json", remark, remedy);
    Ok(plan.iter().flat_map(Plan::remarks).map(one).collect())
}

/// Reads a file as what its name says; a problem when its name and content disagree.
fn parse(name: &str, path: &Path, text: &str) -> Result<Option<String>, ArtifactError> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let stem = file.trim_end_matches(".json");
    let named = |digest: String| (digest != stem).then(|| format!("it speaks of {digest}, and its name does not"));
    Ok(match (folder, stem) {
        ("", "trigger") => sound::<Trigger>(path, text)?,
        ("", "readiness") => sound::<Readiness>(path, text)?,
        ("", "baseline") => sound::<Baseline>(path, text)?,
        ("", "plan") => sound::<Plan>(path, text)?,
        ("", "session") => sound::<Record>(path, text)?,
        ("checkpoints", _) => named(Checkpoint::from_text(path, text)?.phase),
        ("outcomes", _) => named(Outcome::from_text(path, text)?.edit_digest.to_string()),
        ("pending_review", _) => {
            let pending = PendingReview::from_text(path, text)?;
            let own = pending.edit.digest();
            let changed = || format!("its edit has the digest {own}, not {}", pending.edit_digest);
            named(pending.edit_digest.to_string()).or_else(|| (own != pending.edit_digest).then(changed))
        }
        _ => None,
    })
}

fn sound<A: Artifact>(path: &Path, text: &str) -> Result<Option<String>, ArtifactError> {
    A::from_text(path, text).map(|_| None)
}

/// Compares what each checkpoint vouches for with the bytes that are there.
fn written(session: &Session, names: &[String]) -> Result<Vec<Finding>, SessionError> {
    let mut found = Vec::new();
    for name in names.iter().filter_map(|name| name.strip_prefix("checkpoints/")) {
        let Some(checkpoint) = session.checkpoint(name.trim_end_matches(".json")) else {
            continue;
        };
        for (file, was) in &checkpoint.writes {
            match session.digest(file)? {
                None => found.push(finding(
                    Kind::Failure,
                    session,
                    file,
                    format!("phase {} wrote it, and it is gone", checkpoint.phase),
                    restore(session, file),
                )),
                Some(now) if now != *was => found.push(finding(
                    Kind::Information,
                    session,
                    file,
                    format!("edited since phase {} wrote it", checkpoint.phase),
                    "nothing to do: the next run takes it as it is",
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
            ("checkpoints/other.json", CHECKPOINT, "speaks of plan"),
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
