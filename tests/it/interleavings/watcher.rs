//! The watcher: `kaizen watch` as a child process, and what it said.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::space::{KAIZEN, Space};

/// What was said by all watchers of a case, and when the last line came.
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

    /// How many lines there were, and for how long there was none.
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
    /// Starts one, and waits until it says that it looks.
    pub fn start(space: &Space, heard: &Heard) -> Self {
        let mut command = space.command(KAIZEN, &["watch", "--format", "json"]);
        // The true time: what was put aside is tried again after a while.
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
        // A child of its own may hold the pipe a little longer: nobody waits for the readers.
    }

    /// SIGTERM, after which it ends by itself and content.
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
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "the watcher ends well");
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
