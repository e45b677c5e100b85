//! Forecast: what the gate can see of a plan before it is tried, and what trying takes. Asks the student nothing.

mod edits;
mod words;

use std::collections::BTreeMap;

use edits::forecast_edit;
use serde::Serialize;
pub(crate) use words::{lines, points};

use crate::artifact::cluster::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::error_budget::ErrorBudget;
use crate::artifact::evaluation::TaskScore;
use crate::artifact::gate::settings::{Mode, Population};
use crate::artifact::gate::verdict::GateRule;
use crate::artifact::probe::Probe;
use crate::artifact::task::Task;
use crate::eval::run::Evaluator;
use crate::gate::power::noise::{Noise, Runs, average, noise};
use crate::gate::power::play::Game;
use crate::gate::power::visible::{smallest, smallest_exact};
use crate::gate::trial::GatePolicy;
use crate::harness::{Harness, op};

/// What a forecast is made from.
pub(crate) struct Given<'a> {
    /// The gate tasks.
    pub gate: &'a [Task],
    /// The scores of the baseline's first run, in the order of the tasks.
    pub first: &'a [TaskScore],
    /// What a second run said, where there was one.
    pub probe: Option<&'a Probe>,
    /// The harness that edits are tried on.
    pub harness: &'a Harness,
    /// Edits that are still to be put to the gate, each once.
    pub edits: &'a [&'a Edit],
    /// The clusters of the plan.
    pub clusters: &'a [FailureCluster],
    /// Where ops land.
    pub rules: &'a op::Rules,
    /// How edits are judged.
    pub judging: &'a GatePolicy,
    /// The rule of mode `rule`.
    pub rule: GateRule,
    /// The error budget as it stands.
    pub budget: &'a ErrorBudget,
    /// Edits that the session accepted so far.
    pub accepted: usize,
    /// Whether a flip did not repeat in this session.
    pub flaky: bool,
    /// Edits that a plan may have, where there is none.
    pub max_edits: usize,
    /// Dollars of one attempt; `None`: unknown.
    pub attempt_usd: Option<f64>,
}

/// The noise of the baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct NoiseFloor {
    /// Gate tasks.
    pub tasks: usize,
    /// Those without a score.
    pub unscored: usize,
    /// Those that two runs scored; 0 where there was one run.
    pub compared: usize,
    /// Of these, those whose scores differ.
    pub differing: usize,
    /// The variance of one run of one task.
    pub variance: f64,
}

/// What an accept still costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Budget {
    /// Largest chance that the session accepts any edit whose target did not gain.
    pub alpha_session: f64,
    /// What was spent of it.
    pub spent: f64,
    /// What the next edit gets.
    pub alpha: f64,
    /// The evidence that its accept takes, as a logarithm; `None` when nothing is left.
    pub log_e_needed: Option<f64>,
}

/// What can be seen of a category.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Category {
    /// Its name.
    pub category: String,
    /// Its gate tasks that have a score.
    pub tasks: usize,
    /// Their mean, over the runs of the baseline.
    pub baseline: f64,
    /// How far that can rise.
    pub headroom: f64,
    /// The smallest rise that an edit of this category alone is accepted for four times of five; `None`: none is.
    pub smallest_visible: Option<f64>,
}

/// Attempts, with and without the edit, beyond those that are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Calls {
    /// When the edit does nothing.
    pub nothing: usize,
    /// When it helps as much as is hoped for.
    pub hoped: usize,
    /// At most.
    pub most: usize,
}

/// Dollars of calls; absent where a price is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Dollars {
    /// When no edit does anything.
    pub nothing: Option<f64>,
    /// When all help as much as is hoped for.
    pub hoped: Option<f64>,
    /// At most.
    pub most: Option<f64>,
}

/// What can be seen of an edit.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct EditForecast {
    /// The teacher's label.
    pub edit: String,
    /// Its digest, short.
    pub digest: String,
    /// The category that has to gain; `None`: the whole.
    pub target: Option<String>,
    /// Gate tasks that it reaches.
    pub reaches: usize,
    /// Of these, tasks of the target.
    pub reaches_target: usize,
    /// What the plan hopes for.
    pub hoped: f64,
    /// What says so: `measured rates`, `skill gap` or `headroom`.
    pub hoped_from: &'static str,
    /// The smallest rise of what it reaches of its target that is accepted four times of five.
    pub smallest_visible: Option<f64>,
    /// Whether that is no more than what is hoped for; `None` where the rule of means decides.
    pub can_be_seen: Option<bool>,
    /// Attempts.
    pub calls: Calls,
    /// Why it cannot be seen and what would help, or why it cannot be tried.
    pub advice: Option<String>,
    /// Runs without the edit that it takes when it does nothing, by task: edits share them.
    #[serde(skip)]
    pub shared: BTreeMap<usize, usize>,
}

/// What the gate can see, and what it takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Forecast {
    /// The mode that will be at work.
    pub mode: Mode,
    /// What the tasks stand for.
    pub population: Population,
    /// The noise.
    pub noise: NoiseFloor,
    /// The error budget; absent where none is spent.
    pub budget: Option<Budget>,
    /// Every category.
    pub categories: Vec<Category>,
    /// Every edit that is still to be tried.
    pub edits: Vec<EditForecast>,
    /// Calls of all of them.
    pub calls: Calls,
    /// Their dollars.
    pub cost_usd: Dollars,
    /// What one should know beyond an edit.
    pub remarks: Vec<String>,
}

