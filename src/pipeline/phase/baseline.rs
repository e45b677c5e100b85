//! Phase `baseline`: scores the harness before any edit, and pins the inputs of later phases.

use super::PhaseOutput;
use crate::artifact::baseline::{Baseline, DriftCheck};
use crate::artifact::gate::settings::Mode;
use crate::artifact::probe::Probe;
use crate::artifact::task::{Scorer, Task};
use crate::artifact::{Artifact, counted};
use crate::digest::Digest;
use crate::eval::run::{
    EvaluationHalted, Evaluator, TaskRun, attempt_all, attempt_runs, evaluate, evaluate_run, remembered,
};
use crate::eval::student::Student;
use crate::gate::evidence::{log_e_above, log_e_below};
use crate::gate::preview::{SamplePower, shown};
use crate::gate::sample::choice::StudentSort;
use crate::harness::Harness;
use crate::ledger::port::CommitId;
use crate::pipeline::context::Context;
use crate::pipeline::gate_policy::gate_policy;
use crate::pipeline::state;
use crate::workspace::cache_epoch;
use crate::workspace::error::RunError;
use crate::workspace::event::Event;

/// The inputs of a baseline.
pub(crate) struct BaselineSpec<'a> {
    /// The session's id.
    pub session: &'a str,
    /// The session's earlier baseline with this student, if the phase runs again: a session checks for drift only once.
    pub before: Option<Baseline>,
    /// The commit that the session builds on.
    pub commit: CommitId,
    /// The harness at that commit.
    pub harness: &'a Harness,
    /// Digest of the whole benchmark.
    pub benchmark: Digest,
    /// The session's gate tasks.
    pub gate: &'a [Task],
    /// The judge's identity.
    pub judge: Option<serde_json::Value>,
    /// Whether every task is run twice, to measure how often two runs differ.
    pub probe: bool,
}

/// Scores the harness at a commit on the session's gate tasks, in a new epoch if the student has drifted.
///
/// # Errors
/// The student cannot use this harness (the message names the file), or the evaluation was stopped.
pub(crate) fn baseline(evaluator: &Evaluator, wanted: BaselineSpec) -> Result<Baseline, String> {
    let (gate, harness) = (wanted.gate, wanted.harness);
    let tasks: Vec<&Task> = gate.iter().collect();
    evaluator.student.check(harness, &tasks)?;
    let halted = |halted: EvaluationHalted| halted.to_string();
    let mut evaluator = *evaluator;
    let drift = match wanted.before {
        Some(before) => before.drift,
        None => {
            let found = drift(&evaluator, harness, &tasks, wanted.session).map_err(halted)?;
            evaluator.epoch += u32::from(found.as_ref().is_some_and(|found| found.dropped));
            found
        }
    };
    let evaluation = evaluate(&evaluator, harness, &tasks).map_err(halted)?;
    let second = wanted.probe.then(|| evaluate_run(&evaluator, harness, &tasks, 1));
    let second = second.transpose().map_err(halted)?;
    Ok(Baseline {
        version: 1,
        harness_commit: wanted.commit,
        harness: harness.digest(),
        benchmark: wanted.benchmark,
        student: evaluator.student.identity(),
        judge: wanted
            .judge
            .filter(|_| gate.iter().any(|task| task.scorer == Scorer::Judge)),
        seed: evaluator.seed,
        epoch: evaluator.epoch,
        drift,
        probe: second.map(|second| Probe::of(&evaluation.tasks, second.tasks)),
        evaluation,
        extra: Default::default(),
    })
}

/// Runs the phase.
pub(super) fn run(context: &Context) -> Result<PhaseOutput, RunError> {
    let commit = state::base(context)?.ok_or(RunError::NoCommit)?;
    let harness = context.inputs.harness_at(&commit)?;
    let workspace = context.workspace;
    let mut left_out = workspace.left_out(&harness);
    left_out.extend(workspace.left_out(&workspace.harness()?));
    left_out.sort();
    left_out.dedup();
    for text in left_out {
        (context.listener)(Event::Note { text });
    }
    let gate = context.inputs.gate(&context.session.id)?;
    let wanted = BaselineSpec {
        session: &context.session.id,
        before: cache_epoch::own_baseline(context.session, &context.workspace.student.identity()),
        commit,
        harness: &harness,
        benchmark: context.inputs.benchmark()?.pin().digest,
        gate: &gate,
        judge: context.engines.judge.clone(),
        probe: context.manifest().gate.probes(),
    };
    let baseline = context
        .evaluating("baseline", |evaluator| baseline(&evaluator, wanted))
        .map_err(context.failed("baseline"))?;
    if let Some(text) = baseline.drift.as_ref().and_then(drifted) {
        (context.listener)(Event::Note { text });
    }
    if let Some(text) = context.workspace.calls.changed_questions() {
        (context.listener)(Event::Note { text });
    }
    if baseline.evaluation.task_count == 0 {
        let reasons = baseline.evaluation.unscored().unwrap_or_default();
        return Err(context.failed("baseline")(format!(
            "no gate task could be scored ({reasons})"
        )));
    }
    tell_power(context, &baseline);
    let summary = format!(
        "{:.1} % of {}{}{}{}{}",
        100.0 * baseline.evaluation.overall_score,
        counted(baseline.evaluation.task_count, "gate task"),
        baseline.probe.as_ref().map(probed).unwrap_or_default(),
        student_words(context.workspace.student.as_ref(), &harness, &gate),
        baseline
            .evaluation
            .unscored()
            .map(|unscored| format!("; {unscored}"))
            .unwrap_or_default(),
        baseline
            .evaluation
            .failed()
            .map(|failed| format!("; {failed}"))
            .unwrap_or_default(),
    );
    Ok(PhaseOutput {
        files: vec![("baseline.json".into(), baseline.to_text())],
        summary,
    })
}

