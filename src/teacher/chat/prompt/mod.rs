//! What the model is told, in each step.

/// How to look for causes, and what a diagnosis is.
pub(super) const DIAGNOSE: &str = include_str!("diagnose.md");
/// What an edit is, and what a plan is.
pub(super) const PLAN: &str = include_str!("plan.md");
/// There are no turns left.
pub(super) const NO_TURNS: &str = include_str!("no_turns.md");
/// A diagnosis held no clusters.
pub(super) const REPAIR_DIAGNOSIS: &str = include_str!("repair_diagnosis.md");
/// A plan could not be read, because of `{problem}`.
pub(super) const REPAIR_PLAN: &str = include_str!("repair_plan.md");

/// All of them, for the teacher's identity.
pub(super) const ALL: [&str; 5] = [DIAGNOSE, PLAN, NO_TURNS, REPAIR_DIAGNOSIS, REPAIR_PLAN];
