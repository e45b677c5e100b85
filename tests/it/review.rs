//! `kaizen review`: the list without a terminal, and the questions in a real terminal.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::space::{KAIZEN, Space, edit, names};

/// A few-shot edit with its own label and example.
fn shots(id: &str, output: &str) -> Value {
    let exemplars = json!([{"input": "book me a train to town", "output": output}]);
    let mut edit = edit(
        id,
        "edit_few_shot_exemplars",
        "agents.assistant.few_shot",
        json!({"agent": "assistant", "exemplars": exemplars}),
    );
    edit["references"] = json!(["run-002", "run-gone"]);
    edit
}

/// A session in which three edits wait for review.
fn waiting() -> Space {
    let space = Space::planned();
    space.plan(&[
        shots("one", "trip_book"),
        shots("two", "list_add"),
        shots("three", "lights_on"),
    ]);
    space.run(&[]).exits(3);
    space
}

/// The question about the edit with a label.
fn pending(space: &Space, label: &str) -> Value {
    let folder = space.root.join(space.session()).join("pending_review");
    let all = names(&folder)
        .into_iter()
        .map(|name| space.artifact(&format!("pending_review/{name}")));
    all.into_iter()
        .find(|one| one["edit"]["id"] == label)
        .unwrap_or_else(|| panic!("no {label}"))
}

#[test]
fn without_a_terminal_it_lists_the_exact_commands() {
    let space = waiting();
    let session = space.session().replace("sessions/", "");
    let said = space.kaizen(&["review"]).exits(3).says(&["3 edits wait"]);
    for words in [
        "[1/3] one: edit_few_shot_exemplars agents.assistant.few_shot",
        "review tier",
        "because",
    ] {
        assert!(said.out.contains(words), "no {words} in {}", said.out);
    }
    let commands = said
        .out
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("kaizen "));
    let commands: Vec<Vec<&str>> = commands.map(|line| line.split(' ').skip(1).collect()).collect();
    assert_eq!(commands.len(), 9);
    assert_eq!(commands[1], ["accept", "one", "--session", &session]);
    space.kaizen(&commands[0]).exits(0);
    space.kaizen(&commands[1]).exits(0);
    space.kaizen(&commands[5]).exits(0);
    assert_eq!(pending(&space, "one")["decision"]["decision"], "accept");
    assert_eq!(pending(&space, "two")["decision"]["decision"], "reject");
    let said = space.kaizen(&["review"]).exits(3).says(&["1 edit waits"]);
    assert!(said.out.contains("[1/1] three"), "{}", said.out);
    space.kaizen(&["reject", "three"]).exits(0);
    let said = space.kaizen(&["review"]).exits(0).says(&["Nothing waits"]);
    assert_eq!(said.out, "");
    space
        .kaizen(&["review", "--session", "nowhere"])
        .exits(2)
        .says(&["nowhere"]);
}

#[test]
fn programs_get_one_object_an_edit() {
    let space = waiting();
    let rows = space.kaizen(&["review", "--format", "json"]).exits(3).events();
    assert_eq!(rows.len(), 3);
    let row = &rows[1];
    assert_eq!((&row["edit"]["id"], &row["tier"]), (&json!("two"), &json!("review")));
    assert_eq!((&row["stale"], &row["applies"]), (&json!(null), &json!(true)));
    assert!(
        row["diff"]
            .as_str()
            .unwrap()
            .contains("+++ b/agents/assistant/few_shot.json")
    );
    assert!(
        row["commands"]["accept"]
            .as_str()
            .unwrap()
            .starts_with("kaizen accept two --session session-")
    );
    let digest = row["digest"].as_str().unwrap();
    assert_eq!(pending(&space, "two")["edit_digest"], digest);
}

#[test]
fn an_edit_whose_file_changed_is_stale_and_says_why() {
    let space = waiting();
    space.write(
        "agents/assistant/few_shot.json",
        "[{\"input\": \"mine\", \"output\": \"kept\"}]\n",
    );
    let row = &space.kaizen(&["review", "--format", "json"]).exits(3).events()[0];
    let reason = row["stale"].as_str().unwrap();
    assert!(
        reason.contains("few_shot.json changed") && reason.contains("not committed"),
        "{reason}"
    );
    space.commit_all("mine");
    let row = &space.kaizen(&["review", "--format", "json"]).exits(3).events()[0];
    let commit = space.git(&["rev-parse", "HEAD"]);
    assert!(row["stale"].as_str().unwrap().contains(&commit[..8]), "{row}");
    assert_eq!(row["applies"], true);

    space.write("agents/assistant/few_shot.json", "no json at all");
    space.write("kaizen.toml", "[harness]\nfiles = [\"config.toml\"]\n");
    let row = &space.kaizen(&["review", "--format", "json"]).exits(3).events()[0];
    assert_eq!(row["applies"], false);
}

