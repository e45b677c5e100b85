//! Runs the user's editor on one file, without a shell.
#![allow(clippy::disallowed_methods)] // edge: the environment, a process

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::SIGINT;

use crate::cli::exit::CommandFailure;

/// The editor if the user has set none; the same as git's.
const DEFAULT: &str = "vi";

/// Whether SIGINT ends this process. It does not while an editor runs, because many editors use Ctrl-C as a command.
static INTERRUPTIBLE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let flag = Arc::new(AtomicBool::new(true));
    if let Err(error) = signal_hook::flag::register_conditional_default(SIGINT, flag.clone()) {
        tracing::warn!(%error, "Ctrl-C in the editor will end the review");
    }
    flag
});

/// The editor's program and arguments: `$VISUAL`, else `$EDITOR`, else `vi`.
pub(crate) fn words() -> Vec<String> {
    let chosen = |name: &str| std::env::var(name).ok();
    split(&[chosen("VISUAL"), chosen("EDITOR")])
}

/// Splits the first choice that is not blank into words.
fn split(choices: &[Option<String>]) -> Vec<String> {
    let words = |text: &String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut chosen = choices.iter().flatten().map(words);
    chosen
        .find(|words| !words.is_empty())
        .unwrap_or_else(|| vec![DEFAULT.to_owned()])
}

/// Runs the editor on a file and waits for it. The `withheld` environment variables are not passed on.
///
/// # Errors
/// The editor cannot be run, or fails.
pub(crate) fn run(words: &[String], path: &Path, withheld: &[String]) -> Result<(), CommandFailure> {
    let [program, arguments @ ..] = words else {
        return Err(CommandFailure::usage("no editor is set"));
    };
    let hint = "set VISUAL or EDITOR to an editor that waits, such as `code --wait`";
    let mut command = Command::new(program);
    command.args(arguments).arg(path);
    for name in withheld {
        command.env_remove(name);
    }
    let status = undisturbed(&mut command);
    let status =
        status.map_err(|error| CommandFailure::usage(format!("cannot run `{program}`: {error}")).hint(hint))?;
    match status.success() {
        true => Ok(()),
        false => Err(CommandFailure::failed(format!(
            "`{program}` ended with {status}; the edit is unchanged"
        ))),
    }
}

fn undisturbed(command: &mut Command) -> std::io::Result<ExitStatus> {
    INTERRUPTIBLE.store(false, Ordering::SeqCst);
    let status = command.status();
    INTERRUPTIBLE.store(true, Ordering::SeqCst);
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visual_wins_and_blank_is_no_choice() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(split(&[some("code --wait"), some("nano")]), ["code", "--wait"]);
        assert_eq!(split(&[some("  "), some("nano")]), ["nano"]);
        assert_eq!(split(&[None, None]), ["vi"]);
    }
}
