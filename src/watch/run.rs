//! The loop of `kaizen watch`: after each batch of changes, it computes from the files what has to run, and runs it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::pipeline::advance::advance;
use crate::pipeline::branch;
use crate::pipeline::options::RunOptions;
use crate::watch::backoff::RetryQueue;
use crate::watch::change::ChangeKind;
use crate::watch::followed;
use crate::watch::paths::WatchedPlaces;
use crate::watch::snapshot::FileSnapshots;
use crate::watch::triggers::AutoTriggers;
use crate::watch::watcher::ChangeBatch;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::{Workspace, inbox, read_manifest, session};

/// The pause if nothing is scheduled; a rescan comes earlier.
const LONG: Duration = Duration::from_secs(3600);
/// How often a missing approval is checked for.
const APPROVAL: Duration = Duration::from_secs(1);
/// The names of the inbox and of the search for triggers in the retry queue and in messages.
const INBOX: &str = "the inbox";
const TRIGGERS: &str = "the search for traces that request a session";

/// The state of a watcher. None of it has to survive a restart: the next start computes it again.
pub(crate) struct WatchLoop {
    workspace: Workspace,
    /// A changed manifest that is not yet approved.
    changed: Option<Workspace>,
    /// The last reported reason why nothing is started.
    untrusted: Option<String>,
    places: WatchedPlaces,
    snapshots: FileSnapshots,
    /// The newest session after the last turn.
    newest: Option<String>,
    retries: RetryQueue,
    triggers: AutoTriggers,
    /// The reported problems of files in the inbox.
    refused: BTreeSet<String>,
    /// Files with uncommitted changes that stopped a session; it resumes when the changes are gone.
    in_the_way: BTreeSet<PathBuf>,
    /// The time until the next check of the inbox, if it has more files.
    more: Option<Duration>,
    /// Whether `kaizen stop` ended a run of it.
    is_stopped: bool,
}

impl WatchLoop {
    /// A watcher of a workspace.
    pub(crate) fn new(mut workspace: Workspace) -> Self {
        settle_in(&mut workspace);
        Self {
            triggers: AutoTriggers::new(&workspace),
            places: WatchedPlaces::of(&workspace),
            snapshots: FileSnapshots::new(&workspace.root),
            workspace,
            newest: None,
            changed: None,
            untrusted: None,
            retries: RetryQueue::default(),
            refused: BTreeSet::new(),
            in_the_way: BTreeSet::new(),
            more: None,
            is_stopped: false,
        }
    }

    /// Whether `kaizen stop` ended it.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// The workspace under the manifest that is in force.
    pub(crate) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The folders to listen to.
    pub(crate) fn folders(&self) -> BTreeSet<OsString> {
        let beside = self
            .in_the_way
            .iter()
            .filter_map(|path| Some(path.parent()?.to_owned()));
        let folders = self.places.folders(&self.workspace).into_iter().chain(beside);
        folders.map(PathBuf::into_os_string).collect()
    }

    /// How long to wait if no change is reported.
    pub(crate) fn pause(&self) -> Duration {
        let now = self.workspace.clock.now();
        let soonest = self
            .retries
            .next()
            .into_iter()
            .chain(self.triggers.next(&self.workspace));
        let until = soonest.min().map(|at| (at - now).to_std().unwrap_or(Duration::ZERO));
        let approval = self.untrusted.is_some().then_some(APPROVAL);
        until
            .into_iter()
            .chain(self.more)
            .chain(approval)
            .fold(LONG, Duration::min)
    }

    /// The first turn: resumes every session that is not settled, oldest first, and reads the inbox.
    pub(crate) fn start(&mut self, listener: Listener) {
        self.snapshots.all_changed(self.places.files(&self.workspace));
        // The manifest may have been saved between its reading and its first snapshot.
        if read_manifest(&self.workspace.root).ok().as_ref() != Some(&self.workspace.manifest) {
            self.reload(listener);
        }
        if self.is_trusted(listener) {
            self.begin_all(listener);
        }
        self.newest = self.newest();
    }

    fn begin_all(&mut self, listener: Listener) {
        self.tidy(listener);
        for id in followed::unsettled(&self.workspace) {
            self.go_on(&id, listener);
        }
        self.triggers.evidence_changed();
        self.ask(listener);
        self.empty_inbox(listener);
    }

    /// Whether the present manifest is approved, so that something may start; reports when that changes.
    fn is_trusted(&mut self, listener: Listener) -> bool {
        let workspace = self.changed.as_ref().unwrap_or(&self.workspace);
        if let Err(error) = workspace.permission.check_runs() {
            let problem = RunError::from(error).to_string();
            if self.untrusted.as_ref() != Some(&problem) {
                self.untrusted = Some(problem.clone());
                listener(Event::TrustNeeded { problem });
            }
            return false;
        }
        if self.untrusted.take().is_some() {
            listener(Event::Trusted);
        }
        if let Some(workspace) = self.changed.take() {
            self.workspace = workspace;
            self.places = WatchedPlaces::of(&self.workspace);
            // The manifest may select other traces, or other rules for them.
            self.triggers.evidence_changed();
            listener(Event::ManifestLoaded);
        }
        true
    }

