//! Renders a report as one HTML page that loads nothing. Pure: the same report gives the same bytes.

mod bar;
mod blame;
mod diff;
mod edit;
mod excerpt;
mod number;
pub(super) mod policy;
mod score_chart;
mod session;
mod spending;
mod summary;
mod trace;
mod trial;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::policy::{SCRIPT, STYLE, policy};
use super::facts::HarnessReport;

/// What marks a page as a report of kaizen.
pub(super) const GENERATOR: &str = concat!("kaizen report ", env!("CARGO_PKG_VERSION"));

/// The whole page.
pub(super) fn page(report: &HarnessReport) -> String {
    let content = html! {
        (body(report))
        (footer("This page loads nothing."))
        script { (PreEscaped(SCRIPT)) }
    };
    document(report, &policy(), "", &content)
}

/// The whole page for a server that keeps it up to date. `panel` is HTML; `state` names the state of the report.
#[cfg(feature = "serve")]
pub(super) fn live_page(report: &HarnessReport, panel: &str, state: &str) -> String {
    let content = html! {
        main {
            section.part id="live" aria-labelledby="live-title" {
                h2 id="live-title" { "Now " span id="live-sign" role="status" { "as of the time when the page was opened" } }
                div id="live-panel" { (PreEscaped(panel)) }
            }
            div id="live-report" data-state=(state) { (parts(report)) }
        }
        (footer("This page loads only its own updates, from this machine."))
        script { (PreEscaped(SCRIPT)) }
        script { (PreEscaped(policy::LIVE_SCRIPT)) }
    };
    document(report, &policy::live_policy(), policy::LIVE_STYLE, &content)
}

fn document(report: &HarnessReport, policy: &str, style: &str, content: &Markup) -> String {
    let title = format!("{} – kaizen report", report.name.as_str());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="generator" content=(GENERATOR);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
                @if !style.is_empty() { style { (PreEscaped(style)) } }
            }
            body {
                a.skip href="#waiting" { "Skip to the content" }
                (content)
            }
        }
    };
    page.into_string()
}

fn body(report: &HarnessReport) -> Markup {
    html! { main { (parts(report)) } }
}

fn parts(report: &HarnessReport) -> Markup {
    let shown = report.anchors();
    let sessions = if report.is_of_all { "Sessions" } else { "Session" };
    html! {
        (summary::summary(report))
        @for problem in &report.problems { p.problem { (problem) } }
        nav aria-label="Sections" {
            a href="#score" { "Score" } a href="#waiting" { "Waiting" } a href="#sessions" { (sessions) }
            a href="#harness" { "Harness" } a href="#spending" { "Spending" } a href="#gate" { "Gate split" }
        }
        (part("score", "Score over sessions and commits", score_chart::score_chart(&report.score, &shown)))
        (part("waiting", "Waiting for you", summary::waiting(&report.waiting, &shown)))
        (part("sessions", sessions, told(report)))
        (part("harness", "The harness, by the edit that wrote each line", html! {
            p.lead { "A line number leads to its edit, and from there to its evidence, its failures and its traces." }
            (blame::blame(&report.harness, &shown))
        }))
        (part("spending", "Spending by role, all sessions", spending::spending(&report.spending)))
        (part("gate", "Use of the gate split", summary::gate_use(report.gate_use.as_ref())))
    }
}

fn footer(what_it_loads: &str) -> Markup {
    html! {
        footer {
            p { "Made by " (GENERATOR) ". " (what_it_loads) " It counts gate tasks, and shows none of them." }
        }
    }
}

/// A part of the page with its heading.
fn part(id: &str, title: &str, content: Markup) -> Markup {
    html! {
        section.part aria-labelledby=(id) {
            h2 id=(id) { (title) }
            (content)
        }
    }
}

fn told(report: &HarnessReport) -> Markup {
    html! {
        @if report.stories.is_empty() { p.empty { "There is no session to show." } }
        @for story in &report.stories { (session::session(story)) }
        @if !report.others.is_empty() {
            section.session aria-labelledby="other-edits" {
                h3 id="other-edits" { "Edits of other sessions" }
                p.lead { "Lines of the harness, or open questions, lead to them." }
                @for one in &report.others { (edit::edit(one)) }
            }
        }
        @if !report.lines.is_empty() {
            section.session aria-labelledby="other-sessions" {
                h3 id="other-sessions" { "Other sessions" }
                (session::lines(&report.lines, report.more_sessions))
            }
        }
    }
}
