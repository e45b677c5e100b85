//! `kaizen watch`: runs the sessions that changed files require, waits for the next change, and repeats.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;

use super::exit::{Code, CommandFailure};
use super::pause::WATCHER;
use super::render::{self, STRONG};
use super::{Setting, terminal};
use crate::sys::clock::Clock;
use crate::sys::disk::{LockError, Root};
use crate::sys::signal;
use crate::watch::run::WatchLoop;
use crate::watch::watcher::{EventLoss, FileWatcher};
use crate::workspace::event::Event;
use crate::workspace::{Workspace, inbox};

/// Run sessions on triggers, saved plans, decisions and a schedule
#[derive(Clone, Debug, Args)]
pub(crate) struct WatchArgs {
    /// Poll instead of listening, for file systems that report no events (network and container mounts)
    #[arg(long)]
    poll: bool,
}

/// How long to wait for the lock: a child process of a killed watcher may hold it a little longer.
const SUCCESSION: Duration = Duration::from_secs(1);

/// The interval of `--poll`.
const POLL: Duration = Duration::from_secs(1);

/// Runs the command until a signal ends it.
///
/// # Errors
/// Another watcher is running here, the manifest is invalid at the start, the workspace was moved or deleted, or the
/// output cannot be written.
pub(crate) fn watch(command: &WatchArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    if !workspace.works_on_branches() {
        workspace.ledger.check_branch()?;
    }
    let holder = format!("kaizen watch, process {}", std::process::id());
    let _lock = workspace
        .root
        .lock_within(workspace.own(WATCHER), &holder, SUCCESSION)
        .map_err(|error| match error {
            LockError::Held(_) => CommandFailure::failed(error.to_string())
                .hint("a workspace needs only one watcher; `kaizen run` works alongside it"),
            LockError::Disk(error) => error.into(),
        })?;
    workspace.root.make_folder(inbox::FOLDER)?;
    let teller = Arc::new(Teller::new(setting, &workspace));
    let farewell = Arc::clone(&teller);
    let stopped = move |signal: &str| {
        farewell.tell(&Event::WatchStopped {
            signal: signal.to_owned(),
        })
    };
    signal::on_signal(stopped).map_err(|error| CommandFailure::failed(format!("cannot handle signals: {error}")))?;
    teller.tell(&Event::WatchStarted {
        root: workspace.root.display().to_string(),
        process: std::process::id(),
        poll: command.poll,
    });
    if let Some(pipe) = terminal::out_pipe() {
        signal::on_closed(pipe);
    }
    run_forever(command, WatchLoop::new(workspace), &teller)
}

fn run_forever(command: &WatchArgs, mut watch_loop: WatchLoop, teller: &Teller) -> Result<Code, CommandFailure> {
    let listener = |event: Event| teller.tell(&event);
    let listen = |watcher: &mut FileWatcher, watch_loop: &WatchLoop| {
        if let Some(loss) = watcher.listen(&watch_loop.folders()) {
            listener(Event::Note {
                text: polls_because(&loss),
            });
        }
        let (quiet, rescan) = pace(watch_loop, watcher.is_polling());
        watcher.tune(quiet, rescan);
    };
    let (quiet, rescan) = pace(&watch_loop, command.poll);
    let mut watcher = FileWatcher::new(command.poll, quiet, rescan);
    // Listen before the first turn, so that changes during it are noticed.
    listen(&mut watcher, &watch_loop);
    watch_loop.start(&listener);
    loop {
        if watch_loop.is_stopped() {
            let signal = "`kaizen stop`".to_owned();
            teller.tell(&Event::WatchStopped { signal });
            return Ok(Code::Settled);
        }
        if let Some(problem) = terminal::lost() {
            return Err(CommandFailure::failed(problem));
        }
        listen(&mut watcher, &watch_loop);
        let batch = watcher.wait(watch_loop.pause());
        check_place(&watch_loop.workspace().root)?;
        watch_loop.turn(&batch, &listener);
    }
}

fn polls_because(loss: &EventLoss) -> String {
    format!("{loss}; kaizen looks at all files every second instead, as with --poll, until it is started again")
}

/// Checks that the workspace is still where it was, so that nothing is created at its old place.
fn check_place(root: &Root) -> Result<(), CommandFailure> {
    if root.is_in_place() {
        return Ok(());
    }
    let gone = format!("{} was moved, deleted or replaced; the watcher ends", root.display());
    Err(CommandFailure::failed(gone).hint("`kaizen watch` in the workspace's present folder continues"))
}

/// How long a file must be quiet, and how often all files are checked.
fn pace(watch_loop: &WatchLoop, polls: bool) -> (Duration, Duration) {
    let rules = &watch_loop.workspace().manifest.triggers;
    let rescan = Duration::from_secs(rules.rescan_seconds);
    let rescan = if polls { rescan.min(POLL) } else { rescan };
    (Duration::from_millis(rules.quiet_ms), rescan)
}

/// Prints events as they happen, one line each, with the time.
struct Teller {
    is_json: bool,
    clock: Clock,
    /// The session whose name was printed last; the following lines belong to it.
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
            out!("{time} {STRONG}{heading}{STRONG:#}");
        }
        if let Some(line) = render::line(event) {
            out!("{time} {line}");
        }
    }

    /// The session name to print before an event, if the event belongs to another session than the last one printed.
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
        // One line per task would bury the other events.
        if matches!(event, Event::Progress { .. } | Event::Evidence { .. }) {
            return;
        }
        let mut line = serde_json::to_value(event).unwrap_or_default();
        line["at"] = self.clock.stamp().into();
        render::json(&line);
    }
}
