//! `kaizen bench`: make a benchmark, and keep it fresh.

mod refresh;
mod synth;

use clap::{Args, Subcommand};

use super::Setting;
use super::exit::{Code, Failure};

/// Create a benchmark, or replace worn gate tasks
#[derive(Clone, Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    Synth(synth::Synth),
    Refresh(refresh::Refresh),
}

/// Runs the command.
///
/// # Errors
/// Traces or tasks cannot be read, there are too few, or a person's file is in the way.
pub(crate) fn bench(command: &Bench, setting: &Setting) -> Result<Code, Failure> {
    match &command.command {
        Command::Synth(command) => synth::synth(command, setting),
        Command::Refresh(command) => refresh::refresh(command, setting),
    }
}
