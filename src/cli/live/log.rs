//! The log of a live view: what happened lately, in words.

use serde::Serialize;

use super::one_line;
use crate::cli::render;
use crate::workspace::event::Event;
use crate::workspace::event_log::EventLine;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LogLine {
    /// When it happened: `10:00:00`, in UTC.
    pub at: String,
    /// What happened.
    pub text: String,
}

/// The last lines, at most `most`, oldest first. Progress is not listed: the view shows it elsewhere.
pub(super) fn lines(events: &[EventLine], most: usize) -> Vec<LogLine> {
    let mut lines: Vec<LogLine> = events.iter().rev().filter_map(line).take(most).collect();
    lines.reverse();
    lines
}

fn line(event: &EventLine) -> Option<LogLine> {
    let text = match &event.event {
        Event::WorkStarted => format!("{} begins", event.process),
        Event::WorkEnded => format!("{} ends", event.process),
        Event::PhaseStarted { phase, .. } => format!("{phase} begins"),
        other => render::line(other)?,
    };
    let at = chrono::DateTime::parse_from_rfc3339(&event.at);
    Some(LogLine {
        at: at.map(|at| at.format("%H:%M:%S").to_string()).unwrap_or_default(),
        // The styles of a terminal are not part of the text.
        text: one_line(console::strip_ansi_codes(&text).trim()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_styles_and_no_progress() {
        let line = |event| EventLine {
            version: 1,
            at: "2026-11-30T07:08:09.123Z".into(),
            process: "kaizen run, process 7".into(),
            event,
        };
        let what = "baseline".to_owned();
        let note = |text: &str| Event::Note { text: text.into() };
        let events = [
            line(Event::WorkStarted),
            line(Event::Progress { what, done: 1, of: 2 }),
            line(note("a \u{1b}[31mred\nline")),
            line(Event::SessionStarted { session: "s-1".into() }),
            line(Event::WorkEnded),
        ];
        let texts: Vec<String> = lines(&events, 4).into_iter().map(|line| line.text).collect();
        let expected = [
            "kaizen run, process 7 begins",
            "note: a ␛[31mred line",
            "s-1",
            "kaizen run, process 7 ends",
        ];
        assert_eq!(texts, expected);
        assert_eq!(lines(&events, 1)[0].at, "07:08:09");
    }
}
