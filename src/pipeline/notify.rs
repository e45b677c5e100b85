//! Tells a person that a session needs them, by the program and the webhook of `[notify]`.
//!
//! The last notice of a session is kept in kaizen's own folder. So each state is reported once, however often a watcher
//! tries the session again, and a notice that could not be sent is sent after the next run.

use std::path::Path;
use std::time::Duration;

use crate::artifact::notice::{Notice, NoticeReason};
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::{SessionRecord, SessionStatus};
use crate::artifact::{Artifact, counted};
use crate::llm::client::webhook;
use crate::manifest::programs::ManifestPart;
use crate::pipeline::options::{RunOptions, RunResult, WaitingFor};
use crate::sys::disk::{DiskError, Root};
use crate::sys::process::Program;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::session::Session;

/// The folder of the last notices, in kaizen's own folder.
const FOLDER: &str = "notices";

/// The time limit of the program.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The command that shows why a session needs a person.
const STATUS: &str = "kaizen status";

/// Why a session needs a person, in words for one sentence, and the command that shows or settles it.
struct SessionNeed {
    reason: NoticeReason,
    waiting: usize,
    words: String,
    next: String,
}

impl SessionNeed {
    /// A need in which no edit waits for an answer.
    fn new(reason: NoticeReason, words: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            reason,
            waiting: 0,
            words: words.into(),
            next: next.into(),
        }
    }
}

/// Sends a notice if the end of a run needs a person.
pub(super) fn after(
    workspace: &Workspace,
    asked: &RunOptions,
    (session, ended): (&Session, &Result<RunResult, RunError>),
    listener: Listener,
) {
    match ended {
        Ok(ended) => after_run(workspace, asked, ended, listener),
        Err(error) => after_failure(workspace, session, error, listener),
    }
}

/// Sends a notice if the run left its session waiting for a person. A notice that cannot be sent is a note of the run, and
/// never its failure.
fn after_run(workspace: &Workspace, asked: &RunOptions, ended: &RunResult, listener: Listener) {
    // Whoever asks for a part of a session, or writes its files, is there and sees how it ends.
    if asked.until.is_none() && !asked.by_files {
        report(workspace, &ended.session, need_after(ended), listener);
    }
}

/// Sends a notice if the run failed, or stopped for a person.
fn after_failure(workspace: &Workspace, session: &Session, error: &RunError, listener: Listener) {
    let need = match session.record() {
        Ok(record) => need_of_failure(workspace.calls.limit_reached(), error, record.as_ref()),
        Err(_) => return,
    };
    report(workspace, session, need, listener);
}

/// Sends a notice that the budget of a loop is spent.
pub(crate) fn after_budget(workspace: &Workspace, session: &str, listener: Listener) {
    let session = Session::at(&workspace.root, session);
    report(workspace, &session, Some(spent()), listener);
}

fn need_after(ended: &RunResult) -> Option<SessionNeed> {
    use NoticeReason::Waiting;
    let id = &ended.session.id;
    match &ended.waits {
        Some(WaitingFor::Release) => {
            let next = format!("kaizen release {id}");
            Some(SessionNeed::new(Waiting, "its plan waits for release", next))
        }
        Some(WaitingFor::Write(file)) => Some(SessionNeed::new(Waiting, format!("it waits for {file}"), STATUS)),
        Some(WaitingFor::NotReady(_)) => None,
        None => match ended.record.status {
            SessionStatus::AwaitingReview => Some(answers(&ended.record)),
            SessionStatus::Failed => Some(failure()),
            _ => None,
        },
    }
}

fn answers(record: &SessionRecord) -> SessionNeed {
    let waiting = record.count(OutcomeStatus::PendingReview);
    let verb = if waiting == 1 { "waits" } else { "wait" };
    let words = format!("{} {verb} for your answer", counted(waiting, "edit"));
    SessionNeed {
        waiting,
        ..SessionNeed::new(NoticeReason::Waiting, words, "kaizen review")
    }
}

fn failure() -> SessionNeed {
    SessionNeed::new(NoticeReason::Failed, "it failed", STATUS)
}

fn spent() -> SessionNeed {
    SessionNeed::new(NoticeReason::Budget, "the limit of its cost is reached", STATUS)
}

