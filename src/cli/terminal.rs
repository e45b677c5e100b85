//! Prints to stdout and stderr; no other module does. Escapes everything that could control a terminal, except kaizen's
//! own styles.
#![allow(clippy::disallowed_methods)] // edge: the environment

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::style::MARK;
use super::visible::{escaped, escaped_json};
use crate::sys::disk::of_output;

/// Prints a line on stdout.
macro_rules! out {
    () => { $crate::cli::terminal::out(format_args!("\n")) };
    ($($arguments:tt)*) => { $crate::cli::terminal::out(format_args!("{}\n", format_args!($($arguments)*))) };
}

/// Prints a line on stderr.
macro_rules! err {
    ($($arguments:tt)*) => { $crate::cli::terminal::err(format_args!("{}\n", format_args!($($arguments)*))) };
}

/// The two streams of the program.
#[derive(Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}

/// Whether stdout and stderr were closed when the program started.
static CLOSED: [AtomicBool; 2] = [AtomicBool::new(false), AtomicBool::new(false)];

/// Notes which of stdout and stderr are closed. Has an effect only before Rust's own start, which opens `/dev/null` in their
/// place.
pub extern "C" fn note_closed_streams() {
    #[cfg(unix)]
    for (closed, stream) in CLOSED.iter().zip([rustix::stdio::stdout(), rustix::stdio::stderr()]) {
        let is_closed = rustix::io::fcntl_getfd(stream) == Err(rustix::io::Errno::BADF);
        closed.store(is_closed, Ordering::Relaxed);
    }
}

/// Whether stdout was closed when the program started.
pub(crate) fn is_out_closed() -> bool {
    is_closed(Stream::Stdout)
}

fn is_closed(stream: Stream) -> bool {
    CLOSED[stream as usize].load(Ordering::Relaxed)
}

/// The first write that failed, other than because the reader closed the pipe.
static LOST: Mutex<Option<String>> = Mutex::new(None);

/// Prints to stdout, escaped.
pub(crate) fn out(text: fmt::Arguments) {
    let text = safe(&text.to_string());
    note(Stream::Stdout, anstream::stdout().lock().write_all(text.as_bytes()));
}

/// Stdout for the messages of a protocol, which are not meant for a terminal.
pub(crate) fn message_output() -> tokio::io::Stdout {
    tokio::io::stdout()
}

/// Prints to stderr, escaped.
pub(crate) fn err(text: fmt::Arguments) {
    let text = safe(&text.to_string());
    note(Stream::Stderr, anstream::stderr().lock().write_all(text.as_bytes()));
}

/// Prints JSON to stdout. Characters that could control a terminal are written as `\uXXXX`, which is equivalent.
pub(crate) fn json(text: &str) {
    note(Stream::Stdout, writeln!(io::stdout(), "{}", escaped_json(text)));
}

/// Prints data that another program may read: byte for byte into a pipe or a file, escaped on a terminal.
pub(crate) fn exact(text: &str) {
    if io::stdout().is_terminal() {
        out(format_args!("{text}"));
    } else {
        note(Stream::Stdout, io::stdout().write_all(text.as_bytes()));
    }
}

/// Prints clap's message: help and version in clap's colours; errors escaped, because they quote the arguments.
pub(crate) fn usage(said: &clap::Error) {
    match said.use_stderr() {
        true => err(format_args!("{said}")),
        false => note(Stream::Stdout, said.print()),
    }
}

/// Prints a panic, escaped, because its message may quote anything.
pub(crate) fn panicked(panic: &PanicHookInfo) {
    let trace = Backtrace::capture();
    match trace.status() {
        BacktraceStatus::Captured => err(format_args!("{panic}\n{trace}\n")),
        _ => err(format_args!("{panic}\n")),
    }
}

/// Whether the terminal understands escape sequences, judging by `TERM`. An empty value names no terminal.
pub(crate) fn has_styles() -> bool {
    let term = std::env::var_os("TERM");
    term.is_none_or(|term| !term.is_empty() && term != "dumb")
}

