//! Checks the files of the workspace that belong to no session: the announcement of a write, the record of the newest
//! loop, the log of holdout use, and files that git does not watch.

use super::{Severity, VerifyFinding, without_file};
use crate::artifact::intent::WriteIntent;
use crate::artifact::loop_record::{self, LoopRecord};
use crate::artifact::{Artifact, holdout_use};
use crate::cli::exit::CommandFailure;
use crate::ledger::checkout_problem::CheckoutProblem;
use crate::ledger::port::{Ledger as _, LedgerError};
use crate::manifest;
use crate::sys::disk::DiskError;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::transaction::INTENT;
use crate::workspace::{OWN_FOLDER, Workspace, holdout_log, index_memory, session};

/// Checks that the announcement of a write, which a crash leaves behind, can be read.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn intent(workspace: &Workspace) -> Result<Option<VerifyFinding>, CommandFailure> {
    let path = workspace.root.join(OWN_FOLDER).join(INTENT);
    let Some(bytes) = workspace.root.read(&path)? else {
        return Ok(None);
    };
    let file = format!("{OWN_FOLDER}/{INTENT}");
    Ok(Some(match parsed::<WriteIntent>(&file, bytes) {
        Ok(intent) => VerifyFinding {
            kind: Severity::Information,
            problem: format!(
                "writing {} for {} was interrupted or is in progress",
                intent
                    .files
                    .iter()
                    .map(|file| file.path.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
                intent.session_id
            ),
            remedy: "nothing to do: the next `kaizen run` undoes an interrupted write".into(),
            file,
        },
        Err(problem) => VerifyFinding {
            kind: Severity::Failure,
            problem,
            remedy: "check with `git status` that the agent's files are right, then delete this file".into(),
            file,
        },
    }))
}

/// Remarks on files that differ from HEAD although git reports no change.
///
/// # Errors
/// git fails, or a file cannot be read.
pub(crate) fn hidden_changes(workspace: &Workspace, inputs: &Inputs) -> Result<Vec<VerifyFinding>, CommandFailure> {
    // The commands that judge the harness report what keeps it from being read.
    let (Some(head), Ok(mut on_disk)) = (inputs.head()?, workspace.harness()) else {
        return Ok(Vec::new());
    };
    let is_own = |path: &String| {
        let is_record = path.split('/').next() == Some(session::FOLDER) || path == manifest::FILE;
        is_record || workspace.selects(path) || workspace.is_evidence(path)
    };
    let mut unwatched = index_memory::unwatched(workspace)?;
    unwatched.retain(is_own);
    for path in &unwatched {
        if let Some(bytes) = workspace.root.read(path)? {
            on_disk = on_disk.with(path.as_str(), bytes);
        }
    }
    let select = |path: &str| workspace.selects(path) || on_disk.get(path).is_some();
    // The records of sessions are listed only if one of them is not watched, because there may be thousands.
    let at_head = match unwatched.is_empty() {
        true => inputs.harness_at(head),
        false => workspace.ledger.files_at(head, &select).map_err(RunError::from),
    };
    let at_head = match at_head {
        Err(RunError::Ledger(LedgerError::Checkout(problem))) => return Ok(vec![remark(&problem)]),
        Err(RunError::Ledger(LedgerError::Partial)) => return Ok(Vec::new()),
        files => files?,
    };
    let mut changes = at_head.changes(&on_disk);
    let paths: Vec<String> = changes.iter().map(|change| change.path.clone()).collect();
    let reported = workspace.ledger.dirty(&paths)?;
    changes.retain(|change| !reported.contains(&change.path));
    let found = changes
        .iter()
        .map(|change| Ok(remark(&workspace.ledger.hidden_change(change)?)));
    found.collect()
}

fn remark(problem: &CheckoutProblem) -> VerifyFinding {
    VerifyFinding {
        kind: Severity::Information,
        file: problem.path().to_owned(),
        problem: without_file(problem.path(), &problem.to_string()),
        remedy: problem.remedy(),
    }
}

/// Checks that the record of the newest loop can be read.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn loop_record(workspace: &Workspace) -> Result<Option<VerifyFinding>, DiskError> {
    let Some(bytes) = workspace.root.read(loop_record::FILE)? else {
        return Ok(None);
    };
    let problem = parsed::<LoopRecord>(loop_record::FILE, bytes).err();
    Ok(problem.map(|problem| VerifyFinding {
        kind: Severity::Failure,
        file: loop_record::FILE.to_owned(),
        problem,
        remedy: "restore it with git; or delete it, and `kaizen loop` starts another loop".to_owned(),
    }))
}

/// Checks that every line of `benchmark/consultations.jsonl` can be read.
pub(crate) fn holdout_log(workspace: &Workspace) -> Option<VerifyFinding> {
    let problem = holdout_log::read(workspace).err()?.to_string();
    Some(VerifyFinding {
        kind: Severity::Failure,
        file: holdout_use::FILE.to_owned(),
        problem: without_file(holdout_use::FILE, &problem),
        remedy: "correct or delete that line, or restore the file with git; tasks belong in another file".to_owned(),
    })
}

/// Reads an artifact; the error is its problem, without the name of the file.
fn parsed<A: Artifact>(file: &str, bytes: Vec<u8>) -> Result<A, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    A::from_text(file.as_ref(), &text).map_err(|error| without_file(file, &error.to_string()))
}
