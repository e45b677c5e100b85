//! `kaizen explain`: to be written.

use clap::Args;

use super::Setting;
use super::exit::{Code, Failure};

/// To be written
#[derive(Clone, Debug, Default, Args)]
pub struct Explain {}

/// Runs the command.
///
/// # Errors
/// Whatever stops it.
pub fn explain(_: &Explain, _: &Setting) -> Result<Code, Failure> {
    Err(Failure::failed("not there yet"))
}
