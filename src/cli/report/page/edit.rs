//! The card of an edit: what it changes, the evidence, and the chain behind it.

use maud::{Markup, html};

use super::bar::{change_bar, change_words};
use super::diff::diff;
use super::excerpt::paragraphs;
use super::number::{grouped, signed, time, whole_percent};
use super::trace::traces;
use super::trial::{overall_scale, trial};
use crate::artifact::outcome::OutcomeStatus;
use crate::cli::report::facts::edit::EditStory;

/// The card, which opens on a click.
pub(super) fn edit(edit: &EditStory) -> Markup {
    let plan = format!("sessions/{}/plan.json", edit.anchor.session());
    let file = match &edit.commit {
        Some(commit) => format!("git show {}", commit.as_str()),
        None => plan.clone(),
    };
    html! {
        details.edit.(class(edit.status)) {
            summary { (head(edit)) }
            div.body id=(edit.anchor.id()) {
                @if let Some(reason) = &edit.reason { p.reason { (reason) } }
                @for remark in &edit.remarks { p.note { (remark) } }
                div.columns {
                    section.change {
                        p.label { "What it changes" }
                        @if !edit.members.is_empty() { ul.members { @for member in &edit.members { li { (member) } } } }
                        (diff(&edit.diff, &file))
                        @if !edit.rationale.text.as_str().is_empty() {
                            p.label { "Why it was proposed" }
                            (paragraphs(&edit.rationale, &plan))
                        }
                    }
                    section.proof {
                        p.label { "Evidence" }
                        @match &edit.trial {
                            Some(evidence) => (trial(evidence)),
                            None => p.empty { "The gate has not judged it." },
                        }
                    }
                }
                (chain(edit))
            }
        }
    }
}

/// The line that is always visible.
fn head(edit: &EditStory) -> Markup {
    let measured = edit
        .trial
        .as_ref()
        .filter(|trial| trial.gain.is_some() || trial.interval.is_some());
    html! {
        span.status { (words(edit.status)) }
        span.name { (edit.name) }
        span.what { (edit.op) " " b { (edit.target) } }
        @if let Some(trial) = measured {
            span.change title=(change_words(trial.gain, trial.interval)) {
                (change_bar(trial.gain, trial.interval, overall_scale(trial)))
                span.num { @if let Some(gain) = trial.gain { (signed(gain)) } }
            }
        }
    }
}

/// From the commit back to the traces.
fn chain(edit: &EditStory) -> Markup {
    let (session, name) = (edit.anchor.session(), &edit.name);
    html! {
        p.label { "Behind it" }
        ol.chain {
            @if let Some(commit) = &edit.commit {
                li { b { "Commit" } " " code { (commit) }
                    @if let Some(at) = &edit.applied_at { ", " (time(at)) } }
            }
            li { b { "Edit" } " " code { (edit.anchor.digest().short()) } " of " code { (session) }
                @if let Some(tier) = edit.tier { ", tier " (tier) } }
            @if let Some((runs, cost)) = edit.cost {
                li { b { "Cost" } " " (grouped(runs as u64)) " student runs, "
                    @match cost {
                        Some(cost) => { "about " (cost) " USD if none was cached" },
                        None => "for which no cost is recorded",
                    } }
            }
            @if let Some(decision) = &edit.decision {
                li { b { "Decision" } " " (decision.answer)
                    @if !decision.by.as_str().is_empty() { " by " (decision.by) }
                    @if !decision.why.as_str().is_empty() { ": " (decision.why) } }
            }
            @if let Some(cluster) = &edit.cluster {
                li { b { "Failures" } " " code { (cluster.id) } ": " (cluster.description)
                    " The agent fails " (whole_percent(cluster.rates.0)) " of its train tasks, the teacher solves " (whole_percent(cluster.rates.1)) "." }
            }
            @if !edit.traces.shown.is_empty() { li { b { "Train traces" } (traces(&edit.traces, session)) } }
            @if let Some([numbers, origin]) = &edit.worth { li { b { "Worth" } " " (numbers) "; " (origin) } }
        }
        p.note { code { "kaizen show " (name) } " prints all numbers." }
    }
}

/// The status in words, for the badge.
fn words(status: Option<OutcomeStatus>) -> &'static str {
    status.map_or("not tried yet", OutcomeStatus::words)
}

/// The class that gives a status its colour; the words say the same.
fn class(status: Option<OutcomeStatus>) -> &'static str {
    match status {
        Some(OutcomeStatus::Applied) => "kept",
        Some(OutcomeStatus::PendingReview | OutcomeStatus::Undecided) => "waits",
        Some(OutcomeStatus::RejectedByGate | OutcomeStatus::RejectedByUser) => "refused",
        _ => "other",
    }
}
