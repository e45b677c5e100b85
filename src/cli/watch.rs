//! `kaizen watch`: compute from files what is to be done, do it, wait for a bell, repeat.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;

use super::Setting;
use super::exit::{Code, Failure};
use super::render::{self, STRONG};
use crate::sys::clock::Clock;
use crate::sys::signal;
use crate::watch::run::WatchLoop;
use crate::watch::watcher::{BellError, FileWatcher};
use crate::workspace::event::Event;
use crate::workspace::{Workspace, inbox};

/// Run sessions on triggers, saved plans, decisions and a schedule
#[derive(Clone, Debug, Args)]
pub(crate) struct Watch {
    /// Poll instead of listening, for file systems that report no events (network and container mounts)
    #[arg(long)]
    poll: bool,
}

/// A child that a killed watcher was just starting holds its lock a little longer.
const SUCCESSION: Duration = Duration::from_secs(1);

/// How often a polling watcher looks.
const POLL: Duration = Duration::from_secs(1);

/// Runs the command until a signal ends it.
///
/// # Errors
/// Another watcher is at work here, the manifest is broken at the start, or the system has no more watches to give.
pub(crate) fn watch(command: &Watch, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    let holder = format!("kaizen watch, process {}", std::process::id());
    let _lock = workspace
        .root
        .lock_within(workspace.own("watch.lock"), &holder, SUCCESSION)
        .map_err(|error| {
            Failure::failed(error.to_string())
                .hint("one watcher is enough for a workspace; `kaizen run` works beside it")
        })?;
    workspace.root.make_folder(inbox::FOLDER)?;
    let teller = Arc::new(Teller::new(setting, &workspace));
    let farewell = Arc::clone(&teller);
    let stopped = move |signal: &str| {
        farewell.tell(&Event::WatchStopped {
            signal: signal.to_owned(),
        })
    };
    signal::on_signal(stopped).map_err(|error| Failure::failed(format!("cannot listen to signals: {error}")))?;
    teller.tell(&Event::WatchStarted {
        root: workspace.root.display().to_string(),
        process: std::process::id(),
        poll: command.poll,
    });
    turn_for_ever(command, WatchLoop::new(workspace), &teller)
}

fn turn_for_ever(command: &Watch, mut turns: WatchLoop, teller: &Teller) -> Result<Code, Failure> {
    let listener = |event: Event| teller.tell(&event);
    let (quiet, rescan) = pace(command, &turns);
    let mut bell = FileWatcher::new(command.poll, quiet, rescan)?;
    // Listening first: what is saved during the first turn rings.
    bell.listen(&turns.folders())?;
    turns.start(&listener);
    loop {
        bell.listen(&turns.folders())?;
        let rang = bell.wait(turns.pause());
        turns.turn(&rang, &listener);
        let (quiet, rescan) = pace(command, &turns);
        bell.tune(quiet, rescan);
    }
}

fn pace(command: &Watch, turns: &WatchLoop) -> (Duration, Duration) {
    let rules = &turns.workspace().manifest.triggers;
    let rescan = Duration::from_secs(rules.rescan_seconds);
    let rescan = if command.poll { rescan.min(POLL) } else { rescan };
    (Duration::from_millis(rules.quiet_ms), rescan)
}

impl From<BellError> for Failure {
    fn from(error: BellError) -> Self {
        Failure::failed(error.to_string())
    }
}

/// Tells events as they come: a line each, with its time.
struct Teller {
    is_json: bool,
    clock: Clock,
    /// The session that was named last: people read the lines below its name.
    named: Mutex<String>,
}

impl Teller {
    fn new(setting: &Setting, workspace: &Workspace) -> Self {
        Self {
            is_json: setting.is_json(),
            clock: workspace.clock,
            named: Mutex::default(),
        }
    }

    fn tell(&self, event: &Event) {
        if self.is_json {
            return self.tell_programs(event);
        }
        let time = self.clock.now().format("%H:%M:%S").to_string();
        if let Some(heading) = self.heading(event) {
            err!("{time} {STRONG}{heading}{STRONG:#}");
        }
        if let Some(line) = render::line(event) {
            err!("{time} {line}");
        }
    }

    /// The session of an event that does not name it, when another one was named last.
    fn heading(&self, event: &Event) -> Option<String> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::SessionStarted { session } => {
                named.clone_from(session);
                None
            }
            Event::PhaseStarted { session, .. } if *named != *session => {
                named.clone_from(session);
                Some(session.clone())
            }
            _ => None,
        }
    }

    fn tell_programs(&self, event: &Event) {
        // A line a task would drown the rest.
        if matches!(event, Event::Progress { .. }) {
            return;
        }
        let mut line = serde_json::to_value(event).unwrap_or_default();
        line["at"] = self.clock.stamp().into();
        render::json(&line);
    }
}
