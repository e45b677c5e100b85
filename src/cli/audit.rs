//! `kaizen audit`: the harness as it is against an earlier state of it, over all tasks of a split.

use clap::{Args, ValueEnum};

use super::Setting;
use super::exit::{Code, Failure};
use super::render::{self, FAINT, Renderer, STRONG};
use super::visible::visible;
use crate::artifact::task::Split;
use crate::gate::audit::{Audited, Basis, Change, Finding};
use crate::gate::words::points;
use crate::maintenance::audit;
use crate::maintenance::audit::{Audit as Found, AuditAsked, AuditError, Since};

/// Compare the harness with an earlier state on all tasks of a split
///
/// The audit compares the harness on disk, including uncommitted changes, with the state before a settled session or at
/// a commit. A task whose requests are the same under both is an exact tie and costs nothing. A deterministic student
/// runs once; a noisy one runs in rounds, until the 90 % interval of the change over all tasks excludes 0 or the rounds
/// are used up. The audit makes new runs, because the runs for which edits were kept would flatter them.
#[derive(Clone, Debug, Args)]
pub struct Audit {
    /// Compare with the state before this many settled sessions
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "since")]
    sessions: u32,
    /// Compare with the state at this commit, under any name that git knows
    #[arg(long, value_name = "COMMIT")]
    since: Option<String>,
    /// The tasks to compare on; `test` opens the sealed split
    #[arg(long, value_enum, default_value = "gate")]
    split: Name,
    /// The most rounds over the tasks, for a noisy student; the default is [gate] guard_rounds
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: Option<u32>,
}

/// A split that may be audited on: nobody has learnt from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    Gate,
    Test,
}

/// Runs the command.
///
/// # Errors
/// There is no earlier state or no task, or something halted the runs.
pub fn audit(command: &Audit, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    let asked = AuditAsked {
        since: match &command.since {
            Some(commit) => Since::Commit(commit.clone()),
            None => Since::Sessions(command.sessions as usize),
        },
        split: match command.split {
            Name::Gate => Split::Gate,
            Name::Test => Split::Test,
        },
        rounds: command.runs.map(|runs| runs as usize),
    };
    let renderer = Renderer::new(setting.format);
    let found = audit::audit(&workspace, &asked, &|event| {
        if !setting.is_json() {
            renderer.show(event);
        }
    });
    renderer.finish();
    let found = found.map_err(failure)?;
    if setting.is_json() {
        let mut value = serde_json::json!(found);
        value["event"] = "audited".into();
        value["words"] = sentence(&found).into();
        render::json(&value);
    } else {
        print(&found, command.sessions as usize);
    }
    Ok(Code::Settled)
}

fn failure(error: AuditError) -> Failure {
    let message = error.to_string();
    let not_ready = |hint: &str| Failure::not_ready(&message).hint(hint);
    match error {
        AuditError::NoSession => not_ready("`kaizen run` holds one; `kaizen audit --since COMMIT` needs none"),
        AuditError::NoTasks("test") => {
            not_ready("tasks with \"split\": \"test\" in benchmark/*.jsonl are the sealed ones")
        }
        AuditError::NoTasks(_) => not_ready("tasks go in benchmark/*.jsonl; \"split\": \"gate\" lets one decide"),
        AuditError::NoCommit(_) => Failure::usage(message).hint("`kaizen log` and `git log` list them"),
        AuditError::Run(error) => error.into(),
    }
}

fn print(found: &Found, asked: usize) {
    let since = &found.since;
    let short = &since.commit[..since.commit.len().min(8)];
    let before = match &since.session {
        Some(session) => format!("before {session} (commit {short})"),
        None => format!("at commit {short}"),
    };
    out!("{STRONG}The harness on disk against its state {before}{STRONG:#}");
    if since.session.is_some() && since.sessions < asked {
        out!(
            "note: only {} sessions have settled; this is the state before the first",
            since.sessions
        );
    }
    if !found.uncommitted.is_empty() {
        out!(
            "uncommitted, and judged as it is: {}",
            visible(&found.uncommitted.join(", "))
        );
    }
    history(found);
    numbers(found);
    out!("\n{STRONG}{}{STRONG:#}", visible(&sentence(found)));
}

