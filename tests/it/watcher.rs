//! A running `kaizen watch`, observed through its JSON lines, and stopped at the end of the test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::space::{KAIZEN, Space};

const PATIENCE: Duration = Duration::from_secs(60);

/// A running watcher.
pub struct Watcher {
    child: Child,
    lines: Receiver<Value>,
    /// All events so far.
    pub said: Vec<Value>,
}

impl Watcher {
    /// Starts a watcher and waits until it watches.
    pub fn start(space: &Space) -> Self {
        Self::start_with(space, &[])
    }

    /// The same with further arguments.
    pub fn start_with(space: &Space, arguments: &[&str]) -> Self {
        Self::start_under(space, &[], arguments)
    }

    /// The same through another program, which gets the command as its last arguments.
    pub fn start_under(space: &Space, prefix: &[&str], arguments: &[&str]) -> Self {
        let words = [prefix, &[KAIZEN, "watch", "--format", "json"], arguments].concat();
        let mut command = space.command(words[0], &words[1..]);
        // A watcher needs the real time.
        command.env_remove("KAIZEN_NOW");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let mut watcher = Self {
            child,
            lines,
            said: Vec::new(),
        };
        watcher.until("watch_started");
        watcher
    }

    /// Waits for the next event of this name.
    #[track_caller]
    pub fn until(&mut self, name: &str) -> Value {
        self.until_where(name, |event| event["event"] == name)
    }

    /// Waits for the next event that `wanted` accepts.
    #[track_caller]
    pub fn until_where(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        while let Ok(event) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.said.push(event.clone());
            if wanted(&event) {
                return event;
            }
        }
        let tail: Vec<String> = self.said.iter().rev().take(12).rev().map(Value::to_string).collect();
        panic!("no {what} within {PATIENCE:?} after:\n{}", tail.join("\n"));
    }

    /// The events within a period of time.
    pub fn within(&mut self, time: Duration) -> Vec<Value> {
        let end = Instant::now() + time;
        let next = || {
            self.lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
                .ok()
        };
        let heard: Vec<Value> = std::iter::from_fn(next).collect();
        self.said.extend(heard.iter().cloned());
        heard
    }

    /// Sends a signal by name.
    pub fn send(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it ends by itself; returns the exit code.
    pub fn end(mut self) -> Option<i32> {
        while self.lines.recv_timeout(PATIENCE).is_ok() {}
        assert!(
            self.lines.try_recv() == Err(TryRecvError::Disconnected),
            "it does not end"
        );
        self.child.wait().unwrap().code()
    }

    /// Sends a signal by name; returns the exit code and the time until the exit.
    pub fn signal(mut self, name: &str) -> (Option<i32>, Duration) {
        let start = Instant::now();
        self.send(name);
        let code = self.child.wait().unwrap().code();
        (code, start.elapsed())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
