//! `kaizen demo`: creates a small workspace and runs one session in it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{Renderer, SummaryContext};
use crate::pipeline::advance::advance;
use crate::pipeline::options::RunOptions;
use crate::sys::disk::Root;
use crate::workspace::demo;

/// Create a small agent with tasks and traces, and run one session
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// A directory that is empty or does not exist yet
    #[arg(value_name = "DIR", default_value = "kaizen-demo")]
    place: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// The directory is not empty, or the session fails.
pub(crate) fn demo(command: &DemoArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let root = setting.directory.join(&command.place);
    refuse_unless_empty(&root)?;
    let workspace = demo::demo(&root)?;
    if !setting.is_json() {
        err!(
            "A household assistant in {}: prompt, examples, tools, tasks and traces, under git",
            root.display()
        );
    }
    let renderer = Renderer::new(setting.format);
    let ended = advance(&workspace, &RunOptions::default(), &|event| renderer.show(event))?;
    renderer.finish();
    let around = SummaryContext {
        elsewhere: Some(&root),
        ..SummaryContext::default()
    };
    super::run::summary(setting, &workspace, &ended, &around)?;
    // The demo leaves edits waiting for review on purpose, so that counts as success.
    Ok(Code::Settled)
}

/// Refuses a directory that already contains something.
fn refuse_unless_empty(root: &Path) -> Result<(), CommandFailure> {
    let taken = |what: &str| {
        CommandFailure::usage(format!("{} {what}", root.display()))
            .hint("give a directory that is empty or does not exist")
    };
    if root.exists() && !root.is_dir() {
        return Err(taken("is a file"));
    }
    if !root.exists() {
        return Ok(());
    }
    match Root::open(root)?.is_empty()? {
        true => Ok(()),
        false => Err(taken("is not empty")),
    }
}
