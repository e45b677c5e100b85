//! `kaizen check`: a verdict about the harness for CI, in each format, without a word of a gate task.

use serde_json::{Value, json};

use crate::audit::noisy;
use crate::fixture::{MANIFEST, tasks};
use crate::outages::chat;
use crate::server::{Reply, Server};
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
        markdown.starts_with("### kaizen check: worse\n")
            && markdown.contains("| home | 6 | -100.0 |")
            && markdown.contains("| **all tasks** | 24 | -50.0 |")
            && markdown.contains("Uncommitted changes are included: config.toml.")
            && markdown.contains("Too small to be judged alone: "),
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
    assert!(
        junit.contains("skipped=\"3\"") && junit.contains("name=\"home\"><skipped message=\"no pair ran\"/>"),
        "{junit}"
    );
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
        .env("MERGE_BASE", "true")
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

/// The page that the action made last.
fn page(space: &Space) -> String {
    std::fs::read_to_string(space.root.parent().unwrap().join("runner/kaizen.md")).unwrap()
}

/// Commits a change on a branch of this name, and returns to the one before; the id of the commit.
fn branch(space: &Space, name: &str, change: impl Fn()) -> String {
    space.git(&["checkout", "-q", "-b", name]);
    change();
    space.commit_all(name);
    let head = space.git(&["rev-parse", "HEAD"]);
    space.git(&["checkout", "-q", "-"]);
    head.trim().to_owned()
}

fn damage(space: &Space) {
    space.replace("config.toml", "= 0.0 # too shy", "= 0.95 # too shy");
}

#[test]
fn the_action_judges_a_pull_request_from_a_checkout_of_its_base() {
    let space = Space::executed();
    let base = space.git(&["rev-parse", "HEAD"]);
    let head = branch(&space, "change", || damage(&space));
    let commits = [("BASE", base.trim()), ("HEAD", head.as_str())];
    space.git(&["checkout", "-q", "change"]);
    let (code, output, said) = action(&space, "run.sh", &commits);
    assert!(
        code == 0 && output.ends_with("verdict=not_measured\ncode=2\n"),
        "{said}"
    );
    assert!(page(&space).contains("check out the base"), "{said}");
    space.git(&["checkout", "-q", "-"]);
    let (code, output, said) = action(&space, "run.sh", &commits);
    assert!(
        code == 0 && output.ends_with("verdict=worse\ncode=5\n"),
        "{output} {said}"
    );
    let runner = space.root.parent().unwrap().join("runner");
    let summary = std::fs::read_to_string(runner.join("summary")).unwrap();
    assert!(summary.ends_with(&page(&space)), "{summary}");
    assert!(page(&space).starts_with("### kaizen check: worse\n"), "{summary}");
    let chat = "[student]\nengine = \"chat\"\nmodel = \"m\"\nbase_url = \"http://127.0.0.1:9/v1\"\n";
    space.write("kaizen.toml", &format!("{MANIFEST}{chat}"));
    space.commit_all("a student that nobody approved");
    let base = space.git(&["rev-parse", "HEAD"]);
    let commits = [("BASE", base.trim()), ("HEAD", head.as_str())];
    let (code, output, said) = action(&space, "run.sh", &commits);
    assert!(
        code == 0 && output.ends_with("verdict=not_measured\ncode=4\n"),
        "{output} {said}"
    );
    // Not a word of what kaizen said: it may quote a server.
    let unmeasured = "### kaizen check: not measured\n\nExit code 4. See the log of the job.\n";
    assert_eq!(page(&space), unmeasured);
    let wrong = [&commits[..], &[("MAX_COST_USD", "much")]].concat();
    let (_, output, said) = action(&space, "run.sh", &wrong);
    assert!(output.ends_with("verdict=not_measured\ncode=2\n"), "{output} {said}");
    assert_eq!(page(&space), unmeasured.replace('4', "2"));
}

#[test]
fn what_only_the_base_changed_does_not_count() {
    let space = Space::executed();
    let head = branch(&space, "notes", || space.write("notes.txt", "nothing\n"));
    damage(&space);
    space.commit_all("only main");
    let base = space.git(&["rev-parse", "HEAD"]);
    let commits = [("BASE", base.trim()), ("HEAD", head.as_str())];
    for (merge_base, wanted) in [("true", "no_worse"), ("false", "better")] {
        let variables = [&commits[..], &[("MERGE_BASE", merge_base)]].concat();
        let (_, output, said) = action(&space, "run.sh", &variables);
        assert!(
            output.ends_with(&format!("verdict={wanted}\ncode=0\n")),
            "{output} {said}"
        );
    }
}