    /// One turn: handles a batch of changes.
    pub(crate) fn turn(&mut self, batch: &ChangeBatch, listener: Listener) {
        let kinds = self.changed_kinds(batch);
        self.work(&kinds, listener);
        let newest = self.newest();
        if newest != self.newest && self.workspace.works_on_branches() {
            // A worktree came or went.
            self.places = WatchedPlaces::of(&self.workspace);
        }
        self.newest = newest;
    }

    /// The kinds of the files that changed.
    fn changed_kinds(&mut self, batch: &ChangeBatch) -> BTreeSet<ChangeKind> {
        let changed = match batch.all || self.snapshots.is_about_folders(&batch.paths) {
            true => {
                self.places = WatchedPlaces::of(&self.workspace);
                let files = self.places.files(&self.workspace).into_iter();
                self.snapshots.all_changed(files.chain(self.in_the_way.iter().cloned()))
            }
            false => self.snapshots.changed(batch.paths.iter().cloned()),
        };
        let kinds: BTreeSet<ChangeKind> = changed.iter().filter_map(|path| self.about(path)).collect();
        self.in_the_way.retain(|path| !changed.contains(path));
        if kinds.contains(&ChangeKind::Evidence) || kinds.contains(&ChangeKind::Ledger) {
            self.places = WatchedPlaces::of(&self.workspace);
        }
        kinds
    }

    fn work(&mut self, kinds: &BTreeSet<ChangeKind>, listener: Listener) {
        if kinds.contains(&ChangeKind::Manifest) {
            self.reload(listener);
        }
        let had_to_wait = self.untrusted.is_some();
        match (self.is_trusted(listener), had_to_wait) {
            (false, _) => return,
            (true, true) => return self.begin_all(listener),
            (true, false) => {}
        }
        if kinds.contains(&ChangeKind::Ledger) {
            self.tidy(listener);
        }
        for id in self.due(kinds) {
            self.go_on(&id, listener);
        }
        if kinds.contains(&ChangeKind::Evidence) {
            self.triggers.evidence_changed();
            self.retries.take(TRIGGERS);
        }
        self.ask(listener);
        self.empty_inbox(listener);
    }

    fn about(&self, path: &Path) -> Option<ChangeKind> {
        match self.in_the_way.contains(path) {
            true => Some(ChangeKind::Ledger),
            false => self.places.kind(&self.workspace, path),
        }
    }

    /// The sessions that may have something to do, oldest first.
    fn due(&self, kinds: &BTreeSet<ChangeKind>) -> BTreeSet<String> {
        let mut due: BTreeSet<String> = self.retries.due(self.workspace.clock.now()).into_iter().collect();
        due.extend(kinds.iter().filter_map(|kind| match kind {
            ChangeKind::Session(id) => Some(id.clone()),
            _ => None,
        }));
        let all = [ChangeKind::Manifest, ChangeKind::Ledger, ChangeKind::Program];
        let touches_all = all.iter().any(|kind| kinds.contains(kind));
        if touches_all {
            due.extend(self.retries.ids());
        }
        let newest = self.newest();
        // Another session became the newest if one was removed, or if a branch switch brought or took some.
        if touches_all || kinds.contains(&ChangeKind::Evidence) || newest != self.newest {
            due.extend(newest);
        }
        due.retain(|id| session::is_id(id));
        due
    }

    fn newest(&self) -> Option<String> {
        // If the folder cannot be listed, the run of a session reports the error.
        Some(followed::newest(&self.workspace).ok()??.id)
    }

    /// Removes the worktrees of branches that were merged or deleted.
    fn tidy(&self, listener: Listener) {
        if let Err(error) = branch::tidy_alone(&self.workspace, listener) {
            let text = format!("the worktrees of merged sessions are still there: {error}");
            listener(Event::Note { text });
        }
    }

