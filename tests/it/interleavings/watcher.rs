//! `kaizen watch` as a child process, and its output.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::space::{KAIZEN, Space};

/// The output of all watchers of a case, and the time of the last line.
#[derive(Clone)]
pub struct Heard(Arc<Mutex<(Vec<String>, Instant)>>);

impl Heard {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new((Vec::new(), Instant::now()))))
    }

    fn hear(&self, line: String) {
        let mut heard = self.0.lock().unwrap();
        heard.0.push(line);
        heard.1 = Instant::now();
    }

    /// The number of lines, and the time since the last one.
    pub fn silence(&self) -> (usize, Duration) {
        let heard = self.0.lock().unwrap();
        (heard.0.len(), heard.1.elapsed())
    }

    /// All lines.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().0.clone()
    }
}

/// A running watcher.
pub struct Watcher {
    child: Child,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Watcher {
    /// Starts a watcher, and waits for its first line.
    pub fn start(space: &Space, heard: &Heard) -> Self {
        let mut command = space.command(KAIZEN, &["watch", "--format", "json"]);
        // The watcher needs the real time, because it retries after a delay.
        command
            .env_remove("KAIZEN_NOW")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let (before, _) = heard.silence();
        let mut child = command.spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers = vec![listen(out, heard.clone(), ""), listen(err, heard.clone(), "stderr: ")];
        let start = Instant::now();
        while heard.silence().0 == before && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(2));
        }
        Self { child, readers }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // Do not wait for the readers: a child of the watcher may keep the pipe open a little longer.
    }

    /// Sends SIGTERM, after which the watcher must exit with code 0.
    pub fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "SIGTERM does not end the watcher"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(
            self.child.wait().unwrap().code(),
            Some(0),
            "the watcher exits successfully"
        );
        for reader in self.readers {
            reader.join().unwrap();
        }
    }
}

fn listen(pipe: impl std::io::Read + Send + 'static, heard: Heard, mark: &'static str) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            heard.hear(format!("{mark}{line}"));
        }
    })
}
