//! The tools of the server: the eleven diagnostic ones, and those that run a session.

use rmcp::model::ToolAnnotations;
use serde_json::{Map, Value, json};

use super::driven_session::DrivenSession;
use super::result::McpAnswer;
use super::{diagnostic_tools, status, submit};
use crate::artifact::edit::Op;
use crate::llm::chat::ToolSpec;
use crate::teacher::tool;

/// How many seconds a poll waits: the maximum, and the default.
const LONGEST_POLL: u64 = 18;
const POLL: u64 = 10;

/// The descriptions of all tools.
pub(crate) fn specs() -> Vec<ToolSpec> {
    let mut specs = tool::specs();
    for spec in &mut specs {
        if let Some((_, effect)) = EFFECTS.iter().find(|(name, _)| *name == spec.name) {
            spec.description = format!("{} {effect}", spec.description);
        }
    }
    specs.extend([
        spec(
            "session_status",
            "Returns the state of the session: the state of each phase, the next step, and the paths of its files.",
            json!({}),
            &[],
        ),
        submit_diagnosis(),
        submit_plan(),
        spec(
            "start_benchmark",
            "Continues the session in the background. It checks the diagnosis and the plan, tries each edit by running the \
             agent (and the programs and models in [student], [judge], [benchmark] and [phase]), and for each edit that the \
             gate accepts, changes and commits the harness files. poll_benchmark returns the progress.",
            json!({}),
            &[],
        ),
        spec(
            "poll_benchmark",
            "Waits briefly and returns the events since the last poll. After the end of the run, it returns the outcome of each \
             edit, the scores before and after, and the commits. Call it until `running` is false; then `next` is the next \
             step.",
            json!({"wait_seconds": {"type": "integer", "default": POLL, "minimum": 0,
                "description": format!("Maximum time to wait for an event, at most {LONGEST_POLL}.")}}),
            &[],
        ),
    ]);
    specs
}

/// Descriptions of effects, for the diagnostic tools that run, send or write something.
const EFFECTS: [(&str, &str); 2] = [
    (
        "run_student_on_task",
        "This runs the agent, which may be a program or a paid model. The first call starts a session in sessions/ and \
         measures the baseline, which runs the agent on every gate task.",
    ),
    (
        "compare_outputs",
        "This may run a scorer program, or send both answers to a judge model. The first call starts a session in \
         sessions/ and measures the baseline, which runs the agent on every gate task.",
    ),
];

/// Whether a tool only reads: it writes, runs and sends nothing, so clients may call it without asking.
pub(crate) fn only_reads(name: &str) -> bool {
    !matches!(
        name,
        "run_student_on_task" | "compare_outputs" | "submit_diagnosis" | "submit_plan" | "start_benchmark"
    )
}

/// The annotations about a tool's effects. Only `start_benchmark` is destructive, because it changes the harness.
pub(crate) fn annotations(name: &str) -> ToolAnnotations {
    let reads = only_reads(name);
    // Not idempotent: a poll returns each event once; a submission after the end of a session starts another session.
    let idempotent = reads && name != "poll_benchmark" || name == "run_student_on_task";
    ToolAnnotations::new()
        .read_only(reads)
        .destructive(name == "start_benchmark")
        .idempotent(idempotent)
        // The agent and the judge may be programs, or models behind a server.
        .open_world(!reads)
}

/// Calls one of the tools of [`specs`].
pub(crate) fn call(driven: &DrivenSession, name: &str, arguments: &Map<String, Value>) -> McpAnswer {
    let Some(spec) = specs().into_iter().find(|spec| spec.name == name) else {
        return McpAnswer::error(format!("Unknown tool: {name}"));
    };
    let (given, problems) = tool::shaped(&spec, arguments);
    match name {
        "submit_diagnosis" => submit::diagnosis(driven, &given, &problems),
        "submit_plan" => submit::plan(driven, &given, &problems),
        _ if !problems.is_empty() => McpAnswer::error(tool::joined(&problems)),
        "session_status" => status::status(driven),
        "start_benchmark" => driven.run_on(),
        "poll_benchmark" => {
            let seconds = given.get("wait_seconds").and_then(Value::as_u64).unwrap_or(POLL);
            driven.poll(seconds.min(LONGEST_POLL))
        }
        _ => diagnostic_tools::call(driven, name, arguments),
    }
}

