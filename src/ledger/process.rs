//! Runs one git process with fixed settings and environment, and turns its failures into errors.
#![allow(clippy::disallowed_methods)] // edge: the git program

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use super::environment::is_dropped;
pub(super) use super::refusal::refusal;
use super::refusal::{PROMISOR, omission};
use super::trace::WriteTrace;
use super::write_record::{WriteRecord, sweep};
use super::{Git, Policy};
use crate::ledger::port::LedgerError;
use crate::sys::disk::ErrorWithRemedy;

/// Settings that keep the user's configuration from changing the output that we read or starting background work.
const SETTINGS: [&str; 13] = [
    "advice.addIgnoredFile=true",
    "color.ui=false",
    "core.quotePath=false",
    "gc.auto=0",
    "i18n.commitEncoding=UTF-8",
    "i18n.logOutputEncoding=UTF-8",
    "log.follow=false",
    "log.showRoot=true",
    "log.showSignature=false",
    "maintenance.auto=false",
    // A folder of a clone that looks like a repository must not bring its own configuration, which can name programs.
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    "user.useConfigOnly=true",
];

/// The delay between two attempts while another process holds a lock.
const LOCK_STEP: Duration = Duration::from_millis(100);
/// The first and the longest delay between two checks whether a process has ended that has closed its outputs. Most have
/// ended a moment later.
const END_STEPS: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(2)];
/// The maximum length of a hook's output in an error, in characters; the end is kept.
const LONGEST_OUTPUT: usize = 4000;

/// A git command in a folder, with an environment that only the policy determines.
pub(super) fn command(folder: &Path, policy: &Policy, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("--no-pager").arg("-C").arg(folder);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    if !policy.hooks {
        command.args(["-c", "core.hooksPath=/dev/null"]);
    }
    if let Some(sign) = policy.sign {
        command.arg("-c").arg(format!("commit.gpgSign={sign}"));
    }
    command.args(arguments);
    set_environment(&mut command, policy);
    command
}

/// Lets git read the user's environment, except what would change its repository or its output.
fn set_environment(command: &mut Command, policy: &Policy) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_dropped(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    for name in &policy.withheld {
        command.env_remove(name);
    }
    command.envs([
        ("LC_ALL", "C"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_EDITOR", "true"),
        ("GIT_LITERAL_PATHSPECS", "1"),
    ]);
    if let Some((name, email)) = &policy.author {
        command.env("GIT_AUTHOR_NAME", name).env("GIT_COMMITTER_NAME", name);
        command.env("GIT_AUTHOR_EMAIL", email).env("GIT_COMMITTER_EMAIL", email);
    }
    if let Some(date) = &policy.date {
        command.env("GIT_AUTHOR_DATE", date).env("GIT_COMMITTER_DATE", date);
    }
    command.envs(&policy.environment);
}

/// Runs a command that only reads to its end, with `input` on its standard input.
///
/// # Errors
/// It cannot be run, or it does not end in time.
pub(super) fn output(command: &mut Command, input: &[u8], policy: &Policy) -> Result<Output, LedgerError> {
    output_up_to(command, input, policy, u64::MAX)
}

/// The same, but reads no more than this number of bytes of each output; a command that prints more ends early.
fn output_up_to(command: &mut Command, input: &[u8], policy: &Policy, most: u64) -> Result<Output, LedgerError> {
    let name = subcommand(command);
    let mut child = started(command.stdin(Stdio::piped()), &name)?;
    if let Some(mut pipe) = child.stdin.take().filter(|_| !input.is_empty()) {
        let input = input.to_vec();
        // A separate thread writes, so that neither pipe can fill up and block both sides. If git ends before it has
        // read everything, its standard error says why.
        std::thread::spawn(move || pipe.write_all(&input));
    }
    let seconds = policy.read_limit.as_secs_f64();
    let hangs = || {
        Some(LedgerError::TooSlow {
            command: name.clone(),
            seconds,
        })
    };
    ended(child, &name, (policy.read_limit, most), &hangs)
}

fn started(command: &mut Command, name: &str) -> Result<Child, LedgerError> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    child.map_err(|error| LedgerError::Git {
        command: name.to_owned(),
        message: match error.kind() {
            std::io::ErrorKind::NotFound => "could not be run: git is not installed, or not in PATH".to_owned(),
            _ => format!("could not be run: {}", ErrorWithRemedy(&error)),
        },
    })
}

