//! Tells people what a command does: keeps its notice in its lock, and writes its events to the log.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::event::Event;
use super::event_log::EventLog;
use super::load::WorkLoad;
use super::progress::{LOG_INTERVAL, ProgressMeter, WorkProgress};
use super::running::RunNotice;
use super::{OWN_FOLDER, Workspace};
use crate::eval::run::AttemptGauge;
use crate::llm::client::LlmClient;
use crate::sys::clock::Stopwatch;
use crate::sys::disk::{Lock, LockText};

/// The interval at which a notice is renewed.
const INTERVAL: Duration = Duration::from_secs(1);
/// The folder of the notices of commands that do not hold the lock of the workspace.
const FOLDER: &str = "at_work";

/// Keeps the notice of a command in a lock, and writes its events.
pub(crate) struct NoticeBoard<'a> {
    workspace: &'a Workspace,
    log: EventLog<'a>,
    board: Arc<Board>,
    /// The lock of a command that does not hold that of the workspace, and its file.
    own: Option<(Lock, PathBuf)>,
    /// Whether the command runs sessions; a command beside the runs logs its attempts only.
    is_run: bool,
    /// Renews the notice while attempts take long; started by the first event.
    ticker: Mutex<Option<JoinHandle<()>>>,
}

/// What the command and the thread that renews its notice share.
struct Board {
    process: String,
    /// `None` if there is no lock, because it cannot be created.
    text: Option<LockText>,
    calls: Arc<LlmClient>,
    gauge: Arc<AttemptGauge>,
    watch: Stopwatch,
    state: Mutex<BoardState>,
    ended: Condvar,
}

struct BoardState {
    notice: RunNotice,
    meter: ProgressMeter,
    /// When progress was last written to the notice.
    written: Option<Duration>,
    /// When progress and evidence were last written to the log.
    logged: [Option<Duration>; 2],
    /// Whether the log has the beginning of the work.
    has_begun: bool,
    has_ended: bool,
}

impl<'a> NoticeBoard<'a> {
    /// The board of the run that holds the lock of the workspace, and looks for requests to pause.
    pub(crate) fn new(workspace: &'a Workspace, lock: &Lock) -> Self {
        Self::with(workspace, workspace.process(), (lock.text(), None), true)
    }

    /// The board of a command that works beside the holder of the lock.
    pub(crate) fn beside(workspace: &'a Workspace, command: &str) -> Self {
        let process = format!("{command}, process {}", std::process::id());
        // A command that is about to be refused creates nothing.
        let own = match workspace.only_looks || workspace.calls.consent().is_err() {
            true => None,
            false => own_lock(workspace, &process),
        };
        let text = own.as_ref().and_then(|(lock, _)| lock.text());
        Self::with(workspace, process, (text, own), false)
    }

    fn with(
        workspace: &'a Workspace,
        process: String,
        (text, own): (Option<LockText>, Option<(Lock, PathBuf)>),
        is_run: bool,
    ) -> Self {
        let notice = RunNotice {
            since: workspace.clock.stamp(),
            pauses: is_run,
            ..RunNotice::default()
        };
        let board = Board {
            process: process.clone(),
            text,
            calls: Arc::clone(&workspace.calls),
            gauge: Arc::clone(&workspace.gauge),
            watch: Stopwatch::started(),
            state: Mutex::new(BoardState::new(notice)),
            ended: Condvar::new(),
        };
        board.write(&board.state().notice);
        Self {
            workspace,
            log: EventLog::new(workspace, process),
            board: Arc::new(board),
            own,
            is_run,
            ticker: Mutex::new(None),
        }
    }

    /// Notes an event, and writes what other processes should know.
    pub(crate) fn hear(&self, event: &Event) {
        // A session that was settled before gives nobody anything to watch.
        if matches!(event, Event::SessionSettled { changed: false, .. }) {
            return;
        }
        // A session that works for this command has its own board.
        if !self.is_run && !matches!(event, Event::Progress { .. } | Event::Evidence { .. }) {
            return;
        }
        let now = self.board.watch.passed();
        let mut state = self.board.state();
        let progress = state.meter.hear(now, event);
        self.log(&mut state, now, event, progress.as_ref());
        if state.note(now, event, progress.map(|progress| self.veiled(progress))) {
            self.board.renew(&mut state);
        }
        drop(state);
        self.start_ticker();
    }

    /// Writes an event to the log: progress at most once per interval and at its end, with the load; others at once.
    fn log(&self, state: &mut BoardState, now: Duration, event: &Event, progress: Option<&WorkProgress>) {
        let frequent = match event {
            Event::Progress { .. } => Some(0),
            Event::Evidence { .. } => Some(1),
            _ => None,
        };
        let is_last = progress.is_some_and(|progress| progress.done == progress.of);
        match frequent {
            Some(kind) if !is_last && state.logged[kind].is_some_and(|at| now < at + LOG_INTERVAL) => return,
            Some(kind) => state.logged[kind] = Some(now),
            None => state.logged = [None; 2],
        }
        if !state.has_begun {
            self.log.write(&Event::WorkStarted);
            state.has_begun = true;
        }
        self.log.write(event);
        if matches!(event, Event::Progress { .. }) {
            self.log.write(&Event::Load(self.board.load()));
        }
    }

