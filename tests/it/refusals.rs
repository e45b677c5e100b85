//! Refusals: an error names the obstacle and a remedy, and the user's files are unchanged.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::space::{KAIZEN, Said, Space, bold, edit, names, shots};

#[test]
fn uncommitted_changes_are_the_users_own() {
    let space = Space::planned();
    space.replace("config.toml", "# Mine.", "# Mine, and new.");
    let config = space.read("config.toml");
    space.run(&[]).exits(4).says(&["config.toml", "hint:", "--adopt"]);
    assert_eq!(space.read("config.toml"), config);
    assert_eq!(space.subjects(), ["start"]);

    space.run(&["--adopt"]).exits(3);
    let subjects = space.subjects();
    assert_eq!(
        subjects[subjects.len() - 2],
        "kaizen: adopt the user's changes",
        "{subjects:?}"
    );
    assert!(space.read("config.toml").contains("# Mine, and new."));
    assert_eq!(space.statuses()["bold"], "applied");
}

#[test]
fn what_the_user_staged_stays_staged() {
    let space = Space::planned();
    space.write("notes.txt", "mine\n");
    space.git(&["add", "notes.txt"]);
    space.run(&[]).exits(3);
    assert_eq!(space.statuses()["bold"], "applied");
    assert_eq!(space.git(&["status", "--porcelain"]), "A  notes.txt\n");
    assert_eq!(space.git(&["log", "--format=%s", "--", "notes.txt"]), "");
}

#[test]
fn a_workspace_without_evidence_is_not_ready_until_there_is_some() {
    for (file, missing) in [("traces/runs.jsonl", "traces"), ("benchmark/tasks.jsonl", "gate tasks")] {
        let space = Space::new();
        let bytes = space.read(file);
        space.write(file, "");
        space.run(&[]).exits(4).says(&["Not ready", missing, "hint:"]);
        let session = space.session();
        let record = space.artifact("session.json");
        assert_eq!(record["status"], "failed");
        assert!(record["error"].as_str().unwrap().contains(missing), "{record}");

        space.write(file, &bytes);
        let said = space.run(&["--until", "baseline"]).exits(0);
        assert_eq!(said.phases(), ["readiness", "baseline"]);
        assert_eq!(space.session(), session, "the same session is resumed");
    }
}

#[test]
fn a_broken_file_is_named() {
    for (file, text, code, words) in [
        ("kaizen.toml", "[gate\n", 2, vec!["kaizen.toml", "line 1"]),
        (
            "kaizen.toml",
            "[gate]\nmin_improvment = 0.1\n",
            2,
            vec!["kaizen.toml", "line 2", "did you mean `min_improvement`"],
        ),
        (
            "kaizen.toml",
            "[gate]\nmin_improvement = \"much\"\n",
            2,
            vec!["kaizen.toml", "line 2"],
        ),
        ("kaizen.toml", "version = 2\n", 2, vec!["kaizen.toml", "upgrade"]),
        (
            "benchmark/tasks.jsonl",
            "\n{\"task_id\": 1}\n",
            1,
            vec!["benchmark/tasks.jsonl:2", "hint:"],
        ),
        (
            "benchmark/tasks.jsonl",
            "{\n",
            1,
            vec!["benchmark/tasks.jsonl:1", "hint:"],
        ),
        (
            "benchmark/tasks.jsonl",
            "{\n\n[]\n",
            1,
            vec![
                "2 lines are no tasks",
                "benchmark/tasks.jsonl:1: ",
                "benchmark/tasks.jsonl:3: ",
            ],
        ),
        (
            "traces/runs.jsonl",
            "{\"trace_id\": \"a\"}\n[]\n",
            1,
            vec!["traces/runs.jsonl:2"],
        ),
        ("config.toml", "[agent\n", 1, vec!["config.toml", "line 1"]),
        ("agents/assistant/few_shot.json", "[{", 1, vec!["few_shot.json"]),
    ] {
        let space = Space::new();
        space.write(file, text);
        space.commit_all("broken");
        for command in [&["run"][..], &["run", "--new"], &["loop"]] {
            let said = space.kaizen(command).exits(code).says(&words);
            assert!(!said.err.contains("panicked"));
            assert_eq!(
                names(&space.root.join("sessions")),
                Vec::<String>::new(),
                "{file}: a refused run leaves no session"
            );
        }
    }
}

