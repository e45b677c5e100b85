//! `kaizen prune`: tests old applied edits again, and proposes to revert those that no longer help.

use clap::Args;
use serde_json::json;

use super::exit::{Code, CommandFailure};
use super::render::{self, FAINT, Renderer, STRONG};
use super::revert::target;
use super::session_workspace::refuse_branches;
use super::visible::visible;
use super::{Setting, number};
use crate::artifact::{counted, short_id};
use crate::gate::prune::run::{PruneEvidence, PruneVerdict};
use crate::gate::prune::{Fate, worth_words};
use crate::maintenance::prune;
use crate::maintenance::prune::{PruneOptions, PruneResult, PruneSelection};
use crate::pipeline::edit_states::census::UnseenEdit;
use crate::workspace::Workspace;

/// Test whether old edits still help, and propose to revert the rest
///
/// For each applied edit, oldest first, the gate compares the current harness with the same harness without that edit,
/// which exists only in memory. It proposes to revert an edit that no longer helps. If the two are indistinguishable,
/// the shorter harness wins. An edit stays if the gate cannot decide. The tests share a separate error budget, which no
/// session pays for.
#[derive(Clone, Debug, Args)]
pub(crate) struct PruneArgs {
    /// Skip the edits of this many newest sessions
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = number::count_or_none, conflicts_with = "edit")]
    older_than: usize,
    /// Test only this edit (label, or at least four digits of the digest), or all applied edits of this session
    #[arg(long, value_name = "EDIT")]
    edit: Option<String>,
    /// Revert the proposed edits one after another; each is tested in the harness that the previous one left
    #[arg(long)]
    apply: bool,
}

/// Counts for the summary.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    tested: usize,
    left: usize,
    helps: usize,
    unknown: usize,
    proposed: usize,
    reverted: usize,
    saved: i64,
    made: usize,
}

/// Runs the command.
///
/// # Errors
/// There is no such edit, a person's changes are in the way, or the runs were stopped.
pub(crate) fn prune(command: &PruneArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let mut workspace = setting.workspace()?;
    workspace.holder = "kaizen prune";
    if command.apply {
        let remedy = "run it in the worktree of a session, with `kaizen -C .kaizen/worktrees/SESSION prune --apply`";
        refuse_branches(&workspace, "kaizen prune --apply", remedy)?;
        workspace.ledger.check_branch()?;
    }
    let asked = PruneOptions {
        which: which_edits(&workspace, command)?,
        apply: command.apply,
    };
    let renderer = Renderer::beside(setting.format, &workspace, "kaizen prune");
    let sum = std::cell::Cell::new(Sum::default());
    let show_result = |result: &PruneResult| {
        renderer.finish();
        sum.set(sum.get().with(result));
        tell(result, command.apply, setting);
    };
    let done = prune::prune(&workspace, &asked, &|event| renderer.show(event), &show_result);
    renderer.finish();
    let unseen = done?;
    end(&sum.get(), &unseen, command, setting);
    if !unseen.is_empty() && !setting.is_json() {
        out!("{}", visible(&render::unseen(&unseen, workspace.ledger.extent()?)));
    }
    Ok(Code::Settled)
}

fn which_edits(workspace: &Workspace, command: &PruneArgs) -> Result<PruneSelection, CommandFailure> {
    let Some(name) = &command.edit else {
        return Ok(PruneSelection::OlderThan(command.older_than));
    };
    let wanted = target::find(workspace, name, None)?;
    match wanted.edits.is_empty() {
        true => Err(CommandFailure::usage(wanted.already)),
        false => Ok(PruneSelection::Named(
            wanted.session.id,
            wanted.edits.into_keys().collect(),
        )),
    }
}

impl Sum {
    fn with(self, result: &PruneResult) -> Self {
        let mut sum = Self {
            tested: self.tested + 1,
            ..self
        };
        match &result.verdict {
            Err(_) => sum.left += 1,
            Ok(verdict) => {
                sum.made += verdict.made.map_or(0, |made| made.edited + made.baseline);
                match verdict.fate {
                    Fate::Helps | Fate::Shorter => sum.helps += 1,
                    Fate::Unknown => sum.unknown += 1,
                    Fate::Tie | Fate::NoHelp => {
                        sum.proposed += 1;
                        sum.saved += verdict.saved;
                    }
                }
            }
        }
        sum.reverted += usize::from(matches!(result.reverted, Some(Ok(_))));
        sum
    }
}

fn tell(result: &PruneResult, apply: bool, setting: &Setting) {
    if setting.is_json() {
        return render::json(&of_json(result));
    }
    let applied = &result.applied;
    let (op, place) = result
        .edit
        .as_ref()
        .map_or(("", ""), |edit| (edit.op.name(), edit.target.as_str()));
    let words = match &result.verdict {
        Ok(verdict) => verdict.fate.words(),
        Err(_) => "stays: it cannot be removed",
    };
    out!(
        "{STRONG}{}{STRONG:#} of {}  {op} {}  {STRONG}{words}{STRONG:#}",
        visible(&applied.label),
        visible(&applied.session),
        visible(place)
    );
    match &result.verdict {
        Err(why) => out!("    {}", visible(why)),
        Ok(verdict) => {
            for line in lines(result, verdict) {
                out!("    {}", visible(&line));
            }
            if verdict.fate.goes() && !apply {
                out!("    {}", command(result));
            }
        }
    }
    match &result.reverted {
        Some(Ok(Some(commit))) => out!("    reverted in commit {}", short_id(commit)),
        Some(Ok(None)) => out!("    reverted without a commit: no file had to change"),
        Some(Err(why)) => out!("    not reverted: {}", visible(why)),
        None => {}
    }
}

