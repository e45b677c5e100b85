//! `kaizen verify`: artifacts against their types, checkpoints against bytes, gains against task scores, the record
//! against the outcomes, and the ledger against both.

mod compare;
mod consulted;
mod files;
mod intent;
mod ledger;
mod looped;
mod record;
mod spending;
mod texts;
pub(super) mod verdicts;

use clap::Args;
use serde::Serialize;

use super::Setting;
use super::exit::{Code, Failure};
use super::render::{self, FAINT};
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// Check artifacts, checkpoints, outcomes and the ledger
///
/// The command checks every artifact against its schema, every checkpoint against its bytes, and the ledger against the
/// outcomes.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Verify {}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Something is wrong.
    Failure,
    /// Something is worth knowing, and may be.
    Information,
}

/// Something found, with the file and a remedy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    kind: Kind,
    /// Relative to the workspace.
    file: String,
    problem: String,
    remedy: String,
}

/// A finding about a session's file.
pub(crate) fn finding(
    kind: Kind,
    session: &Session,
    file: &str,
    problem: String,
    remedy: impl Into<String>,
) -> Finding {
    Finding {
        kind,
        file: format!("{}/{file}", session.relative()),
        problem,
        remedy: remedy.into(),
    }
}

/// A problem without the name of the file, which the finding gives already.
pub(crate) fn without_file(file: &str, problem: &str) -> String {
    let rest = problem.strip_prefix(file).unwrap_or(problem);
    rest.trim_start_matches([':', ' ']).to_owned()
}

/// The command that continues a session.
pub(crate) fn run(session: &Session) -> String {
    format!("`kaizen run --session {}`", session.id)
}

/// Runs the command.
///
/// # Errors
/// git or the file system says no.
pub(crate) fn verify(_: &Verify, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    let sessions = session::all(&workspace.root)?;
    let found = check(&workspace, &sessions)?;
    found.iter().for_each(|finding| print(finding, setting));
    let failures = found.iter().filter(|finding| finding.kind == Kind::Failure).count();
    let (sessions, information) = (sessions.len(), found.len() - failures);
    if setting.is_json() {
        let counts = serde_json::json!({"sessions": sessions, "failures": failures, "information": information});
        render::json(&serde_json::json!({"kind": "result", "counts": counts}));
    } else {
        out!("{sessions} sessions checked: {failures} failures, {information} remarks");
    }
    Ok(if failures == 0 { Code::Settled } else { Code::Failed })
}

fn check(workspace: &Workspace, sessions: &[Session]) -> Result<Vec<Finding>, Failure> {
    let commits = ledger::commits(workspace)?;
    let mut found: Vec<Finding> = intent::check(workspace)?.into_iter().collect();
    found.extend(looped::check(workspace)?);
    found.extend(consulted::check(workspace));
    for session in sessions {
        session.check_plain()?;
        let broken = files::check(session)?;
        let readable = broken.iter().all(|finding| finding.kind == Kind::Information);
        found.extend(broken);
        found.extend(texts::check(session)?);
        // What cannot be read cannot be compared with anything.
        if readable {
            found.extend(files::remarks(session)?);
            found.extend(ledger::check(session, &commits)?);
            found.extend(verdicts::check(workspace, session)?);
            found.extend(record::check(workspace, session, &commits)?);
            found.extend(spending::check(session)?);
        }
    }
    Ok(found)
}

fn print(finding: &Finding, setting: &Setting) {
    if setting.is_json() {
        return render::json(finding);
    }
    let Finding {
        kind,
        file,
        problem,
        remedy,
    } = finding;
    let word = if *kind == Kind::Failure { "failure" } else { "remark" };
    out!("{word}: {file}: {problem}\n  {FAINT}{remedy}{FAINT:#}");
}
