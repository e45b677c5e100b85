//! What a run tells other processes: since when it runs, its phase, and its progress. It is in the lock file, so it counts
//! only while the process that wrote it holds the lock.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::progress::{LOG_INTERVAL, ProgressMeter, WorkProgress};
use super::transaction::LOCK;
use super::{OWN_FOLDER, Workspace};
use crate::sys::clock::Stopwatch;
use crate::sys::disk::Lock;

/// The shortest time between two reports of progress.
const INTERVAL: Duration = Duration::from_secs(1);

/// What a run tells about itself, in one line of JSON after the line that names its process.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct RunNotice {
    /// When the run began, as RFC 3339.
    since: String,
    /// The session that it works on.
    session: Option<String>,
    /// The phase that runs.
    phase: Option<String>,
    progress: Option<WorkProgress>,
}

/// A run of another process.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OtherRun {
    /// The command and the process: `kaizen run, process 26816`.
    pub process: String,
    #[serde(flatten)]
    notice: RunNotice,
    /// The time that the work at hand will take, in seconds, if it is known.
    seconds_left: Option<f64>,
}

impl OtherRun {
    /// The run that holds the lock of a workspace; `None` if no process works there, or that is unknown.
    pub(crate) fn of(workspace: &Workspace) -> Option<Self> {
        let text = workspace
            .root
            .lock_holder(workspace.root.join(OWN_FOLDER).join(LOCK))
            .ok()??;
        Some(Self::read(&text))
    }

    fn read(text: &str) -> Self {
        let (process, rest) = text.split_once('\n').unwrap_or((text, ""));
        // An older version writes no second line.
        let notice: RunNotice = serde_json::from_str(rest).unwrap_or_default();
        Self {
            process: process.trim().to_owned(),
            seconds_left: notice.progress.as_ref().and_then(WorkProgress::seconds_left),
            notice,
        }
    }

    /// Whether it runs this phase of this session.
    pub(crate) fn runs(&self, session: &str, phase: &str) -> bool {
        self.works_on(session) && self.notice.phase.as_deref() == Some(phase)
    }

    /// Whether it works on this session.
    pub(crate) fn works_on(&self, session: &str) -> bool {
        self.notice.session.as_deref() == Some(session)
    }

    /// Whether it looks for requests to pause. Commands that run no session do not.
    pub(crate) fn can_pause(&self) -> bool {
        !self.notice.since.is_empty()
    }

    /// The phase that it runs.
    pub(crate) fn phase(&self) -> Option<&str> {
        self.notice.phase.as_deref()
    }

    /// Finished attempts of the work at hand, and all of them.
    pub(crate) fn attempts(&self) -> Option<(usize, usize)> {
        self.notice
            .progress
            .as_ref()
            .map(|progress| (progress.done, progress.of))
    }

    /// The progress of the work at hand, if it makes attempts.
    pub(crate) fn progress(&self) -> Option<String> {
        self.notice.progress.as_ref().map(WorkProgress::words)
    }

    /// One line: the process, when it began, and its progress.
    pub(crate) fn words(&self) -> String {
        let since = chrono::DateTime::parse_from_rfc3339(&self.notice.since)
            .map(|since| since.format(" since %Y-%m-%d %H:%M UTC").to_string())
            .unwrap_or_default();
        let work = match (&self.notice.progress, &self.notice.phase) {
            (Some(progress), _) => format!(": {}, {}", progress.what, progress.words()),
            (None, Some(phase)) => format!(": {phase}"),
            (None, None) => String::new(),
        };
        format!("running{since} ({}){work}", self.process)
    }
}

/// Keeps the notice of a run in its lock.
pub(crate) struct NoticeBoard<'a> {
    lock: &'a Lock,
    process: String,
    watch: Stopwatch,
    state: Mutex<BoardState>,
}

struct BoardState {
    notice: RunNotice,
    meter: ProgressMeter,
    /// When progress was last written.
    written: Option<Duration>,
}

impl<'a> NoticeBoard<'a> {
    /// The board of the run that holds this lock.
    pub(crate) fn new(workspace: &Workspace, lock: &'a Lock) -> Self {
        let notice = RunNotice {
            since: workspace.clock.stamp(),
            ..RunNotice::default()
        };
        let board = Self {
            lock,
            process: workspace.process(),
            watch: Stopwatch::started(),
            state: Mutex::new(BoardState {
                notice,
                meter: ProgressMeter::new(LOG_INTERVAL),
                written: None,
            }),
        };
        board.write(&board.state.lock().unwrap_or_else(PoisonError::into_inner).notice);
        board
    }

    /// Notes an event, and writes what other processes should know, progress at most once in [`INTERVAL`].
    pub(crate) fn hear(&self, event: &Event) {
        let now = self.watch.passed();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = state.meter.hear(now, event);
        match event {
            Event::SessionStarted { session } => state.notice.session = Some(session.clone()),
            Event::PhaseStarted { session, phase, .. } => {
                state.notice.session = Some(session.clone());
                state.notice.phase = Some(phase.clone());
                state.written = None;
            }
            Event::Progress { .. } if state.written.is_some_and(|at| now < at + INTERVAL) => return,
            Event::Progress { .. } => state.written = Some(now),
            Event::EditSettled { .. } | Event::PhaseFinished { .. } => state.written = None,
            _ => return,
        }
        state.notice.progress = progress;
        self.write(&state.notice);
    }

    fn write(&self, notice: &RunNotice) {
        let line = serde_json::to_string(notice).unwrap_or_default();
        self.lock.describe(&format!("{}\n{line}\n", self.process));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_shown_with_what_it_contains() {
        for (text, words) in [
            ("kaizen run, process 7", "running (kaizen run, process 7)"),
            (
                "kaizen run, process 7\n{\"since\":\"2026-11-3",
                "running (kaizen run, process 7)",
            ),
            (
                "kaizen loop, process 7\n{\"since\":\"2026-11-30T07:08:09Z\",\"session\":\"s\",\"phase\":\"baseline\"}\n",
                "running since 2026-11-30 07:08 UTC (kaizen loop, process 7): baseline",
            ),
            (
                "kaizen run, process 7\n{\"since\":\"2026-11-30T07:08:09Z\",\"phase\":\"execute\",\
                 \"progress\":{\"what\":\"edit `a`\",\"done\":107,\"of\":192,\"rate\":0.5}}\n",
                "running since 2026-11-30 07:08 UTC (kaizen run, process 7): edit `a`, 107 of 192 attempts, \
                 0.5 per second, about 3 min left",
            ),
        ] {
            assert_eq!(OtherRun::read(text).words(), words);
        }
    }
}
