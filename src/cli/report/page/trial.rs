//! The gate's evidence about an edit, drawn.

use maud::{Markup, html};

use super::bar::{change_bar, change_words, gauge, scale, tally_bar};
use super::number::{grouped, signed};
use crate::artifact::counted;
use crate::cli::report::facts::trial::{CategoryChange, GroupTally, TrialStory};
use crate::gate::words::counts;

/// The evidence.
pub(super) fn trial(trial: &TrialStory) -> Markup {
    let changes = trial.categories.iter().filter_map(|category| category.delta);
    html! {
        dl.evidence {
            dt { "change" }
            dd {
                (change_bar(trial.gain, trial.interval, overall_scale(trial)))
                span { (change_words(trial.gain, trial.interval)) }
            }
            @for group in &trial.tallies { (tally(group, trial)) }
            @for one in &trial.gauges {
                dt { (one.name) }
                dd { (gauge(one.share, &one.words)) span { (one.words) } }
            }
        }
        (categories(trial, scale(changes)))
        p.note {
            "Decided by " b { (trial.mode) } "."
            @if let Some((reached, all)) = trial.reach {
                " It reaches " (reached) " of " (counted(all, "gate task")) "."
            }
            @if let Some((edited, baseline)) = trial.runs {
                " Runs: " (grouped(edited as u64)) " with the edit, " (grouped(baseline as u64)) " without it."
            }
        }
    }
}

/// The end of the axis for the change as a whole: at least 20 points, so that small changes look small.
pub(super) fn overall_scale(trial: &TrialStory) -> f64 {
    scale(trial.interval.into_iter().flatten().chain(trial.gain).chain([0.2]))
}

fn tally(group: &GroupTally, trial: &TrialStory) -> Markup {
    let words = counts(&group.tally);
    html! {
        dt { @match (group.name, &trial.target) {
            (Some(name), _) => (name),
            (None, Some(target)) => (target),
            (None, None) => "all tasks",
        } }
        dd { (tally_bar(&group.tally, &words)) span { (words) } }
    }
}

fn categories(trial: &TrialStory, scale: f64) -> Markup {
    if trial.categories.is_empty() {
        return html! {};
    }
    html! {
        div.scroll tabindex="0" role="group" aria-label="Changes by category, can be scrolled" {
            table.categories {
                caption { "By category, on an axis of ±" (format!("{:.0}", 100.0 * scale)) " points" }
                thead { tr { th scope="col" { "category" } th.num scope="col" { "won" } th.num scope="col" { "lost" } th.num scope="col" { "tasks" } th scope="col" { "change" } th.num scope="col" { "points" } } }
                tbody { @for one in &trial.categories { (category(one, scale)) } }
            }
        }
        @if trial.others > 0 {
            p.note { (trial.others) @if trial.others == 1 { " other category" } @else { " other categories" } " changed less or not at all." }
        }
    }
}

fn category(one: &CategoryChange, scale: f64) -> Markup {
    html! {
        tr {
            th scope="row" { (one.name) }
            td.num { (one.counts.0) }
            td.num { (one.counts.1) }
            td.num { (one.tasks) }
            td { (change_bar(one.delta, one.interval, scale)) }
            td.num { @if let Some(delta) = one.delta { (signed(delta)) } }
        }
    }
}
