//! The pipeline: advance a session by running what is stale, publish, checkpoint, repeat until nothing is.

pub mod advance;
mod awaiting;
mod begin;
pub mod briefing;
pub mod cold_start;
pub mod decided;
pub mod definition;
pub mod execute;
pub mod forecast;
pub mod freshness;
pub mod judging;
pub mod looking;
pub mod next;
pub mod options;
mod pages;
pub mod permitted;
pub mod phase;
pub mod run_phase;
pub mod scratch;
pub mod state;
mod step;
pub mod submitted;
mod under_way;
pub mod unmet;
