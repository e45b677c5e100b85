//! The newest session in detail: phases, hand edits, edits that wait for review, and the next command.

use serde::Serialize;

use crate::artifact::error_budget::{self, ErrorBudget};
use crate::artifact::plan::Plan;
use crate::cli::exit::CommandFailure;
use crate::cli::render::{self, FAINT, STRONG};
use crate::cli::visible::visible;
use crate::pipeline;
use crate::pipeline::context::Context;
use crate::pipeline::freshness::Freshness;
use crate::pipeline::next::Next;
use crate::pipeline::state::state;
use crate::pipeline::survey::HistoryState;
use crate::pipeline::unmet::{self, Unmet};
use crate::pipeline::{briefing, external_decision};
use crate::teacher::check::Problem;
use crate::workspace::error::RunError;
use crate::workspace::running::OtherRun;
use crate::workspace::session::{Session, SessionError};

/// Details of the newest session.
#[derive(Serialize)]
pub(crate) struct NewestSession {
    phases: Vec<Phase>,
    edited: Vec<String>,
    waiting_for_review: Vec<Waiting>,
    /// Inputs that phases read and that nothing provides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unmet: Vec<String>,
    /// How the error budget was spent; absent before the first trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_budget: Option<String>,
    /// The run that works in this workspace now, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<OtherRun>,
    /// What a person has to do before a run can continue.
    in_the_way: Option<String>,
    next: String,
}

#[derive(Serialize)]
struct Phase {
    phase: String,
    /// Whether a process works on it now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    running: bool,
    #[serde(flatten)]
    freshness: Freshness,
}

#[derive(Serialize)]
struct Waiting {
    /// The edit's name in a command: its label, or its short digest if the label is ambiguous.
    #[serde(skip)]
    name: String,
    edit_id: String,
    edit_digest: crate::digest::Digest,
    op: &'static str,
    /// Op and target, for people.
    #[serde(skip)]
    title: String,
    target: String,
    decided: bool,
    /// The commit that brought the decision, if it was made elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_elsewhere: Option<String>,
}

/// Examines a session as a run would, without running anything. `running` is the run that works in the workspace now.
///
/// # Errors
/// An input of the session cannot be read.
pub(crate) fn present(context: &Context, running: Option<OtherRun>) -> Result<NewestSession, CommandFailure> {
    match looked_at(context, running) {
        // A file that does not parse, such as a half-typed decision or a broken trace, is reported as the obstacle.
        Err(error) if is_about_a_file(&error) => Ok(NewestSession {
            phases: Vec::new(),
            edited: Vec::new(),
            waiting_for_review: Vec::new(),
            unmet: Vec::new(),
            error_budget: None,
            running: None,
            in_the_way: Some(error.to_string()),
            next: "correct that file, then kaizen run".into(),
        }),
        looked => Ok(looked?),
    }
}

fn is_about_a_file(error: &RunError) -> bool {
    matches!(
        error,
        RunError::Session(SessionError::Artifact(_)) | RunError::Traces(_) | RunError::Benchmark(_)
    )
}

fn looked_at(context: &Context, running: Option<OtherRun>) -> Result<NewestSession, RunError> {
    let phases = state(context)?;
    let (in_the_way, instead) = match pipeline::next::next(context, None)? {
        Next::Typed { file, problems } => half_typed(context.session, file, &problems),
        Next::Write { file, .. } => awaited(context.session, file),
        Next::NotReady(message) => (Some(message), None),
        Next::Release => (
            Some("the plan is on hold until you release it".to_owned()),
            Some(format!("kaizen release {}", context.session.id)),
        ),
        _ => (None, None),
    };
    let counts = |file: &&String| in_the_way.as_ref().is_none_or(|way| !way.starts_with(file.as_str()));
    let edited = phases
        .iter()
        .flat_map(|(_, phase)| edited(phase))
        .filter(counts)
        .cloned()
        .collect();
    let waiting_for_review = waiting(context)?;
    let budget: Option<ErrorBudget> = context.session.read(error_budget::FILE)?;
    let unmet = unmet::of(&context.workspace.manifest.phases(), &phases, context.session);
    let correct = unmet.iter().find(|unmet| unmet.is_unknown).map(Unmet::remedy);
    let next = instead
        .or(correct)
        .unwrap_or_else(|| next(&phases, &waiting_for_review));
    let session = &context.session.id;
    let phase = |(phase, freshness): (String, Freshness)| Phase {
        running: running.as_ref().is_some_and(|run| run.runs(session, &phase)),
        phase,
        freshness,
    };
    let phases = phases.into_iter().map(phase).collect();
    let (in_the_way, next) = match &running {
        Some(run) => (
            None,
            format!("wait until {} ends; `kaizen status` shows its progress", run.process),
        ),
        None => (in_the_way, next),
    };
    Ok(NewestSession {
        phases,
        running,
        edited,
        waiting_for_review,
        unmet: unmet.iter().map(Unmet::words).collect(),
        error_budget: budget.map(|budget| budget.words()),
        in_the_way,
        next,
    })
}

/// The file that the session waits for, and where its instructions are.
fn awaited(session: &Session, file: &str) -> (Option<String>, Option<String>) {
    let folder = session.relative();
    let briefing = match session.path(briefing::FOLDER).is_dir() {
        true => format!("see {folder}/{}/README.md", briefing::FOLDER),
        false => "`kaizen brief` writes the instructions".to_owned(),
    };
    (
        Some(format!("it waits for a person or an agent to write {file}: {briefing}")),
        Some(format!("write {folder}/{file}, then kaizen run")),
    )
}

