//! Scores an answer against the reference answer of its task: by a pure function, or by the user's program.

mod digits;
mod json;
mod number;
mod program;
mod quantity;
mod skills;
mod spelling;
#[cfg(test)]
mod table_tests;
pub(crate) mod test_run;
mod text;

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};

use self::json::Json;
use self::number::last_number;
pub(crate) use self::program::score_by_program;
use self::quantity::Quantity;
use self::test_run::TestRun;
use self::text::folded;
use crate::artifact::ReferenceAnswer;
use crate::artifact::task::{Scorer, Task};

/// Increment this when a scorer rates some answer differently, so that baselines of open sessions are scored again.
pub(crate) const REVISION: u32 = 2;

/// The maximum compiled size of a reference that is a regular expression, in bytes.
const REGEX_SIZE_LIMIT: usize = 1 << 20;

/// The reason why the answers to a task cannot be scored. No message quotes the reference, because those of held-out
/// tasks are secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// The scorer runs a program or a model, which a pure function cannot.
    #[error("scorer `{0}` needs an engine; it cannot score without one")]
    NeedsEngine(&'static str),
    /// The workspace has no program or model for the scorer.
    #[error("scorer `{scorer}` cannot work: {remedy}")]
    NoEngine {
        /// The scorer's name.
        scorer: &'static str,
        /// What is missing, and how to get it.
        remedy: &'static str,
    },
    /// The task's tolerance is not a number.
    #[error("tolerance is not a number of at least 0; correct it in the benchmark")]
    Tolerance,
    /// The task names scorer `loads` and lists no skills.
    #[error("scorer `loads` needs the field `loads`, a list of skills; correct it in the benchmark")]
    NoLoads,
    /// The scorer cannot read the reference answer.
    #[error("reference_answer is not {wanted}: {problem}; correct it in the benchmark")]
    Reference {
        /// The kind of reference that the scorer needs.
        wanted: &'static str,
        /// The problem with the reference.
        problem: String,
    },
}

/// The scorers of a workspace that need a program or a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScoreEngines {
    /// Whether there is a program for scorer `command`.
    pub program: bool,
    /// Whether there is a model for scorer `judge`.
    pub judge: bool,
    /// Whether the student is a program in a sandbox, for scorer `run` and tasks with files.
    pub sandbox: bool,
}

/// The problem and the remedy for a task that needs a judge in a workspace without a judge.
pub(crate) const NO_JUDGE: &str =
    "there is no judge: add [judge] model = \"name\" to kaizen.toml, or a teacher with engine = \"chat\"";
const NO_SANDBOX: &str = "the task has files or a test for a sandbox: set [student] engine = \"command\" and add a section [student.sandbox]";
const NO_TEST: &str = "the task names no program in `test`; add it to the benchmark, such as [\"pytest\", \"-q\"]";
const NO_PROGRAM: &str = "[benchmark] scorer_command is not set";

/// Scores an answer: 1 if it is right, otherwise 0. If the task has several references, one match is enough.
///
/// # Errors
/// The reference is malformed, or the scorer needs an engine.
pub fn score(task: &Task, answer: &str) -> Result<f64, ScoreError> {
    if task.scorer == Scorer::Run {
        // Not the agent's words: the student writes this text after the test.
        return TestRun::of_text(answer)
            .map(|run| run.score)
            .ok_or(ScoreError::NeedsEngine("run"));
    }
    let right = match Reference::read(task)? {
        Reference::Equal(texts) => texts.contains(&folded(answer)),
        Reference::Contained(texts) => {
            let answer = folded(answer);
            texts.iter().any(|text| answer.contains(text))
        }
        Reference::Expressions(expressions) => expressions.iter().any(|expression| expression.is_match(answer)),
        Reference::Numbers(numbers, tolerance) => last_number(answer).is_some_and(|found| {
            let is_near = |number: &Quantity| number.agrees(&found) || number.is_within(&found, tolerance);
            numbers.iter().any(is_near)
        }),
        Reference::Json(wanted) => json::answered(answer, &wanted).is_some_and(|found| found.is(&wanted)),
        Reference::Skills(wanted) => skills::named(answer) == wanted,
        Reference::Engine(scorer) => return Err(ScoreError::NeedsEngine(scorer)),
    };
    Ok(f64::from(u8::from(right)))
}

