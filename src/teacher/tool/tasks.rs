//! The tools for train tasks: list them, let the student or the teacher answer one, compare two answers.

use serde_json::{Value, json};

use super::arguments::ToolArguments;
use super::output::{RawOutput, cut};
use super::page::note;
use super::{Tool, ToolContext, task};
use crate::artifact::evaluation::Attempt;
use crate::artifact::task::{Scorer, Task};

/// The largest number of tokens in an answer: the upper limit, and the default.
const MOST_TOKENS: f64 = 65_536.0;
const TOKENS: f64 = 2048.0;
/// The largest number of characters shown of an answer or of a question.
const WHOLE_TEXT: usize = 15_000;

/// The train tasks, with their reference answers.
pub(super) const LIST_PERSONAL_BENCHMARK: Tool = Tool {
    name: "list_personal_benchmark",
    about: "The train tasks of the agent's benchmark, with the right answers. Edits are tested on other tasks, which \
         no teacher can see.",
    parameters: || {
        json!({
            "limit": {"type": "integer", "default": 50, "description": "How many, from 1 to 100."},
            "offset": {"type": "integer", "default": 0, "description": "The first row, from 0."},
        })
    },
    required: &[],
    call: list_personal_benchmark,
};

/// The student's answer to a train task under the present harness, with its score.
pub(super) const RUN_STUDENT_ON_TASK: Tool = Tool {
    name: "run_student_on_task",
    about: "Runs the present agent on a train task. Returns its output and the score, from 0 to 1.",
    parameters: || json!({"task_id": {"type": "string", "description": "The id, as shown by list_personal_benchmark."}}),
    required: &["task_id"],
    call: run_student_on_task,
};

/// The teacher's answer to a train task, which shows whether the task can be solved.
pub(super) const RUN_SELF_ON_TASK: Tool = Tool {
    name: "run_self_on_task",
    about: "Your own answer to a train task. It distinguishes what the agent lacks from what no model can do.",
    parameters: || {
        json!({
            "task_id": {"type": "string", "description": "The id, as shown by list_personal_benchmark."},
            "max_tokens": {"type": "integer", "default": 2048, "description": "The answer's largest number of tokens."},
        })
    },
    required: &["task_id"],
    call: run_self_on_task,
};

/// The scores of the student's and the teacher's answers to the same task.
pub(super) const COMPARE_OUTPUTS: Tool = Tool {
    name: "compare_outputs",
    about: "Scores two answers to one task, each from 0 to 1. It uses the task's own scorer if `task` is a train task \
         that has one, otherwise a judge.",
    parameters: || {
        json!({
            "student_output": {"type": "string", "description": "The agent's answer."},
            "teacher_output": {"type": "string", "description": "The other answer, such as your own."},
            "task": {"type": "string", "description": "The task_id or the query of a train task, or any question."},
        })
    },
    required: &["student_output", "teacher_output", "task"],
    call: compare_outputs,
};

fn list_personal_benchmark(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let tasks = context.briefing.train;
    let (shown, rows) = arguments.page(50)?.of(tasks, |task| listed(context, task));
    let note = note(LIST_PERSONAL_BENCHMARK.name, &shown, Some(tasks.len()));
    Ok(RawOutput::json(rows.into()).noting(note))
}

fn listed(context: &ToolContext, task: &Task) -> Value {
    json!({
        "task_id": task.task_id,
        "query": shortened(context, &task.query),
        "reference_answer": task.reference_answer,
        "category": task.category,
    })
}

fn run_student_on_task(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let task = task(context, arguments.text("task_id"))?;
    let attempted = (context.briefing.run_student)(context.briefing.harness, &[task]);
    let attempted = attempted.first().ok_or("the student gave no answer")?;
    let mut said = json!({
        "task_id": task.task_id,
        "output": null,
        "score": attempted.score,
        "trace_id": null,
        "latency_seconds": null,
        "tokens_used": null,
    });
    match &attempted.attempt {
        Attempt::Answered { answer, .. } => said["output"] = shortened(context, answer).into(),
        Attempt::Failed { reason } => said["error"] = Value::from(format!("the student failed: {reason}")),
        Attempt::Infra { reason } | Attempt::Refused { reason } => {
            said["error"] = Value::from(format!("the student could not be run: {reason}"))
        }
    }
    Ok(RawOutput::json(said))
}

/// An answer or a question as a tool shows it.
fn shortened(context: &ToolContext, text: &str) -> String {
    cut(context.redactor, text, WHOLE_TEXT, |of| {
        format!("...[truncated from {of} chars]")
    })
}

fn run_self_on_task(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let task = task(context, arguments.text("task_id"))?;
    let Some(answer) = context.answer else {
        return Ok(RawOutput::json(yourself(context, task)));
    };
    let tokens = arguments.number("max_tokens").unwrap_or(TOKENS).clamp(1.0, MOST_TOKENS);
    let own = answer(task, tokens as u64)?;
    Ok(RawOutput::json(json!({
        "task_id": task.task_id,
        "output": own.output,
        "reasoning": own.reasoning,
        "cost_usd": own.cost_usd,
        "tokens_used": own.tokens,
    })))
}

/// The reply if the caller is the teacher.
fn yourself(context: &ToolContext, task: &Task) -> Value {
    json!({
        "task_id": task.task_id,
        "query": shortened(context, &task.query),
        "instruction": "You are the teacher: answer the query yourself, without looking at the reference answer. Then \
                        call compare_outputs with the output of run_student_on_task, your answer, and this task_id \
                        as `task`.",
    })
}

fn compare_outputs(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let (student, teacher, named) = (
        arguments.text("student_output"),
        arguments.text("teacher_output"),
        arguments.text("task"),
    );
    let is_it = |task: &&Task| task.task_id == named || task.query == named;
    let task = context.briefing.train.iter().find(is_it);
    let (student, teacher, reasoning) = match task.filter(|task| task.scorer != Scorer::Judge) {
        Some(task) => {
            let score = |output: &str| (context.briefing.score)(task, output);
            (
                score(student)?,
                score(teacher)?,
                "scored by the task's own scorer".to_owned(),
            )
        }
        None => {
            let judge = context.compare.ok_or_else(|| no_judge(task))?;
            judge(student, teacher, task.map_or(named, |task| task.query.as_str()))?
        }
    };
    Ok(RawOutput::json(json!({
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
