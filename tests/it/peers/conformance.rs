//! llmock sends faults and checks how the client reacts to them.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::peer::{self, Peer};
use super::space::Space;

/// Posts JSON to the server's control interface.
fn post(server: &Peer, path: &str, body: &serde_json::Value) {
    let mut response = ureq::post(format!("{}{path}", server.url))
        .content_type("application/json")
        .send(body.to_string())
        .unwrap();
    let said = response.body_mut().read_to_string().unwrap();
    assert_eq!(response.status().as_u16() / 100, 2, "{said}");
}

fn llmock(folder: &Path) -> Peer {
    let arguments = [
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--log-level",
        "warning",
    ];
    peer::start(&folder.join("llmock/bin/llmock"), &arguments)
}

#[test]
fn a_judge_of_clients_finds_nothing() {
    let Some(folder) = peer::installed("llmock/bin/llmock") else {
        return;
    };
    let server = llmock(&folder);
    for (api, base) in [("openai", "/v1"), ("anthropic", "/anthropic")] {
        let space = Space::new(&format!(
            "[student]\nengine = \"chat\"\napi = \"{api}\"\nbase_url = \"{}{base}\"\nmodel = \"gpt-4o-mini\"\nconcurrency = 1\n",
            server.url
        ));
        let behaviors = json!({"behaviors": [
            {"type": "fail", "status": 429, "retry_after": 1, "times": 2},
            {"type": "fail", "status": 500, "times": 1},
            {"type": "fail", "status": 503, "times": 1},
            {"type": "reply", "text": "alpha"},
            {"type": "fail", "status": 400, "times": 1},
        ]});
        post(&server, "/_llmock/scenario", &behaviors);
        let ended = space.kaizen(&["eval"]);
        assert!(ended.status.success(), "{api}");
    }
    let report = Command::new(folder.join("llmock/bin/llmock"))
        .args(["report", "--strict", "--url", &server.url])
        .output()
        .unwrap();
    println!(
        "{}{}",
        String::from_utf8_lossy(&report.stdout),
        String::from_utf8_lossy(&report.stderr)
    );
    assert!(report.status.success());
}
