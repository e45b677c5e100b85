//! Checks whether the present harness is worse than at another commit. Like an audit, this writes only cached attempts and a
//! line in the log of consultations.

use std::path::Path;

use super::audit::consultation;
use crate::artifact::Money;
use crate::artifact::holdout_use;
use crate::artifact::task::{Split, Task};
use crate::gate::check::aa::{NoiseRun, noise};
use crate::gate::check::run::{CheckEnd, CheckRun, CheckSpec, check as run_check};
use crate::gate::check::{CheckMargins, LARGE_CATEGORY};
use crate::harness::Harness;
use crate::ledger::port::CommitId;
use crate::llm::client::SpendingLimit;
use crate::manifest;
use crate::manifest::relative_path::folder_of;
use crate::manifest::surface::compiled;
use crate::workspace::cache_epoch::noisy;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::{Inputs, present_harness, user_changes};
use crate::workspace::{Workspace, holdout_log};

/// The options of a check.
#[derive(Clone, Debug)]
pub(crate) struct CheckOptions {
    /// The commit to compare with, in any way that git understands.
    pub base: String,
    /// Whether to compare with the newest commit that it and the judged harness have in common.
    pub merge_base: bool,
    /// The commit whose harness is judged; `None`: the harness on disk. Everything else is that of the checkout.
    pub head: Option<String>,
    /// The limits.
    pub limits: CheckLimits,
}

/// The limits of a check.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CheckLimits {
    /// The largest number of new attempts.
    pub attempts: Option<usize>,
    /// The largest cost of its calls.
    pub cost: Option<Money>,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// There is no such commit.
    #[error("there is no commit `{0}` in this repository")]
    NoCommit(String),
    /// The histories have no commit in common.
    #[error("`{0}` and `{1}` have no commit in common in this repository")]
    NoMergeBase(String, String),
    /// There are no gate tasks.
    #[error("there are no gate tasks")]
    NoTasks,
    /// The runs were halted by something else than a limit.
    #[error("not measured: {0}")]
    Halted(String),
    /// Too many pairs were lost.
    #[error("not measured: {lost} of {pairs} pairs lost to failures outside the agent")]
    Lost { lost: usize, pairs: usize },
    /// Any other error.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// A check that ended with a verdict.
#[derive(Debug)]
pub(crate) struct CheckReport {
    /// The base as it was given, and its commit.
    pub base: (String, CommitId),
    /// The workspace relative to the root of the repository; empty, or it ends with `/`.
    pub prefix: String,
    /// The harness files that differ.
    pub files: Vec<String>,
    /// The harness files with uncommitted changes; they are judged as they are on disk.
    pub uncommitted: Vec<String>,
    /// With a head: what it changes of the manifest, the benchmark and the programs. The checkout's version is used.
    pub not_judged: Vec<String>,
    /// The falls that do not matter.
    pub margins: CheckMargins,
    /// The runs and the verdict.
    pub run: CheckRun,
    /// Why it ended before it could tell, if a limit was reached.
    pub stopped: Option<String>,
    /// The price of the attempts that are left; `None` if it is unknown or nothing was paid so far.
    pub price_left: Option<Money>,
}

impl CheckReport {
    /// The categories that are too small to be shown to be spared.
    pub(crate) fn small_categories(&self) -> impl Iterator<Item = &str> {
        let small = self
            .run
            .categories
            .iter()
            .filter(|(_, change)| change.tasks < LARGE_CATEGORY);
        small.map(|(name, _)| name.as_str())
    }
}

/// Compares the present harness with the base.
///
/// # Errors
/// See [`CheckError`].
pub(crate) fn check(
    workspace: &Workspace,
    asked: &CheckOptions,
    listener: Listener,
) -> Result<CheckReport, CheckError> {
    let inputs = Inputs::new(workspace);
    let head = asked.head.as_deref().map(|name| named(workspace, name)).transpose()?;
    let commit = base(workspace, asked, head.as_deref().unwrap_or("HEAD"))?;
    let after = match &head {
        Some(head) => inputs.harness_at(head)?,
        None => present_harness(workspace, &inputs)?,
    };
    let tasks = gate_tasks(workspace, &inputs, &after)?;
    let before = inputs.harness_at(&commit)?;
    if before != after {
        workspace.may_evaluate(&tasks)?;
    }
    limit(workspace, asked.limits);
    let margins = margins(workspace);
    let run = compared(workspace, asked, (&before, &after), &tasks, listener)?;
    // Repeating a check from the cache tells nothing new about the tasks.
    if run.attempts > 0 {
        holdout_log::record(
            workspace,
            &consultation(workspace, Split::Gate, &commit, &tasks, run.pairs),
        )?;
    }
    let stopped = match &run.end {
        CheckEnd::Decided | CheckEnd::Refused => None,
        CheckEnd::AttemptLimit => Some("the limit of attempts is reached".to_owned()),
        CheckEnd::Halted(reason) if workspace.calls.limit_reached() => Some(reason.clone()),
        CheckEnd::Halted(reason) => return Err(CheckError::Halted(reason.clone())),
        &CheckEnd::Lost(lost) => {
            let pairs = run.pairs + lost;
            return Err(CheckError::Lost { lost, pairs });
        }
    };
    let spent = workspace.calls.spent();
    let paid = (run.attempts > 0 && spent > Money::ZERO).then_some(spent);
    Ok(CheckReport {
        base: (asked.base.clone(), commit.clone()),
        prefix: workspace.ledger.place().1.to_owned(),
        files: before.changes(&after).into_iter().map(|change| change.path).collect(),
        uncommitted: match head {
            Some(_) => Vec::new(),
            None => user_changes(workspace, &inputs, &after)?,
        },
        not_judged: match &head {
            Some(head) => not_judged(workspace, &commit, head)?,
            None => Vec::new(),
        },
        margins,
        price_left: paid.map(|spent| spent.share(run.attempts_left as u64, run.attempts as u64)),
        stopped,
        run,
    })
}

