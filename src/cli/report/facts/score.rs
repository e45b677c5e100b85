//! The history of the score: where each session began, what each kept edit changed, and where the session ended.

use super::edit::EditAnchor;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::{EditOutcome, SessionRecord};
use crate::cli::report::veil::{ShownText, Veil};
use crate::workspace::session::Session;

/// What a point of the history stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ScoreEvent {
    /// A session measured the harness before its first edit.
    Begin,
    /// An edit was applied; its label and its place.
    Edit(ShownText, EditAnchor),
    /// A session measured the harness after its last edit.
    End,
}

/// A point of the history.
#[derive(Clone, Debug)]
pub(crate) struct ScorePoint {
    /// The session, whose id needs no veil: it is plain.
    pub session: String,
    /// When the session started.
    pub started_at: ShownText,
    /// What happened.
    pub event: ScoreEvent,
    /// The score, 0 to 1.
    pub score: f64,
    /// The scores that the 90 % interval of the edit's change allows.
    pub interval: Option<[f64; 2]>,
    /// Whether the tasks differ from those of the point before, so that the two scores cannot be compared.
    pub is_new_benchmark: bool,
}

/// The history of the score over sessions and commits, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScoreHistory {
    /// Its points.
    pub points: Vec<ScorePoint>,
    version: Option<String>,
}

impl ScoreHistory {
    /// Adds a session, newer than all others. A session without a score adds nothing.
    pub(crate) fn add(&mut self, session: &Session, record: &SessionRecord, veil: &Veil) {
        let Some(before) = &record.benchmark_before else { return };
        let is_new = self
            .version
            .as_ref()
            .is_some_and(|known| *known != before.benchmark_version);
        self.version = Some(before.benchmark_version.clone());
        let point = |event, score, interval, is_new_benchmark| ScorePoint {
            session: session.id.clone(),
            started_at: veil.line(&record.started_at),
            event,
            score,
            interval,
            is_new_benchmark,
        };
        self.points
            .push(point(ScoreEvent::Begin, before.overall_score, None, is_new));
        let mut score = before.overall_score;
        for (outcome, delta) in applied(&record.edit_outcomes) {
            let interval = outcome
                .interval
                .map(|ends| ends.map(|end| (score + end).clamp(0.0, 1.0)));
            score = (score + delta).clamp(0.0, 1.0);
            let anchor = EditAnchor::new(&session.id, outcome.edit_digest);
            let event = ScoreEvent::Edit(veil.line(&outcome.edit_id), anchor);
            self.points.push(point(event, score, interval, false));
        }
        if let Some(after) = &record.benchmark_after {
            self.points
                .push(point(ScoreEvent::End, after.overall_score, None, false));
        }
    }
}

/// The edits that count for the score, in the order in which they were applied.
fn applied(outcomes: &[EditOutcome]) -> Vec<(&EditOutcome, f64)> {
    let kept = outcomes
        .iter()
        .filter(|outcome| outcome.status == OutcomeStatus::Applied);
    let mut kept: Vec<(&EditOutcome, f64)> = kept
        .filter_map(|outcome| Some((outcome, outcome.benchmark_delta?)))
        .collect();
    kept.sort_by(|(one, _), (other, _)| one.applied_at.cmp(&other.applied_at));
    kept
}
