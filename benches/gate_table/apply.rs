//! Runs the real gate on edits, with the built-in student and an in-memory cache.

use kaizen::Digest;
use kaizen::Harness;
use kaizen::artifact::Task;
use kaizen::internals::AlphaGrant;
use kaizen::internals::GateSection;
use kaizen::internals::decide;
use kaizen::internals::{BudgetMode, Mode, Preset};
use kaizen::internals::{EvaluationHalted, Evaluator, evaluate, evaluate_run};
use kaizen::internals::{GateDecision, GateRule};
use kaizen::internals::{Trial, TrialSpec};

use crate::noisy_student::{Luck, Remembers};

/// How the gate decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The rule of OpenJarvis on one run of each arm.
    Rule,
    /// `auto`, with the settings of a preset.
    Auto(Preset),
}

impl Gate {
    /// The name in the table.
    pub fn name(self) -> String {
        match self {
            Gate::Rule => "rule `overall`".to_owned(),
            Gate::Auto(preset) => format!("`{preset:?}`").to_lowercase(),
        }
    }
}

/// The share of the error budget of each edit in a session of ten.
const STAKE: AlphaGrant = AlphaGrant {
    alpha: 0.01,
    budget: BudgetMode::Planned,
    slot: 1,
    carried: 0.0,
    session: None,
};

/// One edit to decide about.
pub struct Case<'a> {
    /// The harness without the edit.
    pub before: &'a Harness,
    /// The harness with the edit.
    pub after: &'a Harness,
    /// The target cluster.
    pub target: &'a str,
    /// The edit's digest.
    pub edit: Digest,
}

/// The state of one session at the gate: student, tasks, and whether the student is noisy.
pub struct Table<'a> {
    evaluator: Evaluator<'a>,
    tasks: &'a [Task],
    shared: bool,
    gate: Gate,
    noisy: bool,
}

/// Evaluates the baseline as a session does, then calls `then` with the gate.
///
/// # Errors
/// The baseline's evaluation or `then` fails.
pub fn seated<T>(
    student: &Luck,
    tasks: &[Task],
    home: &Harness,
    gate: Gate,
    seed: u64,
    then: impl FnOnce(&mut Table) -> Result<T, EvaluationHalted>,
) -> Result<T, EvaluationHalted> {
    let memo = Remembers::default();
    let score = |task: &Task, answer: &str| kaizen::internals::score(task, answer).map_err(|error| error.to_string());
    let evaluator = Evaluator {
        student,
        memo: &memo,
        score: &score,
        seed,
        epoch: 0,
        concurrency: 1,
        progress: &|_, _| {},
        gauge: &Default::default(),
        halted: &|| None,
    };
    let all: Vec<&Task> = tasks.iter().collect();
    let first = evaluate(&evaluator, home, &all)?;
    let noisy = match gate {
        Gate::Rule => false,
        Gate::Auto(_) => first != evaluate_run(&evaluator, home, &all, 1)?,
    };
    then(&mut Table {
        evaluator,
        tasks,
        shared: kaizen::Student::shares_chance(student),
        gate,
        noisy,
    })
}

impl Table<'_> {
    /// Whether the gate accepts an edit.
    ///
    /// # Errors
    /// The runs were halted, which does not happen here.
    pub fn keeps(&mut self, case: &Case) -> Result<bool, EvaluationHalted> {
        let decision = match self.gate {
            Gate::Rule => self.by_rule(case)?,
            Gate::Auto(preset) => self.by_trial(case, preset)?,
        };
        Ok(decision == GateDecision::Accept)
    }

    fn by_rule(&self, case: &Case) -> Result<GateDecision, EvaluationHalted> {
        let all: Vec<&Task> = self.tasks.iter().collect();
        let score = |home| evaluate(&self.evaluator, home, &all);
        let (before, after) = (score(case.before)?, score(case.after)?);
        Ok(decide(&before, &after, &GateRule::default(), None).decision)
    }

    fn by_trial(&mut self, case: &Case, preset: Preset) -> Result<GateDecision, EvaluationHalted> {
        let section = GateSection {
            preset,
            ..GateSection::default()
        };
        let mode = if self.noisy { Mode::Sequential } else { Mode::Exact };
        let question = TrialSpec {
            before: case.before,
            after: case.after,
            tasks: self.tasks,
            target: Some(case.target),
            mode,
            one_pass: false,
            settings: section.settings(self.shared),
            sample: section.sample_settings(),
            edit: case.edit,
        };
        let stake = self.noisy.then_some(STAKE);
        let (record, _) = Trial::new(&self.evaluator, question).decide(stake, None)?;
        self.noisy |= record.is_flaky();
        Ok(record.decision)
    }

    /// Scores the final home as the record phase of a session does.
    ///
    /// # Errors
    /// The runs were halted, which does not happen here.
    pub fn closes(&self, home: &Harness) -> Result<(), EvaluationHalted> {
        let all: Vec<&Task> = self.tasks.iter().collect();
        evaluate(&self.evaluator, home, &all).map(|_| ())
    }
}
