//! `kaizen init`: to be written.

use clap::Args;

use super::Setting;
use super::exit::{Code, Failure};

/// To be written
#[derive(Clone, Debug, Default, Args)]
pub struct Init {}

/// Runs the command.
///
/// # Errors
/// Whatever stops it.
pub fn init(_: &Init, _: &Setting) -> Result<Code, Failure> {
    Err(Failure::failed("not there yet"))
}
