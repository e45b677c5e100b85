//! Previews a plan before any trial: which gains the gate can detect, and how many attempts it needs. The preview makes
//! no attempt.

mod edits;
mod power;
mod unknown;
mod words;

use std::collections::BTreeMap;

use serde::Serialize;

use self::edits::preview_edit;
pub(crate) use self::power::SamplePower;
pub(crate) use self::unknown::unknown_trial;
pub(crate) use self::words::{lines, points, shown};
use crate::artifact::Money;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::error_budget::ErrorBudget;
use crate::artifact::evaluation::TaskScore;
use crate::artifact::gate::settings::{Mode, Population};
use crate::artifact::gate::verdict::GateRule;
use crate::artifact::probe::Probe;
use crate::artifact::task::Task;
use crate::eval::run::{Evaluator, varies};
use crate::gate::power::noise::{Noise, RunPair, average, noise};
use crate::gate::power::play::Game;
use crate::gate::power::visible::{smallest, smallest_exact};
use crate::gate::trial::GatePolicy;
use crate::harness::{Harness, op};

/// The input of a preview.
pub(crate) struct PreviewInput<'a> {
    /// The gate tasks.
    pub gate: &'a [Task],
    /// The scores of the baseline's first run, in the order of the tasks.
    pub first: &'a [TaskScore],
    /// The second run of the baseline, if there was one.
    pub probe: Option<&'a Probe>,
    /// The harness on which edits are tried.
    pub harness: &'a Harness,
    /// The edits that the gate has not decided yet, without duplicates.
    pub edits: &'a [&'a Edit],
    /// The clusters of the plan.
    pub clusters: &'a [FailureCluster],
    /// The files and keys that ops change.
    pub rules: &'a op::OpRules,
    /// How the gate decides.
    pub policy: &'a GatePolicy,
    /// The rule of mode `rule`.
    pub rule: GateRule,
    /// The present error budget.
    pub budget: &'a ErrorBudget,
    /// The number of edits that the session has accepted.
    pub accepted: usize,
    /// Whether a flip did not repeat in this session.
    pub flaky: bool,
    /// The share of tasks that the edits of this session flipped so far; `None` before the first trial.
    pub flips: Option<f64>,
    /// The number of train tasks on which each edit is screened; 0: none.
    pub screen: usize,
    /// The largest number of edits in a plan; used if there is no plan.
    pub max_edits: usize,
    /// The price of one attempt; `None`: unknown.
    pub attempt_usd: Option<Money>,
}

/// The noise of the baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct NoiseFloor {
    /// The number of gate tasks.
    pub tasks: usize,
    /// Tasks without a score.
    pub unscored: usize,
    /// Tasks that were scored in two runs; 0 if there was one run.
    pub compared: usize,
    /// Tasks whose two scores differ.
    pub differing: usize,
    /// The variance of one run of one task.
    pub variance: f64,
}

/// The state of the error budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Budget {
    /// The largest probability that the session accepts any edit whose target did not gain.
    pub alpha_session: f64,
    /// The part that is spent.
    pub spent: f64,
    /// The part that the next edit gets.
    pub alpha: f64,
    /// The evidence needed to accept the next edit, as a logarithm; `None` if nothing is left.
    pub log_e_needed: Option<f64>,
}

/// The detectable gain in one category.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Category {
    /// The name of the category.
    pub category: String,
    /// The number of its gate tasks with a score.
    pub tasks: usize,
    /// Their mean score over the runs of the baseline.
    pub baseline: f64,
    /// The largest possible rise of the mean.
    pub headroom: f64,
    /// The minimum detectable gain: the smallest gain of an edit that reaches only this category that is accepted with
    /// a probability of 80 %; `None`: no gain is.
    pub smallest_visible: Option<f64>,
}

/// Attempts with and without the edit, except cached ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct NewAttempts {
    /// If the edit has no effect.
    pub nothing: usize,
    /// If the edit helps as much as hoped.
    pub hoped: usize,
    /// The upper limit.
    pub most: usize,
}

