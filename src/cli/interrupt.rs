//! The last line of a command that a signal ends: what it kept, and which command continues.

use std::ffi::OsString;

use super::CliCommand;
use super::visible::visible;

/// What a command keeps when it is interrupted, if it does work that continues later.
fn kept(command: &CliCommand) -> Option<&'static str> {
    Some(match command {
        CliCommand::Run(_) | CliCommand::Loop(_) | CliCommand::Demo(_) => {
            "finished phases, commits and the answers so far are kept"
        }
        CliCommand::Accept(_) | CliCommand::Revert(_) | CliCommand::Prune(_) => {
            "what is committed and the answers so far are kept"
        }
        CliCommand::Eval(_)
        | CliCommand::Audit(_)
        | CliCommand::Check(_)
        | CliCommand::PlanGate(_)
        | CliCommand::Recompute(_) => "the answers so far are kept",
        CliCommand::Traces(_) | CliCommand::Bench(_) => "the answers so far are kept, and no file is written halfway",
        _ => return None,
    })
}

/// The line for a command with these arguments; `None` for a command that only shows something.
pub(super) fn line(command: &CliCommand, arguments: impl IntoIterator<Item = OsString>) -> Option<String> {
    let kept = kept(command)?;
    let words = arguments.into_iter().map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = match command {
        // `--new` and `--redo` would start over instead of continuing.
        CliCommand::Run(_) => without_fresh_start(words),
        // `demo` refuses a folder that is not empty.
        CliCommand::Demo(_) => return Some(format!("interrupted: {kept}; `kaizen run` in that folder continues")),
        _ => words.collect(),
    };
    let again = std::iter::once("kaizen".to_owned()).chain(words.iter().map(|word| quoted(word)));
    Some(format!(
        "interrupted: {kept}; `{}` continues",
        again.collect::<Vec<_>>().join(" ")
    ))
}

/// The arguments of `run` without `--new` and `--redo PHASE`.
fn without_fresh_start(mut words: impl Iterator<Item = String>) -> Vec<String> {
    let mut left = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--new" => {}
            "--redo" => drop(words.next()),
            other if other.starts_with("--redo=") => {}
            _ => left.push(word),
        }
    }
    left
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", visible(word).replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::CliArgs;

    #[test]
    fn the_line_names_what_continues() {
        for (typed, expected) in [
            ("run", Some("`kaizen run` continues")),
            (
                "run --new --redo plan --autonomy auto",
                Some("`kaizen run --autonomy auto` continues"),
            ),
            ("run --redo=plan session-1", Some("`kaizen run session-1` continues")),
            ("-C a run", Some("`kaizen -C a run` continues")),
            (
                "loop --max-sessions 2",
                Some("`kaizen loop --max-sessions 2` continues"),
            ),
            ("eval --split train", Some("`kaizen eval --split train` continues")),
            ("audit", Some("`kaizen audit` continues")),
            ("prune --apply", Some("`kaizen prune --apply` continues")),
            (
                "traces collect --limit 3",
                Some("`kaizen traces collect --limit 3` continues"),
            ),
            ("demo x", Some("`kaizen run` in that folder continues")),
            ("status", None),
            ("log", None),
        ] {
            let arguments: Vec<OsString> = typed.split(' ').map(OsString::from).collect();
            let parsed = CliArgs::parse_from(std::iter::once("kaizen".into()).chain(arguments.clone()));
            let line = line(&parsed.command, arguments);
            assert_eq!(line.is_some(), expected.is_some(), "{typed}");
            if let (Some(line), Some(expected)) = (line, expected) {
                assert!(line.starts_with("interrupted: ") && line.ends_with(expected), "{line}");
            }
        }
    }

    #[test]
    fn a_word_with_blanks_is_quoted() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("--split=gate"), "--split=gate");
    }
}
