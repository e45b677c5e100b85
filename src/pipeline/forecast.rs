//! Forecasts the calls of language models that a session has still to make, phase by phase. Makes none.

use std::collections::BTreeSet;

use serde_json::json;

use super::context::Context;
use super::freshness::Freshness;
use super::gate_policy::gate_policy;
use super::preview::{look, request_bytes};
use super::state::state;
use super::variants;
use crate::artifact::baseline::Baseline;
use crate::artifact::egress::LlmRole;
use crate::artifact::plan::Plan;
use crate::artifact::probe::Probe;
use crate::artifact::screening::{self, Screening};
use crate::artifact::task::{Scorer, Split, Task};
use crate::eval::run::missing;
use crate::gate::preview::{NewAttempts, unknown_trial};
use crate::llm::estimate::RoleLoad;
use crate::manifest::chat::ChatSettings;
use crate::manifest::{Manifest, StudentEngine, TeacherEngine};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// Assumed number of replies per task of a student with tools, whose own limit is unknown here.
const STUDENT_TURNS: u64 = 10;
/// The largest number of remembered answers that a session repeats to notice drift.
const REPEATED: usize = 10;
/// Assumed size of a judge's request without the task, in bytes.
const JUDGE_BYTES: u64 = 3_200;
/// Assumed size of a teacher's request without the agent's files, in bytes.
const TEACHER_BYTES: u64 = 32_000;

/// A number of attempts or calls: usual, and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    usual: u64,
    most: u64,
}

impl Count {
    fn of(usual: usize, most: usize) -> Self {
        Self {
            usual: usual as u64,
            most: most as u64,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            usual: self.usual + other.usual,
            most: self.most + other.most,
        }
    }

    fn times(self, usual: u64, most: u64) -> Self {
        Self {
            usual: self.usual * usual,
            most: self.most * most,
        }
    }
}

/// The phases of a session that are still to run.
struct RemainingPhases(Option<BTreeSet<String>>);

impl RemainingPhases {
    /// Of a new session, all.
    fn of(workspace: &Workspace, inputs: &Inputs, session: Option<&Session>) -> Result<Self, RunError> {
        let Some(session) = session else { return Ok(Self(None)) };
        let engines = workspace.engines();
        let context = Context::new(workspace, session, inputs, &engines);
        let runs = |freshness: &Freshness| matches!(freshness, Freshness::Stale { .. } | Freshness::Blocked { .. });
        let phases = state(&context)?.into_iter().filter(|(_, freshness)| runs(freshness));
        Ok(Self(Some(phases.map(|(name, _)| name).collect())))
    }

    fn has(&self, phase: &str) -> bool {
        self.0.as_ref().is_none_or(|phases| phases.contains(phase))
    }

    fn is_empty(&self) -> bool {
        self.0.as_ref().is_some_and(BTreeSet::is_empty)
    }
}

/// The calls that a session has still to make, by role; empty if nothing is stale. `session` is `None` for a new one.
///
/// # Errors
/// An input cannot be read.
pub(crate) fn forecast(workspace: &Workspace, session: Option<&Session>) -> Result<Vec<RoleLoad>, RunError> {
    let inputs = Inputs::new(workspace);
    let remaining = RemainingPhases::of(workspace, &inputs, session)?;
    if remaining.is_empty() {
        return Ok(Vec::new());
    }
    let gate = inputs.gate(session.map_or("session", |session| &session.id))?;
    let manifest = &workspace.manifest;
    let teacher = match manifest.teacher.engine {
        TeacherEngine::Chat => teacher_calls(manifest.teacher.max_turns as u64, &remaining),
        _ => (Count::default(), Count::default()),
    };
    // The built-in teacher scores its attempts at train tasks, other teachers do not.
    let attempts = attempts(workspace, session, &gate, &remaining)?.plus(measuring(manifest, &remaining));
    let student = attempts.plus(teacher.1);
    let turns = if manifest.student.tools.is_empty() {
        1
    } else {
        STUDENT_TURNS
    };
    let judged = gate.iter().filter(|task| task.scorer == Scorer::Judge).count() as u64;
    let share = |count: u64| (count * judged).div_ceil(gate.len().max(1) as u64);
    let judge = Count {
        usual: share(attempts.usual),
        most: share(attempts.most),
    };
    let harness = workspace.harness()?;
    let files: u64 = harness.files().map(|(_, bytes)| bytes.len() as u64).sum();
    let mut loads = Vec::new();
    if manifest.teacher.engine == TeacherEngine::Chat {
        let chat = manifest.teacher.chat();
        loads.push(load(LlmRole::Teacher, &chat, teacher.0, Some(TEACHER_BYTES + files)));
        loads.push(load(LlmRole::TeacherTask, &chat, teacher.1, None));
    }
    if let Some(settings) = manifest.judge() {
        // A judge may repeat its answer once.
        loads.push(load(
            LlmRole::Judge,
            &settings,
            judge.times(1, 2),
            Some(JUDGE_BYTES + text(&gate)),
        ));
    }
    if manifest.student.engine() == StudentEngine::Chat {
        let bytes = request_bytes(workspace, &harness, &gate);
        loads.push(load(
            LlmRole::Student,
            &manifest.student.chat(),
            student.times(1, turns),
            bytes,
        ));
    }
    Ok(loads)
}

fn load(role: LlmRole, settings: &ChatSettings, calls: Count, bytes: Option<u64>) -> RoleLoad {
    RoleLoad {
        role,
        model: settings.model.clone().unwrap_or_default(),
        calls: calls.usual,
        most_calls: calls.most,
        bytes,
        max_tokens: settings.max_tokens,
    }
}

