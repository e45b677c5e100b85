//! `kaizen show SESSION`: a session's record, clusters, error budget and edits.

use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::error_budget::{self, ErrorBudget, Slot};
use crate::artifact::outcome::Outcome;
use crate::artifact::plan::Plan;
use crate::artifact::record::SessionRecord;
use crate::artifact::short_id;
use crate::cli::Setting;
use crate::cli::exit::CommandFailure;
use crate::cli::render::{self, FAINT, STRONG};
use crate::cli::visible::visible;
use crate::workspace::session::Session;

/// Prints a session.
///
/// # Errors
/// Its files cannot be read.
pub(crate) fn show(session: &Session, setting: &Setting) -> Result<(), CommandFailure> {
    let record = session.record()?;
    let spending = render::spent_so_far(session, record.as_ref())?;
    let record = record.map(|record| SessionRecord { spending, ..record });
    let plan: Option<Plan> = session.read("plan.json")?;
    let outcomes: Vec<Outcome> = session.outcomes()?.into_values().collect();
    if setting.is_json() {
        render::json(&serde_json::json!({
            "session": session.id, "record": record, "plan": plan, "outcomes": outcomes,
            "budget": session.read::<ErrorBudget>(error_budget::FILE)?
        }));
        return Ok(());
    }
    out!("{STRONG}{}{STRONG:#}", session.id);
    record.iter().for_each(|record| head(session, record));
    if let Some(plan) = &plan {
        out!("\n{STRONG}Clusters{STRONG:#}  shares of train tasks that the student fails, and that the teacher solves");
        plan.failure_clusters.iter().for_each(cluster);
    }
    let order = |outcome: &Outcome| {
        let edits = plan.iter().flat_map(|plan| &plan.edits);
        edits
            .map(crate::artifact::edit::Edit::digest)
            .position(|digest| digest == outcome.edit_digest)
    };
    let mut sorted: Vec<(Option<usize>, &Outcome)> = outcomes.iter().map(|one| (order(one), one)).collect();
    sorted.sort_by_key(|(order, _)| order.unwrap_or(usize::MAX));
    let budget: Option<ErrorBudget> = session.read(error_budget::FILE)?;
    if let Some(budget) = &budget {
        out!("\n{STRONG}Error budget{STRONG:#}  {}", budget.words());
        budget.slots.iter().for_each(slot);
    }
    out!("\n{STRONG}Edits{STRONG:#}");
    let width = render::columns::width(sorted.iter().map(|(_, outcome)| outcome.edit_id.as_str()), 6);
    let status = render::columns::width(sorted.iter().map(|(_, outcome)| outcome.status.words()), 0);
    sorted.iter().for_each(|(_, outcome)| edit(outcome, width, status));
    for remark in plan.iter().flat_map(Plan::remarks) {
        out!("  note: {}", visible(&remark));
    }
    Ok(())
}

fn head(session: &Session, record: &SessionRecord) {
    out!("  status     {}", render::words(record.status));
    out!("  trigger    {}", word(&record.trigger));
    out!("  autonomy   {}", word(&record.autonomy_mode));
    out!("  started    {}", record.started_at);
    for (name, text) in [
        ("ended", &record.ended_at),
        ("parent", &record.parent_session_id),
        ("from", &record.git_checkpoint_pre),
        ("to", &record.git_checkpoint_post),
        ("error", &record.error),
    ] {
        if let Some(text) = text {
            out!("  {name:<11}{}", visible(text));
        }
    }
    if record.spending.is_empty()
        && let Some(cost) = record.teacher_cost_usd
    {
        out!("  teacher    {cost} USD");
    }
    render::spending(&record.spending);
    render::scores(session, record);
}

/// The value as it is written in the file.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn cluster(cluster: &FailureCluster) {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    out!(
        "  {:<28} {:>5} fail, {:>5} solved  {}{FAINT}{}{FAINT:#}",
        visible(&cluster.id),
        percent(cluster.student_failure_rate),
        percent(cluster.teacher_success_rate),
        visible(&render::shortened(&cluster.description)),
        match cluster.addressed_by_edit_ids.join(", ") {
            ids if ids.is_empty() => String::new(),
            ids => format!(" ({})", visible(&ids)),
        }
    );
}

fn slot(slot: &Slot) {
    out!(
        "  {:>2}  alpha {:.4}{}  {}",
        slot.slot,
        slot.alpha,
        match slot.carried > 0.0 {
            true => format!(", {:.4} of it handed on", slot.carried),
            false => String::new(),
        },
        visible(&slot.edit_id)
    );
}

fn edit(outcome: &Outcome, width: usize, status: usize) {
    let style = render::colour(outcome.status);
    let digest = outcome.edit_digest.short();
    let numbers = outcome.evidence().unwrap_or_default();
    let commit = outcome
        .commit
        .as_deref()
        .map(|commit| format!("  commit {}", short_id(commit)));
    out!(
        "  {:<width$} {FAINT}{digest}{FAINT:#}  {style}{:<status$}{style:#}  {} {}{}",
        visible(&outcome.edit_id),
        outcome.status.words(),
        outcome.op.name(),
        visible(&outcome.target),
        commit.unwrap_or_default()
    );
    let reason = outcome.error.as_deref().map(render::shortened).unwrap_or_default();
    let late = outcome.late_words().unwrap_or_default();
    for line in [numbers, reason, late].iter().filter(|line| !line.is_empty()) {
        out!("         {FAINT}{}{FAINT:#}", visible(line));
    }
}