#[test]
fn a_broken_trace_does_not_hide_the_state() {
    let space = Space::new();
    space.run(&["--until", "readiness"]).exits(0);
    std::fs::remove_file(space.root.join(space.session()).join("readiness.json")).unwrap();
    space.write("traces/runs.jsonl", "{\"trace_id\": \"a\"}\n[]\n");
    let said = space.kaizen(&["status"]).exits(0).out;
    assert!(said.contains("traces/runs.jsonl:2"), "{said}");
}

#[test]
fn a_broken_plan_is_named_and_left_alone() {
    for (text, words) in [
        (
            "{\"version\": 1, \"edits\": [",
            vec!["plan.json:1:", "hint:", "git restore", "plans again"],
        ),
        (
            "{\"version\": 1, \"session_id\": \"x\", \"edits\": 7}",
            vec!["plan.json:1:", "sequence"],
        ),
        (
            "{\"version\": 9, \"session_id\": \"x\", \"edits\": []}",
            vec!["plan.json", "9"],
        ),
        ("", vec!["plan.json"]),
    ] {
        let space = Space::executed();
        let name = format!("{}/plan.json", space.session());
        let config = space.read("config.toml");
        space.write(&name, text);
        let said = space.run(&[]).exits(1).says(&words);
        assert!(
            !said.err.contains(" at line "),
            "the position is in the message only once: {}",
            said.err
        );
        assert_eq!(space.read(&name), text);
        assert_eq!(space.read("config.toml"), config);

        space.plan_text(&Space::executed());
        space.run(&[]).exits(3);
    }
}

#[test]
fn a_broken_answer_is_named_with_the_remedy() {
    for (from, to, words) in [
        (
            "\"decision\": null",
            "\"decision\": \"maybe\"",
            vec!["maybe", "\"accept\""],
        ),
        (
            "\"decision\": null",
            "\"decision\": accept",
            vec![".json:", "\"accept\""],
        ),
    ] {
        let space = Space::executed();
        let folder = format!("{}/pending_review", space.session());
        let name = format!("{folder}/{}", names(&space.root.join(&folder))[0]);
        space.replace(&name, from, to);
        space
            .run(&[])
            .exits(1)
            .says(&words)
            .says(&["pending_review/", "hint:", "git restore"]);
    }
}

/// Makes phase `diagnose` a program that waits.
fn slow(space: &Space) {
    space.write("wait.sh", "touch ../../waiting\nsleep 60\n");
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[phase.diagnose]\nrun = [\"sh\", \"../../../wait.sh\"]\n",
    );
    space.commit_all("slow");
}

