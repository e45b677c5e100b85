//! Loop: sessions one after another, their record, and each reason to stop.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::revert::sessions;
use crate::space::{Space, bold, names};

const LOOP: [&str; 5] = ["loop", "--autonomy", "auto", "--stagnation-k", "1"];

/// A space whose teacher proposes one edit at a time.
fn stepwise() -> Space {
    let space = Space::new();
    let manifest = "[ledger]\nauthor = \"t <t@t>\"\n[teacher]\nmax_edits = 1\n";
    space.write("kaizen.toml", manifest);
    space.commit_all("one edit");
    space
}

/// A space in which a program writes a plan with these edits, or fails if the file `fails` exists.
fn with_program(edits: &Value) -> Space {
    let space = Space::new();
    let plan = json!({"version": 1, "session_id": "x", "edits": edits});
    let root = space.root.display().to_string();
    let fails = format!("test ! -e {root}/fails || {{ echo out of tea >&2; exit 7; }}\n");
    space.write("plan.sh", &format!("{fails}cat > plan.json <<'END'\n{plan}\nEND\n"));
    let manifest = format!("[ledger]\nauthor = \"t <t@t>\"\n[phase.plan]\nrun = [\"sh\", \"{root}/plan.sh\"]\n");
    space.write("kaizen.toml", &manifest);
    space.write(".gitignore", "fails\n");
    space.commit_all("program");
    space
}

fn record(space: &Space) -> Value {
    serde_json::from_str(&space.read("sessions/loop.json")).unwrap()
}

fn steps(record: &Value) -> &Vec<Value> {
    record["steps"].as_array().unwrap()
}

