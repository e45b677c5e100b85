//! Greedy forward selection: the edit with the largest held-out gain, on top of those already chosen, and again.

use std::collections::BTreeMap;

use candidate::Change;

use super::cause::{self, Failures};
use super::objective::{Gain, Scores, gain, scores};
use super::sample::{Fold, default_agent, folds, shuffled};
use super::{Settings, apply, candidate};
use crate::artifact::cluster::FailureCluster;
use crate::artifact::edit::Edit;
use crate::harness::Harness;
use crate::teacher::Briefing;

/// What learning to refuse may cost overall, 0 to 1. Train tasks hold few questions out of scope, the world holds many:
/// a bolder threshold is proposed as an edit of its own, behind the safe one, and the gate decides.
const REFUSAL_COST: f64 = 0.01;
/// Candidates measured again in full after the first fold ranked all of them.
const FINALISTS: usize = 5;
/// Threads that measure.
const THREADS: usize = 2;

/// What stays the same during a search.
struct Search<'b, 'a> {
    briefing: &'b Briefing<'a>,
    folds: Vec<Fold<'a>>,
    shares: BTreeMap<String, f64>,
    default: String,
    min_gain: f64,
}

/// The harness of each fold, and the whole one that edits are written against, with all edits chosen so far.
struct State {
    folds: Vec<Harness>,
    whole: Harness,
    /// Scores fold by fold.
    scores: Vec<Scores>,
}

/// A measured change.
struct Measured {
    change: Change,
    gain: Gain,
}

/// The edits of a plan, in the order in which they were chosen.
pub(crate) fn edits(briefing: &Briefing, clusters: &[FailureCluster], settings: &Settings) -> Vec<Edit> {
    let search = Search {
        briefing,
        folds: folds(briefing, settings.sample),
        shares: shares(briefing),
        default: default_agent(briefing),
        min_gain: settings.min_gain,
    };
    let failures = cause::failures(briefing, settings.sample);
    let mut state = search.start();
    let mut edits: Vec<Edit> = Vec::new();
    while edits.len() < settings.max_edits {
        let Some(best) = search.best(&state) else { break };
        let mut edit = best
            .change
            .edit(&state.whole, &search.everything(), briefing, &search.default);
        let Some(next) = search.after(&state, &best.change, &edit) else {
            break;
        };
        explain(&mut edit, edits.len() + 1, &best.gain, &state, &next);
        attribute(&mut edit, &failures, clusters, &state, &next);
        edits.push(edit);
        state = next;
    }
    edits
}

fn shares(briefing: &Briefing) -> BTreeMap<String, f64> {
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    for task in briefing.train {
        *shares.entry(task.category.clone()).or_default() += 1.0 / briefing.train.len() as f64;
    }
    shares
}

