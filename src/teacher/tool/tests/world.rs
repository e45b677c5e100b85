//! A scripted world for the tools: a harness, traces, tasks and a student.

use serde_json::{Value, json};

use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::artifact::task::{Split, Task};
use crate::artifact::trace::Trace;
use crate::harness::Harness;
use crate::manifest::layout::Layout;
use crate::manifest::surface_table::SurfaceTable;
use crate::teacher::tool::{OwnAnswer, ToolContext};
use crate::teacher::{Briefing, TraceSearch, for_any_tasks};

/// Full-text search.
type Search = Box<dyn Fn(&str, usize) -> TraceSearch + Sync>;

pub(crate) struct World {
    pub harness: Harness,
    pub tasks: Vec<Task>,
    /// Newest first.
    pub traces: Vec<Trace>,
    pub student: fn(&Task) -> (Attempt, Option<f64>),
    pub search: Search,
    /// Whether the teacher has models for answers and comparisons.
    pub teaches: bool,
}

const CONFIG: &str =
    "[agent.shop]\ntools = [\"search\"]\napi_key = \"very-private\"\n\n[models.\"a.b\"]\nk = 1 # for ada@example.org\n";
const TOOLS: &str =
    "[search]\ndescription = \"Finds.\"\ncategory = \"web\"\nagents = [\"shop\"]\n\n[mute]\ncategory = \"odd\"\n";

impl World {
    pub(crate) fn small() -> Self {
        let tasks = [
            json!({"task_id": "t-1", "query": "What is 17 * 23?", "reference_answer": 391, "split": "train", "scorer": "number"}),
            json!({"task_id": "t-2", "query": "Crash", "reference_answer": "x", "split": "train", "category": "hard"}),
            json!({"task_id": "t-3", "query": "What is meant?", "reference_answer": "well", "split": "train", "scorer": "judge"}),
            json!({"task_id": "g-1", "query": "HELD-OUT-QUERY one", "reference_answer": "HELD-OUT-ANSWER", "split": "gate"}),
            json!({"task_id": "s-1", "query": "HELD-OUT-QUERY two", "reference_answer": "HELD-OUT-ANSWER", "split": "test"}),
            json!({"task_id": "t-4", "query": "held-out-query ONE", "reference_answer": "HELD-OUT-ANSWER", "split": "train"}),
        ];
        let step = json!({"step_type": "tool_call", "duration_seconds": 0.5,
            "input": {"tool": "search", "api_key": "very-private"}, "output": {"text": "x".repeat(300)}});
        let traces = [
            json!({"trace_id": "c", "query": "Call +49 30 1234 5678", "agent": "shop", "model": "m", "result": "r".repeat(7000),
                "outcome": "failure", "feedback": 0.0, "started_at": 30, "steps": [step]}),
            json!({"trace_id": "h", "query": "HELD-OUT-QUERY  one", "result": "HELD-OUT-ANSWER", "started_at": 25}),
            json!({"trace_id": "b", "query": "What is 17 * 23?", "agent": "desk", "result": "400", "outcome": "success",
                "feedback": 0.9, "started_at": 20, "total_tokens": 12, "total_latency_seconds": 1.5}),
            json!({"trace_id": "a", "query": "multi-hop"}),
        ];
        let read = |value: &Value| serde_json::from_value(value.clone()).unwrap();
        let traces: Vec<Trace> = traces.iter().map(read).collect();
        Self::of(
            Harness::default()
                .with("config.toml", CONFIG)
                .with("agents/shop/system_prompt.md", "Be kind. password=hunter22\n")
                .with("tools/descriptions.toml", TOOLS),
            tasks
                .iter()
                .map(|task| serde_json::from_value(task.clone()).unwrap())
                .collect(),
            traces,
        )
    }

    /// Traces of a held-out question are left out, as in the pipeline.
    pub(crate) fn of(harness: Harness, tasks: Vec<Task>, mut traces: Vec<Trace>) -> Self {
        let benchmark = crate::eval::benchmark::Benchmark {
            tasks: tasks.clone(),
            unscorable: Vec::new(),
        };
        let redactor = crate::llm::redact::Redactor::default();
        let held_out = benchmark.held_out(&redactor);
        traces.retain(|trace| !held_out.asks(&trace.query, &redactor));
        let all = traces.clone();
        Self {
            harness,
            tasks,
            traces,
            student: |task| match task.task_id.as_str() {
                "t-2" => (
                    Attempt::Failed {
                        reason: "it fell over".into(),
                    },
                    Some(0.0),
                ),
                "t-3" => (
                    Attempt::Infra {
                        reason: "no judge".into(),
                    },
                    None,
                ),
                _ => (answered("391"), Some(1.0)),
            },
            search: Box::new(move |terms, most| {
                let words = terms.replace('"', "");
                let holds = |trace: &&Trace| format!("{} {}", trace.trace_id, trace.query).contains(&words);
                Ok(all.iter().filter(holds).take(most).cloned().collect())
            }),
            teaches: false,
        }
    }

    /// Builds the context that a teacher's tools get.
    pub(crate) fn desk<T>(&self, use_it: impl FnOnce(&ToolContext) -> T) -> T {
        let benchmark = crate::eval::benchmark::Benchmark {
            tasks: self.tasks.clone(),
            unscorable: Vec::new(),
        };
        let train = benchmark.split(Split::Train);
        let student = self.student;
        let run_student =
            for_any_tasks(move |_, tasks| tasks.iter().map(|task| attempted(task, student(task))).collect());
        let score =
            |task: &Task, answer: &str| crate::eval::score::score(task, answer).map_err(|error| error.to_string());
        let briefing = Briefing {
            harness: &self.harness,
            layout: &Layout::default(),
            surfaces: &SurfaceTable::default(),
            ops: &[],
            offers: &[],
            train: &train,
            traces: &self.traces,
            run_student: &run_student,
            rejected: &[],
            search_traces: &|terms, most| (self.search)(terms, most),
            score: &score,
            tell: &|_| {},
            session: "session-20261123T081500_1a2b3c4d",
            seed: 7,
        };
        let answer = |task: &Task, tokens: u64| match task.task_id.as_str() {
            "t-1" | "fx-000" => Ok(OwnAnswer {
                output: format!("391 in {tokens}"),
                reasoning: "sums".into(),
                cost_usd: crate::artifact::Money::from_usd(0.5),
                tokens: Some(tokens),
            }),
            _ => Err("no tongue".to_owned()),
        };
        let compare =
            |student: &str, teacher: &str, task: &str| Ok((0.4, 0.9, format!("{student} or {teacher} for {task}")));
        use_it(&ToolContext {
            briefing: &briefing,
            redactor: &crate::llm::redact::Redactor::default(),
            answer: self.teaches.then_some(&answer),
            compare: self.teaches.then_some(&compare),
        })
    }
}

pub(crate) fn answered(answer: &str) -> Attempt {
    Attempt::Answered {
        answer: answer.to_owned(),
        model: None,
        tool: None,
        used: None,
    }
}

fn attempted<'t>(task: &'t Task, (attempt, score): (Attempt, Option<f64>)) -> ScoredAttempt<'t> {
    ScoredAttempt {
        task,
        attempt,
        score,
        fresh: true,
    }
}
