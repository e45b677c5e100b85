//! A run in the background: its events and its result.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::result::result;
use crate::artifact::outcome::OutcomeStatus;
use crate::eval::held_out::HeldOut;
use crate::pipeline::advance::advance;
use crate::pipeline::options::RunOptions;
use crate::workspace::Workspace;
use crate::workspace::event::Event;
use crate::workspace::inputs::Inputs;

/// The largest number of events that one poll returns. The next one returns the others.
const MOST_EVENTS: usize = 100;

/// Runs one session in the background, one run at a time.
pub(crate) struct BackgroundRun {
    root: PathBuf,
    shared: Arc<SharedRunState>,
}

#[derive(Default)]
struct SharedRunState {
    state: Mutex<RunState>,
    news: Condvar,
}

#[derive(Default)]
struct RunState {
    running: bool,
    session: Option<String>,
    /// Tasks attempted, and the total.
    progress: Option<(usize, usize)>,
    /// Events that no poll has returned yet.
    events: Vec<Value>,
    /// The result, once the run has ended.
    ended: Option<Value>,
    /// Held-out tasks, which are removed from all output because the client is a teacher.
    held_out: HeldOut,
}

impl SharedRunState {
    fn state(&self) -> MutexGuard<'_, RunState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, event: Event) {
        let mut state = self.state();
        match event {
            Event::Progress { done, of, .. } => state.progress = Some((done, of)),
            // The client is a teacher, which may not see the evidence of the gate.
            Event::Evidence { .. } => {}
            event => {
                if let Event::SessionStarted { session } = &event {
                    state.session = Some(session.clone());
                }
                state.progress = None;
                let mut event = serde_json::to_value(for_teachers(event)).unwrap_or_default();
                state.held_out.value(&mut event);
                state.events.push(event);
                self.news.notify_all();
            }
        }
    }

    fn end(&self, mut ended: Value) {
        let mut state = self.state();
        state.held_out.value(&mut ended);
        (state.running, state.ended, state.progress) = (false, Some(ended), None);
        self.news.notify_all();
    }
}

/// An event without the gate's numbers: the client is a teacher, and the session has not settled yet.
fn for_teachers(mut event: Event) -> Event {
    if let Event::EditSettled {
        status,
        reason,
        delta,
        interval,
        ..
    } = &mut event
    {
        (*delta, *interval) = (None, None);
        if is_judged(*status) {
            *reason = None;
        }
    }
    event
}

/// Whether the reason of an edit with this status may be the gate's.
fn is_judged(status: OutcomeStatus) -> bool {
    matches!(
        status,
        OutcomeStatus::RejectedByGate
            | OutcomeStatus::Undecided
            | OutcomeStatus::PendingReview
            | OutcomeStatus::Applied
    )
}

/// Marks the run as ended when dropped, even after a panic.
struct Ends(Arc<SharedRunState>);

impl Drop for Ends {
    fn drop(&mut self) {
        if self.0.state().running {
            self.0
                .end(json!({"error": "the run crashed; this is a bug in kaizen, see its stderr"}));
        }
    }
}

impl BackgroundRun {
    /// Creates it without a run.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            root,
            shared: Arc::default(),
        }
    }

    /// The id of the session.
    pub(crate) fn session(&self) -> Option<String> {
        self.shared.state().session.clone()
    }

    /// Sets the session.
    pub(crate) fn drive(&self, session: &str) {
        self.shared.state().session = Some(session.to_owned());
    }

    /// Whether a run is in progress.
    pub(crate) fn is_running(&self) -> bool {
        self.shared.state().running
    }

    /// Starts a run. Returns `false` if one is already in progress.
    pub(crate) fn start(&self, asked: RunOptions) -> bool {
        {
            let mut state = self.shared.state();
            if state.running {
                return false;
            }
            (state.running, state.ended, state.progress) = (true, None, None);
        }
        let (root, shared) = (self.root.clone(), Arc::clone(&self.shared));
        std::thread::spawn(move || {
            let ends = Ends(Arc::clone(&shared));
            let ended = match Workspace::open(&root) {
                Ok(mut workspace) => {
                    workspace.holder = "kaizen mcp";
                    // If the benchmark cannot be read, the run fails and reports that.
                    let held_out = Inputs::new(&workspace).held_out().unwrap_or_default();
                    shared.state().held_out = held_out;
                    let ended = advance(&workspace, &asked, &|event| shared.hear(event));
                    result(ended)
                }
                Err(error) => super::result::failed(error),
            };
            shared.end(ended);
            drop(ends);
        });
        true
    }

    /// Waits until the run ends or, with `for_news`, until there is an event.
    pub(crate) fn wait(&self, at_most: Duration, for_news: bool) {
        let idle = |state: &mut RunState| state.running && (!for_news || state.events.is_empty());
        // A poisoned lock is fine: every update leaves a consistent state.
        drop(self.shared.news.wait_timeout_while(self.shared.state(), at_most, idle));
    }

    /// The events since the last call, the progress, and the result if the run has ended.
    pub(crate) fn news(&self) -> Value {
        let mut state = self.shared.state();
        let shown = state.events.len().min(MOST_EVENTS);
        let events: Vec<Value> = state.events.drain(..shown).collect();
        let progress = state.progress.map(|(done, of)| json!({"done": done, "of": of}));
        json!({
            "running": state.running, "session": state.session, "progress": progress, "events": events,
            "more_events": state.events.len(), "result": state.ended,
        })
    }

    /// Why the last run failed.
    pub(crate) fn problem(&self) -> String {
        let state = self.shared.state();
        let said = state.ended.as_ref().and_then(|ended| ended["error"].as_str());
        said.unwrap_or("the session could not be started; see session_status")
            .to_owned()
    }
}
