//! Greedy forward selection: repeatedly chooses the edit with the largest held-out gain on top of those already chosen.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::{self, CandidateChange};
use super::cause::{self, Failures};
use super::gains::MeasuredGains;
use super::objective::{Gain, Scores, gain, scores};
use super::sample::{Fold, agent_of, default_agent, folds, open_tasks};
use super::{RulesSettings, edits};
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::task::Task;
use crate::harness::Harness;
use crate::teacher::Briefing;

/// The overall loss that a refusal threshold may cause, 0 to 1. Train tasks contain few questions out of scope, but
/// real use contains many. So after the safe edits a bolder threshold is proposed as a separate edit, and the gate
/// decides.
const REFUSAL_COST: f64 = 0.01;
/// The number of candidates that are measured on all folds, after the first fold has ranked all candidates.
const FINALISTS: usize = 5;
/// The number of threads that measure.
const THREADS: usize = 2;
/// The largest number of agents that one plan considers, so that the time grows linearly with the number of agents. A
/// plan has 10 edits unless the manifest allows more.
const MOST_AGENTS: usize = 50;

/// The values that stay constant during a search.
struct Search<'b, 'a> {
    briefing: &'b Briefing<'a>,
    folds: Vec<Fold<'a>>,
    /// The tasks that may become examples in the plan.
    open: Vec<&'a Task>,
    shares: BTreeMap<String, f64>,
    default: String,
    /// The agents with the most failures.
    agents: BTreeSet<String>,
    min_gain: f64,
}

/// The harnesses with all edits chosen so far: one per fold, and the complete one for which edits are written.
struct SearchState {
    folds: Vec<Harness>,
    whole: Harness,
    /// The scores of each fold.
    scores: Vec<Scores>,
}

/// A change with its gain on held-out train tasks.
struct MeasuredChange {
    change: CandidateChange,
    gain: Gain,
}