/// What changed in between: by edits, and the files, which people change as well.
fn history(found: &Found) {
    if found.steps.is_empty() {
        out!("no edit was applied or taken back since then");
    }
    for step in &found.steps {
        out!(
            "  {}  {}  {}  {FAINT}{}{FAINT:#}",
            &step.commit[..step.commit.len().min(8)],
            visible(&step.session),
            visible(&step.subject),
            visible(step.edit.as_deref().unwrap_or_default())
        );
    }
    match found.files.is_empty() {
        true => out!("no harness file differs"),
        false => out!("files that differ: {}", visible(&found.files.join(", "))),
    }
}

fn numbers(found: &Found) {
    let Audited { overall, basis, .. } = &found.audited;
    out!(
        "\n{} {} tasks, {} of them asked otherwise than then; the other {} are ties that cost nothing",
        overall.tasks,
        found.split.name(),
        overall.reached,
        overall.tasks - overall.reached
    );
    if overall.reached == 0 {
        return;
    }
    out!(
        "{} in {} of pairs; {} were not remembered",
        render::counted(2 * found.pairs, "run"),
        render::counted(found.rounds, "round"),
        found.runs_made
    );
    if found.audited.lost > 0 {
        out!(
            "{} lost, for reasons that are not the agent's",
            render::counted(found.audited.lost, "pair")
        );
    }
    let title = match basis {
        Basis::Runs => "90 % interval of the change over these tasks, in points",
        Basis::Fact | Basis::Sample => "90 % interval for tasks like these, in points",
    };
    out!(
        "{FAINT}{:<22}{:>6}{:>7}{:>6}{:>8}   {title}{FAINT:#}",
        "",
        "wins",
        "losses",
        "ties",
        "mean"
    );
    row("all tasks", overall);
    found
        .audited
        .categories
        .iter()
        .for_each(|(name, change)| row(&format!("  {name}"), change));
    if found.audited.categories.len() > 1 {
        out!("{FAINT}the intervals of the categories hold together{FAINT:#}");
    }
}

fn row(name: &str, change: &Change) {
    let mean = change
        .mean
        .map_or("?".to_owned(), |mean| format!("{:+.1}", 100.0 * mean));
    let tally = &change.tally;
    out!(
        "{:<22}{:>6}{:>7}{:>6}{mean:>8}   {}",
        visible(name),
        tally.wins,
        tally.losses,
        tally.ties,
        points(change.interval)
    );
}

/// One sentence that a person can act on.
fn sentence(found: &Found) -> String {
    let audited = &found.audited;
    let range = points(audited.overall.interval);
    let mean = audited
        .overall
        .mean
        .map_or(String::new(), |mean| format!("{:+.1}", 100.0 * mean));
    let fact = audited.basis == Basis::Fact;
    let whole = match audited.finding {
        Finding::Unchanged if audited.overall.reached == 0 => {
            "Nothing changed: every task is asked as it was.".to_owned()
        }
        Finding::Unchanged => "It neither gained nor fell on these tasks.".to_owned(),
        Finding::Gained if fact => format!("It gained {mean} points on these tasks."),
        Finding::Fell if fact => format!("It fell by {mean} points on these tasks."),
        Finding::Gained => format!("It gained: {range} points at 90 %."),
        Finding::Fell => format!("It fell: {range} points at 90 %."),
        Finding::Unknown => format!(
            "Whether it gained or fell cannot be told: {range} points at 90 %; {}.",
            more(found)
        ),
    };
    match audited.fallen.is_empty() {
        true => whole,
        false => format!("{whole} These categories fell: {}.", audited.fallen.join(", ")),
    }
}

/// What would help.
fn more(found: &Found) -> String {
    match (found.audited.basis, found.audited.times) {
        (_, Some(times)) => format!(
            "as it went, about {} more runs would tell (--runs {})",
            2 * found.pairs * (times - 1),
            times * found.rounds
        ),
        (Basis::Runs, None) if found.audited.lost == 0 => "more runs would hardly tell".to_owned(),
        (Basis::Sample, None) if found.audited.lost == 0 => "more tasks would tell, more runs would not".to_owned(),
        _ => format!("{} lost", render::counted(found.audited.lost, "pair")),
    }
}
