//! Exit: failures become a message, a hint and an exit code, here and nowhere else.

use std::path::Path;
use std::process::ExitCode;

use crate::artifact::{ArtifactError, consultation};
use crate::eval::benchmark::BenchmarkError;
use crate::ledger::port::LedgerError;
use crate::sys::output::OutputError;
use crate::workspace::consent::only_digest;
use crate::workspace::error::RunError;
use crate::workspace::session::SessionError;

/// Exit codes; documented in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// Nothing is left to do.
    Settled = 0,
    /// Something failed.
    Failed = 1,
    /// The arguments or the manifest are wrong.
    Usage = 2,
    /// Edits wait for a person.
    WaitingForReview = 3,
    /// The workspace is not ready.
    NotReady = 4,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        ExitCode::from(code as u8)
    }
}

/// A failure for people: what, why, and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub code: Code,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// The arguments or the manifest are wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: Code::Usage,
            message: message.into(),
            hint: None,
        }
    }

    /// Something failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self {
            code: Code::Failed,
            message: message.into(),
            hint: None,
        }
    }

    /// Something is missing, or a person's own changes are in the way.
    pub(crate) fn not_ready(message: impl Into<String>) -> Self {
        Self {
            code: Code::NotReady,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let message = error.to_string();
        if let RunError::HalfTyped { path, .. } = &error {
            let restore = format!("`git restore {}` brings back what was committed", path.display());
            return Failure::failed(message).hint(format!(
                "correct it there, nothing of it runs before; {restore}; without it, `kaizen run` plans anew"
            ));
        }
        if let RunError::Session(SessionError::Artifact(broken)) = &error {
            let hint = repair(broken);
            return Self {
                hint,
                ..Failure::failed(message)
            };
        }
        if let RunError::Phase { phase, .. } = &error {
            let again = "`kaizen run` tries the phase again";
            return Failure::failed(message).hint(match phase.as_str() {
                // What was paid for is remembered, a bad answer too.
                "diagnose" | "plan" => format!("{again}; `kaizen run --redo {phase}` asks a language model anew"),
                _ => again.to_owned(),
            });
        }
        let (code, hint) = code_and_hint(&error);
        Self {
            code,
            message,
            hint: hint.map(str::to_owned),
        }
    }
}

/// The exit code of an error, and what helps where the message does not say.
fn code_and_hint(error: &RunError) -> (Code, Option<&'static str>) {
    match error {
        RunError::Manifest(_)
        | RunError::Config(_)
        | RunError::Student(_)
        | RunError::NoSuchSession(_)
        | RunError::NoSuchPhase { .. } => (Code::Usage, None),
        RunError::NoCommit => (Code::NotReady, None),
        RunError::Ignored(_) => (
            Code::Usage,
            Some("take it out of [harness] in kaizen.toml, or let git track it: `git add -f` adds an ignored file"),
        ),
        // Their messages say what to do.
        RunError::Benchmark(BenchmarkError::Disk(_)) => (Code::Failed, None),
        RunError::Untrusted(_) => (Code::NotReady, Some(trust_hint())),
        RunError::Dirty(_) => (
            Code::NotReady,
            Some("commit or undo them, or let `kaizen run --adopt` commit them apart"),
        ),
        RunError::Benchmark(_) => (
            Code::Failed,
            Some("every line of a benchmark is one JSON object with task_id, query, reference_answer"),
        ),
        RunError::Ledger(LedgerError::NoRepository(_)) => (
            Code::NotReady,
            Some("git is kaizen's ledger: every accepted edit is a commit"),
        ),
        RunError::Output(OutputError::Taken(_)) => (
            Code::Failed,
            Some("move that file away, or write elsewhere; nothing was replaced"),
        ),
        RunError::Lock(_) => (Code::Failed, None),
        RunError::TrackedState(_) => (
            Code::Failed,
            Some("run `git rm -r --cached .kaizen`, commit that, and delete the folder .kaizen"),
        ),
        _ => (Code::Failed, None),
    }
}

