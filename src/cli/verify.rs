//! `kaizen verify`: to be written.

use clap::Args;

use super::Setting;
use super::exit::{Code, Failure};

/// To be written
#[derive(Clone, Debug, Default, Args)]
pub struct Verify {}

/// Runs the command.
///
/// # Errors
/// Whatever stops it.
pub fn verify(_: &Verify, _: &Setting) -> Result<Code, Failure> {
    Err(Failure::failed("not there yet"))
}
