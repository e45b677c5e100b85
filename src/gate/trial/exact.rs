//! The trial of a student that answers the same way each time: no more runs than the decision needs.

use super::{Decided, RunSlot, Trial, decided, too_many_lost};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{GateRecord, Pair, Runs};
use crate::eval::run::Halted;
use crate::gate::exact::Exact;
use crate::gate::replay::{exact_design, exact_numbers};

pub(super) fn decide(trial: &Trial, begun: GateRecord) -> Result<Decided, Halted> {
    let (mut record, mut made) = (begun, Runs::default());
    let places: Vec<RunSlot> = (0..trial.reached.len()).map(|at| (at, 0)).collect();
    let before = trial.scores(&trial.before, &places, &mut made.baseline)?;
    for (reached, score) in record.reached.iter_mut().zip(&before) {
        reached.baseline = *score;
    }
    let mut exact = Exact::new(exact_design(&record));
    let mut differences = Vec::new();
    let allowed = record.settings.max_infra_share;
    while exact.decided().is_none() && !too_many_lost(&record.pairs, allowed) {
        let ahead = exact.soonest(trial.evaluator.concurrency);
        let places: Vec<RunSlot> = exact.upcoming(ahead).into_iter().map(|task| (task, 0)).collect();
        let scores = trial.scores(&trial.after, &places, &mut made.edited)?;
        for (&(task, _), x) in places.iter().zip(scores) {
            if exact.decided().is_some() {
                break;
            }
            let pair = pair(trial, &record, &exact, (task, x), &mut made)?;
            match pair.x {
                Some(x) => differences.push((task, exact.feed(task, x, &pair.confirmations))),
                None => exact.pass_over(task),
            }
            record.pairs.push(pair);
            if too_many_lost(&record.pairs, allowed) {
                break;
            }
        }
    }
    record.calls = record.pairs.iter().fold(record.calls, |calls, pair| {
        let confirmations = pair.confirmations.len();
        Runs {
            edited: calls.edited + usize::from(pair.x.is_some()) + confirmations,
            baseline: calls.baseline + confirmations,
        }
    });
    record.numbers = exact_numbers(&record, &exact, &differences);
    let lost = too_many_lost(&record.pairs, allowed);
    let reason = exact.decided().filter(|_| !lost);
    Ok((decided(record, reason.unwrap_or(GateReason::Infrastructure)), made))
}

/// The pair of a task, a flip with what confirms it. Without a score in any of its runs it is lost.
fn pair(
    trial: &Trial,
    record: &GateRecord,
    exact: &Exact,
    (task, x): (usize, Option<f64>),
    made: &mut Runs,
) -> Result<Pair, Halted> {
    let both = x.zip(record.reached[task].baseline);
    let confirmed = match both {
        Some((x, _)) if exact.is_flip(task, x) => trial.confirmations(task, record.settings.confirm, made)?,
        _ => Some(Vec::new()),
    };
    let both = both.filter(|_| confirmed.is_some());
    Ok(Pair {
        task: trial.reached[task].task_id.clone(),
        run: 0,
        x: both.map(|(x, _)| x),
        y: both.map(|(_, y)| y),
        confirmations: confirmed.unwrap_or_default(),
    })
}