/// What to do where nobody approved what a command would use.
fn trust_hint() -> &'static str {
    match only_digest() {
        Some(_) => {
            "it is not the list that --trust names: look at it, then take the digest that `kaizen trust --digest` prints"
        }
        None => {
            "look at the list and at the files that it names; `kaizen trust` approves it on this machine, and `--trust DIGEST` for one command"
        }
    }
}

/// What to do about a session's file that cannot be read, by what it is.
fn repair(broken: &ArtifactError) -> Option<String> {
    let ArtifactError::Malformed { path, .. } = broken else {
        return None;
    };
    let name = |path: Option<&Path>| path?.file_name()?.to_str().map(str::to_owned);
    let (file, folder) = (name(Some(path)), name(path.parent()));
    let (file, folder) = (file.unwrap_or_default(), folder.unwrap_or_default());
    let restore = format!("`git restore {}` brings back what was committed", path.display());
    if path.ends_with(consultation::FILE) {
        let elsewhere = "tasks belong in another file";
        return Some(format!(
            "correct or delete that line, the others stay as they are; {restore}; {elsewhere}"
        ));
    }
    Some(match (folder.as_str(), file.as_str()) {
        (_, "plan.json") => format!("correct it there; {restore}; without it, `kaizen run` plans anew"),
        (_, "budget.json") => {
            format!("correct it there; {restore}; without it, `kaizen run` reads what was spent off the outcomes")
        }
        (_, "loop.json") => format!("correct it there; {restore}; without it, `kaizen loop` begins another loop"),
        ("pending_review", _) => {
            format!("correct it there: an answer is \"decision\": \"accept\" or \"decision\": \"reject\"; {restore}")
        }
        _ => format!("correct it there; {restore}; without it, `kaizen run` makes it again"),
    })
}

/// Turns an error of any module on the way to the pipeline into a failure.
macro_rules! through_run_error {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                RunError::from(error).into()
            }
        })*
    };
}

through_run_error!(
    LedgerError,
    crate::sys::disk::DiskError,
    crate::workspace::consent::ConsentError,
    OutputError,
    crate::workspace::session::SessionError,
    crate::trace::source::TraceError,
    crate::eval::benchmark::BenchmarkError,
    crate::manifest::ManifestError
);

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Self {
        SessionError::from(error).into()
    }
}

/// Prints a failure on stderr.
pub(crate) fn report(failure: &Failure) -> ExitCode {
    err!("error: {}", failure.message);
    if let Some(hint) = &failure.hint {
        err!("hint: {hint}");
    }
    failure.code.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_names_wrongly_is_usage_and_a_broken_store_is_not() {
        let phase = || "plan".to_owned();
        for (error, code) in [
            (RunError::NoSuchSession(String::new()), Code::Usage),
            (
                RunError::NoSuchPhase {
                    phase: phase(),
                    known: Vec::new(),
                },
                Code::Usage,
            ),
            (RunError::Config(String::new()), Code::Usage),
            (RunError::Student(String::new()), Code::Usage),
            (
                RunError::MissingArtifact {
                    session: String::new(),
                    name: String::new(),
                },
                Code::Failed,
            ),
            (RunError::TriggerGone(String::new()), Code::Failed),
            (RunError::Store(String::new()), Code::Failed),
            (
                RunError::RefreshInterrupted {
                    path: String::new(),
                    intent: String::new(),
                },
                Code::Failed,
            ),
            (RunError::Unscored(1), Code::Failed),
            (RunError::Looping { phase: phase() }, Code::Failed),
            (RunError::NoCommit, Code::NotReady),
            (RunError::Dirty(Vec::new()), Code::NotReady),
        ] {
            let text = format!("{error:?}");
            assert_eq!(Failure::from(error).code, code, "{text}");
        }
    }
}
