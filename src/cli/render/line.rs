//! Formats an event as one line of text.

use super::{FAINT, STRONG, colour, shortened, words};
use crate::cli::visible::visible;
use crate::gate::words::points;
use crate::workspace::event::Event;

/// The line for an event; `None` for events that people need not see.
pub(crate) fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::SessionStarted { session } => format!("{STRONG}{session}{STRONG:#}"),
        Event::PhaseStarted { is_first: true, .. } => return None,
        Event::PhaseStarted { phase, reasons, .. } => phase_started(phase, reasons),
        Event::PhaseFinished { phase, summary, .. } => format!("  {phase:<10}{}", visible(summary)),
        Event::EditSettled { .. } => return edit_settled(event),
        Event::Note { text } => format!("  note: {}", visible(text)),
        Event::PlanHeld { session } => format!("  the plan of {session} is on hold until `kaizen release {session}`"),
        Event::FileAwaited { file, briefing, .. } => {
            format!("  waits for {file}; {briefing}/README.md says what to write")
        }
        Event::WatchStarted { root, process, poll } => {
            let how = if *poll { ", by polling" } else { "" };
            format!("watching {STRONG}{root}{STRONG:#}{how} (process {process}); Ctrl-C ends it")
        }
        Event::TriggerDropped { file, kind } => format!("{} requests a session: {file}", kind.words()),
        Event::TriggerClaimed { file, session } => format!("{file} starts {session}"),
        Event::TriggerRefused { problem } => format!("not a valid trigger, and not moved: {}", visible(problem)),
        Event::ManifestLoaded => "kaizen.toml changed and was reloaded".to_owned(),
        Event::ManifestBroken { problem } => {
            format!("kaizen.toml is invalid, the last valid version stays in use: {problem}")
        }
        Event::TrustNeeded { problem } => {
            format!("{problem}\nnothing starts until `kaizen trust` approves it; no restart is needed")
        }
        Event::Trusted => "approved: continuing".to_owned(),
        Event::SessionFailed { .. } => return session_failed(event),
        Event::SessionSettled { session, status, .. } => format!("{session} is {}", words(*status)),
        Event::WatchStopped { signal } => {
            format!("stopped by {signal}: finished phases and commits are kept; `kaizen watch` continues")
        }
        Event::Progress { .. } | Event::Load(_) | Event::Evidence { .. } => return None,
        Event::WorkStarted | Event::WorkEnded => return None,
    })
}

fn phase_started(phase: &str, reasons: &[String]) -> String {
    format!("  {phase:<10}{FAINT}{}{FAINT:#}", reasons.join("; "))
}

fn edit_settled(event: &Event) -> Option<String> {
    let Event::EditSettled {
        number,
        of,
        edit,
        op,
        target,
        status,
        delta,
        interval,
        reason,
        ..
    } = event
    else {
        return None;
    };
    let style = colour(*status);
    let delta = change(*delta, *interval).map_or(String::new(), |change| format!(" {change}"));
    let reason = reason
        .as_deref()
        .map(|reason| format!(": {}", shortened(reason)))
        .unwrap_or_default();
    Some(format!(
        "  [{number}/{of}] {} {} {}: {style}{}{style:#}{delta}{FAINT}{reason}{FAINT:#}",
        visible(edit),
        op.name(),
        visible(target),
        status.words()
    ))
}

/// A change in points: the gain of a complete run with its interval, or only the interval of a trial that stopped.
pub(crate) fn change(delta: Option<f64>, interval: Option<[f64; 2]>) -> Option<String> {
    let gain = delta.map(|delta| format!("{:+.1} points", 100.0 * delta));
    let Some(interval) = interval.map(points) else {
        return gain;
    };
    Some(match gain {
        Some(gain) => format!("{gain} ({interval})"),
        None => format!("{interval} points"),
    })
}

fn session_failed(event: &Event) -> Option<String> {
    let Event::SessionFailed {
        session,
        problem,
        retry_seconds,
    } = event
    else {
        return None;
    };
    let again = match retry_seconds {
        Some(seconds) => format!("next attempt in {seconds} s, or when something changes"),
        None => "next attempt when something changes".to_owned(),
    };
    Some(format!("{session} cannot continue: {}; {again}", visible(problem)))
}