#[test]
fn the_action_gets_the_commits_and_says_which_are_missing() {
    let space = Space::executed();
    let base = space.git(&["rev-parse", "HEAD"]);
    let replaced = branch(&space, "change", || damage(&space));
    space.git(&["branch", "-q", "-D", "change"]);
    let newer = branch(&space, "newer", || space.write("notes.txt", "nothing\n"));
    space.git(&["update-ref", "refs/pull/7/head", &newer]);
    space.git(&["branch", "-q", "-D", "newer"]);
    // As actions/checkout leaves it: one commit.
    let source = format!("file://{}", space.root.display());
    space.git(&["clone", "-q", "--depth", "1", &source, "../clone"]);
    let unknown = "1234567890123456789012345678901234567890";
    for (base, head, number, wanted, words) in [
        (base.trim(), replaced.as_str(), "7", "worse\ncode=5\n", "check: worse"),
        (base.trim(), newer.as_str(), "7", "no_worse\ncode=0\n", "no worse"),
        (
            base.trim(),
            unknown,
            "7",
            "not_measured\ncode=2\n",
            "the head could not be fetched",
        ),
        (
            unknown,
            newer.as_str(),
            "7",
            "not_measured\ncode=2\n",
            "the base could not be fetched",
        ),
        (
            "",
            "",
            "",
            "not_measured\ncode=2\n",
            "needs the inputs `base` and `head`",
        ),
    ] {
        let variables = [
            ("BASE", base),
            ("HEAD", head),
            ("PULL_REQUEST", number),
            ("DIRECTORY", "../clone"),
        ];
        let (code, output, said) = action(&space, "run.sh", &variables);
        assert!(
            code == 0 && output.ends_with(&format!("verdict={wanted}")),
            "{words}: {output} {said}"
        );
        assert!(page(&space).contains(words), "{words}: {}", page(&space));
    }
}

#[test]
fn the_action_fails_as_asked_and_always_if_it_could_not_ask() {
    let space = Space::empty();
    for (verdict, code, fail_on, wanted) in [
        ("worse", "5", "worse", 1),
        ("worse", "5", "never", 0),
        ("not_measured", "4", "worse", 0),
        ("not_measured", "4", "not-measured", 1),
        ("cannot_tell", "3", "cannot-tell", 1),
        ("cannot_tell", "3", "worse", 0),
        ("no_worse", "0", "not-measured", 0),
        ("worse", "5", "sometimes", 2),
        ("not_measured", "1", "worse", 1),
        ("not_measured", "2", "never", 2),
    ] {
        let variables = [("VERDICT", verdict), ("CODE", code), ("FAIL_ON", fail_on)];
        let (found, _, said) = action(&space, "fail.sh", &variables);
        assert_eq!(found, wanted, "{verdict} {code} {fail_on}: {said}");
    }
}

/// A stand-in for GitHub's program: it writes its arguments to `calls`, and answers with what is in `login` and `comments`.
const GH: &str = r#"#!/bin/bash
cd "$(dirname "$0")"
echo "$@" >> calls
case "$*" in
    *graphql*) cat login ;;
    *--paginate*) cat comments ;;
esac
"#;

/// A repository with [`GH`], the search path that finds it, and the runner's folder for files.
fn repository_with_gh() -> (Space, String, std::path::PathBuf) {
    let space = Space::empty();
    space.write("gh", GH);
    space.git(&["init", "-q"]);
    Said::of(space.bare("chmod", &["+x", "gh"]).output().unwrap()).exits(0);
    let path = format!("{}:{}", space.root.display(), std::env::var("PATH").unwrap());
    let runner = space.root.parent().unwrap().join("runner");
    std::fs::create_dir_all(&runner).unwrap();
    (space, path, runner)
}

#[test]
fn the_action_replaces_the_comment_of_its_own_account() {
    let (space, path, runner) = repository_with_gh();
    let variables = [("PATH", path.as_str()), ("REPOSITORY", "o/r"), ("PULL_REQUEST", "7")];
    let line = "x".repeat(99);
    for (login, comments, account, call) in [
        (
            Some("me[bot]\n"),
            "8\n9\n",
            "me[bot]",
            "-X PATCH repos/o/r/issues/comments/8 ",
        ),
        (None, "", "github-actions[bot]", "--silent repos/o/r/issues/7/comments "),
    ] {
        space.write("calls", "");
        space.write("comments", comments);
        match login {
            Some(login) => space.write("login", login),
            None => std::fs::remove_file(space.root.join("login")).unwrap(),
        }
        std::fs::write(runner.join("kaizen.md"), format!("{line}\n").repeat(700)).unwrap();
        let (code, _, said) = action(&space, "comment.sh", &variables);
        let calls = space.read("calls");
        assert_eq!(code, 0, "{said} {calls}");
        assert!(calls.contains(call), "no {call} in {calls}");
        assert!(calls.contains(&format!(".user.login == \"{account}\"")), "{calls}");
        let body = std::fs::read_to_string(runner.join("kaizen-comment.md")).unwrap();
        assert!(body.len() < 60_100 && body.ends_with("\n\nThe rest is cut.\n"));
    }
    std::fs::remove_file(runner.join("kaizen.md")).unwrap();
    action(&space, "comment.sh", &variables);
    let body = std::fs::read_to_string(runner.join("kaizen-comment.md")).unwrap();
    assert!(
        body.starts_with("<!-- kaizen check -->\n### kaizen check: not measured\n"),
        "{body}"
    );
}

