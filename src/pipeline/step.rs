//! Runs one phase: removes its checkpoint, does its work, publishes its files, and writes a new checkpoint.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::context::Context;
use super::phase::{self as phases, PhaseOutput};
use super::{briefing, state, variants};
use crate::artifact::checkpoint::Checkpoint;
use crate::artifact::plan::Plan;
use crate::artifact::record::{SessionRecord, SessionStatus};
use crate::artifact::{Artifact, diagnosis};
use crate::digest::Digest;
use crate::manifest::phases::Stanza;
use crate::manifest::programs;
use crate::sys::process;
use crate::teacher::{check, command};
use crate::workspace::error::RunError;
use crate::workspace::event::Event;
use crate::workspace::inputs::Inputs;

/// Runs a phase. Its checkpoint is removed first and written again after the last file is published, so that an
/// interrupted phase is stale.
///
/// # Errors
/// See [`RunError`].
pub(crate) fn run(context: &Context, phase: &str) -> Result<(), RunError> {
    let stanza = context.workspace.manifest.phases().remove(phase).unwrap_or_default();
    if phase == "execute" && stanza.run.is_empty() {
        charge(context, phase)?;
        // Before the phase reads the plan, so that its checkpoint covers the chosen payloads.
        variants::choose(context)?;
    }
    let given = reads(context, &stanza)?;
    let inputs = Digest::of_value(&(&context.session.id, phase, &given));
    if !context.workspace.breaker.allows(inputs, context.workspace.clock.now()) {
        let phase = phase.to_owned();
        return Err(RunError::Looping { phase });
    }
    context.session.remove_checkpoint(phase)?;
    charge(context, phase)?;
    let left = match stanza.run.is_empty() {
        true => phases::run(context, phase)?,
        false => outside(context, phase, &stanza)?,
    };
    for (name, text) in &left.files {
        context.session.publish(name, text)?;
    }
    context
        .session
        .write_checkpoint(&checkpoint(context, phase, &stanza, given)?)?;
    (context.listener)(Event::PhaseFinished {
        session: context.session.id.clone(),
        phase: phase.to_owned(),
        summary: left.summary,
    });
    Ok(())
}

/// Charges later calls to the session, in the scope of a phase.
fn charge(context: &Context, phase: &str) -> Result<(), RunError> {
    let (session, calls) = (context.session, &context.workspace.calls);
    Ok(calls.charge(session.root(), &session.path(""), &scope(&session.id, phase))?)
}

/// The scope of a teacher's cached answers, which are deleted when the phase is redone.
pub(crate) fn scope(session: &str, phase: &str) -> String {
    format!("{session}/{phase}")
}

/// Digests of a phase's reads, without those that do not exist.
fn reads(context: &Context, stanza: &Stanza) -> Result<BTreeMap<String, Digest>, RunError> {
    let mut reads = BTreeMap::new();
    for name in &stanza.reads {
        if let Some(digest) = state::read(context, name)? {
            reads.insert(name.clone(), digest);
        }
    }
    Ok(reads)
}

fn checkpoint(
    context: &Context,
    phase: &str,
    stanza: &Stanza,
    mut reads: BTreeMap<String, Digest>,
) -> Result<Checkpoint, RunError> {
    if stanza.reads.iter().any(|name| name == "@ledger") {
        // The checkpoint covers the phase's own commits, so the ledger is read again.
        let inputs = Inputs::new(context.workspace);
        let after = Context {
            inputs: &inputs,
            ..*context
        };
        if let Some(digest) = state::read(&after, "@ledger")? {
            reads.insert("@ledger".into(), digest);
        }
    }
    let mut writes = BTreeMap::new();
    for name in &stanza.writes {
        if let Some(digest) = context.session.digest(name)? {
            writes.insert(name.clone(), digest);
        }
    }
    let record = context.session.record()?;
    Ok(Checkpoint {
        version: 1,
        phase: phase.to_owned(),
        definition: context.definition(record.as_ref(), phase, stanza),
        reads,
        writes,
        extra: Default::default(),
    })
}

