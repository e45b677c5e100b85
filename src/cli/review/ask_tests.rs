//! Tests of `ask`, as a person would meet it.

use std::collections::VecDeque;

use serde_json::json;

use super::super::fixture::entry;
use super::*;

/// A person whose keys are known beforehand, and a notebook of what was done.
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

    fn evidence(&mut self, _: &Entry) -> Evidence {
        Evidence::default()
    }

    fn answer(&mut self, entry: &Entry, answer: Answer) -> Result<(), Failure> {
        if entry.name == "broken" {
            return Err(Failure::failed("the disk is full"));
        }
        self.done.push(format!("{answer:?} {}", entry.name));
        Ok(())
    }

    fn update(&mut self, entry: &Entry) -> Result<Entry, Failure> {
        self.done.push(format!("update {}", entry.name));
        Ok(Entry {
            standing: Standing::Fresh,
            ..entry.clone()
        })
    }

    fn judge(&mut self, _: &Entry) -> Result<Verdict, Failure> {
        Err(Failure::failed("no tasks"))
    }

    fn edit(&mut self, entry: &Entry) -> Result<Edited, Failure> {
        Ok(match entry.name.as_str() {
            "same" => Edited::Unchanged,
            "words" => Edited::Reworded(Box::new(Entry {
                name: "reworded".into(),
                ..entry.clone()
            })),
            _ => Edited::Replaced,
        })
    }
}

fn stale(id: &str) -> Entry {
    Entry {
        standing: Standing::Stale("p changed".into()),
        ..fresh(id)
    }
}

fn fresh(id: &str) -> Entry {
    entry(id, "--- a/p\n+++ b/p\n", json!({}))
}

fn run(keys: &str, mut queue: Vec<Entry>) -> (Script, Vec<(usize, Done)>) {
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
    assert_eq!(done, [(0, Done::Accepted), (2, Done::Rejected), (3, Done::Replaced)]);
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
    assert_eq!(done, [(1, Done::Accepted), (2, Done::Accepted)]);
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
    assert_eq!(done, [(0, Done::Accepted)]);
    let (script, _) = run("Ay", vec![fresh("a"), stale("b"), fresh("c")]);
    assert_eq!(script.done, ["Accept a", "Accept c"]);
    assert!(script.said.contains("b is left pending: it is stale"));
    assert_eq!(
        run("r", vec![stale("a")]).0.done,
        ["Reject a"],
        "no needs no second look"
    );
    let gone = Entry {
        standing: Standing::Inapplicable("no file".into()),
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
    assert_eq!((script.done.len(), done), (0, vec![(0, Done::Replaced)]));
}

#[test]
fn help_explains_and_shows_the_question_again() {
    let (script, _) = run("?d", vec![fresh("a")]);
    assert!(script.said.contains("change the edit in $VISUAL"));
    assert_eq!(script.said.matches("[1/1] a").count(), 2);
}
