//! `kaizen report`: what the page tells, what it must not hold, and where it goes.

mod browser;
mod page;

use std::fs;

use serde_json::{Value, json};

use self::page::Page;
use crate::edits::{edit, first_plan};
use crate::gate::gated;
use crate::revert::sessions;
use crate::sample::{self, GATE, says};
use crate::serve::{Served, next_with};
use crate::space::{Said, Space, bold, shots, shy};

/// The page of a command that writes to stdout.
fn page(space: &Space, arguments: &[&str]) -> Page {
    let said = space.kaizen(&[&["report", "-o", "-"], arguments].concat()).exits(0);
    Page::new(said.out)
}

#[test]
fn the_page_tells_a_session_and_loads_nothing() {
    let space = Space::executed();
    let page = page(&space, &[]);
    page.loads_nothing();
    page.shows(&[
        // The four edits of the plan, and what became of them.
        "bold",
        "applied",
        "shy",
        "rejected by gate",
        "shots",
        "waits for review",
        "hostile",
        "inapplicable",
        // The diff and the evidence of the edit that was kept.
        "+refuse_below = 0",
        "evidence that similar tasks gain too",
        "By category",
        // What a person can do.
        "kaizen review",
        // A train trace behind an edit.
        "please switch the lamp on in the kitchen",
        // The harness, and who wrote its lines.
        "config.toml",
        "system_prompt.md",
        "Use of the gate split",
    ]);
}

#[test]
fn a_line_of_the_harness_leads_to_its_edit() {
    let space = Space::executed();
    let page = page(&space, &[]);
    let written = page
        .text
        .lines()
        .find(|line| line.contains("class=\"n\"") && line.contains("refuse_below = 0"));
    let written = written.expect("the line of the edit is shown").to_owned();
    let link = written.split("href=\"#").nth(1).unwrap().split('"').next().unwrap();
    assert!(page.text.contains(&format!("id=\"{link}\"")), "{link} leads nowhere");
    assert!(
        page.text.contains("class=\"range person\""),
        "the other lines are a person's"
    );
    page.links_lead_somewhere();
}

#[test]
fn each_mode_of_the_gate_shows_its_evidence_against_its_threshold() {
    let sequential = gated("mode = \"sequential\"", &[bold(), shy()]);
    sequential.kaizen(&["run"]).exits(0);
    page(&sequential, &[]).shows(&[
        "Decided by <b>sequential</b>",
        "evidence of a gain",
        "threshold ",
        "Error budget",
    ]);
    let server = sample::model();
    let space = sample::space(&server, "mode = \"sample\"", GATE, &[says("GOOD")]);
    space.kaizen(&["run", "--autonomy", "auto"]);
    page(&space, &[]).shows(&[
        "Decided by <b>sample</b>",
        "evidence of a gain",
        "is accepted",
        "student runs, ",
    ]);
    let rule = gated("mode = \"rule\"", &[bold()]);
    rule.kaizen(&["run"]);
    page(&rule, &[]).shows(&["Decided by <b>rule</b>"]);
}

#[test]
fn equal_workspaces_give_equal_bytes() {
    let space = Space::executed();
    let other = space.copy();
    for arguments in [&[][..], &["--all"]] {
        assert_eq!(page(&space, arguments).text, page(&other, arguments).text);
        assert_eq!(page(&space, arguments).text, page(&space, arguments).text);
    }
}

/// Puts held-out tasks into a workspace whose words no output may hold, and a trace and a prompt that repeat them.
pub fn plant_canaries(space: &Space) {
    let mut tasks = space.read("benchmark/tasks.jsonl");
    for (split, query) in [
        ("gate", "CANARY_QUERY_gate please say it"),
        ("test", "CANARY_QUERY_test please \"say\" it"),
        ("reserve", "CANARY_QUERY_reserve"),
    ] {
        let task = json!({"task_id": format!("CANARY_ID-{split}"), "query": query, "category": "home", "scorer": "exact",
            "reference_answer": format!("CANARY_ANSWER_{split}"), "split": split});
        tasks += &format!("{task}\n");
    }
    space.write("benchmark/tasks.jsonl", &tasks);
    let trace = |id: &str, query: &str| {
        json!({"trace_id": id, "query": query, "agent": "assistant", "model": "base", "result": "CANARY_ANSWER_gate",
            "outcome": "failure", "feedback": 0.0, "started_at": 1_760_000_100})
    };
    let traces = space.read("traces/runs.jsonl");
    let own = trace("held", "canary_query_gate  please say it");
    space.write("traces/runs.jsonl", &format!("{traces}{own}\n"));
    space.write(
        "agents/assistant/system_prompt.md",
        "Be brief.\n\n- CANARY_ANSWER_test: CANARY_QUERY_test please \"say\" it\n",
    );
}