fn spec(name: &str, description: &str, properties: Value, required: &[&str]) -> ToolSpec {
    ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: object(properties, required),
    }
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn texts(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": description})
}

fn submit_diagnosis() -> ToolSpec {
    let rate = |description: &str| json!({"type": "number", "minimum": 0, "maximum": 1, "description": description});
    let cluster = object(
        json!({
            "id": text("A short label, such as home_shy."),
            "description": text("What goes wrong in these tasks."),
            "sample_trace_ids": texts("Ids of traces that show it."),
            "student_failure_rate": rate("The share of the cluster's train tasks that the agent fails, as you measured it."),
            "teacher_success_rate": rate("The share of them that you solve."),
            "skill_gap": text("What the agent lacks."),
            "task_ids": texts("Ids of the cluster's train tasks."),
            "category": text("The category of the tasks that should gain; by default the one that task_ids share."),
        }),
        &["id", "description", "student_failure_rate"],
    );
    spec(
        "submit_diagnosis",
        "Submits the diagnosis: either `narrative` with `clusters`, or `markdown`, the whole text of diagnosis.md, which ends \
         in one fenced json block with the clusters. A cluster whose rates are both 0 is dropped. This writes \
         diagnosis.md in the session's folder. If no session is open, this starts one in sessions/ and measures the \
         baseline, which runs the agent on every gate task.",
        json!({
            "narrative": text("Markdown for people: what fails, how often, and the causes."),
            "clusters": {"type": "array", "items": cluster, "description": "Groups of failures with one cause each."},
            "markdown": text("Instead of `narrative` and `clusters`: the text of diagnosis.md."),
        }),
        &[],
    )
}

fn submit_plan() -> ToolSpec {
    let ops: Vec<&str> = Op::ALL.iter().map(|op| op.name()).collect();
    let edit = object(
        json!({
            "id": text("A short label, unique in the plan."),
            "pillar": {"type": "string", "enum": ["intelligence", "agent", "tools"], "description": "The part of the agent that the op changes."},
            "op": {"type": "string", "enum": ops, "description": "The operation."},
            "target": text("What is changed, such as agents.NAME.system_prompt, models.NAME.PARAM or FILE#KEY."),
            "payload": {"type": "object", "description": PAYLOADS},
            "variants": {"type": "array", "items": {"type": "object"}, "description": "Further payloads for the same op and target. \
                They are screened on train tasks, and the best one becomes the payload."},
            "rationale": text("Why, with numbers; it becomes the commit message."),
            "expected_improvement": text("The id of the cluster that should gain."),
            "references": texts("Ids of the traces that are the evidence."),
        }),
        &[
            "id",
            "pillar",
            "op",
            "target",
            "payload",
            "rationale",
            "expected_improvement",
        ],
    );
    spec(
        "submit_plan",
        "Submits the edits, in the order in which to try them. All are checked first: if an edit is malformed or cannot be \
         applied, this returns its problem and writes nothing. Otherwise it writes plan.json in the session's folder. It \
         runs nothing.",
        json!({"edits": {"type": "array", "items": edit, "description": "The edits: small ones that each help."}}),
        &["edits"],
    )
}

/// The payload of each op, in short.
const PAYLOADS: &str = "set_model_for_query_class: query_class, model. set_model_param: model, param, value. \
    patch_system_prompt: diff (unified), agent. replace_system_prompt: new_content, agent. set_agent_class: new_class, agent. \
    set_agent_param: agent, param, value. edit_few_shot_exemplars: exemplars (all of them, each {input, output}), agent. \
    add_tool_to_agent and remove_tool_from_agent: agent, tool_name. edit_tool_description: tool_name, new_description. \
    several: edits (each {op, target, payload}), applied in order as one edit. \
    For files of a [[harness.surface]], with path: patch_text: diff, key (optional: the key of a text in the file). \
    replace_text: new_content, key. insert_section: content, after. delete_section: section. set_key: key, value. \
    unset_key: key. edit_list: key, add, remove. edit_examples: exemplars, key. create_file: content. remove_file: path only.";