/// The first problem of a file that a person edits, and the file to correct.
fn half_typed(session: &Session, file: &str, problems: &[Problem]) -> (Option<String>, Option<String>) {
    let first = problems.first();
    let place = first.map_or(String::new(), |one| {
        format!(":{}:{}: {}", one.line, one.column, one.message)
    });
    let path = format!("{}/{file}", session.relative());
    (
        Some(format!("{file}{place}")),
        Some(format!("correct {path}, then kaizen run")),
    )
}

/// Hand-edited files that a run takes as input. Decisions in `pending_review/` are listed with the waiting edits.
fn edited(phase: &Freshness) -> impl Iterator<Item = &String> {
    let edited: &[String] = match phase {
        Freshness::Fresh { edited } | Freshness::Kept { edited, .. } => edited,
        _ => &[],
    };
    edited
        .iter()
        .filter(|name| matches!(name.as_str(), "plan.json" | "diagnosis.md"))
}

fn waiting(context: &Context) -> Result<Vec<Waiting>, RunError> {
    let pending = context.session.waiting()?;
    let plan: Option<Plan> = context.session.read("plan.json").ok().flatten();
    let shared = plan.map(|plan| plan.shared_labels()).unwrap_or_default();
    let elsewhere = external_decision::external_decisions(context.workspace, context.session, &pending)?;
    let one = |(edit_digest, pending): (_, crate::artifact::pending_review::PendingReview)| Waiting {
        name: shared.name(&pending.edit.id, &edit_digest),
        title: pending.edit.title(),
        edit_id: pending.edit.id,
        edit_digest,
        op: pending.edit.op.name(),
        target: pending.edit.target,
        decided: pending.decision.is_some(),
        decided_elsewhere: elsewhere
            .get(&edit_digest)
            .map(external_decision::ExternalDecision::words),
    };
    Ok(pending.into_iter().map(one).collect())
}

fn next(phases: &[(String, Freshness)], waiting: &[Waiting]) -> String {
    let undecided = waiting.iter().find(|edit| !edit.decided);
    let kept = phases.iter().find(|(_, phase)| matches!(phase, Freshness::Kept { .. }));
    if HistoryState::of(phases) != HistoryState::Settled {
        "kaizen run".to_owned()
    } else if let Some(edit) = undecided {
        let id = &edit.name;
        format!("kaizen review, or: kaizen show {id}, then kaizen accept {id} or kaizen reject {id}")
    } else if let Some((phase, _)) = kept {
        format!("kaizen run --redo {phase}")
    } else {
        "kaizen run --new".to_owned()
    }
}

impl NewestSession {
    /// What a person has to do before a run can continue, and the next command.
    pub(super) fn outlook(self) -> (Option<String>, String) {
        (self.in_the_way, self.next)
    }

    /// The state of the session as a whole.
    pub(crate) fn state(&self) -> HistoryState {
        let phases: Vec<_> = self
            .phases
            .iter()
            .map(|phase| (phase.phase.clone(), phase.freshness.clone()))
            .collect();
        HistoryState::of(&phases)
    }

    /// The state of a phase in one word, and the reason for it. What a run has not reached yet is not stale.
    fn words(&self, phase: &Phase) -> (&'static str, String) {
        let is_open = matches!(phase.freshness, Freshness::Stale { .. } | Freshness::Blocked { .. });
        match &self.running {
            Some(run) if phase.running => ("running", run.progress().unwrap_or_default()),
            Some(_) if is_open => ("to do", String::new()),
            _ => words(&phase.freshness),
        }
    }

    /// Prints it for people.
    pub(crate) fn print(&self) {
        for phase in &self.phases {
            let (state, why) = self.words(phase);
            out!(
                "  {:<12}{state:<9}{FAINT}{}{FAINT:#}",
                phase.phase,
                render::shortened(&why)
            );
        }
        if let Some(run) = &self.running {
            out!("  {}", visible(&run.words()));
            run.details().iter().for_each(|details| out!("  {}", visible(details)));
        }
        if let Some(way) = &self.in_the_way {
            out!("  {}", visible(way));
        }
        for unmet in &self.unmet {
            out!("  {}", visible(unmet));
        }
        for file in &self.edited {
            out!("  {file} was changed after its phase ran, by you or by `kaizen revert`; the changed version is used");
        }
        for edit in &self.waiting_for_review {
            let answer = match &edit.decided_elsewhere {
                Some(words) => format!("{}; the next run acts on it", visible(words)),
                None if edit.decided => "decided; the next run acts on it".to_owned(),
                None => "waits for review".to_owned(),
            };
            out!("  {} {}: {answer}", visible(&edit.name), visible(&edit.title));
        }
        if let Some(budget) = &self.error_budget {
            out!("  error budget: {budget}");
        }
        out!("{STRONG}Next{STRONG:#}  {}", self.next);
    }
}

/// The state in one word, and the first reason for it.
pub(crate) fn words(phase: &Freshness) -> (&'static str, String) {
    let first = |reasons: &[crate::pipeline::freshness::StaleReason]| {
        reasons.first().map(ToString::to_string).unwrap_or_default()
    };
    match phase {
        Freshness::Fresh { .. } => ("fresh", String::new()),
        Freshness::Stale { reasons } => ("stale", first(reasons)),
        Freshness::Kept { reasons, edited } => {
            let edited = edited.join(", ");
            (
                "kept",
                format!("{edited} was edited by hand; otherwise stale: {}", first(reasons)),
            )
        }
        Freshness::Blocked { missing } => ("blocked", format!("waits for {}", missing.join(", "))),
    }
}
