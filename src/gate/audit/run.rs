//! Audit: what the present harness is worth against an earlier one, over all tasks of a split.
//!
//! The runs behind an accept were lucky ones, so to speak: they are why the edit was kept. An audit of a noisy student
//! therefore makes runs of its own, which no gate ever hears of. They are remembered, so that the same audit costs
//! nothing the second time, and one with more rounds goes on where the last one stopped.

use crate::artifact::gate::record::{Pair, Runs};
use crate::artifact::gate::settings::{Mode, Population};
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::{Evaluator, Halted};
use crate::gate::audit::{Audited, Basis, Compared, Finding, audited};
use crate::gate::trial::{GatePolicy, Trial, TrialSpec};
use crate::harness::Harness;

/// The number of an audit's first run: behind those of every trial.
const FIRST_RUN: u32 = 1 << 24;

/// What is asked.
pub(crate) struct Wanted<'a> {
    /// The harness as it was.
    pub before: &'a Harness,
    /// The harness as it is.
    pub after: &'a Harness,
    /// The tasks.
    pub tasks: &'a [Task],
    /// The settings of the gate.
    pub judging: GatePolicy,
    /// Whether two runs of the same thing were seen to differ; `None` where nobody looked.
    pub noisy: Option<bool>,
    /// Rounds at most; those of the gate's second stage when absent.
    pub most: Option<usize>,
}

/// What was found, and what it took.
pub(crate) struct Found {
    /// What was found.
    pub audited: Audited,
    /// Rounds over all tasks that tell both apart.
    pub rounds: usize,
    /// Pairs of runs.
    pub pairs: usize,
    /// Runs that were not remembered.
    pub made: Runs,
}

/// Compares both, as far as it takes.
///
/// # Errors
/// Something halted the runs; what was attempted is remembered.
pub(crate) fn audit(evaluator: &Evaluator, wanted: &Wanted) -> Result<Found, Halted> {
    let trial = Trial::new(
        evaluator,
        TrialSpec {
            before: wanted.before,
            after: wanted.after,
            tasks: wanted.tasks,
            target: None,
            mode: Mode::Sequential,
            one_pass: false,
            settings: wanted.judging.settings,
            edit: Digest::of_bytes(b"audit"),
        },
    );
    let mut made = Runs::default();
    let sample = wanted.judging.population == Population::Sample;
    if !is_noisy(wanted, &trial) {
        let basis = if sample { Basis::Sample } else { Basis::Fact };
        let pairs = trial.round(0, 0, &mut made)?;
        let pairs = trial.confirmed(pairs, wanted.judging.settings.confirm, &mut made)?;
        // A flip that does not repeat is noise after all: what was seen so far is no evidence.
        if pairs.iter().all(Pair::repeats) {
            return Ok(found(wanted, &trial, &pairs, basis, made));
        }
    }
    let (basis, most) = match sample {
        true => (Basis::Sample, 1),
        false => (Basis::Runs, wanted.most.unwrap_or(wanted.judging.settings.guard_rounds)),
    };
    let mut pairs = Vec::new();
    for round in 0..most.max(1) as u32 {
        pairs.extend(trial.round(round, FIRST_RUN + round, &mut made)?);
        let so_far = found(wanted, &trial, &pairs, basis, made);
        // Judged after whole rounds only, so that every task counts alike.
        if so_far.audited.finding != Finding::Unknown {
            return Ok(so_far);
        }
    }
    Ok(found(wanted, &trial, &pairs, basis, made))
}

/// Whether the student may answer differently: unless it cannot, or was seen to answer alike, or the manifest says so.
fn is_noisy(wanted: &Wanted, trial: &Trial) -> bool {
    let said = match wanted.judging.mode {
        Mode::Exact => false,
        Mode::Sequential => true,
        Mode::Auto | Mode::Rule => wanted.noisy != Some(false),
    };
    said && trial.varies()
}

fn found(wanted: &Wanted, trial: &Trial, pairs: &[Pair], basis: Basis, made: Runs) -> Found {
    let reached = trial.reached();
    let audited = audited(&Compared {
        sizes: &trial.sizes(),
        reached: &reached,
        pairs,
        basis,
        max_infra_share: wanted.judging.settings.max_infra_share,
    });
    Found {
        audited,
        rounds: pairs.len() / reached.len().max(1),
        pairs: pairs.len(),
        made,
    }
}