/// Edits whose texts repeat the planted words.
pub fn canary_edits() -> Vec<Value> {
    let mut bold = bold();
    bold["rationale"] = "CANARY_ID-gate fails, and `CANARY_QUERY_gate please say it` is CANARY_ANSWER_gate".into();
    bold["references"] = json!(["held", "run-000"]);
    let exemplars = json!([{"input": "CANARY_QUERY_reserve", "output": "CANARY_ANSWER_reserve"}]);
    let shots = edit(
        "CANARY_ID-test",
        "edit_few_shot_exemplars",
        "agents.assistant.few_shot",
        json!({"agent": "assistant", "exemplars": exemplars}),
    );
    vec![bold, shots]
}

/// A workspace whose held-out tasks, and an executed plan that quotes them, hold canaries.
fn canaries() -> Space {
    let space = Space::new();
    plant_canaries(&space);
    space.commit_all("canaries");
    space.kaizen(&["run", "--until", "plan"]);
    space.plan(&canary_edits());
    space.kaizen(&["run"]);
    space
}

#[test]
fn nothing_that_follows_a_run_holds_held_out_tasks() {
    let space = canaries();
    let log = space.read(".kaizen/events.jsonl");
    assert!(
        log.contains("[held-out task]") && log.contains("\"event\":\"edit_settled\""),
        "{log}"
    );
    let served = Served::start(&space);
    let event = next_with(&mut served.events(), "edit_few_shot_exemplars").to_string();
    for text in [log, served.page(), event] {
        assert!(!text.to_lowercase().contains("canary"), "{}", around(&text, "canary"));
    }
}

#[test]
fn the_page_holds_nothing_of_held_out_tasks() {
    let space = canaries();
    for arguments in [&[][..], &["--all"]] {
        let text = page(&space, arguments).text;
        assert!(!text.to_lowercase().contains("canary"), "{}", around(&text, "canary"));
        assert!(text.contains("[held-out task] fails"), "the rest of the text stays");
    }
}

/// The beginning of what a text must not contain.
fn around(text: &str, word: &str) -> String {
    let at = text.to_lowercase().find(word).unwrap_or_default();
    text[at..].chars().take(120).collect()
}

#[test]
fn secrets_in_traces_texts_and_files_are_redacted() {
    let space = Space::planned();
    let key = format!("sk-ant-api03-{}", "Ab3dEf7hIj".repeat(9));
    space.write(
        "agents/assistant/system_prompt.md",
        &format!("Be brief.\nkey: {key}\nAsk jo.doe@example.com.\n"),
    );
    space.commit_all("a key");
    let mut bold = bold();
    bold["rationale"] = format!("The key {key} works.").into();
    let patch = "@@ -1,2 +1,3 @@\n Be brief.\n+Be kind.\n";
    let kind = edit(
        "kind",
        "patch_system_prompt",
        "agents.assistant.system_prompt",
        json!({"agent": "assistant", "diff": patch}),
    );
    space.plan(&[bold, kind]);
    let text = page(&space, &[]).text;
    assert!(!text.contains(&key[..24]) && !text.contains("jo.doe@example.com"));
    assert!(text.contains("[redacted:") && text.contains("Be kind."));
}

#[test]
fn hostile_texts_stay_texts() {
    let space = Space::new();
    let path = "agents/assistant/javascript:alert(1) <b>.md";
    space.write(path, "x <script>alert(2)</script>\n\u{202e}reversed \u{1b}[2J\n");
    space.replace(
        "kaizen.toml",
        "[ledger]",
        "[harness]\nfiles = [\"config.toml\", \"agents/**\", \"tools/*\"]\n\n[ledger]",
    );
    space.commit_all("hostile files");
    space.kaizen(&["run", "--until", "plan"]);
    let mut evil = bold();
    evil["id"] = "</script><script>alert(3)</script>".into();
    evil["rationale"] = format!("\"><img src=x onerror=alert(4)> {} &lt;", "w".repeat(100_000)).into();
    evil["target"] = "javascript:alert(5)\u{2066}".into();
    space.plan(&[evil, shots()]);
    let page = page(&space, &[]);
    page.loads_nothing();
    for part in [
        "<script>alert",
        "<img",
        "\u{202e}",
        "\u{1b}",
        "\u{2066}",
        "href=\"javascript",
    ] {
        assert!(!page.text.contains(part), "{part:?}");
    }
    page.shows(&[
        "&lt;script&gt;alert(3)",
        "&lt;img src=x",
        "&lt;U+202E&gt;reversed ␛[2J",
        "javascript:alert(1) &lt;b&gt;.md",
    ]);
}

