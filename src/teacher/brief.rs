//! Writes the briefing folder: everything that a person, an agent or a program needs to write a diagnosis and a plan.
//!
//! It contains nothing from the gate, test or reserve split, and everything in it is redacted.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::artifact::counted;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::artifact::gate::settings::Mode;
use crate::artifact::gate::verdict::RuleKind;
use crate::artifact::trace::Trace;
use crate::harness::op;
use crate::harness::op::offers::OpOffer;
use crate::harness::shown::shown;
use crate::llm::redact::Redactor;
use crate::manifest::Manifest;
use crate::teacher::{Briefing, RejectedEdit, schemas};

/// The largest number of sample traces of a cluster.
const SAMPLES: usize = 5;

/// The largest number of places that are listed for one op.
const PLACES: usize = 40;

/// The file of the edits that the built-in teacher would plan.
const CANDIDATES: &str = "candidates.json";

/// The file of the edits of earlier sessions that were not kept.
const REJECTED: &str = "rejected.json";

/// The content of a briefing folder.
pub(crate) struct TeacherBrief<'a> {
    /// The briefing of a teacher.
    pub briefing: &'a Briefing<'a>,
    /// The student's answers to the train tasks under the present harness.
    pub answers: &'a [ScoredAttempt<'a>],
    /// The edits that the built-in teacher would plan, if the briefing contains them.
    pub candidates: &'a [Edit],
    /// The manifest of the workspace.
    pub manifest: &'a Manifest,
    /// Where the two files belong, in words.
    pub place: &'a str,
    /// Removes secrets from every file.
    pub redactor: &'a Redactor,
}

/// The files of the folder: names and contents.
pub(crate) fn files(brief: &TeacherBrief) -> Vec<(String, Vec<u8>)> {
    let clusters = clusters(brief);
    let mut files = vec![
        ("README.md".to_owned(), readme(brief, &clusters).into_bytes()),
        (
            "traces.jsonl".to_owned(),
            lines(brief.redactor, brief.briefing.traces.iter().map(value)),
        ),
        (
            "train.jsonl".to_owned(),
            lines(brief.redactor, brief.answers.iter().map(train)),
        ),
        (
            "clusters.json".to_owned(),
            pretty(brief.redactor, json!(clusters)).into_bytes(),
        ),
    ];
    if !brief.candidates.is_empty() {
        let edits = pretty(brief.redactor, json!({"edits": brief.candidates}));
        files.push((CANDIDATES.to_owned(), edits.into_bytes()));
    }
    if !brief.briefing.rejected.is_empty() {
        let edits: Vec<Value> = brief.briefing.rejected.iter().map(RejectedEdit::shown).collect();
        files.push((REJECTED.to_owned(), pretty(brief.redactor, edits.into()).into_bytes()));
    }
    for (name, schema) in schemas::all() {
        if matches!(name, "edit" | "cluster") {
            files.push((schemas::file_name(name), schemas::text(&schema).into_bytes()));
        }
    }
    let harness = brief.briefing.harness.files().filter_map(|(path, bytes)| {
        let text = std::str::from_utf8(bytes).ok()?;
        Some((
            format!("harness/{path}"),
            shown(path, brief.briefing.format_of(path), &brief.redactor.text(text))
                .into_owned()
                .into_bytes(),
        ))
    });
    files.extend(harness);
    files
}

fn value(trace: &Trace) -> Value {
    serde_json::to_value(trace).unwrap_or_default()
}

fn train(attempted: &ScoredAttempt) -> Value {
    let mut task = serde_json::to_value(attempted.task).unwrap_or_default();
    task["student"] = match &attempted.attempt {
        Attempt::Answered { answer, .. } => json!({"answer": answer, "score": attempted.score}),
        Attempt::Failed { reason } | Attempt::Infra { reason } | Attempt::Refused { reason } => {
            json!({"error": reason, "score": attempted.score})
        }
    };
    task
}

fn lines(redactor: &Redactor, values: impl Iterator<Item = Value>) -> Vec<u8> {
    let line = |mut value: Value| {
        redactor.value(&mut value);
        format!("{value}\n")
    };
    values.map(line).collect::<String>().into_bytes()
}

