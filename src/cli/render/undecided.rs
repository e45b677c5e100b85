//! Asks one question about all edits that the gate left undecided after a complete run.

use super::line::change;
use crate::artifact::counted;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::GateRecord;
use crate::artifact::label::SharedLabels;
use crate::artifact::outcome::Outcome;
use crate::cli::exit::CommandFailure;
use crate::cli::visible::visible;
use crate::gate::power::sample::{CONTENTS, visible as visible_gain};
use crate::gate::sample::words::chance;
use crate::workspace::session::{Session, SessionError};

/// The edits of a session that a person can keep, the smallest p value first.
///
/// # Errors
/// The outcomes cannot be read.
pub(crate) fn keepable(session: &Session) -> Result<Vec<Outcome>, SessionError> {
    let outcomes = session.outcomes()?.into_values();
    let mut found: Vec<Outcome> = outcomes.filter(Outcome::may_be_kept).collect();
    found.sort_by(|one, two| p(one).total_cmp(&p(two)));
    Ok(found)
}

fn p(outcome: &Outcome) -> f64 {
    let sample = outcome.gate.as_ref().and_then(GateRecord::sampled);
    sample.and_then(|sample| sample.p).unwrap_or(1.0)
}

/// Whether the gate calls an edit likely.
pub(crate) fn is_likely(outcome: &Outcome) -> bool {
    outcome
        .gate
        .as_ref()
        .is_some_and(|record| record.reason == GateReason::Likely)
}

/// Asks one question about all edits of a session that the gate left undecided. Without such edits, it prints nothing.
///
/// # Errors
/// The outcomes cannot be read.
pub(crate) fn ask(session: &Session) -> Result<(), CommandFailure> {
    let (likely, others): (Vec<_>, Vec<_>) = keepable(session)?.into_iter().partition(is_likely);
    let all = likely.iter().chain(&others);
    let shared = SharedLabels::of(all.map(|outcome| (outcome.edit_id.as_str(), outcome.edit_digest)));
    if let Some(first) = likely.first() {
        let help = if likely.len() == 1 { "helps" } else { "help" };
        out!(
            "  {} likely {help}, not proven at this size{}: kaizen accept --likely",
            counted(likely.len(), "edit"),
            shows(first)
        );
        list(&likely, &shared);
    }
    if !others.is_empty() {
        let (gained, it) = match others.len() {
            1 => ("gained, which may be chance or lowers a category", "it"),
            _ => ("gained, which may be chance or lowers a category", "one"),
        };
        out!(
            "  {} {gained}: kaizen accept EDIT keeps {it}",
            counted(others.len(), "edit")
        );
        list(&others, &shared);
    }
    Ok(())
}

/// What so many tasks can show.
fn shows(outcome: &Outcome) -> String {
    let sample = outcome.gate.as_ref().and_then(GateRecord::sampled);
    let gain = sample.and_then(|sample| Some((sample.n, visible_gain(sample.level, CONTENTS, sample.n)?)));
    gain.map_or(String::new(), |(tasks, gain)| {
        format!(
            " ({} show gains from {:.0} points)",
            counted(tasks, "task"),
            100.0 * gain
        )
    })
}

fn list(outcomes: &[Outcome], shared: &SharedLabels) {
    for outcome in outcomes {
        let Some(sample) = outcome.gate.as_ref().and_then(GateRecord::sampled) else {
            continue;
        };
        let label = shared.shown(&outcome.edit_id, &outcome.edit_digest);
        out!(
            "    {:<8} {}, {}, {} in {}, p = {}",
            visible(&label),
            change(sample.gain, sample.interval).unwrap_or_default(),
            counted(sample.wins, "win"),
            counted(sample.losses, "loss"),
            counted(sample.n, "task"),
            chance(sample.p.unwrap_or(1.0))
        );
    }
}
