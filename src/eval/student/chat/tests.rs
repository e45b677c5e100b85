//! Tests of the chat student, with a model whose replies are fixed.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::*;
use crate::artifact::edit::{Edit, Op};
use crate::harness::op;
use crate::llm::chat::{Message, Reply, Stop, ToolCall};
use crate::llm::model::{AskError, ModelAnswer, RefusedPart, RefusedRequest};

const CONFIG: &str = r#"
[intelligence]
default_model = "base"
[learning.routing.policy_map]
[models.base]
top_p = 0.9
[agent]
default_agent = "a"
[agent.a]
class = "react"
tools = ["weather", "no_program"]
[agent.b]
class = "simple"
"#;
const TOOLS: &str = "[weather]\ndescription = \"Tells the weather.\"\n[clock]\ndescription = \"Tells the time.\"\n";
const MANIFEST: &str = r#"
[student]
engine = "chat"
model = "own"
[student.tools.weather]
run = ["sh", "-c", "cat >&2; echo sunny"]
[student.tools.clock]
run = ["date"]
[student.tools.cat]
run = ["cat"]
"#;

/// A model with fixed replies that records its requests.
#[derive(Clone, Default)]
struct Scripted {
    replies: Arc<Mutex<VecDeque<Result<Reply, AskError>>>>,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Model for Scripted {
    fn identity(&self) -> Value {
        "scripted".into()
    }

    fn rendered(&self, request: &Request) -> Digest {
        Digest::of_value(request)
    }

    fn ask(&self, request: &Request) -> Result<ModelAnswer, AskError> {
        self.asked.lock().unwrap().push(request.clone());
        let reply = self.replies.lock().unwrap().pop_front().unwrap()?;
        Ok(ModelAnswer {
            reply,
            request: Digest::of_value(request),
            cost_usd: None,
            seconds: None,
        })
    }
}

fn said(text: &str, calls: &[(&str, &str)], stop: Stop) -> Result<Reply, AskError> {
    let call = |(at, (name, raw)): (usize, &(&str, &str))| ToolCall {
        id: format!("call_{at}"),
        name: (*name).into(),
        raw: (*raw).into(),
    };
    Ok(Reply {
        text: text.into(),
        thoughts: String::new(),
        calls: calls.iter().enumerate().map(call).collect(),
        stop,
        usage: None,
        model: None,
    })
}

fn harness() -> Harness {
    Harness::default()
        .with("config.toml", CONFIG)
        .with("tools/descriptions.toml", TOOLS)
        .with("agents/a/system_prompt.md", "Be kind.\n")
        .with("agents/a/few_shot.json", r#"[{"input": "hi", "output": "hello"}]"#)
}

fn task(query: &str) -> Task {
    serde_json::from_value(json!({"task_id": "t", "query": query, "reference_answer": "r"})).unwrap()
}

fn student_of(model: Scripted, manifest: &str) -> ChatStudent {
    let section = crate::manifest::Manifest::parse("kaizen.toml".as_ref(), manifest)
        .unwrap()
        .student;
    let toolbox = Toolbox::new(
        section.clone(),
        "/".into(),
        Vec::new(),
        crate::sys::consent::Approvals::of_a_test(),
    );
    ChatStudent::new(Box::new(model), section, Layout::default(), toolbox)
}

fn footprint(harness: &Harness, query: &str) -> Digest {
    let student = student_of(Scripted::default(), MANIFEST);
    student.prepare(harness).footprint(&task(query))
}

/// Makes an attempt with these replies, and also returns the requests.
fn attempt(harness: &Harness, replies: impl IntoIterator<Item = Result<Reply, AskError>>) -> (Attempt, Vec<Request>) {
    let model = Scripted {
        replies: Arc::new(Mutex::new(replies.into_iter().collect())),
        ..Scripted::default()
    };
    let asked = Arc::clone(&model.asked);
    let attempt = student_of(model, MANIFEST)
        .prepare(harness)
        .attempt(&task("rain?"), Draw::first(7));
    let asked = asked.lock().unwrap().clone();
    (attempt, asked)
}

fn edited(from: &str, to: &str) -> Harness {
    assert!(CONFIG.contains(from), "{from}");
    harness().with("config.toml", CONFIG.replace(from, to))
}

fn reason(attempt: &Attempt) -> &str {
    match attempt {
        Attempt::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_request_is_the_harness() {
    let (attempt, asked) = attempt(
        &edited(
            "class = \"react\"",
            "class = \"react\"\nmax_tokens = 50\ntone = \"dry\"\nlevel = 3",
        ),
        [said("yes", &[], Stop::End)],
    );
    let answered = Attempt::Answered {
        answer: "yes".into(),
        model: Some("base".into()),
        tool: None,
        used: None,
    };
    assert_eq!(attempt, answered);
    let request = &asked[0];
    assert_eq!(request.model.as_deref(), Some("base"));
    assert_eq!(request.system, "Be kind.\n\nlevel: 3\ntone: dry");
    let hello = Message::Assistant {
        text: "hello".into(),
        calls: Vec::new(),
    };
    assert_eq!(request.messages, [Message::user("hi"), hello, Message::user("rain?")]);
    assert_eq!(Value::Object(request.parameters.clone()), json!({"top_p": 0.9}));
    assert_eq!(request.max_tokens, Some(50));
    assert_eq!(request.seed, None, "no chance, no seed");
    let tools: Vec<_> = request
        .tools
        .iter()
        .map(|tool| (tool.name.as_str(), tool.description.as_str()))
        .collect();
    assert_eq!(
        tools,
        [("weather", "Tells the weather.")],
        "one without a program is not offered"
    );
}

/// An edit of each op, with a query that it affects.
fn edits() -> Vec<Value> {
    vec![
        json!({"op": "set_model_for_query_class", "target": "r", "payload": {"query_class": "short", "model": "other"}}),
        json!({"op": "set_model_param", "target": "m", "payload": {"model": "base", "param": "weird", "value": 1}}),
        json!({"op": "patch_system_prompt", "target": "agents.a.system_prompt",
            "payload": {"diff": "@@ -1 +1,2 @@\n Be kind.\n+Be brief.\n"}}),
        json!({"op": "replace_system_prompt", "target": "agents.a.system_prompt", "payload": {"new_content": "Be rude."}}),
        json!({"op": "set_agent_class", "target": "agents.a.class", "payload": {"new_class": "simple"}}),
        json!({"op": "set_agent_param", "target": "agents.a.x", "payload": {"agent": "a", "param": "max_turns", "value": 3}}),
        json!({"op": "set_agent_param", "target": "agents.a.x", "payload": {"agent": "a", "param": "temperature", "value": 0.5}}),
        json!({"op": "set_agent_param", "target": "agents.a.x", "payload": {"agent": "a", "param": "tone", "value": "dry"}}),
        json!({"op": "edit_few_shot_exemplars", "target": "agents.a.few_shot",
            "payload": {"exemplars": [{"input": "ho", "output": "hum"}]}}),
        json!({"op": "add_tool_to_agent", "target": "agents.a.tools", "payload": {"agent": "a", "tool_name": "clock"}}),
        json!({"op": "remove_tool_from_agent", "target": "agents.a.tools", "payload": {"agent": "a", "tool_name": "weather"}}),
        json!({"op": "edit_tool_description", "target": "tools.weather",
            "payload": {"tool_name": "weather", "new_description": "Knows rain."}}),
        json!({"op": "several", "target": "agents.a", "payload": {"edits": [{"op": "add_tool_to_agent",
            "target": "agents.a.tools", "payload": {"agent": "a", "tool_name": "clock"}}]}}),
    ]
}

#[test]
fn every_op_changes_what_the_model_sees() {
    let section = crate::manifest::HarnessSection::default();
    let rules = op::OpRules {
        layout: section.layout,
        membership: crate::manifest::membership::Membership::of_files(&section.files).unwrap(),
        ..op::OpRules::default()
    };
    let mut untried: Vec<Op> = Op::ALL
        .into_iter()
        .filter(|op| *op != Op::LoraFinetune && !op.is_generic())
        .collect();
    for mut value in edits() {
        let common = json!({"id": "e", "rationale": "", "expected_improvement": "c", "pillar": "agent"});
        value
            .as_object_mut()
            .unwrap()
            .extend(common.as_object().unwrap().clone());
        let edit: Edit = serde_json::from_value(value.clone()).unwrap();
        let after = op::apply(&edit, &harness(), &rules).unwrap_or_else(|problem| panic!("{value}: {problem}"));
        assert_ne!(footprint(&harness(), "rain?"), footprint(&after, "rain?"), "{value}");
        untried.retain(|op| *op != edit.op);
    }
    assert!(untried.is_empty(), "{untried:?}");
}

#[test]
fn what_a_request_cannot_depend_on_leaves_its_footprint() {
    for after in [
        edited("policy_map]", "policy_map]\nmath = \"other\""),
        edited("[models.base]", "[models.spare]\nmessages = 1\n[models.base]"),
        edited("[agent.b]", "[agent.b]\ntone = \"dry\""),
        edited("\"no_program\"", "\"another\""),
        harness().with("tools/descriptions.toml", TOOLS.replace("time", "hour")),
        harness().with("agents/b/system_prompt.md", "x"),
    ] {
        assert_eq!(footprint(&harness(), "rain?"), footprint(&after, "rain?"));
    }
    let simple = |turns: &str| edited("class = \"react\"", &format!("class = \"simple\"\n{turns}"));
    assert_eq!(
        footprint(&simple(""), "x"),
        footprint(&simple("max_turns = 3"), "x"),
        "one turn without tools"
    );
}

#[test]
fn tools_are_called_and_their_results_are_told() {
    let calls = [
        ("weather", r#"{"city": "SF"}"#),
        ("weather", r#"{"city": "#),
        ("rm", "{}"),
        ("cat", "{}"),
    ];
    let replies = [said("Let me see.", &calls, Stop::Tools), said("Sunny.", &[], Stop::End)];
    let (attempt, asked) = attempt(&harness(), replies);
    let answered = Attempt::Answered {
        answer: "Sunny.".into(),
        model: Some("base".into()),
        tool: Some("cat".into()),
        used: None,
    };
    assert_eq!(attempt, answered);
    let told: Vec<&str> = asked[1].messages[4..]
        .iter()
        .filter_map(|message| message.texts().next())
        .collect();
    assert_eq!(told[0], "sunny");
    assert!(told[1].contains("error") && told[1].contains("not JSON"), "{}", told[1]);
    assert_eq!(told[2], r#"{"error":"Unknown tool: rm"}"#);
    assert_eq!(
        told[3], r#"{"error":"Unknown tool: cat"}"#,
        "the agent does not have it"
    );
    assert!(
        matches!(&asked[1].messages[3], Message::Assistant { text, calls } if text == "Let me see." && calls.len() == 4)
    );
}

#[test]
fn a_call_that_was_cut_off_is_not_made() {
    let cut = said("", &[("weather", "")], Stop::Length);
    let (_, asked) = attempt(&harness(), [cut, said("?", &[], Stop::End)]);
    let told = asked[1].messages.last().unwrap().texts().next().unwrap();
    assert!(told.contains("cut off"), "{told}");
}

#[test]
fn turns_are_bounded() {
    let calling = || said("", &[("weather", "{}")], Stop::Tools);
    let (failed, asked) = attempt(
        &edited("class = \"react\"", "class = \"react\"\nmax_turns = 3"),
        [calling(), calling(), calling()],
    );
    assert!(reason(&failed).contains("after 3 turns"));
    assert_eq!(asked.len(), 3);
    let simple = edited("class = \"react\"", "class = \"simple\"");
    let (failed, asked) = attempt(&simple, [calling()]);
    assert!(reason(&failed).contains("has none") && asked[0].tools.is_empty());
}

#[test]
fn who_is_to_blame() {
    let of = |reply| attempt(&harness(), [reply]).0;
    assert!(reason(&of(said(" ", &[], Stop::Length))).contains("token limit"));
    assert_eq!(
        reason(&of(Err(AskError::Filtered("content_filter".into())))),
        "content_filter"
    );
    for text in ["", "half an ans"] {
        let stop = if text.is_empty() { Stop::End } else { Stop::Length };
        assert!(
            matches!(of(said(text, &[], stop)), Attempt::Answered { answer, .. } if answer == text),
            "{text}"
        );
    }
    for problem in [
        AskError::OverBudget("x".into()),
        AskError::Unreachable("x".into()),
        AskError::Malformed("x".into()),
    ] {
        assert!(matches!(of(Err(problem)), Attempt::Infra { .. }));
    }
}

fn refuses(part: RefusedPart) -> Result<Reply, AskError> {
    let words = "HTTP 400: no".to_owned();
    Err(AskError::Refused(RefusedRequest { part, words }))
}

#[test]
fn a_refused_request_names_the_file_and_key() {
    let field = |name: &str| RefusedPart::Field(name.into());
    let hot = edited(
        "class = \"react\"",
        "class = \"react\"\ntemperature = 3.0\nmax_tokens = 9",
    );
    for (part, source) in [
        (field("temperature"), "(set by config.toml `[agent.a] temperature`)"),
        (
            RefusedPart::ValueOf("max_completion_tokens".into()),
            "(set by config.toml `[agent.a] max_tokens`)",
        ),
        (field("top_p"), "(set by config.toml `[models.base] top_p`)"),
        (field("tools"), "(set by config.toml `[agent.a] tools`)"),
        (
            RefusedPart::Model,
            "(set by config.toml `[intelligence] default_model`)",
        ),
        (
            RefusedPart::Length,
            "(set by agents/a/system_prompt.md and agents/a/few_shot.json)",
        ),
        (field("seed"), "HTTP 400: no"),
        (RefusedPart::Unknown, "HTTP 400: no"),
    ] {
        let (refused, _) = attempt(&hot, [refuses(part.clone())]);
        let Attempt::Refused { reason } = refused else {
            panic!("{part:?}: {refused:?}");
        };
        assert!(
            reason.starts_with("HTTP 400: no") && reason.ends_with(source),
            "{part:?}: {reason}"
        );
    }
}

#[test]
fn what_the_agent_made_of_a_conversation_is_its_own_failure() {
    for (part, own) in [
        (RefusedPart::Length, true),
        (RefusedPart::Unknown, true),
        (RefusedPart::Model, false),
        (RefusedPart::Field("top_p".into()), false),
    ] {
        let calling = said("", &[("weather", "{}")], Stop::Tools);
        let (ended, _) = attempt(&harness(), [calling, refuses(part.clone())]);
        assert_eq!(matches!(ended, Attempt::Failed { .. }), own, "{part:?}");
    }
}

#[test]
fn a_broken_agent_fails_and_is_named_before() {
    for (after, words) in [
        (harness().with("agents/a/few_shot.json", "{"), "agents/a/few_shot.json"),
        (harness().with("config.toml", "["), "config.toml"),
        (edited("top_p = 0.9", "stream = true"), "`stream`"),
        (edited("[\"weather\", \"no_program\"]", "7"), "tools"),
    ] {
        let checked = student_of(Scripted::default(), MANIFEST).check(&after, &[&task("rain?")]);
        assert!(checked.clone().unwrap_err().contains(words), "{checked:?}");
        assert!(reason(&attempt(&after, []).0).contains(words));
    }
    let missing = MANIFEST.replace("\"sh\", \"-c\"", "\"no-such-program\"");
    let checked = student_of(Scripted::default(), &missing).check(&harness(), &[&task("rain?")]);
    assert!(checked.unwrap_err().contains("[student.tools.weather]"));
    assert_eq!(
        student_of(Scripted::default(), MANIFEST).check(&harness(), &[&task("rain?")]),
        Ok(())
    );
}

#[test]
fn a_seed_goes_along_where_there_is_chance() {
    for (config, manifest, seed) in [
        ("", MANIFEST.to_owned(), None),
        ("temperature = 0.0\n", MANIFEST.to_owned(), None),
        ("temperature = 0.7\n", MANIFEST.to_owned(), Some(7)),
        (
            "",
            MANIFEST.replace("model = \"own\"", "model = \"own\"\ntemperature = 0.7"),
            Some(7),
        ),
        (
            "temperature = 0\n",
            MANIFEST.replace("model = \"own\"", "model = \"own\"\ntemperature = 0.7"),
            None,
        ),
    ] {
        let model = Scripted {
            replies: Arc::new(Mutex::new([said("x", &[], Stop::End)].into())),
            ..Scripted::default()
        };
        let after = edited("top_p = 0.9", &format!("top_p = 0.9\n{config}"));
        student_of(model.clone(), &manifest)
            .prepare(&after)
            .attempt(&task("rain?"), Draw::first(7));
        assert_eq!(model.asked.lock().unwrap()[0].seed, seed, "{config} {manifest}");
    }
}

#[test]
fn a_tools_program_is_part_of_the_student() {
    let identity = |manifest: &str| student_of(Scripted::default(), manifest).identity();
    assert_eq!(identity(MANIFEST), identity(MANIFEST));
    for (from, to) in [
        ("sunny", "rainy"),
        (
            "run = [\"date\"]",
            "run = [\"date\"]\nparameters = {type = \"object\", title = \"x\"}",
        ),
    ] {
        assert_ne!(identity(MANIFEST), identity(&MANIFEST.replace(from, to)), "{from}");
    }
}
