//! `kaizen check`: a verdict about the harness for CI, in each format, without a word of a gate task.

use serde_json::{Value, json};

use crate::audit::noisy;
use crate::fixture::{MANIFEST, tasks};
use crate::space::{Said, Space};

/// The workspace after a change that makes half of the answers wrong, against HEAD.
fn damaged() -> Space {
    let space = Space::executed();
    let shy = ["refuse_below = 0.0 # too shy", "refuse_below = 0.95 # too shy"];
    space.replace("config.toml", shy[0], shy[1]);
    space
}

fn check(space: &Space, format: &str, arguments: &[&str]) -> Said {
    space.kaizen(&[&["check", "--format", format], arguments].concat())
}

/// The one JSON line of a check.
fn verdict(said: &Said) -> Value {
    let mut events = said.events();
    assert_eq!(events.len(), 1, "{}", said.out);
    events.remove(0)
}

/// The words by which gate tasks could be recognised.
fn gate_words() -> Vec<String> {
    let tasks = tasks();
    let tasks = tasks.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let gate = tasks.filter(|task| task["split"] == "gate");
    gate.flat_map(|task| ["task_id", "query"].map(|key| task[key].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn damage_is_worse_in_every_format_and_no_format_names_a_task() {
    let space = damaged();
    let said = check(&space, "json", &["--base", "HEAD"]).exits(5);
    let found = verdict(&said);
    assert_eq!(
        (&found["verdict"], &found["change"], &found["reached"]),
        (&json!("worse"), &json!(-0.5), &json!(24)),
        "{found}"
    );
    assert!(found["interval"][1].as_f64().unwrap() < 0.0, "{found}");
    assert!(found["attempts"].as_u64().unwrap() <= 48, "{found}");
    let text = check(&space, "text", &["--base", "HEAD"]).exits(5).out;
    for words in [
        "compared with HEAD (commit ",
        "uncommitted changes are included: config.toml",
        "worse: the whole -50.0 points",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    let markdown = check(&space, "markdown", &["--base", "HEAD"]).exits(5).out;
    assert!(
        markdown.starts_with("### kaizen check: worse\n") && markdown.contains("| home | 6 | -100.0 |"),
        "{markdown}"
    );
    let junit = check(&space, "junit", &["--base", "HEAD"]).exits(5).out;
    assert!(
        junit.contains("tests=\"5\" failures=\"1\" errors=\"0\" skipped=\"0\""),
        "{junit}"
    );
    let sarif = check(&space, "sarif", &["--base", "HEAD"]).exits(5).out;
    let log: Value = serde_json::from_str(&sarif).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(
        (
            &result["ruleId"],
            &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        ),
        (&json!("worse"), &json!("config.toml"))
    );
    for output in [&said.out, &text, &markdown, &junit, &sarif] {
        let found = gate_words().into_iter().find(|word| output.contains(word.as_str()));
        assert_eq!(found, None, "{output}");
    }
}

#[test]
fn a_gain_is_better_and_the_summary_of_the_job_says_so() {
    let space = Space::executed();
    let first = space.git(&["rev-list", "--max-parents=0", "HEAD"]);
    space.write("summary.md", "before\n");
    let summary = space.root.join("summary.md");
    let arguments = ["check", "--base", first.trim(), "--merge-base", "--format", "json"];
    let said = space
        .kaizen_with("GITHUB_STEP_SUMMARY", summary.to_str().unwrap(), &arguments)
        .exits(0);
    assert_eq!(verdict(&said)["verdict"], "better");
    let text = space.read("summary.md");
    assert!(text.starts_with("before\n### kaizen check: better\n"), "{text}");
}

#[test]
fn without_a_changed_request_no_call_is_made() {
    let space = Space::executed();
    let found = verdict(&check(&space, "json", &["--base", "HEAD"]).exits(0));
    assert_eq!(
        (&found["verdict"], &found["attempts"], &found["interval"]),
        (&json!("no_worse"), &json!(0), &json!([0.0, 0.0]))
    );
    assert!(
        found["words"]
            .as_str()
            .unwrap()
            .contains("no request changed, so no call was made")
    );
}

#[test]
fn what_it_cannot_tell_names_what_is_missing() {
    let space = damaged();
    // The attempts of the run are remembered; a student of another temperature has made none.
    space.replace(
        "config.toml",
        "k = 1\nrefuse_below = 0.95",
        "k = 1\ntemperature = 0.01\nrefuse_below = 0.95",
    );
    let said = check(&space, "json", &["--base", "HEAD", "--max-attempts", "3"]).exits(3);
    let found = verdict(&said);
    assert_eq!(found["verdict"], "cannot_tell", "{found}");
    assert!(
        found["attempts"].as_u64().unwrap() <= 3 && found["missing"]["attempts"].as_u64().unwrap() > 0,
        "{found}"
    );
    let junit = check(&space, "junit", &["--base", "HEAD", "--max-attempts", "3"])
        .exits(3)
        .out;
    assert!(junit.contains("skipped=\"1\""), "{junit}");
    check(&space, "json", &["--base", "HEAD"]).exits(5);
}

#[test]
fn what_cannot_be_measured_has_no_verdict() {
    let space = Space::executed();
    let missing = check(&space, "json", &["--base", "origin/main"]).exits(2);
    assert_eq!(missing.out, "");
    missing.says(&[
        "no commit `origin/main`",
        "git fetch origin main:refs/remotes/origin/main",
    ]);
    space.kaizen(&["check"]).exits(2);
    space
        .kaizen(&["status", "--format", "sarif"])
        .exits(2)
        .says(&["only `kaizen check`"]);
    let chat =
        "[student]\nengine = \"chat\"\nmodel = \"m\"\nbase_url = \"http://127.0.0.1:9/v1\"\n[network]\nattempts = 1\n";
    space.write("kaizen.toml", &format!("{MANIFEST}{chat}"));
    space.replace("config.toml", "too shy", "too bold");
    space.write("agents/assistant/system_prompt.md", "Answer.\n");
    assert_eq!(
        space
            .untrusted(&["check", "--base", "HEAD", "--format", "json"])
            .exits(4)
            .out,
        ""
    );
    let down = check(&space, "json", &["--base", "HEAD"]).exits(4);
    assert_eq!(down.out, "");
    down.says(&[
        "not measured: the student or its server failed",
        "the same command continues",
    ]);
}

#[test]
fn noise_is_counted_and_only_the_terminal_names_the_tasks() {
    let space = noisy();
    space.replace(
        "config.toml",
        "refuse_below = 0.9 # too shy\ntemperature = 0.2",
        "temperature = 2.0",
    );
    let found = verdict(&check(&space, "json", &["--aa"]).exits(0));
    let flaky = found["flaky"].as_u64().unwrap();
    assert!(flaky > 0 && found["aa"] == json!(true), "{found}");
    assert!(!found.to_string().contains("home-"), "{found}");
    let shown = space
        .kaizen(&["check", "--aa", "--show-tasks"])
        .exits(0)
        .says(&["on a terminal only"])
        .out;
    assert!(
        shown.contains(&format!("{flaky} of 24 gate tasks scored differently")),
        "{shown}"
    );
    let found = gate_words().into_iter().find(|word| shown.contains(word.as_str()));
    assert_eq!(found, None, "a pipe or the log of a job is no terminal: {shown}");
    let steady = Space::executed();
    let same = verdict(&check(&steady, "json", &["--aa"]).exits(0));
    assert_eq!((&same["flaky"], &same["attempts"]), (&json!(0), &json!(0)));
}

#[test]
fn a_pull_request_is_judged_by_what_its_base_says() {
    let space = Space::executed();
    space.git(&["checkout", "-q", "-b", "change"]);
    space.replace(
        "config.toml",
        "refuse_below = 0.0 # too shy",
        "refuse_below = 0.95 # too shy",
    );
    space.write("benchmark/tasks.jsonl", "");
    space.write("kaizen.toml", &format!("{MANIFEST}[check]\nmargin = 1.0\n"));
    space.commit_all("a change that hides its damage");
    space.git(&["checkout", "-q", "-"]);
    let arguments = ["--base", "HEAD", "--merge-base", "--head", "change"];
    let found = verdict(&check(&space, "json", &arguments).exits(5));
    assert_eq!(
        (&found["files"], &found["not_judged"]),
        (
            &json!(["config.toml"]),
            &json!(["benchmark/tasks.jsonl", "kaizen.toml"])
        )
    );
    let page = check(&space, "markdown", &arguments).exits(5).out;
    assert!(
        page.contains("judged by the base's version: benchmark/tasks.jsonl, kaizen.toml."),
        "{page}"
    );
}

/// Runs a script of the action in the workspace; its output file and what it said.
fn action(space: &Space, script: &str, variables: &[(&str, &str)]) -> (i32, String, String) {
    let temp = space.root.parent().unwrap().join("runner");
    std::fs::create_dir_all(&temp).unwrap();
    let output = temp.join("output");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(".github/check")
        .join(script);
    let mut command = space.bare("bash", &[path.to_str().unwrap()]);
    command
        .env("KAIZEN", env!("CARGO_BIN_EXE_kaizen"))
        .env("RUNNER_TEMP", &temp)
        .env("GITHUB_OUTPUT", &output);
    for name in ["TRUST", "MAX_COST_USD", "MAX_ATTEMPTS", "PULL_REQUEST"] {
        command.env(name, "");
    }
    command
        .env("DIRECTORY", ".")
        .env("GITHUB_STEP_SUMMARY", temp.join("summary"));
    command.envs(variables.iter().copied());
    let said = Said::of(command.output().unwrap());
    let code = said.code.unwrap_or(-1);
    (
        code,
        std::fs::read_to_string(&output).unwrap_or_default(),
        format!("{}{}", said.out, said.err),
    )
}

#[test]
fn the_action_judges_a_pull_request_from_a_checkout_of_its_base() {
    let space = Space::executed();
    let base = space.git(&["rev-parse", "HEAD"]);
    space.git(&["checkout", "-q", "-b", "change"]);
    space.replace(
        "config.toml",
        "refuse_below = 0.0 # too shy",
        "refuse_below = 0.95 # too shy",
    );
    space.commit_all("damage");
    let head = space.git(&["rev-parse", "HEAD"]);
    let commits = [("BASE", base.trim()), ("HEAD", head.trim())];
    let (code, _, said) = action(&space, "run.sh", &commits);
    assert!(code == 2 && said.contains("check out the base"), "{said}");
    space.git(&["checkout", "-q", "-"]);
    let (code, output, said) = action(&space, "run.sh", &commits);
    assert!(code == 0 && output.ends_with("verdict=worse\n"), "{output} {said}");
    let runner = space.root.parent().unwrap().join("runner");
    let summary = std::fs::read_to_string(runner.join("summary")).unwrap();
    assert!(summary.starts_with("### kaizen check: worse\n"), "{summary}");
    for (verdict, fail_on, wanted) in [
        ("worse", "worse", 1),
        ("worse", "never", 0),
        ("not_measured", "worse", 0),
        ("not_measured", "not-measured", 1),
        ("cannot_tell", "cannot-tell", 1),
        ("no_worse", "not-measured", 0),
        ("worse", "sometimes", 2),
    ] {
        let (code, _, said) = action(&space, "fail.sh", &[("VERDICT", verdict), ("FAIL_ON", fail_on)]);
        assert_eq!(code, wanted, "{verdict} {fail_on}: {said}");
    }
    let chat = "[student]\nengine = \"chat\"\nmodel = \"m\"\nbase_url = \"http://127.0.0.1:9/v1\"\n";
    space.write("kaizen.toml", &format!("{MANIFEST}{chat}"));
    space.commit_all("a student that nobody approved");
    let base = space.git(&["rev-parse", "HEAD"]);
    let (code, output, said) = action(&space, "run.sh", &[("BASE", base.trim()), ("HEAD", head.trim())]);
    assert!(
        code == 0 && output.ends_with("verdict=not_measured\n"),
        "{output} {said}"
    );
}

#[test]
fn what_a_failing_agent_says_is_shown_to_nobody() {
    let space = Space::executed();
    let program = "[student]\nengine = \"command\"\ncommand = [\"sh\", \"-c\", \"cat >&2; exit 3\", \"student\", \"{harness}\"]\n";
    space.write("kaizen.toml", &format!("{MANIFEST}{program}"));
    space.write("agents/assistant/system_prompt.md", "Answer.\n");
    for format in ["text", "json", "markdown", "junit", "sarif"] {
        let said = check(&space, format, &["--base", "HEAD"]);
        assert!(said.code.is_some_and(|code| code != 1), "{}", said.err);
        let found = gate_words()
            .into_iter()
            .find(|word| said.out.contains(word.as_str()) || said.err.contains(word.as_str()));
        assert_eq!(found, None, "{format}: {}{}", said.out, said.err);
    }
}