/// Looks ahead.
pub(crate) fn forecast(evaluator: &Evaluator, given: &Given) -> Forecast {
    let noise = noise(&runs(given));
    let view = View::new(evaluator, given, noise);
    let edits: Vec<EditForecast> = given.edits.iter().map(|edit| forecast_edit(&view, edit)).collect();
    let calls = together(&edits);
    let dollars = |calls: usize| given.attempt_usd.map(|usd| usd * calls as f64);
    let mut found = Forecast {
        mode: view.mode,
        population: given.judging.population,
        noise: view.floor(),
        budget: (view.mode == Mode::Sequential).then(|| view.budget()),
        categories: view.names().iter().map(|name| view.category(name)).collect(),
        edits,
        cost_usd: Dollars {
            nothing: dollars(calls.nothing),
            hoped: dollars(calls.hoped),
            most: dollars(calls.most),
        },
        calls,
        remarks: Vec::new(),
    };
    found.remarks = words::remarks(&found, given);
    found
}

/// The sum over edits. Where none does anything, they share the runs without them; an accept begins a new baseline, so that
/// elsewhere nothing is taken to be shared.
fn together(edits: &[EditForecast]) -> Calls {
    let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
    let mut sum = Calls::default();
    for edit in edits {
        let own: usize = edit.shared.values().sum();
        sum.nothing += edit.calls.nothing - own;
        sum.hoped += edit.calls.hoped;
        sum.most += edit.calls.most;
        for (task, runs) in &edit.shared {
            let most = shared.entry(*task).or_default();
            *most = (*most).max(*runs);
        }
    }
    sum.nothing += shared.values().sum::<usize>();
    sum
}

fn runs<'a>(given: &Given<'a>) -> Vec<Runs<'a>> {
    let second = |at: usize| given.probe.and_then(|probe| probe.second.get(at)?.score);
    let tasks = given.gate.iter().enumerate();
    tasks
        .map(|(at, task)| Runs {
            category: &task.category,
            first: given.first.get(at).and_then(|score| score.score),
            second: second(at),
        })
        .collect()
}

/// What was given, with what follows from it for every edit.
struct View<'a> {
    evaluator: &'a Evaluator<'a>,
    given: &'a Given<'a>,
    noise: Noise,
    /// The chance of every task; where no bets are made, the score of the run that others are compared with.
    chances: Vec<Option<f64>>,
    mode: Mode,
    alpha: f64,
}

impl<'a> View<'a> {
    fn new(evaluator: &'a Evaluator<'a>, given: &'a Given<'a>, noise: Noise) -> Self {
        let judging = given.judging;
        let open = match given.edits.len() {
            0 => given.max_edits,
            edits => edits,
        };
        let mode = judging
            .mode
            .at_work(judging.population, noise.differing > 0 || given.flaky);
        let first = |at: usize| given.first.get(at).and_then(|score| score.score);
        Self {
            evaluator,
            given,
            mode,
            chances: match mode {
                Mode::Sequential => noise.chances.clone(),
                _ => (0..given.gate.len()).map(first).collect(),
            },
            alpha: given.budget.next(open.max(1), given.accepted),
            noise,
        }
    }

    fn floor(&self) -> NoiseFloor {
        NoiseFloor {
            tasks: self.given.gate.len(),
            unscored: self.chances.iter().filter(|chance| chance.is_none()).count(),
            compared: self.noise.compared,
            differing: self.noise.differing,
            variance: self.noise.variance,
        }
    }

    fn budget(&self) -> Budget {
        let budget = self.given.budget;
        Budget {
            alpha_session: budget.alpha_session,
            spent: budget.spent(),
            alpha: self.alpha,
            log_e_needed: (self.alpha > 0.0).then(|| -self.alpha.ln()),
        }
    }

    /// The categories, in the order of their names.
    fn names(&self) -> Vec<&'a str> {
        let names = self.given.gate.iter().map(|task| task.category.as_str());
        names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    /// The chances of those tasks that are meant, as far as they have one.
    fn chances_of(&self, is_meant: impl Fn(usize, &Task) -> bool) -> Vec<f64> {
        let tasks = self.given.gate.iter().enumerate();
        tasks
            .filter(|(at, task)| is_meant(*at, task))
            .filter_map(|(at, _)| self.chances[at])
            .collect()
    }

    fn game<'g>(&self, chances: &'g [f64]) -> Game<'g> {
        Game {
            chances,
            spread: self.noise.spread,
            settings: self.given.judging.settings,
            one_pass: self.given.judging.population == Population::Sample,
            alpha: self.alpha,
            shares_chance: self.evaluator.student.shares_chance(),
        }
    }

    /// The smallest visible rise of the mean of some tasks.
    fn smallest(&self, chances: &[f64]) -> Option<f64> {
        let quiet = self.noise.compared > 0 && self.noise.differing == 0;
        match self.mode {
            Mode::Sequential => smallest(&self.game(chances)),
            Mode::Rule if !quiet => None,
            Mode::Rule => smallest_exact(chances, self.given.rule.min_improvement),
            Mode::Auto | Mode::Exact => smallest_exact(chances, self.given.judging.settings.min_improvement),
        }
    }

    fn category(&self, name: &str) -> Category {
        let chances = self.chances_of(|_, task| task.category == name);
        let baseline = average(chances.iter().copied());
        Category {
            category: name.to_owned(),
            tasks: chances.len(),
            baseline,
            headroom: 1.0 - baseline,
            smallest_visible: self.smallest(&chances),
        }
    }
}