/// Waits for the end of a process, and reads up to `most` bytes of each output. If it takes longer than `patience`, `late`
/// is called once; if it returns an error, the process is killed.
fn ended(
    mut child: Child,
    name: &str,
    (patience, most): (Duration, u64),
    late: &dyn Fn() -> Option<LedgerError>,
) -> Result<Output, LedgerError> {
    let outputs = [
        child.stdout.take().map(|pipe| read(pipe, most)),
        child.stderr.take().map(|pipe| read(pipe, most)),
    ];
    let mut deadline = Some(Instant::now() + patience);
    let mut step = |child: &mut Child| {
        if deadline.is_some_and(|at| Instant::now() >= at) {
            deadline = None;
            if let Some(error) = late() {
                // It may have ended just now.
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        }
        Ok(deadline.map_or(patience, |at| at.saturating_duration_since(Instant::now())))
    };
    let mut texts = [Vec::new(), Vec::new()];
    for (text, output) in texts.iter_mut().zip(outputs.into_iter().flatten()) {
        loop {
            let left = step(&mut child)?;
            match output.recv_timeout(left) {
                Ok(bytes) => break *text = bytes,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
    let failed = |error: std::io::Error| LedgerError::Git {
        command: name.to_owned(),
        message: format!("could not be waited for: {error}"),
    };
    let [mut delay, longest] = END_STEPS;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        step(&mut child)?;
        std::thread::sleep(delay);
        delay = longest.min(delay * 2);
    };
    let [stdout, stderr] = texts;
    Ok(Output { status, stdout, stderr })
}

/// Reads an output on a separate thread. A descendant of a killed process may keep it open, so nobody waits for it then.
fn read(pipe: impl Read + Send + 'static, most: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // An output that cannot be read to its end is used as far as it goes.
        let _ = pipe.take(most).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

/// The git subcommand, for messages: the first argument that is neither an option nor an option's value.
fn subcommand(command: &Command) -> String {
    let mut arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-C" | "-c" => drop(arguments.next()),
            option if option.starts_with('-') => {}
            _ => return argument,
        }
    }
    String::new()
}

/// The lock file that git could not create.
fn held_lock(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    let (_, rest) = text.split_once("Unable to create '")?;
    let (path, reason) = rest.split_once("': ")?;
    reason.starts_with("File exists").then(|| path.to_owned())
}

/// The age of a lock file, for messages.
fn age(path: &str) -> String {
    let made = std::fs::symlink_metadata(path).and_then(|facts| facts.modified());
    let age = made.map(|made| SystemTime::now().duration_since(made).unwrap_or_default().as_secs());
    match age {
        Err(_) => String::new(),
        Ok(seconds @ ..120) => format!(", {seconds} s old,"),
        Ok(seconds @ ..7200) => format!(", {} minutes old,", seconds / 60),
        Ok(seconds) => format!(", {} hours old,", seconds / 3600),
    }
}

/// The output of a hook that refused a commit.
fn of_hook(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.trim();
    let excess = text.chars().count().saturating_sub(LONGEST_OUTPUT);
    match excess {
        0 if text.is_empty() => "nothing".to_owned(),
        0 => text.to_owned(),
        excess => format!("… {}", text.chars().skip(excess).collect::<String>()),
    }
}

impl Git {
    /// Runs a read-only git command without locks; any exit status is accepted.
    pub(super) fn ask(&self, arguments: &[&str], input: &[u8]) -> Result<Output, LedgerError> {
        self.ask_up_to(arguments, input, u64::MAX)
    }

    /// The same, but reads no more than this number of bytes of each output; git ends early if it prints more.
    pub(super) fn ask_up_to(&self, arguments: &[&str], input: &[u8], most: u64) -> Result<Output, LedgerError> {
        let mut command = command(&self.workspace, &self.policy, arguments);
        command.env("GIT_OPTIONAL_LOCKS", "0");
        if self.is_offline() {
            command.env("GIT_NO_LAZY_FETCH", "1");
        }
        let answer = output_up_to(&mut command, input, &self.policy, most)?;
        if !answer.status.success() && String::from_utf8_lossy(&answer.stderr).contains(PROMISOR) {
            self.offline.store(true, Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// Whether objects of a partial clone could not be fetched.
    pub(super) fn is_offline(&self) -> bool {
        self.offline.load(Ordering::Relaxed)
    }

    /// The error for a read-only git command that failed. If git may not fetch, that is the cause.
    pub(super) fn failure(&self, command: &str, answer: &Output) -> LedgerError {
        match self.is_offline() {
            true => LedgerError::Partial,
            false => refusal(command, answer),
        }
    }

    /// Runs a read-only git command that does not support literal paths.
    pub(super) fn ask_for_patterns(&self, arguments: &[&str], input: &[u8]) -> Result<Output, LedgerError> {
        let mut command = command(&self.workspace, &self.policy, arguments);
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env_remove("GIT_LITERAL_PATHSPECS");
        output(&mut command, input, &self.policy)
    }

    /// Runs a read-only git command that must succeed.
    pub(super) fn read(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let answer = self.ask(arguments, input)?;
        if answer.status.success() {
            return Ok(answer.stdout);
        }
        Err(self.failure(arguments.first().unwrap_or(&""), &answer))
    }

    /// Runs a writing git command that must succeed, and returns what it did. Waits for a limited time while another
    /// process holds a lock; a lock that our own killed git left is removed first.
    pub(super) fn write(&self, arguments: &[&str], input: &[u8]) -> Result<WriteTrace, LedgerError> {
        let name = arguments.first().unwrap_or(&"");
        let steps = self.policy.lock_wait.as_millis().div_ceil(LOCK_STEP.as_millis());
        sweep(self);
        let mut step = 0;
        loop {
            let (answer, trace) = self.write_once(arguments, input)?;
            if answer.status.success() {
                return omission(name, &answer).map_or(Ok(trace), Err);
            }
            if let Some(hook) = trace.refusing_hook() {
                let (hook, output) = (hook.to_owned(), of_hook(&answer));
                return Err(LedgerError::Hook { hook, output });
            }
            let Some(path) = held_lock(&answer) else {
                return Err(refusal(name, &answer));
            };
            if step >= steps {
                let seconds = format!(" (waited {} s)", self.policy.lock_wait.as_secs_f64());
                let age = age(&path);
                return Err(LedgerError::Locked { path, age, seconds });
            }
            step += 1;
            std::thread::sleep(LOCK_STEP);
        }
    }

    /// Runs a writing git command once, however long it takes: a hook or a signature may need a person, and a filter may
    /// send a large file. Any exit status is accepted.
    pub(super) fn write_once(&self, arguments: &[&str], input: &[u8]) -> Result<(Output, WriteTrace), LedgerError> {
        let _whole = crate::sys::disk::hold_still();
        let name = (*arguments.first().unwrap_or(&"")).to_owned();
        let failed = |error: std::io::Error| LedgerError::Git {
            command: name.clone(),
            message: format!(
                "cannot write in {}: {}",
                self.git_dir.display(),
                ErrorWithRemedy(&error)
            ),
        };
        let record = WriteRecord::begin(&self.git_dir, input).map_err(failed)?;
        let mut command = command(&self.workspace, &self.policy, arguments);
        command.env("GIT_TRACE2_EVENT", record.trace_path());
        if name == "commit" {
            // Hooks inherit it, and their own paths may be patterns.
            command.env_remove("GIT_LITERAL_PATHSPECS");
        }
        let child = started(command.stdin(record.stdin().map_err(failed)?), &name)?;
        let late = || {
            let cause = record.trace().waits_for();
            let cause = cause.map_or_else(|| "has not ended yet".to_owned(), |cause| format!("waits for {cause}"));
            tracing::warn!("git {name} {cause}");
            None
        };
        let answer = ended(child, &name, (self.policy.patience, u64::MAX), &late)?;
        let trace = record.trace();
        let was_killed = answer.status.code().is_none();
        if was_killed || held_lock(&answer).is_none() {
            record.remove_locks(self, was_killed);
        }
        Ok((answer, trace))
    }
}
