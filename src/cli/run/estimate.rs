//! `kaizen run --estimate`: estimates a session's calls of language models and their cost.

use std::collections::BTreeMap;

use crate::artifact::Money;
use crate::artifact::egress::LlmRole;
use crate::artifact::plan::Plan;
use crate::artifact::task::Scorer;
use crate::cli::Setting;
use crate::cli::exit::CommandFailure;
use crate::cli::render::{self, dollars};
use crate::llm::client;
use crate::llm::estimate::{RoleEstimate, Sizes, estimate};
use crate::manifest::{Manifest, StudentEngine, TeacherEngine};
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// Assumed number of replies per task of a student with tools, whose own limit is unknown here.
const STUDENT_TURNS: u64 = 10;

/// Prints the estimate for the session that a run would resume.
///
/// # Errors
/// The workspace cannot be read.
pub(crate) fn print(workspace: &Workspace, session: Option<&str>, setting: &Setting) -> Result<(), CommandFailure> {
    let sessions = session::all(&workspace.root)?;
    let session = match session {
        Some(id) => session::find(&workspace.root, id),
        None => sessions.last().cloned(),
    };
    let past: Vec<_> = sessions
        .iter()
        .map(|session| client::spent(session.root(), &session.path("")))
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    let manifest = &workspace.manifest;
    let sizes = sizes(workspace, session.as_ref())?;
    let parts = estimate(&sizes, &models(manifest), &manifest.prices, &past);
    let total = |of: fn(&RoleEstimate) -> Option<Money>| parts.iter().map(of).sum::<Option<Money>>();
    let (expected, most) = (total(|part| part.cost_usd), total(|part| part.most_usd));
    let limit = manifest.session.max_cost_usd;
    if setting.is_json() {
        render::json(&serde_json::json!({
            "parts": parts, "cost_usd": expected, "most_usd": most, "max_cost_usd": limit
        }));
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
    let unknown: Vec<&str> = parts
        .iter()
        .filter(|part| part.cost_usd.is_none())
        .map(|part| part.model.as_str())
        .collect();
    if let Some(model) = unknown.first() {
        out!(
            "The price of {model} is unknown; set it in [prices.\"{model}\"] (0.0 for a model that you run yourself)."
        );
    }
    out!("Cached calls cost nothing; the estimate does not subtract them.");
    Ok(())
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

fn sizes(workspace: &Workspace, session: Option<&Session>) -> Result<Sizes, CommandFailure> {
    let manifest = &workspace.manifest;
    let inputs = Inputs::new(workspace);
    let gate = inputs.gate(session.map_or("session", |session| &session.id))?;
    let plan: Option<Plan> = session.map(|session| session.read("plan.json")).transpose()?.flatten();
    let student = manifest.student.engine == StudentEngine::Chat;
    let with_tools = !manifest.student.tools.is_empty();
    Ok(Sizes {
        gate_tasks: gate.len() as u64,
        judged: gate.iter().filter(|task| task.scorer == Scorer::Judge).count() as u64,
        edits: plan.map_or(manifest.teacher.max_edits, |plan| plan.edits.len()) as u64,
        teacher_turns: match manifest.teacher.engine {
            TeacherEngine::Chat => manifest.teacher.max_turns as u64,
            _ => 0,
        },
        student_turns: match (student, with_tools) {
            (true, true) => STUDENT_TURNS,
            (true, false) => 1,
            (false, _) => 0,
        },
    })
}

fn models(manifest: &Manifest) -> BTreeMap<LlmRole, String> {
    let mut models = BTreeMap::new();
    if manifest.teacher.engine == TeacherEngine::Chat {
        let model = manifest.teacher.model.clone().unwrap_or_default();
        models.insert(LlmRole::Teacher, model.clone());
        models.insert(LlmRole::TeacherTask, model);
    }
    if manifest.student.engine == StudentEngine::Chat {
        models.insert(LlmRole::Student, manifest.student.model.clone().unwrap_or_default());
    }
    if let Some(judge) = manifest.judge().and_then(|judge| judge.model) {
        models.insert(LlmRole::Judge, judge);
    }
    models
}
