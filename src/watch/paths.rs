//! Lists the files that a watcher checks, and the folders whose events it receives.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::ledger::Git;
use crate::manifest;
use crate::trace::evidence::{EvidencePlaces, logged_database};
use crate::watch::change::{ChangeKind, SessionInputs, kind_of};
use crate::watch::followed::{followed, in_worktree};
use crate::workspace::session::{FOLDER, Session};
use crate::workspace::{Workspace, inbox, session};

/// What determines which files a watcher checks, as of the last look.
pub(crate) struct WatchedPlaces {
    evidence: EvidencePlaces,
    /// The files that change when HEAD moves, in the checkout or in the worktree of a session.
    head: Vec<PathBuf>,
    /// The workspace files on the command lines of programs.
    programs: BTreeSet<PathBuf>,
    newest: SessionInputs,
    older: SessionInputs,
}

impl WatchedPlaces {
    /// Finds the places of a workspace. Find them again when the manifest, HEAD, traces, tasks or folders change.
    pub(crate) fn of(workspace: &Workspace) -> Self {
        Self {
            evidence: workspace.evidence_places(),
            head: head_files(workspace),
            programs: programs(workspace),
            newest: SessionInputs::of_newest(&workspace.manifest),
            older: SessionInputs::of_older(&workspace.manifest),
        }
    }

    /// Every file that can make a phase stale or start a session.
    pub(crate) fn files(&self, workspace: &Workspace) -> Vec<PathBuf> {
        let root = &workspace.root;
        let mut files = vec![root.join(manifest::FILE)];
        files.extend(self.head.iter().chain(&self.programs).cloned());
        for (session, inputs) in self.sessions(workspace) {
            files.extend(of_session(&session, inputs));
        }
        let inbox = root.join(inbox::FOLDER);
        let dropped = root.listed(&inbox).unwrap_or_default();
        files.extend(dropped.into_iter().map(|name| inbox.join(name)));
        files.extend(self.evidence.files.iter().chain(&self.evidence.beside).cloned());
        files
    }

    /// Every folder in which such a file can appear.
    pub(crate) fn folders(&self, workspace: &Workspace) -> BTreeSet<PathBuf> {
        let root = &workspace.root;
        let mut folders: BTreeSet<PathBuf> = self.evidence.folders.iter().cloned().collect();
        folders.extend([root.to_path_buf(), root.join(inbox::FOLDER), root.join(FOLDER)]);
        let alone = self.head.iter().chain(&self.programs);
        folders.extend(alone.filter_map(|path| Some(path.parent()?.to_owned())));
        for (session, inputs) in self.sessions(workspace) {
            let above = |name: &str| session.path(name).parent().map(Path::to_owned);
            folders.insert(session.path(""));
            folders.extend(inputs.folders().map(|name| session.path(name)));
            folders.extend(inputs.files().filter_map(above));
        }
        folders
    }

    /// The kind of a path; `None` if it does not matter.
    pub(crate) fn kind(&self, workspace: &Workspace, path: &Path) -> Option<ChangeKind> {
        if self.head.iter().any(|head| head == path) {
            return Some(ChangeKind::Ledger);
        }
        if self.programs.contains(path) {
            return Some(ChangeKind::Program);
        }
        if self.evidence.beside.contains(path) {
            return Some(ChangeKind::Evidence);
        }
        let is_log = |path: &str| {
            let database = logged_database(Path::new(path));
            database.is_some_and(|database| workspace.is_evidence(&database.to_string_lossy()))
        };
        let is_evidence = |path: &str| workspace.is_evidence(path) || is_log(path);
        let place = path.strip_prefix(&workspace.root).ok()?;
        if !workspace.works_on_branches() {
            return kind_of(place, &self.newest, &is_evidence);
        }
        if let Some((id, place)) = in_worktree(workspace, path) {
            let kind = kind_of(place, &self.newest, &|_| false);
            return kind.filter(|kind| *kind == ChangeKind::Session(id));
        }
        // The checkout's own sessions are merged.
        kind_of(place, &SessionInputs::default(), &is_evidence).filter(|kind| !matches!(kind, ChangeKind::Session(_)))
    }

    /// The sessions that count, with the files that count in each.
    fn sessions(&self, workspace: &Workspace) -> Vec<(Session, &SessionInputs)> {
        let sessions = match workspace.works_on_branches() {
            true => followed(workspace).unwrap_or_default(),
            false => session_folders(workspace),
        };
        let newest = sessions.len().saturating_sub(1);
        let of = |(at, session)| (session, if at == newest { &self.newest } else { &self.older });
        sessions.into_iter().enumerate().map(of).collect()
    }
}

/// The session folders of the checkout, including those without a trigger.
fn session_folders(workspace: &Workspace) -> Vec<Session> {
    let ids = workspace.root.listed(FOLDER).unwrap_or_default().into_iter();
    ids.filter(|name| session::is_id(name))
        .map(|id| Session::at(&workspace.root, &id))
        .collect()
}

/// The files of which at least one changes when HEAD moves, in the checkout or in the worktree of a session.
fn head_files(workspace: &Workspace) -> Vec<PathBuf> {
    let branches = match workspace.works_on_branches() {
        true => workspace.session_branches().unwrap_or_default(),
        false => Vec::new(),
    };
    let opened = branches
        .iter()
        .filter_map(|branch| Git::open(&branch.root, workspace.ledger.policy().clone()).ok());
    let mut files = workspace.ledger.head_files();
    files.extend(opened.flat_map(|git| git.head_files()));
    files
}

/// The workspace files on the command lines of the manifest's programs.
fn programs(workspace: &Workspace) -> BTreeSet<PathBuf> {
    // Without the list of programs, none is started.
    let list = workspace.permission.list().ok();
    let programs = list.iter().flat_map(|list| &list.programs);
    let pinned = programs.flat_map(|program| &program.pinned);
    pinned.map(|file| workspace.root.join(&file.path)).collect()
}

/// The files of a session that count.
fn of_session(session: &Session, inputs: &SessionInputs) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = inputs.files().map(|name| session.path(name)).collect();
    for folder in inputs.folders() {
        // If the folder cannot be listed, the phase that reads it reports the error.
        let names = session.root().names(session.path(folder)).unwrap_or_default();
        files.extend(names.into_iter().map(|name| session.path(&format!("{folder}{name}"))));
    }
    files
}
