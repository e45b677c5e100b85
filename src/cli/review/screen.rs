//! Renders one pending edit as text for a terminal of a given size. Pure.
//!
//! Text from a teacher, a trace or a file goes through `visible` before its width is measured, so only our own colours
//! reach the terminal.

use anstyle::AnsiColor;

use super::evidence::{EditEvidence, RedactedTrace};
use super::lines::{cut, pieces, prose};
use super::queue::QueueEntry;
use super::staleness::Staleness;
use crate::artifact::counted;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::gate::verdict::{GateDecision, Verdict};
use crate::cli::diff;
use crate::cli::render::{FAINT, STRONG};
use crate::cli::style::Style;
use crate::cli::visible::visible;

/// Width of the column of names.
const LEFT: usize = 10;
/// Maximum width of prose, also on a wide terminal.
const WIDEST_PROSE: usize = 110;
/// Lines of a text that are shown before the user asks for all of it.
const MOST_PROSE: usize = 6;
/// Traces that are shown before the user asks for all of them.
const MOST_TRACES: usize = 3;
/// Minimum number of diff lines that are shown, however small the terminal.
const FEWEST_DIFF: usize = 12;
/// Lines under the diff: a blank line and the prompt.
const BELOW: usize = 2;

/// The effect of accepting an edit that the gate left undecided.
const GO_ON: &str = "continues the same trial, with the same number of additional pairs";

/// The size of a terminal, and whether to show long parts in full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Whether to show long parts in full.
    pub whole: bool,
}

/// Renders one pending edit: heading, reason, evidence, cluster, staleness and diff.
pub(crate) fn screen(entry: &QueueEntry, (number, of): (usize, usize), evidence: &EditEvidence, page: &Page) -> String {
    let mut lines = heading(entry, (number, of), page);
    lines.extend(row("why", &shortened(&entry.pending.edit.rationale, page)));
    if let Some(near_miss) = &entry.pending.near_miss {
        lines.extend(row("gate", &shortened(near_miss, page)));
        lines.extend(row("accept", &shortened(GO_ON, page)));
    }
    lines.extend(row("evidence", &traces(evidence, page)));
    if let Some(cluster) = &entry.pending.cluster {
        lines.extend(row("cluster", &shortened(&about(cluster), page)));
    }
    lines.extend(row("examples", entry.examples.as_slice()));
    let remarks = entry.pending.remarks.iter().flat_map(|remark| shortened(remark, page));
    lines.extend(row("note", &remarks.collect::<Vec<_>>()));
    lines.extend(staleness(&entry.staleness, page));
    lines.push(String::new());
    let room = page.height.saturating_sub(lines.len() + BELOW).max(FEWEST_DIFF);
    lines.extend(change(entry.diff(), room, page));
    lines.push(String::new());
    lines.join("\n")
}

fn heading(entry: &QueueEntry, (number, of): (usize, usize), page: &Page) -> Vec<String> {
    let edit = &entry.pending.edit;
    let title = format!("[{number}/{of}] {}: {}", edit.id, edit.title());
    let title = prose(&visible(&title), page.width);
    let tier = edit.risk_tier.name();
    let mut lines: Vec<String> = title.iter().map(|line| format!("{STRONG}{line}{STRONG:#}")).collect();
    let place = format!(
        "{tier} tier, {}, digest {}",
        entry.session.id,
        entry.pending.edit_digest.short()
    );
    lines.extend(
        pieces(&place, page.width)
            .iter()
            .map(|line| format!("{FAINT}{line}{FAINT:#}")),
    );
    lines
}

/// A name with lines to its right; empty if there are no lines.
fn row(name: &str, lines: &[String]) -> Vec<String> {
    let one = |(at, line): (usize, &String)| {
        let name = if at == 0 { name } else { "" };
        format!("{STRONG}{name:<LEFT$}{STRONG:#}{line}")
    };
    lines.iter().enumerate().map(one).collect()
}

/// Wraps prose for the column next to a name, no wider than [`WIDEST_PROSE`].
fn beside(text: &str, page: &Page) -> Vec<String> {
    prose(&visible(text), page.width.min(WIDEST_PROSE).saturating_sub(LEFT))
}

/// Like [`beside`], but cut after [`MOST_PROSE`] lines unless the page shows everything.
fn shortened(text: &str, page: &Page) -> Vec<String> {
    let mut lines = beside(text, page);
    let hidden = lines.len().saturating_sub(MOST_PROSE);
    if !page.whole && hidden > 1 {
        lines.truncate(MOST_PROSE);
        lines.push(more(hidden, "lines"));
    }
    lines
}

fn more(count: usize, what: &str) -> String {
    format!("{FAINT}… {count} more {what}: d{FAINT:#}")
}

