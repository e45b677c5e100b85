//! `kaizen verify`: checks artifacts against their types, checkpoints against files, gains against task scores, the
//! record against the outcomes, and the ledger against both.

mod compare;
mod files;
mod ledger;
mod record;
mod spending;
mod texts;
pub(super) mod verdicts;
mod workspace;

use clap::Args;
use serde::Serialize;

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, FAINT};
use super::session_workspace::{branches, open};
use crate::artifact::counted;
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// Check artifacts, checkpoints, outcomes and the ledger
///
/// The command checks every artifact against its schema, every checkpoint against the files, and the ledger against the
/// outcomes.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct VerifyArgs {}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Something is wrong.
    Failure,
    /// Worth knowing, but allowed.
    Information,
}

/// A problem with its file and a remedy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct VerifyFinding {
    kind: Severity,
    /// Relative to the workspace.
    file: String,
    problem: String,
    remedy: String,
}

/// A finding about a session's file.
pub(crate) fn finding(
    kind: Severity,
    session: &Session,
    file: &str,
    problem: String,
    remedy: impl Into<String>,
) -> VerifyFinding {
    VerifyFinding {
        kind,
        file: format!("{}/{file}", session.relative()),
        problem,
        remedy: remedy.into(),
    }
}

/// The problem without the file name, because a finding has the file name already.
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
/// git fails, or a file cannot be read.
pub(crate) fn verify(_: &VerifyArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let mut sessions = workspace.sessions()?;
    let mut found = check(&workspace, &sessions)?;
    for branch in branches(&workspace)? {
        let there = open(&workspace, &branch)?;
        found.extend(check(&there, std::slice::from_ref(&branch.session))?);
        sessions.retain(|session| session.id != branch.session.id);
        sessions.push(branch.session);
    }
    found.iter().for_each(|finding| print(finding, setting));
    let failures = found.iter().filter(|finding| finding.kind == Severity::Failure).count();
    let (sessions, information) = (sessions.len(), found.len() - failures);
    if setting.is_json() {
        let counts = serde_json::json!({"sessions": sessions, "failures": failures, "information": information});
        render::json(&serde_json::json!({"kind": "result", "counts": counts}));
    } else {
        out!(
            "{} checked: {}, {}",
            counted(sessions, "session"),
            counted(failures, "failure"),
            counted(information, "remark")
        );
    }
    Ok(if failures == 0 { Code::Settled } else { Code::Failed })
}

fn check(workspace: &Workspace, sessions: &[Session]) -> Result<Vec<VerifyFinding>, CommandFailure> {
    let commits = ledger::commits(workspace)?;
    let inputs = Inputs::new(workspace);
    let mut found: Vec<VerifyFinding> = workspace::intent(workspace)?.into_iter().collect();
    found.extend(workspace::loop_record(workspace)?);
    found.extend(workspace::holdout_log(workspace));
    found.extend(workspace::hidden_changes(workspace, &inputs)?);
    for session in sessions {
        session.check_plain()?;
        let broken = files::check(session)?;
        let readable = broken.iter().all(|finding| finding.kind == Severity::Information);
        found.extend(broken);
        found.extend(texts::check(session)?);
        // The other checks need readable files.
        if readable {
            found.extend(files::remarks(session)?);
            found.extend(ledger::check(workspace, &inputs, session, &commits)?);
            found.extend(verdicts::check(workspace, session)?);
            found.extend(record::check(workspace, session, &commits)?);
            found.extend(spending::check(session)?);
        }
    }
    Ok(found)
}

fn print(finding: &VerifyFinding, setting: &Setting) {
    if setting.is_json() {
        return render::json(finding);
    }
    let VerifyFinding {
        kind,
        file,
        problem,
        remedy,
    } = finding;
    let word = if *kind == Severity::Failure {
        "failure"
    } else {
        "remark"
    };
    out!("{word}: {file}: {problem}\n  {FAINT}{remedy}{FAINT:#}");
}
