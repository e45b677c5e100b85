//! Removes all mentions of gate, test and reserve tasks from the text that a program or a teacher receives.
//!
//! Some artifacts have lists with one row per gate task. These lists are emptied; totals and the shape of the JSON
//! stay. In all other text, a mark replaces the ids and queries of held-out tasks. Ids that are ordinary words or short
//! numbers, such as `home` or `7`, are not replaced, because in text they usually mean something else. A page for people
//! also leaves out the answers.

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use serde_json::Value;

use crate::artifact::task::{Split, Task};
use crate::llm::redact::Redactor;

/// The mark that replaces an id or a query.
const MARK: &str = "[held-out task]";

/// The keys of lists with one row per task, at any depth in the files of [`WITH_ROWS`].
const ROWS: [&str; 6] = ["tasks", "disagreed", "second", "changed", "reached", "pairs"];

/// The files of a session that have rows about gate tasks.
const WITH_ROWS: [&str; 5] = [
    "after.json",
    "baseline.json",
    "outcomes/",
    "pending_review/",
    "session.json",
];

/// The files of a session that are made only from traces and train tasks, and stay unchanged.
const FROM_TRAIN: [&str; 2] = ["evidence.jsonl", "teacher/"];

/// The minimum length of a query that is replaced in text. Shorter queries, and those of one word, are too common.
const SHORTEST_QUERY: usize = 8;
/// The minimum length of an id that is a number; shorter numbers are too common.
const SHORTEST_NUMBER: usize = 5;

/// The ids and queries of held-out tasks, which neither a program nor a teacher may see.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldOut {
    /// Replaced where they stand as whole words.
    words: Vec<String>,
    /// Replaced wherever they occur.
    queries: Vec<String>,
    /// Rules out most texts in one pass; `None` if the lists are empty, or too long for it.
    finder: Option<AhoCorasick>,
}

impl HeldOut {
    /// The held-out tasks of a benchmark. Leaves out queries that are part of a train task's query, because they are
    /// not secret.
    pub(crate) fn of(tasks: &[Task]) -> Self {
        let (train, held): (Vec<&Task>, Vec<&Task>) = tasks.iter().partition(|task| task.split() == Split::Train);
        let ids = held.iter().map(|task| task.task_id.clone());
        let queries = held
            .iter()
            .map(|task| task.query.trim())
            .filter(|query| is_query(query));
        Self::new(
            ids.filter(|id| is_id(id)).collect(),
            unseen(
                queries.map(str::to_owned).collect(),
                train.iter().map(|task| task.query.as_str()),
            ),
        )
    }

    /// As [`Self::of`], and with what else a page for people leaves out: the answers, queries of one word if they can be
    /// told from ordinary words, and each of these texts as the redactor would write it.
    pub(crate) fn with_answers(tasks: &[Task], redactor: &Redactor) -> Self {
        let (train, held): (Vec<&Task>, Vec<&Task>) = tasks.iter().partition(|task| task.split() == Split::Train);
        let texts = |task: &Task| -> Vec<String> {
            let answers = task.reference_answer.accepted().iter();
            answers
                .chain([&task.query])
                .map(|text| text.trim().to_owned())
                .collect()
        };
        let seen: BTreeSet<String> = train.iter().flat_map(|task| texts(task)).collect();
        let mut secret: BTreeSet<String> = held.iter().flat_map(|task| texts(task)).collect();
        let redacted: Vec<String> = secret.iter().map(|text| redactor.text(text).into_owned()).collect();
        secret.extend(redacted);
        secret.retain(|text| is_query(text) || is_id(text));
        let secret = unseen(secret.into_iter().collect(), seen.iter().map(String::as_str));
        let (queries, mut words): (Vec<String>, Vec<String>) = secret.into_iter().partition(|text| is_query(text));
        words.extend(held.iter().map(|task| task.task_id.clone()).filter(|id| is_id(id)));
        Self::new(words, queries)
    }

    fn new(words: Vec<String>, queries: Vec<String>) -> Self {
        let queries = longest_first(queries.iter().flat_map(|query| spellings(query)).collect());
        let words = longest_first(words);
        let all = || words.iter().chain(&queries);
        Self {
            finder: all().next().and_then(|_| AhoCorasick::new(all()).ok()),
            words,
            queries,
        }
    }

    /// The text of a session's file as a program may see it; `name` is its path in the session.
    pub(crate) fn artifact(&self, name: &str, text: &str) -> String {
        let is_in = |names: &[&str]| {
            names
                .iter()
                .any(|known| *known == name || known.ends_with('/') && name.starts_with(known))
        };
        if is_in(&FROM_TRAIN) {
            return text.to_owned();
        }
        match serde_json::from_str::<Value>(text) {
            Ok(mut value) if name.ends_with(".json") => {
                if is_in(&WITH_ROWS) {
                    empty_rows(&mut value);
                }
                self.value(&mut value);
                format!("{value:#}\n")
            }
            _ if name.ends_with(".jsonl") => text.lines().map(|line| self.line(line)).collect(),
            _ => self.text(text).into_owned(),
        }
    }