    /// Progress without the names of held-out tasks, which the label of an edit may hold.
    fn veiled(&self, progress: WorkProgress) -> WorkProgress {
        let WorkProgress { what, done, of, .. } = progress.clone();
        let what = match self.log.veiled(&Event::Progress { what, done, of }) {
            Some(Event::Progress { what, .. }) => what,
            _ => "an attempt".to_owned(),
        };
        WorkProgress { what, ..progress }
    }

    fn start_ticker(&self) {
        let mut ticker = self.ticker.lock().unwrap_or_else(PoisonError::into_inner);
        if ticker.is_none() && self.board.text.is_some() {
            let board = Arc::clone(&self.board);
            *ticker = Some(std::thread::spawn(move || board.tick()));
        }
    }
}

impl Drop for NoticeBoard<'_> {
    fn drop(&mut self) {
        let has_begun = {
            let mut state = self.board.state();
            state.has_ended = true;
            state.has_begun
        };
        self.board.ended.notify_all();
        let ticker = self.ticker.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // The lock is free only when this thread has ended. Its panic was reported.
        let _ = ticker.map(JoinHandle::join);
        if has_begun {
            self.log.write(&Event::WorkEnded);
        }
        if let Some((_, path)) = &self.own {
            // Best effort: without its lock, the file says nothing.
            let _ = self.workspace.checkout.forget(path);
        }
    }
}

impl Board {
    fn state(&self) -> MutexGuard<'_, BoardState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self) -> WorkLoad {
        WorkLoad::of(&self.calls, &self.gauge)
    }

    /// Renews the notice until the command ends.
    fn tick(&self) {
        let mut state = self.state();
        while !state.has_ended {
            let waited = self.ended.wait_timeout(state, INTERVAL);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            let slower = state.meter.rate_at(self.watch.passed());
            let is_new = state.notice.load != Some(self.load()) || slower.is_some();
            if is_new && !state.has_ended {
                if let Some(progress) = &mut state.notice.progress {
                    progress.rate = slower.or(progress.rate);
                }
                self.renew(&mut state);
            }
        }
    }

    /// Writes the notice with the present load.
    fn renew(&self, state: &mut BoardState) {
        state.notice.load = Some(self.load());
        self.write(&state.notice);
    }

    fn write(&self, notice: &RunNotice) {
        if let Some(text) = &self.text {
            let line = serde_json::to_string(notice).unwrap_or_default();
            text.write(&format!("{}\n{line}\n", self.process));
        }
    }
}

impl BoardState {
    fn new(notice: RunNotice) -> Self {
        Self {
            notice,
            meter: ProgressMeter::new(LOG_INTERVAL),
            written: None,
            logged: [None; 2],
            has_begun: false,
            has_ended: false,
        }
    }

    /// Changes the notice; returns whether it has to be written.
    fn note(&mut self, now: Duration, event: &Event, progress: Option<WorkProgress>) -> bool {
        match event {
            Event::SessionStarted { session } => self.notice.session = Some(session.clone()),
            Event::PhaseStarted { session, phase, .. } => {
                self.notice.session = Some(session.clone());
                self.notice.phase = Some(phase.clone());
            }
            Event::Progress { .. } => {
                self.notice.progress = progress;
                let is_due = self.written.is_none_or(|at| now >= at + INTERVAL);
                self.written = if is_due { Some(now) } else { self.written };
                return is_due;
            }
            Event::Evidence { look, .. } => {
                self.notice.evidence = Some(*look);
                return true;
            }
            Event::EditSettled { number, of, .. } => self.notice.edits = Some((*number, *of)),
            Event::PhaseFinished { .. } => {}
            _ => return false,
        }
        (self.written, self.notice.progress, self.notice.evidence) = (None, None, None);
        true
    }
}

/// A locked file for the notice of a command. Removes the files of processes that were killed.
fn own_lock(workspace: &Workspace, process: &str) -> Option<(Lock, PathBuf)> {
    workspace.shared(FOLDER);
    let (root, folder) = (&workspace.checkout, Path::new(OWN_FOLDER).join(FOLDER));
    for name in root.listed(&folder).unwrap_or_default() {
        let path = folder.join(name);
        if matches!(root.lock_holder(&path), Ok(None)) {
            let _ = root.forget(&path);
        }
    }
    let path = folder.join(std::process::id().to_string());
    match root.lock(&path, process) {
        Ok(lock) => Some((lock, path)),
        Err(error) => {
            tracing::debug!(%error, "`kaizen status` cannot show this command");
            None
        }
    }
}

/// The notices of the commands that work beside the holder of the lock.
pub(super) fn beside(workspace: &Workspace) -> Vec<String> {
    let folder = Path::new(OWN_FOLDER).join(FOLDER);
    let names = workspace.checkout.listed(&folder).unwrap_or_default();
    let notices = names
        .into_iter()
        .filter_map(|name| workspace.checkout.lock_holder(folder.join(name)).ok()?);
    notices.collect()
}