/// Whether stderr is a terminal that can redraw a line.
pub(crate) fn has_moving_lines() -> bool {
    io::stderr().is_terminal() && has_styles()
}

/// Prints without styles where the terminal understands none. `NO_COLOR` is obeyed in any case.
pub(crate) fn adapt() {
    if !has_styles() {
        anstream::ColorChoice::Never.write_global();
    }
}

/// A handle of stdout if it is a pipe or a socket, whose reader can go away.
#[cfg(unix)]
pub(crate) fn out_pipe() -> Option<std::fs::File> {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let handle = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .map(std::fs::File::from)
        .ok()?;
    let kind = handle.metadata().ok()?.file_type();
    (kind.is_fifo() || kind.is_socket()).then_some(handle)
}

/// On other systems, a closed pipe is not noticed.
#[cfg(not(unix))]
pub(crate) fn out_pipe() -> Option<std::fs::File> {
    None
}

/// Whether stdout is a terminal.
pub(crate) fn is_out_watched() -> bool {
    io::stdout().is_terminal()
}

/// Whether stdin and stderr are terminals, so that a person can be asked.
pub(crate) fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether stdin and stdout are terminals, so that a view can have the screen and the keys.
pub(crate) fn is_screen() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Why some output was lost, for example because the disk is full; `None` if everything was written, or if the reader
/// closed the pipe.
pub(crate) fn lost() -> Option<String> {
    if let Err(error) = io::stdout().flush() {
        note(Stream::Stdout, Err(error));
    }
    LOST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Remembers a failed write, except if the reader closed the pipe, as `head` does.
fn note(stream: Stream, written: io::Result<()>) {
    let closed = || io::Error::new(ErrorKind::NotConnected, "it is closed");
    let written = written.and_then(|()| if is_closed(stream) { Err(closed()) } else { Ok(()) });
    let Err(error) = written else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        return;
    }
    let stream = match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    };
    let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
    lost.get_or_insert_with(|| format!("some output could not be written to {stream}: {}", of_output(&error)));
}

/// Writes log lines to stderr, escaped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        err(format_args!("{}", String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Turns our own styles into escape sequences, and escapes everything else.
fn safe(text: &str) -> String {
    let mut parts = text.split(MARK.as_str());
    let mut safe = escaped(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        match part.split_once('m') {
            Some((numbers, rest)) if is_numbers(numbers) => {
                safe.push_str(&format!("\u{1b}[{numbers}m"));
                safe.push_str(&escaped(rest));
            }
            _ => safe.push_str(&escaped(part)),
        }
    }
    safe
}

fn is_numbers(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')
}

#[cfg(test)]
mod tests {
    use anstyle::AnsiColor;
    use proptest::prelude::*;

    use super::*;
    use crate::cli::style::Style;

    #[test]
    fn only_our_own_styles_pass() {
        let (red, strong) = (Style::from(AnsiColor::Red), Style::STRONG);
        let evil = "\u{1b}[32mgreen\u{1b}]0;title\u{7}\u{9b}2J";
        let line = format!("{red}bad{red:#} {strong}{evil}{strong:#}\n");
        assert_eq!(
            safe(&line),
            "\u{1b}[31mbad\u{1b}[0m \u{1b}[1m␛[32mgreen␛]0;title␇<U+009B>2J\u{1b}[0m\n"
        );
        assert_eq!(safe(&format!("{}{}x", MARK.as_str(), Style::PLAIN)), "x");
    }

    proptest! {
        #[test]
        fn whatever_is_quoted_prints_no_control(text in any::<String>()) {
            let strong = Style::STRONG;
            let shown = safe(&format!("{strong}{text}{strong:#}"));
            let inside = shown.strip_prefix("\u{1b}[1m").and_then(|rest| rest.strip_suffix("\u{1b}[0m")).unwrap();
            prop_assert!(!inside.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{inside:?}");
        }
    }
}
