//! A running `kaizen watch`, heard through its JSON lines, and ended by its id when the test is over.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::space::{KAIZEN, Space};

const PATIENCE: Duration = Duration::from_secs(60);

/// A running watcher.
pub struct Watcher {
    child: Child,
    lines: Receiver<Value>,
    /// Everything that it said so far.
    pub said: Vec<Value>,
}

impl Watcher {
    /// Starts one and waits until it watches.
    pub fn start(space: &Space) -> Self {
        Self::start_with(space, &[])
    }

    /// The same with further arguments.
    pub fn start_with(space: &Space, arguments: &[&str]) -> Self {
        let arguments = [&["watch", "--format", "json"], arguments].concat();
        let mut command = space.command(KAIZEN, &arguments);
        // Time passes for a watcher.
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

    /// The next event of this name.
    #[track_caller]
    pub fn until(&mut self, name: &str) -> Value {
        self.until_where(name, |event| event["event"] == name)
    }

    /// The next event that is wanted.
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

    /// What it says within a time.
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

    /// Sends a signal by name, and returns the exit code and how long the end took.
    pub fn signal(mut self, name: &str) -> (Option<i32>, Duration) {
        let start = Instant::now();
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
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
