//! A small HTTP server that acts as a language model: it sends scripted replies, and records the requests.
//!
//! Each connection has its own thread and is kept alive. A rule is a text and a reply: the first rule that is not used
//! up and whose text occurs in the request's body applies. Replies may have any status, be delayed, and have broken or
//! huge bodies.
#![allow(dead_code, clippy::disallowed_methods, clippy::unwrap_used)] // each test uses a part of it

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

/// A running server, which stops when it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Received {
    /// Such as `POST`.
    pub method: String,
    /// Such as `/v1/chat/completions`.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Number of requests in progress when it arrived, including itself.
    pub at_once: usize,
}

/// A scripted reply.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    hangs_up: bool,
    times: usize,
}

/// Chooses the reply to a request.
pub type Answer = Box<dyn Fn(&Received) -> Reply + Send + Sync>;

/// The state that all connections share.
#[derive(Default)]
struct Shared {
    /// Replaces the rules.
    answer: Option<Answer>,
    rules: Mutex<Vec<(String, Reply)>>,
    received: Mutex<Vec<Received>>,
    busy: AtomicUsize,
    closing: AtomicBool,
}

impl Received {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Reply {
    fn message(message: &Value, reason: &str) -> Self {
        let body = json!({
            "id": "x", "object": "chat.completion", "model": "served",
            "choices": [{"index": 0, "finish_reason": reason, "message": message}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        });
        Self::raw(200, body.to_string())
    }

    /// A text, with a usage of 100 input and 10 output tokens.
    pub fn says(text: &str) -> Self {
        Self::message(&json!({"role": "assistant", "content": text}), "stop")
    }

    /// A text that was cut off by the token limit.
    pub fn cut_off(text: &str) -> Self {
        Self::message(&json!({"role": "assistant", "content": text}), "length")
    }

    /// A call of a tool with these arguments.
    pub fn calls(tool: &str, arguments: &str) -> Self {
        let call = json!({"id": "call_1", "type": "function", "function": {"name": tool, "arguments": arguments}});
        Self::message(
            &json!({"role": "assistant", "content": null, "tool_calls": [call]}),
            "tool_calls",
        )
    }

    /// An error in the provider's format.
    pub fn error(status: u16, message: &str) -> Self {
        Self::raw(status, json!({"error": {"message": message}}).to_string())
    }

    /// Any bytes.
    pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            delay: Duration::ZERO,
            hangs_up: false,
            times: usize::MAX,
        }
    }

    /// A body of this size.
    pub fn huge(bytes: usize) -> Self {
        Self::raw(200, vec![b' '; bytes])
    }

    /// The same, with another header, such as `Retry-After`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, after a delay.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The same, but the connection breaks in the middle of the body.
    pub fn hanging_up(mut self) -> Self {
        self.hangs_up = true;
        self
    }

    /// The same, but only this many times; after that, the next rule applies.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }
}

impl Server {
    /// Starts a server on a free port; without a matching rule, it answers with 404.
    pub fn start() -> Self {
        Self::sharing(Shared::default())
    }

    /// Starts a server whose replies this function chooses.
    pub fn answering(answer: Answer) -> Self {
        Self::sharing(Shared {
            answer: Some(answer),
            ..Shared::default()
        })
    }

    fn sharing(shared: Shared) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(shared);
        let own = Arc::clone(&shared);
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if own.closing.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&own);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self {
            address,
            shared,
            listening: Some(listening),
        }
    }

    /// Its address, in the format of `base_url`.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Adds a rule: requests whose body contains the text get this reply, unless an earlier rule applies. An empty text
    /// matches all requests.
    pub fn on(&self, text: &str, reply: Reply) -> &Self {
        self.shared.rules.lock().unwrap().push((text.to_owned(), reply));
        self
    }

    /// Removes all rules.
    pub fn forget_rules(&self) {
        self.shared.rules.lock().unwrap().clear();
    }

    /// All requests so far, in order.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // A connection wakes the listener, which then stops.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Shared {
    /// Answers one connection until the other side closes it.
    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let Ok(copy) = stream.try_clone() else { return };
        let mut reader = BufReader::new(copy);
        while let Some(mut received) = read(&mut reader) {
            received.at_once = self.busy.fetch_add(1, Ordering::SeqCst) + 1;
            let reply = match &self.answer {
                Some(answer) => answer(&received),
                None => self.choose(&received.body),
            };
            self.received.lock().unwrap().push(received);
            std::thread::sleep(reply.delay);
            self.busy.fetch_sub(1, Ordering::SeqCst);
            if write(&stream, &reply).is_err() || reply.hangs_up {
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    /// The reply of the first rule that applies.
    fn choose(&self, body: &str) -> Reply {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules
            .iter_mut()
            .find(|(text, reply)| body.contains(text.as_str()) && reply.times > 0);
        match rule {
            Some((_, reply)) => {
                reply.times -= 1;
                reply.clone()
            }
            None => Reply::error(404, "no rule fits"),
        }
    }
}

/// Reads one request; `None` if the connection is closed.
fn read(reader: &mut impl BufRead) -> Option<Received> {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received {
        method,
        path,
        headers,
        body: String::from_utf8(body).unwrap(),
        at_once: 0,
    })
}

fn write(mut stream: &TcpStream, reply: &Reply) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} Some\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        reply.status,
        reply.body.len()
    );
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let sent = if reply.hangs_up {
        reply.body.len() / 2
    } else {
        reply.body.len()
    };
    // Sent in one piece, because the second of two pieces would wait for an acknowledgement.
    let bytes = [head.as_bytes(), b"\r\n", &reply.body[..sent]].concat();
    stream.write_all(&bytes)
}

/// A listener that only counts connections.
pub fn counting() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (url, count)
}