#[test]
fn hostile_words_reach_no_terminal_and_no_shell() {
    let space = Space::planned();
    let mut evil = shots("x; touch owned #", "a\u{1b}[2Jb");
    evil["rationale"] = json!("fine\u{1b}]0;owned\u{7}\rreally");
    space.plan(&[evil]);
    space.run(&[]).exits(3);
    let said = space.kaizen(&["review"]).exits(3);
    assert!(!said.out.contains(['\u{1b}', '\r', '\u{7}']), "{:?}", said.out);
    let accept = said.out.lines().find(|line| line.contains("kaizen accept")).unwrap();
    assert!(!accept.contains(';'), "{accept}");
    let words: Vec<&str> = accept.split_whitespace().skip(1).collect();
    let shown = space.kaizen(&["show", words[1]]).exits(0);
    assert!(!shown.out.contains(['\u{1b}', '\r', '\u{7}']), "{:?}", shown.out);
    space.kaizen(&words).exits(0);
}

#[test]
fn an_answer_to_another_edit_leaves_the_question_open() {
    let space = waiting();
    let mut question = pending(&space, "one");
    question["decision"] = json!({"decision": "accept", "edit_digest": "0".repeat(40)});
    let name = format!(
        "{}/pending_review/{}.json",
        space.session(),
        question["edit_digest"].as_str().unwrap()
    );
    space.write(&name, &question.to_string());
    assert_eq!(space.kaizen(&["review", "--format", "json"]).exits(3).events().len(), 3);
}

#[test]
fn the_edit_that_is_shown_is_the_one_that_a_run_would_try() {
    let space = waiting();
    let mut question = pending(&space, "one");
    let digest = question["edit_digest"].as_str().unwrap().to_owned();
    question["edit"]["payload"]["exemplars"][0]["output"] = json!("harmless");
    question["diff"] = json!("--- a/agents/assistant/few_shot.json\n+++ b/agents/assistant/few_shot.json\n+harmless\n");
    space.write(
        &format!("{}/pending_review/{digest}.json", space.session()),
        &question.to_string(),
    );
    let rows = space.kaizen(&["review", "--format", "json"]).exits(3).events();
    let row = rows.iter().find(|row| row["digest"] == digest.as_str()).unwrap();
    assert_eq!(row["edit"]["payload"]["exemplars"][0]["output"], "trip_book");
    assert!(
        row["stale"].is_string(),
        "a question with an outdated diff is stale: {row}"
    );
}

/// A terminal in which a command runs. It needs tmux; without tmux, the tests are skipped.
pub struct Terminal<'a> {
    space: &'a Space,
    socket: String,
}

impl<'a> Terminal<'a> {
    /// A terminal of 80 columns in which `kaizen review` runs.
    fn start(space: &'a Space, environment: &str) -> Option<Self> {
        Self::running(space, &format!("env {environment} '{KAIZEN}' review"), 80)
    }

