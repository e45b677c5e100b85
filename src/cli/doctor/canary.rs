//! `kaizen doctor --canary`: which files does the student really read? Each gets a word of its own in a copy, and the
//! student is asked for it.

use std::collections::BTreeMap;

use super::{DoctorRow, bad, failed, good, not_tried};
use crate::artifact::evaluation::Attempt;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::student::{Draw, Student};
use crate::harness::Harness;
use crate::harness::agents::default_agent;
use crate::harness::layout::at_start::read_order;
use crate::harness::layout::table::LayoutTable;
use crate::manifest::StudentEngine;
use crate::manifest::surface::BodyTier;
use crate::manifest::surface_table::SurfaceTable;
use crate::workspace::Workspace;
use crate::workspace::engines;
use crate::workspace::error::RunError;
use crate::workspace::inputs::{Inputs, present_harness};

const CHECK: &str = "canary";
const QUESTION: &str = "Your instructions contain a word that begins with `canary-`. Which one? Answer with that word and nothing \
                        else, or with `none` if you see no such word.";

/// The files with text that edits may change.
#[derive(Debug, Default)]
struct TextFiles {
    /// Those that the student reads when it starts.
    at_start: Vec<String>,
    /// Those that it reads when they are needed.
    on_demand: Vec<String>,
    /// Those that it does not read, each with the file of the same folder that it reads instead.
    replaced: BTreeMap<String, String>,
}

/// One row for each file that the student reads when it starts, and one for the others.
pub(super) fn rows(workspace: &Workspace, inputs: &Inputs, layouts: Option<LayoutTable>) -> Vec<DoctorRow> {
    match asked(workspace, inputs, layouts) {
        Ok(rows) => rows,
        Err(RunError::Untrusted(_)) => vec![not_tried(CHECK, "the student is not approved", "kaizen trust")],
        Err(error) => vec![failed(CHECK, error)],
    }
}

fn asked(workspace: &Workspace, inputs: &Inputs, layouts: Option<LayoutTable>) -> Result<Vec<DoctorRow>, RunError> {
    let harness = present_harness(workspace, inputs)?;
    let task = task();
    workspace.may_evaluate([&task])?;
    let student = in_sandbox(workspace);
    let files = text_files(workspace, &harness, layouts)?;
    let mut rows = Vec::new();
    for path in &files.at_start {
        let (candidate, word) = with_word(&harness, path);
        let attempt = student.prepare(&candidate).attempt(&task, Draw::live(0));
        let is_over = matches!(attempt, Attempt::Infra { .. } | Attempt::Refused { .. });
        rows.push(row(path, &word, attempt));
        // What fails once for the service fails for every file.
        if is_over {
            break;
        }
    }
    if files.at_start.is_empty() {
        let fix = "[harness] layouts in kaizen.toml names the layouts; `kaizen layouts` lists them";
        rows.push(not_tried(
            CHECK,
            "no file is known to be read when the student starts",
            fix,
        ));
    }
    rows.extend(later(&files));
    Ok(rows)
}

/// Rows for the files that are not tried.
fn later(files: &TextFiles) -> Vec<DoctorRow> {
    let mut rows = Vec::new();
    for (path, read) in &files.replaced {
        let found = format!("{path}: the host reads {read} of this folder instead");
        rows.push(not_tried(
            CHECK,
            found,
            format!("edits of {path} have no effect; edit {read}"),
        ));
    }
    if !files.on_demand.is_empty() {
        let found = format!("read when it is needed: {}", files.on_demand.join(", "));
        rows.push(not_tried(
            CHECK,
            found,
            "tasks with `loads` test which skills are loaded",
        ));
    }
    rows
}

/// The student, whose program runs outside the workspace so that it finds no other copy of the files.
fn in_sandbox(workspace: &Workspace) -> Box<dyn Student> {
    let mut manifest = workspace.manifest.clone();
    if manifest.student.engine() == StudentEngine::Command {
        manifest.student.sandbox.get_or_insert_default();
    }
    engines::student(&manifest, &workspace.root, &workspace.calls, &workspace.permission)
}

fn text_files(workspace: &Workspace, harness: &Harness, layouts: Option<LayoutTable>) -> Result<TextFiles, RunError> {
    let section = &workspace.manifest.harness;
    let Some(mut table) = layouts.filter(|_| !section.surface.is_empty()) else {
        let agent = default_agent(harness, &section.layout);
        let prompt = section.layout.prompt.replace("{agent}", &agent);
        let exists = harness.get(&prompt).is_some();
        return Ok(TextFiles {
            at_start: exists.then_some(prompt).into_iter().collect(),
            ..TextFiles::default()
        });
    };
    let surfaces = SurfaceTable::of(section);
    let is_text = |path: &String| {
        surfaces
            .find(path)
            .is_some_and(|one| one.body_of(path) != BodyTier::Off)
    };
    table.keep(&section.layouts);
    let name = workspace.root.file_name().unwrap_or_default().to_string_lossy();
    let order = read_order(harness, &name, &table).map_err(RunError::Config)?;
    let mut files = TextFiles {
        at_start: order.at_start.into_iter().filter(is_text).collect(),
        replaced: order.replaced,
        ..TextFiles::default()
    };
    let all = harness.files().map(|(path, _)| path.to_owned()).filter(is_text);
    let is_later = |path: &String| !files.at_start.contains(path) && !files.replaced.contains_key(path);
    files.on_demand = all.filter(is_later).collect();
    Ok(files)
}

fn task() -> Task {
    Task {
        task_id: CHECK.to_owned(),
        query: QUESTION.to_owned(),
        reference_answer: "".into(),
        category: CHECK.to_owned(),
        agent: None,
        loads: None,
        scorer: crate::artifact::task::Scorer::Contains,
        split: None,
        world: Default::default(),
        extra: Default::default(),
    }
}

/// The harness with a word in one file, and the word. The same harness always gives the same word.
fn with_word(harness: &Harness, path: &str) -> (Harness, String) {
    let word = format!("canary-{}", Digest::of_value(&(harness.digest(), path)).short());
    let text = harness.get(path).map(String::from_utf8_lossy).unwrap_or_default();
    let text = format!("{}\n\nThe word is {word}.\n", text.trim_end());
    (harness.clone().with(path, text), word)
}

fn row(path: &str, word: &str, attempt: Attempt) -> DoctorRow {
    match attempt {
        Attempt::Answered { answer, .. } if answer.contains(word) => {
            good(CHECK, format!("{path}: the student reads it"))
        }
        Attempt::Answered { .. } => bad(
            CHECK,
            format!("{path}: the student did not say the word that this file contained"),
            format!(
                "edits of {path} may have no effect: see which files this student reads, and correct [student] run"
            ),
        ),
        Attempt::Failed { reason } | Attempt::Infra { reason } | Attempt::Refused { reason } => {
            bad(CHECK, format!("{path}: {reason}"), "correct [student], then try again")
        }
    }
}
