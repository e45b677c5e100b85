//! `.kaizen/cache/wear`: how worn the gate split is, so that a command need not read the log of its uses, which grows with
//! each session, and the benchmark.
//!
//! It is a memory like `seal_book`. It counts while the log, the files of tasks and the manifest are as they were.

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::error::RunError;
use crate::artifact::holdout_use;
use crate::digest::Digest;
use crate::eval::holdout::HoldoutWear;
use crate::sys::disk::{FileStamp, StampTime};

/// The file, relative to the workspace.
const FILE: &str = ".kaizen/cache/wear";
/// The version of its form, and of the rules by which uses are counted.
const VERSION: u32 = 1;

/// The wear, and what it depends on.
#[derive(Serialize, Deserialize)]
struct KnownWear {
    question: Digest,
    wear: HoldoutWear,
    /// The digest of both: a damaged file is no answer.
    check: Digest,
}

/// The digest of what the wear depends on. `None` if that changed so recently that another change may not show, or if it is
/// in files whose changes cannot be seen.
///
/// # Errors
/// The files of tasks cannot be found.
pub(super) fn question(workspace: &Workspace) -> Result<Option<Digest>, RunError> {
    let at = StampTime::now();
    let calm = |stamp: Option<FileStamp>| stamp.filter(|stamp| stamp.is_calm(at));
    let Some(uses) = calm(workspace.root.stamp(holdout_use::FILE)) else {
        return Ok(None);
    };
    let mut tasks = Vec::new();
    for file in workspace.task_files()? {
        match calm(FileStamp::of(file.path())) {
            Some(stamp) => tasks.push((file.path().to_string_lossy().into_owned(), stamp)),
            None => return Ok(None),
        }
    }
    let kaizen = env!("CARGO_PKG_VERSION");
    Ok(Some(Digest::of_value(&(
        VERSION,
        kaizen,
        &workspace.manifest,
        workspace.judge.is_some(),
        uses,
        tasks,
    ))))
}

/// The wear, if it is known.
pub(super) fn answer(workspace: &Workspace, question: Digest) -> Option<HoldoutWear> {
    let known: KnownWear = serde_json::from_str(&workspace.root.read_text(FILE).ok()??).ok()?;
    let is_whole = known.check == Digest::of_value(&(known.question, &known.wear));
    (is_whole && known.question == question).then_some(known.wear)
}

/// Notes the wear.
pub(super) fn note(workspace: &Workspace, question: Digest, wear: &HoldoutWear) {
    let known = KnownWear {
        question,
        wear: wear.clone(),
        check: Digest::of_value(&(question, wear)),
    };
    workspace.remember(FILE, &serde_json::to_string(&known).unwrap_or_default());
}
