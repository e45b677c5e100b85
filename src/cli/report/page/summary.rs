//! The top of the page: the score, a few figures, and what waits for a person.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::bar::direction;
use super::number::{percent, signed};
use crate::artifact::money::Money;
use crate::cli::preview::capital;
use crate::cli::report::facts::HarnessReport;
use crate::cli::report::facts::edit::EditAnchor;
use crate::cli::report::facts::gate_use::GateUse;
use crate::cli::report::facts::waiting::{OpenQuestion, WaitingList};

/// The maximum number of questions that are listed.
const MOST_QUESTIONS: usize = 100;

/// The name, the score and the figures.
pub(super) fn summary(report: &HarnessReport) -> Markup {
    let edits = || report.stories.iter().flat_map(|story| &story.edits);
    let in_lines = report.lines.iter().filter(|_| report.is_of_all).map(|line| line.kept);
    let in_lines = in_lines.fold((0, 0), |sum, kept| (sum.0 + kept.0, sum.1 + kept.1));
    let kept = edits().filter(|edit| edit.is_applied()).count() + in_lines.0;
    let all = edits().count() + in_lines.1;
    let cost: Money = report.spending.iter().map(|role| role.counted).sum();
    html! {
        header.hero {
            p.eyebrow { "kaizen report" }
            h1 { (report.name) }
            (score(report))
            ul.figures {
                li { b { (kept) } span { "of " (all) " edits kept" } }
                li { b { (report.waiting.questions.len()) } span { "waiting for a person" } }
                li { b { (report.gate_use.as_ref().map_or(0, |used| used.wear.consultations)) } span { "uses of the gate split" } }
                li { b { (cost) } span { "USD for language models" } }
            }
        }
    }
}

/// The score before and after: of all sessions, or of the one that the report is about.
fn score(report: &HarnessReport) -> Markup {
    let pair = match report.is_of_all {
        true => {
            let points = &report.score.points;
            // Scores on other tasks cannot be compared.
            let first = points
                .iter()
                .rposition(|point| point.is_new_benchmark)
                .unwrap_or_default();
            points
                .get(first)
                .zip(points.last())
                .map(|(first, last)| (first.score, Some(last.score)))
        }
        false => report
            .stories
            .first()
            .and_then(|story| Some((story.score.before?, story.score.after))),
    };
    html! {
        @match pair {
            Some((before, Some(after))) => p.score {
                span { (percent(before)) } " → " strong { (percent(after)) } " "
                span.delta.(direction(after - before)) { (signed(after - before)) " points" }
            },
            Some((before, None)) => p.score { strong { (percent(before)) } " " span.delta.even { "not measured since" } },
            None => p.score { "No score yet" },
        }
        p.scope {
            @match (report.is_of_all, report.stories.first()) {
                (true, _) => { "All " (report.sessions) " sessions" },
                (false, Some(story)) => { "Session " (story.id) " · " (story.status) },
                (false, None) => { "There is no session yet; " code { "kaizen run" } " starts one." },
            }
        }
    }
}

/// What waits for a person.
pub(super) fn waiting(list: &WaitingList, shown: &BTreeSet<&EditAnchor>) -> Markup {
    html! {
        @if list.questions.is_empty() && list.in_the_way.is_none() { p.empty { "Nothing waits for a person." } }
        @if let Some(words) = &list.in_the_way { p.problem { (words) } }
        @if !list.questions.is_empty() {
            ul.waiting { @for one in list.questions.iter().take(MOST_QUESTIONS) { (question(one, shown)) } }
            @if list.questions.len() > MOST_QUESTIONS { p.note { "And " (list.questions.len() - MOST_QUESTIONS) " more." } }
            p.note { code { "kaizen review" } " asks about them, one after another." }
        }
        @if let Some(next) = &list.next { p.next { "Next: " code { (next) } } }
    }
}

fn question(one: &OpenQuestion, shown: &BTreeSet<&EditAnchor>) -> Markup {
    html! {
        li {
            @if shown.contains(&one.anchor) { a href={ "#" (one.anchor.id()) } { (one.name) } }
            @else { b { (one.name) } }
            " " code { (one.title) } " "
            span.meta { (one.why) " · " (one.anchor.session()) }
        }
    }
}

/// How often the gate split was used.
pub(super) fn gate_use(used: Option<&GateUse>) -> Markup {
    html! {
        @match used {
            None => p.empty { "The gate split has not been used yet." },
            Some(used) => {
                p { (capital(&used.words)) "." }
                ul.plain {
                    li { (used.tasks) " gate tasks" }
                    @for (name, count) in &used.kinds { @if *count > 0 { li { (count) " " (name) } } }
                    @if used.wear.refreshes > 0 { li { (used.wear.refreshes) " times some of its tasks were replaced" } }
                }
            },
        }
    }
}