/// The price of the attempts in dollars; absent if a price is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Dollars {
    /// If no edit has an effect.
    pub nothing: Option<Money>,
    /// If all edits help as much as hoped.
    pub hoped: Option<Money>,
    /// The upper limit.
    pub most: Option<Money>,
}

/// The preview of one edit.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct EditPreview {
    /// The teacher's label of the edit.
    pub edit: String,
    /// The short digest of the edit.
    pub digest: String,
    /// The category that has to gain; `None`: the overall score.
    pub target: Option<String>,
    /// Gate tasks that the edit reaches.
    pub reaches: usize,
    /// Reached tasks that belong to the target.
    pub reaches_target: usize,
    /// The gain that the plan hopes for.
    pub hoped: f64,
    /// The source of that number: `measured rates`, `skill gap` or `headroom`.
    pub hoped_from: &'static str,
    /// The minimum detectable gain on the reached tasks of the target: the smallest gain that is accepted with a
    /// probability of 80 %.
    pub smallest_visible: Option<f64>,
    /// Whether the minimum detectable gain is at most the hoped-for gain; `None` in mode `rule`.
    pub can_be_seen: Option<bool>,
    /// The attempts of its trial.
    pub calls: NewAttempts,
    /// Why the gain cannot be detected and what would help, or why the edit does not apply.
    pub advice: Option<String>,
    /// Runs without the edit per task, if the edit has no effect. Edits share these runs.
    #[serde(skip)]
    pub shared: BTreeMap<usize, usize>,
}

/// The preview of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct GatePreview {
    /// The mode in which the gate will run.
    pub mode: Mode,
    /// Whether the tasks are the whole population or a sample.
    pub population: Population,
    /// The noise of the baseline.
    pub noise: NoiseFloor,
    /// The error budget; absent in modes that spend none.
    pub budget: Option<Budget>,
    /// What the benchmark can show; absent except in mode `sample`.
    pub power: Option<SamplePower>,
    /// The categories of the gate tasks.
    pub categories: Vec<Category>,
    /// The edits that are still to be tried.
    pub edits: Vec<EditPreview>,
    /// The attempts of all edits together.
    pub calls: NewAttempts,
    /// The price of these attempts.
    pub cost_usd: Dollars,
    /// Remarks that do not concern one edit.
    pub remarks: Vec<String>,
}

/// Computes the preview of a plan.
pub(crate) fn preview(evaluator: &Evaluator, input: &PreviewInput) -> GatePreview {
    let noise = noise(&runs(input));
    let context = PreviewContext::new(evaluator, input, noise);
    let edits: Vec<EditPreview> = input.edits.iter().map(|edit| preview_edit(&context, edit)).collect();
    let calls = together(&edits);
    let dollars = |calls: usize| input.attempt_usd.map(|usd| usd.times(calls as u64));
    let mut found = GatePreview {
        mode: context.mode,
        population: input.policy.population,
        noise: context.floor(),
        budget: matches!(context.mode, Mode::Sequential | Mode::Sample).then(|| context.budget()),
        power: (context.mode == Mode::Sample).then(|| context.power()),
        categories: context.names().iter().map(|name| context.category(name)).collect(),
        edits,
        cost_usd: Dollars {
            nothing: dollars(calls.nothing),
            hoped: dollars(calls.hoped),
            most: dollars(calls.most),
        },
        calls,
        remarks: Vec::new(),
    };
    found.remarks = words::remarks(&found, input);
    found
}

