//! `compare_outputs`: what the student's and the teacher's answer to the same task are worth.

use serde_json::json;

use super::ToolContext;
use super::arguments::Arguments;
use super::told::Said;
use crate::artifact::task::{Scorer, Task};
use crate::llm::chat::ToolSpec;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "compare_outputs",
        "Scores two answers to one task, 0 to 1 each: by the task's own scorer when `task` is a train task that has \
         one, else by a judge.",
        json!({
            "student_output": {"type": "string", "description": "The agent's answer."},
            "teacher_output": {"type": "string", "description": "The other answer, such as your own."},
            "task": {"type": "string", "description": "The task_id or the query of a train task, or any question."},
        }),
        &["student_output", "teacher_output", "task"],
    )
}

pub(super) fn call(desk: &ToolContext, given: &Arguments) -> Result<Said, String> {
    let (student, teacher, named) = (
        given.text("student_output"),
        given.text("teacher_output"),
        given.text("task"),
    );
    let is_it = |task: &&Task| task.task_id == named || task.query == named;
    let task = desk.briefing.train.iter().find(is_it);
    let (student, teacher, reasoning) = match task.filter(|task| task.scorer != Scorer::Judge) {
        Some(task) => {
            let score = |output: &str| (desk.briefing.score)(task, output);
            (
                score(student)?,
                score(teacher)?,
                "scored by the task's own scorer".to_owned(),
            )
        }
        None => {
            let judge = desk.compare.ok_or_else(|| no_judge(task))?;
            judge(student, teacher, task.map_or(named, |task| task.query.as_str()))?
        }
    };
    Ok(Said::json(json!({
        "task_id": task.map_or("", |task| task.task_id.as_str()),
        "student_score": student,
        "teacher_score": teacher,
        "judge_reasoning": reasoning,
    })))
}

fn no_judge(task: Option<&Task>) -> String {
    match task {
        Some(task) => format!(
            "there is no judge here, and {} is scored by one: compare the two answers yourself",
            task.task_id
        ),
        None => {
            "there is no judge here: give the task_id of a train task as `task`, or compare the two answers yourself"
                .to_owned()
        }
    }
}
