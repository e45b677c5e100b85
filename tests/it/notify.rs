//! `[notify]`: a person learns once that a session needs them, and from no notice what a task asks.

use std::fs;

use serde_json::Value;

use crate::outages;
use crate::server::{Reply, Server};
use crate::space::Space;

/// A program that keeps each notice in a file of the home directory, and fails as long as there is a file `broken`.
const TELL: &str = "test -e \"$HOME/broken\" && echo 'no network' >&2 && exit 7\ncat >> \"$HOME/told\"\n";

/// Lets a workspace tell a program.
pub fn with_program(space: &Space) {
    let manifest = space.read("kaizen.toml");
    space.write(
        "kaizen.toml",
        &format!("{manifest}[notify]\nrun = [\"sh\", \"tell.sh\"]\n"),
    );
    space.write("tell.sh", TELL);
}

/// The notices that the program got.
pub fn told(space: &Space) -> Vec<Value> {
    let text = fs::read_to_string(space.home.join("told")).unwrap_or_default();
    let values = serde_json::Deserializer::from_str(&text).into_iter();
    values.map(Result::unwrap).collect()
}

#[test]
fn a_program_and_a_webhook_learn_once_that_an_edit_waits() {
    let server = Server::start();
    server.on("", Reply::raw(204, ""));
    let space = Space::planned();
    with_program(&space);
    let manifest = space.read("kaizen.toml");
    space.write(
        "kaizen.toml",
        &format!("{manifest}webhook = \"{}/hook\"\n", server.url()),
    );
    for _ in 0..2 {
        space.kaizen(&["run"]).exits(3);
        let notices = told(&space);
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert_eq!(notices[0]["reason"], "waiting");
        assert_eq!(notices[0]["waiting"], 1);
        assert_eq!(notices[0]["next"], "kaizen review");
        assert!(
            notices[0]["text"]
                .as_str()
                .unwrap()
                .contains("1 edit waits for your answer")
        );
        assert_eq!(server.received().len(), 1);
        assert_eq!(server.received()[0].json(), notices[0]);
    }
    // The answer settles it, so that a later question is told again.
    space.kaizen(&["accept", "shots"]);
    space.kaizen(&["run"]).exits(0);
    assert_eq!(told(&space).len(), 1);
    assert!(
        fs::read_dir(space.root.join(".kaizen/notices"))
            .unwrap()
            .next()
            .is_none()
    );
}

#[test]
fn nothing_is_told_without_approval_and_everything_after_it() {
    let space = Space::planned();
    with_program(&space);
    space
        .untrusted(&["run"])
        .exits(3)
        .says(&["nobody was notified", "kaizen trust"]);
    assert!(told(&space).is_empty());
    let listed = space.untrusted(&["trust"]).exits(4).out;
    assert!(listed.contains("[notify]") && listed.contains("tell.sh"), "{listed}");
    space.kaizen(&["run"]).exits(3);
    assert_eq!(told(&space).len(), 1);
}

#[test]
fn a_notice_that_fails_is_a_note_and_is_sent_by_the_next_run() {
    let space = Space::planned();
    with_program(&space);
    fs::write(space.home.join("broken"), "").unwrap();
    space
        .kaizen(&["run"])
        .exits(3)
        .says(&["nobody was notified", "no network"]);
    fs::remove_file(space.home.join("broken")).unwrap();
    space.kaizen(&["run"]).exits(3);
    assert_eq!(told(&space).len(), 1);
}

#[test]
fn a_failure_and_a_spent_budget_are_told_without_their_reason() {
    let server = Server::start();
    server.on("", Reply::error(401, "Incorrect API key"));
    let space = outages::chat(&server, "");
    with_program(&space);
    space.kaizen(&["run"]).exits(1);
    let notices = told(&space);
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!(notices[0]["reason"], "failed");
    assert!(!notices[0].to_string().contains("API key"), "{}", notices[0]);

    server.forget_rules();
    server.on("", Reply::says("Rome"));
    let space = outages::chat(&server, "[prices.m]\ninput = 1000.0\noutput = 1000.0\n");
    with_program(&space);
    space.replace("kaizen.toml", "[session]\n", "[session]\nmax_cost_usd = 0.5\n");
    space.kaizen(&["run"]).exits(1);
    assert_eq!(told(&space).last().unwrap()["reason"], "budget");
}

#[test]
fn a_plain_address_on_the_network_is_refused() {
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    for (section, words) in [
        ("webhook = \"http://example.org/x\"", "must begin with https://"),
        ("run = [\"\"]", "begins with an empty word"),
        ("env = [\"TOKEN\"]", "needs a program in [notify] run"),
    ] {
        space.write("kaizen.toml", &format!("{manifest}[notify]\n{section}\n"));
        space.kaizen(&["run"]).exits(2).says(&["kaizen.toml", words]);
    }
}
