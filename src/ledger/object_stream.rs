//! A running `git cat-file --batch`, which answers many questions about objects without a process for each.
#![allow(clippy::disallowed_methods)] // edge: the git program

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::Git;
use super::process::command;

/// An object of the repository, as git stores it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StoredObject {
    pub id: String,
    /// `blob`, `tree` or `commit`.
    pub kind: String,
    pub bytes: Vec<u8>,
}

/// The process, and a thread that reads its answers. Any failure ends it.
#[derive(Debug)]
pub(super) struct ObjectStream {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<StoredObject>,
    patience: Duration,
}

impl ObjectStream {
    /// Starts git; objects of more than `most` bytes end the stream. `None` if git does not start.
    pub(super) fn start(git: &Git, most: u64) -> Option<Self> {
        let mut command = command(&git.workspace, &git.policy, &["cat-file", "--batch"]);
        // What a partial clone lacks is left to the other commands, which say so.
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1");
        let command = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let (questions, output) = (child.stdin.take()?, child.stdout.take()?);
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(object) = next(&mut output, most) {
                if sender.send(object).is_err() {
                    break;
                }
            }
        });
        Some(Self {
            child,
            questions,
            answers,
            patience: git.policy.read_limit,
        })
    }

    /// The object with this name; `None` if there is none, or if git does not answer. The stream cannot be used after that.
    pub(super) fn object(&mut self, name: &str) -> Option<StoredObject> {
        if name.contains('\n') {
            return None;
        }
        self.questions.write_all(format!("{name}\n").as_bytes()).ok()?;
        self.questions.flush().ok()?;
        self.answers.recv_timeout(self.patience).ok()
    }
}

impl Drop for ObjectStream {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The objects in a whole answer, up to the first that is missing.
pub(super) fn stored_objects(mut answer: &[u8]) -> impl Iterator<Item = StoredObject> {
    std::iter::from_fn(move || next(&mut answer, u64::MAX - 1))
}

/// The next object: `<id> <kind> <size>`, a line end, the bytes and a line end.
fn next(output: &mut impl BufRead, most: u64) -> Option<StoredObject> {
    let mut line = String::new();
    output.read_line(&mut line).ok()?;
    let mut words = line.trim_end_matches('\n').split(' ');
    let (id, kind, size) = (words.next()?, words.next()?, words.next()?.parse::<u64>().ok()?);
    if size > most {
        return None;
    }
    let mut bytes = Vec::new();
    output.take(size + 1).read_to_end(&mut bytes).ok()?;
    (bytes.pop() == Some(b'\n') && bytes.len() as u64 == size).then(|| StoredObject {
        id: id.to_owned(),
        kind: kind.to_owned(),
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_one_after_another() {
        let object = |id: &str, kind: &str, bytes: &str| StoredObject {
            id: id.into(),
            kind: kind.into(),
            bytes: bytes.into(),
        };
        for (text, expected) in [
            (
                "a1 blob 3\nhi\n\nb2 tree 0\n\n",
                vec![object("a1", "blob", "hi\n"), object("b2", "tree", "")],
            ),
            ("a1 blob 1\nx\nb2 missing\n", vec![object("a1", "blob", "x")]),
            ("a1 blob 9\nlonger th", vec![]),
            ("a1 blob 11\nmore bytes!\n", vec![]),
            ("a1 blob 1\nxx", vec![]),
            ("", vec![]),
        ] {
            let mut output = text.as_bytes();
            let found: Vec<StoredObject> = std::iter::from_fn(|| next(&mut output, 10)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