fn traces(evidence: &EditEvidence, page: &Page) -> Vec<String> {
    let found = &evidence.found;
    // A line "1 more" would need as much space as the trace itself.
    let most = if page.whole || found.len() <= MOST_TRACES + 1 {
        found.len()
    } else {
        MOST_TRACES
    };
    let width = page.width.saturating_sub(LEFT);
    let mut lines: Vec<String> = found[..most].iter().map(|seen| trace(seen, width)).collect();
    if most < found.len() {
        lines.push(more(found.len() - most, "traces"));
    }
    let mut said = Vec::new();
    if evidence.more > 0 {
        said.push(format!("and {} more that were not looked up", evidence.more));
    }
    if !evidence.missing.is_empty() {
        said.push(format!("not in the trace store: {}", evidence.missing.join(", ")));
    }
    let unreadable = |problem| format!("the trace store cannot be read: {problem}");
    said.extend(evidence.problem.as_ref().map(unreadable));
    lines.extend(said.iter().flat_map(|text| shortened(text, page)));
    lines
}

/// One trace on one line. A long question leaves the answer a third of the width.
fn trace(seen: &RedactedTrace, width: usize) -> String {
    let width_of = console::measure_text_width;
    let id = cut(&visible(&seen.id), width / 3);
    let room = width.saturating_sub(width_of(&id) + 5);
    let result = cut(
        &visible(&seen.result),
        (room / 3).max(room.saturating_sub(width_of(&seen.query))),
    );
    let query = cut(&visible(&seen.query), room.saturating_sub(width_of(&result)));
    format!("{FAINT}{id}{FAINT:#}  {query} → {result}")
}

fn about(cluster: &FailureCluster) -> String {
    let rate = |rate: f64| format!("{:.0} %", 100.0 * rate);
    format!(
        "{}: {} (the student fails {} of its train tasks, the teacher solves {})",
        cluster.id,
        cluster.description.trim_end_matches('.'),
        rate(cluster.student_failure_rate),
        rate(cluster.teacher_success_rate)
    )
}

fn staleness(staleness: &Staleness, page: &Page) -> Vec<String> {
    let (name, text) = match staleness {
        Staleness::Fresh => return Vec::new(),
        Staleness::Stale(reason) => ("stale", format!("{reason}; u shows what it would change now")),
        Staleness::Inapplicable(reason) => ("stale", format!("it cannot be applied now: {reason}")),
    };
    let style = Style::from(AnsiColor::Red);
    let lines: Vec<String> = shortened(&text, page)
        .iter()
        .map(|line| format!("{style}{line}{style:#}"))
        .collect();
    row(name, &lines)
}

/// A coloured diff, with long lines broken and indented, cut at the end of the page.
fn change(diff: &str, room: usize, page: &Page) -> Vec<String> {
    let mut lines: Vec<String> = diff.lines().flat_map(|line| diff_line(line, page.width)).collect();
    let hidden = lines.len().saturating_sub(room);
    if !page.whole && hidden > 1 {
        lines.truncate(room.saturating_sub(1));
        let count = |sign: char, header: &str| {
            let of_sign = |line: &&str| line.starts_with(sign) && !line.starts_with(header);
            diff.lines().filter(of_sign).count()
        };
        let all = format!(
            "lines of the diff (+{} −{} in all)",
            count('+', "+++ "),
            count('-', "--- ")
        );
        lines.push(more(hidden + 1, &all));
    }
    lines
}

fn diff_line(line: &str, width: usize) -> Vec<String> {
    let style = diff::style(line);
    let line = visible(line);
    let first = pieces(&line, width).into_iter().next().unwrap_or_default();
    let mut lines = vec![format!("{style}{first}{style:#}")];
    if let Some(rest) = line.strip_prefix(&first).filter(|rest| !rest.is_empty()) {
        let rest = pieces(rest, width.saturating_sub(2));
        lines.extend(rest.iter().map(|piece| format!("{style}  {piece}{style:#}")));
    }
    lines
}

/// Renders the gate's verdict on an edit.
pub(crate) fn verdict(verdict: &Verdict, page: &Page) -> String {
    let (word, colour) = match verdict.decision {
        GateDecision::Accept => ("the gate would accept it", AnsiColor::Green),
        GateDecision::Reject => ("the gate would reject it", AnsiColor::Red),
        GateDecision::Undecided => ("the gate cannot decide", AnsiColor::Magenta),
    };
    let style = Style::from(colour);
    let points = |delta: f64| format!("{:+.1} points", 100.0 * delta);
    let mut lines = vec![format!(
        "{style}{word}{style:#}: {:.1} % → {:.1} %, {}",
        100.0 * verdict.before,
        100.0 * verdict.after,
        points(verdict.overall_delta)
    )];
    let mut said = vec![format!(
        "{}, {} of {}",
        counted(verdict.wins, "win"),
        counted(verdict.losses, "loss"),
        counted(verdict.tasks, "task")
    )];
    let falls = verdict.cluster_deltas.iter().filter(|(_, delta)| **delta < 0.0);
    let falls: Vec<String> = falls
        .map(|(name, delta)| format!("{name} {}", points(*delta)))
        .collect();
    said.extend((!falls.is_empty()).then(|| format!("falls in {}", falls.join(", "))));
    said.extend((!verdict.reason.is_empty()).then(|| verdict.reason.clone()));
    lines.extend(said.iter().flat_map(|text| beside(text, page)));
    row("gate", &lines).join("\n")
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
