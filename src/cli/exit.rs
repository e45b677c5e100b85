//! Exit: failures become a message, a hint and an exit code, here and nowhere else.

use std::process::ExitCode;

use crate::pipeline::RunError;
use crate::port::LedgerError;

/// Exit codes; documented in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
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
pub struct Failure {
    /// The exit code.
    pub code: Code,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// The arguments or the manifest are wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            code: Code::Usage,
            message: message.into(),
            hint: None,
        }
    }

    /// Something failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self {
            code: Code::Failed,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let message = error.to_string();
        let (code, hint) = match &error {
            RunError::Manifest(_) | RunError::Unknown(_) => (Code::Usage, None),
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
            RunError::Phase { .. } => (Code::Failed, Some("`kaizen run` tries the phase again")),
            RunError::Lock(_) => (Code::Failed, None),
            _ => (Code::Failed, None),
        };
        Self {
            code,
            message,
            hint: hint.map(str::to_owned),
        }
    }
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
    crate::disk::DiskError,
    crate::session::SessionError,
    crate::port::TraceError,
    crate::benchmark::BenchmarkError,
    crate::manifest::ManifestError
);

impl From<crate::artifact::ArtifactError> for Failure {
    fn from(error: crate::artifact::ArtifactError) -> Self {
        Failure::failed(error.to_string())
    }
}

/// Prints a failure on stderr.
pub fn report(failure: &Failure) -> ExitCode {
    anstream::eprintln!("error: {}", failure.message);
    if let Some(hint) = &failure.hint {
        anstream::eprintln!("hint: {hint}");
    }
    failure.code.into()
}
