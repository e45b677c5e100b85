//! `kaizen recompute`: recomputes every recorded gate decision from its own list of pairs.

use clap::Args;
use serde_json::json;

use super::Setting;
use super::accept::session_of;
use super::exit::{Code, CommandFailure};
use super::render::FAINT;
use super::verify::verdicts::{disagreements, of_record};
use super::visible::visible;
use crate::artifact::counted;
use crate::artifact::outcome::Outcome;
use crate::workspace::session::Session;

/// Recompute every recorded gate decision from its list of pairs
#[derive(Clone, Debug, Args)]
pub(crate) struct RecomputeArgs {
    /// Recompute only this session; the default is all sessions
    session: Option<String>,
}

/// Runs the command. The exit code is 1 if a decision does not follow from its pairs.
///
/// # Errors
/// There is no such session, or its files cannot be read.
pub(crate) fn recompute(command: &RecomputeArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.session.as_deref())?;
    let sessions = match &command.session {
        Some(name) => vec![session_of(&workspace, Some(name))?],
        None => workspace.sessions()?,
    };
    let (mut decisions, mut wrong) = (0, 0);
    for session in &sessions {
        for outcome in session
            .outcomes()?
            .values()
            .filter(|outcome| outcome.decision().is_some())
        {
            let problems = problems(outcome);
            decisions += 1;
            wrong += usize::from(!problems.is_empty());
            tell(session, outcome, &problems, setting);
        }
    }
    if setting.is_json() {
        out!("{}", json!({"decisions": decisions, "wrong": wrong}));
    } else {
        let recomputed = counted(decisions, "decision");
        out!("{recomputed} recomputed; {wrong} do not follow from their pairs");
    }
    Ok(if wrong == 0 { Code::Settled } else { Code::Failed })
}

/// Statements of an outcome about its decision that do not follow from its numbers.
fn problems(outcome: &Outcome) -> Vec<String> {
    match (&outcome.gate, &outcome.verdict) {
        (Some(record), _) => of_record(outcome, record),
        (None, Some(verdict)) => disagreements(outcome, verdict),
        (None, None) => Vec::new(),
    }
}

fn tell(session: &Session, outcome: &Outcome, problems: &[String], setting: &Setting) {
    let evidence = outcome.evidence().unwrap_or_default();
    if setting.is_json() {
        let line = json!({
            "session": session.id, "edit": outcome.edit_id, "edit_digest": outcome.edit_digest,
            "decision": outcome.decision(), "evidence": evidence, "follows": problems.is_empty(), "problems": problems
        });
        out!("{line}");
        return;
    }
    let word = if problems.is_empty() {
        "follows"
    } else {
        "DOES NOT FOLLOW"
    };
    out!(
        "{} {}  {word}  {FAINT}{}{FAINT:#}",
        session.id,
        visible(&outcome.edit_id),
        visible(&evidence)
    );
    problems.iter().for_each(|problem| out!("    {}", visible(problem)));
}
