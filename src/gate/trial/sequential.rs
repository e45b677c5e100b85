//! The trial of a noisy student: makes pairs of runs until the bets decide.

use std::collections::BTreeMap;

use super::{Trial, TrialLook, TrialResult, decided, too_many_lost};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{GateEvidence, GateRecord, Pair, RunCounts, StagedEvidence};
use crate::artifact::gate::settings::GateSettings;
use crate::eval::run::EvaluationHalted;
use crate::gate::design::{sequential_design, sequential_numbers};
use crate::gate::sequential::{PairedRun, Sequential};

/// The number of runs reserved for each edit if baselines are not shared.
const OWN: u32 = 4096;

pub(super) fn decide(
    trial: &Trial,
    begun: GateRecord,
    earlier: Option<&GateRecord>,
) -> Result<TrialResult, EvaluationHalted> {
    let mut made = RunCounts::default();
    let (mut record, mut staged) = match earlier.and_then(|earlier| Some((earlier, earlier.staged()?))) {
        Some((earlier, staged)) => resume(trial, begun, earlier, staged),
        None => (begun, StagedEvidence::unfed(trial.settings())),
    };
    let known: BTreeMap<(&str, u32), &Pair> = earlier
        .into_iter()
        .flat_map(|earlier| &earlier.pairs)
        .filter(|pair| pair.x.is_some())
        .map(|pair| ((pair.task.as_str(), pair.run), pair))
        .collect();
    let mut game = Sequential::new(sequential_design(&record, &staged));
    if record.stake.as_ref().is_some_and(|stake| stake.alpha <= 0.0) {
        staged.numbers = sequential_numbers(&record, &game);
        record.evidence = GateEvidence::Staged(Box::new(staged));
        return Ok((decided(record, GateReason::NoBudget), made));
    }
    let mut runs: BTreeMap<usize, u32> = BTreeMap::new();
    let controls = staged.settings.controls.max(1);
    let at_once = (trial.evaluator.concurrency / (1 + controls as usize)).max(1);
    let allowed = staged.settings.max_infra_share;
    while game.decided().is_none() && trial.refusal().is_none() && !too_many_lost(&record.pairs, allowed) {
        let ahead = game.soonest(trial.evaluator.concurrency).max(at_once);
        let mut numbered = runs.clone();
        let places: Vec<(usize, u32)> = game
            .upcoming(ahead)
            .into_iter()
            .map(|task| (task, next(&mut numbered, task)))
            .collect();
        for (place, pair) in places
            .iter()
            .zip(pairs(trial, &record, &staged.settings, &places, &known, &mut made)?)
        {
            // After a decision, or if a new stage changes the order, the runs made ahead are not evidence.
            if game.upcoming(1).first() != Some(&place.0) {
                break;
            }
            next(&mut runs, place.0);
            match pair.x.zip(pair.y) {
                Some((x, y)) => game.feed(PairedRun { task: place.0, x, y }),
                None => game.pass_over(),
            }
            record.pairs.push(pair);
            if too_many_lost(&record.pairs, allowed) {
                break;
            }
        }
        trial.show(&|| look(&record, &game));
    }
    record.calls.edited = record.pairs.iter().filter(|pair| pair.x.is_some()).count();
    record.calls.baseline = record.calls.edited * controls as usize;
    record.evidence = GateEvidence::Staged(Box::new(StagedEvidence {
        stage: game.stage(),
        numbers: sequential_numbers(&record, &game),
        ran: Some(record.ran()),
        ..staged
    }));
    Ok((
        decided(record, game.decided().unwrap_or(GateReason::Infrastructure)),
        made,
    ))
}

fn look(record: &GateRecord, game: &Sequential) -> TrialLook {
    TrialLook {
        log_e: Some(game.log_e()),
        log_e_needed: record.stake.as_ref().map(|stake| -stake.alpha.ln()),
        ..TrialLook::of(record)
    }
}

/// Continues an earlier trial: the same bets in the same order under the same error budget, with more pairs allowed if
/// the earlier trial ran out of them.
fn resume(
    trial: &Trial,
    begun: GateRecord,
    earlier: &GateRecord,
    staged: &StagedEvidence,
) -> (GateRecord, StagedEvidence) {
    // A sample allows one pass only.
    let ran_out =
        !trial.question.one_pass && matches!(earlier.reason, GateReason::Inconclusive | GateReason::OverallUnproven);
    let resumed = StagedEvidence {
        gone_on: staged.gone_on + u32::from(ran_out),
        // These settings determine which runs a pair uses; if they changed, a run would count twice.
        ..StagedEvidence::unfed(GateSettings {
            controls: staged.settings.controls,
            fresh_baseline: staged.settings.fresh_baseline,
            ..trial.settings()
        })
    };
    let record = GateRecord {
        stake: begun.stake.or_else(|| earlier.stake.clone()),
        seed: earlier.seed,
        edit_number: earlier.edit_number,
        ..begun
    };
    (record, resumed)
}

/// The number of the next run of a task; marks it as used.
fn next(runs: &mut BTreeMap<usize, u32>, task: usize) -> u32 {
    let run = runs.entry(task).or_default();
    *run += 1;
    *run - 1
}

/// The pairs at positions of the schedule. The j-th run with the edit is paired with the j-th block of baseline runs,
/// and uses the same random draw as the first run of the block.
fn pairs(
    trial: &Trial,
    record: &GateRecord,
    settings: &GateSettings,
    places: &[(usize, u32)],
    known: &BTreeMap<(&str, u32), &Pair>,
    made: &mut RunCounts,
) -> Result<Vec<Pair>, EvaluationHalted> {
    let controls = settings.controls.max(1);
    let own = if settings.fresh_baseline {
        OWN * record.edit_number
    } else {
        0
    };
    let first = |run: u32| own + run * controls;
    let name = |task: usize| trial.reached[task].task_id.as_str();
    let open: Vec<(usize, u32)> = places
        .iter()
        .copied()
        .filter(|(task, run)| !known.contains_key(&(name(*task), *run)))
        .collect();
    let edited: Vec<(usize, u32)> = open.iter().map(|(task, run)| (*task, first(*run))).collect();
    let block = |(task, run): &(usize, u32)| {
        (0..controls)
            .map(|more| (*task, first(*run) + more))
            .collect::<Vec<_>>()
    };
    let baseline: Vec<(usize, u32)> = open.iter().flat_map(block).collect();
    let xs = trial.scores(&trial.after, &edited, &mut made.edited)?;
    let ys = trial.scores(&trial.before, &baseline, &mut made.baseline)?;
    let mut fresh = xs.into_iter().zip(ys.chunks(controls as usize));
    let pair = |(task, run): &(usize, u32)| match known.get(&(name(*task), *run)) {
        Some(pair) => (*pair).clone(),
        None => {
            let (x, ys) = fresh.next().unwrap_or((None, &[]));
            let both = x.zip(mean(ys));
            Pair {
                task: name(*task).to_owned(),
                run: *run,
                x: both.map(|(x, _)| x),
                y: both.map(|(_, y)| y),
                confirmations: Vec::new(),
            }
        }
    };
    Ok(places.iter().map(pair).collect())
}

/// The mean if every run has a score; otherwise the pair is lost in both arms.
fn mean(scores: &[Option<f64>]) -> Option<f64> {
    let sum: f64 = scores.iter().copied().sum::<Option<f64>>()?;
    (!scores.is_empty()).then(|| sum / scores.len() as f64)
}
