//! `kaizen verify`: checks artifacts against their types, checkpoints against files, gains against task scores, the
//! record against the outcomes, and the ledger against both.

mod compare;
mod files;
mod known;
mod ledger;
mod record;
mod spending;
mod texts;
pub(super) mod verdicts;
mod workspace;

use std::collections::BTreeMap;

use clap::Args;
use serde::{Deserialize, Serialize};

use self::known::{KnownSession, KnownSessions};
use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, FAINT};
use super::session_workspace::{branches, open};
use crate::artifact::counted;
use crate::ledger::port::LedgerEntry;
use crate::pipeline::survey::in_parallel;
use crate::workspace::inputs::Inputs;
use crate::workspace::seal_book::SessionStamps;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// Check artifacts, checkpoints, outcomes and the ledger
///
/// The command checks every artifact against its schema, every checkpoint against the files, and the ledger against the
/// outcomes. It does not read a settled session again that was in order and whose files have the same size, times and
/// number as then.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct VerifyArgs {
    /// Read every file, whatever earlier checks found
    #[arg(long)]
    full: bool,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Something is wrong.
    Failure,
    /// Worth knowing, but allowed.
    Information,
}

/// A problem with its file and a remedy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VerifyFinding {
    kind: Severity,
    /// Relative to the workspace.
    file: String,
    problem: String,
    remedy: String,
}

impl VerifyFinding {
    fn is_failure(&self) -> bool {
        self.kind == Severity::Failure
    }
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
pub(crate) fn verify(command: &VerifyArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let (mut sessions, mut found) = check(&workspace, &workspace.session_names()?, command.full)?;
    for branch in branches(&workspace)? {
        let there = open(&workspace, &branch)?;
        let (of_branch, more) = check(&there, std::slice::from_ref(&branch.session.id), command.full)?;
        found.extend(more);
        sessions.retain(|session| *session != branch.session.id);
        sessions.extend(of_branch);
    }
    let sessions = sessions.len();
    workspace.keep_history();
    found.iter().for_each(|finding| print(finding, setting));
    let failures = found.iter().filter(|finding| finding.is_failure()).count();
    let information = found.len() - failures;
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

/// The sessions with these names, and what was found.
fn check(
    workspace: &Workspace,
    names: &[String],
    is_full: bool,
) -> Result<(Vec<String>, Vec<VerifyFinding>), CommandFailure> {
    let commits = ledger::commits(workspace)?;
    let inputs = Inputs::new(workspace);
    let mut found: Vec<VerifyFinding> = workspace::intent(workspace)?.into_iter().collect();
    found.extend(workspace::loop_record(workspace)?);
    found.extend(workspace::holdout_log(workspace));
    found.extend(workspace::hidden_changes(workspace, &inputs)?);
    let mut known = KnownSessions::read(workspace, &inputs, &commits, is_full)?;
    let of_session = by_session(commits);
    workspace.ledger.read_in_bulk();
    let unknown: Vec<&String> = names.iter().filter(|name| !known.has(name)).collect();
    let read = in_parallel(&unknown, &|name: &&String| {
        let commits = of_session.get(*name).map_or(&[][..], Vec::as_slice);
        CheckedSession::read(workspace, &inputs, name, commits)
    });
    let mut read: BTreeMap<&String, _> = unknown.into_iter().zip(read).collect();
    let (mut checked, mut in_order, mut has_read) = (Vec::new(), Vec::new(), false);
    for name in names {
        let session = match known.take(name) {
            Some(known) => CheckedSession::of(known),
            None => match read.remove(name).transpose()?.flatten() {
                Some(session) => {
                    has_read |= session.in_order.is_some();
                    session
                }
                None => continue,
            },
        };
        checked.push(name.clone());
        found.extend(session.found);
        in_order.extend(session.in_order);
    }
    known.note(workspace, &in_order, has_read)?;
    Ok((checked, found))
}

/// What the check of a session found.
struct CheckedSession {
    found: Vec<VerifyFinding>,
    /// If it is in order, what has to stay for that.
    in_order: Option<KnownSession>,
}

impl CheckedSession {
    /// A session that need not be read again.
    fn of(known: KnownSession) -> Self {
        Self {
            found: known.remarks.clone(),
            in_order: Some(known),
        }
    }

    /// Reads a session, of which these are the commits; `None` if it is gone.
    fn read(
        workspace: &Workspace,
        inputs: &Inputs,
        name: &str,
        commits: &[LedgerEntry],
    ) -> Result<Option<Self>, CommandFailure> {
        let Some(session) = session::find(&workspace.root, name)? else {
            return Ok(None);
        };
        // Before the session is read, so that a later change gets other stamps.
        let stamps = SessionStamps::of(&workspace.root, name);
        let found = check_session(workspace, inputs, &session, commits)?;
        Ok(Some(Self {
            in_order: known::in_order(&session, stamps, &found),
            found,
        }))
    }
}

/// The commits of each session, oldest first.
fn by_session(commits: Vec<LedgerEntry>) -> BTreeMap<String, Vec<LedgerEntry>> {
    let mut found: BTreeMap<String, Vec<LedgerEntry>> = BTreeMap::new();
    for commit in commits {
        if let Some(session) = commit.trailer("Session-ID") {
            found.entry(session.to_owned()).or_default().push(commit);
        }
    }
    found
}

/// What is wrong with a session, of which these are the commits.
fn check_session(
    workspace: &Workspace,
    inputs: &Inputs,
    session: &Session,
    commits: &[LedgerEntry],
) -> Result<Vec<VerifyFinding>, CommandFailure> {
    session.check_plain()?;
    let mut found = files::check(session)?;
    let readable = !found.iter().any(VerifyFinding::is_failure);
    found.extend(texts::check(session)?);
    // The other checks need readable files.
    if readable {
        found.extend(files::remarks(session)?);
        found.extend(ledger::check(workspace, inputs, session, commits)?);
        found.extend(verdicts::check(workspace, session)?);
        found.extend(record::check(workspace, session, commits)?);
        found.extend(spending::check(session)?);
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
