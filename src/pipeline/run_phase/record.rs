//! Record, with the score of the final head.

use std::collections::BTreeMap;

use super::{PhaseOutput, Run};
use crate::artifact::Artifact;
use crate::artifact::after::{self, After};
use crate::artifact::baseline::Baseline;
use crate::artifact::egress::Role;
use crate::artifact::plan::Plan;
use crate::artifact::record::{Record, Snapshot};
use crate::artifact::spending::{self, Spent};
use crate::eval::run::evaluate;
use crate::ledger::port::Entry;
use crate::llm::client;
use crate::pipeline::{phase, state};
use crate::workspace::dirty::clean_harness;
use crate::workspace::error::RunError;

pub(super) fn record(run: &Run) -> Result<PhaseOutput, RunError> {
    let workspace = run.view.workspace;
    let (plan, baseline): (Plan, Baseline) = (run.need("plan.json")?, run.need("baseline.json")?);
    let begun: Record = run.need("session.json")?;
    let gate = run.view.inputs.gate(&run.session.id)?;
    let harness = clean_harness(workspace, run.view.inputs)?;
    let tasks: Vec<_> = gate.iter().collect();
    let after = run
        .evaluating(|evaluator| evaluate(&evaluator, &harness, &tasks))
        .map_err(|halted| run.failed("record")(halted.to_string()))?;
    let (entries, _) = run
        .view
        .inputs
        .history(&run.session.id, Some(&baseline.harness_commit))?;
    let of_an_edit = |entry: &&Entry| {
        entry
            .trailer("Edit-Digest")
            .or_else(|| entry.trailer("Reverts-Edit"))
            .is_some()
    };
    let settled = phase::record::Settled {
        baseline: &baseline,
        edits: &plan.edits,
        outcomes: &run.session.outcomes()?,
        after: &after,
        harness: harness.digest(),
        last_commit: entries.iter().rev().find(of_an_edit).map(|entry| entry.commit.clone()),
    };
    let autonomy_mode = state::autonomy(run.view, Some(&begun));
    let spending = spending::sums(&client::spent(run.session.root(), &run.session.path(""))?);
    let teacher_cost_usd = teacher_cost(&spending, &plan);
    let record = phase::record::record(
        Record {
            autonomy_mode,
            teacher_cost_usd,
            spending,
            ..begun
        },
        &settled,
        workspace.clock.stamp(),
    );
    let summary = format!(
        "{:.1} % before, {:.1} % after",
        percent(&record.benchmark_before),
        percent(&record.benchmark_after)
    );
    let after = After {
        version: 1,
        harness: harness.digest(),
        evaluation: after,
        extra: Default::default(),
    };
    Ok(PhaseOutput {
        files: vec![
            (after::FILE.into(), after.to_text()),
            ("session.json".into(), record.to_text()),
        ],
        summary,
    })
}

/// What the teacher took. One that is no language model says it itself.
fn teacher_cost(spending: &BTreeMap<Role, Spent>, plan: &Plan) -> Option<f64> {
    let asked = spending
        .keys()
        .any(|role| *role != Role::Student && *role != Role::Judge);
    match asked {
        true => spending::teacher_cost(spending),
        false => plan.estimated_cost_usd,
    }
}

fn percent(snapshot: &Option<Snapshot>) -> f64 {
    snapshot.as_ref().map_or(0.0, |snapshot| 100.0 * snapshot.overall_score)
}