fn score(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn it_goes_on_while_the_score_rises_and_stops_when_it_stands_still() {
    let space = stepwise();
    let said = space.kaizen(&LOOP).exits(0);
    let record = record(&space);
    let steps = steps(&record);
    assert!(steps.len() > 2, "{record}");
    assert_eq!(record["stop_reason"], "stagnation");
    let ran: Vec<&str> = steps.iter().map(|step| step["session"].as_str().unwrap()).collect();
    assert_eq!(ran, sessions(&space), "one step per session, in order");
    for pair in steps.windows(2) {
        assert_eq!(pair[0]["score_after"], pair[1]["score_before"]);
    }
    let (last, rest) = steps.split_last().unwrap();
    assert!(
        rest.iter()
            .all(|step| score(&step["score_after"]) > score(&step["score_before"]))
    );
    assert_eq!(
        (&last["standing_still"], &last["score_after"]),
        (&json!(1), &last["best_score"])
    );
    assert_eq!(
        (&record["total_cost_usd"], &last["budget_usd"]),
        (&json!(0.0), &json!(50.0))
    );
    assert_eq!(space.git(&["status", "--porcelain"]), "");
    assert_eq!(
        said.out.lines().count(),
        steps.len() + 3,
        "a line a step, and a summary: {}",
        said.out
    );
    assert!(
        said.out.contains("the score no longer rises") && !said.out.contains("unknown"),
        "{}",
        said.out
    );
    space.kaizen(&["verify"]).exits(0);

    // Another loop starts from the result of this one.
    let said = space.kaizen(&[&LOOP[..], &["--format", "json"]].concat()).exits(0);
    let events = said.events();
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!((of("loop_step"), of("session_started"), of("loop_stopped")), (1, 1, 1));
    assert_eq!(events.last().unwrap()["reason"], "stagnation");
    assert_eq!(steps.len() + 1, sessions(&space).len());
}

/// Sessions that propose the same edit: one question, one answer, and no commit for those in which nothing happened.
#[test]
fn an_edit_is_asked_about_once() {
    for (answer, statuses) in [
        ("reject", ["rejected_by_user", "rejected_by_user", "rejected_by_user"]),
        ("accept", ["inapplicable", "inapplicable", "applied"]),
    ] {
        let space = with_program(&json!([bold()]));
        space
            .kaizen(&[
                "loop",
                "--autonomy",
                "manual",
                "--max-sessions",
                "3",
                "--stagnation-k",
                "9",
            ])
            .exits(0);
        let all = sessions(&space);
        let waiting = space.kaizen(&["review", "--format", "json"]).exits(3);
        assert_eq!(waiting.events().len(), 1, "{}", waiting.out);
        for (session, commits) in all.iter().zip([1, 0, 0]) {
            let subject = format!("kaizen: record {session}");
            let recorded = space.subjects().iter().filter(|known| **known == subject).count();
            assert_eq!(recorded, commits, "{session}");
        }
        // By command, or by hand in the file of one session.
        if answer == "reject" {
            space.kaizen(&[answer, "bold", "--why", "so"]).exits(0);
        } else {
            let folder = format!("sessions/{}/pending_review", all[2]);
            let name = format!("{folder}/{}", names(&space.root.join(&folder))[0]);
            space.replace(&name, "\"decision\": null", "\"decision\": \"accept\"");
        }
        space.kaizen(&["run"]).exits(0);
        space.kaizen(&["review"]).exits(0);
        let of = |session: &String| crate::revert::statuses(&space, session)["bold"].clone();
        assert_eq!(all.iter().map(of).collect::<Vec<_>>(), statuses);
        for session in &all[..2] {
            let record: Value = serde_json::from_str(&space.read(&format!("sessions/{session}/session.json"))).unwrap();
            assert_eq!(
                record["benchmark_before"], record["benchmark_after"],
                "{session}: no credit"
            );
        }
        space.kaizen(&["verify"]).exits(0);
        if answer == "reject" {
            // Not even with full autonomy is it tried again.
            space.kaizen(&["run", "--new", "--autonomy", "auto"]).exits(0);
            assert_eq!(space.statuses()["bold"], "rejected_by_user");
            space.kaizen(&["run", "--new", "--autonomy", "manual"]).exits(0);
            assert_eq!(of(sessions(&space).last().unwrap()), "rejected_by_user");
            let shown = space.kaizen(&["show"]).exits(0).out;
            assert!(shown.contains("you rejected it in session-"), "{shown}");
        }
    }
}

#[test]
fn a_loop_that_is_refused_leaves_nothing() {
    let space = with_program(&json!([]));
    space.replace("config.toml", "max_turns = 3", "max_turns = 4");
    space.kaizen(&["loop"]).exits(4).says(&["uncommitted changes"]);
    assert_eq!(names(&space.root.join("sessions")), Vec::<String>::new());
}

#[test]
fn the_scores_of_a_loop_say_of_how_many_tasks_they_are() {
    let space = with_program(&json!([]));
    let manifest = space.read("kaizen.toml");
    space.write(
        "kaizen.toml",
        &format!("{manifest}[benchmark]\nscorer_command = [\"sh\", \"-c\", \"exit 1\"]\n"),
    );
    let tasks = space.read("benchmark/tasks.jsonl");
    let task =
        json!({"task_id": "by-program", "query": "q", "reference_answer": "x", "scorer": "command", "split": "gate"});
    space.write("benchmark/tasks.jsonl", &format!("{tasks}{task}\n"));
    space.commit_all("a scorer that fails");
    let said = space.kaizen(&["loop", "--max-sessions", "1"]).exits(0).out;
    assert_eq!(
        said.matches("(1 of 25 unscored)").count(),
        2,
        "each step and the sum: {said}"
    );
}

/// With tighter limits, a loop that was interrupted still finishes the session that it left open.
#[test]
fn an_open_session_is_finished_before_tighter_limits_stop_the_loop() {
    let space = with_program(&json!([]));
    space
        .kaizen(&["loop", "--max-sessions", "1", "--stagnation-k", "9"])
        .exits(0);
    // As after a kill in the second session.
    let mut left = record(&space);
    left["stop_reason"] = Value::Null;
    left["ended_at"] = Value::Null;
    left["max_sessions"] = Value::Null;
    space.write("sessions/loop.json", &left.to_string());
    space.kaizen(&["run", "--new", "--until", "diagnose"]).exits(0);
    space.kaizen(&["loop", "--stagnation-k", "1"]).exits(0);
    let record = record(&space);
    assert_eq!(
        (steps(&record).len(), &record["stop_reason"]),
        (2, &json!("stagnation"))
    );
    assert_eq!(steps(&record)[1]["status"], "completed");
}

#[test]
fn a_noisy_loop_shares_one_error_budget_among_its_sessions() {
    let space = stepwise();
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}[gate]\nmode = \"sequential\"\n"));
    space.commit_all("sequential");
    space.kaizen(&LOOP).exits(0);
    let (mut slots, mut accepted) = (0, 0);
    for session in sessions(&space) {
        let file = format!("sessions/{session}/budget.json");
        // A session whose plan contains nothing to try has no budget.
        if !space.root.join(&file).exists() {
            continue;
        }
        let budget: Value = serde_json::from_str(&space.read(&file)).unwrap();
        assert_eq!(budget["mode"], "fdr", "{session}");
        assert_eq!(
            (&budget["slots_before"], &budget["accepted_before"]),
            (&json!(slots), &json!(accepted)),
            "{session}"
        );
        let slot = &budget["slots"][0];
        let t = f64::from(slots + 1);
        let alpha = 0.1 / (t * (t + 1.0)) * f64::from(accepted + 1);
        assert!((score(&slot["alpha"]) - alpha).abs() < 1e-12, "{session}: {slot}");
        slots += 1;
        let name = format!(
            "sessions/{session}/outcomes/{}.json",
            slot["edit_digest"].as_str().unwrap()
        );
        let outcome: Value = serde_json::from_str(&space.read(&name)).unwrap();
        accepted += i32::from(outcome["status"] == "applied");
    }
    assert!(slots >= 2 && accepted >= 1, "{slots} slots, {accepted} accepted");
}