impl<'a> Search<'_, 'a> {
    fn start(&self) -> State {
        let harnesses: Vec<Harness> = self.folds.iter().map(|fold| fold.harness.clone()).collect();
        let scores = (0..self.folds.len()).map(|at| self.run(at, &harnesses[at])).collect();
        State {
            folds: harnesses,
            whole: self.briefing.harness.clone(),
            scores,
        }
    }

    fn everything(&self) -> Vec<&'a crate::artifact::task::Task> {
        shuffled(self.briefing)
    }

    fn run(&self, fold: usize, harness: &Harness) -> Scores {
        scores(&(self.briefing.run_student)(harness, &self.folds[fold].held_out))
    }

    /// The harness of one fold after a change; `None` where the edit does not apply.
    fn changed(&self, state: &State, change: &Change, fold: usize) -> Option<Harness> {
        let harness = &state.folds[fold];
        let edit = change.edit(harness, &self.folds[fold].open, self.briefing, &self.default);
        apply::applied(&edit, harness, self.briefing.layout)
    }

    fn measure(&self, state: &State, change: &Change, folds: std::ops::Range<usize>) -> Option<Gain> {
        let (mut before, mut after) = (Scores::new(), Scores::new());
        for fold in folds {
            before.extend(state.scores[fold].clone());
            after.extend(self.run(fold, &self.changed(state, change, fold)?));
        }
        Some(gain(&before, &after, &self.shares))
    }

    /// The change with the largest real gain. Refusal comes last: its threshold stands on the scale of similarity,
    /// which every other change moves.
    fn best(&self, state: &State) -> Option<Measured> {
        let all = candidate::changes(&state.whole, self.briefing, &self.default);
        let (refusals, others): (Vec<_>, Vec<_>) = all.into_iter().partition(candidate::is_refusal);
        let safe = self
            .best_of(state, others, 0.0)
            .or_else(|| self.best_of(state, refusals.clone(), 0.0));
        safe.or_else(|| self.best_of(state, refusals, REFUSAL_COST))
    }

    /// All changes are ranked on the first fold, the best of them measured on every fold.
    fn best_of(&self, state: &State, changes: Vec<Change>, cost: f64) -> Option<Measured> {
        let mut ranked = self.measured(state, changes, 0..1);
        ranked.retain(|measured| measured.gain.worth() > 0.0);
        ranked.sort_by(|a, b| b.gain.worth().total_cmp(&a.gain.worth()));
        ranked.truncate(FINALISTS);
        let finalists = ranked.into_iter().map(|measured| measured.change).collect();
        let real = self.measured(state, finalists, 0..self.folds.len()).into_iter();
        real.filter(|measured| measured.gain.is_real(self.min_gain, cost))
            .reduce(|best, next| {
                if next.gain.worth() > best.gain.worth() {
                    next
                } else {
                    best
                }
            })
    }

    /// Measures changes on several threads; the result's order is the changes'.
    fn measured(&self, state: &State, changes: Vec<Change>, folds: std::ops::Range<usize>) -> Vec<Measured> {
        let measure = |change: &Change| {
            let gain = self.measure(state, change, folds.clone())?;
            Some(Measured {
                change: change.clone(),
                gain,
            })
        };
        let share = |thread: usize| -> Vec<(usize, Option<Measured>)> {
            let mine = changes.iter().enumerate().skip(thread).step_by(THREADS);
            mine.map(|(at, change)| (at, measure(change))).collect()
        };
        let mut done: Vec<(usize, Option<Measured>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || share(thread))).collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_default())
                .collect()
        });
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().filter_map(|(_, measured)| measured).collect()
    }

    fn after(&self, state: &State, change: &Change, edit: &Edit) -> Option<State> {
        let harnesses: Option<Vec<Harness>> = (0..self.folds.len())
            .map(|fold| self.changed(state, change, fold))
            .collect();
        let folds = harnesses?;
        Some(State {
            scores: (0..folds.len()).map(|fold| self.run(fold, &folds[fold])).collect(),
            whole: apply::applied(edit, &state.whole, self.briefing.layout)?,
            folds,
        })
    }
}

fn explain(edit: &mut Edit, number: usize, gain: &Gain, before: &State, after: &State) {
    edit.id = format!("edit-{number}");
    let mean = |state: &State| {
        let all: Vec<f64> = state
            .scores
            .iter()
            .flat_map(|fold| fold.values().map(|score| score.1))
            .collect();
        (all.iter().sum::<f64>() / all.len().max(1) as f64, all.len())
    };
    let ((was, _), (is, count)) = (mean(before), mean(after));
    edit.rationale = format!(
        "On {count} held-out train tasks, spread evenly over the categories, the score rises from {was:.3} to {is:.3}: \
         {:+.3} when categories are weighted by size, {:+.3} when evenly, {:+.3} in the category that gains least.",
        gain.overall, gain.balanced, gain.worst
    );
}

/// Names the cluster of whose failures the edit solves the most, and its traces.
fn attribute(edit: &mut Edit, failures: &Failures, clusters: &[FailureCluster], before: &State, after: &State) {
    let score = |state: &State, task: &str| {
        state
            .scores
            .iter()
            .find_map(|fold| fold.get(task))
            .map_or(0.0, |entry| entry.1)
    };
    let mut solved: BTreeMap<String, f64> = BTreeMap::new();
    for failure in &failures.failed {
        let task = &failure.task.task_id;
        *solved.entry(failure.cluster()).or_default() += score(after, task) - score(before, task);
    }
    let gained = |cluster: &FailureCluster| solved.get(&cluster.id).copied().unwrap_or_default();
    let best = clusters
        .iter()
        .reduce(|best, next| if gained(next) > gained(best) { next } else { best });
    if let Some(cluster) = best {
        edit.expected_improvement = cluster.id.clone();
        edit.references = cluster.sample_trace_ids.clone();
    }
}
