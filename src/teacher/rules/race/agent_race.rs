//! The race of one agent: derives configurations from its train tasks and traces, finds the best one, and proves its steps.

use serde_json::{Value, json};

use super::RaceSettings;
use super::asked::AskedStudent;
use super::configuration::{self, Configuration, Step, applied};
use super::constraint::{Constraint, RequestParameter};
use super::example_set::ExampleSet;
use super::form::{AnswerForm, AnswerKind};
use super::halving;
use super::instruction::instructions;
use super::pool::ExamplePool;
use super::proof::{ProvenStep, proven};
use super::split::TaskSplit;
use super::symptom::symptom;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::artifact::task::Task;
use crate::harness::Harness;
use crate::manifest::chat::Api;
use crate::teacher::Briefing;
use crate::teacher::rules::cause::{Failures, TaskFailure};
use crate::teacher::rules::edits;
use crate::teacher::rules::sample::{agent_of, default_agent, shuffled, without_examples};

/// The largest number of tasks in the first round.
const FIRST_ROUND: usize = 8;
/// The first round has one task for this many attempts.
const ATTEMPTS_PER_TASK: usize = 45;
/// The largest number of configurations.
const MOST_CONFIGURATIONS: usize = 24;
/// Room for answers longer than every reference, in tokens.
const SPARE_TOKENS: usize = 16;

/// The race of one agent.
pub(super) struct AgentRace<'b, 'a> {
    briefing: &'b Briefing<'a>,
    settings: &'b RaceSettings,
    agent: &'b str,
    split: TaskSplit<'a>,
    form: AnswerForm,
    pool: ExamplePool,
    /// The harness without examples that equal a measured query.
    start: Harness,
    first_round: usize,
}

impl<'b, 'a> AgentRace<'b, 'a> {
    /// The race of an agent with this number of attempts in all.
    pub(super) fn new(briefing: &'b Briefing<'a>, settings: &'b RaceSettings, agent: &'b str, attempts: usize) -> Self {
        let default = default_agent(briefing);
        let tasks: Vec<&Task> = shuffled(briefing)
            .into_iter()
            .filter(|task| agent_of(task, &default) == agent)
            .collect();
        let form = AnswerForm::of(&tasks);
        let first_round = (attempts / ATTEMPTS_PER_TASK).clamp(1, FIRST_ROUND);
        // Three rounds, each half as long again as the one before.
        let split = TaskSplit::of(&tasks, first_round * 19 / 4);
        let hidden = split.hidden();
        let pool = ExamplePool::of(briefing, agent, &default, &split.pool, &hidden, &form);
        Self {
            start: without_examples(briefing, &hidden),
            briefing,
            settings,
            agent,
            split,
            form,
            pool,
            first_round,
        }
    }

    /// Runs the present harness with at most `most` attempts, and adds its failures.
    pub(super) fn add_failures(&self, most: usize, found: &mut Failures<'a>) {
        let student = AskedStudent::new(self.briefing, most);
        for attempted in student.attempts(&self.start, &self.split.race) {
            let Some(score) = attempted.score else { continue };
            *found.measured.entry(attempted.task.category.clone()).or_default() += 1;
            if score < 1.0 {
                found.failed.push(TaskFailure {
                    task: attempted.task,
                    cause: symptom(&attempted, &self.form),
                    answer: said(&attempted).to_owned(),
                });
            }
        }
    }

    /// The edits that gain, found with at most `most` attempts.
    pub(super) fn edits(&self, most: usize, clusters: &[FailureCluster]) -> Vec<Edit> {
        let student = AskedStudent::new(self.briefing, most);
        let present = student.attempts(&self.start, &self.split.race);
        if present
            .iter()
            .all(|attempted| attempted.score.is_none_or(|score| score >= 1.0))
        {
            return Vec::new();
        }
        let constraint = self.constraint(&student, &present);
        let configurations = self.configurations(constraint.as_ref(), student.left() / 2);
        let harness = |steps: &Configuration| applied(self.briefing, &self.start, self.agent, steps);
        let harnesses: Vec<Harness> = configurations.iter().map(harness).collect();
        let tell = |racing: usize, tasks: usize| {
            let used = student.made();
            self.tell(&format!(
                "measures {racing} configurations on {tasks} train tasks each; {used} of {most} calls so far"
            ));
        };
        let Some(winner) = halving::winner(&student, harnesses, &self.split.race, self.first_round, &tell) else {
            return Vec::new();
        };
        let steps = configurations.into_iter().nth(winner.number).unwrap_or_default();
        let arms = steps.len() + 1;
        let fresh = &self.split.fresh[..self.split.fresh.len().min(student.left() / arms)];
        let words: Vec<String> = steps.iter().map(Step::words).collect();
        self.tell(&format!(
            "measures the best one step by step on {} other train tasks: {}",
            fresh.len(),
            words.join(", ")
        ));
        let steps = proven(self.briefing, &student, &self.start, self.agent, steps, fresh);
        self.written(steps, fresh, clusters)
    }

    fn tell(&self, text: &str) {
        (self.briefing.tell)(&format!("the teacher of agent {} {text}", self.agent));
    }

