//! `kaizen bench`: creates a benchmark, and replaces worn gate tasks.

mod refresh;
mod synth;

use clap::{Args, Subcommand};

use super::Setting;
use super::exit::{Code, CommandFailure};

/// Create a benchmark, or replace worn gate tasks
#[derive(Clone, Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum BenchCommand {
    Synth(synth::SynthArgs),
    Refresh(refresh::RefreshArgs),
}

/// Runs the command.
///
/// # Errors
/// Traces or tasks cannot be read, there are too few, or a person's file is in the way.
pub(crate) fn bench(command: &BenchArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    match &command.command {
        BenchCommand::Synth(command) => synth::synth(command, setting),
        BenchCommand::Refresh(command) => refresh::refresh(command, setting),
    }
}
