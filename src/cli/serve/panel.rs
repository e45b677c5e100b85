//! The panel above the report: what works here now. Its texts are those of `kaizen top`; the template escapes them.

use maud::{Markup, html};

use crate::cli::live::{LiveEdit, LivePhase, LiveState, LiveWork, PhaseProgress};

/// The number of lines of the log.
const LOG_LINES: usize = 30;

/// The panel.
pub(super) fn panel(state: &LiveState) -> Markup {
    html! {
        @if state.works.is_empty() {
            p.live-doing { "Nothing runs here. " code { "kaizen run" } " starts or continues a session." }
        }
        @for work in &state.works { (at_work(work)) }
        @if !state.phases.is_empty() {
            ol.live-phases aria-label="Phases of the newest session" { @for phase in &state.phases { (phase_item(phase)) } }
        }
        @if !state.edits.is_empty() {
            ul.live-edits aria-label="Edits of the newest session" { @for edit in &state.edits { (edit_item(edit)) } }
        }
        @if !state.log.is_empty() {
            p.live-title id="live-log" { "Log, UTC" }
            ol.live-log aria-labelledby="live-log" tabindex="0" {
                @for line in state.log.iter().rev().take(LOG_LINES) { li { time { (line.at) } " " (line.text) } }
            }
        }
    }
}

fn at_work(work: &LiveWork) -> Markup {
    let load = work.load();
    html! {
        div.live-work {
            p.live-doing { b { (work.what) } @if !work.pace.is_empty() { ": " (work.pace) } }
            @if let Some((done, of)) = work.attempts {
                progress aria-label="Attempts" value=(done) max=(of.max(1)) { (done) " of " (of) }
            }
            @if let Some(evidence) = &work.evidence {
                p { b { "At the gate: " } (evidence) }
                @if let Some(share) = work.evidence_share {
                    progress aria-label="Evidence, of what an accept needs" value=(format!("{share:.3}")) max="1" {}
                }
            }
            p.meta { (load) @if !load.is_empty() { " · " } (work.process) " since " (work.since) " UTC" }
        }
    }
}

fn phase_item(phase: &LivePhase) -> Markup {
    let (class, sign, words) = match phase.state {
        PhaseProgress::Done => ("done", "✓", "has run"),
        PhaseProgress::Running => ("now", "▸", "runs"),
        PhaseProgress::Open => ("open", "·", "has not run yet"),
    };
    html! { li class=(class) { span aria-hidden="true" { (sign) " " } (phase.name) span.hidden { " " (words) } } }
}

fn edit_item(edit: &LiveEdit) -> Markup {
    html! {
        li { b { (edit.label) } ": " (edit.status) @if !edit.change.is_empty() { " " (edit.change) } " " span.meta { (edit.title) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::live::LogLine;

    #[test]
    fn texts_of_others_are_escaped() {
        let hostile = "</p><script>alert(1)</script>";
        let state = LiveState {
            works: vec![LiveWork {
                what: hostile.into(),
                attempts: Some((1, 0)),
                evidence: Some(hostile.into()),
                evidence_share: Some(0.5),
                ..LiveWork::default()
            }],
            edits: vec![LiveEdit {
                label: hostile.into(),
                title: hostile.into(),
                status: "applied".into(),
                is_applied: true,
                change: String::new(),
            }],
            log: vec![LogLine {
                at: "07:08:09".into(),
                text: hostile.into(),
            }],
            ..LiveState::default()
        };
        let html = panel(&state).into_string();
        assert!(
            !html.contains("<script") && html.matches("&lt;script&gt;").count() == 5,
            "{html}"
        );
        assert!(panel(&LiveState::default()).into_string().contains("Nothing runs here"));
    }
}
