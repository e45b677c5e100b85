//! The score of what an agent left in its sandbox, as the program of scorer `run` gave it.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most characters of the test's output that an answer contains.
const TAIL: usize = 4000;

/// The result of the test of one attempt. kaizen stores it as the attempt's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TestRun {
    /// From 0 to 1.
    pub score: f64,
    /// What the agent said.
    pub answer: String,
    /// The end of what the test printed.
    pub test_output: String,
}

/// The files in which a test can leave its score, in this order.
pub(crate) const REWARDS: [&str; 3] = ["reward.txt", "reward.json", "junit.xml"];

impl TestRun {
    /// The result, whose text is shortened.
    pub(crate) fn new(score: f64, answer: String, output: &str) -> Self {
        let output = output.trim_end();
        let start = output.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
        Self {
            score,
            answer,
            test_output: output[start..].to_owned(),
        }
    }

    /// The text that stands for the answer.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts can always be written")
    }

    /// Reads the text of an answer.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// The score in the text of a file of [`REWARDS`].
///
/// # Errors
/// It contains none from 0 to 1.
pub(crate) fn reward(name: &str, text: &str) -> Result<f64, String> {
    let found = match name {
        "reward.txt" => text.trim().parse::<f64>().ok(),
        "reward.json" => json_reward(text),
        _ => passed_share(text),
    };
    found
        .filter(|score| (0.0..=1.0).contains(score))
        .ok_or_else(|| format!("the test wrote {name} without a score from 0 to 1"))
}

/// A number, or the value of `reward` or `score`, or the only value of an object.
fn json_reward(text: &str) -> Option<f64> {
    let value: Value = serde_json::from_str(text).ok()?;
    let Value::Object(fields) = &value else {
        return value.as_f64();
    };
    let only = || fields.values().next().filter(|_| fields.len() == 1);
    fields
        .get("reward")
        .or_else(|| fields.get("score"))
        .or_else(only)?
        .as_f64()
}

/// The share of test cases that passed, of those that were not skipped.
fn passed_share(text: &str) -> Option<f64> {
    static CASE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?s)<testcase\b(?:[^>]*/>|[^>]*[^/]>(.*?)</testcase>|>(.*?)</testcase>)")
            .expect("a valid expression")
    });
    let (mut all, mut passed) = (0_u32, 0_u32);
    for case in CASE.captures_iter(text) {
        let body = case.get(1).or_else(|| case.get(2)).map_or("", |body| body.as_str());
        if body.contains("<skipped") {
            continue;
        }
        all += 1;
        passed += u32::from(!body.contains("<failure") && !body.contains("<error"));
    }
    (all > 0).then(|| f64::from(passed) / f64::from(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reward_is_read_in_each_form() {
        let junit = "<testsuite tests=\"4\"><testcase name=\"a\"/><testcase name=\"b\"><failure>no</failure></testcase>\
                     <testcase name=\"c\"><skipped/></testcase>\n<testcase name=\"d\"><system-out>x</system-out></testcase></testsuite>";
        for (name, text, score) in [
            ("reward.txt", "0.5\n", Some(0.5)),
            ("reward.txt", "2", None),
            ("reward.txt", "NaN", None),
            ("reward.txt", "", None),
            ("reward.json", "{\"reward\": 1}", Some(1.0)),
            ("reward.json", "{\"score\": 0.25, \"x\": 1}", Some(0.25)),
            ("reward.json", "{\"accuracy\": 0.75}", Some(0.75)),
            ("reward.json", "{\"a\": 1, \"b\": 0}", None),
            ("reward.json", "0.1", Some(0.1)),
            ("junit.xml", junit, Some(2.0 / 3.0)),
            ("junit.xml", "<testsuite/>", None),
        ] {
            assert_eq!(reward(name, text).ok(), score, "{name}: {text}");
        }
    }

    #[test]
    fn the_end_of_the_output_is_kept() {
        let run = TestRun::new(1.0, "done".into(), &format!("{}é end\n", "x".repeat(9000)));
        assert_eq!(run.test_output.chars().count(), TAIL);
        assert!(run.test_output.ends_with("é end"));
        assert_eq!(TestRun::of_text(&run.text()), Some(run));
        assert_eq!(TestRun::of_text("{\"score\": 1}"), None);
    }
}
