//! Maps every failure to a message, a hint and an exit code.

use std::path::Path;
use std::process::ExitCode;

use super::terminal;
use crate::artifact::{ArtifactError, holdout_use};
use crate::eval::benchmark::BenchmarkError;
use crate::ledger::port::LedgerError;
use crate::ledger::{MergeConflict, is_committed};
use crate::manifest::ManifestError;
use crate::sys::clock::ClockError;
use crate::sys::disk::DiskError;
use crate::sys::output::OutputError;
use crate::workspace::consent::ConsentError;
use crate::workspace::consent::only_digest;
use crate::workspace::error::RunError;
use crate::workspace::session::SessionError;

/// Exit codes; documented in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// Nothing is left to do.
    Settled = 0,
    /// An operation failed.
    Failed = 1,
    /// The arguments or the manifest are wrong.
    Usage = 2,
    /// A person has to act: review edits, release a plan or write a file.
    WaitingForReview = 3,
    /// The workspace is not ready or not trusted.
    NotReady = 4,
    /// `kaizen check`: the harness is worse than the one it was compared with.
    Worse = 5,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        ExitCode::from(code as u8)
    }
}

/// A failure as it is printed: message, hint and exit code.
#[derive(Debug)]
pub(crate) struct CommandFailure {
    /// The exit code.
    pub code: Code,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl CommandFailure {
    /// A failure because the arguments or the manifest are wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: Code::Usage,
            message: message.into(),
            hint: None,
        }
    }

    /// A failure of an operation.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self {
            code: Code::Failed,
            message: message.into(),
            hint: None,
        }
    }

    /// A failure because something is missing, or because a person's changes are in the way.
    pub(crate) fn not_ready(message: impl Into<String>) -> Self {
        Self {
            code: Code::NotReady,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<ClockError> for CommandFailure {
    fn from(error: ClockError) -> Self {
        CommandFailure::usage(error.to_string())
    }
}

impl From<RunError> for CommandFailure {
    fn from(error: RunError) -> Self {
        if let Some(conflict) = parsed_file(&error).and_then(MergeConflict::of_file) {
            return Self {
                code: code_and_hint(&error).0,
                message: conflict.cause(),
                hint: Some(conflict.remedy()),
            };
        }
        let message = error.to_string();
        if let RunError::HalfTyped { path, .. } = &error {
            let first = "correct the file: nothing in it runs until then";
            let last = "if you delete it, `kaizen run` plans again";
            return CommandFailure::failed(message).hint(advice(first, path, last));
        }
        if let RunError::Session(SessionError::Artifact(broken)) = &error {
            let hint = repair(broken);
            return Self {
                hint,
                ..CommandFailure::failed(message)
            };
        }
        if let RunError::Phase { phase, .. } = &error {
            let again = "`kaizen run` tries the phase again";
            return CommandFailure::failed(message).hint(match phase.as_str() {
                // Paid answers are cached, including bad ones.
                "diagnose" | "plan" => format!("{again}; `kaizen run --redo {phase}` asks the language model again"),
                _ => again.to_owned(),
            });
        }
        if let RunError::Ledger(LedgerError::Checkout(problem)) = &error {
            return CommandFailure::not_ready(message).hint(problem.remedy());
        }
        let (code, hint) = code_and_hint(&error);
        Self {
            code,
            message,
            hint: hint.map(str::to_owned),
        }
    }
}

/// The exit code of an error, and a hint if the message contains none.
fn code_and_hint(error: &RunError) -> (Code, Option<&'static str>) {
    match error {
        RunError::Manifest(_)
        | RunError::Config(_)
        | RunError::Student(_)
        | RunError::NoSuchSession(_)
        | RunError::NoSuchPhase { .. } => (Code::Usage, None),
        RunError::StopAsked => (
            Code::WaitingForReview,
            Some("the same command continues; what is decided is kept"),
        ),
        RunError::HoldAsked => (Code::WaitingForReview, Some("`kaizen release` lets it go on")),
        RunError::NoCommit | RunError::Ledger(LedgerError::Shallow(_)) => (Code::NotReady, None),
        // The message says what to do.
        error if error.is_about_a_stored_form() => (Code::NotReady, None),
        RunError::NoGateTasks(_) => (
            Code::NotReady,
            Some("tasks go in benchmark/*.jsonl; those with \"split\": \"gate\" are gate tasks"),
        ),
        RunError::Ignored(_) => (
            Code::Usage,
            Some("remove it from [harness] in kaizen.toml, or let git track it: `git add -f` adds an ignored file"),
        ),
        // The message says what to do.
        RunError::Benchmark(BenchmarkError::Disk(_)) => (Code::Failed, None),
        RunError::NoStudent { .. } => (
            Code::NotReady,
            Some(
                "`kaizen doctor` looks for its server; with `engine = \"nearest\"`, the built-in student answers and no model is \
                 called",
            ),
        ),
        RunError::Untrusted(_) => (Code::NotReady, Some(trust_hint())),
        RunError::Dirty(_) => (
            Code::NotReady,
            Some("commit or undo them, or let `kaizen run --adopt` commit them separately"),
        ),
        RunError::NotCommitted(_) => (
            Code::NotReady,
            Some("commit it first; `git add -f` adds a file that git ignores"),
        ),
        RunError::Consent(ConsentError::Layout { .. }) => (
            Code::Failed,
            Some("correct your own layout there, or move it away; `kaizen layouts` reads all of them"),
        ),
        RunError::ReadOnly(_) => (
            Code::NotReady,
            Some("`chmod u+w` on it lets kaizen change it; otherwise remove the edit from plan.json or reject it"),
        ),
        RunError::Benchmark(_) => (
            Code::Failed,
            Some("every line of a benchmark file must be one JSON object with task_id, query and reference_answer"),
        ),
        RunError::Ledger(LedgerError::NoRepository(_)) => (
            Code::NotReady,
            Some("git is kaizen's ledger: every accepted edit is a commit"),
        ),
        RunError::Ledger(LedgerError::Detached) => (Code::NotReady, None),
        RunError::Ledger(LedgerError::Hook { hook, .. }) => (Code::Failed, Some(after_hook(hook))),
        RunError::Ledger(LedgerError::IgnoredRecord { .. }) => (
            Code::NotReady,
            Some(
                "remove that rule, or end the .gitignore beside kaizen.toml with the lines `!/sessions/` and `!/sessions/**`; \
                 with `[ledger] commit_sessions = false`, sessions stay on this machine",
            ),
        ),
        RunError::Ledger(LedgerError::Partial) => (
            Code::NotReady,
            Some("once the remote can be reached, `git fetch --refetch --no-filter` gets everything"),
        ),
        RunError::UnknownState { extent, .. } => (
            Code::NotReady,
            extent.remedy().or(Some("put the edit back into plan.json")),
        ),
        RunError::Output(OutputError::Taken(_)) => (
            Code::Failed,
            Some("move that file away, or write to another place; nothing was replaced"),
        ),
        RunError::TrackedState(_) => (
            Code::Failed,
            Some("run `git rm -r --cached .kaizen`, commit, and delete the folder .kaizen"),
        ),
        // Every other variant is listed, so that a new one needs a decision here.
        RunError::Traces(_)
        | RunError::Session(_)
        | RunError::Disk(_)
        | RunError::Output(_)
        | RunError::Lock(_)
        | RunError::Ledger(_)
        | RunError::Conflict(_)
        | RunError::Inseparable(_)
        | RunError::Halted(_)
        | RunError::HeadMoved
        | RunError::ChangedMeanwhile(_)
        | RunError::Phase { .. }
        | RunError::HalfTyped { .. }
        | RunError::Looping { .. }
        | RunError::Consent(_)
        | RunError::MissingArtifact { .. }
        | RunError::TriggerGone(_)
        | RunError::Store(_)
        | RunError::RefreshInterrupted { .. }
        | RunError::Unscored(_) => (Code::Failed, None),
    }
}

/// The file that cannot be parsed, if that is the error.
fn parsed_file(error: &RunError) -> Option<&Path> {
    match error {
        RunError::HalfTyped { path, .. }
        | RunError::Session(SessionError::Artifact(ArtifactError::Malformed { path, .. }))
        | RunError::Manifest(ManifestError::Malformed { path, .. }) => Some(path),
        RunError::Benchmark(BenchmarkError::Line(line)) => Some(&line.path),
        RunError::Benchmark(BenchmarkError::Lines(lines)) => lines.first().map(|line| line.path.as_path()),
        _ => None,
    }
}

/// The hint if the list of programs, servers and keys is not approved.
fn trust_hint() -> &'static str {
    match only_digest() {
        Some(_) => {
            "the list is not the one that --trust approves: check it, then use the digest that `kaizen trust --digest` prints"
        }
        None => {
            "check the list and the files in it; `kaizen trust` approves it on this machine, `--trust DIGEST` for one command"
        }
    }
}

/// What to do about a hook that refuses a commit.
fn after_hook(hook: &str) -> &'static str {
    match hook {
        "commit-msg" | "prepare-commit-msg" => {
            "in kaizen.toml, `[ledger] subject` sets the form of the subject line, and `[ledger] hooks = false` commits without hooks"
        }
        _ => "correct what the hook complains about, or set `[ledger] hooks = false` in kaizen.toml",
    }
}

