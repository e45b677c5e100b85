//! Collects the files that the external program of a phase receives.

use super::context::Context;
use super::state;
use crate::artifact::task::Split;
use crate::eval::held_out::HeldOut;
use crate::harness::Harness;
use crate::llm::redact::Redactor;
use crate::manifest::phases::Stanza;
use crate::sys::process::ProgramFiles;
use crate::workspace::error::RunError;

/// The declared reads: files of the session without holdout tasks, and inputs as `traces.jsonl`, `train.jsonl` and
/// `harness/`.
///
/// # Errors
/// An input cannot be read.
pub(crate) fn provided_files(context: &Context, stanza: &Stanza) -> Result<ProgramFiles, RunError> {
    let redactor = &context.workspace.redactor;
    let held_out = context.inputs.held_out()?;
    let mut files = ProgramFiles::new();
    for name in &stanza.reads {
        match name.as_str() {
            "@traces" => files.push((
                "traces.jsonl".into(),
                lines(&context.inputs.evidence(context.moment()?)?, redactor).into_bytes(),
            )),
            "@train" => files.push((
                "train.jsonl".into(),
                lines(&context.inputs.benchmark()?.split(Split::Train), redactor).into_bytes(),
            )),
            "@harness" => files.extend(harness(context)?),
            // A program must not see the gate tasks that decide about its proposals; the ledger is git, not a file.
            "@gate" | "@ledger" => {}
            folder if folder.ends_with('/') => files.extend(folder_of(context, &held_out, folder)?),
            file => files.extend(file_of(context, &held_out, file)?),
        }
    }
    Ok(files)
}

fn lines<T: serde::Serialize>(rows: &[T], redactor: &Redactor) -> String {
    let line = |row: &T| {
        let mut value = serde_json::to_value(row).unwrap_or_default();
        redactor.value(&mut value);
        format!("{value}\n")
    };
    rows.iter().map(line).collect()
}

fn harness(context: &Context) -> Result<ProgramFiles, RunError> {
    let harness = match state::base(context)? {
        Some(commit) => context.inputs.harness_at(&commit)?,
        None => Harness::default(),
    };
    Ok(harness
        .files()
        .map(|(path, bytes)| (format!("harness/{path}"), bytes.to_vec()))
        .collect())
}

fn folder_of(context: &Context, held_out: &HeldOut, folder: &str) -> Result<ProgramFiles, RunError> {
    let names = context.session.names(folder)?;
    let all = names
        .iter()
        .map(|name| file_of(context, held_out, &format!("{folder}{name}")))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(all.into_iter().flatten().collect())
}

fn file_of(context: &Context, held_out: &HeldOut, name: &str) -> Result<Option<(String, Vec<u8>)>, RunError> {
    let text = context.session.text(name)?;
    Ok(text.map(|text| (name.to_owned(), held_out.artifact(name, &text).into_bytes())))
}