fn pretty(redactor: &Redactor, mut value: Value) -> String {
    redactor.value(&mut value);
    format!("{}\n", serde_json::to_string_pretty(&value).unwrap_or_default())
}

/// The failures on train tasks, by category and agent, those with most failures first.
fn clusters(brief: &TeacherBrief) -> Vec<FailureCluster> {
    let mut groups: BTreeMap<(&str, &str), Vec<&ScoredAttempt>> = BTreeMap::new();
    for attempted in brief.answers.iter().filter(|attempted| attempted.score.is_some()) {
        let agent = attempted.task.agent.as_deref().unwrap_or_default();
        groups
            .entry((&attempted.task.category, agent))
            .or_default()
            .push(attempted);
    }
    let mut clusters: Vec<(usize, FailureCluster)> = groups
        .into_iter()
        .map(|((category, agent), group)| cluster(category, agent, &group, brief.briefing.traces))
        .filter(|(failed, _)| *failed > 0)
        .collect();
    clusters.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
    clusters.into_iter().map(|(_, cluster)| cluster).collect()
}

fn cluster(category: &str, agent: &str, group: &[&ScoredAttempt], traces: &[Trace]) -> (usize, FailureCluster) {
    let failed: Vec<&&ScoredAttempt> = group.iter().filter(|one| one.score.unwrap_or_default() < 1.0).collect();
    let lost: f64 = group.iter().map(|one| 1.0 - one.score.unwrap_or_default()).sum();
    let (id, whose) = match agent {
        "" => (category.to_owned(), String::new()),
        agent => (format!("{category}-{agent}"), format!(" of agent {agent}")),
    };
    let asks = |trace: &&Trace| failed.iter().any(|one| one.task.query.trim() == trace.query.trim());
    let samples = traces.iter().filter(asks).take(SAMPLES);
    let cluster = FailureCluster {
        id,
        description: format!(
            "{} of {} train tasks of category {category}{whose} fail",
            failed.len(),
            group.len()
        ),
        sample_trace_ids: samples.map(|trace| trace.trace_id.clone()).collect(),
        student_failure_rate: lost / group.len() as f64,
        teacher_success_rate: 0.0,
        skill_gap: String::new(),
        addressed_by_edit_ids: Vec::new(),
        category: Some(category.to_owned()),
        extra: Default::default(),
    };
    (failed.len(), cluster)
}

fn readme(brief: &TeacherBrief, clusters: &[FailureCluster]) -> String {
    let (briefing, manifest) = (brief.briefing, brief.manifest);
    let template = include_str!("brief.md");
    let wrong: usize = brief
        .answers
        .iter()
        .filter(|one| one.score.is_some_and(|score| score < 1.0))
        .count();
    let (rule, regression) = manifest.gate.usual();
    let regression = match (manifest.gate.max_regression, manifest.gate.mode) {
        (None, _) if manifest.is_sampled() => "10 points and more than chance explains".to_owned(),
        (None, Mode::Auto | Mode::Exact) => "10 points and two tasks".to_owned(),
        _ => points(regression),
    };
    let subject = match rule {
        _ if manifest.is_sampled() => "the overall score",
        RuleKind::Overall => "the overall score",
        RuleKind::Target => "the category of the edit's cluster (field `category`; without one, the overall score)",
    };
    let example = clusters.first().map_or("c1", |cluster| cluster.id.as_str());
    let tasks = briefing.train.len().to_string();
    let words: [(&str, &str); 15] = [
        ("{session}", briefing.session),
        ("{place}", brief.place),
        ("{tasks}", &tasks),
        ("{wrong}", &wrong.to_string()),
        ("{traces}", &briefing.traces.len().to_string()),
        ("{candidates}", &candidates(brief.candidates.len())),
        ("{rejected}", &rejected(briefing.rejected.len())),
        ("{clusters}", &counted(clusters.len(), "group")),
        ("{edit}", &edit_example(briefing)),
        ("{max_edits}", &manifest.teacher.max_edits.to_string()),
        ("{subject}", subject),
        ("{improvement}", &points(manifest.gate.min_improvement)),
        ("{regression}", &regression),
        ("{example}", example),
        ("{ops}", &ops(briefing)),
    ];
    let text = words
        .iter()
        .fold(template.to_owned(), |text, (word, with)| text.replace(word, with));
    brief.redactor.text(&text).into_owned()
}

