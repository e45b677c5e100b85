//! `kaizen doctor`: checks what a session needs, and names the fix of everything that is missing.

mod canary;
mod harness;
mod hosts;
mod machine;
mod models;
mod ops;
mod sandbox;
mod trial;

use clap::Args;
use serde::Serialize;

use self::harness::HarnessFiles;
use super::Setting;
use super::exit::{Code, CommandFailure};
use super::found_student::found_student;
use super::offered::OfferedEdits;
use super::render;
use super::visible::visible;
use crate::artifact::counted;
use crate::harness::home::ParsedHome;
use crate::harness::layout::table::LayoutTable;
use crate::harness::op::offers::OpOffer;
use crate::manifest::TeacherEngine;
use crate::pipeline::phase::readiness::{UsableTraces, readiness};
use crate::pipeline::student_choice;
use crate::teacher::targets;
use crate::workspace::Workspace;
use crate::workspace::consent::layout_table;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;

/// Check what a session needs, and name the fix of what is missing
///
/// If the workspace is approved (`kaizen trust`), the student makes one attempt, which may cost money. Nothing else
/// starts or is asked, except that model servers on this machine are asked which models they offer if `kaizen.toml`
/// names no student. No file of yours changes.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DoctorArgs {
    /// Put a word into each file that the student reads when it starts, in a copy, and ask for it: one attempt per file
    #[arg(long)]
    canary: bool,
}

/// The result of one check.
#[derive(Debug, Serialize)]
struct DoctorRow {
    check: &'static str,
    /// `None`: not tried.
    ok: Option<bool>,
    /// What was found, in one line.
    found: String,
    /// What to do, unless all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    /// The ops that apply, for the row about ops.
    #[serde(skip_serializing_if = "Option::is_none")]
    ops: Option<Vec<OpOffer>>,
    /// The files, for the row about the harness.
    #[serde(flatten)]
    files: Option<HarnessFiles>,
}

/// Runs the command.
///
/// # Errors
/// There is no workspace, or its manifest cannot be read.
pub(crate) fn doctor(command: &DoctorArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let inputs = Inputs::new(&workspace);
    let offered = OfferedEdits::of(&workspace);
    let layouts = layout_table(&workspace.root);
    let table = layouts.as_ref().ok().cloned();
    let mut rows = vec![
        home(&workspace),
        harness::row(&workspace, &inputs, offered.as_ref().ok(), table.as_ref()),
        ops::row(offered.map(|offered| offered.ops)),
        git(&workspace),
        student(&workspace, layouts.as_ref().ok()),
    ];
    rows.extend(sandbox::row(&workspace));
    rows.extend([
        teacher(&workspace),
        models::judge(&workspace, &inputs),
        models::prices(&workspace),
        evidence(&workspace, &inputs),
        hosts::traces(&workspace, layouts),
        machine::lock(&workspace),
        machine::clock(&workspace),
        machine::disk(&workspace),
        trust(&workspace),
        trial::attempt(&workspace, &inputs),
    ]);
    if command.canary {
        rows.extend(canary::rows(&workspace, &inputs, table));
    }
    for row in &rows {
        print(row, setting);
    }
    match rows.iter().all(|row| row.ok != Some(false)) {
        true => Ok(Code::Settled),
        false => Ok(Code::NotReady),
    }
}

fn print(row: &DoctorRow, setting: &Setting) {
    if setting.is_json() {
        return render::json(row);
    }
    let mark = match row.ok {
        Some(true) => "ok",
        Some(false) => "missing",
        None => "not tried",
    };
    out!(
        "{:<9}  {:<8}  {}",
        mark,
        row.check,
        visible(&row.found).replace('\n', " ")
    );
    if let Some(fix) = &row.fix {
        let mut lines = fix.lines();
        out!(
            "{:<9}  {:<8}  fix: {}",
            "",
            "",
            visible(lines.next().unwrap_or_default())
        );
        lines.for_each(|line| out!("{:<9}  {:<8}       {}", "", "", visible(line)));
    }
    ops::print(row.ops.as_deref().unwrap_or_default());
}

fn row(check: &'static str, ok: Option<bool>, found: String, fix: Option<String>) -> DoctorRow {
    DoctorRow {
        check,
        ok,
        found,
        fix,
        ops: None,
        files: None,
    }
}

fn good(check: &'static str, found: String) -> DoctorRow {
    row(check, Some(true), found, None)
}

fn bad(check: &'static str, found: String, fix: impl Into<String>) -> DoctorRow {
    row(check, Some(false), found, Some(fix.into()))
}

