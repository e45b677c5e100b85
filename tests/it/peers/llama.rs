//! A whole session with the real llama.cpp server as teacher and student. Its model has random weights and produces
//! nonsense, so the session must fail without changing anything.

use std::path::Path;
use std::process::Command;

use super::peer::{self, Peer};
use super::space::Space;

fn llama(folder: &Path) -> Peer {
    let model = folder.join("llama/tiny.gguf");
    // Token 261 opens a tool call and token 4 ends a turn in the tiny model: with the bias, it sometimes calls tools.
    let arguments = [
        "-m",
        model.to_str().unwrap(),
        "--alias",
        "tiny",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "-c",
        "65536",
        "-np",
        "4",
        "-t",
        "2",
        "--jinja",
        "--no-webui",
        "-l",
        "261+15",
        "-l",
        "4+18",
    ];
    let peer = peer::start(&folder.join("llama/bin/llama-server-vulkan"), &arguments);
    // It listens before its model is loaded, and answers 503 until then; the client has to wait.
    peer
}

#[test]
fn nonsense_ends_in_a_refusal_with_nothing_changed() {
    let Some(folder) = peer::installed("llama/tiny.gguf") else {
        return;
    };
    for api in ["openai", "anthropic"] {
        let server = llama(&folder);
        let space = Space::new(&format!(
            "[student]\nengine = \"chat\"\nbase_url = \"{url}/v1\"\nmodel = \"tiny\"\nmax_tokens = 16\n\
             [teacher]\nengine = \"chat\"\napi = \"{api}\"\nbase_url = \"{url}/v1\"\nmodel = \"tiny\"\nmax_tokens = 64\nmax_turns = 3\n\
             [prices.tiny]\ninput = 0.0\noutput = 0.0\n",
            url = server.url
        ));
        let head = || {
            Command::new("git")
                .args(["rev-parse", "HEAD"])
                .current_dir(space.root())
                .output()
                .unwrap()
                .stdout
        };
        let before = (
            head(),
            std::fs::read(space.root().join("agents/letters/system_prompt.md")).unwrap(),
        );
        let ended = space.kaizen(&["run"]);
        assert_eq!(ended.status.code(), Some(1), "{api}");
        let record = space.json("session.json");
        assert_eq!(record["status"], "failed");
        println!("{api}: {}", record["error"]);
        let after = (
            head(),
            std::fs::read(space.root().join("agents/letters/system_prompt.md")).unwrap(),
        );
        assert_eq!(before, after, "{api}");
        assert!(record["spending"]["student"]["calls"].as_u64().unwrap() >= 8);
        assert_eq!(record["spending"]["student"]["cost_usd"], 0.0);
        assert!(
            !space.lines("teacher/diagnose.jsonl").is_empty(),
            "the teacher's replies are kept"
        );
        assert!(space.kaizen(&["verify"]).status.success());
    }
}
