//! Output for people: the whole output of each command on one settled session, as snapshots in `tests/it/snapshots/`.
//!
//! After an intended change, `INSTA_UPDATE=always cargo test --test it output::` rewrites them; read the diff before
//! you commit it.

use crate::help::commands as commands_of;
use crate::space::{Said, Space};

/// Everything that a person sees of a run.
fn shown(said: &Said) -> String {
    let code = said.code.map_or("signal".to_owned(), |code| code.to_string());
    format!("exit code: {code}\n--- stdout\n{}--- stderr\n{}", said.out, said.err)
}

/// Compares outputs with the snapshot of that name. Paths and git's object ids differ between machines.
fn check(space: &Space, name: &str, commands: &[&[&str]]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(&regex::escape(&space.root.to_string_lossy()), "[workspace]");
    settings.add_filter(&regex::escape(&space.home.to_string_lossy()), "[home]");
    settings.add_filter(r"process \d+", "process [id]");
    settings.add_filter(r"\b[0-9a-f]{8,40}\b", "[digest]");
    settings.bind(|| {
        let run = |command: &&[&str]| format!("$ kaizen {}\n{}", command.join(" "), shown(&space.kaizen(command)));
        let text: Vec<String> = commands.iter().map(run).collect();
        insta::assert_snapshot!(name, text.join("\n"));
    });
}

#[test]
fn a_workspace_without_a_session() {
    let space = Space::new();
    check(
        &space,
        "no_session",
        &[
            &["status"],
            &["log"],
            &["show"],
            &["run", "--estimate"],
            &["trust"],
            &["egress"],
        ],
    );
}

#[test]
fn a_session_that_waits_for_review() {
    let space = Space::executed();
    check(
        &space,
        "executed",
        &[
            &["status"],
            &["log"],
            &["show"],
            &["show", "bold"],
            &["show", "shy"],
            &["diff"],
            &["explain"],
            &["plan-gate"],
            &["blame", "config.toml:14"],
            &["egress"],
            &["verify"],
            &["recompute"],
            &["traces", "list", "--limit", "3"],
            &["review"],
            &["accept", "shots"],
            &["run"],
            &["revert", "bold", "--dry-run"],
        ],
    );
}

#[test]
fn mistakes_of_a_user() {
    let space = Space::planned();
    check(
        &space,
        "mistakes",
        &[
            &["run", "--until", "plann"],
            &["show", "nothing"],
            &["explain", "plann"],
            &["accept", "nothing"],
            &["eval", "--split", "reserve"],
            &["schema", "plann"],
            &["statsu"],
        ],
    );
}

#[test]
fn help_of_every_command() {
    let space = Space::empty();
    let names = commands_of(&space);
    let mut commands: Vec<Vec<&str>> = vec![vec!["--help"]];
    commands.extend(names.iter().map(|name| vec![name.as_str(), "-h"]));
    assert!(commands.len() > 25, "{names:?}");
    let commands: Vec<&[&str]> = commands.iter().map(Vec::as_slice).collect();
    check(&space, "help", &commands);
}
