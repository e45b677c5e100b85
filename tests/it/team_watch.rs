//! `kaizen watch` in team mode: files start and resume the sessions in the worktrees, and the checkout stays as it is.

use std::fs;
use std::time::Duration;

use serde_json::json;

use super::edits::{bold, shots};
use super::space::names;
use super::team::{branch, checkout, folder, planned, statuses, team, worktrees};
use super::watcher::Watcher;

const A_WHILE: Duration = Duration::from_millis(900);

#[test]
fn an_answer_resumes_a_session_in_its_worktree_which_goes_after_the_merge() {
    let space = team();
    let before = checkout(&space);
    let worktree = planned(&space, &[], &[bold(), shots()]);
    let session = folder(&worktree);
    let mut watcher = Watcher::start(&space);
    assert_eq!(watcher.until("session_settled")["status"], "awaiting_review");
    assert!(
        watcher.within(A_WHILE).is_empty(),
        "own writes make no turn: {:?}",
        watcher.said.last()
    );

    let questions = session.join("pending_review");
    let question = questions.join(&names(&questions)[0]);
    let text = fs::read_to_string(&question).unwrap();
    fs::write(
        &question,
        text.replace("\"decision\": null", "\"decision\": \"accept\""),
    )
    .unwrap();
    assert_eq!(watcher.until("session_settled")["status"], "completed");
    assert_eq!(statuses(&session)["shots"], "applied");
    assert_eq!(checkout(&space), before, "the checkout is as it was");

    space.git(&["merge", "-q", "--no-edit", &branch(&worktree)]);
    watcher.until_where("removed worktree", |event| {
        let text = event["text"].as_str().unwrap_or_default();
        text.contains("is merged; its worktree was removed")
    });
    assert!(worktrees(&space).is_empty());
    assert!(watcher.within(A_WHILE).is_empty(), "{:?}", watcher.said.last());
}

#[test]
fn what_a_reviewer_reverts_on_the_branch_is_recorded_at_once() {
    let space = team();
    let worktree = planned(&space, &[], &[bold()]);
    let mut watcher = Watcher::start(&space);
    watcher.until("session_settled");
    assert_eq!(statuses(&folder(&worktree))["bold"], "applied");
    let place = worktree.to_str().unwrap();
    let log = space.git(&["-C", place, "log", "--format=%H", "--grep", "^Edit-ID: bold$"]);
    space.git(&["-C", place, "revert", "--no-edit", log.trim()]);
    watcher.until("session_settled");
    assert_eq!(statuses(&folder(&worktree))["bold"], "rolled_back");
}

#[test]
fn a_flagged_trace_starts_one_session_on_a_branch() {
    let space = team();
    let mut watcher = Watcher::start(&space);
    let flagged = json!({"trace_id": "bad-1", "query": "where is it", "result": "none", "user_flag": true});
    let lines = space.read("traces/runs.jsonl");
    space.write("traces/runs.jsonl", &format!("{lines}{flagged}\n"));
    watcher.until("trigger_claimed");
    watcher.until("session_settled");
    // The session in the worktree lists the trace, so it does not start another.
    let harmless = json!({"trace_id": "good-1", "query": "where is it", "result": "none", "user_flag": false});
    space.write("traces/runs.jsonl", &format!("{lines}{flagged}\n{harmless}\n"));
    let heard = watcher.within(A_WHILE);
    assert!(
        !heard.iter().any(|event| event["event"] == "trigger_claimed"),
        "{heard:?}"
    );
    assert_eq!(worktrees(&space).len(), 1);
}
