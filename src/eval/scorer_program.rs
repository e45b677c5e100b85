//! A scorer that is a program: task and answer on stdin, the score on stdout.

use crate::artifact::task::Task;
use crate::sys::process::Program;

/// Asks the program behind scorer `command`: the task and the answer as JSON on stdin, `{"score": x}` on stdout.
///
/// # Errors
/// There is no program, it fails, or says no score from 0 to 1.
pub(crate) fn score(program: &Program, task: &Task, answer: &str) -> Result<f64, String> {
    if program.run.is_empty() {
        return Err(format!(
            "task {} has scorer `command`, and [benchmark] scorer_command is not set",
            task.task_id
        ));
    }
    let question = serde_json::json!({"task": task, "answer": answer}).to_string();
    let ended = program
        .run(Some(question.as_bytes()))
        .map_err(|error| error.to_string())?;
    let reply: Option<serde_json::Value> = serde_json::from_slice(&ended.stdout).ok();
    let score = reply
        .and_then(|reply| reply.get("score")?.as_f64())
        .filter(|score| (0.0..=1.0).contains(score));
    score.filter(|_| ended.status.success()).ok_or_else(|| {
        format!(
            "`{}` gave no {{\"score\": 0..1}}: {}",
            program.name(),
            ended.complaint()
        )
    })
}
