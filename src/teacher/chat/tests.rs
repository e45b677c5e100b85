//! The chat teacher with a scripted model: its requests, and how it handles any reply.

use std::sync::Mutex;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::artifact::Money;
use crate::artifact::edit::Op;
use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::artifact::task::Task;
use crate::harness::Harness;
use crate::llm::chat::{Reply, Request, Stop, ToolCall};
use crate::llm::model::{AskError, ModelAnswer};
use crate::manifest::layout::Layout;
use crate::manifest::surface_table::SurfaceTable;

/// A model that plays back scripted replies and records its requests.
struct Scripted {
    replies: Mutex<Vec<Reply>>,
    asked: Mutex<Vec<Request>>,
}

impl Model for std::sync::Arc<Scripted> {
    fn identity(&self) -> Value {
        json!("scripted")
    }

    fn rendered(&self, request: &Request) -> Digest {
        Digest::of_value(request)
    }

    fn ask(&self, request: &Request) -> Result<ModelAnswer, AskError> {
        self.asked.lock().unwrap().push(request.clone());
        let mut replies = self.replies.lock().unwrap();
        if replies.is_empty() {
            return Err(AskError::Unreachable("the script is at its end".into()));
        }
        Ok(ModelAnswer {
            reply: replies.remove(0),
            request: self.rendered(request),
            cost_usd: Money::from_usd(0.25),
            seconds: None,
        })
    }
}

fn said(text: &str) -> Reply {
    Reply {
        text: text.into(),
        thoughts: String::new(),
        calls: Vec::new(),
        stop: Stop::End,
        usage: None,
        model: Some("m-1".into()),
    }
}

fn calling(name: &str, arguments: &Value) -> Reply {
    Reply {
        calls: vec![ToolCall {
            id: "c".into(),
            name: name.into(),
            raw: arguments.to_string(),
        }],
        stop: Stop::Tools,
        ..said("")
    }
}

fn scripted(replies: Vec<Reply>) -> std::sync::Arc<Scripted> {
    std::sync::Arc::new(Scripted {
        replies: Mutex::new(replies),
        asked: Mutex::default(),
    })
}

fn teacher(model: &std::sync::Arc<Scripted>) -> ChatTeacher {
    ChatTeacher {
        model: Box::new(model.clone()),
        own: Box::new(scripted(vec![said("yes"); 9])),
        compare: None,
        redactor: Redactor::default(),
        max_turns: 3,
        max_edits: 2,
        candidates: None,
    }
}

fn train() -> Vec<Task> {
    let task = |at: usize| json!({"task_id": format!("t{at}"), "query": format!("q{at}"), "reference_answer": "yes"});
    (0..4).map(|at| serde_json::from_value(task(at)).unwrap()).collect()
}

/// A student that fails every second task.
fn run<'t>(_: &Harness, tasks: &[&'t Task]) -> Vec<ScoredAttempt<'t>> {
    let one = |task: &&'t Task| ScoredAttempt {
        task,
        attempt: Attempt::Failed { reason: String::new() },
        score: Some(f64::from(u8::from(task.task_id.ends_with(['1', '3'])))),
        fresh: true,
    };
    tasks.iter().map(one).collect()
}

fn with_briefing<T>(use_it: impl FnOnce(&Briefing) -> T) -> T {
    let (train, layout) = (train(), Layout::default());
    let files = [
        ("agents/a/system_prompt.md".to_owned(), b"Be kind.\n".to_vec()),
        ("config.toml".to_owned(), b"[agent.a]\n".to_vec()),
    ];
    let harness = Harness::new(files);
    use_it(&Briefing {
        harness: &harness,
        layout: &layout,
        surfaces: &SurfaceTable::default(),
        ops: &Op::ALL,
        offers: &[],
        train: &train,
        traces: &[],
        run_student: &run,
        rejected: &[],
        search_traces: &|_, _| Ok(Vec::new()),
        score: &|task, answer| Ok(f64::from(u8::from(task.reference_answer.as_str() == answer))),
        tell: &|_| {},
        session: "session-1",
        seed: 1,
    })
}

const CLUSTERS: &str =
    r#"[{"id": "c1", "description": "d", "task_ids": ["t0", "t1", "t2", "gate-7"], "student_failure_rate": 0.1}]"#;
const EDIT: &str = r#"{"id": "e", "pillar": "agent", "op": "set_agent_class", "target": "agents.a.class",
    "payload": {"new_class": "x"}, "rationale": "r", "expected_improvement": "c1"}"#;

fn block(clusters: &str) -> String {
    format!("# Why\n\nIt guesses.\n\n```json\n{clusters}\n```\n")
}

#[test]
fn rates_are_those_that_were_measured() {
    let model = scripted(vec![
        calling("run_self_on_task", &json!({"task_id": "t0"})),
        said(&block(CLUSTERS)),
    ]);
    let diagnosed = with_briefing(|briefing| teacher(&model).diagnose(briefing)).unwrap();
    let cluster = &diagnosed.clusters[0];
    assert!(
        (cluster.student_failure_rate - 2.0 / 3.0).abs() < 1e-12,
        "the teacher said 0.1"
    );
    assert!((cluster.teacher_success_rate - 1.0).abs() < 1e-12);
    assert_eq!(cluster.extra["measured_tasks"], 3);
    assert_eq!(diagnosed.narrative, "# Why\n\nIt guesses.");
    assert_eq!(
        diagnosed.cost_usd,
        Money::from_usd(0.75),
        "two turns and an answer of its own"
    );
    assert_eq!(model.asked.lock().unwrap()[0].tools.len(), 11);
}