/// The student that was measured, for the summary.
fn student_words(student: &dyn Student, harness: &Harness, gate: &[Task]) -> String {
    let words = gate.first().and_then(|task| student.prepare(harness).words(task));
    words.map(|words| format!("; student: {words}")).unwrap_or_default()
}

/// Says what the benchmark can show in mode `sample`, before a teacher is paid: with as many edits as a plan may have.
fn tell_power(context: &Context, baseline: &Baseline) {
    let policy = gate_policy(context.workspace);
    let gate = &baseline.evaluation.tasks;
    let is_built_in = policy.sort == StudentSort::Embedded;
    if is_built_in || policy.mode_for(true) != Mode::Sample {
        return;
    }
    let manifest = context.manifest();
    let edits = manifest.teacher.max_edits.max(1);
    let scores: Vec<f64> = gate.iter().filter_map(|task| task.score).collect();
    let power = SamplePower::of(&scores, manifest.gate.alpha_session() / edits as f64, None);
    let text = format!("{}, if a plan has {}", shown(&power), counted(edits, "edit"));
    (context.listener)(Event::Note { text });
}

/// The number of tasks on which two runs differed, for the summary.
fn probed(probe: &Probe) -> String {
    match probe.disagreed.len() {
        0 => ", run twice without a difference".to_owned(),
        count => format!(", run twice: {count} differ"),
    }
}

/// A note for people if the student has drifted.
fn drifted(found: &DriftCheck) -> Option<String> {
    let moved = match found.log_e_above > found.log_e_below {
        true => "better",
        false => "worse",
    };
    let text = format!(
        "the student has drifted: {} repeated tasks scored {moved} than their cached answers, by more than chance \
         explains. The cached answers are no longer used, and the baseline was run without them. Earlier scores are \
         not comparable with those of this session: the model behind the configured name, its server or its settings \
         may have changed",
        found.tasks
    );
    found.dropped.then_some(text)
}

/// Maximum number of repeated tasks. They can only reveal large changes.
const MOST: usize = 10;
/// The evidence (e-value) at which the cached answers are no longer used.
const LINE: f64 = 20.0;

/// Compares cached answers with new ones; `None` if too few answers are cached to reveal drift.
///
/// # Errors
/// The evaluation was stopped.
pub(crate) fn drift(
    evaluator: &Evaluator,
    harness: &Harness,
    gate: &[&Task],
    session: &str,
) -> Result<Option<DriftCheck>, EvaluationHalted> {
    let tasks = chosen(remembered(evaluator, harness, gate), session);
    if log_e_above(&vec![1.0; tasks.len()], 0.0) < LINE.ln() {
        return Ok(None);
    }
    let number = number(session);
    let again: Vec<TaskRun> = tasks.iter().map(|task| TaskRun { task, number }).collect();
    let then = attempt_all(evaluator, harness, &tasks);
    let now = attempt_runs(evaluator, harness, &again);
    if let Some(reason) = (evaluator.halted)() {
        return Err(EvaluationHalted(reason));
    }
    let pairs = then.iter().zip(&now);
    let differences: Vec<f64> = pairs.filter_map(|(then, now)| Some(now.score? - then.score?)).collect();
    let (log_e_above, log_e_below) = (log_e_above(&differences, 0.0), log_e_below(&differences, 0.0));
    Ok(Some(DriftCheck {
        tasks: differences.len(),
        log_e_above,
        log_e_below,
        dropped: log_e_above.max(log_e_below) >= LINE.ln(),
    }))
}

/// Selects the tasks to repeat. The choice differs between sessions, and is the same when a session is resumed.
fn chosen<'t>(mut tasks: Vec<&'t Task>, session: &str) -> Vec<&'t Task> {
    tasks.sort_by_key(|task| Digest::of_value(&(session, &task.task_id)));
    tasks.truncate(MOST);
    tasks
}