/// The edits of a plan, in the order of their choice.
pub(crate) fn edits(briefing: &Briefing, clusters: &[FailureCluster], settings: &RulesSettings) -> Vec<Edit> {
    let failures = cause::failures(briefing, settings.sample);
    let default = default_agent(briefing);
    let search = Search {
        briefing,
        folds: folds(briefing, settings.sample),
        open: open_tasks(briefing),
        shares: shares(briefing),
        agents: failing_agents(&failures, &default, settings.max_edits.max(MOST_AGENTS)),
        default,
        min_gain: settings.min_gain,
    };
    let mut state = search.start();
    let mut known = MeasuredGains::default();
    let mut edits: Vec<Edit> = Vec::new();
    while edits.len() < settings.max_edits {
        let Some(best) = search.best(&state, &known) else { break };
        known.forget_after(&best.change);
        let mut edit = best.change.edit(&state.whole, &search.open, briefing, &search.default);
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

/// The `most` agents with the most failures.
fn failing_agents(failures: &Failures, default: &str, most: usize) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for failure in &failures.failed {
        *counts.entry(agent_of(failure.task, default)).or_default() += 1;
    }
    let mut agents: Vec<(String, usize)> = counts.into_iter().collect();
    agents.sort_by_key(|(_, failed)| std::cmp::Reverse(*failed));
    agents.into_iter().take(most).map(|(agent, _)| agent).collect()
}

fn shares(briefing: &Briefing) -> BTreeMap<String, f64> {
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    for task in briefing.train {
        *shares.entry(task.category.clone()).or_default() += 1.0 / briefing.train.len() as f64;
    }
    shares
}

impl<'a> Search<'_, 'a> {
    fn start(&self) -> SearchState {
        let harnesses: Vec<Harness> = self.folds.iter().map(|fold| fold.harness.clone()).collect();
        let run = |(fold, harness): (&Fold, &Harness)| scores(&(self.briefing.run_student)(harness, &fold.held_out));
        let scores = self.folds.iter().zip(&harnesses).map(run).collect();
        SearchState {
            folds: harnesses,
            whole: self.briefing.harness.clone(),
            scores,
        }
    }

    /// The scores of a fold after a change: only the tasks that the change can affect are run again.
    fn scores_after(&self, state: &SearchState, change: &CandidateChange, fold: usize, harness: &Harness) -> Scores {
        let is_affected = |task: &Task| {
            change
                .agent()
                .is_none_or(|agent| agent == agent_of(task, &self.default))
        };
        let (affected, others): (Vec<&Task>, Vec<&Task>) =
            self.folds[fold].held_out.iter().partition(|task| is_affected(task));
        let before = &state.scores[fold];
        let kept = others
            .iter()
            .filter_map(|task| Some((task.task_id.clone(), before.get(&task.task_id)?.clone())));
        let mut after: Scores = kept.collect();
        if !affected.is_empty() {
            after.extend(scores(&(self.briefing.run_student)(harness, &affected)));
        }
        after
    }

    /// The harness of one fold after a change; `None` if the edit does not apply.
    fn changed(&self, state: &SearchState, change: &CandidateChange, fold: usize) -> Option<Harness> {
        let harness = &state.folds[fold];
        let edit = change.edit(harness, &self.folds[fold].open, self.briefing, &self.default);
        edits::applied(&edit, harness, self.briefing.layout)
    }

    /// The gain of a change on the first `folds` folds; `None` if the change does not apply.
    fn measure(&self, state: &SearchState, change: &CandidateChange, folds: usize) -> Option<Gain> {
        let (mut before, mut after) = (Scores::new(), Scores::new());
        for fold in 0..folds {
            before.extend(state.scores[fold].clone());
            let harness = self.changed(state, change, fold)?;
            after.extend(self.scores_after(state, change, fold, &harness));
        }
        Some(gain(&before, &after, &self.shares))
    }

    /// The change with the largest real gain. Refusal comes last, because its threshold is a similarity and every other
    /// change shifts the similarities.
    fn best(&self, state: &SearchState, known: &MeasuredGains) -> Option<MeasuredChange> {
        let all = candidate::changes(&state.whole, self.briefing, &self.agents, &self.default);
        let (refusals, others): (Vec<_>, Vec<_>) = all.into_iter().partition(candidate::is_refusal);
        let best_of = |changes, cost| self.best_of(state, known, changes, cost);
        best_of(others, 0.0)
            .or_else(|| best_of(refusals.clone(), 0.0))
            .or_else(|| best_of(refusals, REFUSAL_COST))
    }

    /// Ranks all changes on the first fold, and measures the best of them on every fold.
    fn best_of(
        &self,
        state: &SearchState,
        known: &MeasuredGains,
        changes: Vec<CandidateChange>,
        cost: f64,
    ) -> Option<MeasuredChange> {
        let mut ranked = self.measured(state, known, changes, 1);
        ranked.retain(|measured| measured.gain.worth() > 0.0);
        ranked.sort_by(|a, b| b.gain.worth().total_cmp(&a.gain.worth()));
        ranked.truncate(FINALISTS);
        let finalists = ranked.into_iter().map(|measured| measured.change).collect();
        let real = self.measured(state, known, finalists, self.folds.len()).into_iter();
        real.filter(|measured| measured.gain.is_real(self.min_gain, cost))
            .reduce(|best, next| {
                if next.gain.worth() > best.gain.worth() {
                    next
                } else {
                    best
                }
            })
    }

    /// Measures changes on several threads; results are in the order of the changes.
    fn measured(
        &self,
        state: &SearchState,
        known: &MeasuredGains,
        changes: Vec<CandidateChange>,
        folds: usize,
    ) -> Vec<MeasuredChange> {
        let measure = |change: &CandidateChange| {
            let gain = known.of(change, folds, || self.measure(state, change, folds))?;
            Some(MeasuredChange {
                change: change.clone(),
                gain,
            })
        };
        let share = |thread: usize| -> Vec<(usize, Option<MeasuredChange>)> {
            let mine = changes.iter().enumerate().skip(thread).step_by(THREADS);
            mine.map(|(at, change)| (at, measure(change))).collect()
        };
        let mut done: Vec<(usize, Option<MeasuredChange>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || share(thread))).collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_default())
                .collect()
        });
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().filter_map(|(_, measured)| measured).collect()
    }

    fn after(&self, state: &SearchState, change: &CandidateChange, edit: &Edit) -> Option<SearchState> {
        let harnesses: Option<Vec<Harness>> = (0..self.folds.len())
            .map(|fold| self.changed(state, change, fold))
            .collect();
        let folds = harnesses?;
        Some(SearchState {
            scores: (0..folds.len())
                .map(|fold| self.scores_after(state, change, fold, &folds[fold]))
                .collect(),
            whole: edits::applied(edit, &state.whole, self.briefing.layout)?,
            folds,
        })
    }
}

fn explain(edit: &mut Edit, number: usize, gain: &Gain, before: &SearchState, after: &SearchState) {
    edit.id = format!("edit-{number}");
    let mean = |state: &SearchState| {
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

/// Sets the cluster whose failures the edit solves most, and its traces.
fn attribute(
    edit: &mut Edit,
    failures: &Failures,
    clusters: &[FailureCluster],
    before: &SearchState,
    after: &SearchState,
) {
    let score = |state: &SearchState, task: &str| {
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
