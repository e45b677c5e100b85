//! `kaizen egress`: reports what left the machine, also in a clone, and claims no more than the records show.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::space::Space;

/// A workspace whose student is a model behind this server; a session has measured its baseline.
fn measured(server: &Server) -> Space {
    let space = Space::new();
    server.on("", Reply::says("four"));
    let url = server.url();
    space.write(
        "kaizen.toml",
        &format!(
            "[student]\nengine = \"chat\"\nmodel = \"own\"\nbase_url = \"{url}\"\n[teacher]\nengine = \"files\"\n\
             [session]\nmin_traces = 1\n[network]\nattempts = 1\n"
        ),
    );
    space.write("config.toml", "[agent]\ndefault_agent = \"assistant\"\n");
    let task = |split: &str| {
        let task =
            json!({"task_id": split, "query": format!("2 + 2? ({split})"), "reference_answer": "four", "split": split});
        format!("{task}\n")
    };
    space.write("benchmark/tasks.jsonl", &(task("train") + &task("gate")));
    space.commit_all("a model");
    space
        .kaizen_with("OPENAI_API_KEY", "key-of-mine", &["run", "--until", "baseline"])
        .exits(0);
    space.commit_all("a session");
    space
}

/// A clone of a workspace.
fn clone(space: &Space) -> Space {
    let clone = Space::empty();
    clone.git(&["clone", "-q", &space.root.display().to_string(), "."]);
    clone
}

fn files(root: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(root).sort_by_file_name().into_iter();
    let outside_git = entries.filter_entry(|entry| entry.file_name() != ".git");
    outside_git
        .map(|entry| entry.unwrap().path().display().to_string())
        .collect()
}

#[test]
fn all_sessions_are_told_in_a_clone_and_nothing_is_written() {
    let server = Server::start();
    let space = measured(&server);
    let clone = clone(&space);
    let before = files(&clone.root);
    let request = space
        .kaizen(&["egress", "--format", "json"])
        .exits(0)
        .events()
        .remove(0);
    let (session, digest) = (
        request["session"].as_str().unwrap(),
        request["request"].as_str().unwrap(),
    );
    let view = clone.kaizen(&["egress"]).exits(0).out;
    for words in [
        session,
        &digest[..10],
        "student",
        "requests",
        server.url().as_str(),
        ".kaizen/egress.jsonl is missing",
    ] {
        assert!(view.contains(words), "no {words} in {view}");
    }
    let one = clone.kaizen(&["egress", "--session", session]).exits(0).out;
    assert!(one.contains(&digest[..10]), "{one}");
    let known = clone.kaizen(&["egress", &digest[..12]]).exits(0).out;
    for words in [
        "only on the machine that sent it",
        session,
        "bytes",
        server.url().as_str(),
    ] {
        assert!(known.contains(words), "no {words} in {known}");
    }
    let row = clone
        .kaizen(&["egress", digest, "--format", "json"])
        .exits(0)
        .events()
        .remove(0);
    assert_eq!(
        (&row["text"], &row["sent"][0]["session"]),
        (&Value::Null, &json!(session))
    );
    clone.kaizen(&["egress", "--outside"]).exits(0);
    assert_eq!(files(&clone.root), before);
    let exact = space.kaizen(&["egress", digest]).exits(0).out;
    assert!(
        server
            .received()
            .iter()
            .any(|received| exact.trim_end() == received.body),
        "{exact}"
    );
}

#[test]
fn a_digest_that_no_record_has_is_an_error() {
    let server = Server::start();
    let space = measured(&server);
    space
        .kaizen(&["egress", "00000000"])
        .exits(2)
        .says(&["no recorded request has the digest 00000000"]);
    space.kaizen(&["egress", "%%%%"]).exits(2).says(&["is not a digest"]);
    space
        .kaizen(&["egress", "--session", "../.."])
        .exits(2)
        .says(&["no session"]);
}

#[test]
fn what_was_sent_outside_sessions_is_told_or_unknown_and_never_denied() {
    let server = Server::start();
    let space = measured(&server);
    space.write("agents/assistant/system_prompt.md", "Another prompt.\n");
    space.kaizen_with("OPENAI_API_KEY", "key-of-mine", &["eval"]).exits(0);
    let outside = space
        .kaizen(&["egress", "--outside", "--format", "json"])
        .exits(0)
        .events();
    assert!(
        !outside.is_empty() && outside.iter().all(|line| line["session"].is_null()),
        "{outside:?}"
    );
    let view = space.kaizen(&["egress"]).exits(0).out;
    assert!(
        view.contains(&format!(".kaizen/egress.jsonl has {};", outside.len())),
        "{view}"
    );
    fs::remove_dir_all(space.root.join(".kaizen")).unwrap();
    let said = space.kaizen(&["egress", "--outside"]).exits(0).out;
    assert!(said.contains("cannot be listed") && !said.contains("Nothing"), "{said}");
}

#[test]
fn lines_that_are_missing_or_cannot_be_read_are_doubts() {
    let server = Server::start();
    let space = measured(&server);
    let egress = format!("{}/egress.jsonl", space.session());
    let whole = space.read(&egress);
    space.write(&egress, &format!("{whole}{{\"at\": \"cut o\n"));
    let view = space.kaizen(&["egress"]).exits(0).out;
    assert!(view.contains("1 of 2 lines cannot be parsed"), "{view}");
    fs::remove_file(space.root.join(&egress)).unwrap();
    let view = space.kaizen(&["egress"]).exits(0).out;
    assert!(
        view.contains("No request is recorded") && view.contains("paid answers have no request"),
        "{view}"
    );
    // The command needs neither git nor a valid manifest.
    fs::remove_dir_all(space.root.join(".git")).unwrap();
    space.write("kaizen.toml", "[broken");
    space.kaizen(&["egress"]).exits(0);
}
