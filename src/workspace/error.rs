//! Why a run ends early.

use std::path::PathBuf;

use crate::eval::benchmark::BenchmarkError;
use crate::eval::run::EvaluationHalted;
use crate::harness::rederive::Conflict;
use crate::ledger::port::LedgerError;
use crate::manifest::ManifestError;
use crate::manifest::trust::TrustList;
use crate::sys::disk::{DiskError, LockError, OWN_FOLDER};
use crate::sys::output::OutputError;
use crate::trace::TraceError;
use crate::workspace::breaker;
use crate::workspace::consent::ConsentError;
use crate::workspace::session::{Session, SessionError};

/// Why a run ended before the session settled.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// `kaizen.toml` is not usable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The benchmark is not usable.
    #[error(transparent)]
    Benchmark(#[from] BenchmarkError),
    /// Traces cannot be read.
    #[error(transparent)]
    Traces(#[from] TraceError),
    /// A session's file is not usable.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// An output is in the way of a person's file, or cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Somebody else works here.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// git failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An edit cannot be reverted without touching a person's change.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The evaluation was stopped, for example because the budget is spent. The attempts made so far are cached.
    #[error(transparent)]
    Halted(#[from] EvaluationHalted),
    /// Somebody committed or switched branches meanwhile.
    #[error("HEAD moved while the gate was at work; nothing was written, run again")]
    HeadMoved,
    /// Somebody edited a harness file that was about to be written.
    #[error("{0} was changed while the gate was at work; run again")]
    ChangedMeanwhile(String),
    /// A phase could not do its work.
    #[error("phase {phase}: {problem}")]
    Phase {
        /// The phase.
        phase: String,
        /// What went wrong.
        problem: String,
    },
    /// The user's own changes are in the way.
    #[error("uncommitted changes in {}", .0.join(", "))]
    Dirty(Vec<String>),
    /// git ignores a file that the manifest names as part of the harness.
    #[error("{0} is part of the harness by kaizen.toml, and git ignores it: no edit of it could be committed")]
    Ignored(String),
    /// A person's plan cannot be read.
    #[error("{}:{problem}", path.display())]
    HalfTyped {
        /// The file.
        path: PathBuf,
        /// The first problem, with its place, and how many more there are.
        problem: String,
    },
    /// A phase ran again and again on the same inputs.
    #[error(
        "phase {phase} ran {} times within ten minutes on the same inputs: something puts its files back each time; \
         find out what (`kaizen explain {phase}`), then run again",
        breaker::MOST
    )]
    Looping {
        /// The phase.
        phase: String,
    },
    /// Nobody approved what this would start, send or read; the list says what.
    #[error("{}", ConsentError::Untrusted(.0.clone()))]
    Untrusted(Box<TrustList>),
    /// Nobody can tell whether something is approved.
    #[error(transparent)]
    Consent(ConsentError),
    /// The state of one machine came with the repository.
    #[error(
        "git tracks {}{}: the state of one machine is not accepted from a repository", .0.first().map_or(OWN_FOLDER, String::as_str),
        more(.0.len())
    )]
    TrackedState(Vec<String>),
    /// The session that was named is not there.
    #[error("there is no session `{0}`; `kaizen log` lists them")]
    NoSuchSession(String),
    /// The phase that was named is not in the manifest.
    #[error("there is no phase `{phase}`; there are {}", known.join(", "))]
    NoSuchPhase {
        /// The name.
        phase: String,
        /// The phases of the manifest.
        known: Vec<String>,
    },
    /// A setting, or an option of the command, cannot be used.
    #[error("{0}")]
    Config(String),
    /// A file of the session is needed and not there.
    #[error("{session} has no {name}")]
    MissingArtifact {
        /// The session.
        session: String,
        /// The file.
        name: String,
    },
    /// Another process took the trigger.
    #[error("{0} is gone from the inbox")]
    TriggerGone(String),
    /// A store of kaizen's own cannot be read or written.
    #[error("{0}")]
    Store(String),
    /// A task file changed while a refresh was replacing it.
    #[error(
        "{path} was changed while `kaizen bench refresh` was at work; put back what stood there (`git restore {path}`), and the \
         next command completes the refresh; or remove {intent}, and it is given up"
    )]
    RefreshInterrupted {
        /// The task file.
        path: String,
        /// The file that announces the refresh.
        intent: String,
    },
    /// git has no commit that a session could build on.
    #[error("the repository has no commit yet; commit the harness first")]
    NoCommit,
    /// The agent's files are not usable.
    #[error("{0}")]
    Student(String),
    /// No gate task has a score.
    #[error("none of the {0} gate tasks could be scored; `kaizen eval` says more")]
    Unscored(usize),
}

impl From<ConsentError> for RunError {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Untrusted(list) => Self::Untrusted(list),
            ConsentError::Manifest(error) => Self::Manifest(error),
            error => Self::Consent(error),
        }
    }
}

impl RunError {
    /// A file of a session is needed and not there.
    pub(crate) fn missing(session: &Session, name: &str) -> Self {
        Self::MissingArtifact {
            session: session.id.clone(),
            name: name.to_owned(),
        }
    }

    /// Whether a file of the session is not what it should be: nobody but a person writes such files in place.
    pub(crate) fn is_about_a_file_for_people(&self) -> bool {
        matches!(self, Self::HalfTyped { .. } | Self::Session(SessionError::Artifact(_)))
    }
}

/// Words for the further files of a list of which one is named.
fn more(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        count => format!(" and {} more files below {OWN_FOLDER}/", count - 1),
    }
}
