//! Calls: the student's attempts that the trial of an edit takes, with and without the edit.
//!
//! An attempt without the edit is counted as far as it is not remembered: the baseline ran every task once or twice. That
//! attempts of other kinds are remembered as well, and that a student which cannot vary is not asked twice, is not
//! counted: it can only be less.

use std::collections::BTreeMap;

use super::play::Game;
use crate::artifact::gate::settings::Settings;
use crate::artifact::gate::verdict::RuleKind;
use crate::gate::exact::{self, Exact};

/// Attempts of one trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Calls {
    /// With the edit.
    pub edited: usize,
    /// Without it, a task of the trial: those that have to gain first, then the others.
    pub baseline: Vec<usize>,
}

impl Calls {
    /// All of them.
    pub(crate) fn sum(&self) -> usize {
        self.edited + self.baseline.iter().sum::<usize>()
    }
}

/// What a trial takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Forecast {
    /// When the edit does nothing, on the mean.
    pub nothing: Calls,
    /// When it helps as much as is hoped for, on the mean.
    pub hoped: Calls,
    /// At most.
    pub most: Calls,
}

/// What a trial by bets takes. `others` counts the tasks that it reaches beside those that have to gain; `known` the runs
/// of each that the baseline made. An edit that helps is taken to pass its guard at once, after one round of the others.
pub(crate) fn sequential(game: &Game, hoped: f64, others: usize, known: usize) -> Forecast {
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
    Forecast {
        nothing: counted(game.play(0.0).pairs.round() as usize, 0),
        hoped: counted(helps.pairs.round() as usize, usize::from(helps.accepted > 0.0)),
        most: counted(settings.max_pairs + guard, rounds),
    }
}

/// The attempts for so many pairs of two groups of tasks, which take turns within a group.
fn count(settings: &Settings, groups: [(usize, usize); 2], known: usize) -> Calls {
    let controls = settings.controls.max(1) as usize;
    let known = if settings.fresh_baseline { 0 } else { known };
    let of_group = |(tasks, pairs): (usize, usize)| {
        let of_task = move |at: usize| pairs / tasks + usize::from(at < pairs % tasks);
        (0..tasks).map(move |at| (of_task(at) * controls).saturating_sub(known))
    };
    Calls {
        edited: groups.iter().map(|(_, pairs)| pairs).sum(),
        baseline: groups.into_iter().flat_map(of_group).collect(),
    }
}

/// What an exact comparison is made of.
#[derive(Clone, Debug)]
pub(crate) struct Compared<'a> {
    /// Score without the edit of the tasks that have to gain and are reached.
    pub target: &'a [f64],
    /// The same of others, by category.
    pub others: Vec<(usize, f64)>,
    /// Tasks of the categories, the first being what has to gain.
    pub sizes: BTreeMap<usize, usize>,
    /// The settings.
    pub settings: Settings,
}

/// What an exact comparison takes, by playing it: with nothing changed, and with as many failures fixed as are hoped for.
pub(crate) fn exact(compared: &Compared, hoped: f64) -> Forecast {
    let tasks = compared.target.len() + compared.others.len();
    let confirm = compared.settings.confirm as usize;
    let calls = |(pairs, flips): (usize, usize)| Calls {
        edited: pairs + flips * confirm,
        baseline: vec![flips * confirm],
    };
    Forecast {
        nothing: calls(compare(compared, 0.0)),
        hoped: calls(compare(compared, (hoped * compared.target.len() as f64).round())),
        most: calls((tasks, tasks)),
    }
}

/// Pairs and flips of an edit that makes up for so many lost scores, and changes nothing else.
fn compare(compared: &Compared, fixes: f64) -> (usize, usize) {
    let target = compared.target.iter().map(|score| (0, *score));
    let tasks: Vec<(usize, f64)> = target.chain(compared.others.iter().copied()).collect();
    let mut game = Exact::new(exact::Design {
        categories: tasks.iter().map(|(category, _)| *category).collect(),
        baseline: tasks.iter().map(|(_, score)| *score).collect(),
        sizes: compared.sizes.clone(),
        rule: RuleKind::Target,
        target: Some(0),
        min_improvement: compared.settings.min_improvement,
        eps: compared.settings.eps,
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
