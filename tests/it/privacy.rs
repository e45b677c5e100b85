//! `[privacy]`: the traces that a session uses, and the text of them that it keeps.

use serde_json::json;

use crate::fixture::MANIFEST;
use crate::space::{Said, Space};

/// The tiny workspace with three newer traces of another agent.
fn space(privacy: &str) -> Space {
    let space = Space::new();
    configure(&space, privacy);
    let diary = ["kitchen", "attic", "study"].map(|place| {
        let trace = json!({"trace_id": format!("diary-{place}"), "query": format!("book me a train from the {place} to town"),
            "agent": "diary", "metadata": {"source": "phone"}, "result": "ask cust-4711 or ada@example.org",
            "outcome": "failure", "feedback": 0.0, "started_at": 1_771_000_000});
        format!("{trace}\n")
    });
    space.write("traces/diary.jsonl", &diary.concat());
    space.commit_all("more");
    space
}

fn configure(space: &Space, privacy: &str) {
    space.write("kaizen.toml", &format!("{MANIFEST}\n[privacy]\n{privacy}\n"));
}

/// Runs the phases up to `diagnose`, and returns the evidence that the teacher read.
fn evidence(space: &Space) -> String {
    space.run(&["--until", "diagnose"]).exits(0);
    space.read(&format!("{}/evidence.jsonl", space.session()))
}

fn message(space: &Space) -> String {
    space.artifact("readiness.json")["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_trace_that_is_not_eligible_is_no_evidence_and_still_there() {
    let open = space("");
    assert!(evidence(&open).contains("diary-kitchen"));
    assert_eq!(message(&open), "Ready: 27 traces available.");
    for privacy in [
        "agents = [\"assistant\"]",
        "exclude_agents = [\"diary\"]",
        "exclude_sources = [\"phone\"]",
    ] {
        let space = space(privacy);
        let evidence = evidence(&space);
        assert!(evidence.contains("run-0") && !evidence.contains("diary"), "{evidence}");
        assert_eq!(
            message(&space),
            "Ready: 24 traces available. 3 more are left out by [privacy]."
        );
        let listed = space.kaizen(&["traces", "list"]).exits(0).out;
        assert!(listed.contains("diary-kitchen"), "{listed}");
    }
}

#[test]
fn too_few_are_left_and_the_refusal_says_why() {
    let space = space("sources = [\"phone\"]");
    let said = space.run(&[]).exits(4);
    assert_eq!(said.phases(), ["readiness"]);
    assert!(message(&space).contains("there are 3 (and 24 that [privacy] leaves out)"));
}

#[test]
fn who_is_left_out_later_leaves_a_session_that_is_not_settled() {
    let space = space("");
    evidence(&space);
    configure(&space, "exclude_agents = [\"diary\"]");
    space.commit_all("stricter");
    let later = space.run(&["--until", "plan"]).exits(0);
    assert_eq!(later.phases(), ["readiness", "baseline", "diagnose", "plan"]);
    assert!(
        !space
            .read(&format!("{}/evidence.jsonl", space.session()))
            .contains("diary")
    );
}

/// Runs phase `readiness` again at this time.
fn readiness_at(space: &Space, now: &str) -> Said {
    space.kaizen_with(
        "KAIZEN_NOW",
        now,
        &["run", "--redo", "readiness", "--until", "readiness"],
    )
}

#[test]
fn age_counts_from_the_start_of_the_session() {
    // When the session begins, the agent's traces are 143 days old, and those of the diary 15.
    let young = space("max_age_days = 150");
    young.run(&["--until", "readiness"]).exits(0);
    assert_eq!(message(&young), "Ready: 27 traces available.");
    readiness_at(&young, "2027-03-01T10:00:00Z").exits(0);
    assert_eq!(message(&young), "Ready: 27 traces available.");
    let old = space("max_age_days = 100");
    old.run(&[]).exits(4);
    assert!(message(&old).contains("there are 3 (and 24 that"), "{}", message(&old));
}

#[test]
fn a_trigger_without_a_time_is_named_when_ages_count() {
    let space = space("max_age_days = 150");
    space.run(&["--until", "readiness"]).exits(0);
    let trigger = format!("{}/trigger.json", space.session());
    space.replace(&trigger, "2026-03-01T10:00:00.000Z", "lately");
    readiness_at(&space, "2026-03-01T10:00:00Z")
        .exits(1)
        .says(&["trigger.json", "lately", "max_age_days"]);
}

#[test]
fn own_patterns_go_from_what_is_kept_and_given_away() {
    let open = evidence(&space(""));
    assert!(
        open.contains("cust-4711") && open.contains("[redacted:email]"),
        "{open}"
    );
    let strict = "redact = ['\\bcust-\\d+\\b']";
    let text = evidence(&space(strict));
    assert!(text.contains("ask [redacted:own] or [redacted:email]"), "{text}");
    assert!(!text.contains("cust-"), "{text}");
    let program = "[phase.diagnose]\nrun = [\"sh\", \"-c\", \"cp traces.jsonl ../../given.jsonl; exit 1\"]";
    let space = space(&format!("{strict}\n{program}"));
    space.run(&["--until", "diagnose"]).exits(1);
    let given = space.read(".kaizen/given.jsonl");
    assert!(given.contains("[redacted:own]") && !given.contains("cust-"), "{given}");
}