/// The need after a run that ended with an error. The error itself is not part of it, because it may quote a task.
fn need_of_failure(is_spent: bool, error: &RunError, record: Option<&SessionRecord>) -> Option<SessionNeed> {
    if is_spent {
        return Some(spent());
    }
    if error.is_about_a_file_of_the_user() || error.is_about_a_file_for_people() {
        let words = "a file of yours is in its way";
        return Some(SessionNeed::new(NoticeReason::Waiting, words, STATUS));
    }
    let has_failed = record.is_some_and(|record| record.status == SessionStatus::Failed);
    has_failed.then(failure)
}

/// Sends the notice unless it was the last one, and remembers it.
fn report(workspace: &Workspace, session: &Session, need: Option<SessionNeed>, listener: Listener) {
    let section = &workspace.manifest.notify;
    if section.run.is_empty() && section.webhook.is_none() {
        return;
    }
    let notice = need.map(|need| notice(workspace, session, need));
    if let Err(problem) = update(workspace, session, notice.as_ref()) {
        let text = format!("nobody was notified: {problem}");
        listener(Event::Note {
            text: workspace.redactor.text(&text).into_owned(),
        });
    }
}

fn update(workspace: &Workspace, session: &Session, notice: Option<&Notice>) -> Result<(), String> {
    // The worktree of a session goes with its branch, so the checkout remembers.
    let (root, path) = (
        &workspace.checkout,
        workspace.shared(&format!("{FOLDER}/{}.json", session.id)),
    );
    let last = last(root, &path).map_err(|error| error.to_string())?;
    let kept = match (notice, last) {
        (None, None) => return Ok(()),
        (Some(notice), Some(last)) if *notice == last => return Ok(()),
        (None, Some(_)) => root.remove(&path),
        (Some(notice), _) => {
            send(workspace, notice)?;
            root.publish(&path, notice.to_text().as_bytes())
        }
    };
    kept.map_err(|error| error.to_string())
}

/// The last notice of a session. One that cannot be read counts as none: it is sent again.
fn last(root: &Root, path: &Path) -> Result<Option<Notice>, DiskError> {
    let text = root.read_text(path)?;
    Ok(text.and_then(|text| Notice::from_text(path, &text).ok()))
}

fn notice(workspace: &Workspace, session: &Session, need: SessionNeed) -> Notice {
    let folder = workspace.name().into_owned();
    Notice {
        version: 1,
        reason: need.reason,
        waiting: need.waiting,
        text: format!("{folder}, session {}: {} (`{}`)", session.id, need.words, need.next),
        next: need.next,
        workspace: folder,
        session: session.id.clone(),
        extra: Default::default(),
    }
}

/// Sends a notice to both places, and fails if either did not get it.
fn send(workspace: &Workspace, notice: &Notice) -> Result<(), String> {
    let section = &workspace.manifest.notify;
    let unapproved = |_| "[notify] is not approved; `kaizen trust` shows what it would use".to_owned();
    workspace
        .permission
        .check(&[ManifestPart::Notify])
        .map_err(unapproved)?;
    let consent = workspace.calls.consent()?;
    let body = notice.to_text();
    if !section.run.is_empty() {
        let withheld = workspace.manifest.withheld(&section.env);
        let program = Program {
            consent: &consent,
            run: &section.run,
            folder: &workspace.root,
            withheld: &withheld,
            variables: Vec::new(),
            timeout: Some(TIMEOUT),
            bounds: None,
        };
        program.run_to_success(Some(body.as_bytes()))?;
    }
    match &section.webhook {
        Some(url) => webhook::post(&consent, url, &body).map_err(|problem| format!("[notify] webhook: {problem}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_what_it_means_for_a_person() {
        let reason = |is_spent, error: &RunError| need_of_failure(is_spent, error, None).map(|need| need.reason);
        let dirty = RunError::Dirty(vec!["a.md".into()]);
        assert_eq!(reason(true, &RunError::HeadMoved), Some(NoticeReason::Budget));
        assert_eq!(reason(false, &dirty), Some(NoticeReason::Waiting));
        // The session has not failed: its record does not say so.
        assert_eq!(reason(false, &RunError::HeadMoved), None);
        assert_eq!(reason(false, &RunError::StopAsked), None);
    }
}