/// Compares the present harness with itself.
///
/// # Errors
/// See [`CheckError`].
pub(crate) fn check_noise(
    workspace: &Workspace,
    limits: CheckLimits,
    listener: Listener,
) -> Result<NoiseRun, CheckError> {
    let inputs = Inputs::new(workspace);
    let harness = present_harness(workspace, &inputs)?;
    let tasks = gate_tasks(workspace, &inputs, &harness)?;
    workspace.may_evaluate(&tasks)?;
    limit(workspace, limits);
    let memo = workspace.memo();
    let score = |task: &Task, answer: &str| workspace.score(task, answer);
    let progress = progress(listener);
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &progress);
    noise(&evaluator, &harness, &tasks, margins(workspace)).map_err(|halted| CheckError::Halted(halted.0))
}

fn margins(workspace: &Workspace) -> CheckMargins {
    let section = &workspace.manifest.check;
    CheckMargins {
        whole: section.margin,
        category: section.category_margin,
    }
}

fn limit(workspace: &Workspace, limits: CheckLimits) {
    if let Some(most) = limits.cost {
        workspace.calls.limit_further(SpendingLimit::of_flag(most));
    }
}

/// The gate tasks, which the student can run with the harness.
fn gate_tasks(workspace: &Workspace, inputs: &Inputs, harness: &Harness) -> Result<Vec<Task>, CheckError> {
    let tasks = inputs.benchmark()?.split(Split::Gate);
    if tasks.is_empty() {
        return Err(CheckError::NoTasks);
    }
    let refs: Vec<&Task> = tasks.iter().collect();
    workspace.student.check(harness, &refs).map_err(RunError::Student)?;
    Ok(tasks)
}

fn named(workspace: &Workspace, name: &str) -> Result<CommitId, CheckError> {
    let found = workspace.ledger.commit_named(name).map_err(RunError::from)?;
    found.ok_or_else(|| CheckError::NoCommit(name.to_owned()))
}

/// The commit to compare with a head.
fn base(workspace: &Workspace, asked: &CheckOptions, head: &str) -> Result<CommitId, CheckError> {
    let commit = named(workspace, &asked.base)?;
    if !asked.merge_base {
        return Ok(commit);
    }
    let common = workspace.ledger.merge_base(&commit, head).map_err(RunError::from)?;
    common.ok_or_else(|| CheckError::NoMergeBase(asked.base.clone(), head.to_owned()))
}

/// What a commit changes of the files by which its harness is judged, compared with the base.
fn not_judged(workspace: &Workspace, base: &str, head: &str) -> Result<Vec<String>, RunError> {
    let list = workspace.permission.list()?;
    let pinned = list.programs.iter().flat_map(|program| &program.pinned);
    let pinned: Vec<&str> = pinned.map(|file| file.path.as_str()).collect();
    let globs = &workspace.manifest.benchmark.files;
    let folders: Vec<&str> = globs.iter().map(|glob| folder_of(glob)).collect();
    let matchers: Vec<_> = globs
        .iter()
        .filter_map(|glob| Some(compiled(glob).ok()?.compile_matcher()))
        .collect();
    let judges = |path: &String| {
        let in_folder = |folder: &&str| !folder.is_empty() && Path::new(path).starts_with(folder);
        let of_tasks = folders.iter().any(in_folder) || matchers.iter().any(|glob| glob.is_match(path));
        let is_ours = path == holdout_use::FILE || path == holdout_log::ATTRIBUTES;
        path == manifest::FILE || (of_tasks && !is_ours) || pinned.contains(&path.as_str())
    };
    let differing = workspace.ledger.differing(base, head)?;
    Ok(differing.into_iter().filter(judges).collect())
}

fn compared(
    workspace: &Workspace,
    asked: &CheckOptions,
    (before, after): (&Harness, &Harness),
    tasks: &[Task],
    listener: Listener,
) -> Result<CheckRun, RunError> {
    let memo = workspace.memo();
    let score = |task: &Task, answer: &str| workspace.score(task, answer);
    let evaluator = workspace.evaluator(memo.as_ref(), &score, &|_, _| ());
    let spec = CheckSpec {
        before,
        after,
        tasks,
        mode: workspace.manifest.gate.mode,
        settings: workspace.manifest.gate.settings(workspace.student.shares_chance()),
        noisy: noisy(workspace)?,
        margins: margins(workspace),
        most_attempts: asked.limits.attempts,
        progress: &progress(listener),
    };
    Ok(run_check(&evaluator, &spec))
}

fn progress(listener: Listener) -> impl Fn(usize, usize) + Sync {
    move |done, of| {
        let what = "check".to_owned();
        listener(Event::Progress { what, done, of });
    }
}
