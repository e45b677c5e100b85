//! What `execute` is given, and the means and effects that it has.

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
use crate::harness::{FileChange, Harness, op};
use crate::ledger::port::{CommitId, Entry, Ledger};
use crate::pipeline::execute::route::Route;
use crate::workspace::error::ExecuteError;

/// The effects that the phase has, apart from commits: each is atomic, and together they are the crash test's points.
pub(crate) trait World {
    /// Writes changed harness files, announced by an intent.
    ///
    /// # Errors
    /// The disk said no, or a file is not what it was.
    fn write(&self, changes: &[FileChange]) -> Result<(), ExecuteError>;
    /// Removes the intent once the commit stands.
    ///
    /// # Errors
    /// The disk said no.
    fn written(&self) -> Result<(), ExecuteError>;
    /// Publishes an outcome.
    ///
    /// # Errors
    /// The disk said no.
    fn outcome(&self, outcome: &Outcome) -> Result<(), ExecuteError>;
    /// Publishes a question.
    ///
    /// # Errors
    /// The disk said no.
    fn ask(&self, pending: &PendingReview) -> Result<(), ExecuteError>;
    /// Publishes what the error budget is spent on.
    ///
    /// # Errors
    /// The disk said no.
    fn budget(&self, budget: &ErrorBudget) -> Result<(), ExecuteError>;
    /// Notes that the gate split was consulted.
    ///
    /// # Errors
    /// The disk said no.
    fn consulted(&self, edit: &Edit, outcome: &Outcome) -> Result<(), ExecuteError>;
    /// Puts the outcome and the question of an edit that left the plan into the attic.
    ///
    /// # Errors
    /// The disk said no.
    fn withdraw(&self, edit: &Digest) -> Result<(), ExecuteError>;
    /// Tells a person what happened.
    fn told(&self, number: usize, of: usize, edit: &Edit, outcome: &Outcome);
    /// The present moment, RFC 3339.
    fn now(&self) -> String;
}

/// The newest record of an edit in a comparison, with the session that made it, in any session.
pub(crate) type Earlier<'a> = &'a dyn Fn(&Digest, &Digest) -> Result<Option<(String, GateRecord)>, ExecuteError>;

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
    pub entries: Vec<Entry>,
    /// Commits that a person reverted in git.
    pub undone: BTreeSet<CommitId>,
    /// The gate tasks of the session.
    pub gate: &'a [Task],
    /// The rule that decides in mode `rule`.
    pub rule: GateRule,
    /// How edits are judged in other modes.
    pub judging: GatePolicy,
    /// The error budget as it stands.
    pub budget: ErrorBudget,
    /// What the gate found of an edit before.
    pub earlier: Earlier<'a>,
    /// Where ops land.
    pub rules: op::Rules,
    /// The tier of an edit here.
    pub tier: &'a dyn Fn(&Edit) -> RiskTier,
    /// Where an edit goes.
    pub route: &'a dyn Fn(&Edit) -> Route,
    /// The files that belong to the harness.
    pub select: &'a dyn Fn(&str) -> bool,
    /// The prefix of harness paths in the workspace is empty: both share a root.
    pub head: Harness,
    /// The commit at HEAD, asked before the harness was read.
    pub head_commit: Option<CommitId>,
}

/// The ports and effects of the phase.
pub(crate) struct ExecuteContext<'a> {
    /// Scores a harness.
    pub evaluator: Evaluator<'a>,
    /// git.
    pub ledger: &'a dyn Ledger,
    /// The disk.
    pub world: &'a dyn World,
}
