//! Turns: what `kaizen watch` does whenever something rang. It computes from files what is to be done, and does it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::inbox;
use crate::session::{self, Session};
use crate::watch::bell::Rang;
use crate::watch::sight::Sights;

use super::RunError;
use super::advance::{Asked, advance};
use super::aside::Aside;
use super::asking::Asking;
use super::concern::Concern;
use super::event::{Event, Listener};
use super::inputs::Inputs;
use super::next::{Next, next};
use super::places;
use super::state::{Depth, View};
use super::workspace::Workspace;

/// A session that is still being changed after so many passes is left for the next turn.
const MOST_PASSES: usize = 3;
/// Nothing to wait for: the rescan comes before.
const LONG: Duration = Duration::from_secs(3600);
/// The name under which the inbox is put aside.
const INBOX: &str = "";

/// The state of a watcher, all of which can be lost: it is computed anew at the next start.
pub struct Turns {
    workspace: Workspace,
    sights: Sights,
    aside: Aside,
    asking: Asking,
    /// Problems of dropped files that were told.
    refused: BTreeSet<String>,
    /// A person's uncommitted files that stood in the way of a session.
    in_the_way: BTreeSet<PathBuf>,
    /// Sessions that were still being changed when their last pass ended.
    unfinished: BTreeSet<String>,
    /// Whether HEAD moved while a session was gone on with.
    has_head_moved: bool,
    /// How long until a dropped file is to be looked at that waits for the next turn, or is still being written.
    more: Option<Duration>,
}

impl Turns {
    /// A watcher of a workspace.
    pub fn new(mut workspace: Workspace) -> Self {
        workspace.holder = "kaizen watch";
        Self {
            asking: Asking::new(&workspace),
            workspace,
            sights: Sights::default(),
            aside: Aside::default(),
            refused: BTreeSet::new(),
            in_the_way: BTreeSet::new(),
            unfinished: BTreeSet::new(),
            has_head_moved: false,
            more: None,
        }
    }

