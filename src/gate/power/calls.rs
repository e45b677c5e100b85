//! Estimates how many student attempts the trial of an edit takes, with and without the edit.
//!
//! The baseline ran every task once or twice, and these cached attempts are not counted. The estimate ignores two
//! further savings, so the true number can only be smaller: other cached attempts, and the repeated runs of a student
//! that cannot vary.

use std::collections::BTreeMap;

use super::play::Game;
use crate::artifact::gate::settings::GateSettings;
use crate::artifact::gate::verdict::RuleKind;
use crate::gate::exact::{self, Exact};

/// The attempts of one trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TrialAttempts {
    /// Attempts with the edit.
    pub edited: usize,
    /// Attempts without the edit, per task of the trial: first the tasks that have to gain, then the others.
    pub baseline: Vec<usize>,
}

impl TrialAttempts {
    /// All attempts.
    pub(crate) fn sum(&self) -> usize {
        self.edited + self.baseline.iter().sum::<usize>()
    }
}

/// The estimated attempts of a trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TrialCost {
    /// If the edit has no effect, on average.
    pub nothing: TrialAttempts,
    /// If the edit helps as much as hoped, on average.
    pub hoped: TrialAttempts,
    /// The upper limit.
    pub most: TrialAttempts,
}

/// The attempts of a sequential trial. `others`: reached tasks outside the target. `known`: runs per task that the
/// baseline made. An edit that helps is assumed to pass its guard after one round of the others.
pub(crate) fn sequential(game: &Game, hoped: f64, others: usize, known: usize) -> TrialCost {
    let settings = match game.one_pass {
        true => game.settings.one_pass(game.chances.len()),
        false => game.settings,
    };
    let target = game.chances.len();
    let counted = |pairs: usize, rounds: usize| count(&settings, [(target, pairs), (others, others * rounds)], known);
    let rounds = match others {
        0 => 0,
        _ => settings.guard_rounds,
    };
    let guard = target * rounds.saturating_sub(1);
    let helps = game.play(hoped);
    TrialCost {
        nothing: counted(game.play(0.0).pairs.round() as usize, 0),
        hoped: counted(helps.pairs.round() as usize, usize::from(helps.accepted > 0.0)),
        most: counted(settings.max_pairs + guard, rounds),
    }
}

/// The attempts for two groups, given as (tasks, pairs); the tasks of a group take turns.
fn count(settings: &GateSettings, groups: [(usize, usize); 2], known: usize) -> TrialAttempts {
    let controls = settings.controls.max(1) as usize;
    let known = if settings.fresh_baseline { 0 } else { known };
    let of_group = |(tasks, pairs): (usize, usize)| {
        let of_task = move |at: usize| pairs / tasks + usize::from(at < pairs % tasks);
        (0..tasks).map(move |at| (of_task(at) * controls).saturating_sub(known))
    };
    TrialAttempts {
        edited: groups.iter().map(|(_, pairs)| pairs).sum(),
        baseline: groups.into_iter().flat_map(of_group).collect(),
    }
}

/// The input of an exact comparison.
#[derive(Clone, Debug)]
pub(crate) struct ExactComparison<'a> {
    /// Scores without the edit of the reached tasks that have to gain.
    pub target: &'a [f64],
    /// Scores without the edit of the other reached tasks, with their categories.
    pub others: Vec<(usize, f64)>,
    /// The number of tasks per category; category 0 has to gain.
    pub sizes: BTreeMap<usize, usize>,
    /// The settings.
    pub settings: GateSettings,
}

/// The attempts of an exact comparison, found by playing it with no change and with as many failures fixed as hoped.
pub(crate) fn exact(compared: &ExactComparison, hoped: f64) -> TrialCost {
    let tasks = compared.target.len() + compared.others.len();
    let confirm = compared.settings.confirm as usize;
    let calls = |(pairs, flips): (usize, usize)| TrialAttempts {
        edited: pairs + flips * confirm,
        baseline: vec![flips * confirm],
    };
    TrialCost {
        nothing: calls(compare(compared, 0.0)),
        hoped: calls(compare(compared, (hoped * compared.target.len() as f64).round())),
        most: calls((tasks, tasks)),
    }
}

/// The pairs and flips for an edit that raises the sum of scores by `fixes` and changes nothing else.
fn compare(compared: &ExactComparison, fixes: f64) -> (usize, usize) {
    let target = compared.target.iter().map(|score| (0, *score));
    let tasks: Vec<(usize, f64)> = target.chain(compared.others.iter().copied()).collect();
    let mut game = Exact::new(exact::ExactDesign {
        categories: tasks.iter().map(|(category, _)| *category).collect(),
        baseline: tasks.iter().map(|(_, score)| *score).collect(),
        sizes: compared.sizes.clone(),
        rule: RuleKind::Target,
        target: Some(0),
        min_improvement: compared.settings.min_improvement,
        fall: compared.settings.fall_rule(),
    });
    let (mut left, mut pairs, mut flips) = (fixes, 0, 0);
    while let Some(task) = game.upcoming(1).first().copied() {
        let (category, score) = tasks[task];
        let fixed = category == 0 && score < 1.0 && left >= (1.0 - score) - 1e-9;
        if fixed {
            left -= 1.0 - score;
            flips += 1;
        }
        game.feed(task, if fixed { 1.0 } else { score }, &[]);
        pairs += 1;
    }
    (pairs, flips)
}
