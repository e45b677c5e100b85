//! `kaizen run --estimate`: estimates a session's calls of language models and their cost.

use super::RunArgs;
use crate::artifact::Money;
use crate::cli::Setting;
use crate::cli::exit::CommandFailure;
use crate::cli::render::{self, dollars};
use crate::llm::estimate::{RoleEstimate, estimate};
use crate::pipeline::forecast::forecast;
use crate::pipeline::preview::earlier_calls;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;

/// Prints the estimate for the session that a run would start or resume.
///
/// # Errors
/// The workspace cannot be read.
pub(crate) fn print(workspace: &Workspace, asked: &RunArgs, setting: &Setting) -> Result<(), CommandFailure> {
    let name = asked.session.as_ref().or(asked.name.as_ref());
    let session = match name {
        Some(id) => Some(
            workspace
                .session(id)?
                .ok_or_else(|| RunError::NoSuchSession(id.clone()))?,
        ),
        None if asked.new => None,
        None => workspace.sessions()?.pop(),
    };
    let manifest = &workspace.manifest;
    let loads = forecast(workspace, session.as_ref())?;
    let parts = estimate(&loads, &manifest.prices, &earlier_calls(workspace)?);
    let total = |of: fn(&RoleEstimate) -> Option<Money>| parts.iter().map(of).sum::<Option<Money>>();
    let (expected, most) = (total(|part| part.cost_usd), total(|part| part.most_usd));
    let limit = manifest.session.max_cost_usd;
    let settled = session.filter(|_| loads.is_empty());
    if setting.is_json() {
        render::json(&serde_json::json!({
            "session": settled.as_ref().map(|session| &session.id), "settled": settled.is_some(), "parts": parts,
            "cost_usd": expected, "most_usd": most, "max_cost_usd": limit
        }));
        return Ok(());
    }
    if let Some(session) = settled {
        out!(
            "Nothing is stale in {}, so a run costs 0 USD. `kaizen run --new` starts another session; `kaizen run --new \
            --estimate` estimates it.",
            session.id
        );
        return Ok(());
    }
    if parts.is_empty() {
        out!("kaizen itself calls no language model here. Calls that programs make are unknown.");
        return Ok(());
    }
    parts.iter().for_each(|part| out!("{}", row(part)));
    out!("{:<13} {:>33}   {}", "all", dollars(expected), dollars(most));
    if let Some(limit) = limit {
        out!(
            "{:<13} {:>29} USD   no call is made that could exceed it",
            "limit",
            limit.usd()
        );
    }
    notes(&parts);
    Ok(())
}

fn notes(parts: &[RoleEstimate]) {
    if let Some(unknown) = parts.iter().find(|part| part.cost_usd.is_none()) {
        let model = &unknown.model;
        out!(
            "The price of {model} is unknown; set it in [prices.\"{model}\"] (0.0 for a model that you run yourself)."
        );
    }
    out!(
        "The second number assumes that every limit is reached. Answers in the store cost nothing; they are not subtracted."
    );
}

fn row(part: &RoleEstimate) -> String {
    let role = part.role.name().replace('_', " ");
    let tokens = if part.measured {
        "as in earlier sessions"
    } else {
        "tokens are an assumption"
    };
    format!(
        "{role:<13} {:>6} to {:>6} calls {:>14} to {:<14} {} ({tokens})",
        part.calls,
        part.most_calls,
        dollars(part.cost_usd),
        dollars(part.most_usd),
        part.model
    )
}
