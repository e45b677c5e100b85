//! Runs one child process with limits on time and output, in its own process group, and without keys.
//!
//! Separate threads read and write the pipes, so that neither side can block the other. If a pipe is still open after
//! the program has ended, because a descendant holds it, kaizen waits for it only briefly.
#![allow(clippy::disallowed_methods)] // edge: processes, the clock

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::bounds::{Bounds, BoundsWatch};
use super::running;
use crate::sys::consent::Consent;
use crate::sys::disk::remove_mark;

/// Maximum number of bytes on each output.
const LARGEST: usize = 16 << 20;
/// How long to wait for open outputs after the program has ended.
const GRACE: Duration = Duration::from_millis(500);
/// Longest interval between two checks whether the program has ended.
const STEP: Duration = Duration::from_millis(10);

/// A program to run, from the manifest.
#[derive(Clone, Debug)]
pub(crate) struct Program<'a> {
    /// The proof that it may be started; a `Program` cannot be created without it.
    #[expect(dead_code, reason = "it only proves the consent")]
    pub consent: &'a Consent,
    /// Program and arguments, started without a shell.
    pub run: &'a [String],
    /// The working directory.
    pub folder: &'a Path,
    /// Environment variables that it does not inherit.
    pub withheld: &'a [String],
    /// Additional environment variables.
    pub variables: Vec<(&'a str, OsString)>,
    /// The time limit; `None` for no limit.
    pub timeout: Option<Duration>,
    /// Further limits, of a program that runs in a folder of its own. All its processes end with it.
    pub bounds: Option<Bounds<'a>>,
}

/// The result of a program that ended normally.
#[derive(Debug)]
pub(crate) struct ProgramOutput {
    /// The exit status.
    pub status: ExitStatus,
    /// The standard output.
    pub stdout: Vec<u8>,
    /// The standard error.
    pub stderr: Vec<u8>,
}

/// Why a program did not end normally.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProgramFailure {
    /// The program does not exist or cannot be started.
    #[error("`{program}` cannot be run: {problem}")]
    NotStarted {
        /// The program.
        program: String,
        /// The operating system's error.
        problem: String,
    },
    /// It exceeded the time limit; it and its descendants were killed.
    #[error("`{program}` took longer than {seconds} s and was killed")]
    TimedOut {
        /// The program.
        program: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// It printed too much and was killed.
    #[error("`{program}` printed more than {mib} MiB and was killed")]
    TooMuch {
        /// The program.
        program: String,
        /// The limit.
        mib: usize,
    },
    /// It exceeded another limit and was killed.
    #[error("`{program}` {excess} and was killed")]
    Exceeded {
        /// The program.
        program: String,
        /// The limit, in words.
        excess: String,
    },
    /// It left processes that cannot be ended.
    #[error("`{program}` left processes that could not be ended")]
    NotEnded {
        /// The program.
        program: String,
    },
}

/// Messages from the threads that read the outputs.
enum PipeEvent {
    Closed,
    TooMuch,
}

/// The bytes of one output read so far.
type Bytes = Arc<Mutex<Vec<u8>>>;

impl ProgramOutput {
    /// The last lines of the standard error, joined into one line.
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
            true => "no message on stderr".to_owned(),
            false => lines.join(" / "),
        }
    }
}