fn not_tried(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> DoctorRow {
    row(check, None, found.into(), Some(fix.into()))
}

/// The row for an error: its message, and the hint that a command would print.
fn failed(check: &'static str, error: RunError) -> DoctorRow {
    let failure = CommandFailure::from(error);
    let fix = failure
        .hint
        .unwrap_or_else(|| "correct what the message says, then `kaizen doctor` again".to_owned());
    bad(check, failure.message, fix)
}

fn home(workspace: &Workspace) -> DoctorRow {
    good("home", workspace.root.display().to_string())
}

fn git(workspace: &Workspace) -> DoctorRow {
    let ledger = &workspace.ledger;
    let checked = ledger.check_branch().and_then(|()| ledger.check_identity());
    match checked {
        Ok(()) => good("git", "a branch is checked out, and commits have an author".to_owned()),
        Err(error) => failed("git", error.into()),
    }
}

fn student(workspace: &Workspace, layouts: Option<&LayoutTable>) -> DoctorRow {
    let engine = serde_json::to_value(workspace.manifest.student.engine());
    let engine = engine
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default();
    if workspace.manifest.student.engine.is_some() {
        return good("student", format!("{engine}, by [student] engine in kaizen.toml"));
    }
    if let Some(row) = layouts.and_then(|table| hosts::student(workspace, table)) {
        return row;
    }
    let chosen = student_choice::check(workspace);
    let model = workspace.harness().ok().and_then(|harness| {
        student_choice::foreign_model(&ParsedHome::new(&harness, &workspace.manifest.harness.layout))
    });
    match (found_student(model), chosen) {
        (Some(found), Err(_)) => bad(
            "student",
            found.reason.clone(),
            format!(
                "put these lines into section [student] of kaizen.toml:\n{}",
                found.lines()
            ),
        ),
        (Some(found), Ok(())) => good("student", format!("{engine}, the built-in student; {}", found.reason)),
        (None, Ok(())) => good("student", format!("{engine}, the built-in student")),
        (None, Err(error)) => failed("student", error),
    }
}

fn teacher(workspace: &Workspace) -> DoctorRow {
    let teacher = &workspace.manifest.teacher;
    let problem = match teacher.engine {
        TeacherEngine::Chat if teacher.model.is_none() => Some("set [teacher] model in kaizen.toml"),
        TeacherEngine::Rules if !targets::has_targets(&workspace.manifest.harness.layout) => {
            let found = "rules, which has nothing to propose for this home".to_owned();
            return not_tried("teacher", found, targets::OTHER_TEACHER);
        }
        _ => None,
    };
    let name = serde_json::to_value(teacher.engine).ok();
    let name = name
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default();
    match problem {
        Some(fix) => bad("teacher", name, fix),
        None => good("teacher", name),
    }
}

/// Traces and tasks: what phase `readiness` would say.
fn evidence(workspace: &Workspace, inputs: &Inputs) -> DoctorRow {
    let checked = || -> Result<_, RunError> {
        let usable = inputs.usable_traces(workspace.clock.now().timestamp() as f64)?;
        let usable = UsableTraces {
            count: usable.usable,
            left_out: usable.left_out,
            needed: workspace.manifest.session.min_traces,
        };
        let benchmark = inputs.benchmark()?;
        let (traces, pin) = (inputs.trace_pin()?.clone(), benchmark.pin());
        Ok(readiness(usable, traces, pin, benchmark.unscorable.clone()))
    };
    match checked() {
        Ok(found) if found.ready => {
            let gate = counted(found.benchmark.gate, "gate task");
            let train = counted(found.benchmark.train, "train task");
            good("evidence", format!("{} {train} and {gate}.", found.message))
        }
        Ok(found) => bad(
            "evidence",
            "not enough for a session".to_owned(),
            found.missing.join("\n"),
        ),
        Err(error) => failed("evidence", error),
    }
}

fn trust(workspace: &Workspace) -> DoctorRow {
    let permission = &workspace.permission;
    let approved = permission
        .list()
        .and_then(|list| Ok((permission.approves(&list)?, list)));
    match approved {
        Ok((_, list)) if list.is_empty() => good("trust", "nothing needs an approval".to_owned()),
        Ok((true, _)) => good("trust", "all programs, servers and keys are approved".to_owned()),
        Ok((false, _)) => bad(
            "trust",
            "programs, servers or keys of kaizen.toml are not approved".to_owned(),
            "`kaizen trust` shows the list and approves it",
        ),
        Err(error) => failed("trust", error.into()),
    }
}
