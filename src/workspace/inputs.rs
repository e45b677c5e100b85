//! The inputs of a workspace (benchmark, traces, harness, ledger), each read once and only when needed, and the check
//! that the harness on disk equals HEAD.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use crate::artifact::task::{Split, Task};
use crate::artifact::trace::{Trace, TracePin};
use crate::digest::Digest;
use crate::eval::benchmark;
use crate::eval::benchmark::Benchmark;
use crate::eval::held_out::HeldOut;
use crate::harness::Harness;
use crate::ledger::cache::History;
use crate::ledger::graph::CommitGraph;
use crate::ledger::port::{CommitId, Ledger, LedgerError};
use crate::trace::eligible::eligible;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;

/// The number of attempts to read a harness that does not change during the read.
const MOST_LOOKS: usize = 5;

/// A function that gets traces one by one and decides whether to continue.
type TraceVisitor<'v> = &'v mut dyn FnMut(Trace) -> ControlFlow<()>;

/// The number of traces that a session can use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TraceCounts {
    /// Traces that are evidence.
    pub usable: usize,
    /// Traces that `[privacy]` excludes.
    pub left_out: usize,
}

/// The inputs of the workspace, read on demand and then kept.
pub(crate) struct Inputs<'a> {
    workspace: &'a Workspace,
    benchmark: OnceLock<Benchmark>,
    pin: OnceLock<TracePin>,
    head: OnceLock<Option<CommitId>>,
    graph: OnceLock<Arc<CommitGraph>>,
}

/// The value of a cell, computed on first use.
fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, RunError>) -> Result<&T, RunError> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

