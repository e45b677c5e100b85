//! Lists the files that a watcher checks, and the folders whose events it receives.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::manifest;
use crate::watch::change::{ChangeKind, kind_of};
use crate::workspace::session::{FOLDER, PENDING, Session};
use crate::workspace::{Workspace, inbox, session};

/// The names of the files that phases read, in every session.
fn names(workspace: &Workspace) -> BTreeSet<String> {
    let phases = workspace.manifest.phases().into_values();
    let reads = phases.flat_map(|stanza| stanza.reads);
    reads
        .filter(|name| !name.starts_with('@') && !name.ends_with('/'))
        .collect()
}

/// The files of a session that phases read and that other programs or people may write.
fn of_session(workspace: &Workspace, names: &BTreeSet<String>, id: &str) -> Vec<PathBuf> {
    let session = Session::at(&workspace.root, id);
    let files = names.iter().map(|name| session.path(name));
    // If the folder cannot be listed, the phase that reads it reports the error.
    let pending = session.root().names(session.path(PENDING)).unwrap_or_default();
    let pending = pending
        .into_iter()
        .map(|name| session.path(&format!("{PENDING}{name}")));
    files.chain(pending).collect()
}

/// The files that change when HEAD moves.
pub(crate) fn of_ledger(workspace: &Workspace) -> Vec<PathBuf> {
    workspace.ledger.head_files().to_vec()
}

/// Every file that can make a phase stale or start a session.
pub(crate) fn all(workspace: &Workspace) -> Vec<PathBuf> {
    let root = &workspace.root;
    let mut files = vec![root.join(manifest::FILE)];
    files.extend(of_ledger(workspace));
    let names = names(workspace);
    for id in ids(workspace) {
        files.extend(of_session(workspace, &names, &id));
    }
    let inbox = root.join(inbox::FOLDER);
    let dropped = root.listed(&inbox).unwrap_or_default();
    files.extend(dropped.into_iter().map(|name| inbox.join(name)));
    for folder in evidence_folders(workspace) {
        let names = root.listed(&folder).unwrap_or_default();
        let paths = names.into_iter().map(|name| folder.join(name));
        files.extend(paths.filter(|path| about(workspace, path) == Some(ChangeKind::Evidence)));
    }
    files
}

/// Every folder in which such a file can appear.
pub(crate) fn folders(workspace: &Workspace) -> Vec<PathBuf> {
    let root = &workspace.root;
    let mut folders: Vec<PathBuf> = evidence_folders(workspace).into_iter().collect();
    folders.extend([root.to_path_buf(), root.join(inbox::FOLDER), root.join(FOLDER)]);
    folders.extend(
        of_ledger(workspace)
            .iter()
            .filter_map(|path| Some(path.parent()?.to_owned())),
    );
    for id in ids(workspace) {
        let session = Session::at(root, &id);
        folders.extend([session.path(""), session.path(PENDING)]);
    }
    folders
}

/// The kind of a path; `None` if it does not matter.
pub(crate) fn about(workspace: &Workspace, path: &std::path::Path) -> Option<ChangeKind> {
    if of_ledger(workspace).iter().any(|head| head == path) {
        return Some(ChangeKind::Ledger);
    }
    let is_evidence = |path: &str| workspace.is_evidence(path);
    kind_of(path.strip_prefix(&workspace.root).ok()?, &is_evidence)
}

/// The names of session folders, including those without a trigger.
fn ids(workspace: &Workspace) -> Vec<String> {
    let names = workspace.root.listed(FOLDER).unwrap_or_default();
    names.into_iter().filter(|name| session::is_id(name)).collect()
}

/// The folders before the first wildcard of each pattern of traces and tasks.
fn evidence_folders(workspace: &Workspace) -> BTreeSet<PathBuf> {
    let manifest = &workspace.manifest;
    let patterns = manifest.traces.files.iter().chain(&manifest.benchmark.files);
    let folder = |pattern: &String| {
        let literal = pattern.split(['*', '?', '[', '{']).next().unwrap_or_default();
        let folder = literal.rsplit_once('/').map_or("", |(folder, _)| folder);
        workspace.root.join(folder)
    };
    patterns.map(folder).collect()
}
