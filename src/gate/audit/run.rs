//! Runs an audit: compares the present harness with an earlier one, over all tasks of a split.
//!
//! An edit was kept because of its runs, so those runs are biased in its favour. If the student is noisy, an audit
//! therefore makes new runs, which no gate uses. They are cached: repeating the audit costs nothing, and an audit with
//! more rounds continues after the last cached one.

use crate::artifact::gate::record::{Pair, RunCounts};
use crate::artifact::gate::settings::{Mode, Population};
use crate::artifact::task::Task;
use crate::eval::run::{EvaluationHalted, Evaluator};
use crate::gate::audit::{AuditFinding, AuditPairs, AuditResult, Basis, audited};
use crate::gate::trial::{GatePolicy, Trial, TrialSpec};
use crate::harness::Harness;

/// The number of an audit's first run; larger than that of any run in a trial.
pub(crate) const FIRST_RUN: u32 = 1 << 24;

/// The input of an audit.
pub(crate) struct AuditSpec<'a> {
    /// The earlier harness.
    pub before: &'a Harness,
    /// The present harness.
    pub after: &'a Harness,
    /// The tasks.
    pub tasks: &'a [Task],
    /// The settings of the gate.
    pub policy: GatePolicy,
    /// Whether two runs of the same request were seen to differ; `None` if no two runs were compared.
    pub noisy: Option<bool>,
    /// The largest number of rounds; `None`: that of the gate's second stage.
    pub most: Option<usize>,
}

/// The result of an audit, with its cost.
pub(crate) struct AuditRun {
    /// The comparison.
    pub audited: AuditResult,
    /// Rounds over all tasks whose request differs.
    pub rounds: usize,
    /// The number of pairs.
    pub pairs: usize,
    /// New runs, which were not cached.
    pub made: RunCounts,
    /// How many attempts the agent itself failed, and why; `None` if it failed none.
    pub failures: Option<String>,
}

/// Compares both harnesses, and stops as soon as the result is known.
///
/// # Errors
/// The runs were halted; completed attempts are cached.
pub(crate) fn audit(evaluator: &Evaluator, spec: &AuditSpec) -> Result<AuditRun, EvaluationHalted> {
    let question = TrialSpec::of_pairs(spec.before, spec.after, spec.tasks, spec.policy.settings);
    let trial = Trial::new(evaluator, question);
    let mut made = RunCounts::default();
    let sample = spec.policy.population == Population::Sample;
    if !is_noisy(spec.policy.mode, spec.noisy, &trial) {
        let basis = if sample { Basis::Sample } else { Basis::Fact };
        let pairs = trial.round(0, 0, &mut made)?;
        let pairs = trial.confirmed(pairs, spec.policy.settings.confirm, &mut made)?;
        // If a flip does not repeat, the student is noisy, and the runs so far are not evidence.
        if pairs.iter().all(Pair::repeats) {
            return Ok(found(spec, &trial, &pairs, basis, made));
        }
    }
    let (basis, most) = match sample {
        true => (Basis::Sample, 1),
        false => (Basis::Runs, spec.most.unwrap_or(spec.policy.settings.guard_rounds)),
    };
    let mut pairs = Vec::new();
    for round in 0..most.max(1) as u32 {
        pairs.extend(trial.round(round, FIRST_RUN + round, &mut made)?);
        let so_far = found(spec, &trial, &pairs, basis, made);
        // Checked only after whole rounds, so that every task has equal weight.
        if so_far.audited.finding != AuditFinding::Unknown {
            return Ok(so_far);
        }
    }
    Ok(found(spec, &trial, &pairs, basis, made))
}

/// Whether the student counts as noisy. It does not if it cannot vary, if the mode is `exact`, or if two runs were
/// compared and agreed (modes `auto` and `rule`). `seen`: whether two runs of the same request were seen to differ.
pub(crate) fn is_noisy(mode: Mode, seen: Option<bool>, trial: &Trial) -> bool {
    let said = match mode {
        Mode::Exact => false,
        Mode::Sequential => true,
        Mode::Auto | Mode::Sample | Mode::Rule => seen != Some(false),
    };
    said && trial.varies()
}

fn found(spec: &AuditSpec, trial: &Trial, pairs: &[Pair], basis: Basis, made: RunCounts) -> AuditRun {
    let reached = trial.reached();
    let audited = audited(&AuditPairs {
        sizes: &trial.sizes(),
        reached: &reached,
        pairs,
        basis,
        max_infra_share: spec.policy.settings.max_infra_share,
    });
    AuditRun {
        audited,
        rounds: pairs.len() / reached.len().max(1),
        pairs: pairs.len(),
        made,
        failures: trial.failures(),
    }
}