/// The sum over edits. If no edit has an effect, all share the runs of the baseline. An accept starts a new baseline,
/// so nothing is assumed to be shared in the other two cases.
fn together(edits: &[EditPreview]) -> NewAttempts {
    let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
    let mut sum = NewAttempts::default();
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

fn runs<'a>(input: &PreviewInput<'a>) -> Vec<RunPair<'a>> {
    let second = |at: usize| input.probe.and_then(|probe| probe.second.get(at)?.score);
    let tasks = input.gate.iter().enumerate();
    tasks
        .map(|(at, task)| RunPair {
            category: &task.category,
            first: input.first.get(at).and_then(|score| score.score),
            second: second(at),
        })
        .collect()
}

/// The input, with the values derived from it that are the same for every edit.
struct PreviewContext<'a> {
    evaluator: &'a Evaluator<'a>,
    input: &'a PreviewInput<'a>,
    noise: Noise,
    /// The pass probability of each task; outside mode `sequential`, the score of its first baseline run.
    chances: Vec<Option<f64>>,
    mode: Mode,
    alpha: f64,
}

impl<'a> PreviewContext<'a> {
    fn new(evaluator: &'a Evaluator<'a>, input: &'a PreviewInput<'a>, noise: Noise) -> Self {
        let policy = input.policy;
        let open = match input.edits.len() {
            0 => input.max_edits,
            edits => edits,
        };
        let may_vary = || varies(evaluator, input.harness, input.gate);
        let mode = policy.mode_for(noise.differing > 0 || input.flaky || may_vary());
        let first = |at: usize| input.first.get(at).and_then(|score| score.score);
        Self {
            evaluator,
            input,
            mode,
            chances: match mode {
                Mode::Sequential => noise.chances.clone(),
                _ => (0..input.gate.len()).map(first).collect(),
            },
            alpha: input.budget.next(open.max(1), input.accepted),
            noise,
        }
    }

    fn floor(&self) -> NoiseFloor {
        NoiseFloor {
            tasks: self.input.gate.len(),
            unscored: self.chances.iter().filter(|chance| chance.is_none()).count(),
            compared: self.noise.compared,
            differing: self.noise.differing,
            variance: self.noise.variance,
        }
    }

    fn budget(&self) -> Budget {
        let budget = self.input.budget;
        Budget {
            alpha_session: budget.alpha_session,
            spent: budget.spent(),
            alpha: self.alpha,
            log_e_needed: (self.alpha > 0.0).then(|| -self.alpha.ln()),
        }
    }

    /// What the benchmark can show at the next edit's level.
    fn power(&self) -> SamplePower {
        let scores: Vec<f64> = self.chances.iter().flatten().copied().collect();
        SamplePower::of(&scores, self.alpha, self.input.flips)
    }

    /// The categories, in the order of their names.
    fn names(&self) -> Vec<&'a str> {
        let names = self.input.gate.iter().map(|task| task.category.as_str());
        names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    /// The pass probabilities of the selected tasks; tasks without one are left out.
    fn chances_of(&self, is_meant: impl Fn(usize, &Task) -> bool) -> Vec<f64> {
        let tasks = self.input.gate.iter().enumerate();
        tasks
            .filter(|(at, task)| is_meant(*at, task))
            .filter_map(|(at, _)| self.chances[at])
            .collect()
    }

    fn game<'g>(&self, chances: &'g [f64]) -> Game<'g> {
        Game {
            chances,
            spread: self.noise.spread,
            settings: self.input.policy.settings,
            one_pass: self.input.policy.population == Population::Sample,
            alpha: self.alpha,
            shares_chance: self.evaluator.student.shares_chance(),
        }
    }

    /// The minimum detectable gain of the mean of some tasks.
    fn smallest(&self, chances: &[f64]) -> Option<f64> {
        let quiet = self.noise.compared > 0 && self.noise.differing == 0;
        match self.mode {
            Mode::Sequential => smallest(&self.game(chances)),
            // Mode `sample` judges all tasks together.
            Mode::Sample => None,
            Mode::Rule if !quiet => None,
            Mode::Rule => smallest_exact(chances, self.input.rule.min_improvement),
            Mode::Auto | Mode::Exact => smallest_exact(chances, self.input.policy.settings.min_improvement),
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
