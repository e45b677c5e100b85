//! A run in the background: what it tells, and how it ended.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::result::result;
use crate::eval::held_out::HeldOut;
use crate::pipeline::advance::advance;
use crate::pipeline::options::RunOptions;
use crate::workspace::Workspace;
use crate::workspace::event::Event;
use crate::workspace::inputs::Inputs;

/// One run at a time, on one session.
pub(crate) struct Work {
    root: PathBuf,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

/// What is known of the run.
#[derive(Default)]
struct State {
    running: bool,
    session: Option<String>,
    /// Tasks attempted, of all.
    progress: Option<(usize, usize)>,
    /// Events that were not told yet.
    events: Vec<Value>,
    /// How it ended.
    ended: Option<Value>,
    /// What is taken out of all that is told: the client is a teacher.
    held_out: HeldOut,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, event: Event) {
        let mut state = self.state();
        match event {
            Event::Progress { done, of } => state.progress = Some((done, of)),
            event => {
                if let Event::SessionStarted { session } = &event {
                    state.session = Some(session.clone());
                }
                state.progress = None;
                let mut event = serde_json::to_value(event).unwrap_or_default();
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

/// Says that a run ended, even when it broke off.
struct Ends(Arc<Shared>);

impl Drop for Ends {
    fn drop(&mut self) {
        if self.0.state().running {
            self.0
                .end(json!({"error": "the run broke off; this is a fault of kaizen, see its stderr"}));
        }
    }
}

impl Work {
    /// Nothing is at work.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            root,
            shared: Arc::default(),
        }
    }

    /// The session that is worked on.
    pub(crate) fn session(&self) -> Option<String> {
        self.shared.state().session.clone()
    }

    /// Works on this session from now on.
    pub(crate) fn drive(&self, session: &str) {
        self.shared.state().session = Some(session.to_owned());
    }

    /// Whether a run is under way.
    pub(crate) fn is_running(&self) -> bool {
        self.shared.state().running
    }

    /// Starts a run; `false` when one is under way.
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
                    // A benchmark that cannot be read stops the run, which says so.
                    let held_out = Inputs::new(&workspace).held_out().unwrap_or_default();
                    shared.state().held_out = held_out;
                    let ended = advance(&workspace, &asked, &|event| shared.hear(event));
                    result(&workspace, ended)
                }
                Err(error) => result_of(error),
            };
            shared.end(ended);
            drop(ends);
        });
        true
    }

    /// Waits until the run ends, or until it tells something.
    pub(crate) fn wait(&self, at_most: Duration, for_news: bool) {
        let idle = |state: &mut State| state.running && (!for_news || state.events.is_empty());
        // Whoever held the lock and broke off has left a sound state.
        drop(self.shared.news.wait_timeout_while(self.shared.state(), at_most, idle));
    }

    /// What happened since this was last asked; at the end, the result.
    pub(crate) fn news(&self) -> Value {
        let mut state = self.shared.state();
        let events = std::mem::take(&mut state.events);
        let progress = state.progress.map(|(done, of)| json!({"done": done, "of": of}));
        json!({
            "running": state.running, "session": state.session, "progress": progress, "events": events,
            "result": state.ended,
        })
    }

    /// Why the last run did not get where it should.
    pub(crate) fn problem(&self) -> String {
        let state = self.shared.state();
        let said = state.ended.as_ref().and_then(|ended| ended["error"].as_str());
        said.unwrap_or("the session could not be begun; see session_status")
            .to_owned()
    }
}

fn result_of(error: crate::workspace::error::RunError) -> Value {
    super::result::failed(error)
}
