//! Scores an answer with the user's program, and says what is wrong if that fails.

use serde_json::Value;

use crate::artifact::task::Task;
use crate::sys::process::{Program, ProgramFailure, ProgramOutput};

/// The number of characters of a program's output that a message shows.
const SHOWN: usize = 120;

/// Why a program gave no score.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScorerFailure {
    /// It could not be started.
    #[error("{0}; install the program, or correct [benchmark] scorer_command")]
    NotStarted(ProgramFailure),
    /// It was killed.
    #[error("the scorer {0}")]
    Killed(ProgramFailure),
    /// It ended with an error.
    #[error("the scorer `{program}` ended with {status}: {complaint}")]
    Ended {
        /// The command line.
        program: String,
        /// The exit status or the signal.
        status: String,
        /// The end of its standard error.
        complaint: String,
    },
    /// Its output contains no score.
    #[error("the scorer `{program}` printed {printed}; it must print {{\"score\": x}}, with x from 0 to 1")]
    NoScore {
        /// The command line.
        program: String,
        /// What it printed instead.
        printed: String,
    },
}

/// Scores an answer with a program, which reads the task and the answer as JSON from stdin and prints `{"score": x}`.
///
/// # Errors
/// The program cannot be run, fails, or does not print a score from 0 to 1.
pub(crate) fn score_by_program(program: &Program, task: &Task, answer: &str) -> Result<f64, ScorerFailure> {
    let question = serde_json::json!({"task": task, "answer": answer}).to_string();
    let ended = program
        .run(Some(question.as_bytes()))
        .map_err(|failure| match failure {
            ProgramFailure::NotStarted { .. } => ScorerFailure::NotStarted(failure),
            _ => ScorerFailure::Killed(failure),
        })?;
    if !ended.status.success() {
        return Err(ScorerFailure::Ended {
            program: program.name(),
            status: ended.status.to_string(),
            complaint: ended.complaint(),
        });
    }
    read(&ended).map_err(|printed| ScorerFailure::NoScore {
        program: program.name(),
        printed,
    })
}

/// The score that a program printed, or a description of what it printed instead.
fn read(ended: &ProgramOutput) -> Result<f64, String> {
    let text = String::from_utf8_lossy(&ended.stdout);
    let Ok(reply) = serde_json::from_str::<Value>(&text) else {
        return Err(match text.trim() {
            "" => format!("nothing (stderr: {})", ended.complaint()),
            text => format!("{}, which is not one JSON object", shown(text)),
        });
    };
    let Some(score) = reply.get("score") else {
        return Err(format!("{}, which has no `score`", shown(text.trim())));
    };
    match score.as_f64() {
        Some(score) if (0.0..=1.0).contains(&score) => Ok(score),
        Some(_) => Err(format!("the score {score}, which is not from 0 to 1")),
        None => Err(format!(
            "the score {}, which is not a number",
            shown(&score.to_string())
        )),
    }
}

fn shown(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{} …`", &line[..end]),
        None => format!("`{line}`"),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sys::consent::Approvals;

    fn scored(run: &[&str]) -> Result<f64, String> {
        let run: Vec<String> = run.iter().map(|word| (*word).to_owned()).collect();
        let consent = Approvals::of_a_test().consent().unwrap();
        let program = Program {
            consent: &consent,
            run: &run,
            folder: "/".as_ref(),
            withheld: &[],
            variables: Vec::new(),
            timeout: Some(Duration::from_secs(2)),
            bounds: None,
        };
        let task = serde_json::json!({"task_id": "t", "query": "q", "reference_answer": "x", "scorer": "command"});
        let task: Task = serde_json::from_value(task).unwrap();
        score_by_program(&program, &task, "y").map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_score_is_read() {
        let program = "read line; case $line in *'\"answer\":\"y\"'*) echo '{\"score\": 0.25}';; esac";
        assert_eq!(scored(&["sh", "-c", program]), Ok(0.25));
    }

    #[test]
    fn every_failure_has_its_own_words() {
        for (program, words) in [
            (
                "echo no rubric >&2; exit 3",
                vec!["`sh -c ", "exit status: 3", "no rubric"],
            ),
            ("kill -9 $$", vec!["signal: 9", "no message on stderr"]),
            ("sleep 60", vec!["the scorer `sh", "took longer than 2 s"]),
            ("echo oops >&2", vec!["printed nothing", "oops", "{\"score\": x}"]),
            ("echo fine", vec!["`fine`, which is not one JSON object"]),
            ("echo '{\"score\": NaN}'", vec!["NaN", "not one JSON object"]),
            ("echo '{\"points\": 1}'", vec!["has no `score`"]),
            ("echo '{\"score\": 7}'", vec!["the score 7, which is not from 0 to 1"]),
            ("echo '{\"score\": -0.5}'", vec!["not from 0 to 1"]),
            ("echo '{\"score\": \"1\"}'", vec!["not a number"]),
            ("echo '{\"score\": null}'", vec!["not a number"]),
        ] {
            let message = scored(&["sh", "-c", program]).unwrap_err();
            assert!(words.iter().all(|words| message.contains(words)), "{message}");
        }
        let message = scored(&["no-such-scorer", "x"]).unwrap_err();
        assert!(
            message.contains("`no-such-scorer x` cannot be run") && message.contains("scorer_command"),
            "{message}"
        );
    }
}