#[test]
fn a_hundred_edits_of_any_size_take_less_than_a_megabyte() {
    let space = Space::planned();
    let large = |number: usize| {
        let prompt = format!("{number}\n{}", "<\"&'> ".repeat(3_000)) + &"\n<".repeat(3_000);
        let mut edit = edit(
            &format!("edit-{number}"),
            "replace_system_prompt",
            "agents.assistant.system_prompt",
            json!({"agent": "assistant", "new_content": prompt}),
        );
        edit["rationale"] = "<\"&'>\n".repeat(5_000).into();
        edit["references"] = (0..30).map(|trace| format!("run-{trace:03}")).collect();
        edit
    };
    space.plan(&(0..100).map(large).collect::<Vec<_>>());
    let page = page(&space, &[]);
    page.loads_nothing();
    assert!(page.text.contains("edit-99") && page.text.contains("more characters are in"));
    assert!(page.text.len() < 1_000_000, "{} bytes", page.text.len());
}

#[test]
fn all_sessions_are_on_one_page() {
    let space = Space::executed();
    space.kaizen(&["run", "--new"]);
    let sessions = sessions(&space);
    assert_eq!(sessions.len(), 2);
    let page = page(&space, &["--all"]);
    page.loads_nothing();
    page.links_lead_somewhere();
    page.shows(&["All 2 sessions"]);
    for session in &sessions {
        page.shows(&[&format!("<h3 id=\"{session}\">")]);
    }
    let one = self::page(&space, &[&sessions[0]]);
    one.links_lead_somewhere();
    one.shows(&[
        &format!("Session {}", sessions[0]),
        "Other sessions",
        sessions[1].as_str(),
    ]);
    space
        .kaizen(&["report", "session-none"])
        .exits(2)
        .says(&["there is no session `session-none`"]);
}

#[test]
fn without_a_session_there_is_a_page_too() {
    let space = Space::new();
    let page = page(&space, &[]);
    page.loads_nothing();
    page.links_lead_somewhere();
    page.shows(&["There is no session yet", "config.toml"]);
}

#[test]
fn by_default_git_does_not_see_the_file_and_the_path_is_printed() {
    let space = Space::executed();
    let before = space.git(&["status", "--porcelain"]);
    let said = space.kaizen(&["report"]).exits(0);
    assert_eq!(
        said.out.trim_end(),
        space.root.join(".kaizen/report.html").to_string_lossy()
    );
    assert_eq!(space.git(&["status", "--porcelain"]), before);
    let said = space.kaizen(&["report", "--format", "json"]).exits(0);
    let event = &said.events()[0];
    let text = fs::read_to_string(event["file"].as_str().unwrap()).unwrap();
    assert_eq!(event["bytes"], text.len());
}

#[test]
fn only_an_older_report_is_replaced_and_no_link_is_followed() {
    let space = Space::executed();
    let to = |name: &str| -> Said { space.kaizen(&["report", "-o", name]) };
    to("out.html").exits(0);
    to("out.html").exits(0);
    space.write("mine.html", "<p>Mine.</p>\n");
    to("mine.html").exits(2).says(&["is not a report of kaizen"]);
    assert_eq!(space.read("mine.html"), "<p>Mine.</p>\n");
    to("config.toml").exits(2).says(&["a file of the harness"]);
    to("nowhere/out.html").exits(2).says(&["there is no folder"]);
    #[cfg(unix)]
    {
        let outside = space.home.join("outside.html");
        std::os::unix::fs::symlink(&outside, space.root.join("link.html")).unwrap();
        to("link.html").exits(1);
        assert!(!outside.exists());
    }
}

#[test]
fn a_session_that_cannot_be_read_does_not_hide_the_rest() {
    let space = Space::executed();
    let session = space.session();
    space.write(&format!("{session}/outcomes/{}.json", "0".repeat(40)), "{");
    let page = page(&space, &[]);
    page.shows(&["class=\"problem\"", "config.toml"]);
}

#[test]
fn an_edit_that_a_person_squashed_is_still_found() {
    let space = Space::executed();
    space.plan(&first_plan());
    let first = space.git(&["rev-list", "--max-parents=0", "HEAD"]);
    space.git(&["reset", "-q", "--soft", first.trim()]);
    space.git(&["commit", "-q", "-m", "all in one"]);
    page(&space, &[]).links_lead_somewhere();
}
