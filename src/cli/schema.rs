//! `kaizen schema`: to be written.

use clap::Args;

use super::Setting;
use super::exit::{Code, Failure};

/// To be written
#[derive(Clone, Debug, Default, Args)]
pub struct Schema {}

/// Runs the command.
///
/// # Errors
/// Whatever stops it.
pub fn schema(_: &Schema, _: &Setting) -> Result<Code, Failure> {
    Err(Failure::failed("not there yet"))
}

/// The schema files of a workspace.
pub fn files() -> Vec<(String, Vec<u8>)> {
    Vec::new()
}