    /// The constraint that the server enforces; `None` if the form needs none or the server ignores all.
    fn constraint(&self, student: &AskedStudent, present: &[ScoredAttempt]) -> Option<RequestParameter> {
        let api = self.settings.api?;
        let task = present.first()?.task;
        let is_unlikely = |label: &str| {
            label != task.reference_answer.as_str()
                && !present
                    .iter()
                    .any(|attempted| said(attempted).trim().eq_ignore_ascii_case(label))
        };
        let is_free = |one: &Constraint| self.present(one.parameter.name).is_none();
        let possible = Constraint::of(&self.form, api, is_unlikely).into_iter().filter(is_free);
        let is_enforced = |constraint: &Constraint| {
            let trial = [Step::Parameter(constraint.trial.clone())];
            let harness = applied(self.briefing, &self.start, self.agent, &trial);
            let attempts = student.attempts(&harness, &[task]);
            harness != self.start && attempts.first().is_some_and(|one| constraint.is_enforced(said(one)))
        };
        possible.into_iter().find(is_enforced).map(|found| found.parameter)
    }

    fn present(&self, parameter: &str) -> Option<Value> {
        configuration::present(self.briefing, &self.start, self.agent, parameter)
    }

    /// Different configurations, as many as can race with these attempts.
    fn configurations(&self, constraint: Option<&RequestParameter>, attempts: usize) -> Vec<Configuration> {
        let all = self.split.race.len();
        let fits = |count: &usize| halving::attempts(*count, self.first_round, all) <= attempts;
        let count = (1..=MOST_CONFIGURATIONS).rev().find(fits).unwrap_or(1);
        let prompt = configuration::prompt(self.briefing, &self.start, self.agent);
        let instructions = instructions(&self.form, &self.pool, prompt);
        let mut found: Vec<Configuration> = Vec::new();
        // A number may repeat an earlier configuration, for instance if there are few examples.
        for number in 0..2 * count {
            let configuration = self.configuration(number, &instructions, constraint);
            if found.len() < count && !configuration.is_empty() && !found.contains(&configuration) {
                found.push(configuration);
            }
        }
        found
    }

    /// The configuration of a number. Neighbours differ in size and choice of the examples, and in the instruction; every
    /// fifth one does without the constraint. The second one has no examples.
    fn configuration(
        &self,
        number: usize,
        instructions: &[String],
        constraint: Option<&RequestParameter>,
    ) -> Configuration {
        let mut steps = Vec::new();
        if self.pool.len() > 0 && number != 1 {
            steps.push(Step::Examples(ExampleSet::drawn(
                &self.pool,
                self.briefing.seed,
                number,
            )));
        }
        let at = (number + number / 4) % (instructions.len() + 1);
        if let Some(text) = at.checked_sub(1).and_then(|at| instructions.get(at)) {
            steps.push(Step::Instruction(text.clone()));
        }
        let constraint = constraint.filter(|_| (number + 2 * (number / 4)) % 5 != 4);
        let parameters = match constraint {
            Some(constraint) => vec![constraint.clone()],
            None => self.loose_parameters(number),
        };
        let parameters = parameters.into_iter().chain(self.cold());
        steps.extend(parameters.map(Step::Parameter));
        let has_op = |step: &Step| step.edit(self.briefing, &self.start, self.agent).is_some();
        steps.retain(has_op);
        steps
    }

    /// The parameters that end an answer early, for a server that enforces no form.
    fn loose_parameters(&self, number: usize) -> Vec<RequestParameter> {
        let Some(api) = self.settings.api else {
            return Vec::new();
        };
        let name = match api {
            Api::Anthropic => "stop_sequences",
            Api::Openai | Api::Ollama => "stop",
        };
        // A model may spread a JSON object over several lines, although the references are on one.
        let may_break = matches!(self.form.kind, AnswerKind::Object(_)) && number % 2 == 1;
        let stop = (self.form.one_line && !may_break).then(|| RequestParameter {
            name,
            value: json!(["\n"]),
        });
        let length = (self.form.longest > 0).then(|| RequestParameter {
            name: "max_tokens",
            value: json!(self.form.longest + SPARE_TOKENS),
        });
        let unset = |one: &RequestParameter| self.present(one.name).is_none();
        stop.into_iter().chain(length).filter(unset).collect()
    }

    /// Temperature 0, unless it is set already.
    fn cold(&self) -> Option<RequestParameter> {
        self.settings.api?;
        let present = self
            .present("temperature")
            .and_then(|value| value.as_f64())
            .or(self.settings.temperature);
        (present != Some(0.0)).then(|| RequestParameter {
            name: "temperature",
            value: json!(0),
        })
    }

    /// The edits of the steps, each for the harness with those before it.
    fn written(&self, steps: Vec<ProvenStep>, fresh: &[&Task], clusters: &[FailureCluster]) -> Vec<Edit> {
        let mut harness = self.briefing.harness.clone();
        let mut written = Vec::new();
        for proven in steps {
            let Some(mut edit) = proven.step.edit(self.briefing, &harness, self.agent) else {
                continue;
            };
            let Some(next) = edits::applied(&edit, &harness, self.briefing.layout) else {
                continue;
            };
            harness = next;
            edit.rationale = proven.rationale();
            let category = proven.category(fresh);
            let solves = |cluster: &&FailureCluster| cluster.category.as_deref() == category;
            if let Some(cluster) = clusters.iter().find(solves).or(clusters.first()) {
                edit.expected_improvement = cluster.id.clone();
                edit.references = cluster.sample_trace_ids.clone();
            }
            written.push(edit);
        }
        written
    }
}

/// The answer, or why there is none.
fn said<'s>(attempted: &'s ScoredAttempt) -> &'s str {
    match &attempted.attempt {
        Attempt::Answered { answer, .. } => answer,
        Attempt::Failed { reason } | Attempt::Infra { reason } | Attempt::Refused { reason } => reason,
    }
}