    fn line(&self, line: &str) -> String {
        match serde_json::from_str::<Value>(line) {
            Ok(mut value) => {
                self.value(&mut value);
                format!("{value}\n")
            }
            Err(_) => format!("{}\n", self.text(line)),
        }
    }

    /// Replaces ids and queries in every string of a value, and removes entries whose key contains one.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(changed) = self.text(text) {
                    *text = changed;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.value(value)),
            Value::Object(map) => {
                map.retain(|key, _| matches!(self.text(key), Cow::Borrowed(_)));
                map.values_mut().for_each(|value| self.value(value));
            }
            _ => {}
        }
    }

    /// Replaces each id and query in a text by the mark.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.finder.as_ref().is_some_and(|finder| !finder.is_match(text)) {
            return Cow::Borrowed(text);
        }
        let mut text = Cow::Borrowed(text);
        for query in self.queries.iter().filter(|query| !query.is_empty()) {
            if text.contains(query.as_str()) {
                text = Cow::Owned(text.replace(query.as_str(), MARK));
            }
        }
        for word in &self.words {
            if let Some(changed) = without_word(&text, word) {
                text = Cow::Owned(changed);
            }
        }
        text
    }
}

/// The texts that are part of no seen one. One pass over the seen texts, because there may be thousands of both.
fn unseen<'t>(texts: Vec<String>, seen: impl Iterator<Item = &'t str>) -> Vec<String> {
    let Ok(finder) = AhoCorasick::new(&texts) else {
        let seen: Vec<&str> = seen.collect();
        let is_unseen = |text: &String| !seen.iter().any(|seen| seen.contains(text.as_str()));
        return texts.into_iter().filter(is_unseen).collect();
    };
    let mut is_seen = vec![false; texts.len()];
    for text in seen {
        for found in finder.find_overlapping_iter(text) {
            is_seen[found.pattern().as_usize()] = true;
        }
    }
    let marked = texts.into_iter().zip(is_seen).filter(|(_, is_seen)| !is_seen);
    marked.map(|(text, _)| text).collect()
}

fn empty_rows(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(empty_rows),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::Array(rows) if ROWS.contains(&key.as_str()) => rows.clear(),
                    value => empty_rows(value),
                }
            }
        }
        _ => {}
    }
}

/// Replaces `word` by the mark where it occurs as a whole word; `None` if it does not.
fn without_word(text: &str, word: &str) -> Option<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let stands_alone = |at: usize| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    };
    let mut places = text
        .match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| stands_alone(*at))
        .peekable();
    places.peek()?;
    let (mut changed, mut from) = (String::with_capacity(text.len()), 0);
    for at in places {
        changed += &text[from..at];
        changed += MARK;
        from = at + word.len();
    }
    Some(changed + &text[from..])
}

/// Whether an id can be distinguished from an ordinary word or a short number.
fn is_id(id: &str) -> bool {
    let has_letter = id.chars().any(char::is_alphabetic);
    let has_other = id.chars().any(|c| !c.is_alphabetic());
    let length = id.chars().count();
    has_other
        && if has_letter {
            length >= 2
        } else {
            length >= SHORTEST_NUMBER
        }
}

fn is_query(query: &str) -> bool {
    query.chars().count() >= SHORTEST_QUERY && (query.contains(char::is_whitespace) || !query.is_ascii())
}

/// A query as plain text, and as it is escaped in JSON.
fn spellings(query: &str) -> Vec<String> {
    let quoted = Value::from(query).to_string();
    let escaped = quoted[1..quoted.len() - 1].to_owned();
    match escaped == query {
        true => vec![escaped],
        false => vec![query.to_owned(), escaped],
    }
}

