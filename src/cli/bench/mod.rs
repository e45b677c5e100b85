//! `kaizen bench`: make a benchmark.

mod synth;

use clap::{Args, Subcommand};

use super::Setting;
use super::exit::{Code, Failure};

/// Make a benchmark
#[derive(Clone, Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Make tasks out of traces that were rated highly, one a query class, best first
    Synth(synth::Synth),
}

/// Runs the command.
///
/// # Errors
/// Traces or tasks cannot be read, there are too few, or a person's file is in the way.
pub fn bench(command: &Bench, setting: &Setting) -> Result<Code, Failure> {
    match &command.command {
        Command::Synth(command) => synth::synth(command, setting),
    }
}