    /// Runs a session until it is settled, waits or fails.
    fn go_on(&mut self, id: &str, listener: Listener) {
        if self.is_stopped {
            return;
        }
        let is_gone = || matches!(followed::named(&self.workspace, id), Ok(None));
        if is_gone() {
            return self.retries.take(id);
        }
        let asked = RunOptions {
            session: Some(id.to_owned()),
            ..RunOptions::default()
        };
        let was_reported = self.retries.was_reported(id);
        let tell = |event: Event| {
            // The end of a reported failure is reported too, even if nothing was left to do.
            if was_reported || !matches!(event, Event::SessionSettled { changed: false, .. }) {
                listener(event);
            }
        };
        match advance(&self.workspace, &asked, &tell) {
            Ok(_) => self.retries.take(id),
            // The session was removed in the meantime, by a branch switch or by hand.
            Err(_) if is_gone() => self.retries.take(id),
            // The session resumes when somebody approves.
            Err(RunError::Untrusted(_) | RunError::Consent(_)) if !self.is_trusted(listener) => {}
            Err(error) => self.note_failure(id, &error, listener),
        }
    }

    /// Ends the watcher if somebody asked for it; else schedules a retry.
    fn note_failure(&mut self, id: &str, error: &RunError, listener: Listener) {
        if matches!(error, RunError::StopAsked) {
            self.is_stopped = true;
            return;
        }
        if let RunError::Dirty(paths) = error {
            // No snapshot of these files is taken now, so the next check reports them: the changes may be gone already.
            let session = followed::named(&self.workspace, id).ok().flatten();
            let root = session.map_or_else(|| self.workspace.root.clone(), |session| session.root().clone());
            self.in_the_way.extend(paths.iter().map(|path| root.join(path)));
        }
        let (retry_seconds, is_news) = self.retries.put(id, error, self.workspace.clock.now());
        if !is_news {
            return;
        }
        listener(Event::SessionFailed {
            session: id.to_owned(),
            problem: error.to_string(),
            retry_seconds,
        });
    }

    /// Loads a changed manifest, which takes effect when it is approved. An invalid one changes nothing.
    fn reload(&mut self, listener: Listener) {
        match Workspace::open(&self.workspace.root) {
            Ok(mut workspace) => {
                settle_in(&mut workspace);
                self.changed = Some(workspace);
            }
            Err(error) => listener(Event::ManifestBroken {
                problem: error.to_string(),
            }),
        }
    }

    fn ask(&mut self, listener: Listener) {
        if self.retries.rests(TRIGGERS, self.workspace.clock.now()) {
            return;
        }
        if let Err(error) = self.triggers.ask(&self.workspace, listener) {
            self.note_failure(TRIGGERS, &error, listener);
        }
    }

    /// Starts one session from the first valid file of the inbox. Further files wait for the next turn, so that a
    /// person's changes do not wait behind all of them.
    fn empty_inbox(&mut self, listener: Listener) {
        self.more = None;
        if self.retries.rests(INBOX, self.workspace.clock.now()) {
            return;
        }
        let quiet = Duration::from_millis(self.workspace.manifest.triggers.quiet_ms);
        let (dropped, more) = match inbox::quiet(&self.workspace.root, quiet) {
            Ok(found) => found,
            Err(error) => return self.note_failure(INBOX, &error.into(), listener),
        };
        self.more = more.then_some(quiet);
        let (sound, refused): (Vec<_>, Vec<_>) = dropped.into_iter().partition(|file| file.trigger.is_ok());
        self.tell_refused(refused, listener);
        let mut names = sound.into_iter().map(|file| file.name);
        if let Some(name) = names.next() {
            if names.next().is_some() {
                self.more = Some(Duration::ZERO);
            }
            self.begin(&name, listener);
        }
    }

    /// Reports each problem of the inbox once, until it is gone.
    fn tell_refused(&mut self, refused: Vec<inbox::InboxFile>, listener: Listener) {
        let problems: BTreeSet<String> = refused.into_iter().filter_map(|file| file.trigger.err()).collect();
        for problem in problems.difference(&self.refused) {
            let problem = problem.clone();
            listener(Event::TriggerRefused { problem });
        }
        self.refused = problems;
    }

    fn begin(&mut self, name: &str, listener: Listener) {
        let asked = RunOptions {
            dropped: Some(name.to_owned()),
            ..RunOptions::default()
        };
        let file = format!("{}/{name}", inbox::FOLDER);
        let begun = std::sync::Mutex::new(None);
        let tell = |event: Event| {
            if let Event::SessionStarted { session } = &event {
                let (file, session) = (file.clone(), session.clone());
                if let Ok(mut begun) = begun.lock() {
                    *begun = Some(session.clone());
                }
                listener(Event::TriggerClaimed { file, session });
            }
            listener(event);
        };
        let ended = advance(&self.workspace, &asked, &tell);
        let id = begun.into_inner().ok().flatten();
        self.retries.take(INBOX);
        if let Err(error) = ended {
            self.note_failure(id.as_deref().unwrap_or(INBOX), &error, listener);
        }
    }
}

/// A watcher holds the lock under its own name, and does not wait for the lock, because it retries anyway.
fn settle_in(workspace: &mut Workspace) {
    workspace.holder = "kaizen watch";
    workspace.patience = Duration::ZERO;
}
