//! The title and the description of a pull request, from the report of a session. They name no gate task, and the texts of
//! others are veiled as in a report and cannot become markup.

use std::fmt::Write;

use super::facts::edit::EditStory;
use super::facts::session::{ScorePair, SessionStory};
use super::facts::source::ReportSource;
use super::veil::{Excerpt, ShownText};
use crate::artifact::counted;
use crate::artifact::outcome::OutcomeStatus;
use crate::cli::exit::CommandFailure;
use crate::cli::markdown_text::escaped;
use crate::gate::words::points;
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// The maximum size of a description in bytes; forges refuse longer ones.
const MOST: usize = 60_000;

/// The texts of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestText {
    /// The title, without words of others.
    pub title: String,
    /// The description, as Markdown.
    pub body: String,
    /// The number of applied edits.
    pub applied: usize,
}

/// Writes the texts for a session.
///
/// # Errors
/// The benchmark cannot be read, so that it is unknown what is held out, or a file of the session cannot be read.
pub(crate) fn request(workspace: &Workspace, session: &Session) -> Result<RequestText, CommandFailure> {
    let inputs = Inputs::new(workspace);
    let source = ReportSource::new(workspace, &inputs)?;
    Ok(text(&SessionStory::of(&source, session)?))
}

fn text(story: &SessionStory) -> RequestText {
    let (applied, others): (Vec<&EditStory>, Vec<&EditStory>) = story.edits.iter().partition(|edit| edit.is_applied());
    let edits = counted(applied.len(), "edit");
    let title = match (story.score.before, story.score.after) {
        (Some(before), Some(after)) => format!("kaizen: {edits}, gate score {} → {}", percent(before), percent(after)),
        _ => format!("kaizen: {edits}"),
    };
    let mut body = format!(
        "kaizen proposes {edits} of the agent's files, each as one commit, from session `{}`.\n",
        story.id
    );
    body += &scores(story);
    body += &clusters(story);
    let own = ["\n### Edits\n", "\n### Not applied\n"];
    let mut left_out = 0;
    for (heading, edits, write) in [
        (own[0], &applied, kept as fn(&EditStory) -> String),
        (own[1], &others, not_kept),
    ] {
        if !edits.is_empty() {
            body += heading;
        }
        for edit in edits {
            let text = write(edit);
            match body.len() + text.len() < MOST {
                true => body += &text,
                false => left_out += 1,
            }
        }
    }
    if left_out > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(body, "\n{} not shown here.", counted(left_out, "more edit"));
    }
    body += &closing(story);
    RequestText {
        title,
        body,
        applied: applied.len(),
    }
}

/// The scores before and after, as a table.
fn scores(story: &SessionStory) -> String {
    let Some((tasks, _)) = &story.tasks else {
        return String::new();
    };
    let mut table = format!(
        "\n| {} | before | after | change, points | 90 % interval |\n|---|---:|---:|---:|---|\n",
        counted(*tasks, "gate task")
    );
    table += &row("**all tasks**", &story.score);
    for pair in &story.categories {
        table += &row(&escaped(pair.name.as_str()), pair);
    }
    let is_undone = |edit: &EditStory| edit.status == Some(OutcomeStatus::RolledBack);
    if story.edits.iter().any(is_undone) {
        table +=
            "\nThe scores were measured when the session ended; what was rolled back since still counts in them.\n";
    }
    table
}

fn row(name: &str, pair: &ScorePair) -> String {
    let share = |share: Option<f64>| share.map_or("?".to_owned(), percent);
    let change = pair.before.zip(pair.after).map(|(before, after)| after - before);
    format!(
        "| {name} | {} | {} | {} | {} |\n",
        share(pair.before),
        share(pair.after),
        change.map_or("?".to_owned(), |change| format!("{:+.1}", 100.0 * change)),
        pair.interval.map(points).unwrap_or_default()
    )
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// What failed in the train traces.
fn clusters(story: &SessionStory) -> String {
    let mut list = String::new();
    for cluster in &story.clusters {
        let _ = writeln!(
            list,
            "- **{}** ({} of its train tasks fail): {}",
            escaped(cluster.id.as_str()),
            percent(cluster.failing),
            escaped(cluster.description.as_str())
        );
    }
    match list.is_empty() {
        true => list,
        false => format!("\n### What failed\n\n{list}"),
    }
}

/// An applied edit: its commit, the gate's evidence, and why it was proposed.
fn kept(edit: &EditStory) -> String {
    let mut text = format!("\n#### {}\n\n", heading(edit));
    let mut facts: Vec<String> = Vec::new();
    facts.extend(edit.commit.as_ref().map(|commit| format!("Commit {}", commit.as_str())));
    if let Some(trial) = &edit.trial {
        let gain = trial.gain.map(|gain| format!("{:+.1} points", 100.0 * gain));
        let interval = trial
            .interval
            .map(|interval| format!("90 % interval {}", points(interval)));
        facts.extend(gain);
        facts.extend(interval);
    }
    facts.extend(edit.reason.as_ref().map(|reason| escaped(reason.as_str())));
    let _ = writeln!(text, "{}.", facts.join("; "));
    for member in &edit.members {
        let _ = writeln!(text, "- {}", escaped(member.as_str()));
    }
    text + &quoted(&edit.rationale)
}

fn not_kept(edit: &EditStory) -> String {
    let status = edit.status.map_or("not tried", OutcomeStatus::words);
    let reason = edit
        .reason
        .as_ref()
        .map(|reason| format!(": {}", escaped(reason.as_str())));
    format!("- {}: {status}{}\n", heading(edit), reason.unwrap_or_default())
}

fn heading(edit: &EditStory) -> String {
    let words = [edit.name.as_str(), edit.op, edit.target.as_str()];
    words.map(escaped).join(" ").trim().to_owned()
}

/// A text as a quotation.
fn quoted(text: &Excerpt) -> String {
    let shown: &ShownText = &text.text;
    let lines: String = shown
        .as_str()
        .lines()
        .map(|line| format!("> {}\n", escaped(line)))
        .collect();
    match (lines.is_empty(), text.left_out) {
        (true, _) => lines,
        (false, 0) => format!("\n{lines}"),
        (false, left_out) => format!("\n{lines}> … {}\n", counted(left_out, "more character")),
    }
}

fn closing(story: &SessionStory) -> String {
    format!(
        "\n### Review\n\nMerge, squash or rebase this branch as usual. To keep an edit out, revert its commit, or drop it from \
         the branch: the next `kaizen run` records it as rolled back and does not apply it again. \
         `kaizen report {}` shows the evidence.\n",
        story.id
    )
}
