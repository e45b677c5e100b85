//! What waits for a person: questions about edits, edits that the gate left undecided, and what holds the newest session.

use std::collections::BTreeMap;

use super::edit::EditAnchor;
use super::source::ReportSource;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::plan::Plan;
use crate::artifact::record::SessionRecord;
use crate::cli::exit::CommandFailure;
use crate::cli::render::undecided::{is_likely, keepable};
use crate::cli::report::veil::ShownText;
use crate::cli::status;
use crate::workspace::session::Session;

/// An edit that a person can decide about.
#[derive(Clone, Debug)]
pub(crate) struct OpenQuestion {
    /// Its place.
    pub anchor: EditAnchor,
    /// Its name in a command.
    pub name: ShownText,
    /// What it changes.
    pub title: ShownText,
    /// Why it waits.
    pub why: &'static str,
}

/// What waits for a person.
#[derive(Clone, Debug, Default)]
pub(crate) struct WaitingList {
    /// The edits, newest session first.
    pub questions: Vec<OpenQuestion>,
    /// What a person has to do before the newest session can continue.
    pub in_the_way: Option<ShownText>,
    /// The next command.
    pub next: Option<ShownText>,
}

impl WaitingList {
    /// What waits in these sessions, newest last.
    ///
    /// # Errors
    /// A file of a session cannot be read.
    pub(crate) fn of(
        source: &ReportSource,
        sessions: &[Session],
        records: &BTreeMap<String, SessionRecord>,
    ) -> Result<Self, CommandFailure> {
        let mut list = Self::default();
        let Some(newest) = sessions.last() else { return Ok(list) };
        for session in sessions.iter().rev() {
            let outcomes = records.get(&session.id).map_or(&[][..], |record| &record.edit_outcomes);
            let may_wait = |status| matches!(status, OutcomeStatus::PendingReview | OutcomeStatus::Undecided);
            if session.id == newest.id || outcomes.iter().any(|outcome| may_wait(outcome.status)) {
                list.add(source, session, session.id == newest.id)?;
            }
        }
        let (in_the_way, next) = status::outlook(source.workspace, source.inputs, newest)?;
        list.in_the_way = in_the_way.map(|words| source.veil.line(&words));
        list.next = Some(source.veil.line(&next));
        Ok(list)
    }

    fn add(&mut self, source: &ReportSource, session: &Session, is_newest: bool) -> Result<(), CommandFailure> {
        let plan: Option<Plan> = session.read("plan.json").ok().flatten();
        let shared = plan.map(|plan| plan.shared_labels()).unwrap_or_default();
        let question = |label: &str, title: &str, digest, why| OpenQuestion {
            anchor: EditAnchor::new(&session.id, digest),
            name: source.veil.line(&shared.name(label, &digest)),
            title: source.veil.line(title),
            why,
        };
        for (digest, pending) in session.waiting()? {
            let why = match (&pending.decision, &pending.near_miss) {
                (Some(_), _) => "answered; the next `kaizen run` acts on it",
                (None, Some(_)) => "nearly accepted by the gate",
                (None, None) => "needs your decision before it is tried",
            };
            let edit = &pending.edit;
            self.questions.push(question(&edit.id, &edit.title(), digest, why));
        }
        // As in `kaizen status`: older edits are compared with a harness that may be gone.
        for outcome in keepable(session)?.iter().filter(|_| is_newest) {
            let why = match is_likely(outcome) {
                true => "likely helps, not proven with these tasks",
                false => "gained, which may be chance or lowers a category",
            };
            let title = format!("{} {}", outcome.op.name(), outcome.target);
            self.questions
                .push(question(&outcome.edit_id, &title, outcome.edit_digest, why));
        }
        Ok(())
    }
}