impl<'a> Inputs<'a> {
    /// Inputs of which nothing is read yet.
    pub(crate) fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            benchmark: OnceLock::new(),
            pin: OnceLock::new(),
            head: OnceLock::new(),
            graph: OnceLock::new(),
        }
    }

    /// All tasks.
    ///
    /// # Errors
    /// A file is not a benchmark.
    pub(crate) fn benchmark(&self) -> Result<&Benchmark, RunError> {
        once(&self.benchmark, || {
            let files = self.workspace.task_files()?;
            Ok(Benchmark::of_files(
                &self.workspace.root,
                &files,
                self.workspace.score_engines(),
            )?)
        })
    }

    /// The tasks that neither a program nor a teacher may see.
    ///
    /// # Errors
    /// A file is not a benchmark.
    pub(crate) fn held_out(&self) -> Result<HeldOut, RunError> {
        Ok(HeldOut::of(&self.benchmark()?.tasks))
    }

    /// The digest of a split's rows, including those that cannot be scored: they count, and their queries are secret.
    ///
    /// # Errors
    /// A file is not a benchmark.
    pub(crate) fn split_digest(&self, split: Split) -> Result<Digest, RunError> {
        let benchmark = self.benchmark()?;
        let (tasks, left_out) = (benchmark.split(split), benchmark.unscorable_in(split));
        if left_out.is_empty() {
            return Ok(Digest::of_value(&tasks));
        }
        let reasons: Vec<_> = left_out.iter().map(|task| (&task.task_id, &task.reason)).collect();
        let ids = benchmark.left_out();
        let is_left_out = |task: &&Task| task.split() == split && ids.contains(task.task_id.as_str());
        let rows: Vec<&Task> = benchmark.tasks.iter().filter(is_left_out).collect();
        Ok(Digest::of_value(&(tasks, rows, reasons)))
    }

    /// The state of the trace store.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn trace_pin(&self) -> Result<&TracePin, RunError> {
        once(&self.pin, || Ok(self.workspace.traces()?.pin()?))
    }

    /// The commit at HEAD.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn head(&self) -> Result<Option<&CommitId>, RunError> {
        Ok(once(&self.head, || Ok(self.workspace.ledger.head()?))?.as_ref())
    }

    /// The harness at a commit.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn harness_at(&self, commit: &str) -> Result<Harness, RunError> {
        let workspace = self.workspace;
        let select = |path: &str| workspace.selects(path);
        Ok(workspace.past.harness_at(&workspace.ledger, commit, &select)?)
    }

    /// The commits of a session after the commit on which it builds, and the graph in which they are.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn history(&self, session: &str, base: Option<&str>) -> Result<Arc<History>, RunError> {
        let workspace = self.workspace;
        Ok(workspace.past.history(&workspace.ledger, session, base)?)
    }

    /// All commits in the history of HEAD.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn graph(&self) -> Result<&CommitGraph, RunError> {
        Ok(once(&self.graph, || Ok(self.workspace.ledger.graph(None)?))?.as_ref())
    }

    /// The gate tasks of a session: all, or a sample that its name determines.
    ///
    /// # Errors
    /// A file is not a benchmark.
    pub(crate) fn gate(&self, session: &str) -> Result<Vec<Task>, RunError> {
        let most = self.workspace.manifest.benchmark.subsample;
        Ok(benchmark::subsample(
            self.benchmark()?.split(Split::Gate),
            most,
            session,
        ))
    }

    /// The number of traces that can be evidence for a session that began at `moment` (seconds since 1970, UTC): their
    /// query is not empty and is not that of a gate, test or reserve task, and `[privacy]` admits them.
    ///
    /// # Errors
    /// The store or the benchmark cannot be read.
    pub(crate) fn usable_traces(&self, moment: f64) -> Result<TraceCounts, RunError> {
        let mut counted = TraceCounts::default();
        self.usable(&mut |trace| {
            match eligible(&self.workspace.manifest.privacy, &trace, moment) {
                true => counted.usable += 1,
                false => counted.left_out += 1,
            }
            ControlFlow::Continue(())
        })?;
        Ok(counted)
    }

    /// The newest traces that can be evidence, up to the manifest's limit.
    ///
    /// # Errors
    /// The store or the benchmark cannot be read.
    pub(crate) fn evidence(&self, moment: f64) -> Result<Vec<Trace>, RunError> {
        let privacy = &self.workspace.manifest.privacy;
        self.newest(&mut |visit| {
            self.usable(&mut |trace| match eligible(privacy, &trace, moment) {
                true => visit(trace),
                false => ControlFlow::Continue(()),
            })
        })
    }

    /// The newest traces of any kind, up to the manifest's limit.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn newest_traces(&self) -> Result<Vec<Trace>, RunError> {
        self.newest(&mut |visit| Ok(self.workspace.traces()?.scan(visit)?))
    }

    fn newest(&self, scan: &mut dyn FnMut(TraceVisitor) -> Result<(), RunError>) -> Result<Vec<Trace>, RunError> {
        let most = self.workspace.manifest.traces.most;
        let mut traces = Vec::new();
        scan(&mut |trace| {
            traces.push(trace);
            if traces.len() < most {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(traces)
    }

    fn usable(&self, visit: TraceVisitor) -> Result<(), RunError> {
        let redactor = &self.workspace.redactor;
        let held_out = self.benchmark()?.held_out(redactor);
        self.workspace.traces()?.scan(&mut |trace| {
            if trace.query.trim().is_empty() || held_out.asks(&trace.query, redactor) {
                ControlFlow::Continue(())
            } else {
                visit(trace)
            }
        })?;
        Ok(())
    }
}

/// The harness files, on disk or at HEAD, with uncommitted changes.
///
/// # Errors
/// git or the file system fails.
pub(crate) fn user_changes(workspace: &Workspace, inputs: &Inputs, harness: &Harness) -> Result<Vec<String>, RunError> {
    let mut paths: Vec<String> = harness.files().map(|(path, _)| path.to_owned()).collect();
    if let Some(head) = inputs.head()? {
        let at_head = inputs.harness_at(head)?;
        paths.extend(at_head.files().map(|(path, _)| path.to_owned()));
    }
    paths.sort();
    paths.dedup();
    Ok(workspace.ledger.dirty(&paths)?)
}

/// Checks that a harness on disk without uncommitted changes is what git would check out at HEAD, so that disk, commit
/// and candidate agree.
///
/// # Errors
/// A file differs although git reports no change, HEAD has moved, or git fails.
pub(crate) fn check_agreement(workspace: &Workspace, inputs: &Inputs, harness: &Harness) -> Result<(), RunError> {
    let Some(head) = inputs.head()? else {
        return Ok(());
    };
    let changes = inputs.harness_at(head)?.changes(harness);
    let Some(change) = changes.first() else {
        return Ok(());
    };
    if workspace.ledger.head()?.as_ref() != Some(head) {
        return Err(RunError::HeadMoved);
    }
    let dirty = user_changes(workspace, inputs, harness)?;
    if !dirty.is_empty() {
        return Err(RunError::Dirty(dirty));
    }
    Err(LedgerError::from(workspace.ledger.hidden_change(change)?).into())
}

/// The harness on disk, with or without uncommitted changes, for a command that only scores it. Without changes, it must be
/// what git would check out at HEAD: a sparse checkout may leave files out. Needs no repository.
///
/// # Errors
/// The disk differs from HEAD although git reports no change, or a file cannot be read.
pub(crate) fn present_harness(workspace: &Workspace, inputs: &Inputs) -> Result<Harness, RunError> {
    let harness = workspace.harness()?;
    let has_changes = match user_changes(workspace, inputs, &harness) {
        Err(RunError::Ledger(LedgerError::NoRepository(_))) => true,
        dirty => !dirty?.is_empty(),
    };
    if !has_changes {
        check_agreement(workspace, inputs, &harness)?;
    }
    Ok(harness)
}

/// The harness on disk, which must have no uncommitted changes and must not change during the read, so that the
/// evaluated harness is that of HEAD.
///
/// # Errors
/// There are uncommitted changes, or git or the file system fails.
pub(crate) fn clean_harness(workspace: &Workspace, inputs: &Inputs) -> Result<Harness, RunError> {
    let mut harness = workspace.harness()?;
    for _ in 0..MOST_LOOKS {
        let dirty = user_changes(workspace, inputs, &harness)?;
        if !dirty.is_empty() {
            return Err(RunError::Dirty(dirty));
        }
        let again = workspace.harness()?;
        if again == harness {
            check_agreement(workspace, inputs, &harness)?;
            return Ok(harness);
        }
        harness = again;
    }
    let changing = harness.files().map(|(path, _)| path.to_owned());
    Err(RunError::Dirty(changing.collect()))
}
