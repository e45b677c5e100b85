//! What a report is made from: the workspace, its traces and the log of the gate split, each read at most once.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::artifact::holdout_use::HoldoutUse;
use crate::artifact::trace::Trace;
use crate::cli::exit::CommandFailure;
use crate::cli::report::veil::{ShownText, Veil};
use crate::cli::show::worth::TestedWorth;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::harness::op::OpRules;
use crate::trace::TraceSource;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, holdout_log};

/// The name of the file with the traces that a session's teacher read.
const EVIDENCE: &str = "evidence.jsonl";

/// What a report is made from.
pub(crate) struct ReportSource<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// Its benchmark and its git history.
    pub inputs: &'a Inputs<'a>,
    /// Makes texts fit to be shown.
    pub veil: Veil,
    /// What edits may change.
    pub rules: OpRules,
    /// The uses of the gate split, oldest first.
    pub uses: Vec<HoldoutUse>,
    /// The harness as it is on disk.
    pub present: Harness,
    /// `None` if the traces cannot be read; `kaizen verify` says why.
    store: OnceCell<Option<Box<dyn TraceSource>>>,
}

impl<'a> ReportSource<'a> {
    /// Reads what every report needs.
    ///
    /// # Errors
    /// The benchmark, the harness or the log of the gate split cannot be read.
    pub(crate) fn new(workspace: &'a Workspace, inputs: &'a Inputs<'a>) -> Result<Self, CommandFailure> {
        Ok(Self {
            veil: Veil::of(workspace, inputs)?,
            rules: workspace.rules(),
            uses: holdout_log::read(workspace)?,
            present: workspace.harness()?,
            store: OnceCell::new(),
            workspace,
            inputs,
        })
    }

    /// What `kaizen prune` last found an edit to be worth.
    pub(crate) fn worth(&self, edit: Digest) -> Option<[ShownText; 2]> {
        let worth = TestedWorth::among(&self.uses, edit, self.present.digest())?;
        Some(worth.lines().map(|line| self.veil.line(&line)))
    }

    /// A trace of the store.
    pub(crate) fn stored_trace(&self, id: &str) -> Option<Trace> {
        let store = self.store.get_or_init(|| self.workspace.traces().ok());
        store.as_ref()?.get(id).ok()?
    }

    /// The traces that a session's teacher read, by id.
    pub(crate) fn evidence(&self, session: &Session) -> BTreeMap<String, Trace> {
        let text = session.text(EVIDENCE).ok().flatten().unwrap_or_default();
        let traces = text.lines().filter_map(|line| serde_json::from_str::<Trace>(line).ok());
        traces.map(|trace| (trace.trace_id.clone(), trace)).collect()
    }
}
