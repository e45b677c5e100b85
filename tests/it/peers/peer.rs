//! A third-party server, which is started on a free port of this machine and stopped at the end of the test.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server.
pub struct Peer {
    child: Child,
    /// Its address.
    pub url: String,
}

/// The folder where the servers are installed; `None`, with a message, if the needed one is missing.
pub fn installed(needs: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("KAIZEN_PEERS").map(PathBuf::from);
    let found = folder.filter(|folder| folder.join(needs).exists());
    if found.is_none() {
        println!(
            "SKIPPED: set KAIZEN_PEERS to a folder with {needs} (install.sh DIR in tests/it/peers and in tests/peers)"
        );
    }
    found
}

/// Starts a server and waits until it listens; `arguments` may contain `{port}`.
pub fn start(program: &Path, arguments: &[&str]) -> Peer {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let filled = arguments
        .iter()
        .map(|argument| argument.replace("{port}", &port.to_string()));
    let child = Command::new(program)
        .args(filled)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let peer = Peer {
        child,
        url: format!("http://127.0.0.1:{port}"),
    };
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "{} does not listen",
            program.display()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    peer
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// aimock with fixtures and additional arguments.
pub fn aimock(folder: &Path, fixtures: &Path, further: &[&str]) -> Peer {
    let mut arguments = vec![
        "-p",
        "{port}",
        "--log-level",
        "silent",
        "-f",
        fixtures.to_str().unwrap(),
    ];
    arguments.extend(further);
    start(&folder.join("aimock/node_modules/.bin/llmock"), &arguments)
}

/// stubllm with fixtures.
pub fn stubllm(folder: &Path, fixtures: &Path) -> Peer {
    let fixtures = fixtures.to_str().unwrap();
    let arguments = [
        "serve",
        "--port",
        "{port}",
        "--log-level",
        "error",
        "--fixture-file",
        fixtures,
    ];
    start(&folder.join("stubllm/bin/stubllm"), &arguments)
}
