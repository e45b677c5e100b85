//! `.kaizen/cache/ledger`: what the history of HEAD says about the edits of a few sessions, so that a command which finds
//! nothing new does not search it again.
//!
//! It is a memory like `seal_book`. An answer counts while HEAD, the manifest and all files of the session are as they were.
//! Settings that convert files on checkout do not count: they change how a file looks, not which edits it contains.

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::error::RunError;
use super::seal_book::SessionStamps;
use super::session::Session;
use crate::digest::Digest;
use crate::sys::disk::Root;

/// The file, relative to the workspace.
const FILE: &str = ".kaizen/cache/ledger";
/// The version of its form, and of the search.
const VERSION: u32 = 1;
/// The number of sessions that are kept: few are not settled at the same time.
const MOST: usize = 8;

/// The answer about one session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LedgerAnswer {
    session: String,
    /// The digest of what the answer depends on.
    question: Digest,
    /// The digest of the answer.
    answer: Digest,
    /// The digest of the other fields: a damaged line is no answer.
    check: Digest,
}

impl LedgerAnswer {
    fn new(session: &str, question: Digest, answer: Digest) -> Self {
        Self {
            session: session.to_owned(),
            question,
            answer,
            check: Digest::of_value(&(session, question, answer)),
        }
    }

    fn is_whole(&self) -> bool {
        *self == Self::new(&self.session, self.question, self.answer)
    }
}

/// The digest of what the answer about a session depends on. `None` if it changed so recently that another change
/// may not show, or where only git knows what the history is.
///
/// # Errors
/// git fails.
pub(crate) fn question(workspace: &Workspace, session: &Session) -> Result<Option<Digest>, RunError> {
    let stamps = SessionStamps::of(session.root(), &session.id).and_then(SessionStamps::calm);
    let (Some(stamps), Some(history)) = (stamps, workspace.ledger.history_key()?) else {
        return Ok(None);
    };
    let place = (workspace.name(), &session.id);
    Ok(Some(Digest::of_value(&(
        VERSION,
        history,
        &workspace.manifest,
        place,
        stamps,
    ))))
}

/// The answer to a question, if it is known.
pub(crate) fn answer(workspace: &Workspace, session: &Session, question: Digest) -> Option<Digest> {
    let known = read(&workspace.root).into_iter();
    let mut fitting = known.filter(|one| one.session == session.id && one.question == question);
    fitting.next().map(|one| one.answer)
}

/// Notes the answer to a question.
pub(crate) fn note(workspace: &Workspace, session: &Session, question: Digest, answer: Digest) {
    let mut answers = read(&workspace.root);
    answers.retain(|one| one.session != session.id);
    answers.push(LedgerAnswer::new(&session.id, question, answer));
    let oldest = answers.len().saturating_sub(MOST);
    let lines = answers[oldest..]
        .iter()
        .map(|one| serde_json::to_string(one).unwrap_or_default() + "\n");
    workspace.remember(FILE, &lines.collect::<String>());
}

fn read(root: &Root) -> Vec<LedgerAnswer> {
    let text = root.read_text(FILE).ok().flatten().unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    lines.filter(LedgerAnswer::is_whole).collect()
}
