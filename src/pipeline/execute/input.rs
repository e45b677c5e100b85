//! The input of `execute`, and the context that it works in.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::baseline::Baseline;
use crate::artifact::edit::{Edit, RiskTier};
use crate::artifact::error_budget::ErrorBudget;
use crate::artifact::gate::record::GateRecord;
use crate::artifact::gate::verdict::GateRule;
use crate::artifact::outcome::Outcome;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::Evaluator;
use crate::gate::trial::GatePolicy;
use crate::harness::{Harness, op};
use crate::ledger::port::{CommitId, Ledger, LedgerEntry};
use crate::pipeline::execute::effects::Effects;
use crate::pipeline::execute::route::EditRoute;
use crate::workspace::error::RunError;

/// The newest record of an edit in a comparison, with the session that made it, in any session.
pub(crate) type Earlier<'a> = &'a dyn Fn(&Digest, &Digest) -> Result<Option<(String, GateRecord)>, RunError>;

/// Everything that the phase was given.
pub(crate) struct ExecuteInput<'a> {
    /// The session's name.
    pub session: &'a str,
    /// The desired state.
    pub plan: &'a Plan,
    /// Digest of the plan's bytes.
    pub plan_digest: Digest,
    /// What the session builds on.
    pub baseline: &'a Baseline,
    /// What became of edits so far.
    pub outcomes: BTreeMap<Digest, Outcome>,
    /// Questions put so far, with answers.
    pub pending: BTreeMap<Digest, PendingReview>,
    /// Commits of this session, oldest first.
    pub entries: Vec<LedgerEntry>,
    /// Commits that a person reverted in git.
    pub undone: BTreeSet<CommitId>,
    /// The gate tasks of the session.
    pub gate: &'a [Task],
    /// The rule that decides in mode `rule`.
    pub rule: GateRule,
    /// How edits are judged in other modes.
    pub policy: GatePolicy,
    /// The error budget as it stands.
    pub budget: ErrorBudget,
    /// What the gate found of an edit before.
    pub earlier: Earlier<'a>,
    /// Where ops land.
    pub rules: op::OpRules,
    /// The tier of an edit here.
    pub tier: &'a dyn Fn(&Edit) -> RiskTier,
    /// Where an edit goes.
    pub route: &'a dyn Fn(&Edit) -> EditRoute,
    /// The files that belong to the harness.
    pub select: &'a dyn Fn(&str) -> bool,
    /// The prefix of harness paths in the workspace is empty: both share a root.
    pub head: Harness,
    /// The commit at HEAD, asked before the harness was read.
    pub head_commit: Option<CommitId>,
}

/// What `execute` works with.
pub(crate) struct ExecuteContext<'a> {
    /// Scores a harness.
    pub evaluator: Evaluator<'a>,
    /// git.
    pub ledger: &'a dyn Ledger,
    /// Writes files and reports events.
    pub effects: &'a Effects<'a>,
}