/// Runs the external program of a phase, and checks all of its files before any of them is published.
fn outside(context: &Context, phase: &str, stanza: &Stanza) -> Result<PhaseOutput, RunError> {
    let failed = |problem| RunError::Phase {
        phase: phase.to_owned(),
        problem,
    };
    let scratch = context.workspace.own(&format!("scratch/phase-{phase}"));
    let files = super::scratch::provided_files(context, stanza)?;
    let consent = context.workspace.permission.consent()?;
    let program = process::Program {
        consent: &consent,
        run: &words(stanza, &context.workspace.root),
        folder: &scratch,
        withheld: &context.workspace.manifest.withheld(&[]),
        variables: Vec::new(),
        timeout: Some(Duration::from_secs(stanza.timeout())),
        bounds: None,
    };
    let left = process::run_phase(&context.workspace.root, &program, files, &stanza.writes).map_err(failed)?;
    let text = |(name, bytes): (String, Vec<u8>)| {
        let text = String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8"))?;
        checked(&name, text.strip_prefix('\u{feff}').unwrap_or(&text)).map(|text| (name, text))
    };
    let files = left
        .into_iter()
        .map(text)
        .collect::<Result<Vec<_>, String>>()
        .map_err(failed)?;
    Ok(PhaseOutput {
        summary: format!(
            "{} from `{}`",
            crate::artifact::counted(files.len(), "file"),
            stanza.run.join(" ")
        ),
        files,
    })
}

/// The command line of a phase's program. A program name without a slash is looked up in PATH.
fn words(stanza: &Stanza, root: &Path) -> Vec<String> {
    let mut words = command::from_folder(&stanza.run, root, &programs::files_for_phase(&stanza.reads));
    if let Some(name) = stanza.run.first().filter(|name| !name.contains('/')) {
        words[0].clone_from(name);
    }
    words
}

/// Checks a file from an external program; returns its text, that of a plan in canonical form.
fn checked(name: &str, text: &str) -> Result<String, String> {
    let path = std::path::Path::new(name);
    match name {
        "plan.json" => Plan::from_text(path, text)
            .map(|plan| plan.to_text())
            .map_err(|error| error.to_string()),
        diagnosis::FILE => match check::diagnosis_problems(text).into_iter().next() {
            Some(first) => Err(format!("{name}:{}:{}: {}", first.line, first.column, first.message)),
            None => Ok(text.to_owned()),
        },
        _ if name.ends_with(".json") => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(error) => Err(format!("{name}: {error}")),
        },
        _ => Ok(text.to_owned()),
    }
}

/// Updates the briefing, and reports that a phase waits for a file.
pub(super) fn await_file(context: &Context, phase: &str, file: &str) -> Result<(), RunError> {
    // The briefing runs the student, which is charged to the session.
    charge(context, phase)?;
    let briefing = briefing::refresh(context)?;
    note_status(context, phase)?;
    (context.listener)(Event::FileAwaited {
        session: context.session.id.clone(),
        phase: phase.to_owned(),
        file: format!("{}/{file}", context.session.relative()),
        briefing,
    });
    Ok(())
}

/// Writes the phase in progress into the session's record.
pub(super) fn note_status(context: &Context, phase: &str) -> Result<(), RunError> {
    let status = match phase {
        "diagnose" => SessionStatus::Diagnosing,
        "plan" => SessionStatus::Planning,
        "execute" => SessionStatus::Executing,
        _ => SessionStatus::Initiated,
    };
    // Other phases only change the record if it says that an earlier run failed.
    let stands = |record: &SessionRecord| status == SessionStatus::Initiated && record.status != SessionStatus::Failed;
    if let Some(record) = context.session.record()?.filter(|record| !stands(record)) {
        let autonomy_mode = context.autonomy_of(Some(&record));
        let under_way = SessionRecord {
            status,
            autonomy_mode,
            // A session with a final score keeps its end, unless something new happens.
            ended_at: record.ended_at.clone().filter(|_| record.benchmark_after.is_some()),
            error: None,
            ..record
        };
        context.session.publish("session.json", &under_way.to_text())?;
    }
    Ok(())
}
