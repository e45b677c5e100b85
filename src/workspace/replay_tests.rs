//! Tests with a language model behind a real server: which requests are sent, and which are answered from the cache.
#![allow(clippy::unwrap_used)] // tests

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::artifact::egress::LlmRole;
use crate::artifact::task::Task;
use crate::eval::memo::Forgetful;
use crate::eval::run::{Evaluator, TaskRun, attempt_runs};
use crate::eval::student::chat::{ChatStudent, Toolbox};
use crate::harness::Harness;
use crate::llm::client::LlmClient;
use crate::llm::redact::Redactor;
use crate::manifest::Manifest;
use crate::sys::clock::Clock;
use crate::workspace::consent::{ApprovalStore, Permission};

/// A server that answers requests with these bodies in turn, one request per connection, and records the request
/// bodies.
struct Server {
    port: u16,
    received: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(replies: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received: Arc<Mutex<Vec<String>>> = Arc::default();
        let bodies = Arc::clone(&received);
        // The thread ends with the test's process, or when it has sent its last reply.
        std::thread::spawn(move || {
            for reply in replies {
                let (connection, _) = listener.accept().unwrap();
                let body = read_body(&connection);
                bodies.lock().unwrap().push(body);
                answer(connection, &reply);
            }
        });
        Self { port, received }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

fn read_body(connection: &TcpStream) -> String {
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn answer(mut connection: TcpStream, body: &str) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(body.as_bytes()).unwrap();
}

fn message(message: &Value) -> String {
    let reply = json!({"id": "x", "object": "chat.completion", "model": "served",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}});
    reply.to_string()
}

fn says(text: &str) -> String {
    message(&json!({"role": "assistant", "content": text}))
}

/// A student behind the server, with a separate cache.
struct Setup {
    folder: tempfile::TempDir,
    manifest: Manifest,
    calls: Arc<LlmClient>,
    permission: Arc<Permission>,
}

impl Setup {
    fn new(server: &Server) -> Self {
        let text = format!(
            "[student]\nengine = \"chat\"\nmodel = \"m\"\nbase_url = \"{}\"\n[student.tools.clock]\nrun = [\"echo\", \"noon\"]\n",
            server.url()
        );
        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest::parse("kaizen.toml".as_ref(), &text).unwrap();
        let root = crate::sys::disk::Root::open(folder.path()).unwrap();
        let approvals = ApprovalStore::at(&folder.path().join("approvals"));
        let permission = Arc::new(Permission::new(&root, &manifest, None, Some(approvals)));
        permission.approve(&permission.list().unwrap(), String::new()).unwrap();
        let clock = Clock::from_environment().unwrap();
        let calls = LlmClient::new(&manifest, Redactor::default(), &root, clock, permission.approvals());
        Self {
            folder,
            manifest,
            calls,
            permission,
        }
    }

    /// Scores of runs of one task. Attempts are not cached, so only the cache of calls can avoid a request.
    fn runs(&self, harness: &Harness, numbers: &[u32]) -> Vec<Option<f64>> {
        let section = self.manifest.student.clone();
        let permission = Arc::clone(&self.permission);
        let toolbox = Toolbox::new(
            section.clone(),
            self.folder.path().to_owned(),
            Vec::new(),
            permission.approvals(),
        );
        let model = Box::new(self.calls.model(LlmRole::Student, section.chat()));
        let student = ChatStudent::new(model, section, self.manifest.harness.layout.clone(), toolbox);
        let task: Task = serde_json::from_value(json!({
            "task_id": "t", "query": "is it noon", "reference_answer": "yes", "scorer": "exact"
        }))
        .unwrap();
        let runs = TaskRun::each(&task, numbers);
        let evaluator = Evaluator {
            student: &student,
            memo: &Forgetful,
            score: &|task, answer| crate::eval::score::score(task, answer).map_err(|error| error.to_string()),
            seed: 0,
            epoch: 0,
            concurrency: 1,
            progress: &|_, _| {},
            gauge: &Default::default(),
            halted: &|| None,
        };
        let attempted = attempt_runs(&evaluator, harness, &runs);
        attempted.iter().map(|attempted| attempted.score).collect()
    }
}

fn harness(max_turns: u32) -> Harness {
    let config = format!(
        "[agent]\ndefault_agent = \"a\"\n[agent.a]\nclass = \"react\"\ntools = [\"clock\"]\nmax_turns = {max_turns}\n"
    );
    Harness::default()
        .with("config.toml", config)
        .with(
            "tools/descriptions.toml",
            "[clock]\ndescription = \"Tells the time.\"\n",
        )
        .with("agents/a/system_prompt.md", "Answer yes or no.\n")
}

#[test]
fn a_run_is_a_call_of_its_own_even_at_temperature_0() {
    let server = Server::start(vec![says("yes"), says("no")]);
    let setup = Setup::new(&server);
    assert_eq!(setup.runs(&harness(2), &[0]), [Some(1.0)]);
    assert_eq!(
        setup.runs(&harness(2), &[0, 1]),
        [Some(1.0), Some(0.0)],
        "noise is seen"
    );
    assert_eq!((server.received().len(), setup.calls.replayed()), (2, 1));
    let [first, second] = &server.received()[..] else {
        panic!()
    };
    assert_eq!(first, second, "the run's number is not sent");
    assert_eq!(setup.runs(&harness(2), &[0, 1]), [Some(1.0), Some(0.0)]);
    assert_eq!((server.received().len(), setup.calls.replayed()), (2, 3));
}

#[test]
fn an_edit_replays_the_baseline_until_the_first_request_that_differs() {
    let clock = || {
        message(&json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
        ]}))
    };
    let server = Server::start(vec![clock(), clock(), clock(), clock(), says("yes"), says("yes")]);
    let setup = Setup::new(&server);
    // Two runs of two turns each: the clock, and the clock again.
    assert_eq!(
        setup.runs(&harness(2), &[0, 1]),
        [Some(0.0); 2],
        "no turn is left to answer in"
    );
    assert_eq!((server.received().len(), setup.calls.replayed()), (4, 0));
    assert_eq!(setup.runs(&harness(3), &[0]), [Some(1.0)]);
    assert_eq!(
        (server.received().len(), setup.calls.replayed()),
        (5, 2),
        "only the third turn is asked"
    );
    let prompted = harness(3).with("agents/a/system_prompt.md", "Answer no or yes.\n");
    setup.runs(&prompted, &[0]);
    assert_eq!(
        (server.received().len(), setup.calls.replayed()),
        (6, 2),
        "no stored answer fits another prompt"
    );
}
