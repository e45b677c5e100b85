//! The input and the context of `execute`.

use std::collections::BTreeMap;

use crate::artifact::baseline::Baseline;
use crate::artifact::edit::{Edit, RiskTier};
use crate::artifact::error_budget::ErrorBudget;
use crate::artifact::gate::record::GateRecord;
use crate::artifact::gate::verdict::GateRule;
use crate::artifact::outcome::{LateAnswer, Outcome};
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::Evaluator;
use crate::gate::trial::GatePolicy;
use crate::harness::{Harness, op};
use crate::ledger::Git;
use crate::ledger::graph::LedgerState;
use crate::ledger::port::{CommitId, LedgerEntry};
use crate::pipeline::context::Context;
use crate::pipeline::execute::route::EditRoute;
use crate::workspace::error::RunError;

/// Finds the gate record of an edit with the most pairs that fits, in any session, with the id of that session.
pub(crate) type Earlier<'a> =
    &'a dyn Fn(&Digest, &dyn Fn(&GateRecord) -> bool) -> Result<Option<(String, GateRecord)>, RunError>;

/// The input of the phase: the desired state, the evidence of the gate, and the present harness.
pub(crate) struct ExecuteInput<'a> {
    /// The session's id.
    pub session: &'a str,
    pub reconcile: ReconcileInput<'a>,
    pub gate: GateInput<'a>,
    /// What the session measured and what is judged on today, if that differs from what it measured.
    pub late: Option<LateAnswer>,
    /// The rules of the manifest for edits.
    pub rules: op::OpRules,
    /// How far texts may grow.
    pub base: op::base::EditBase,
    /// Selects the files that belong to the harness.
    pub select: &'a dyn Fn(&str) -> bool,
    /// The harness in the workspace.
    pub head: Harness,
    /// The commit at HEAD, read before the harness.
    pub head_commit: Option<CommitId>,
}

/// The plan, and the results of its edits so far.
pub(crate) struct ReconcileInput<'a> {
    pub plan: &'a Plan,
    /// Digest of the plan's bytes.
    pub plan_digest: Digest,
    pub outcomes: BTreeMap<Digest, Outcome>,
    /// Questions to a person, with their answers.
    pub pending: BTreeMap<Digest, PendingReview>,
    /// Commits of this session, oldest first.
    pub entries: Vec<LedgerEntry>,
    /// The state of each edit in git.
    pub states: BTreeMap<Digest, LedgerState>,
    /// The applied edits that are no longer in the plan.
    pub withdrawn: Vec<Edit>,
    /// The risk tier of an edit in this workspace.
    pub tier: &'a dyn Fn(&Edit) -> RiskTier,
    /// The route of an edit.
    pub route: &'a dyn Fn(&Edit) -> EditRoute,
}

/// Everything that the gate's decisions depend on.
pub(crate) struct GateInput<'a> {
    pub baseline: &'a Baseline,
    /// The gate tasks of the session.
    pub tasks: &'a [Task],
    /// The rule that decides in mode `rule`.
    pub rule: GateRule,
    /// The settings of the other modes.
    pub policy: GatePolicy,
    /// The error budget before this run.
    pub budget: ErrorBudget,
    /// Earlier gate records of an edit.
    pub earlier: Earlier<'a>,
}

/// The context of `execute`; its methods are the effects of the phase.
pub(crate) struct ExecuteContext<'a> {
    pub context: &'a Context<'a>,
    /// Scores a harness.
    pub evaluator: Evaluator<'a>,
}

impl<'a> ExecuteContext<'a> {
    pub(super) fn ledger(&self) -> &'a Git {
        &self.context.workspace.ledger
    }
}
