//! Runs the user's editor on one file. Like git, it leaves quotes and variables in the user's choice to the shell.
#![allow(clippy::disallowed_methods)] // edge: the environment, a process

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::SIGINT;

use crate::cli::exit::CommandFailure;
use crate::sys::signal::is_ignored;

/// The editor if the user has set none; the same as git's.
const DEFAULT: &str = "vi";

/// Whether SIGINT ends this process. It does not while an editor runs, because many editors use Ctrl-C as a command.
static INTERRUPTIBLE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let flag = Arc::new(AtomicBool::new(true));
    if is_ignored(SIGINT) {
        return flag;
    }
    if let Err(error) = signal_hook::flag::register_conditional_default(SIGINT, flag.clone()) {
        tracing::warn!(%error, "Ctrl-C in the editor will end the review");
    }
    flag
});

/// The editor's command: `$VISUAL`, else `$EDITOR`, else `vi`.
pub(crate) fn command() -> String {
    let chosen = |name: &str| std::env::var(name).ok();
    choice([chosen("VISUAL"), chosen("EDITOR")])
}

/// The first choice that is not blank.
fn choice(choices: [Option<String>; 2]) -> String {
    let mut chosen = choices.into_iter().flatten().map(|text| text.trim().to_owned());
    chosen
        .find(|text| !text.is_empty())
        .unwrap_or_else(|| DEFAULT.to_owned())
}

/// Runs the editor on a file and waits for it. The `withheld` environment variables are not passed on.
///
/// # Errors
/// The editor cannot be run, or fails.
pub(crate) fn run(editor: &str, path: &Path, withheld: &[String]) -> Result<(), CommandFailure> {
    let hint = "set VISUAL or EDITOR to an editor that waits, such as `code --wait`";
    let mut process = process(editor, path);
    for name in withheld {
        process.env_remove(name);
    }
    let status = undisturbed(&mut process);
    let status = status.map_err(|error| CommandFailure::usage(format!("cannot run `{editor}`: {error}")).hint(hint))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(NO_SUCH_PROGRAM | NOT_EXECUTABLE) => {
            Err(CommandFailure::usage(format!("cannot run `{editor}`: there is no such program")).hint(hint))
        }
        _ => Err(CommandFailure::failed(format!(
            "`{editor}` ended with {status}; the edit is unchanged"
        ))),
    }
}

/// The exit codes of a shell that cannot start a program.
const NOT_EXECUTABLE: i32 = 126;
const NO_SUCH_PROGRAM: i32 = 127;

/// The shell ignores Ctrl-C as kaizen does, and the editor does not.
#[cfg(unix)]
fn process(editor: &str, path: &Path) -> Command {
    let mut process = Command::new("sh");
    let script = format!("trap : INT; {editor} \"$@\"");
    process.args(["-c", &script, editor]).arg(path);
    process
}

#[cfg(not(unix))]
fn process(editor: &str, path: &Path) -> Command {
    let words = words(editor);
    let mut process = Command::new(words.first().map_or(DEFAULT, String::as_str));
    process.args(words.iter().skip(1)).arg(path);
    process
}

/// The words of a command; a part in double quotes may contain blanks.
#[cfg(any(not(unix), test))]
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    for c in command.chars() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
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
        assert_eq!(choice([some("code --wait"), some("nano")]), "code --wait");
        assert_eq!(choice([some("  "), some("nano")]), "nano");
        assert_eq!(choice([None, None]), "vi");
    }

    #[test]
    fn quotes_hold_words_together() {
        for (command, wanted) in [
            ("code --wait", vec!["code", "--wait"]),
            (
                r#""C:\Program Files\ed.exe" -w"#,
                vec![r"C:\Program Files\ed.exe", "-w"],
            ),
            (r#"a"b c"d "" e"#, vec!["ab cd", "", "e"]),
        ] {
            assert_eq!(words(command), wanted, "{command}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn the_shell_reads_the_choice_and_not_the_path() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let editor = folder.path().join("my editor");
        std::fs::write(&editor, "#!/bin/sh\nprintf '%s|' \"$@\" > \"$0.log\"\n").unwrap();
        std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
        let file = folder.path().join("it's $HOME \"x\".json");
        let shown = editor.display();
        let escaped = shown.to_string().replace(' ', "\\ ");
        for command in [
            format!("\"{shown}\" --wait"),
            format!("'{shown}' --wait"),
            format!("{escaped} --wait"),
            format!("X='{shown}'; \"$X\" --wait"),
        ] {
            run(&command, &file, &[]).unwrap();
            let heard = std::fs::read_to_string(folder.path().join("my editor.log")).unwrap();
            assert_eq!(heard, format!("--wait|{}|", file.display()), "{command}");
        }
        assert!(run("/nowhere/ed --wait", &file, &[]).is_err());
        assert!(run("exit 3 #", &file, &[]).is_err());
    }
}
