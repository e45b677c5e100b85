//! `kaizen traces import`: imports traces of other programs, and reports how many are usable.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::hide_from_git;
use crate::artifact::counted;
use crate::cli::exit::{Code, CommandFailure};
use crate::cli::visible::visible;
use crate::cli::{Setting, render};
use crate::trace::format::Dialect;
use crate::trace::import;
use crate::trace::import::{FileReport, ImportEntry, ImportReason, ImportStatus, KnownTraces, Wish};
use crate::workspace::Workspace;

/// Import traces of other programs, whose formats are recognized by their content
#[derive(Clone, Debug, Args)]
pub(crate) struct ImportArgs {
    /// Files or folders to import
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The agent of traces that name no agent
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Print the report, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Imports all files at the paths. A file that cannot be imported is reported and does not stop the others. The command
/// fails if a file that was named, or a whole folder, holds no trace.
///
/// # Errors
/// The traces of the workspace cannot be read.
pub(crate) fn import(command: &ImportArgs, setting: &Setting, workspace: &Workspace) -> Result<Code, CommandFailure> {
    let mut known = KnownTraces::of(workspace.traces()?.as_ref())?;
    let wish = Wish {
        root: &workspace.root,
        agent: command.agent.as_deref(),
        is_dry_run: command.dry_run,
    };
    if !command.dry_run {
        hide_from_git(workspace)?;
    }
    let (mut reports, mut is_missing) = (Vec::new(), false);
    for path in &command.paths {
        let before = reports.len();
        for visit in import::visits(&setting.directory.join(path)) {
            let report = visited(visit, wish, setting, &mut known);
            tell(setting, &report);
            reports.push(report);
        }
        is_missing |= !reports[before..].iter().any(FileReport::has_traces);
    }
    total(setting, &reports, command.dry_run);
    warn_if_unread(workspace, &reports);
    Ok(if is_missing { Code::Failed } else { Code::Settled })
}

fn visited(visit: ImportEntry, wish: Wish, setting: &Setting, known: &mut KnownTraces) -> FileReport {
    let shown = |path: &PathBuf| {
        path.strip_prefix(&setting.directory)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    match visit {
        ImportEntry::File(path) => import::import(wish, &path, &shown(&path), known),
        ImportEntry::Link(path) => FileReport {
            status: ImportStatus::NotFollowed,
            ..FileReport::new(&shown(&path))
        },
        ImportEntry::Unreachable(path, error) => FileReport {
            status: ImportStatus::Failed,
            error: Some(error),
            ..FileReport::new(&shown(&path))
        },
    }
}

fn tell(setting: &Setting, report: &FileReport) {
    if setting.is_json() {
        return render::json(report);
    }
    let file = visible(&report.file);
    let dialect = report.dialect.map_or("", Dialect::name);
    match report.status {
        ImportStatus::Failed => {
            let error = report.error.as_deref().unwrap_or_default();
            err!("{file}: not imported: {}", visible(error));
        }
        ImportStatus::NotFollowed => out!("{file}: not followed, because it is a link inside a folder"),
        ImportStatus::AlreadyImported => {
            let written = report.written.as_deref().unwrap_or_default();
            out!("{file}: already imported as {written}");
        }
        _ => {
            out!("{file}: {dialect}, {}", counts(report));
            facts(report).iter().for_each(|line| out!("  {line}"));
            report.skipped.iter().for_each(|reason| out!("  {}", skipped(reason)));
        }
    }
}

fn counts(report: &FileReport) -> String {
    let changed = match report.changed {
        0 => String::new(),
        changed => format!(", {changed} of them with different content: the first version is kept"),
    };
    let (read, new, duplicates) = (counted(report.read, "trace"), report.new, report.duplicates);
    format!("{read}: {new} new, {duplicates} dropped as duplicates{changed}")
}

/// Counts of usable and missing fields, and the file that was written.
fn facts(report: &FileReport) -> Vec<String> {
    if report.new == 0 {
        return Vec::new();
    }
    let (usable, missing) = (report.usable, report.missing);
    let usable = format!(
        "usable: {} with a query, {} with a result, {} with an outcome or feedback",
        usable.with_query, usable.with_result, usable.judged
    );
    let named = [
        ("query", missing.query),
        ("result", missing.result),
        ("outcome", missing.outcome),
        ("feedback", missing.feedback),
        ("time", missing.time),
        ("agent", missing.agent),
        ("model", missing.model),
        ("tokens", missing.tokens),
    ];
    let lacking: Vec<String> = named
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let missing = if lacking.is_empty() {
        "nothing".to_owned()
    } else {
        lacking.join(", ")
    };
    let written = report.written.as_deref().unwrap_or_default();
    vec![usable, format!("missing: {missing}"), format!("in {written}")]
}

fn skipped(reason: &ImportReason) -> String {
    let kind = if reason.is_loss { "skipped" } else { "ignored" };
    let more = if reason.count > reason.places.len() {
        ", …"
    } else {
        ""
    };
    let places = reason.places.join(", ");
    let (text, places) = (visible(&reason.reason), visible(&places));
    format!("{kind}: {text} ({}: {places}{more})", reason.count)
}

fn total(setting: &Setting, reports: &[FileReport], is_dry_run: bool) {
    let sum = |of: fn(&FileReport) -> usize| reports.iter().map(of).sum::<usize>();
    let (read, new, duplicates) = (sum(|one| one.read), sum(|one| one.new), sum(|one| one.duplicates));
    let with_query = sum(|one| one.usable.with_query);
    let failed = reports
        .iter()
        .filter(|report| report.status == ImportStatus::Failed)
        .count();
    if setting.is_json() {
        return render::json(
            &json!({"total": {"files": reports.len(), "failed": failed, "read": read, "new": new,
            "duplicates": duplicates, "with_query": with_query, "dry_run": is_dry_run}}),
        );
    }
    let would = if is_dry_run { "; nothing was written" } else { "" };
    out!(
        "{}, {failed} failed: {}, {new} new ({with_query} usable as evidence), {duplicates} dropped as duplicates{would}",
        counted(reports.len(), "file"),
        counted(read, "trace")
    );
}

/// Warns if no `[traces] files` pattern matches a written file, because then nothing reads its traces.
fn warn_if_unread(workspace: &Workspace, reports: &[FileReport]) {
    let written = reports.iter().filter_map(|report| report.written.as_deref());
    if let Some(unread) = written.into_iter().find(|written| !workspace.is_evidence(written)) {
        err!("warning: `[traces] files` in kaizen.toml does not match {unread}: add \"traces/*.jsonl\"");
    }
}
