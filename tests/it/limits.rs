//! Each command that spends obeys the limit of spending, each flag refuses a number out of its range, and one line says
//! what a call waits for.

use crate::billing::{self, Biller};
use crate::server::{Reply, Server};
use crate::space::Space;

/// Dollars; less than the calls of one command would cost.
const LIMIT: f64 = 0.02;

/// A workspace whose models are behind this server. `teacher`: the engine, with its settings.
fn workspace(url: &str, teacher: &str, student: &str) -> Space {
    let sections = format!("[teacher]\nengine = {teacher}\n[session]\nmin_traces = 1\n[network]\nattempts = 3\n");
    let tasks = (0..40).map(|at| billing::task(["train", "gate"][at % 2], at));
    billing::workspace(url, student, &sections, 20, tasks)
}

/// Sets `max_cost_usd`.
fn limit(space: &Space, dollars: f64) {
    space.replace(
        "kaizen.toml",
        "min_traces = 1\n",
        &format!("min_traces = 1\nmax_cost_usd = {dollars}\n"),
    );
    space.commit_all("limit");
}

/// Runs a session whose edit is applied without the gate, so that nobody has measured it.
fn apply_an_edit(space: &Space) {
    billing::ask_about_an_edit(space, "top_p");
    space.kaizen(&["accept", "e1", "--skip-gate"]).exits(0);
    space.kaizen(&["run"]).exits(0);
}

#[test]
fn no_command_that_spends_exceeds_its_limit() {
    let student = "max_tokens = 300\nconcurrency = 8\n";
    for command in [
        &["eval"][..],
        &["traces", "collect"],
        &["audit", "--since", "HEAD"],
        &["prune", "--older-than", "0"],
        &["loop", "--max-sessions", "2"],
        &["loop", "--max-total-cost-usd", "0.02"],
    ] {
        let biller = Biller::start(7, true);
        let space = workspace(&biller.server.url(), "\"files\"", student);
        if command[0] == "prune" {
            apply_an_edit(&space);
            // HEAD with and without the edit is new, so both have to be run.
            space.write("agents/a/system_prompt.md", &"You are brief.\n".repeat(20));
            space.commit_all("prompt");
        }
        let of_loop = command.contains(&"--max-total-cost-usd");
        if !of_loop {
            limit(&space, LIMIT);
        }
        if command[0] == "audit" {
            space.write("agents/a/system_prompt.md", &"You are brief.\n".repeat(20));
        }
        // Each run has the full limit, and keeps the answers of the previous one.
        for run in 0..2 {
            let before = biller.bill();
            let said = space.kaizen(command);
            let told = format!("{}{}", said.out, said.err);
            let bill = biller.bill();
            let billed = (bill.total() - before.total()) as f64 / 1e12;
            assert!(billed <= LIMIT, "{command:?}: {billed} USD");
            assert!(
                bill.answered.len() > before.answered.len(),
                "{command:?}: it asked nothing: {told}"
            );
            let words = if of_loop {
                "the budget is spent"
            } else {
                "max_cost_usd = 0.02"
            };
            assert!(told.contains(words), "{command:?}, run {run}: {told}");
            if command[0] == "loop" {
                break;
            }
        }
    }
}

#[test]
fn the_limit_of_a_session_holds_for_a_language_model_as_its_teacher() {
    for (most, teacher_asks) in [(0.05, false), (0.3, true)] {
        let biller = Biller::start(3, true);
        let url = biller.server.url();
        let teacher = format!("\"chat\"\nbase_url = \"{url}\"\nmodel = \"m\"\nmax_tokens = 5000");
        let space = workspace(&url, &teacher, "max_tokens = 1\n");
        limit(&space, most);
        let said = space.kaizen(&["run"]).exits(1);
        let billed = biller.bill().total() as f64 / 1e12;
        assert!(billed <= most, "{billed} of {most} USD");
        let asked = biller
            .server
            .received()
            .iter()
            .any(|received| received.body.contains("Find out why the student fails"));
        assert_eq!(asked, teacher_asks, "{most}: {}", said.err);
        if !teacher_asks {
            said.says(&["max_cost_usd = 0.05"]);
        }
    }
}

#[test]
fn one_line_says_what_a_call_waits_for() {
    for (reply, words) in [
        (
            Reply::error(429, "slow down").header("retry-after", "0"),
            "HTTP 429: slow down",
        ),
        (Reply::error(503, "busy"), "HTTP 503: busy"),
    ] {
        let server = Server::start();
        server.on("", reply.times(1)).on("", Reply::says("y"));
        let space = workspace(&server.url(), "\"files\"", "max_tokens = 300\n");
        let said = space.kaizen(&["eval"]).exits(0);
        let lines: Vec<&str> = said.err.lines().filter(|line| line.contains("asks again in")).collect();
        assert_eq!(lines.len(), 1, "{}", said.err);
        assert!(
            lines[0].contains(words) && lines[0].contains("attempt 2 of 3"),
            "{}",
            lines[0]
        );
    }
}

/// Numbers that are in no range.
const NONSENSE: [&str; 8] = ["-1", "nan", "inf", "-inf", "1e400", "x", "", "99999999999999999999"];

#[test]
fn a_number_out_of_range_is_refused_for_each_flag() {
    let space = Space::new();
    let before = space.state();
    let (count, share) = (&["0", "1.5", "1e3"][..], &["1.01", "-0.5"][..]);
    for (command, flag, outside) in [
        (&["audit"][..], "--sessions", count),
        (&["audit"], "--runs", &["0", "1.5", "100001"]),
        (
            &["bench", "refresh", "--from", "t.jsonl"],
            "--share",
            &["0", "1.01", "-0.5"],
        ),
        (&["bench", "synth"], "--limit", count),
        (&["bench", "synth"], "--min-feedback", share),
        (&["bench", "synth"], "--min-samples", &["1.5"]),
        (&["loop"], "--max-sessions", count),
        (&["loop"], "--max-total-cost-usd", &["0", "-0.0", "1e16"]),
        (&["loop"], "--stagnation-eps", share),
        (&["loop"], "--stagnation-k", count),
        (&["prune"], "--older-than", &["1.5"]),
        (&["traces", "collect"], "--limit", count),
        (&["traces", "list"], "--limit", count),
        (&["traces", "search", "word"], "--limit", count),
    ] {
        for value in outside.iter().chain(&NONSENSE) {
            let given = format!("{flag}={value}");
            let said = space.kaizen(&[command, &[given.as_str()]].concat()).exits(2);
            assert!(said.err.contains(flag), "{command:?} {given}: {}", said.err);
        }
    }
    assert_eq!(space.state(), before, "nothing was written");
}
