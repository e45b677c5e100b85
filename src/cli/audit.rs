//! `kaizen audit`: compares the current harness with an earlier state, on all tasks of a split.

use clap::{Args, ValueEnum};

use super::exit::{Code, CommandFailure};
use super::render::{self, FAINT, Renderer, STRONG, columns};
use super::visible::visible;
use super::{Format, Setting};
use crate::artifact::task::Split;
use crate::artifact::{counted, readiness, short_id};
use crate::gate::audit::level::{ScoreLevel, ScoreLevels};
use crate::gate::audit::{AuditFinding, AuditResult, Basis, ScoreChange};
use crate::gate::words::points;
use crate::maintenance::audit;
use crate::maintenance::audit::{AuditError, AuditOptions, AuditReport, Since};

/// Compare the harness with an earlier state on all tasks of a split
///
/// The audit compares the harness on disk, including uncommitted changes, with the state before a settled session or at
/// a commit. A task whose requests are the same under both is an exact tie and costs nothing. A deterministic student
/// runs once; a noisy one runs in rounds, until the 90 % interval of the change over all tasks excludes 0 or the rounds
/// are used up. The audit makes new runs, because the runs on which edits were accepted overstate their gain.
#[derive(Clone, Debug, Args)]
pub(crate) struct AuditArgs {
    /// Compare with the state before this many settled sessions
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "since")]
    sessions: u32,
    /// Compare with the state at this commit (any revision that git understands)
    #[arg(long, value_name = "COMMIT")]
    since: Option<String>,
    /// The tasks to compare on; `test` opens the sealed split
    #[arg(long, value_enum, default_value = "gate")]
    split: AuditSplit,
    /// The maximum number of rounds over the tasks, for a noisy student; the default is [gate] guard_rounds
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: Option<u32>,
}

/// The splits to audit on: the teacher has seen neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AuditSplit {
    Gate,
    Test,
}

/// Runs the command.
///
/// # Errors
/// There is no earlier state or no task, or the runs were stopped.
pub(crate) fn audit(command: &AuditArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let asked = AuditOptions {
        since: match &command.since {
            Some(commit) => Since::Commit(commit.clone()),
            None => Since::Sessions(command.sessions as usize),
        },
        split: match command.split {
            AuditSplit::Gate => Split::Gate,
            AuditSplit::Test => Split::Test,
        },
        rounds: command.runs.map(|runs| runs as usize),
    };
    // With JSON as well, progress goes to stderr.
    let renderer = Renderer::beside(Format::Text, &workspace, "kaizen audit");
    let found = audit::audit(&workspace, &asked, &|event| renderer.show(event));
    renderer.finish();
    let found = found.map_err(failure)?;
    if setting.is_json() {
        let mut value = serde_json::json!(found);
        value["event"] = "audited".into();
        value["words"] = sentence(&found).into();
        render::json(&value);
    } else {
        print(&found, command.sessions as usize);
        if !found.unseen.is_empty() {
            out!(
                "{}",
                visible(&render::unseen(&found.unseen, workspace.ledger.extent()?))
            );
        }
    }
    Ok(Code::Settled)
}

fn failure(error: AuditError) -> CommandFailure {
    let message = error.to_string();
    let not_ready = |hint: &str| CommandFailure::not_ready(&message).hint(hint);
    match error {
        AuditError::NoSession => not_ready("`kaizen run` runs one; `kaizen audit --since COMMIT` needs no session"),
        AuditError::NoTasks("test") => not_ready("add tasks with \"split\": \"test\" to benchmark/*.jsonl"),
        AuditError::NoTasks(_) => {
            not_ready("tasks go in benchmark/*.jsonl; those with \"split\": \"gate\" are gate tasks")
        }
        AuditError::NoCommit(_) => CommandFailure::usage(message).hint("`kaizen log` and `git log` list them"),
        AuditError::Run(error) => error.into(),
    }
}

fn print(found: &AuditReport, asked: usize) {
    let since = &found.since;
    let short = short_id(&since.commit);
    let before = match &since.session {
        Some(session) => format!("before {session} (commit {short})"),
        None => format!("at commit {short}"),
    };
    out!("{STRONG}The current harness compared with its state {before}{STRONG:#}");
    if since.session.is_some() && since.sessions < asked {
        out!(
            "note: only {} settled so far; the comparison is with the state before the first",
            counted(since.sessions, "session")
        );
    }
    if !found.uncommitted.is_empty() {
        out!(
            "uncommitted changes are included: {}",
            visible(&found.uncommitted.join(", "))
        );
    }
    history(found);
    if let Some(unscorable) = readiness::unscorable(&found.unscorable) {
        out!("{}", visible(&unscorable));
    }
    numbers(found);
    out!("\n{STRONG}{}{STRONG:#}", visible(&sentence(found)));
}

/// Prints the commits that changed the harness in between, also those that people made, and the files that differ.
fn history(found: &AuditReport) {
    if found.steps.is_empty() {
        out!("no commit changed the harness since then");
    }
    for step in &found.steps {
        let session = if step.session.is_empty() {
            "by hand"
        } else {
            &step.session
        };
        out!(
            "  {}  {}  {}  {FAINT}{}{FAINT:#}",
            short_id(&step.commit),
            visible(session),
            visible(&step.subject),
            visible(step.edit.as_deref().unwrap_or_default())
        );
    }
    match found.files.is_empty() {
        true => out!("no harness file differs"),
        false => out!("files that differ: {}", visible(&found.files.join(", "))),
    }
}