/// Sorts texts by length, longest first, so that a text is replaced before any other text that is a part of it.
fn longest_first(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn task(id: &str, query: &str, split: &str) -> Task {
        serde_json::from_value(json!({"task_id": id, "query": query, "reference_answer": "a", "split": split})).unwrap()
    }

    fn held_out() -> HeldOut {
        HeldOut::of(&[
            task("home-1", "switch the lamp on in the hall", "gate"),
            task("home-12", "say \"good night\" to all", "test"),
            task("weather", "lamp", "reserve"),
            task("7", "how is the weather today", "reserve"),
            task("train-1", "please tell me how is the weather today", "train"),
        ])
    }

    #[test]
    fn rows_go_and_totals_stay() {
        let baseline = json!({
            "evaluation": {"overall_score": 0.5, "task_count": 2, "tasks": [{"task_id": "weather", "score": 1.0}]},
            "probe": {"tasks": 2, "disagreed": ["7"], "noise": 0.0, "second": [{"task_id": "7"}]},
        });
        let stripped = held_out().artifact("baseline.json", &baseline.to_string());
        let expected = json!({
            "evaluation": {"overall_score": 0.5, "task_count": 2, "tasks": []},
            "probe": {"tasks": 2, "disagreed": [], "noise": 0.0, "second": []},
        });
        assert_eq!(serde_json::from_str::<Value>(&stripped).unwrap(), expected);
        let outcome = json!({"verdict": {"wins": 1, "changed": [{"task_id": "weather"}]},
            "gate": {"reached": [{"task": "7"}], "pairs": [{"task": "7", "run": 0}], "sizes": {"home": 2}}});
        let stripped = held_out().artifact("outcomes/x.json", &outcome.to_string());
        assert!(
            !stripped.contains("weather") && !stripped.contains("run") && stripped.contains("\"home\": 2"),
            "{stripped}"
        );
    }

    #[test]
    fn texts_lose_what_names_a_task_and_nothing_else() {
        for (text, expected) in [
            (
                "home-1, home-12 and home-123",
                "[held-out task], [held-out task] and home-123",
            ),
            ("at-home-1.", "at-[held-out task]."),
            ("`switch the lamp on in the hall` fails", "`[held-out task]` fails"),
            (
                "{\"input\": \"say \\\"good night\\\" to all\"}",
                "{\"input\": \"[held-out task]\"}",
            ),
            ("7 of 12 tasks about the weather", "7 of 12 tasks about the weather"),
            ("how is the weather today", "how is the weather today"),
        ] {
            assert_eq!(held_out().text(text), expected);
        }
        let plan = "{\"edits\": [{\"rationale\": \"home-1 fails\", \"pairs\": [1]}]}";
        let stripped = held_out().artifact("plan.json", plan);
        assert!(
            stripped.contains("[held-out task] fails") && stripped.contains('1'),
            "{stripped}"
        );
        assert_eq!(held_out().artifact("teacher/plan.jsonl", "home-1"), "home-1");
    }

    #[test]
    fn a_page_for_people_has_no_answers_and_no_single_words_either() {
        let tasks = [
            task("g-1", "CANARY-QUERY-1", "gate"),
            with_answer(task("g-2", "what is the code", "test"), "CANARY_ANSWER_2"),
            with_answer(task("g-3", "mail to jo@example.com please", "reserve"), "lights_on"),
            with_answer(task("t-1", "switch the lamp on", "train"), "lights_on"),
        ];
        let redactor = Redactor::default();
        let held = HeldOut::with_answers(&tasks, &redactor);
        let redacted = redactor.text("mail to jo@example.com please").into_owned();
        for text in [
            "CANARY-QUERY-1",
            "CANARY_ANSWER_2",
            "what is the code",
            "g-1",
            &redacted,
        ] {
            assert_eq!(held.text(&format!("a {text} b")), "a [held-out task] b");
        }
        for text in ["lights_on", "t-1", "switch the lamp on"] {
            assert_eq!(held.text(text), text);
        }
        assert_eq!(HeldOut::of(&tasks).text("CANARY_ANSWER_2"), "CANARY_ANSWER_2");
    }

    fn with_answer(task: Task, answer: &str) -> Task {
        Task {
            reference_answer: answer.into(),
            ..task
        }
    }

    fn anywhere() -> impl Strategy<Value = Value> {
        let ids = prop::sample::select(vec![
            "gate-1",
            "gate-22",
            "how do I reset my password?",
            "see gate-1.",
            "fine",
            "x",
        ]);
        let leaf = prop_oneof![
            ids.prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            Just(Value::Null)
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let keys = prop::sample::select(vec!["tasks", "reason", "gate-22", "pairs", "why", "extra"]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(keys, inner, 0..5)
                    .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_id_and_no_query_is_handed_out(
            value in anywhere(),
            name in prop::sample::select(vec!["baseline.json", "outcomes/a.json", "pending_review/a.json", "mine.json", "notes.md", "budget.jsonl"]),
        ) {
            let held = HeldOut::of(&[
                task("gate-1", "how do I reset my password?", "gate"),
                task("gate-22", "another question altogether", "reserve"),
            ]);
            let stripped = held.artifact(name, &value.to_string());
            for part in ["gate-1", "gate-22", "reset my password"] {
                prop_assert!(!stripped.contains(part), "{}", stripped);
            }
            if name.ends_with(".json") {
                prop_assert!(serde_json::from_str::<Value>(&stripped).is_ok());
            }
            prop_assert_eq!(held.artifact(name, &stripped), stripped);
        }
    }
}
