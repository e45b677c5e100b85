//! Prints the summary of a session that is not settled: the planned edits, and what a run will do with each.

use super::{FAINT, STRONG, colour, columns};
use crate::artifact::edit::Edit;
use crate::artifact::plan::Plan;
use crate::artifact::record::SessionRecord;
use crate::cli::exit::CommandFailure;
use crate::cli::visible::visible;
use crate::harness::op;
use crate::pipeline::briefing;
use crate::pipeline::execute::route::EditRoute;
use crate::pipeline::gate_policy::route_of;
use crate::pipeline::options::{RunResult, WaitingFor};
use crate::workspace::Workspace;
use crate::workspace::session::Session;

/// Prints the plan, if there is one, and the next commands.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn show(workspace: &Workspace, ended: &RunResult) -> Result<(), CommandFailure> {
    let (session, record) = (&ended.session, &ended.record);
    let plan: Option<Plan> = session.read("plan.json")?;
    if let Some(WaitingFor::Write(file)) = ended.waits {
        let folder = session.relative();
        out!("{STRONG}{}{STRONG:#} waits for {file}", session.id);
        out!("\n{STRONG}Next{STRONG:#}");
        out!(
            "  read {folder}/{}/README.md, and write {folder}/{file}",
            briefing::FOLDER
        );
        out!("  kaizen run   # checks it and continues");
        return Ok(());
    }
    if let Some(plan) = &plan {
        edits(workspace, session, record, plan)?;
    }
    out!("\n{STRONG}Next{STRONG:#}");
    let newest = workspace.sessions()?.last().is_some_and(|last| last.id == session.id);
    let run = match newest {
        true => "kaizen run".to_owned(),
        false => format!("kaizen run --session {}", session.id),
    };
    if plan.is_some() {
        out!("  $EDITOR {}/plan.json   # you may change the plan", session.relative());
        let release = match ended.waits {
            Some(WaitingFor::Release) => format!("kaizen release {}; ", session.id),
            _ => String::new(),
        };
        out!("  {release}{run}   # continues with this plan");
    } else {
        out!("  {run}   # continues this session");
    }
    Ok(())
}

fn edits(workspace: &Workspace, session: &Session, record: &SessionRecord, plan: &Plan) -> Result<(), CommandFailure> {
    let (pending, outcomes, shared) = (session.pending()?, session.outcomes()?, plan.shared_labels());
    let manifest = &workspace.manifest;
    out!("\n{STRONG}Planned{STRONG:#}");
    if plan.edits.is_empty() {
        out!("  no edits; `kaizen show` shows the diagnosis");
    }
    let label = |edit: &Edit| shared.shown(&edit.id, &edit.digest());
    let labels: Vec<String> = plan.edits.iter().map(label).collect();
    let width = columns::width(labels.iter().map(String::as_str), 6);
    for (edit, label) in plan.edits.iter().zip(&labels) {
        let digest = edit.digest();
        let what = match outcomes.get(&digest) {
            Some(outcome) => format!("{0}{1}{0:#}", colour(outcome.status), outcome.status.words()),
            None => words(&route_of(edit, &pending, &outcomes, record.autonomy_mode, manifest)),
        };
        let name = format!("{:<width$}", visible(label));
        print(edit, &name, op::tier(edit, &manifest.harness), &what);
    }
    for remark in plan.remarks() {
        out!("  note: {}", visible(&remark));
    }
    Ok(())
}

fn print(edit: &Edit, name: &str, tier: crate::artifact::edit::RiskTier, what: &str) {
    let tier = tier.name();
    let (name, title) = (visible(name), visible(&edit.title()).into_owned());
    out!("  {name} {tier:<7} {title}: {what}");
    let why = super::shortened(&edit.rationale);
    if !why.is_empty() {
        out!("         {FAINT}{why}{FAINT:#}");
    }
}

/// Describes what a run will do with an edit.
fn words(route: &EditRoute) -> String {
    match route {
        EditRoute::Gate => "the gate will decide".into(),
        EditRoute::GateSkipped => "accepted; it will be applied without the gate".into(),
        EditRoute::Keep => "you keep it; it will be applied unless the gate rejects it".into(),
        EditRoute::Ask => "it will wait for your review".into(),
        EditRoute::Skip(reason) => format!("it will be skipped: {reason}"),
        EditRoute::RejectByUser => "rejected; it will not be tried".into(),
    }
}
