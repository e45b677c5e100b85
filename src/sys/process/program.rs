//! One child process: with a limit on its time and on what it prints, in a process group of its own, and without keys.
//!
//! The pipes are read and written on threads of their own, so that neither side can block the other; what is still open
//! when the program has ended, because it left somebody behind, is not waited for.
#![allow(clippy::disallowed_methods)] // edge: processes, the clock

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::running;
use crate::sys::consent::Consent;

/// Bytes that a program may print on one of its outputs, at most.
const LARGEST: usize = 16 << 20;
/// How long the outputs of a program that has ended may stay open.
const GRACE: Duration = Duration::from_millis(500);
/// The longest pause between two looks at whether it has ended.
const STEP: Duration = Duration::from_millis(10);

/// A program as the manifest names it.
#[derive(Clone, Debug)]
pub(crate) struct Program<'a> {
    /// The proof that it may be started: nobody can make a `Program` without it.
    #[expect(dead_code, reason = "a proof is only shown")]
    pub consent: &'a Consent,
    /// Program and arguments; no shell is involved.
    pub run: &'a [String],
    /// Where it works.
    pub folder: &'a Path,
    /// Environment variables that it does not get.
    pub withheld: &'a [String],
    /// Environment variables that it gets beside the inherited ones.
    pub variables: Vec<(&'static str, OsString)>,
    /// How long it may take; `None` for as long as it likes.
    pub timeout: Option<Duration>,
}

/// What a program left.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained about.
    pub stderr: Vec<u8>,
}

/// Why a program came to no end of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unended {
    /// There is no such program, or it may not be run.
    #[error("`{program}` cannot be run: {problem}")]
    NotStarted {
        /// The program.
        program: String,
        /// What the operating system says.
        problem: String,
    },
    /// It took too long; it was ended, with all that it had started.
    #[error("`{program}` took longer than {seconds} s and was ended")]
    TimedOut {
        /// The program.
        program: String,
        /// The limit.
        seconds: u64,
    },
    /// It printed too much; it was ended.
    #[error("`{program}` printed more than {} MiB and was ended", LARGEST >> 20)]
    TooMuch {
        /// The program.
        program: String,
    },
}

/// What the threads at the pipes tell.
enum Heard {
    Closed,
    TooMuch,
}

/// One output as it is read.
type Bytes = Arc<Mutex<Vec<u8>>>;

impl Ended {
    /// The last lines of what it complained about, in one line.
    pub(crate) fn complaint(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let mut lines: Vec<&str> = text
            .lines()
            .rev()
            .filter(|line| !line.trim().is_empty())
            .take(3)
            .collect();
        lines.reverse();
        match lines.is_empty() {
            true => "it said nothing on stderr".to_owned(),
            false => lines.join(" / "),
        }
    }
}

impl Program<'_> {
    /// The program for messages.
    pub(crate) fn name(&self) -> String {
        let text = self.run.join(" ");
        match text.char_indices().nth(160) {
            Some((end, _)) => format!("{} …", &text[..end]),
            None => text,
        }
    }

    /// Runs it to its end with `stdin` on its standard input; a program that does not read it may still answer.
    ///
    /// # Errors
    /// See [`Unended`].
    pub(crate) fn run(&self, stdin: Option<&[u8]>) -> Result<Ended, Unended> {
        let mut child = running::begin(|| self.start(stdin.is_some()))?;
        let (tell, heard) = channel();
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), stdin.map(<[u8]>::to_vec)) {
            std::thread::spawn(move || pipe.write_all(&bytes));
        }
        let stdout = child.stdout.take().map(|pipe| read(pipe, tell.clone()));
        let stderr = child.stderr.take().map(|pipe| read(pipe, tell));
        let watched = self.watch(&mut child, &heard);
        if watched.is_err() {
            kill(&mut child);
        }
        running::end(&child);
        let status = child.wait().map_err(|error| self.not_started(&error))?;
        watched.map(|()| Ended {
            status,
            stdout: taken(stdout),
            stderr: taken(stderr),
        })
    }

    fn start(&self, has_stdin: bool) -> Result<Child, Unended> {
        let no_name = || self.not_started(&"no program is named");
        let (name, arguments) = self.run.split_first().ok_or_else(no_name)?;
        let mut command = Command::new(name);
        command.args(arguments).current_dir(self.folder);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        for name in self.withheld {
            command.env_remove(name);
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
            .stdin(if has_stdin { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| self.not_started(&error))
    }

    /// Waits until the program has ended and its outputs are closed; an ended one's outputs are waited for a moment only,
    /// then whoever holds them open is ended as well.
    fn watch(&self, child: &mut Child, heard: &Receiver<Heard>) -> Result<(), Unended> {
        let deadline = self.timeout.map(|most| (Instant::now() + most, most));
        let (mut open, mut pause, mut left_open) = (2, Duration::from_millis(1), None);
        loop {
            match heard.recv_timeout(pause) {
                Ok(Heard::Closed) => open -= 1,
                Ok(Heard::TooMuch) => return Err(Unended::TooMuch { program: self.name() }),
                Err(RecvTimeoutError::Timeout) => pause = (2 * pause).min(STEP),
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(1)),
            }
            let now = Instant::now();
            if has_ended(child) {
                if open == 0 {
                    return Ok(());
                }
                if now >= *left_open.get_or_insert(now + GRACE) {
                    kill(child);
                    return Ok(());
                }
            } else if let Some((_, most)) = deadline.filter(|(at, _)| now >= *at) {
                let (program, seconds) = (self.name(), most.as_secs());
                return Err(Unended::TimedOut { program, seconds });
            }
        }
    }

    fn not_started(&self, problem: &dyn std::fmt::Display) -> Unended {
        Unended::NotStarted {
            program: self.name(),
            problem: problem.to_string(),
        }
    }
}

/// Reads an output to its end on a thread, as far as it may go.
fn read(mut pipe: impl Read + Send + 'static, tell: Sender<Heard>) -> Bytes {
    let bytes = Bytes::default();
    let sink = Arc::clone(&bytes);
    std::thread::spawn(move || {
        let mut piece = vec![0; 64 << 10];
        let mut heard = Heard::Closed;
        while let Ok(length @ 1..) = pipe.read(&mut piece) {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            if sink.len() + length > LARGEST {
                heard = Heard::TooMuch;
                break;
            }
            sink.extend_from_slice(&piece[..length]);
        }
        // Nobody listens any more when the program was given up.
        let _ = tell.send(heard);
    });
    bytes
}

fn taken(bytes: Option<Bytes>) -> Vec<u8> {
    let take = |bytes: Bytes| std::mem::take(&mut *bytes.lock().unwrap_or_else(PoisonError::into_inner));
    bytes.map(take).unwrap_or_default()
}

/// Whether it has ended. It is left to be waited for, so that its number, and its group's, is nobody else's yet.
#[cfg(unix)]
fn has_ended(child: &mut Child) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    !matches!(waitid(WaitId::Pid(Pid::from_child(child)), look), Ok(None))
}

/// Ends it and all that it started.
#[cfg(unix)]
fn kill(child: &mut Child) {
    running::kill(child.id());
}

#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

#[cfg(not(unix))]
fn kill(child: &mut Child) {
    let _ = child.kill();
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