    /// The workspace under the manifest that is in force.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The folders to listen to.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let mut folders = places::folders(&self.workspace);
        folders.extend(
            self.in_the_way
                .iter()
                .filter_map(|path| Some(path.parent()?.to_owned())),
        );
        folders
    }

    /// How long nothing is to be done if nothing rings.
    pub fn pause(&self) -> Duration {
        if !self.unfinished.is_empty() || self.has_head_moved {
            return Duration::ZERO;
        }
        let now = self.workspace.clock.now();
        let soonest = self.aside.next().into_iter().chain(self.asking.next(&self.workspace));
        let until = soonest.min().map(|at| (at - now).to_std().unwrap_or(Duration::ZERO));
        until.into_iter().chain(self.more).fold(LONG, Duration::min)
    }

    /// The first turn: every session that is not settled goes on, oldest first, and the inbox is looked at.
    pub fn start(&mut self, listener: Listener) {
        self.sights.all_changed(places::all(&self.workspace));
        for id in self.unsettled() {
            self.go_on(&id, listener);
        }
        self.asking.evidence_changed();
        self.ask(listener);
        self.empty_inbox(listener);
    }

    /// One turn.
    pub fn turn(&mut self, rang: &Rang, listener: Listener) {
        let changed = match rang.all || self.sights.is_about_folders(&rang.paths) {
            true => self.sights.all_changed(places::all(&self.workspace)),
            false => self.sights.changed(rang.paths.iter().cloned()),
        };
        let mut concerns: BTreeSet<Concern> = changed.iter().filter_map(|path| self.about(path)).collect();
        if std::mem::take(&mut self.has_head_moved) {
            concerns.insert(Concern::Ledger);
        }
        if concerns.contains(&Concern::Manifest) {
            self.reload(listener);
        }
        let is_free = changed.iter().any(|path| self.in_the_way.remove(path));
        for id in self.due(&concerns, is_free) {
            self.go_on(&id, listener);
        }
        if concerns.contains(&Concern::Evidence) {
            self.asking.evidence_changed();
        }
        self.ask(listener);
        self.empty_inbox(listener);
    }

    fn about(&self, path: &Path) -> Option<Concern> {
        places::about(&self.workspace, path)
    }

    /// The sessions that may have something to do, oldest first.
    fn due(&mut self, concerns: &BTreeSet<Concern>, is_free: bool) -> BTreeSet<String> {
        let mut due: BTreeSet<String> = self.aside.due(self.workspace.clock.now()).into_iter().collect();
        due.append(&mut self.unfinished);
        due.extend(concerns.iter().filter_map(|concern| match concern {
            Concern::Session(id) => Some(id.clone()),
            _ => None,
        }));
        let touches_all = concerns.contains(&Concern::Manifest) || concerns.contains(&Concern::Ledger);
        if touches_all || is_free {
            due.extend(self.aside.ids());
        }
        if touches_all || concerns.contains(&Concern::Evidence) {
            due.extend(self.newest().map(|newest| newest.id));
        }
        due.remove(INBOX);
        due
    }

    fn newest(&self) -> Option<Session> {
        // A folder that cannot be listed shows up as an error of the session's run.
        session::all(&self.workspace.root).ok()?.pop()
    }

    /// Sessions of the past count as they are; the newest as a run would take it.
    fn unsettled(&self) -> Vec<String> {
        let mut sessions = session::all(&self.workspace.root).unwrap_or_default();
        let newest = sessions.pop();
        let (inputs, engines) = (Inputs::new(&self.workspace), self.workspace.engines());
        let view = View {
            workspace: &self.workspace,
            inputs: &inputs,
            engines: &engines,
            depth: Depth::History,
            autonomy: None,
        };
        let wants = |session: &Session| !matches!(next(&view, session, None), Ok(Next::Nothing | Next::NotReady(_)));
        let older = sessions.iter().filter(|session| wants(session));
        older.chain(&newest).map(|session| session.id.clone()).collect()
    }

    /// Takes a session as far as it goes. It is looked at before and after: what changed meanwhile, by us or by
    /// others, is one more pass, which does nothing if it was us.
    fn go_on(&mut self, id: &str, listener: Listener) {
        let asked = Asked {
            session: Some(id.to_owned()),
            ..Asked::default()
        };
        let mut is_confirmed = false;
        for pass in 0..MOST_PASSES {
            self.look_at(id);
            if session::find(&self.workspace.root, id).is_none() {
                self.aside.take(id);
                return;
            }
            let tell = |event: Event| {
                let says_nothing = match &event {
                    Event::SessionSettled { changed, .. } => !changed,
                    Event::PlanHeld { .. } => pass > 0,
                    _ => false,
                };
                if !says_nothing {
                    listener(event);
                }
            };
            match advance(&self.workspace, &asked, &tell) {
                Ok(_) => {}
                // It went meanwhile, with its branch or by hand.
                Err(_) if session::find(&self.workspace.root, id).is_none() => return self.aside.take(id),
                // Somebody may have been saving, and be done by now: from the next look on a change is seen.
                Err(error) if error.is_for_people() && !is_confirmed => {
                    is_confirmed = true;
                    self.look_at_dirty(&error);
                    continue;
                }
                Err(error) => return self.put_aside(id, &error, listener),
            }
            self.aside.take(id);
            if !self.look_at(id) {
                return;
            }
        }
        self.unfinished.insert(id.to_owned());
    }

    fn look_at_dirty(&mut self, error: &RunError) {
        let RunError::Dirty(paths) = error else { return };
        let paths = paths.iter().map(|path| self.workspace.root.join(path));
        let new: Vec<PathBuf> = paths.filter(|path| !self.in_the_way.contains(path)).collect();
        self.sights.changed(new.iter().cloned());
        self.in_the_way.extend(new);
    }

    /// Whether the session's files, or HEAD, changed since the last look. What HEAD means for others is for the next
    /// turn.
    fn look_at(&mut self, id: &str) -> bool {
        let files = self.sights.changed(places::of_session(&self.workspace, id));
        let head = self.sights.changed(places::of_ledger(&self.workspace));
        self.has_head_moved |= !head.is_empty();
        !files.is_empty() || !head.is_empty()
    }

    fn put_aside(&mut self, id: &str, error: &RunError, listener: Listener) {
        let retry_seconds = self.aside.put(id, error, self.workspace.clock.now());
        if matches!(error, RunError::Lock(_) | RunError::Dirty(_)) && !self.aside.is_new(id) {
            return;
        }
        listener(Event::SessionFailed {
            session: (!id.is_empty()).then(|| id.to_owned()),
            problem: error.to_string(),
            retry_seconds,
        });
    }

    /// A manifest that cannot be used changes nothing.
    fn reload(&mut self, listener: Listener) {
        match Workspace::open(&self.workspace.root) {
            Ok(mut workspace) => {
                workspace.holder = self.workspace.holder;
                self.workspace = workspace;
                listener(Event::ManifestLoaded);
            }
            Err(error) => listener(Event::ManifestBroken {
                problem: error.to_string(),
            }),
        }
    }

    fn ask(&mut self, listener: Listener) {
        if let Err(error) = self.asking.ask(&self.workspace, listener) {
            self.put_aside(INBOX, &error, listener);
        }
    }

    /// Begins one session from the first sound file of the inbox; further files wait for the next turn, so that a
    /// person's changes are not behind all of them. A file that somebody may still be writing waits: whatever rang, it
    /// was perhaps not this one, and an empty file is a trigger.
    fn empty_inbox(&mut self, listener: Listener) {
        self.more = None;
        let now = self.workspace.clock.now();
        if self.aside.ids().iter().any(|id| id == INBOX) && !self.aside.due(now).iter().any(|id| id == INBOX) {
            return;
        }
        let dropped = match inbox::dropped(&self.workspace.root) {
            Ok(dropped) => dropped,
            Err(error) => return self.put_aside(INBOX, &error.into(), listener),
        };
        let quiet = Duration::from_millis(self.workspace.manifest.triggers.quiet_ms);
        let (dropped, busy): (Vec<_>, Vec<_>) = dropped.into_iter().partition(|file| file.quiet >= quiet);
        self.more = busy.iter().map(|file| quiet.saturating_sub(file.quiet)).min();
        let (sound, refused): (Vec<_>, Vec<_>) = dropped.into_iter().partition(|file| file.trigger.is_ok());
        self.tell_refused(refused, listener);
        let mut names = sound.into_iter().map(|file| file.name);
        if let Some(name) = names.next() {
            self.more = names.next().map(|_| Duration::ZERO).or(self.more);
            self.begin(&name, listener);
        }
    }

    /// Each problem is told once, for as long as it stands.
    fn tell_refused(&mut self, refused: Vec<inbox::Dropped>, listener: Listener) {
        let problems: BTreeSet<String> = refused.into_iter().filter_map(|file| file.trigger.err()).collect();
        for problem in problems.difference(&self.refused) {
            let problem = problem.clone();
            listener(Event::TriggerRefused { problem });
        }
        self.refused = problems;
    }

    fn begin(&mut self, name: &str, listener: Listener) {
        let asked = Asked {
            dropped: Some(name.to_owned()),
            ..Asked::default()
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
        self.aside.take(INBOX);
        match (ended, id) {
            (Ok(_), Some(id)) => self.go_on(&id, listener),
            (Err(error), id) => self.put_aside(id.as_deref().unwrap_or(INBOX), &error, listener),
            (Ok(_), None) => {}
        }
    }
}