/// The number of the repeated runs: higher than any run of a gate, and different in each session.
fn number(session: &str) -> u32 {
    let drawn = Digest::of_value(&("drift", session)).seed();
    1 << 31 | (drawn >> 33) as u32
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::artifact::baseline::DriftCheck;
    use crate::eval::memo::DiskMemo;
    use crate::eval::run::attempt_all;
    use crate::eval::student::nearest::Nearest;
    use crate::manifest::layout::Layout;

    fn harness(temperature: f64) -> Harness {
        let shots = r#"[{"input": "a lost card", "output": "lost"}, {"input": "a euro card", "output": "rate"}]"#;
        Harness::default()
            .with(
                "config.toml",
                format!("[models.default]\ntemperature = {temperature:?}\n"),
            )
            .with("agents/a/few_shot.json", shots)
    }

    fn gate(count: usize) -> Vec<Task> {
        let task = |at| json!({"task_id": format!("t{at}"), "query": "which card", "reference_answer": "lost"});
        (0..count).map(|at| serde_json::from_value(task(at)).unwrap()).collect()
    }

    /// Makes a baseline after `ask` has changed its inputs; returns it with the number of attempts.
    fn made(
        memo: &DiskMemo,
        temperature: f64,
        gate: &[Task],
        ask: impl FnOnce(&mut BaselineSpec, &Evaluator),
    ) -> (Baseline, usize) {
        let made = std::sync::atomic::AtomicUsize::new(0);
        let score = |task: &Task, answer: &str| Ok(f64::from(u8::from(answer == task.reference_answer.as_str())));
        let evaluator = Evaluator {
            student: &Nearest::new(Layout::default()),
            memo,
            score: &score,
            seed: 7,
            epoch: 0,
            concurrency: 1,
            progress: &|_, _| {
                made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            },
            gauge: &Default::default(),
            halted: &|| None,
        };
        let mut wanted = BaselineSpec {
            session: "s",
            before: None,
            commit: "c".into(),
            harness: &harness(temperature),
            benchmark: Digest::of_bytes(b""),
            gate,
            judge: None,
            probe: false,
        };
        ask(&mut wanted, &evaluator);
        made.store(0, std::sync::atomic::Ordering::Relaxed);
        let baseline = baseline(&evaluator, wanted).unwrap();
        (baseline, made.into_inner())
    }

    fn memo() -> DiskMemo {
        DiskMemo::in_memory().unwrap()
    }

    #[test]
    fn a_second_run_shows_the_noise_where_there_is_some() {
        let gate = gate(40);
        let probing = |wanted: &mut BaselineSpec, _: &Evaluator| wanted.probe = true;
        let (noisy, attempts) = made(&memo(), 1.0, &gate, probing);
        let probe = noisy.probe.unwrap();
        assert_eq!((attempts, probe.tasks, probe.second.len()), (80, 40, 40));
        let disagreed = probe.disagreed.len();
        assert!((10..30).contains(&disagreed), "{disagreed} of 40 at even odds");
        assert!((probe.noise - disagreed as f64 / 80.0).abs() < 1e-12);
        let (still, attempts) = made(&memo(), 0.0, &gate, probing);
        let probe = still.probe.unwrap();
        assert_eq!(
            (attempts, probe.disagreed.len(), probe.noise),
            (40, 0, 0.0),
            "the second run takes no attempts"
        );
        assert_eq!(made(&memo(), 1.0, &gate, |_, _| ()).0.probe, None);
    }

    #[test]
    fn what_was_remembered_before_is_checked_once_a_session() {
        let remember = |count: usize| {
            move |wanted: &mut BaselineSpec, evaluator: &Evaluator| {
                let tasks: Vec<&Task> = wanted.gate.iter().take(count).collect();
                attempt_all(evaluator, wanted.harness, &tasks);
            }
        };
        let gate = gate(20);
        let checked = |count, temperature| {
            let (baseline, attempts) = made(&memo(), temperature, &gate, remember(count));
            (baseline.drift.map(|drift: DriftCheck| drift.tasks), attempts)
        };
        assert_eq!(checked(0, 1.0), (None, 20));
        assert_eq!(checked(6, 1.0), (None, 14), "six tasks cannot reveal drift");
        assert_eq!(checked(7, 1.0), (Some(7), 20));
        assert_eq!(checked(20, 1.0), (Some(10), 10));
        assert_eq!(checked(20, 0.0), (None, 0), "a deterministic student cannot drift");
        let memo = memo();
        let (before, _) = made(&memo, 1.0, &gate, remember(20));
        assert!(before.drift.as_ref().is_some_and(|drift| !drift.dropped) && before.epoch == 0);
        let (after, attempts) = made(&memo, 1.0, &gate, |wanted, _| wanted.before = Some(before.clone()));
        assert_eq!((after, attempts), (before, 0));
    }
}
