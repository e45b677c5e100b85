//! The errors of a run.

use std::path::PathBuf;

use crate::eval::benchmark::BenchmarkError;
use crate::eval::run::EvaluationHalted;
use crate::harness::rederive::Conflict;
use crate::ledger::extent::CloneExtent;
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
    /// An output would overwrite a person's file, or cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Another process holds the lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// git failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An edit cannot be reverted without touching a person's change.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// An edit, or the edits of a commit, cannot be separated from other changes.
    #[error("{0} cannot be reverted, because other changes came with it; change the files yourself and commit them")]
    Inseparable(String),
    /// The history does not show whether the harness contains an edit that left the plan.
    #[error("git does not show whether the harness still contains {edit}, which left the plan")]
    UnknownState {
        /// The label of the edit.
        edit: String,
        /// How much of the history this clone has.
        extent: CloneExtent,
    },
    /// The evaluation was stopped, for example because the budget is spent. The attempts made so far are cached.
    #[error(transparent)]
    Halted(#[from] EvaluationHalted),
    /// A commit or a branch switch happened during a trial.
    #[error("HEAD moved while the gate was running; nothing was written, run again")]
    HeadMoved,
    /// A harness file changed just before it was to be written.
    #[error("{0} was changed while the gate was running; run again")]
    ChangedMeanwhile(String),
    /// A phase failed.
    #[error("phase {phase}: {problem}")]
    Phase {
        /// The phase.
        phase: String,
        /// What went wrong.
        problem: String,
    },
    /// Files have uncommitted changes of the user.
    #[error("uncommitted changes in {}", .0.join(", "))]
    Dirty(Vec<String>),
    /// The branch of a session would not have these files as they are in the checkout.
    #[error("{} not committed as here, but a session on a branch of its own begins at the last commit", uncommitted(.0))]
    NotCommitted(Vec<String>),
    /// An edit would change a file that nobody may write, according to its mode.
    #[error("{0} is read-only, so no edit changes it")]
    ReadOnly(String),
    /// git ignores a file that the manifest names as part of the harness.
    #[error("{0} is part of the harness in kaizen.toml, but git ignores it: an edit of it could not be committed")]
    Ignored(String),
    /// A plan or a diagnosis that a person wrote is not valid.
    #[error("{}:{problem}", path.display())]
    HalfTyped {
        /// The file.
        path: PathBuf,
        /// The first problem, with line and column, and the number of further problems.
        problem: String,
    },
    /// A phase ran again and again on the same inputs.
    #[error(
        "phase {phase} ran {} times within ten minutes on the same inputs: something undoes its work each time; \
         find the cause (`kaizen explain {phase}`), then run again",
        breaker::MOST
    )]
    Looping {
        /// The phase.
        phase: String,
    },
    /// The programs, servers and variables that this would use are not approved; the list shows them.
    #[error("{}", ConsentError::Untrusted(.0.clone()))]
    Untrusted(Box<TrustList>),
    /// The approvals cannot be checked.
    #[error(transparent)]
    Consent(ConsentError),
    /// The repository contains kaizen's local state.
    #[error(
        "git tracks {}{}: the state of one machine is not accepted from a repository", .0.first().map_or(OWN_FOLDER, String::as_str),
        more(.0.len())
    )]
    TrackedState(Vec<String>),
    /// There is no session with that name.
    #[error("there is no session `{0}`; `kaizen log` lists them")]
    NoSuchSession(String),
    /// The manifest has no phase with that name.
    #[error("there is no phase `{phase}`; the phases are {}", known.join(", "))]
    NoSuchPhase {
        /// The name.
        phase: String,
        /// The phases of the manifest.
        known: Vec<String>,
    },
    /// A setting, or an option of the command, cannot be used.
    #[error("{0}")]
    Config(String),
    /// A file of the session is missing.
    #[error("{session} has no {name}")]
    MissingArtifact {
        /// The session.
        session: String,
        /// The file.
        name: String,
    },
    /// Another process took the trigger.
    #[error("{0} is no longer in the inbox")]
    TriggerGone(String),
    /// One of kaizen's own stores cannot be read or written.
    #[error("{0}")]
    Store(String),
    /// A task file changed while a refresh was replacing it.
    #[error(
        "{path} was changed while `kaizen bench refresh` was running; restore it (`git restore {path}`), and the next \
         command completes the refresh; or remove {intent} to cancel the refresh"
    )]
    RefreshInterrupted {
        /// The task file.
        path: String,
        /// The file that announces the refresh.
        intent: String,
    },
    /// git has no commit on which a session could build.
    #[error("the repository has no commit yet; commit the harness first")]
    NoCommit,
    /// The harness names a language model, but the manifest does not say who runs it.
    #[error(
        "config.toml names the model {model}, but kaizen.toml has no student that uses it; its section [student] needs these lines:\n{lines}"
    )]
    NoStudent {
        /// The model.
        model: String,
        /// The section for the manifest.
        lines: String,
    },
    /// The agent's files are not usable.
    #[error("{0}")]
    Student(String),
    /// There are no gate tasks; the text says what has to wait for them.
    #[error("there are no gate tasks, so {0}")]
    NoGateTasks(String),
    /// Somebody asked this run to end between two edits.
    #[error("stopped, as `kaizen stop` asked")]
    StopAsked,
    /// Somebody asked this run to put its plan on hold.
    #[error("the plan is on hold, as `kaizen hold` asked")]
    HoldAsked,
    /// No gate task has a score; the text says how many there are, and why.
    #[error("no gate task could be scored ({0})")]
    Unscored(String),
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
    /// The error for a missing file of a session.
    pub(crate) fn missing(session: &Session, name: &str) -> Self {
        Self::MissingArtifact {
            session: session.id.clone(),
            name: name.to_owned(),
        }
    }

    /// Whether a file holds what a git filter keeps in the repository instead of its content, so that the user has to get
    /// the content.
    pub(crate) fn is_about_a_stored_form(&self) -> bool {
        matches!(
            self,
            Self::Disk(DiskError::Stored { .. })
                | Self::Session(SessionError::Disk(DiskError::Stored { .. }))
                | Self::Benchmark(BenchmarkError::Disk(DiskError::Stored { .. }))
        )
    }

    /// Whether the run only waits for a person, or ended because one asked for it: nothing failed.
    pub(crate) fn is_up_to_a_person(&self) -> bool {
        matches!(self, Self::Untrusted(_) | Self::Consent(_) | Self::StopAsked)
            || self.is_about_a_file_of_the_user()
            || self.is_about_a_file_for_people()
    }

    /// Whether a file of the session is invalid. Only a person writes such files in place, so only a person can correct
    /// them.
    pub(crate) fn is_about_a_file_for_people(&self) -> bool {
        matches!(self, Self::HalfTyped { .. } | Self::Session(SessionError::Artifact(_)))
    }

    /// Whether a file of the user keeps a session from continuing: it has uncommitted changes, is read-only, or is not
    /// there as the agent is meant to read it.
    pub(crate) fn is_about_a_file_of_the_user(&self) -> bool {
        matches!(
            self,
            Self::Dirty(_)
                | Self::NotCommitted(_)
                | Self::ReadOnly(_)
                | Self::Ignored(_)
                | Self::Ledger(LedgerError::Checkout(_) | LedgerError::Partial)
        ) || self.is_about_a_stored_form()
    }
}

/// Files, with a verb.
fn uncommitted(files: &[String]) -> String {
    format!("{} {}", files.join(", "), if files.len() == 1 { "is" } else { "are" })
}

/// The number of further files in a list whose first file is shown.
fn more(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        count => format!(
            " and {} in {OWN_FOLDER}/",
            crate::artifact::counted(count - 1, "more file")
        ),
    }
}
