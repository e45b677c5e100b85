//! `kaizen bench`: make a benchmark, and keep it fresh.

mod refresh;
mod synth;

use clap::{Args, Subcommand};

use super::Setting;
use super::exit::{Code, Failure};

/// Make a benchmark, or exchange worn gate tasks
#[derive(Clone, Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Make tasks out of traces that were rated highly, one a query class, best first
    Synth(synth::Synth),
    /// Retire a share of the gate tasks into train, and draw others of the same categories from the reserve
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