/// The gate's reasons, then the target, the change of length and the number of runs.
fn lines(result: &PruneResult, verdict: &PruneVerdict) -> Vec<String> {
    let mut lines = reasons(verdict);
    let runs = verdict.made.map_or(String::new(), |made| {
        format!("; {} runs were not cached", made.edited + made.baseline)
    });
    let aim = match &verdict.answer {
        PruneEvidence::Worth(_) => String::new(),
        PruneEvidence::Trials(_) | PruneEvidence::Means(_) => {
            format!("aimed at {}; ", result.target.as_deref().unwrap_or("all tasks"))
        }
    };
    lines.push(format!("{aim}{}{runs}", length(verdict.saved)));
    lines
}

fn reasons(verdict: &PruneVerdict) -> Vec<String> {
    match &verdict.answer {
        PruneEvidence::Means(verdict) => {
            let reason = Some(verdict.reason.as_str()).filter(|reason| !reason.is_empty());
            vec![format!("{}; {}", reason.unwrap_or("improved"), verdict.evidence())]
        }
        PruneEvidence::Worth(worth) => {
            let margin = 100.0 * worth.margin;
            vec![format!(
                "{}; an edit goes if its interval ends below {margin:+.1} points",
                worth_words(worth)
            )]
        }
        PruneEvidence::Trials(records) => records
            .iter()
            .map(|record| format!("{}; {}", record.line(), record.evidence()))
            .collect(),
    }
}

fn length(saved: i64) -> String {
    let bytes = counted(usize::try_from(saved.unsigned_abs()).unwrap_or(usize::MAX), "byte");
    match saved {
        0 => "the harness has the same length without it".to_owned(),
        1.. => format!("the harness is {bytes} shorter without it"),
        _ => format!("the harness is {bytes} longer without it"),
    }
}

fn command(result: &PruneResult) -> String {
    let applied = &result.applied;
    format!("kaizen revert {} --session {}", applied.digest.short(), applied.session)
}

fn of_json(result: &PruneResult) -> serde_json::Value {
    let applied = &result.applied;
    let mut value = json!({
        "event": "looked_at", "session": applied.session, "edit": applied.label, "edit_digest": applied.digest,
        "commit": applied.commit, "op": result.edit.as_ref().map(|edit| edit.op),
        "target": result.edit.as_ref().map(|edit| &edit.target), "category": result.target
    });
    match &result.verdict {
        Err(why) => value["left"] = why.as_str().into(),
        Ok(verdict) => {
            value["fate"] = json!(verdict.fate);
            value["goes"] = verdict.fate.goes().into();
            value["bytes_saved"] = verdict.saved.into();
            value["runs_made"] = json!(verdict.made.map(|made| made.edited + made.baseline));
            value["reasons"] = json!(reasons(verdict));
            value["records"] = match &verdict.answer {
                PruneEvidence::Trials(records) => json!(records),
                PruneEvidence::Means(verdict) => json!([verdict]),
                PruneEvidence::Worth(worth) => json!([worth]),
            };
            if verdict.fate.goes() {
                value["command"] = command(result).into();
            }
        }
    }
    match &result.reverted {
        Some(Ok(commit)) => (value["taken_back"], value["reverted_in"]) = (true.into(), json!(commit)),
        Some(Err(why)) => (value["taken_back"], value["not_taken_back"]) = (false.into(), why.as_str().into()),
        None => {}
    }
    value
}

fn end(sum: &Sum, unseen: &[UnseenEdit], command: &PruneArgs, setting: &Setting) {
    if setting.is_json() {
        return render::json(&json!({
            "event": "pruned", "looked_at": sum.tested, "help": sum.helps, "unknown": sum.unknown, "left": sum.left,
            "proposed": sum.proposed, "taken_back": sum.reverted, "bytes_saved": sum.saved, "runs_made": sum.made,
            "not_shown": unseen
        }));
    }
    if sum.tested == 0 {
        let hint = match command.older_than {
            _ if !unseen.is_empty() => "git does not show those that sessions have applied",
            0 => "no session has applied one",
            _ => "`--older-than 0` includes the newest sessions",
        };
        return out!("There is no applied edit to test; {hint}.");
    }
    out!(
        "\n{} tested: {} stay, {} are undecided and stay, {} cannot be removed, {} {}; {} bytes saved; {} runs were not cached",
        counted(sum.tested, "edit"),
        sum.helps,
        sum.unknown,
        sum.left,
        sum.proposed,
        if command.apply {
            "go"
        } else {
            "are proposed for removal"
        },
        sum.saved,
        sum.made
    );
    if command.apply {
        out!("{} reverted.", counted(sum.reverted, "edit"));
    } else if sum.proposed > 0 {
        out!(
            "{FAINT}Each edit was tested alone, so two edits that can replace each other are both proposed.\n\
             `kaizen prune --apply` reverts one at a time and tests the next in what remains.{FAINT:#}"
        );
    }
}
