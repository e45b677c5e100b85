//! Help: commands that explain the command line work in any folder and overwrite no file of a person.

use std::path::Path;
use std::process::Command;

use crate::space::{Said, Space, names};

/// The names of the commands, as `kaizen --help` lists them.
pub fn commands(space: &Space) -> Vec<String> {
    let help = space.kaizen(&["--help"]).exits(0).out;
    let lines = help.lines().take_while(|line| *line != "Options:");
    let name = |line: &str| Some(line.strip_prefix("  ")?.split_once(' ')?.0.to_owned());
    lines.filter_map(name).collect()
}

#[test]
fn each_command_that_the_help_lists_explains_itself() {
    let space = Space::empty();
    let commands = commands(&space);
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands {
        let said = space.kaizen(&["help", &command]).exits(0);
        assert!(said.out.contains(&format!("Usage: kaizen {command}")), "{}", said.out);
    }
}

#[test]
fn bash_can_read_its_completion_script() {
    let space = Space::empty();
    let script = space.kaizen(&["completions", "bash"]).exits(0).out;
    space.write("kaizen.bash", &script);
    let read = Command::new("bash")
        .arg("-n")
        .arg(space.root.join("kaizen.bash"))
        .output();
    // A system without bash has nothing to check.
    if let Ok(read) = read {
        assert_eq!(Said::of(read).exits(0).err, "");
    }
    let events = space
        .kaizen(&["completions", "fish", "--format", "json"])
        .exits(0)
        .events();
    assert_eq!(events[0]["shell"], "fish");
    assert!(events[0]["script"].as_str().unwrap().contains("complete -c kaizen"));
    space.kaizen(&["completions", "sh"]).exits(2).says(&["bash", "zsh"]);
}

#[test]
fn a_workspace_that_nobody_approved_gets_completions_and_pages() {
    let space = Space::new();
    space.write(
        "kaizen.toml",
        "version = 1\n[student]\nengine = \"command\"\nrun = [\"./agent\"]\n",
    );
    for arguments in [["completions", "zsh"], ["man", "pages"]] {
        assert_eq!(space.kaizen(&arguments).exits(0).err, "");
    }
}

#[test]
fn there_is_one_manual_page_per_command() {
    let space = Space::empty();
    let main = space.kaizen(&["man"]).exits(0).out;
    let said = space.kaizen(&["man", "man1"]).exits(0);
    assert_eq!(space.read("man1/kaizen.1"), main);
    let mut pages = names(&space.root.join("man1"));
    for command in commands(&space).iter().filter(|command| *command != "help") {
        assert!(pages.contains(&format!("kaizen-{command}.1")), "{command}: {pages:?}");
        assert!(
            main.contains(&format!("kaizen\\-{}(1)", command.replace('-', "\\-"))),
            "{command}"
        );
    }
    assert!(pages.contains(&"kaizen-traces-import.1".to_owned()), "{pages:?}");
    assert!(!pages.iter().any(|page| page.ends_with("help.1")), "{pages:?}");
    let mut listed: Vec<&str> = said
        .out
        .lines()
        .filter_map(|line| Path::new(line).file_name()?.to_str())
        .collect();
    pages.sort();
    listed.sort_unstable();
    assert_eq!(pages, listed);
}

#[test]
fn a_page_never_replaces_another_file() {
    let space = Space::empty();
    space.write("mine/kaizen-run.1", "mine");
    let said = space.kaizen(&["man", "mine"]).exits(1);
    said.says(&["kaizen-run.1 already exists", "move that file away"]);
    assert_eq!(
        names(&space.root.join("mine")),
        ["kaizen-run.1"],
        "nothing was written before the error"
    );
    space.kaizen(&["man", "out"]).exits(0);
    let page = space.read("out/kaizen-run.1");
    let edited = page.replace("session", "episode");
    space.write("out/kaizen-run.1", &edited);
    space.kaizen(&["man", "out"]).exits(0).says(&["kaizen-run.1.bak"]);
    assert_eq!(space.read("out/kaizen-run.1"), page);
    assert_eq!(space.read("out/kaizen-run.1.bak"), edited);
}