    /// A terminal of this width in which a shell runs a command.
    pub fn running(space: &'a Space, command: &str, width: u16) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            println!("skipped: there is no tmux here");
            return None;
        }
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let socket = format!("kaizen-test-{}-{number}", std::process::id());
        let terminal = Self { space, socket };
        // The pane outlives the program, so that its last output and its exit code can be read.
        let line = format!("{command}; echo \"exit=$?\"; sleep 60");
        let width = width.to_string();
        let started = terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", "50", &line]);
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        Some(terminal)
    }

    pub fn tmux(&self, arguments: &[&str]) -> std::process::Output {
        let socket = ["-L", &self.socket];
        let mut command = self.space.command("tmux", &[&socket, arguments].concat());
        command
            .env("TERM", "screen-256color")
            .env("LC_ALL", "C.UTF-8")
            .env("SHELL", "/bin/sh");
        command.output().unwrap()
    }

    fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p", "-S", "-500"]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until the screen shows these words.
    #[track_caller]
    pub fn shows(&self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(words) {
                return screen;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "no {words:?} in\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses a key once the last line asks for a key.
    #[track_caller]
    fn press(&self, key: &str, question: &str) {
        self.shows(question);
        let begun = Instant::now();
        while !self.screen().trim_end().ends_with(':') {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "no prompt:\n{}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        self.tmux(&["send-keys", key]);
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn at_a_terminal_each_key_answers_one_question() {
    let space = waiting();
    let Some(terminal) = Terminal::start(&space, "NO_COLOR=1") else {
        return;
    };
    terminal.press("a", "[1/3] one");
    let screen = terminal.shows("[2/3] two");
    for words in [
        "run-002",
        "not in the trace store: run-gone",
        "+    \"output\": \"trip_book\"",
        "accept\n",
    ] {
        assert!(screen.contains(words), "no {words:?} in {screen}");
    }
    terminal.press("g", "[2/3] two");
    terminal.shows("the gate would");
    terminal.press("s", "the gate would");
    terminal.press("q", "[3/3] three");
    let screen = terminal.shows("exit=3");
    for words in [
        "1 accepted",
        "kaizen run   # gates and commits",
        "2 edits wait for review",
    ] {
        assert!(screen.contains(words), "no {words:?} in {screen}");
    }
    let decided = pending(&space, "one");
    assert_eq!(decided["decision"]["decision"], "accept");
    assert_eq!(decided["decision"]["edit_digest"], decided["edit_digest"]);
    for label in ["two", "three"] {
        assert_eq!(pending(&space, label)["decision"], json!(null), "{label}");
    }
    drop(terminal);
    space.run(&[]).exits(3);
    assert_ne!(space.statuses()["one"], "pending_review", "the next run acts on it");
}

#[test]
fn an_interrupt_leaves_everything_pending() {
    let space = waiting();
    let Some(terminal) = Terminal::start(&space, "NO_COLOR=1") else {
        return;
    };
    terminal.press("C-c", "[1/3] one");
    terminal.shows("exit=3");
    for label in ["one", "two", "three"] {
        assert_eq!(pending(&space, label)["decision"], json!(null), "{label}");
    }
}

#[test]
fn a_changed_edit_is_checked_and_takes_its_place_in_the_plan() {
    let space = waiting();
    // An editor that first breaks the file and then repairs it, and that interrupts the shell and kaizen.
    let script = "#!/bin/sh\nread -r a b c kaizen rest < /proc/$PPID/stat\nkill -INT $PPID $kaizen\nif grep -q trip_book \"$2\"; then sed -i 's/trip_book/BROKEN\"/' \"$2\"; else sed -i 's/BROKEN\"/mended/' \"$2\"; fi\n";
    space.write(".kaizen/my editor.sh", script);
    let script = space.root.join(".kaizen/my editor.sh");
    // Quotes hold a path with a blank together.
    let environment = format!("NO_COLOR=1 VISUAL='sh \"{}\" --wait'", script.display());
    let Some(terminal) = Terminal::start(&space, &environment) else {
        return;
    };
    terminal.press("e", "[1/3] one");
    let screen = terminal.shows("e edit again, d discard the change:");
    assert!(screen.contains("BROKEN") && screen.contains(".json:"), "{screen}");
    terminal.press("e", "e edit again");
    terminal.shows("is in plan.json");
    terminal.press("q", "[2/3] two");
    terminal.shows("1 changed");
    drop(terminal);
    let plan = space.artifact("plan.json");
    assert_eq!(plan["edits"][0]["payload"]["exemplars"][0]["output"], "mended");
    assert_eq!(plan["edits"].as_array().unwrap().len(), 3);
    let own = names(&space.root.join(".kaizen"));
    assert!(!own.iter().any(|name| name.starts_with("edit-")), "{own:?}");
    let attic = space.root.join(space.session()).join("attic");
    let old = names(&attic)
        .iter()
        .any(|name| fs::read_to_string(attic.join(name)).unwrap().contains("trip_book"));
    assert!(old, "the old plan is in the attic");
    space.run(&[]).exits(3);
    let asked: Vec<Value> = space.kaizen(&["review", "--format", "json"]).exits(3).events();
    assert_eq!(asked.len(), 3);
    assert!(asked[0]["diff"].as_str().unwrap().contains("mended"), "{}", asked[0]);
}

#[test]
fn a_stale_question_is_asked_anew_before_it_is_accepted() {
    let space = waiting();
    space.write(
        "agents/assistant/few_shot.json",
        "[{\"input\": \"mine\", \"output\": \"kept\"}]\n",
    );
    space.commit_all("mine");
    let Some(terminal) = Terminal::start(&space, "NO_COLOR=1") else {
        return;
    };
    terminal.press("a", "[1/3] one");
    terminal.shows("press u first");
    terminal.press("u", "press u first");
    terminal.shows("\"kept\"");
    assert_eq!(pending(&space, "one")["decision"], json!(null));
    assert!(pending(&space, "one")["diff"].as_str().unwrap().contains("kept"));
    terminal.press("a", "update");
    terminal.press("q", "[2/3] two");
    terminal.shows("exit=3");
    assert_eq!(pending(&space, "one")["decision"]["decision"], "accept");
}

#[test]
fn a_refusal_to_accept_names_only_the_edits_that_wait() {
    let space = Space::executed();
    space.kaizen(&["accept", "bold"]).exits(2).says(&["these do: shots"]);
    space.kaizen(&["reject", "shots"]).exits(0);
    space.kaizen(&["run"]);
    space
        .kaizen(&["accept", "bold"])
        .exits(2)
        .says(&["no edit waits for review"]);
}
