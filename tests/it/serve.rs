//! `kaizen serve`: who gets in, what the page and its events hold, and that viewers come and go as they like.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::hold::{ended, slow, started};
use super::space::{KAIZEN, Space};

/// A reply that takes longer never comes.
const HANGS: Duration = Duration::from_secs(30);

/// A server of a workspace.
pub struct Served {
    child: Child,
    port: u16,
    /// The path of the page.
    path: String,
}

impl Served {
    pub fn start(space: &Space) -> Self {
        let mut command = space.command(KAIZEN, &["serve", "--format", "json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url: Value = serde_json::from_str(&line).unwrap();
        let url = url["url"].as_str().unwrap();
        let (port, path) = url.strip_prefix("http://127.0.0.1:").unwrap().split_once('/').unwrap();
        Self {
            child,
            port: port.parse().unwrap(),
            path: format!("/{path}"),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(HANGS)).unwrap();
        stream
    }

    /// The whole reply to a request.
    fn reply(&self, request: &str) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(request.as_bytes());
        let mut reply = Vec::new();
        // A server that refuses a long head closes the connection before it has read it.
        let _ = stream.read_to_end(&mut reply);
        String::from_utf8_lossy(&reply).into_owned()
    }

    fn request(&self, method: &str, path: &str) -> String {
        let port = self.port;
        format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")
    }

    pub fn page(&self) -> String {
        self.reply(&self.request("GET", &self.path))
    }

    /// A stream of events, after the head of the reply.
    pub fn events(&self) -> BufReader<TcpStream> {
        let mut stream = self.connect();
        stream
            .write_all(self.request("GET", &format!("{}events", self.path)).as_bytes())
            .unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "no reply");
        }
        reader
    }

    fn end(mut self) -> (Option<i32>, String) {
        #[cfg(unix)]
        {
            // Not SIGINT, which a program that a script started in the background ignores.
            let pid = rustix::process::Pid::from_child(&self.child);
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        }
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), err)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next event that has these words.
pub fn next_with(events: &mut BufReader<TcpStream>, words: &str) -> Value {
    loop {
        let mut line = String::new();
        assert!(
            events.read_line(&mut line).unwrap() > 0,
            "the stream ended before {words:?}"
        );
        if let Some(data) = line.strip_prefix("data: ")
            && data.contains(words)
        {
            return serde_json::from_str(data).unwrap();
        }
    }
}

#[test]
fn the_page_follows_a_run_and_any_number_of_viewers_come_and_go() {
    let space = slow();
    let served = Served::start(&space);
    let mut events = served.events();
    assert!(
        next_with(&mut events, "panel")["panel"]
            .as_str()
            .unwrap()
            .contains("Nothing runs here")
    );
    let run = started(&space, &["run"]);
    let frame = next_with(&mut events, "in flight");
    let panel = frame["panel"].as_str().unwrap();
    assert!(panel.contains(&format!("kaizen run, process {}", run.id())), "{panel}");
    let page = served.page();
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("id=\"live-panel\"") && page.contains("execute"),
        "{page}"
    );
    // Viewers that leave, and one that never reads, disturb nobody.
    let viewers: Vec<_> = (0..40).map(|_| served.events()).collect();
    drop(viewers.into_iter().skip(1).collect::<Vec<_>>());
    space.kaizen(&["stop"]).exits(0);
    ended(&space, run).exits(3);
    let frame = next_with(&mut events, "Nothing runs here");
    assert!(frame["panel"].as_str().unwrap().contains("<b>bold</b>: "), "{frame}");
    let state = format!("data-state={}", frame["report"]);
    assert!(served.page().contains(&state), "the report is that of the event");
    assert!(space.git(&["status", "--porcelain", "--", ".kaizen"]).is_empty());
    let (code, err) = served.end();
    assert_eq!((code, err.as_str()), (Some(0), "stopped by SIGTERM\n"));
}

#[test]
fn only_readers_with_the_secret_and_the_right_host_get_in() {
    let space = Space::executed();
    let served = Served::start(&space);
    assert!(
        served.path.len() > 30 && Served::start(&space).path != served.path,
        "the secret is drawn for each server"
    );
    let page = served.page();
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    for field in [
        "content-security-policy: default-src 'none'; style-src 'sha256-",
        "connect-src 'self'; base-uri 'none'; form-action 'none'",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
        "referrer-policy: no-referrer",
        "content-type: text/html; charset=utf-8",
    ] {
        assert!(head.contains(field), "{field} in {head}");
    }
    assert!(
        !body.contains(served.path.trim_matches('/')),
        "the page does not hold its own secret"
    );
    assert!(body.contains("Waiting for you") && body.contains("bold"));
    let head_only = served.reply(&served.request("HEAD", &served.path));
    assert!(
        head_only.starts_with("HTTP/1.1 200") && head_only.ends_with("\r\n\r\n"),
        "{head_only}"
    );
    let path = &served.path;
    let host = |host: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    for (request, status) in [
        (served.request("POST", path), "405"),
        (served.request("DELETE", &format!("{path}events")), "405"),
        (served.request("GET", "/"), "404"),
        (served.request("GET", "/00000000000000000000000000000000/"), "404"),
        (served.request("GET", &format!("{path}../kaizen.toml")), "404"),
        (host("evil.example"), "421"),
        (host(&format!("evil.example:{}", served.port)), "421"),
        (format!("GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n"), "421"),
        (
            host(&format!("127.0.0.1:{}\r\nX: {}", served.port, "x".repeat(40_000))),
            "431",
        ),
        ("nonsense\r\n\r\n".to_owned(), "400"),
    ] {
        let reply = served.reply(&request);
        assert!(
            reply.starts_with(&format!("HTTP/1.1 {status}")),
            "{status}: {}",
            &request[..60.min(request.len())]
        );
        assert!(!reply.contains("bold"));
    }
    assert!(served.page().starts_with("HTTP/1.1 200"), "it still works");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let space = Space::executed();
    let served = Served::start(&space);
    let port = served.port.to_string();
    let said = space.kaizen(&["serve", "--port", &port]).exits(1);
    assert!(
        said.err.contains(&port) && said.err.contains("a free one"),
        "{}",
        said.err
    );
}
