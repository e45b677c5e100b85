//! The connection of the MCP server: lines of JSON from a reader of bytes, and to a writer.
//!
//! The crate's own transport ignores lines that it cannot parse, so that their sender waits forever.

use std::collections::VecDeque;
use std::io;

use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::request_table::RequestTable;

/// The longest line that is read, in bytes. Longer ones are skipped and answered with an error.
const LONGEST_LINE: usize = 8 << 20;

/// How many lines may wait for a client that does not read.
const WAITING_LINES: usize = 1024;

/// The connection to a client.
pub(crate) struct LineTransport<R> {
    input: InputLines<R>,
    output: mpsc::Sender<String>,
    requests: RequestTable,
    /// Messages and replies of the lines that were read.
    messages: VecDeque<ClientJsonRpcMessage>,
    replies: VecDeque<String>,
}

impl<R: AsyncRead + Send + Unpin> LineTransport<R> {
    /// Connects; must be called inside a runtime. The task ends when everything has been written, or with the error of
    /// the writer.
    pub(crate) fn new(
        input: R,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> (Self, JoinHandle<io::Result<()>>) {
        let (sender, lines) = mpsc::channel(WAITING_LINES);
        let transport = Self {
            input: InputLines::new(input),
            output: sender,
            requests: RequestTable::default(),
            messages: VecDeque::new(),
            replies: VecDeque::new(),
        };
        (transport, tokio::spawn(write(lines, output)))
    }
}

impl<R: AsyncRead + Send + Unpin> Transport<RoleServer> for LineTransport<R> {
    type Error = io::Error;

    fn send(&mut self, message: ServerJsonRpcMessage) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let line = self.requests.tell(&message);
        let output = self.output.clone();
        async move {
            match line {
                Some(line) => output.send(line).await.map_err(|_| io::ErrorKind::BrokenPipe.into()),
                None => Ok(()),
            }
        }
    }

    /// May be dropped while it waits, without losing a byte.
    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            while !self.replies.is_empty() {
                let permit = self.output.reserve().await.ok()?;
                if let Some(reply) = self.replies.pop_front() {
                    permit.send(reply);
                }
            }
            if let Some(message) = self.messages.pop_front() {
                return Some(message);
            }
            let line = tokio::select! {
                line = self.input.next() => line?,
                () = self.output.closed() => return None,
            };
            let read = match line {
                InputLine::Whole(line) => self.requests.hear(&line),
                InputLine::TooLong => self.requests.hear_too_long(LONGEST_LINE),
            };
            self.messages.extend(read.messages);
            self.replies.extend(read.replies);
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn write(mut lines: mpsc::Receiver<String>, mut output: impl AsyncWrite + Unpin) -> io::Result<()> {
    while let Some(mut line) = lines.recv().await {
        line.push('\n');
        output.write_all(line.as_bytes()).await?;
        output.flush().await?;
    }
    Ok(())
}

enum InputLine {
    Whole(Vec<u8>),
    TooLong,
}

/// Reads lines of at most [`LONGEST_LINE`] bytes.
struct InputLines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    /// Whether the rest of the line is skipped.
    skips: bool,
}

impl<R: AsyncRead + Unpin> InputLines<R> {
    fn new(input: R) -> Self {
        Self {
            input: BufReader::new(input),
            line: Vec::new(),
            skips: false,
        }
    }

    /// The next line; `None` at the end of the input. The last line may lack its end.
    async fn next(&mut self) -> Option<InputLine> {
        loop {
            let available = match self.input.fill_buf().await {
                Ok(available) => available,
                Err(error) => {
                    tracing::warn!(%error, "cannot read from the client");
                    return None;
                }
            };
            if available.is_empty() {
                let rest = std::mem::take(&mut self.line);
                return (!rest.is_empty()).then_some(InputLine::Whole(rest));
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(available.len(), |end| end + 1);
            if !self.skips {
                self.line.extend_from_slice(&available[..length]);
            }
            self.input.consume(length);
            let is_too_long = self.line.len() > LONGEST_LINE;
            if is_too_long {
                self.line = Vec::new();
            }
            let skipped = self.skips;
            self.skips = (skipped || is_too_long) && end.is_none();
            if is_too_long {
                return Some(InputLine::TooLong);
            }
            if end.is_some() && !skipped {
                return Some(InputLine::Whole(std::mem::take(&mut self.line)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of the lengths given, `None` for one that is too long.
    async fn lengths(bytes: &[u8]) -> Vec<Option<usize>> {
        let mut input = InputLines::new(bytes);
        let mut found = Vec::new();
        while let Some(line) = input.next().await {
            found.push(match line {
                InputLine::Whole(line) => Some(line.len()),
                InputLine::TooLong => None,
            });
        }
        found
    }

    #[test]
    fn lines_are_bounded_and_the_last_may_lack_its_end() {
        let long = "x".repeat(LONGEST_LINE + 1);
        let fits = "x".repeat(LONGEST_LINE - 1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (text, lines) in [
            (String::new(), vec![]),
            ("a\n\nbc".to_owned(), vec![Some(2), Some(1), Some(2)]),
            (
                format!("a\n{long}{long}\nb\n{long}"),
                vec![Some(2), None, Some(2), None],
            ),
            (
                format!("{long}\n{fits}\n{long}\n{long}\nc\n"),
                vec![None, Some(LONGEST_LINE), None, None, Some(2)],
            ),
        ] {
            assert_eq!(runtime.block_on(lengths(text.as_bytes())), lines);
        }
    }
}