#[test]
fn limits_stop_it_and_nonsense_is_refused() {
    let space = with_program(&json!([]));
    for (limits, words) in [
        (["--stagnation-k", "0"], "a whole number from 1"),
        (["--max-total-cost-usd", "0"], "an amount in dollars"),
        (["--max-total-cost-usd", "inf"], "an amount in dollars"),
        (["--max-total-cost-usd", "1e400"], "an amount in dollars"),
        (["--stagnation-eps", "7"], "a number from 0 to 1"),
        (["--max-sessions", "0"], "a whole number from 1"),
    ] {
        space.kaizen(&[&["loop"][..], &limits].concat()).exits(2).says(&[words]);
        assert!(!space.root.join("sessions").exists(), "{limits:?}");
    }
    // The program does not report its cost, which therefore is unknown, not 0.
    let said = space.kaizen(&["loop", "--max-sessions", "2"]).exits(0);
    assert!(
        said.out.contains("cost unknown") && !said.out.contains("limit"),
        "nobody set a limit: {}",
        said.out
    );
    let record = record(&space);
    assert_eq!(
        (&record["stop_reason"], steps(&record).len()),
        (&json!("max_sessions"), 2)
    );
    assert_eq!(
        (&record["total_cost_usd"], &steps(&record)[0]["cost_usd"]),
        (&Value::Null, &Value::Null)
    );
    let limited = ["loop", "--max-sessions", "1", "--max-total-cost-usd", "3"];
    let said = space.kaizen(&limited).exits(0);
    assert!(said.out.contains("A part of the cost is unknown"), "{}", said.out);
}

#[test]
fn what_waits_for_review_does_not_stop_it() {
    let space = with_program(&json!([bold()]));
    let said = space
        .kaizen(&["loop", "--autonomy", "manual", "--max-sessions", "2"])
        .exits(0);
    let record = record(&space);
    assert!(
        steps(&record).iter().all(|step| step["status"] == "awaiting_review"),
        "{record}"
    );
    assert!(said.out.contains("0 applied, 1 waiting"), "{}", said.out);
}

#[test]
fn the_record_keeps_what_it_does_not_know_and_refuses_the_future() {
    let space = with_program(&json!([]));
    let arguments = ["loop", "--max-sessions", "1"];
    space.kaizen(&arguments).exits(0);
    let mut changed = record(&space);
    changed["stop_reason"] = Value::Null;
    changed["mood"] = json!("kept");
    changed["steps"][0]["weather"] = json!("kept");
    space.write("sessions/loop.json", &changed.to_string());
    space.kaizen(&arguments).exits(0);
    let after = record(&space);
    assert_eq!(
        (&after["mood"], &after["steps"][0]["weather"]),
        (&json!("kept"), &json!("kept"))
    );
    assert_eq!(after["stop_reason"], "max_sessions");
    assert_eq!(sessions(&space).len(), 1, "the loop already had its one session");
    space.kaizen(&["verify"]).exits(0);

    changed["version"] = json!(9);
    space.write("sessions/loop.json", &changed.to_string());
    space
        .kaizen(&arguments)
        .exits(1)
        .says(&["loop.json", "newer than this kaizen can read"]);
    let said = space.kaizen(&["verify"]).exits(1);
    assert!(
        said.out.contains("sessions/loop.json") && said.out.contains("newer"),
        "{}",
        said.out
    );
}