/// Mean size of the tasks that a judge scores, in bytes.
fn text(gate: &[Task]) -> u64 {
    let judged = gate.iter().filter(|task| task.scorer == Scorer::Judge);
    let sizes: Vec<u64> = judged
        .map(|task| (task.query.len() + json!(task.reference_answer).to_string().len()) as u64)
        .collect();
    sizes.iter().sum::<u64>() / sizes.len().max(1) as u64
}

/// The teacher's calls, and its attempts at train tasks: the turns of the diagnosis, its final answer and a repair of it,
/// the plan and a repair of it.
fn teacher_calls(turns: u64, remaining: &RemainingPhases) -> (Count, Count) {
    let count = |usual, most| Count { usual, most };
    let (mut asked, mut tried) = (Count::default(), Count::default());
    if remaining.has("diagnose") {
        asked = asked.plus(count(turns.div_ceil(4), turns + 2));
        tried = tried.plus(count(turns / 8, turns));
    }
    if remaining.has("plan") {
        asked = asked.plus(count(1, 2));
    }
    (asked, tried)
}

/// The attempts at train tasks with which the built-in teacher measures its edits, for its plan or for a briefing.
fn measuring(manifest: &Manifest, remaining: &RemainingPhases) -> Count {
    let measures = manifest.teacher.engine == TeacherEngine::Rules || manifest.teacher.shows_candidates();
    match manifest.student_calls() {
        Some(most) if measures && (remaining.has("diagnose") || remaining.has("plan")) => Count::of(most * 3 / 4, most),
        _ => Count::default(),
    }
}

/// The attempts at gate tasks.
fn attempts(
    workspace: &Workspace,
    session: Option<&Session>,
    gate: &[Task],
    remaining: &RemainingPhases,
) -> Result<Count, RunError> {
    let mut count = Count::default();
    if remaining.has("baseline") {
        count = count.plus(baseline(workspace, gate)?);
    }
    if remaining.has("execute") {
        count = count.plus(trials(workspace, session, gate, remaining)?);
    }
    if remaining.has("record") && workspace.student.is_expensive() {
        // The final head; if no edit is applied, its answers are remembered.
        count = count.plus(Count::of(gate.len() / 2, gate.len()));
    }
    Ok(count)
}

/// The attempts of the baseline that are not remembered.
fn baseline(workspace: &Workspace, gate: &[Task]) -> Result<Count, RunError> {
    let (memo, harness) = (workspace.memo(), workspace.harness()?);
    let score = |task: &Task, answer: &str| workspace.score(task, answer);
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &|_, _| {});
    let tasks: Vec<&Task> = gate.iter().collect();
    let first = missing(&evaluator, &harness, &tasks, 0);
    let second = match workspace.manifest.gate.probes() {
        true => missing(&evaluator, &harness, &tasks, 1),
        false => 0,
    };
    let repeated = (gate.len() - first.min(gate.len())).min(REPEATED);
    Ok(Count::of(first + second + repeated, first + second + repeated))
}

/// The attempts of the trials: of the plan's edits if there are a plan and a baseline, else of as many as a plan may have.
fn trials(
    workspace: &Workspace,
    session: Option<&Session>,
    gate: &[Task],
    remaining: &RemainingPhases,
) -> Result<Count, RunError> {
    let planned = session.filter(|_| !remaining.has("baseline") && !remaining.has("plan"));
    let plan: Option<Plan> = planned.map(|session| session.read("plan.json")).transpose()?.flatten();
    let baseline: Option<Baseline> = session
        .map(|session| session.read("baseline.json"))
        .transpose()?
        .flatten();
    let baseline = baseline.filter(|_| !remaining.has("baseline"));
    let is_enough = |baseline: &Baseline| baseline.probe.is_some() || !workspace.manifest.gate.probes();
    let enough = baseline.as_ref().filter(|baseline| is_enough(baseline));
    if let (Some(session), Some(plan), Some(_)) = (planned, &plan, enough) {
        let calls = look(workspace, Some(session), &|_| {})?.preview.calls;
        return Ok(usual(calls).plus(screening(workspace, session, plan)?));
    }
    let most = workspace.manifest.teacher.max_edits;
    // Teachers rarely propose as many edits as they may.
    let (edits, most) = plan.map_or((most.div_ceil(3), most), |plan| (plan.edits.len(), plan.edits.len()));
    let probe = baseline.and_then(|baseline| baseline.probe);
    let noisy = probe.as_ref().map_or_else(|| may_vary(workspace), Probe::is_noisy);
    let alpha = workspace.manifest.gate.alpha_session() / edits.max(1) as f64;
    let shares = workspace.student.shares_chance();
    let one = unknown_trial(&gate_policy(workspace), gate.len(), noisy, alpha, shares);
    Ok(usual(one).times(edits as u64, most as u64))
}

/// The attempts that choose among the variants of a plan's edits.
fn screening(workspace: &Workspace, session: &Session, plan: &Plan) -> Result<Count, RunError> {
    let train = Inputs::new(workspace).benchmark()?.split(Split::Train).len();
    let chosen: Screening = session.read(screening::FILE)?.unwrap_or_default();
    let most = variants::attempts(plan, &chosen, train.min(gate_policy(workspace).screen));
    Ok(Count::of(most, most))
}

/// Between an edit without effect and one that helps as much as hoped.
fn usual(calls: NewAttempts) -> Count {
    Count::of(calls.nothing.midpoint(calls.hoped), calls.most)
}

/// Whether the same request may get another answer, as far as the manifest says.
fn may_vary(workspace: &Workspace) -> bool {
    let student = &workspace.manifest.student;
    match student.engine() {
        StudentEngine::Nearest => false,
        StudentEngine::Chat => student.temperature != Some(0.0),
        StudentEngine::Command => true,
    }
}