fn numbers(found: &AuditReport) {
    let overall = &found.audited.overall;
    let others = match overall.tasks - overall.reached {
        0 => String::new(),
        others => format!("; the other {others} are ties and cost nothing"),
    };
    out!(
        "\n{}: the request changed for {}{others}",
        counted(overall.tasks, &format!("{} task", found.split.name())),
        overall.reached
    );
    if overall.reached == 0 {
        return;
    }
    out!(
        "{} in {} of pairs; {} were not cached",
        counted(2 * found.pairs, "run"),
        counted(found.rounds, "round"),
        found.runs_made
    );
    if found.audited.lost > 0 {
        out!(
            "{} lost to infrastructure failures",
            counted(found.audited.lost, "pair")
        );
    }
    if let Some(failures) = &found.failures {
        out!("{}", visible(failures));
    }
    if let Some(levels) = &overall.levels {
        scores(overall, levels);
    }
    table(found);
}

/// The scores before and after, over the tasks whose request changed.
fn scores(overall: &ScoreChange, levels: &ScoreLevels) {
    let whose = match overall.reached == overall.tasks {
        true => String::new(),
        false => format!(" of the {} whose request changed", counted(overall.reached, "task")),
    };
    out!(
        "score{whose}: {} → {} at 90 %",
        level(&levels.before),
        level(&levels.after)
    );
}

/// One row for all tasks and one for each category.
fn table(found: &AuditReport) {
    let AuditResult { overall, basis, .. } = &found.audited;
    let width = 2 + columns::width(found.audited.categories.keys().map(String::as_str), 20);
    let title = match basis {
        Basis::Runs => "90 % interval of the change over these tasks, in points",
        Basis::Fact | Basis::Sample => "90 % interval for tasks like these, in points",
    };
    out!(
        "{FAINT}{:<width$}{:>8}{:>8}{:>6}{:>7}{:>6}{:>8}   {title}{FAINT:#}",
        "",
        "before",
        "after",
        "wins",
        "losses",
        "ties",
        "mean"
    );
    row("all tasks", width, overall);
    let categories = &found.audited.categories;
    categories
        .iter()
        .for_each(|(name, change)| row(&format!("  {name}"), width, change));
    if found.audited.categories.len() > 1 {
        out!("{FAINT}the intervals of the categories hold simultaneously{FAINT:#}");
    }
}

/// A score with its interval.
fn level(level: &ScoreLevel) -> String {
    let [low, high] = level.interval.map(|end| format!("{:.1}", 100.0 * end));
    format!("{:.1} % ({low} to {high})", 100.0 * level.mean)
}

fn row(name: &str, width: usize, change: &ScoreChange) {
    let percent = |of: fn(&ScoreLevels) -> f64| {
        let levels = change.levels.as_ref();
        levels.map_or("-".to_owned(), |levels| format!("{:.1}", 100.0 * of(levels)))
    };
    let (before, after) = (percent(|both| both.before.mean), percent(|both| both.after.mean));
    let mean = change
        .mean
        .map_or("?".to_owned(), |mean| format!("{:+.1}", 100.0 * mean));
    let tally = &change.tally;
    out!(
        "{:<width$}{before:>8}{after:>8}{:>6}{:>7}{:>6}{mean:>8}   {}",
        visible(name),
        tally.wins,
        tally.losses,
        tally.ties,
        points(change.interval)
    );
}

/// The result in one or two sentences.
fn sentence(found: &AuditReport) -> String {
    let audited = &found.audited;
    let range = points(audited.overall.interval);
    let mean = audited
        .overall
        .mean
        .map_or(String::new(), |mean| format!("{:+.1}", 100.0 * mean));
    let fact = audited.basis == Basis::Fact;
    let whole = match audited.finding {
        AuditFinding::Unchanged if audited.overall.reached == 0 => {
            "Nothing changed: the requests of all tasks are the same.".to_owned()
        }
        AuditFinding::Unchanged => "The score on these tasks did not change.".to_owned(),
        AuditFinding::Gained if fact => format!("The score on these tasks rose: {mean} points."),
        AuditFinding::Fell if fact => format!("The score on these tasks fell: {mean} points."),
        AuditFinding::Gained => format!("The score rose: {range} points at 90 %."),
        AuditFinding::Fell => format!("The score fell: {range} points at 90 %."),
        AuditFinding::Unknown => format!("Undecided: {range} points at 90 %; {}.", more(found)),
    };
    match audited.fallen.is_empty() {
        true => whole,
        false => format!("{whole} These categories fell: {}.", audited.fallen.join(", ")),
    }
}

/// What would help to decide: more runs, more tasks or neither.
fn more(found: &AuditReport) -> String {
    match (found.audited.basis, found.audited.times) {
        (_, Some(times)) => format!(
            "at this rate, about {} more runs would decide it (--runs {})",
            2 * found.pairs * (times - 1),
            times * found.rounds
        ),
        (Basis::Runs, None) if found.audited.lost == 0 => "more runs would hardly help".to_owned(),
        (Basis::Sample, None) if found.audited.lost == 0 => "more tasks would help, more runs would not".to_owned(),
        _ => format!("{} lost", counted(found.audited.lost, "pair")),
    }
}
