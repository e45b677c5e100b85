//! Runs one git process with fixed settings and environment, and turns its failures into errors.
#![allow(clippy::disallowed_methods)] // edge: the git program

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use super::refusal::omission;
pub(super) use super::refusal::refusal;
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

const LOCK_STEP: Duration = Duration::from_millis(100);

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

/// Removes all inherited GIT_ variables: with GIT_INDEX_FILE, as inside a hook, a commit would drop every file but
/// ours.
fn set_environment(command: &mut Command, policy: &Policy) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
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

/// Runs a command to its end with `input` on its standard input.
pub(super) fn output(command: &mut Command, input: &[u8]) -> Result<Output, LedgerError> {
    let name = subcommand(command);
    let failed = |error: std::io::Error| LedgerError::Git {
        command: name.clone(),
        message: match error.kind() {
            std::io::ErrorKind::NotFound => "could not be run: git is not installed, or not in PATH".to_owned(),
            _ => format!("could not be run: {}", ErrorWithRemedy(&error)),
        },
    };
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // A separate thread writes, so that neither pipe can fill up and block both sides. If git ends before it has
        // read everything, its standard error says why.
        scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output().map_err(failed)
    })
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

impl Git {
    /// Runs a read-only git command without locks; any exit status is accepted.
    pub(super) fn ask(&self, arguments: &[&str], input: &[u8]) -> Result<Output, LedgerError> {
        let mut command = command(&self.workspace, &self.policy, arguments);
        output(command.env("GIT_OPTIONAL_LOCKS", "0"), input)
    }

    /// Runs a read-only git command that does not support literal paths.
    pub(super) fn ask_for_patterns(&self, arguments: &[&str], input: &[u8]) -> Result<Output, LedgerError> {
        let mut command = command(&self.workspace, &self.policy, arguments);
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env_remove("GIT_LITERAL_PATHSPECS");
        output(&mut command, input)
    }

    /// Runs a read-only git command that must succeed.
    pub(super) fn read(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let answer = self.ask(arguments, input)?;
        if answer.status.success() {
            return Ok(answer.stdout);
        }
        Err(refusal(arguments.first().unwrap_or(&""), &answer))
    }

    /// Runs a writing git command that must succeed; waits for a limited time while another process holds a lock.
    pub(super) fn write(&self, arguments: &[&str], input: &[u8]) -> Result<(), LedgerError> {
        let steps = self.policy.lock_wait.as_millis().div_ceil(LOCK_STEP.as_millis());
        let mut step = 0;
        loop {
            let answer = {
                let _whole = crate::sys::disk::hold_still();
                output(&mut command(&self.workspace, &self.policy, arguments), input)?
            };
            if answer.status.success() {
                return omission(arguments.first().unwrap_or(&""), &answer).map_or(Ok(()), Err);
            }
            let Some(path) = held_lock(&answer) else {
                return Err(refusal(arguments.first().unwrap_or(&""), &answer));
            };
            if step >= steps {
                let seconds = format!(" (waited {} s)", self.policy.lock_wait.as_secs_f64());
                return Err(LedgerError::Locked { path, seconds });
            }
            step += 1;
            std::thread::sleep(LOCK_STEP);
        }
    }
}