#[test]
fn each_workspace_of_a_repository_has_its_own_comment() {
    let (space, path, runner) = repository_with_gh();
    space.write("login", "me\n");
    space.write("comments", "");
    let variables = [("PATH", path.as_str()), ("REPOSITORY", "o/r"), ("PULL_REQUEST", "7")];
    let first_line = |directory: &str| {
        std::fs::write(runner.join("kaizen.md"), "### no worse\n").unwrap();
        let variables = [&variables[..], &[("DIRECTORY", directory)]].concat();
        let (code, _, said) = action(&space, "comment.sh", &variables);
        assert_eq!(code, 0, "{said}");
        let body = std::fs::read_to_string(runner.join("kaizen-comment.md")).unwrap();
        let (mark, rest) = body.split_once('\n').unwrap();
        let place = if directory == "." {
            String::new()
        } else {
            format!("In `{directory}`:\n\n")
        };
        assert_eq!(rest, format!("{place}### no worse\n"));
        assert!(space.read("calls").contains(mark), "{mark}");
        mark.to_owned()
    };
    let marks = [".", "agents/one", "agents/two --> x"].map(first_line);
    assert_eq!(marks[0], "<!-- kaizen check -->");
    assert!(
        marks[1] != marks[2] && marks.iter().all(|mark| mark.matches("-->").count() == 1),
        "{marks:?}"
    );
}

#[test]
fn code_scanning_finds_the_files_of_a_workspace_in_a_subfolder() {
    let space = Space::new();
    space.replace("config.toml", "= 0.9 # too shy", "= 0.0 # too shy");
    std::fs::create_dir(space.root.join("my agent")).unwrap();
    for name in ["config.toml", "agents", "tools", "kaizen.toml", "benchmark", "traces"] {
        space.git(&["mv", name, "my agent/"]);
    }
    space.commit_all("into a folder");
    space.replace("my agent/config.toml", "= 0.0 # too shy", "= 0.95 # too shy");
    let mut command = space.bare(
        env!("CARGO_BIN_EXE_kaizen"),
        &["check", "--base", "HEAD", "--format", "sarif"],
    );
    let said = Said::of(command.current_dir(space.root.join("my agent")).output().unwrap()).exits(5);
    assert!(said.out.contains("\"uri\": \"my%20agent/config.toml\""), "{}", said.out);
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

#[test]
fn a_change_that_the_server_refuses_is_worse_and_its_words_stay_hidden() {
    let server = Server::start();
    let refusal = Reply::error(400, "unsupported value in: Capital of France? 1");
    server.on("brief", refusal.clone()).on("", Reply::says("Paris"));
    let space = chat(&server, "");
    space.write("agents/echo/system_prompt.md", "You are brief.\n");
    for format in ["json", "text", "markdown", "junit", "sarif"] {
        let out = check(&space, format, &["--base", "HEAD"]).exits(5).out;
        assert!(
            out.contains("the server refuses the changed requests") && !out.contains("France"),
            "{out}"
        );
    }
    // A server that refuses everybody says nothing about the change.
    server.forget_rules();
    server.on("", refusal);
    check(&space, "json", &["--base", "HEAD"])
        .exits(4)
        .says(&["not measured: "]);
}

#[test]
fn second_tries_of_lost_runs_are_within_the_limit_and_lost_pairs_are_counted() {
    let server = Server::start();
    let server_is_down = Reply::error(401, "Incorrect API key");
    server.on("brief", server_is_down).on("", Reply::says("Paris"));
    let space = chat(&server, "concurrency = 1\n");
    space.write("agents/echo/system_prompt.md", "You are brief.\n");
    let found = verdict(&check(&space, "json", &["--base", "HEAD", "--max-attempts", "2"]).exits(3));
    assert_eq!((&found["attempts"], server.received().len()), (&json!(2), 2), "{found}");
    check(&space, "json", &["--base", "HEAD"])
        .exits(4)
        .says(&["not measured: 2 of 2 pairs lost to failures outside the agent"]);
}
