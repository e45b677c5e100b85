//! Finds out whether a session's results still describe today's harness and benchmark. If they do not, an answer comes
//! late: its edit is judged on today's state, and the session keeps its numbers.

use crate::artifact::baseline::Baseline;
use crate::artifact::outcome::{Footing, LateAnswer};
use crate::digest::Digest;
use crate::ledger::port::{CommitId, LedgerEntry};
use crate::pipeline::context::Context;
use crate::workspace::error::RunError;

/// The last commit of a session's own edits, and whether everything else is as the session measured it.
pub(crate) struct Standing {
    /// The commit after the session's own edits and reverts; without any, that of the baseline.
    pub tip: CommitId,
    /// Whether somebody else changed the harness since the baseline, or the benchmark, the student or the settings of
    /// the measurement changed.
    pub has_moved: bool,
}

/// Compares a session's baseline and own commits with the harness `head`, today's benchmark and today's settings.
///
/// # Errors
/// git fails, or the benchmark cannot be read.
pub(crate) fn standing(context: &Context, baseline: &Baseline, head: Digest) -> Result<Standing, RunError> {
    let base = &baseline.harness_commit;
    let history = context.inputs.history(&context.session.id, Some(base))?;
    let own: Vec<&LedgerEntry> = history
        .entries
        .iter()
        .filter(|entry| changes_the_harness(entry))
        .collect();
    let tip = own.last().map_or(base, |entry| &entry.commit).clone();
    let is_as_left = match lacks_base(context, base)? {
        true => continues_record(context, &own)? == Some(head),
        false => is_contiguous(context, baseline, &own)? && own_harness(context, baseline, own.last())? == head,
    };
    let has_moved = !measures_as_today(context, baseline)? || !is_as_left;
    Ok(Standing { tip, has_moved })
}

/// Whether the history of this clone begins after the commit of a baseline.
fn lacks_base(context: &Context, base: &str) -> Result<bool, RunError> {
    let graph = context.inputs.graph()?;
    Ok(graph.is_cut() && graph.place(base).is_none())
}

/// The digest of the harness after the session's own commits since its record, which says what the older ones left. `None`
/// without a record.
fn continues_record(context: &Context, own: &[&LedgerEntry]) -> Result<Option<Digest>, RunError> {
    let mut left = context.session.record()?.and_then(|record| record.harness_after);
    for entry in own {
        let parent = entry.parent.as_ref().map(|parent| context.inputs.harness_at(parent));
        let before = parent.transpose()?.map(|before| before.digest());
        if before.is_some() && before == left {
            left = Some(context.inputs.harness_at(&entry.commit)?.digest());
        }
    }
    Ok(left)
}

/// What an answer given now is judged on, for a session that has moved on; the harness is that before the edit.
///
/// # Errors
/// The benchmark cannot be read.
pub(crate) fn late_answer(context: &Context, baseline: &Baseline, head: Digest) -> Result<LateAnswer, RunError> {
    Ok(LateAnswer {
        proposed_for: Footing {
            harness: baseline.harness,
            benchmark: baseline.benchmark,
        },
        judged_on: Footing {
            harness: head,
            benchmark: context.inputs.benchmark()?.pin().digest,
        },
    })
}

/// Whether a commit of kaizen applied or reverted an edit; the others contain files of a session.
fn changes_the_harness(entry: &LedgerEntry) -> bool {
    entry.trailer("Edit-Digest").is_some() || entry.trailer("Reverts-Edit").is_some()
}

/// Whether a baseline made today would use the same tasks, student and settings. If its checkpoint is missing, that is
/// unknown, and the answer is no.
fn measures_as_today(context: &Context, baseline: &Baseline) -> Result<bool, RunError> {
    let Some(checkpoint) = context.session.checkpoint("baseline") else {
        return Ok(false);
    };
    let stanza = context.manifest().phases().remove("baseline").unwrap_or_default();
    let record = context.session.record()?;
    let today = context.definition(record.as_ref(), "baseline", &stanza);
    Ok(today == checkpoint.definition && context.inputs.benchmark()?.pin().digest == baseline.benchmark)
}

/// Whether each own commit builds on the harness that the one before it left.
fn is_contiguous(context: &Context, baseline: &Baseline, own: &[&LedgerEntry]) -> Result<bool, RunError> {
    let mut before: Option<&LedgerEntry> = None;
    for entry in own {
        let parent = entry.parent.as_ref();
        let follows = parent == Some(before.map_or(&baseline.harness_commit, |before| &before.commit));
        if !follows {
            let found = parent.map(|parent| context.inputs.harness_at(parent)).transpose()?;
            let expected = own_harness(context, baseline, before.as_ref())?;
            if found.is_none_or(|found| found.digest() != expected) {
                return Ok(false);
            }
        }
        before = Some(entry);
    }
    Ok(true)
}

/// The digest of the harness that an own commit left; without one, that of the baseline.
fn own_harness(context: &Context, baseline: &Baseline, last: Option<&&LedgerEntry>) -> Result<Digest, RunError> {
    match last {
        Some(entry) => Ok(context.inputs.harness_at(&entry.commit)?.digest()),
        None => Ok(baseline.harness),
    }
}
