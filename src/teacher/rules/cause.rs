//! Finds the causes of failed train tasks, and groups the failures into clusters.

use std::collections::{BTreeMap, BTreeSet};

use super::sample::{Fold, agent_of, balanced, default_agent, folded, folds};
use super::{candidate, edits};
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::artifact::task::Task;
use crate::eval::score::score;
use crate::eval::student::nearest::tool;
use crate::harness::agent_settings::AgentSettings;
use crate::harness::examples;
use crate::harness::home::ParsedHome;
use crate::teacher::Briefing;

/// The largest number of clusters in a diagnosis.
const MOST_CLUSTERS: usize = 24;
/// The largest number of traces listed by a cluster.
const MOST_TRACES: usize = 5;

/// A cause of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// The agent gave no answer.
    Broken,
    /// A tool that the agent lacks computes the answer.
    ToolMissing,
    /// A tool that the agent has computes the answer, but was not called.
    ToolNotCalled,
    /// A tool answered although none was needed.
    ToolMisused,
    /// The fallback was the right answer.
    ShouldRefuse,
    /// The agent refused a query that it should have answered.
    Refused,
    /// The agent has no example of the right answer.
    KnowledgeMissing,
    /// The agent has examples of the right answer, but another label was more similar.
    Confused,
    /// A language model or a program failed to answer.
    NoAnswer,
    /// The right answer is there, among other words.
    Wordy,
    /// The answer does not have the form of a right one.
    OffForm,
    /// The answer has the right form and is another one.
    OtherAnswer,
}

impl Cause {
    /// The first half of a cluster's id.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Cause::Broken => "agent-broken",
            Cause::ToolMissing => "tool-missing",
            Cause::ToolNotCalled => "tool-not-called",
            Cause::ToolMisused => "tool-misused",
            Cause::ShouldRefuse => "should-refuse",
            Cause::Refused => "wrongly-refused",
            Cause::KnowledgeMissing => "knowledge-missing",
            Cause::Confused => "labels-confused",
            Cause::NoAnswer => "no-answer",
            Cause::Wordy => "too-many-words",
            Cause::OffForm => "form-missed",
            Cause::OtherAnswer => "other-answer",
        }
    }

    /// A sentence about what the student lacks.
    pub(crate) fn gap(self) -> &'static str {
        match self {
            Cause::Broken => "The agent's files cannot be read, so it answers nothing.",
            Cause::ToolMissing => "A built-in tool computes the answer, and the agent does not have it.",
            Cause::ToolNotCalled => "The agent has the tool that computes the answer and does not call it.",
            Cause::ToolMisused => "The agent calls a tool where an answer of its own is wanted.",
            Cause::ShouldRefuse => "The agent answers where it should say that nothing fits.",
            Cause::Refused => "The agent refuses queries that it should answer.",
            Cause::KnowledgeMissing => "The agent knows no worked example of the right answer.",
            Cause::Confused => "The agent knows the right answer and finds another one more alike.",
            Cause::NoAnswer => "The agent gives no answer.",
            Cause::Wordy => "The right answer is there, among other words.",
            Cause::OffForm => "The answer does not have the form of a right one.",
            Cause::OtherAnswer => "The answer has the right form, but is another one.",
        }
    }
}

/// One failed train task.
pub(crate) struct TaskFailure<'a> {
    /// The task.
    pub task: &'a Task,
    /// The student's answer, or the reason why it is missing.
    pub answer: String,
    /// Why it failed.
    pub cause: Cause,
}

/// All failures, and the number of measured tasks per category.
#[derive(Default)]
pub(crate) struct Failures<'a> {
    /// The failures, in the order of the sample.
    pub failed: Vec<TaskFailure<'a>>,
    /// The number of measured tasks per category.
    pub measured: BTreeMap<String, usize>,
}

impl TaskFailure<'_> {
    /// The id of the cluster that the failure belongs to.
    pub(crate) fn cluster(&self) -> String {
        format!("{}-{}", self.cause.name(), slug(&self.task.category))
    }
}

fn slug(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect()
}

/// Runs the student on a balanced sample of the train tasks and finds the cause of each failure.
pub(crate) fn failures<'a>(briefing: &Briefing<'a>, sample: usize) -> Failures<'a> {
    // Fold by fold, so that no task is answered from an example that is the task itself.
    let mut found = Failures::default();
    let default = default_agent(briefing);
    let home = ParsedHome::new(briefing.harness, briefing.layout);
    let known = known_labels(briefing, &home, &default);
    for fold in folds(briefing, sample) {
        for attempted in (briefing.run_student)(&fold.harness, &fold.held_out) {
            let Some(score) = attempted.score else { continue };
            *found.measured.entry(attempted.task.category.clone()).or_default() += 1;
            if score < 1.0 {
                found.failed.push(failure(&attempted, &home, &known, &default));
            }
        }
    }
    found
}

/// The labels with examples, by agent.
type ExemplarLabels = BTreeMap<String, BTreeSet<String>>;

fn known_labels(briefing: &Briefing, home: &ParsedHome, default: &str) -> ExemplarLabels {
    let agents: BTreeSet<String> = briefing.train.iter().map(|task| agent_of(task, default)).collect();
    let labels = |agent: &String| {
        let shots = examples::shots(home, agent).unwrap_or_default();
        shots.into_iter().map(|shot| shot.output).collect()
    };
    agents.iter().map(|agent| (agent.clone(), labels(agent))).collect()
}