#[test]
fn a_model_without_turns_is_asked_for_its_last_word() {
    let look = || calling("list_traces", &json!({}));
    let model = scripted(vec![look(), look(), look(), said(&block(CLUSTERS))]);
    let diagnosed = with_briefing(|briefing| teacher(&model).diagnose(briefing)).unwrap();
    assert_eq!(diagnosed.clusters.len(), 1);
    let asked = model.asked.lock().unwrap();
    assert!(asked[3].tools.is_empty() && asked.len() == 4);
}

#[test]
fn a_diagnosis_without_clusters_is_mended_once() {
    for (replies, clusters) in [
        (vec![said("It is bad."), said(CLUSTERS)], Some(1)),
        (vec![said("All is well.\n```json\n[]\n```")], Some(0)),
        (vec![said("It is bad."), said("Sorry.")], None),
        (vec![said(""), said("")], None),
    ] {
        let model = scripted(replies);
        let diagnosed = with_briefing(|briefing| teacher(&model).diagnose(briefing));
        assert_eq!(
            diagnosed.as_ref().ok().map(|diagnosed| diagnosed.clusters.len()),
            clusters
        );
        if let Err(failure) = diagnosed {
            assert!(failure.problem.contains("no list of clusters") && failure.log.len() == 2);
        }
    }
}

#[test]
fn a_plan_is_mended_once() {
    let good = format!("{{\"edits\": [{EDIT}]}}");
    for (replies, edits) in [
        (vec![said(&good)], Some(1)),
        (vec![said("no"), said(&good)], Some(1)),
        (vec![said("{\"edits\": []}")], Some(0)),
        (vec![said(&format!("{{\"edits\": [{EDIT}, {EDIT}, {EDIT}]}}"))], Some(2)),
        (vec![said("{\"edits\": [{\"op\": \"rm\"}]}"), said("no")], None),
        (
            vec![
                Reply {
                    stop: Stop::Length,
                    ..said(&good)
                },
                said("no"),
            ],
            None,
        ),
    ] {
        let model = scripted(replies);
        let clusters = reply_clusters();
        let planned = with_briefing(|briefing| teacher(&model).plan(briefing, &block(CLUSTERS), &clusters));
        assert_eq!(planned.as_ref().ok().map(|planned| planned.edits.len()), edits);
        if let Err(failure) = planned {
            assert!(failure.problem.contains("cannot be read") && !failure.log.is_empty());
        }
    }
}

#[test]
fn edits_beyond_the_limit_are_counted() {
    let model = scripted(vec![said(&format!("{{\"edits\": [{EDIT}, {EDIT}, {EDIT}, {EDIT}]}}"))]);
    let planned =
        with_briefing(|briefing| teacher(&model).plan(briefing, &block(CLUSTERS), &reply_clusters())).unwrap();
    assert_eq!((planned.edits.len(), planned.beyond_the_limit), (2, 2));
}

fn reply_clusters() -> Vec<FailureCluster> {
    crate::teacher::reply::clusters(CLUSTERS).unwrap().clusters
}

#[test]
fn a_plan_is_asked_for_with_files_ops_and_schema() {
    let model = scripted(vec![said("{\"edits\": []}")]);
    with_briefing(|briefing| teacher(&model).plan(briefing, &block(CLUSTERS), &reply_clusters())).unwrap();
    let asked = model.asked.lock().unwrap();
    let words = asked[0].messages[0].texts().collect::<String>();
    for part in [
        "<<< agents/a/system_prompt.md\nBe kind.",
        "`set_agent_param`",
        "It guesses.",
        "at most 2 edits",
    ] {
        assert!(words.contains(part), "{part}");
    }
    let shape = asked[0].shape.as_ref().unwrap();
    assert_eq!(
        shape.schema["properties"]["edits"]["items"]["anyOf"]
            .as_array()
            .unwrap()
            .len(),
        Op::ALL.len()
    );
}

proptest! {
    /// For any reply, the teacher ends with a diagnosis or a failure, and rates stay within 0 to 1.
    #[test]
    fn any_words_end_well(words in proptest::collection::vec(r#"([\[\]{}",: 0-9a-z]|```json\n|```|"id"|"description"|"edits"|"op"|null)*"#, 4)) {
        let model = scripted(words.iter().map(|text| said(text)).collect());
        if let Ok(diagnosed) = with_briefing(|briefing| teacher(&model).diagnose(briefing)) {
            for cluster in diagnosed.clusters {
                prop_assert!((0.0..=1.0).contains(&cluster.student_failure_rate));
            }
        }
        let _ = with_briefing(|briefing| teacher(&model).plan(briefing, "", &reply_clusters()));
    }
}
