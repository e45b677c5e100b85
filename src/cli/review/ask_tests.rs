//! Tests of the review loop, with scripted keys.

use std::collections::VecDeque;

use serde_json::json;

use super::super::fixture::entry;
use super::*;

/// A `Desk` with scripted key presses; it records what was done.
struct Script {
    keys: VecDeque<char>,
    said: String,
    done: Vec<String>,
}

impl Desk for Script {
    fn key(&mut self) -> Option<Key> {
        self.keys.pop_front().map(Key::Char)
    }

    fn say(&mut self, text: &str) {
        self.said += text;
    }

    fn page(&self) -> Page {
        Page {
            width: 80,
            height: 24,
            whole: false,
        }
    }

    fn evidence(&mut self, _: &QueueEntry) -> EditEvidence {
        EditEvidence::default()
    }

    fn answer(&mut self, entry: &QueueEntry, answer: ReviewAnswer) -> Result<(), CommandFailure> {
        if entry.name == "broken" {
            return Err(CommandFailure::failed("the disk is full"));
        }
        self.done.push(format!("{answer:?} {}", entry.name));
        Ok(())
    }

    fn update(&mut self, entry: &QueueEntry) -> Result<QueueEntry, CommandFailure> {
        self.done.push(format!("update {}", entry.name));
        Ok(QueueEntry {
            staleness: Staleness::Fresh,
            ..entry.clone()
        })
    }

    fn verdict(&mut self, _: &QueueEntry) -> Result<Verdict, CommandFailure> {
        Err(CommandFailure::failed("no tasks"))
    }

    fn edit(&mut self, entry: &QueueEntry) -> Result<HandEdit, CommandFailure> {
        Ok(match entry.name.as_str() {
            "same" => HandEdit::Unchanged,
            "words" => HandEdit::Reworded(Box::new(QueueEntry {
                name: "reworded".into(),
                ..entry.clone()
            })),
            _ => HandEdit::Replaced,
        })
    }
}

fn stale(id: &str) -> QueueEntry {
    QueueEntry {
        staleness: Staleness::Stale("p changed".into()),
        ..fresh(id)
    }
}

fn fresh(id: &str) -> QueueEntry {
    entry(id, "--- a/p\n+++ b/p\n", json!({}))
}

fn run(keys: &str, mut queue: Vec<QueueEntry>) -> (Script, Vec<(usize, ReviewResult)>) {
    let keys = keys.chars().collect();
    let mut script = Script {
        keys,
        said: String::new(),
        done: Vec::new(),
    };
    let done = ask(&mut script, &mut queue);
    (script, done)
}

#[test]
fn one_key_answers_one_question() {
    let (script, done) = run("asre", ["a", "b", "c", "d"].map(fresh).to_vec());
    assert_eq!(script.done, ["Accept a", "Reject c"]);
    assert_eq!(
        done,
        [
            (0, ReviewResult::Accepted),
            (2, ReviewResult::Rejected),
            (3, ReviewResult::Replaced)
        ]
    );
    for place in ["[1/4] a", "[4/4] d"] {
        assert!(script.said.contains(place), "{}", script.said);
    }
}

#[test]
fn quit_interrupt_and_the_end_of_input_leave_the_rest() {
    for keys in ["aq", "a\u{3}", "a\u{4}", "a", "azzz\n"] {
        let (script, done) = run(keys, ["a", "b", "c"].map(fresh).to_vec());
        assert_eq!((script.done.len(), done.len()), (1, 1), "{keys:?}");
    }
}

#[test]
fn all_wants_a_second_key() {
    let (script, _) = run("sAn", ["a", "b", "c"].map(fresh).to_vec());
    assert!(
        script.done.is_empty() && script.said.contains("2 in all?"),
        "{}",
        script.said
    );
    let (script, done) = run("sAy", ["a", "b", "c"].map(fresh).to_vec());
    assert_eq!(script.done, ["Accept b", "Accept c"]);
    assert_eq!(done, [(1, ReviewResult::Accepted), (2, ReviewResult::Accepted)]);
    assert_eq!(
        run("Ry", ["a", "b"].map(fresh).to_vec()).0.done,
        ["Reject a", "Reject b"]
    );
}

#[test]
fn a_stale_question_is_accepted_only_after_it_was_asked_anew() {
    let (script, done) = run("a", vec![stale("a")]);
    assert!(script.done.is_empty() && done.is_empty() && script.said.contains("press u first"));
    let (script, done) = run("ua", vec![stale("a")]);
    assert_eq!(script.done, ["update a", "Accept a"]);
    assert_eq!(done, [(0, ReviewResult::Accepted)]);
    let (script, _) = run("Ay", vec![fresh("a"), stale("b"), fresh("c")]);
    assert_eq!(script.done, ["Accept a", "Accept c"]);
    assert!(script.said.contains("b stays pending: it is stale"));
    assert_eq!(
        run("r", vec![stale("a")]).0.done,
        ["Reject a"],
        "no needs no second look"
    );
    let gone = QueueEntry {
        staleness: Staleness::Inapplicable("no file".into()),
        ..fresh("a")
    };
    assert!(run("a", vec![gone]).0.done.is_empty());
    assert!(
        run("u", vec![fresh("a")]).0.done.is_empty(),
        "a fresh question is not written again"
    );
}

#[test]
fn what_fails_is_said_and_the_question_stands() {
    let (script, done) = run("ags", vec![fresh("broken"), fresh("b")]);
    assert!(done.is_empty() && script.said.contains("the disk is full") && script.said.contains("no tasks"));
    assert!(script.said.contains("[2/2] b"));
}

#[test]
fn editing_goes_on_with_what_the_edit_became() {
    assert_eq!(run("ea", vec![fresh("same")]).0.done, ["Accept same"]);
    assert_eq!(run("ea", vec![fresh("words")]).0.done, ["Accept reworded"]);
    let (script, done) = run("ea", vec![fresh("other")]);
    assert_eq!((script.done.len(), done), (0, vec![(0, ReviewResult::Replaced)]));
}

#[test]
fn help_explains_and_shows_the_question_again() {
    let (script, _) = run("?d", vec![fresh("a")]);
    assert!(script.said.contains("change the edit in $VISUAL"));
    assert_eq!(script.said.matches("[1/1] a").count(), 2);
}