#[test]
fn a_held_plan_stops_it_until_it_is_released() {
    let space = stepwise();
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[teacher]\nmax_edits = 1\n[session]\nhold = \"plan\"\n",
    );
    space.commit_all("hold");
    space.kaizen(&LOOP).exits(3);
    assert_eq!(record(&space)["stop_reason"], "held");
    space.kaizen(&["release"]).exits(0);
    space.kaizen(&LOOP).exits(3);
    let after = record(&space);
    assert_eq!((steps(&after).len(), sessions(&space).len()), (2, 2), "{after}");
    assert_eq!(steps(&after)[0]["session"], sessions(&space)[0].as_str());
    // Reverting an edit of a session from before `hold` was set needs no release.
    let name = format!("sessions/{}/plan.json", sessions(&space)[0]);
    space.replace(&name, "  \"released\": true,\n", "");
    space.write("kaizen.toml", "[ledger]\nauthor = \"t <t@t>\"\n");
    space.kaizen(&["run", &sessions(&space)[0]]).exits(0);
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[session]\nhold = \"plan\"\n",
    );
    let said = space.kaizen(&["revert", &sessions(&space)[0]]).exits(0);
    assert!(said.out.contains("reverted in commit"), "{}", said.out);
}

#[test]
fn a_failed_session_stops_it_and_the_next_loop_begins_with_that_one() {
    let space = with_program(&json!([bold()]));
    space.write("fails", "");
    let arguments = ["loop", "--autonomy", "auto", "--max-sessions", "2"];
    let said = space.kaizen(&arguments).exits(1).says(&["out of tea", "hint: "]);
    assert!(said.out.contains("a session failed"), "{}", said.out);
    let failed = record(&space);
    assert_eq!((&failed["stop_reason"], steps(&failed).len()), (&json!("failed"), 1));
    assert!(steps(&failed)[0]["error"].as_str().unwrap().contains("out of tea"));
    std::fs::remove_file(space.root.join("fails")).unwrap();
    space.kaizen(&arguments).exits(0);
    let after = record(&space);
    assert_eq!(steps(&after)[0]["session"], steps(&failed)[0]["session"]);
    assert_eq!(sessions(&space).len(), 2);
    assert_eq!(space.git(&["status", "--porcelain"]), "");
}

#[test]
fn what_is_missing_stops_it_with_four() {
    let space = stepwise();
    let traces = space.read("traces/runs.jsonl");
    space.write("traces/runs.jsonl", "");
    space.commit_all("no traces");
    space.kaizen(&LOOP).exits(4).says(&["20 usable traces"]);
    assert_eq!(record(&space)["stop_reason"], "not_ready");
    space.write("traces/runs.jsonl", &traces);
    space.commit_all("traces");
    // Uncommitted changes of the user: the loop records neither a step nor a stop.
    space.replace("config.toml", "max_turns = 3", "max_turns = 4");
    space
        .kaizen(&LOOP)
        .exits(4)
        .says(&["uncommitted changes in config.toml"]);
    let under_way = record(&space);
    assert_eq!((&under_way["stop_reason"], steps(&under_way).len()), (&Value::Null, 0));
    space.git(&["checkout", "-q", "config.toml"]);
    space.kaizen(&["loop", "--max-sessions", "1"]).exits(0);
    assert_eq!(sessions(&space).len(), 1, "all loops used the same session");
}

#[test]
fn a_killed_loop_ends_as_an_undisturbed_one() {
    let before = stepwise();
    let undisturbed = before.copy();
    let log = undisturbed.root.parent().unwrap().join("effects");
    let arguments = [&LOOP[..], &["--max-sessions", "2"]].concat();
    undisturbed
        .kaizen_with("KAIZEN_EFFECTS", log.to_str().unwrap(), &arguments)
        .exits(0);
    let end = undisturbed.state();
    let text = std::fs::read_to_string(log).unwrap();
    let all: Vec<&str> = text.lines().collect();
    // The crash test of `run` covers the effects within a session; this one covers those that begin, count or end one.
    let counts = |effect: &str| {
        let words = ["loop", "trigger.json", "commit session"];
        words.iter().any(|words| effect.contains(words))
    };
    let chosen: Vec<&str> = all.iter().copied().filter(|effect| counts(effect)).collect();
    assert!(
        chosen
            .iter()
            .filter(|effect| effect.contains("publish loop.json"))
            .count()
            == 3,
        "{text}"
    );
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(effect) = chosen.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let (number, _) = effect.split_once(' ').unwrap();
                    let space = before.copy();
                    let crashed = space.kaizen_with("KAIZEN_CRASH_BEFORE", number, &arguments);
                    assert_eq!(crashed.code, None, "before {effect}");
                    space.kaizen(&arguments).exits(0);
                    space.ends_as(&end, effect);
                }
            });
        }
    });
}