fn started(space: &Space) -> std::process::Child {
    let mut command: Command = space.command(KAIZEN, &["run"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mark, since) = (space.root.join(".kaizen/waiting"), Instant::now());
    while !mark.exists() {
        assert!(since.elapsed() < Duration::from_secs(60), "the program never started");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

#[test]
fn one_process_at_a_time_and_a_killed_one_is_resumed() {
    let space = Space::new();
    slow(&space);
    let mut first = started(&space);
    space
        .run(&[])
        .exits(1)
        .says(&["in use by", &format!("process {}", first.id())]);
    first.kill().unwrap();
    first.wait().unwrap();
    let session = space.session();
    space.write("kaizen.toml", "[ledger]\nauthor = \"t <t@t>\"\n");
    space.run(&["--until", "plan"]).exits(0);
    assert_eq!(space.session(), session);
}

#[cfg(unix)]
#[test]
fn an_unwritable_folder_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let space = Space::planned();
    let folder = space.root.join(space.session());
    let mode = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    if std::fs::write(folder.join("probe"), "").is_ok() {
        return mode(0o755); // root may write anywhere
    }
    let said = space.run(&[]).exits(1);
    mode(0o755);
    assert!(
        said.err.contains("cannot") && said.err.contains("sessions/"),
        "{}",
        said.err
    );
    space.run(&[]).exits(3);
}

#[cfg(unix)]
#[test]
fn an_edit_through_a_link_is_refused() {
    let space = Space::planned();
    let outside = space.root.parent().unwrap().join("shots.json");
    std::fs::write(&outside, "[]\n").unwrap();
    let link = space.root.join("agents/assistant/few_shot.json");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&outside, &link).unwrap();
    space.commit_all("link");
    space.plan(&[bold(), shots()]);
    space.run(&["--autonomy", "auto"]).exits(0);
    assert_eq!(space.statuses()["shots"], "inapplicable");
    assert_eq!(std::fs::read_to_string(outside).unwrap(), "[]\n");
    assert!(link.is_symlink());
}

#[test]
fn an_edit_that_would_leave_the_workspace_is_inapplicable() {
    let space = Space::planned();
    let hostile = |id: &str, agent: &str| {
        let payload = serde_json::json!({"agent": agent, "new_content": "- lights_on: everything"});
        edit(id, "replace_system_prompt", "agents.assistant.system_prompt", payload)
    };
    let names = ["..", "../../..", "/etc", "a/b", ".git", "a\u{0}b", ""];
    let edits: Vec<_> = names
        .iter()
        .map(|name| hostile(&format!("to {name:?}"), name))
        .collect();
    space.plan(&edits);
    let before = space.state();
    space.run(&["--autonomy", "auto"]).exits(0);
    let statuses = space.statuses();
    assert_eq!(statuses.len(), names.len());
    assert!(statuses.values().all(|status| status == "inapplicable"), "{statuses:?}");
    let after = space.state();
    let outside = |path: &&String| !path.starts_with("sessions/") && !path.starts_with("git ");
    let changed: Vec<&String> = after
        .keys()
        .filter(outside)
        .filter(|path| after.get(*path) != before.get(*path))
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
}

/// A space whose phase `plan` is a program.
fn with_program(script: &str) -> Space {
    let space = Space::new();
    space.write("plan.sh", script);
    space.write(
        "kaizen.toml",
        &format!(
            "[ledger]\nauthor = \"t <t@t>\"\n[phase.plan]\nrun = [\"sh\", \"{}/plan.sh\"]\n",
            space.root.display()
        ),
    );
    space.commit_all("program");
    space
}

#[test]
fn a_program_may_plan() {
    let plan = serde_json::json!({"version": 1, "session_id": "x", "edits": [bold()]});
    let space = with_program(&format!(
        "test -s diagnosis.md || exit 9\ncat > plan.json <<'END'\n{plan}\nEND\n"
    ));
    let said = space.run(&[]).exits(0);
    assert!(said.phases().contains(&"plan".to_owned()));
    assert_eq!(space.statuses()["bold"], "applied");
}

#[test]
fn a_program_that_fails_or_rambles_publishes_nothing() {
    for (script, words) in [
        (
            "echo out of tea >&2\nexit 7\n",
            vec!["phase plan", "out of tea", "7", "hint:"],
        ),
        ("true\n", vec!["phase plan", "did not write plan.json"]),
        ("echo garbage > plan.json\n", vec!["phase plan", "plan.json"]),
        ("printf '\\377' > plan.json\n", vec!["phase plan", "UTF-8"]),
        ("ln -s /etc/passwd plan.json\n", vec!["phase plan", "not a plain file"]),
    ] {
        let space = with_program(script);
        space.run(&[]).exits(1).says(&words);
        assert!(!space.root.join(space.session()).join("plan.json").exists());
        assert_eq!(space.artifact("session.json")["status"], "failed");
        assert_eq!(space.git(&["status", "--porcelain", "--", "config.toml", "agents"]), "");
    }
}

#[test]
fn a_scorer_that_fails_is_no_score() {
    let space = Space::new();
    let tasks = space.read("benchmark/tasks.jsonl");
    let failing = |line: &str| line.replace("\"scorer\":\"exact\"", "\"scorer\":\"command\"");
    let half = tasks.lines().enumerate().map(|(at, line)| {
        let row = if at % 2 == 0 { failing(line) } else { line.to_owned() };
        format!("{row}\n")
    });
    space.write("benchmark/tasks.jsonl", &half.collect::<String>());
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[benchmark]\nscorer_command = [\"false\"]\n",
    );
    space.commit_all("scorer");
    space.kaizen(&["run", "--until", "plan"]).exits(0);
    space.plan(&[bold()]);
    // The session stays open: the next run tries the edit again.
    space.run(&[]).exits(1).says(&["false"]);
    assert!(!space.statuses().contains_key("bold"));
    assert_eq!(
        space
            .subjects()
            .iter()
            .filter(|subject| subject.contains("models.base"))
            .count(),
        0
    );
    assert!(space.read("config.toml").contains("refuse_below = 0.9"));
}

#[test]
fn a_benchmark_that_nobody_can_score_is_refused() {
    let space = Space::new();
    let tasks = space.read("benchmark/tasks.jsonl");
    let judged = tasks.replace("\"scorer\":\"exact\"", "\"scorer\":\"judge\"");
    space.write("benchmark/tasks.jsonl", &judged);
    space.commit_all("scorer");
    let said = space.run(&[]).exits(4);
    assert!(said.out.contains("48 tasks cannot be scored"), "{}", said.out);
}

#[test]
fn a_harness_file_that_cannot_be_read_is_to_be_mended_not_scored() {
    for (name, text) in [
        ("agents/assistant/few_shot.json", "[{\"input\": \"half"),
        ("config.toml", "[agent.assistant\n"),
    ] {
        let space = Space::new();
        let whole = space.read(name);
        space.write(name, text);
        space.commit_all("half");
        space.run(&[]).exits(1).says(&["baseline", name]);
        space.kaizen(&["eval"]).exits(1).says(&[name]);
        space.write(name, &whole);
        space.commit_all("whole");
        space.kaizen(&["run", "--until", "baseline"]).exits(0);
    }
}

#[cfg(unix)]
#[test]
fn a_linked_harness_file_is_named_as_left_out() {
    let space = Space::new();
    let link = space.root.join("agents/assistant/few_shot.json");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("../../config.toml", &link).unwrap();
    space.commit_all("link");
    let words = "agents/assistant/few_shot.json is left out of the harness: a symbolic link";
    space.kaizen(&["run", "--until", "baseline"]).exits(0).says(&[words]);
    space.kaizen(&["eval"]).exits(0).says(&[words]);
}

#[test]
fn a_run_that_is_refused_for_uncommitted_changes_leaves_no_session() {
    let space = Space::executed();
    let sessions = || names(&space.root.join("sessions"));
    let before = sessions();
    space.write("agents/assistant/system_prompt.md", "Not committed.\n");
    space.kaizen(&["run", "--new"]).exits(4).says(&["uncommitted changes"]);
    assert_eq!(sessions(), before);
    let said = space.run(&["--new", "--adopt", "--until", "baseline"]).exits(0);
    assert_eq!(
        said.phases(),
        ["readiness", "baseline"],
        "the baseline runs once, on the adopted harness"
    );
    assert_eq!(sessions().len(), before.len() + 1);
}

#[test]
fn an_unknown_committer_is_named_before_a_session_begins() {
    let space = Space::new();
    space.write("kaizen.toml", "");
    space.commit_all("no author");
    std::fs::remove_file(space.home.join(".gitconfig")).unwrap();
    let mut run = space.command(KAIZEN, &["run"]);
    for name in ["AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"] {
        run.env_remove(format!("GIT_{name}"));
    }
    Said::of(run.output().unwrap())
        .exits(1)
        .says(&["git does not know who you are", "[ledger] author"]);
    assert!(!space.root.join("sessions").exists());
}