fn failure<'a>(
    attempted: &ScoredAttempt<'a>,
    home: &ParsedHome,
    known: &ExemplarLabels,
    default: &str,
) -> TaskFailure<'a> {
    let task = attempted.task;
    let answer = match &attempted.attempt {
        Attempt::Answered { answer, .. } => answer.clone(),
        Attempt::Failed { reason } | Attempt::Infra { reason } | Attempt::Refused { reason } => reason.clone(),
    };
    let agent = agent_of(task, default);
    let settings = AgentSettings::read(home, &agent).ok();
    let cause = cause(attempted, settings.as_ref(), known.get(&agent));
    TaskFailure { task, answer, cause }
}

fn cause(attempted: &ScoredAttempt, settings: Option<&AgentSettings>, known: Option<&BTreeSet<String>>) -> Cause {
    let task = attempted.task;
    let (Some(settings), Attempt::Answered { answer, tool: used, .. }) = (settings, &attempted.attempt) else {
        return Cause::Broken;
    };
    let solves = |name: &&str| tool::call(name, &task.query).is_some_and(|answer| score(task, &answer) == Ok(1.0));
    if let Some(solving) = tool::NAMES.iter().copied().find(|name| solves(name)) {
        let has = settings.tools.iter().any(|name| name == solving);
        return if has { Cause::ToolNotCalled } else { Cause::ToolMissing };
    }
    if used.is_some() {
        Cause::ToolMisused
    } else if task.reference_answer.as_str() == settings.fallback {
        Cause::ShouldRefuse
    } else if !known.is_some_and(|known| known.contains(task.reference_answer.as_str())) {
        Cause::KnowledgeMissing
    } else if *answer == settings.fallback {
        Cause::Refused
    } else {
        Cause::Confused
    }
}

/// The largest clusters of failures, with rates measured on the sample.
///
/// `solved` are the ids of the failed tasks that some remedy solves.
pub(crate) fn clusters(briefing: &Briefing, failures: &Failures, solved: &BTreeSet<String>) -> Vec<FailureCluster> {
    let mut groups: BTreeMap<String, Vec<&TaskFailure>> = BTreeMap::new();
    for failure in &failures.failed {
        groups.entry(failure.cluster()).or_default().push(failure);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, failed)| std::cmp::Reverse(failed.len()));
    groups.truncate(MOST_CLUSTERS);
    groups
        .into_iter()
        .map(|(id, failed)| cluster(briefing, failures, id, &failed, solved))
        .collect()
}

fn cluster(
    briefing: &Briefing,
    failures: &Failures,
    id: String,
    failed: &[&TaskFailure],
    solved: &BTreeSet<String>,
) -> FailureCluster {
    let (cause, category) = (failed[0].cause, &failed[0].task.category);
    let measured = failures.measured.get(category).copied().unwrap_or(failed.len());
    let taught = failed
        .iter()
        .filter(|failure| solved.contains(&failure.task.task_id))
        .count();
    let queries: BTreeSet<String> = failed.iter().map(|failure| folded(&failure.task.query)).collect();
    let traces = briefing
        .traces
        .iter()
        .filter(|trace| queries.contains(&folded(&trace.query)));
    FailureCluster {
        id,
        description: format!(
            "{} of {measured} measured `{category}` tasks fail: {}",
            failed.len(),
            cause.gap()
        ),
        sample_trace_ids: traces.take(MOST_TRACES).map(|trace| trace.trace_id.clone()).collect(),
        student_failure_rate: failed.len() as f64 / measured.max(1) as f64,
        teacher_success_rate: taught as f64 / failed.len() as f64,
        skill_gap: cause.gap().to_owned(),
        addressed_by_edit_ids: Vec::new(),
        // The gate tests whether this category gains.
        category: Some(category.clone()),
        extra: Default::default(),
    }
}

/// Ids of the sampled tasks that the student solves with the teacher's first remedies: examples from outside the fold,
/// and the tools that solve some task.
pub(crate) fn solved_by_teacher(briefing: &Briefing, sample: usize) -> BTreeSet<String> {
    let default = default_agent(briefing);
    let solved = |fold: Fold| {
        let taught = taught(briefing, &fold, &default);
        let attempts = (briefing.run_student)(&taught, &fold.held_out);
        let right = attempts.into_iter().filter(|attempted| attempted.score == Some(1.0));
        right
            .map(|attempted| attempted.task.task_id.clone())
            .collect::<Vec<_>>()
    };
    folds(briefing, sample).into_iter().flat_map(solved).collect()
}

fn taught(briefing: &Briefing, fold: &Fold, default: &str) -> crate::harness::Harness {
    let agents: BTreeSet<String> = briefing.train.iter().map(|task| agent_of(task, default)).collect();
    let mut remedies = Vec::new();
    for agent in &agents {
        let shots = candidate::CandidateChange::Exemplars {
            agent: agent.clone(),
            per_label: usize::MAX,
        };
        remedies.push(shots.edit(&fold.harness, &fold.open, briefing, default));
    }
    for name in tool::NAMES {
        let solves = |task: &Task| tool::call(name, &task.query).is_some_and(|answer| score(task, &answer) == Ok(1.0));
        if balanced(briefing, 300).into_iter().any(solves) {
            remedies.push(edits::description(name, edits::good_description(name)));
            remedies.extend(
                agents
                    .iter()
                    .map(|agent| edits::tool(crate::artifact::edit::Op::AddToolToAgent, agent, name)),
            );
        }
    }
    let allowed = remedies.iter().filter(|edit| briefing.ops.contains(&edit.op));
    allowed.fold(fold.harness.clone(), |harness, edit| {
        edits::applied(edit, &harness, briefing.layout).unwrap_or(harness)
    })
}