/// What to do about a file that cannot be parsed: `first`, or restore the committed version if there is one, or `last`.
fn advice(first: &str, path: &Path, last: &str) -> String {
    let restore =
        is_committed(path).then(|| format!("`git restore {}` brings back what was committed", path.display()));
    let parts = [first, restore.as_deref().unwrap_or_default(), last];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// The hint for a session file that cannot be parsed; it depends on the kind of file.
fn repair(broken: &ArtifactError) -> Option<String> {
    let ArtifactError::Malformed { path, .. } = broken else {
        return None;
    };
    let name = |path: Option<&Path>| path?.file_name()?.to_str().map(str::to_owned);
    let (file, folder) = (name(Some(path)), name(path.parent()));
    let (file, folder) = (file.unwrap_or_default(), folder.unwrap_or_default());
    if path.ends_with(holdout_use::FILE) {
        let first = "correct or delete that line and keep the others";
        return Some(advice(first, path, "tasks belong in another file"));
    }
    let correct = "correct the file";
    let (first, last) = match (folder.as_str(), file.as_str()) {
        (_, "plan.json") => (correct, "if you delete it, `kaizen run` plans again"),
        (_, "budget.json") => (
            correct,
            "if you delete it, `kaizen run` computes the spent budget from the outcomes",
        ),
        (_, "loop.json") => (correct, "if you delete it, `kaizen loop` starts another loop"),
        ("pending_review", _) => (
            "correct the file: a decision is \"decision\": \"accept\" or \"decision\": \"reject\"",
            "",
        ),
        (_, "trigger.json") | ("checkpoints", _) => (correct, ""),
        (_, "after.json") => (correct, "`kaizen run --redo record` measures it again"),
        _ => (correct, "if you delete it, `kaizen run` creates it again"),
    };
    Some(advice(first, path, last))
}

/// Implements `From` for errors that convert to [`RunError`].
macro_rules! through_run_error {
    ($($error:ty),*) => {
        $(impl From<$error> for CommandFailure {
            fn from(error: $error) -> Self {
                RunError::from(error).into()
            }
        })*
    };
}

through_run_error!(
    LedgerError,
    DiskError,
    ConsentError,
    OutputError,
    crate::workspace::session::SessionError,
    crate::trace::TraceError,
    crate::eval::benchmark::BenchmarkError,
    crate::manifest::ManifestError
);

impl From<ArtifactError> for CommandFailure {
    fn from(error: ArtifactError) -> Self {
        SessionError::from(error).into()
    }
}

/// Prints a failure on stderr, and returns its exit code.
pub(crate) fn report(failure: &CommandFailure) -> Code {
    err!("error: {}", failure.message);
    if let Some(hint) = &failure.hint {
        err!("hint: {hint}");
    }
    failure.code
}

/// What was lost of a command that did its work.
const ONLY_OUTPUT: &str = "only output is lost: the command did its work, and `kaizen status` shows the result";

/// The exit code of the process: that of the command, unless some output was lost.
pub(crate) fn ended(code: Code) -> ExitCode {
    match terminal::lost() {
        Some(problem) => {
            let failure = CommandFailure::failed(problem);
            report(&match code {
                Code::Settled | Code::WaitingForReview => failure.hint(ONLY_OUTPUT),
                _ => failure,
            })
        }
        None => code,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;
    use crate::eval::run::EvaluationHalted;
    use crate::harness::rederive::Conflict;
    use crate::ledger::checkout_problem::CheckoutProblem;
    use crate::ledger::extent::CloneExtent;
    use crate::sys::disk::{LockError, StoredForm};
    use crate::trace::TraceError;

    fn full_disk() -> DiskError {
        DiskError::Failed {
            action: "write",
            path: "plan.json".into(),
            source: ErrorKind::StorageFull.into(),
        }
    }

    /// One error of each variant, and of each case inside a variant that has a code of its own.
    #[allow(clippy::too_many_lines)] // a table
    fn errors() -> Vec<(RunError, Code)> {
        let text = String::new;
        let (path, problem) = (std::path::PathBuf::new, String::new);
        let conflict = Conflict {
            path: text(),
            later: None,
        };
        let invalid = ManifestError::Invalid {
            path: path(),
            problem: problem(),
        };
        let approval = ConsentError::Corrupted {
            path: path(),
            problem: problem(),
        };
        let broken = ArtifactError::Invalid {
            path: path(),
            problem: problem(),
        };
        let git = LedgerError::Git {
            command: text(),
            message: text(),
        };
        let locked = || DiskError::Stored {
            path: path(),
            form: StoredForm::GitCrypt,
        };
        let undefined = CheckoutProblem::Undefined {
            path: text(),
            filter: text(),
        };
        let usage = [
            RunError::Manifest(invalid),
            RunError::Config(text()),
            RunError::Student(text()),
            RunError::NoSuchSession(text()),
            RunError::NoSuchPhase {
                phase: text(),
                known: Vec::new(),
            },
            RunError::Ignored(text()),
        ];
        let not_ready = [
            RunError::NoCommit,
            RunError::NoGateTasks(text()),
            RunError::Dirty(Vec::new()),
            RunError::NoStudent {
                model: String::new(),
                lines: String::new(),
            },
            RunError::ReadOnly(text()),
            RunError::Untrusted(Box::default()),
            RunError::Ledger(LedgerError::NoRepository(text())),
            RunError::Ledger(LedgerError::Detached),
            RunError::Ledger(LedgerError::IgnoredRecord {
                path: text(),
                rule: text(),
            }),
            RunError::Disk(locked()),
            RunError::Benchmark(locked().into()),
            RunError::Session(locked().into()),
            RunError::Ledger(LedgerError::Shallow(text())),
            RunError::Ledger(LedgerError::Partial),
            RunError::Ledger(LedgerError::Checkout(undefined)),
            RunError::UnknownState {
                edit: text(),
                extent: CloneExtent::Whole,
            },
        ];
        let failed = [
            RunError::Benchmark(BenchmarkError::Glob(text())),
            RunError::Benchmark(BenchmarkError::Lines(Vec::new())),
            RunError::Benchmark(full_disk().into()),
            RunError::Traces(TraceError(text())),
            RunError::Session(broken.into()),
            RunError::Disk(full_disk()),
            RunError::Output(OutputError::Taken(path())),
            RunError::Lock(LockError::Held(text())),
            RunError::Ledger(git),
            RunError::Conflict(conflict),
            RunError::Halted(EvaluationHalted(text())),
            RunError::Inseparable(text()),
            RunError::HeadMoved,
            RunError::ChangedMeanwhile(text()),
            RunError::Phase {
                phase: text(),
                problem: problem(),
            },
            RunError::HalfTyped {
                path: path(),
                problem: problem(),
            },
            RunError::Looping { phase: text() },
            RunError::Consent(approval),
            RunError::TrackedState(Vec::new()),
            RunError::MissingArtifact {
                session: text(),
                name: text(),
            },
            RunError::TriggerGone(text()),
            RunError::Store(text()),
            RunError::RefreshInterrupted {
                path: text(),
                intent: text(),
            },
            RunError::Unscored(text()),
        ];
        let coded = |errors: Vec<RunError>, code: Code| errors.into_iter().map(move |error| (error, code));
        coded(usage.into(), Code::Usage)
            .chain(coded(not_ready.into(), Code::NotReady))
            .chain(coded(failed.into(), Code::Failed))
            .collect()
    }

    #[test]
    fn every_variant_has_its_exit_code() {
        for (error, code) in errors() {
            let text = format!("{error:?}");
            assert_eq!(CommandFailure::from(error).code, code, "{text}");
        }
    }
}
