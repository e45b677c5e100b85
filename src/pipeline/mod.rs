//! The pipeline: advance a session by running what is stale, publish, checkpoint, repeat until nothing is.

pub(crate) mod advance;
mod awaiting;
mod begin;
pub(crate) mod briefing;
pub(crate) mod cold_start;
pub(crate) mod decided;
pub(crate) mod definition;
pub(crate) mod execute;
pub(crate) mod forecast;
pub(crate) mod freshness;
pub(crate) mod judging;
pub(crate) mod looking;
pub(crate) mod next;
pub(crate) mod options;
mod pages;
pub(crate) mod permitted;
pub(crate) mod phase;
pub(crate) mod run_phase;
pub(crate) mod scratch;
pub(crate) mod state;
mod step;
pub(crate) mod submitted;
mod under_way;
pub(crate) mod unmet;
