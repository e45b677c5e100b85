//! One step: run one phase between the removal of its checkpoint and the writing of a new one.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::definition::definition;
use super::run_phase;
use super::run_phase::{PhaseOutput, Run};
use super::state::{self, View};
use crate::artifact::Artifact;
use crate::artifact::checkpoint::Checkpoint;
use crate::artifact::plan::Plan;
use crate::digest::Digest;
use crate::manifest::phases::Stanza;
use crate::manifest::programs;
use crate::sys::process;
use crate::teacher::{command, reply};
use crate::workspace::authorship;
use crate::workspace::error::RunError;
use crate::workspace::event::Event;
use crate::workspace::inputs::Inputs;

/// Runs a phase: its checkpoint goes first, and comes back after the last file is published.
///
/// # Errors
/// See [`RunError`].
pub(crate) fn run(run: &Run, phase: &str) -> Result<(), RunError> {
    let stanza = run.view.workspace.manifest.phases().remove(phase).unwrap_or_default();
    let given = reads(run, &stanza)?;
    let inputs = Digest::of_value(&(&run.session.id, phase, &given));
    if !run
        .view
        .workspace
        .breaker
        .allows(inputs, run.view.workspace.clock.now())
    {
        let phase = phase.to_owned();
        return Err(RunError::Looping { phase });
    }
    run.session.remove_checkpoint(phase)?;
    let calls = &run.view.workspace.calls;
    calls.charge(&run.session.path(""), &scope(&run.session.id, phase))?;
    let left = match stanza.run.is_empty() {
        true => run_phase::built_in(run, phase)?,
        false => outside(run, phase, &stanza)?,
    };
    for (name, text) in &left.files {
        run.session.publish(name, text)?;
    }
    run.session.write_checkpoint(&checkpoint(run, phase, &stanza, given)?)?;
    (run.listener)(Event::PhaseFinished {
        session: run.session.id.clone(),
        phase: phase.to_owned(),
        summary: left.summary,
    });
    Ok(())
}

/// What a teacher's answers are filed under, to be forgotten when the phase is asked to be done again.
pub(crate) fn scope(session: &str, phase: &str) -> String {
    format!("{session}/{phase}")
}

/// Digests of the exact bytes that a phase is given.
fn reads(run: &Run, stanza: &Stanza) -> Result<BTreeMap<String, Digest>, RunError> {
    let mut reads = BTreeMap::new();
    for name in &stanza.reads {
        if let Some(digest) = state::read(run.view, run.session, name)? {
            reads.insert(name.clone(), digest);
        }
    }
    Ok(reads)
}

fn checkpoint(
    run: &Run,
    phase: &str,
    stanza: &Stanza,
    mut reads: BTreeMap<String, Digest>,
) -> Result<Checkpoint, RunError> {
    if stanza.reads.iter().any(|name| name == "@ledger") {
        // The phase's own commits are part of what it vouches for.
        let inputs = Inputs::new(run.view.workspace);
        let after = View {
            inputs: &inputs,
            ..*run.view
        };
        if let Some(digest) = state::read(&after, run.session, "@ledger")? {
            reads.insert("@ledger".into(), digest);
        }
    }
    let mut writes = BTreeMap::new();
    for name in &stanza.writes {
        if let Some(digest) = run.session.digest(name)? {
            writes.insert(name.clone(), digest);
        }
    }
    let record = run.session.record()?;
    let autonomy = state::autonomy(run.view, record.as_ref());
    let engines = authorship::engines(run.view.engines, record.as_ref());
    let engines = engines.as_ref().unwrap_or(run.view.engines);
    let definition = definition(&run.view.workspace.manifest, phase, stanza, engines, autonomy);
    Ok(Checkpoint {
        version: 1,
        phase: phase.to_owned(),
        definition,
        reads,
        writes,
        extra: Default::default(),
    })
}

/// Runs somebody else's program for a phase, and checks what it leaves before any of it is published.
fn outside(run: &Run, phase: &str, stanza: &Stanza) -> Result<PhaseOutput, RunError> {
    let failed = |problem| RunError::Phase {
        phase: phase.to_owned(),
        problem,
    };
    let scratch = run.view.workspace.own(&format!("scratch/phase-{phase}"));
    let files = super::scratch::given(run, stanza)?;
    let consent = run.view.workspace.permission.consent()?;
    let program = process::Program {
        consent: &consent,
        run: &words(stanza, &run.view.workspace.root),
        folder: &scratch,
        withheld: &run.view.workspace.manifest.withheld(&[]),
        variables: Vec::new(),
        timeout: Some(Duration::from_secs(stanza.timeout())),
    };
    let left = process::run_phase(&run.view.workspace.root, &program, files, &stanza.writes).map_err(failed)?;
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
        summary: format!("{} files from `{}`", files.len(), stanza.run.join(" ")),
        files,
    })
}

/// The words of a phase's program. A program without a path is looked up in PATH.
fn words(stanza: &Stanza, root: &Path) -> Vec<String> {
    let mut words = command::from_folder(&stanza.run, root, &programs::given_to_phase(&stanza.reads));
    if let Some(name) = stanza.run.first().filter(|name| !name.contains('/')) {
        words[0].clone_from(name);
    }
    words
}

/// What a program leaves is an artifact like any other.
fn checked(name: &str, text: &str) -> Result<String, String> {
    let path = std::path::Path::new(name);
    match name {
        "plan.json" => Plan::from_text(path, text)
            .map(|plan| plan.to_text())
            .map_err(|error| error.to_string()),
        "diagnosis.md" if reply::clusters(text).is_empty() && !text.contains("[]") => {
            Err("diagnosis.md must end in one fenced json block with the list of clusters".into())
        }
        _ if name.ends_with(".json") => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(error) => Err(format!("{name}: {error}")),
        },
        _ => Ok(text.to_owned()),
    }
}
