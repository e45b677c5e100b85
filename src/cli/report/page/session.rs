//! A session: its scores, what failed, what was proposed and kept.

use maud::{Markup, html};

use super::bar::{change_words, score_bar};
use super::edit::edit;
use super::excerpt::paragraphs;
use super::number::{day, percent, signed, time, whole_percent};
use super::spending::spending;
use super::trace::traces;
use crate::artifact::counted;
use crate::cli::report::facts::session::{ClusterStory, ScorePair, SessionLine, SessionStory};

/// A session in full.
pub(super) fn session(story: &SessionStory) -> Markup {
    let kept = story.edits.iter().filter(|edit| edit.is_applied()).count();
    html! {
        section.session aria-labelledby=(story.id) {
            h3 id=(story.id) { (story.id) }
            (facts(story))
            @if let Some(error) = &story.error { p.problem { (error) } }
            (scores(story))
            h4 { "What failed" }
            (clusters(story))
            h4 { "What was proposed, and what was kept" }
            @match story.edits.len() {
                0 => p.empty { "No edit was proposed." },
                all => p.lead { (kept) " of " (counted(all, "edit")) " kept." },
            }
            @for one in &story.edits { (edit(one)) }
            @for remark in &story.remarks { p.note { (remark) } }
            @if let Some(budget) = &story.error_budget { p.note { "Error budget: " (budget) } }
            @if !story.spending.is_empty() { h4 { "Spending of this session" } (spending(&story.spending)) }
        }
    }
}

fn facts(story: &SessionStory) -> Markup {
    html! {
        p.facts {
            (story.status)
            @if !story.times.0.as_str().is_empty() { " · begun " (time(&story.times.0)) }
            @if let Some(end) = &story.times.1 { " · ended " (time(end)) }
            @if !story.trigger.is_empty() { " · " (story.trigger) }
            @if !story.teacher.as_str().is_empty() { " · teacher " (story.teacher) }
        }
    }
}

/// The score as a whole and by category.
fn scores(story: &SessionStory) -> Markup {
    let Some((tasks, unscored)) = &story.tasks else {
        return html! { p.empty { "The score has not been measured yet." } };
    };
    html! {
        div.scroll tabindex="0" role="group" aria-label="Scores by category, can be scrolled" {
            table.scores {
                caption { "Score on " (counted(*tasks, "gate task")) " that the teacher never saw"
                    @if let Some(unscored) = unscored { "; " (unscored) } }
                thead { tr { th scope="col" { "category" } th.num scope="col" { "before" } th scope="col" { "" span.hidden { "chart" } } th.num scope="col" { "after" } th.num scope="col" { "change" } } }
                tbody {
                    @for pair in &story.categories { (score(pair, html! { (pair.name) })) }
                }
                tfoot { (score(&story.score, html! { "all tasks" })) }
            }
        }
    }
}

fn score(pair: &ScorePair, name: Markup) -> Markup {
    let change = pair.before.zip(pair.after).map(|(before, after)| after - before);
    html! {
        tr {
            th scope="row" { (name) }
            td.num { @if let Some(before) = pair.before { (percent(before)) } }
            td { (score_bar(pair.before, pair.after)) }
            td.num { @match pair.after { Some(after) => (percent(after)), None => "not measured" } }
            td.num title=(change_words(change, pair.interval)) {
                @if let Some(change) = change { (signed(change)) }
                @if let Some([low, high]) = pair.interval { small { " (" (signed(low)) " to " (signed(high)) ")" } }
            }
        }
    }
}

fn clusters(story: &SessionStory) -> Markup {
    html! {
        @if story.clusters.is_empty() { p.empty { "No cluster of failures is recorded." } }
        @for cluster in &story.clusters { (one_cluster(cluster, &story.id)) }
        @if story.more_clusters > 0 { p.note { "And " (story.more_clusters) " more, see " code { "sessions/" (story.id) "/diagnosis.md" } "." } }
        @if !story.narrative.text.as_str().is_empty() {
            details.narrative {
                summary { "The teacher's diagnosis" }
                (paragraphs(&story.narrative, &format!("sessions/{}/diagnosis.md", story.id)))
            }
        }
    }
}

fn one_cluster(cluster: &ClusterStory, session: &str) -> Markup {
    html! {
        details.cluster {
            summary {
                span.rate { (whole_percent(cluster.failing)) }
                span.name { (cluster.id) }
                span.what { (cluster.description) }
            }
            div.body {
                p { "The agent fails " (whole_percent(cluster.failing)) " of its train tasks; the teacher solves " (whole_percent(cluster.solved)) "."
                    @if !cluster.edits.is_empty() {
                        " Edits for it: "
                        @for (at, edit) in cluster.edits.iter().enumerate() { @if at > 0 { ", " } b { (edit) } }
                        "."
                    }
                }
                @match cluster.traces.shown.len() {
                    0 => p.empty { "No example is stored." },
                    _ => (traces(&cluster.traces, session)),
                }
            }
        }
    }
}

/// Sessions with one line each, and the number of those that are not listed.
pub(super) fn lines(lines: &[SessionLine], more: usize) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label="Other sessions, can be scrolled" {
            table.sessions {
                thead { tr { th scope="col" { "session" } th scope="col" { "begun" } th scope="col" { "state" } th.num scope="col" { "before" } th.num scope="col" { "after" } th.num scope="col" { "kept" } th scope="col" { "" span.hidden { "remark" } } } }
                tbody { @for one in lines { (line(one)) } }
            }
        }
        p.note {
            @if more > 0 { "And " (counted(more, "older session")) "; " code { "kaizen report --all" } " lists them. " }
            code { "kaizen report SESSION" } " shows one of them in full."
        }
    }
}

fn line(one: &SessionLine) -> Markup {
    let (kept, all) = one.kept;
    html! {
        tr {
            th scope="row" { (one.id) }
            td { (day(&one.started_at)) }
            td { (one.status) }
            td.num { @if let Some(before) = one.score.before { (percent(before)) } }
            td.num { @if let Some(after) = one.score.after { (percent(after)) } }
            td.num { (kept) " of " (all) }
            td { @if one.waiting > 0 { (counted(one.waiting, "edit")) " waiting" } @if let Some(error) = &one.error { (error) } }
        }
    }
}
