//! The pipeline: runs a session's stale phases, publishes their files and writes checkpoints, until no phase is stale.

pub(crate) mod advance;
mod begin;
pub(crate) mod briefing;
mod checkout;
pub(crate) mod context;
pub(crate) mod definition;
pub(crate) mod edit_states;
pub(crate) mod execute;
pub(crate) mod external_decision;
pub(crate) mod forecast;
pub(crate) mod freshness;
pub(crate) mod gate_policy;
pub(crate) mod held_out_examples;
pub(crate) mod late;
pub(crate) mod next;
pub(crate) mod offline_briefing;
pub(crate) mod options;
pub(crate) mod permissions;
pub(crate) mod phase;
pub(crate) mod preview;
mod redo;
pub(crate) mod scratch;
pub(crate) mod state;
mod step;
pub(crate) mod student_choice;
pub(crate) mod submitted;
pub(crate) mod unmet;