/// Checks that answers to a task can be scored.
///
/// # Errors
/// The scorer cannot use the reference, or there is no engine for the scorer.
pub(crate) fn check(task: &Task, engines: ScoreEngines) -> Result<(), ScoreError> {
    let no_engine = |scorer, remedy| Err(ScoreError::NoEngine { scorer, remedy });
    match task.scorer {
        Scorer::Command if !engines.program => no_engine("command", NO_PROGRAM),
        Scorer::Judge if !engines.judge => no_engine("judge", NO_JUDGE),
        scorer if !engines.sandbox && (scorer == Scorer::Run || !task.world.is_empty()) => no_engine("run", NO_SANDBOX),
        Scorer::Run if task.world.test.is_empty() => no_engine("run", NO_TEST),
        _ => Reference::read(task).map(|_| ()),
    }
}

/// The reference of a task, as its scorer reads it.
enum Reference {
    /// Folded texts, one of which equals a right answer.
    Equal(Vec<String>),
    /// Folded texts, one of which is part of a right answer.
    Contained(Vec<String>),
    Expressions(Vec<Regex>),
    /// The numbers of which an answer gives one, and the allowed difference.
    Numbers(Vec<Quantity>, f64),
    Json(Json),
    /// The names of the skills that a right answer lists.
    Skills(BTreeSet<String>),
    /// The name of a scorer that a program or a model implements.
    Engine(&'static str),
}

impl Reference {
    fn read(task: &Task) -> Result<Self, ScoreError> {
        let reference = &task.reference_answer;
        Ok(match task.scorer {
            Scorer::Exact => Self::Equal(each(reference, TEXTS, |text| Ok(folded(text)))?),
            Scorer::Contains => Self::Contained(each(reference, TEXTS, contained)?),
            Scorer::Regex => Self::Expressions(each(reference, "a regular expression", expression)?),
            Scorer::Number => Self::Numbers(each(reference, "a number", number)?, tolerance(task)?),
            Scorer::Json => {
                let malformed = |problem| ScoreError::Reference {
                    wanted: "JSON",
                    problem,
                };
                Self::Json(Json::parse(reference.json_text()).map_err(malformed)?)
            }
            Scorer::Loads => {
                let loads = task.loads.as_ref().ok_or(ScoreError::NoLoads)?;
                Self::Skills(loads.iter().map(|name| folded(name)).collect())
            }
            Scorer::Command => Self::Engine("command"),
            Scorer::Run => Self::Engine("run"),
            Scorer::Judge => {
                // A judge reads any value, but there must be one.
                if reference.accepted().is_empty() {
                    each(reference, TEXTS, |_| Ok(()))?;
                }
                Self::Engine("judge")
            }
        })
    }
}

/// What a scorer of texts wants.
const TEXTS: &str = "a text or a list of texts";

/// Every accepted text, as `read` reads it.
fn each<T>(
    reference: &ReferenceAnswer,
    wanted: &'static str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, ScoreError> {
    let malformed = |problem: String| ScoreError::Reference { wanted, problem };
    if let Some(problem) = reference.not_texts() {
        return Err(malformed(problem.to_owned()));
    }
    let values: Result<Vec<T>, String> = reference.accepted().iter().map(|text| read(text)).collect();
    values.map_err(malformed)
}

/// The allowed difference of a number, in the task's field `tolerance`; 0 without one.
fn tolerance(task: &Task) -> Result<f64, ScoreError> {
    let Some(stated) = task.extra.get("tolerance").filter(|stated| !stated.is_null()) else {
        return Ok(0.0);
    };
    let tolerance = stated.as_f64().filter(|tolerance| *tolerance >= 0.0);
    tolerance.ok_or(ScoreError::Tolerance)
}

fn contained(text: &str) -> Result<String, String> {
    let text = folded(text);
    match text.is_empty() {
        true => Err("it is empty, so every answer contains it".into()),
        false => Ok(text),
    }
}

fn expression(text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(text)
        .size_limit(REGEX_SIZE_LIMIT)
        .dfa_size_limit(REGEX_SIZE_LIMIT)
        .build();
    built.map_err(|error| {
        let message = error.to_string();
        // The message of a syntax error first repeats the expression, on several lines.
        message.rsplit("error: ").next().unwrap_or_default().trim().to_owned()
    })
}

fn number(text: &str) -> Result<Quantity, String> {
    last_number(text).ok_or_else(|| match text.chars().any(char::is_numeric) {
        true => "its digits do not form a number".into(),
        false => "it has no digits".into(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn task(scorer: &str, reference: impl Into<Value>) -> Task {
        let reference: Value = reference.into();
        serde_json::from_value(json!({
            "task_id": "t", "query": "q", "reference_answer": reference, "scorer": scorer
        }))
        .unwrap()
    }

    #[test]
    fn any_of_several_references_is_right() {
        for (scorer, reference, answer, right) in [
            ("exact", json!(["Rome", "Roma"]), "roma", 1.0),
            ("exact", json!(["Rome", "Roma"]), "Milan", 0.0),
            ("contains", json!(["Rome", "Roma"]), "It is Roma.", 1.0),
            ("regex", json!(["^a$", "^b$"]), "b", 1.0),
            ("number", json!([7, "8.5"]), "it is 8.50", 1.0),
            ("number", json!([7, "8.5"]), "9", 0.0),
            ("json", json!([1, 2]), "[1, 2.0]", 1.0),
            ("json", json!([1, 2]), "1", 0.0),
            ("json", json!({"a": 1}), "{\"a\": 1}", 1.0),
            ("json", json!(null), "null", 1.0),
        ] {
            assert_eq!(score(&task(scorer, reference), answer), Ok(right), "{scorer} {answer}");
        }
    }

    #[test]
    fn a_task_may_allow_a_difference() {
        let with = |tolerance: Value, reference: &str| {
            let mut task = task("number", reference);
            task.extra.insert("tolerance".into(), tolerance);
            task
        };
        for (tolerance, reference, answer, right) in [
            (json!(0.1), "1.1", "about 1", 1.0),
            (json!(0.1), "1.1", "about 1.21", 0.0),
            (json!(1), "-5", "-4", 1.0),
            (json!(1), "-5", "5", 0.0),
            (json!(0.01), "1/3", "0.33", 1.0),
            (json!(0), "1", "1.0", 1.0),
            (json!(1), "1234567890123456789", "1234567890123456788", 0.0),
        ] {
            assert_eq!(
                score(&with(tolerance, reference), answer),
                Ok(right),
                "{reference} {answer}"
            );
        }
        for wrong in [json!("5%"), json!(-1), json!([1])] {
            assert_eq!(score(&with(wrong, "1"), "1"), Err(ScoreError::Tolerance));
        }
    }

    #[test]
    fn what_cannot_be_scored_says_why() {
        let none = ScoreEngines {
            program: false,
            judge: false,
            sandbox: false,
        };
        for (scorer, reference, words) in [
            ("command", json!("x"), "scorer_command is not set"),
            ("judge", json!("x"), "there is no judge"),
            ("regex", json!("("), "unclosed group"),
            ("regex", json!("(?=a)b"), "look-ahead"),
            ("regex", json!(["a", "("]), "unclosed group"),
            ("regex", json!(r"(\w{1000}){1000}"), "size limit"),
            ("number", json!("none"), "no digits"),
            ("number", json!("NaN"), "no digits"),
            ("number", json!("1.2.3"), "do not form a number"),
            ("json", json!("{"), "JSON"),
            ("json", json!("NaN"), "JSON"),
            ("exact", json!(null), "it is null"),
            ("exact", json!([]), "empty list"),
            ("number", json!({"a": 1}), "it is an object"),
            ("exact", json!([["a"]]), "more than texts"),
            ("contains", json!(" \u{200b}"), "it is empty"),
        ] {
            let task = task(scorer, reference);
            let message = check(&task, none).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
            assert!(!message.contains('\n'), "{message}");
            assert!(score(&task, "y").is_err());
        }
        let all = ScoreEngines {
            program: true,
            judge: true,
            sandbox: true,
        };
        for (scorer, reference) in [("command", json!(null)), ("judge", json!("x")), ("exact", json!(""))] {
            assert_eq!(check(&task(scorer, reference), all), Ok(()));
        }
        assert!(check(&task("judge", json!([])), all).is_err());
    }

    proptest! {
        #[test]
        fn scores_are_zero_or_one_for_any_text(reference in "\\PC*", answer in "\\PC*") {
            for scorer in ["exact", "contains", "regex", "number", "json"] {
                if let Ok(worth) = score(&task(scorer, reference.as_str()), &answer) {
                    prop_assert!(worth == 0.0 || worth == 1.0);
                }
            }
        }

        #[test]
        fn every_number_equals_itself(number in -1e12f64..1e12) {
            prop_assert_eq!(score(&task("number", number.to_string()), &format!("it is {number}.")), Ok(1.0));
            prop_assert_eq!(score(&task("number", json!(number)), &format!("{number:e}")), Ok(1.0));
        }

        #[test]
        fn every_integer_equals_only_itself(digits in "[1-9][0-9]{0,40}", step in 1u8..9) {
            let last = digits.bytes().last().unwrap_or(b'0') - b'0';
            let other = format!("{}{}", &digits[..digits.len() - 1], (last + step) % 10);
            prop_assert_eq!(score(&task("number", digits.as_str()), &format!("It is {digits}.")), Ok(1.0));
            prop_assert_eq!(score(&task("number", digits.as_str()), &other), Ok(0.0));
            prop_assert_eq!(score(&task("json", digits.as_str()), &digits), Ok(1.0));
            prop_assert_eq!(score(&task("json", digits.as_str()), &other), Ok(0.0));
        }
    }
}