impl Program<'_> {
    /// The command line, shortened for messages.
    pub(crate) fn name(&self) -> String {
        let text = self.run.join(" ");
        match text.char_indices().nth(160) {
            Some((end, _)) => format!("{} …", &text[..end]),
            None => text,
        }
    }

    /// Runs the program as [`Self::run`] does; any exit status but success is a failure, too.
    ///
    /// # Errors
    /// The message names the program.
    pub(crate) fn run_to_success(&self, stdin: Option<&[u8]>) -> Result<ProgramOutput, String> {
        let ended = self.run(stdin).map_err(|error| error.to_string())?;
        match ended.status.success() {
            true => Ok(ended),
            false => {
                let (name, status) = (self.name(), ended.status);
                Err(format!("`{name}` ended with {status}: {}", ended.complaint()))
            }
        }
    }

    /// Runs the program to its end with `stdin` as standard input, which the program need not read.
    ///
    /// # Errors
    /// See [`ProgramFailure`].
    pub(crate) fn run(&self, stdin: Option<&[u8]>) -> Result<ProgramOutput, ProgramFailure> {
        let mut child = running::begin(|| self.start(stdin.is_some()))?;
        let (tell, heard) = channel();
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), stdin.map(<[u8]>::to_vec)) {
            std::thread::spawn(move || pipe.write_all(&bytes));
        }
        let limit = self.output_limit();
        let stdout = child.stdout.take().map(|pipe| read(pipe, tell.clone(), limit));
        let stderr = child.stderr.take().map(|pipe| read(pipe, tell, limit));
        let mut bounds = self
            .bounds
            .map(|bounds| BoundsWatch::new(bounds, &child, Instant::now()));
        let mut watched = self.watch(&mut child, &heard, bounds.as_mut());
        if watched.is_err() {
            kill(&mut child);
        }
        // Before the program is reaped: no other process can have its number yet.
        if let Some(bounds) = &mut bounds {
            watched = self.ended(watched, bounds);
        }
        running::end(&child);
        let status = child.wait().map_err(|error| self.not_started(&error))?;
        watched.map(|()| ProgramOutput {
            status,
            stdout: taken(stdout),
            stderr: taken(stderr),
        })
    }

    fn start(&self, has_stdin: bool) -> Result<Child, ProgramFailure> {
        let no_name = || self.not_started(&"no program is given");
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

    fn output_limit(&self) -> usize {
        self.bounds.map_or(LARGEST, |bounds| bounds.output)
    }

    /// Ends every process of the program, and checks what it left.
    fn ended(&self, watched: Result<(), ProgramFailure>, bounds: &mut BoundsWatch) -> Result<(), ProgramFailure> {
        let program = self.name();
        if !bounds.end() {
            return Err(ProgramFailure::NotEnded { program });
        }
        watched?;
        bounds
            .disk_excess()
            .map_or(Ok(()), |excess| Err(ProgramFailure::Exceeded { program, excess }))
    }

    /// Waits until the program has ended and its outputs are closed. If outputs stay open after the program has ended,
    /// its process group is killed after a short grace period.
    fn watch(
        &self,
        child: &mut Child,
        heard: &Receiver<PipeEvent>,
        mut bounds: Option<&mut BoundsWatch>,
    ) -> Result<(), ProgramFailure> {
        let deadline = self.timeout.map(|most| (Instant::now() + most, most));
        let (mut open, mut pause, mut left_open) = (2, Duration::from_millis(1), None);
        loop {
            match heard.recv_timeout(pause) {
                Ok(PipeEvent::Closed) => open -= 1,
                Ok(PipeEvent::TooMuch) => {
                    let (program, mib) = (self.name(), self.output_limit() >> 20);
                    return Err(ProgramFailure::TooMuch { program, mib });
                }
                Err(RecvTimeoutError::Timeout) => pause = (2 * pause).min(STEP),
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(1)),
            }
            let now = Instant::now();
            if let Some(excess) = bounds.as_mut().and_then(|bounds| bounds.excess(now)) {
                let program = self.name();
                return Err(ProgramFailure::Exceeded { program, excess });
            }
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
                return Err(ProgramFailure::TimedOut { program, seconds });
            }
        }
    }

    fn not_started(&self, problem: &dyn std::fmt::Display) -> ProgramFailure {
        ProgramFailure::NotStarted {
            program: self.name(),
            problem: problem.to_string(),
        }
    }
}

/// Reads an output on a separate thread, up to its end or the limit.
fn read(mut pipe: impl Read + Send + 'static, tell: Sender<PipeEvent>, limit: usize) -> Bytes {
    let bytes = Bytes::default();
    let sink = Arc::clone(&bytes);
    std::thread::spawn(move || {
        let mut piece = vec![0; 64 << 10];
        let mut heard = PipeEvent::Closed;
        while let Ok(length @ 1..) = pipe.read(&mut piece) {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            if sink.len() + length > limit {
                heard = PipeEvent::TooMuch;
                break;
            }
            sink.extend_from_slice(&piece[..length]);
        }
        // Nobody receives this if the program was killed.
        let _ = tell.send(heard);
    });
    bytes
}

/// All bytes of an output, without a byte order mark, which some Windows programs print.
fn taken(bytes: Option<Bytes>) -> Vec<u8> {
    let take = |bytes: Bytes| std::mem::take(&mut *bytes.lock().unwrap_or_else(PoisonError::into_inner));
    let mut bytes = bytes.map(take).unwrap_or_default();
    remove_mark(&mut bytes);
    bytes
}

/// Whether the program has ended. It is not reaped here, so that its process id and group id are not reused yet.
#[cfg(unix)]
fn has_ended(child: &mut Child) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    !matches!(waitid(WaitId::Pid(Pid::from_child(child)), look), Ok(None))
}

/// Kills the program's process group.
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