/// The op and payload of the example plan, which changes a place that this agent has.
fn edit_example(briefing: &Briefing) -> String {
    let of = |op: Op| briefing.offers.iter().find(|offer| offer.op == op);
    let offer = of(Op::PatchText)
        .or_else(|| of(Op::SetKey))
        .filter(|_| of(Op::ReplaceSystemPrompt).is_none());
    match offer {
        Some(offer) => format!("\"op\": \"{}\",\n  \"payload\": {}", offer.op.name(), offer.example),
        None => {
            "\"pillar\": \"agent\", \"op\": \"replace_system_prompt\", \"target\": \"agents.NAME.system_prompt\",\n  \
                 \"payload\": {\"new_content\": \"…\"}"
                .to_owned()
        }
    }
}

/// The line about the file of candidates; empty without them.
fn candidates(count: usize) -> String {
    match count {
        0 => String::new(),
        _ => format!(
            "- `{CANDIDATES}`: {} that kaizen derived from train tasks without a model, each with what it gained on train tasks on \
             top\n  of those before it. Use, change or ignore them.\n",
            counted(count, "edit")
        ),
    }
}

/// The line about the file of edits that were not kept; empty without them.
fn rejected(count: usize) -> String {
    match count {
        0 => String::new(),
        _ => format!(
            "- `{REJECTED}`: {} of earlier sessions that {} not kept, newest first, each with the class of the reason. Do not\n  \
             propose one of them again without a change.\n",
            counted(count, "edit"),
            if count == 1 { "was" } else { "were" }
        ),
    }
}

fn points(share: f64) -> String {
    format!("{} points", (1000.0 * share).round() / 10.0)
}

/// One section for each op that applies, with the places that it can change.
fn ops(briefing: &Briefing) -> String {
    let mut text = String::new();
    for op in briefing.ops {
        let offers: Vec<&OpOffer> = briefing.offers.iter().filter(|offer| offer.op == *op).collect();
        let Some(first) = offers.first() else { continue };
        let schema = Value::from(op::payload_schema(*op));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "### {}\n\nChanges {}. Payload:\n\n{}\n\nExample: `{}`\n",
            op.name(),
            places(&offers),
            payload(&schema),
            first.example
        );
    }
    let schema = Value::from(op::payload_schema(Op::Several));
    let _ = writeln!(
        text,
        "### several\n\nMakes several of these changes as one edit; its tier is the highest of theirs. Use it for edits that earlier \
         sessions left\nundecided, after the benchmark got new gate tasks: on the tasks that left one of them undecided, it is \
         refused. Payload:\n\n{}\n",
        payload(&schema)
    );
    text.trim_end().to_owned()
}

/// What an op can change: one place in the sentence, or a list.
fn places(offers: &[&OpOffer]) -> String {
    let place = |offer: &&OpOffer| {
        let key = offer
            .key
            .as_ref()
            .map(|key| format!(", key `{key}`"))
            .unwrap_or_default();
        format!(
            "`{}`{key}; tier {}",
            offer.path,
            format!("{:?}", offer.tier).to_lowercase()
        )
    };
    match offers {
        [one] => place(one),
        many => {
            let shown = many.iter().take(PLACES).map(|offer| format!("\n- {}", place(offer)));
            let more = many.len().saturating_sub(PLACES);
            let rest = if more > 0 {
                format!("\n- and {more} more of the same kinds")
            } else {
                String::new()
            };
            format!(
                "one of these places:\n{}{rest}\n\nThe file and key are in the payload",
                shown.collect::<String>()
            )
        }
    }
}

/// The keys of a payload as a list for people and models; the full schema is in `edit.schema.json`.
fn payload(schema: &Value) -> String {
    let required = schemas::required(schema);
    let properties = schema["properties"].as_object();
    let line = |(name, about): (&String, &Value)| {
        let need = if required.contains(&name.as_str()) {
            ""
        } else {
            ", optional"
        };
        let kind = about["type"].as_str().map_or("any JSON".to_owned(), str::to_owned);
        let words = about["description"].as_str().unwrap_or_default().replace('\n', " ");
        format!("- `{name}` ({kind}{need}): {words}")
    };
    properties
        .into_iter()
        .flatten()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}
