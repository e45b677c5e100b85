//! Consent: no program starts, no server is called and no variable is read before a person has approved the list of
//! them. Programs and HTTP calls require a [`Consent`] as proof, and only a check against the approvals on this machine
//! creates one.
#![allow(clippy::disallowed_methods)] // edge: the environment, the user's files

mod identity;
mod named_file;
mod store;
mod task_programs;
mod user_config;
mod user_layouts;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

pub(crate) use self::identity::WorkspaceIdentity;
pub use self::store::ApprovalStore;
pub(crate) use self::user_config::UserConfig;
pub(crate) use self::user_layouts::layout_table;
use crate::digest::Digest;
use crate::ledger::port::LedgerError;
use crate::manifest::membership::{EvidencePatterns, Membership};
use crate::manifest::programs::{ManifestPart, harness_program};
use crate::manifest::trust::{NamedFile, Surroundings, TrustLink, TrustList};
use crate::manifest::{self, Manifest, ManifestError};
use crate::sys::consent::{Approvals, Consent};
use crate::sys::disk::{DiskError, ErrorWithRemedy, Root};
use crate::trace::evidence::OutsideLink;

/// The only list that counts in this process, if `--trust` gives one.
static ONLY: OnceLock<Digest> = OnceLock::new();

/// Why something is not allowed, or why the approvals cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The list of programs, servers and keys is not approved.
    #[error("{reason}, so nothing was started, sent or read. It would use:\n{0}", reason = untrusted())]
    Untrusted(Box<TrustList>),
    /// A file of the store is not an approval.
    #[error(
        "{}: {problem}; this file approves nothing: remove it, then `kaizen trust` asks again",
        path.display()
    )]
    Corrupted {
        /// The file.
        path: PathBuf,
        /// The problem.
        problem: String,
    },
    /// A file of the user would be inside the workspace, where a repository can supply it.
    #[error("{what} would be {}, inside the workspace, where a repository can supply it; {remedy}", path.display())]
    Inside {
        /// The path.
        path: PathBuf,
        /// The purpose of the file or folder.
        what: &'static str,
        /// The remedy.
        remedy: &'static str,
    },
    /// There is no folder for approvals.
    #[error("there is no folder for approvals: HOME is not set; set it, or KAIZEN_TRUST_DIR")]
    NoHome,
    /// The user's configuration is not usable.
    #[error("{}: {problem}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The problem, with its line.
        problem: String,
    },
    /// A layout of the user is not usable.
    #[error("{}: {problem}", path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// The problem, with its line.
        problem: String,
    },
    /// The store cannot be written.
    #[error("cannot write {}: {}", path.display(), ErrorWithRemedy(source))]
    Store {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The manifest uses a harness file as a program.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A git command failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What a workspace may start, send and read.
pub struct Permission {
    root: Root,
    /// The workspace whose links to traces and tasks count.
    checkout: Root,
    manifest: Manifest,
    identity: OnceLock<WorkspaceIdentity>,
    store: Option<ApprovalStore>,
    granted: Mutex<Option<Consent>>,
}

impl Permission {
    /// The permission of the workspace at `root`. Approvals are in `store`, or in the folder that the environment sets.
    pub fn new(
        root: &Root,
        manifest: &Manifest,
        identity: Option<WorkspaceIdentity>,
        store: Option<ApprovalStore>,
    ) -> Self {
        Self {
            root: root.clone(),
            checkout: root.clone(),
            manifest: manifest.clone(),
            identity: identity.map(OnceLock::from).unwrap_or_default(),
            store,
            granted: Mutex::default(),
        }
    }

    /// The same permission, with the links to traces and tasks of this workspace.
    #[must_use]
    pub(crate) fn with_links_of(self, checkout: &Root) -> Self {
        let checkout = checkout.clone();
        Self { checkout, ..self }
    }

    /// The interface that engines use.
    pub fn approvals(self: &Arc<Self>) -> Arc<Approvals> {
        let (permission, root) = (Arc::clone(self), self.root.clone());
        Approvals::new(
            move || permission.consent().map_err(|error| error.to_string()),
            move || {
                let config = UserConfig::load(&root).map_err(|error| error.to_string())?;
                Ok(config.network.plain_http_hosts)
            },
        )
    }

    /// The root of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The list of what the workspace would use now.
    ///
    /// # Errors
    /// A program is a harness file, or the user's configuration is not usable.
    pub fn list(&self) -> Result<TrustList, ConsentError> {
        self.list_with(&self.links()?)
    }

    /// Refuses programs that are harness files, even through a link or another spelling of the path.
    ///
    /// # Errors
    /// A program is a harness file.
    pub(crate) fn check_programs(&self) -> Result<(), ConsentError> {
        let invalid = |problem| ManifestError::Invalid {
            path: self.root.join(manifest::FILE),
            problem,
        };
        let harness = Membership::new(&self.manifest).map_err(invalid)?;
        for program in self.manifest.programs() {
            let named = |name: &str| named_file::named(&self.root, &program.folder, name);
            let is_path = |name: &str| program.is_a_path() || name.contains('/');
            for name in program.names().filter(|name| is_path(name)) {
                if let Some(NamedFile::File { path, .. }) = named(name)
                    && harness.selects(&path)
                {
                    return Err(invalid(harness_program(&program.part, name)).into());
                }
            }
        }
        Ok(())
    }

    fn list_with(&self, links: &[OutsideLink]) -> Result<TrustList, ConsentError> {
        let invalid = |problem| ManifestError::Invalid {
            path: self.root.join(manifest::FILE),
            problem,
        };
        let harness = Membership::new(&self.manifest).map_err(invalid)?;
        let config = UserConfig::load(&self.root)?;
        let around = Surroundings {
            hosts: &config.network.plain_http_hosts,
            named: &|folder, word| named_file::named(&self.root, folder, word),
            is_harness: &|path| harness.selects(path),
            tasks: task_programs::listed(&self.manifest, &self.root),
            links: links.iter().map(link).collect(),
        };
        Ok(TrustList::gather(&self.manifest, around).map_err(invalid)?)
    }

    /// Links to traces and tasks outside the workspace.
    fn links(&self) -> Result<Vec<OutsideLink>, ConsentError> {
        let manifest = &self.manifest;
        let globs = [&manifest.traces.files[..], &manifest.benchmark.files[..]].concat();
        let invalid = |problem| ManifestError::Invalid {
            path: self.root.join(manifest::FILE),
            problem,
        };
        let patterns = EvidencePatterns::new(&globs).map_err(invalid)?;
        Ok(self.checkout.evidence(&patterns, &|_| false)?.outside)
    }

    /// The links to traces and tasks that must not be followed.
    ///
    /// # Errors
    /// The approvals cannot be checked.
    pub(crate) fn closed_links(&self) -> Result<Vec<OutsideLink>, ConsentError> {
        let links = self.links()?;
        if links.is_empty() {
            return Ok(links);
        }
        let list = self.list_with(&links)?;
        Ok(if self.approves(&list)? { Vec::new() } else { links })
    }

    /// Checks again whether these parts may be used. The result is valid until the next check. Parts that start no
    /// program, call no server and read no variable need no consent.
    ///
    /// # Errors
    /// [`ConsentError::Untrusted`] with the list, or the approvals cannot be checked.
    pub(crate) fn check(&self, parts: &[ManifestPart]) -> Result<(), ConsentError> {
        self.check_if(&|list| list.concerns(parts) || !list.links.is_empty())
    }

    /// Checks again whether everything that runs use may be used.
    ///
    /// # Errors
    /// See [`Permission::check`].
    pub(crate) fn check_runs(&self) -> Result<(), ConsentError> {
        self.check_if(&TrustList::concerns_runs)
    }

    /// Checks again whether the list is approved, if it has anything that needs it.
    fn check_if(&self, needs: &dyn Fn(&TrustList) -> bool) -> Result<(), ConsentError> {
        let list = self.list()?;
        match needs(&list) {
            true => self.grant(list).map(drop),
            false => Ok(()),
        }
    }

    /// Checks again whether everything may be used.
    ///
    /// # Errors
    /// See [`Permission::check`].
    pub(crate) fn check_all(&self) -> Result<Consent, ConsentError> {
        self.grant(self.list()?)
    }

    /// The proof for code that starts a program or opens a connection; checks if there was no check yet.
    ///
    /// # Errors
    /// See [`Permission::check`].
    pub(crate) fn consent(&self) -> Result<Consent, ConsentError> {
        let granted = self.granted().clone();
        granted.map_or_else(|| self.check_all(), Ok)
    }

    fn grant(&self, list: TrustList) -> Result<Consent, ConsentError> {
        *self.granted() = None;
        if !self.approves(&list)? {
            return Err(ConsentError::Untrusted(Box::new(list)));
        }
        let consent = Consent::of_approved();
        *self.granted() = Some(consent.clone());
        Ok(consent)
    }

    fn granted(&self) -> MutexGuard<'_, Option<Consent>> {
        self.granted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a list is approved: by `--trust` if it was given, otherwise by the approvals on this machine.
    ///
    /// # Errors
    /// The approvals cannot be checked.
    pub(crate) fn approves(&self, list: &TrustList) -> Result<bool, ConsentError> {
        match ONLY.get() {
            Some(only) => Ok(*only == list.digest()),
            None => Ok(list.is_empty() || self.store()?.holds(self.identity()?, &list.digest())?),
        }
    }

    /// Approves a list on this machine.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn approve(&self, list: &TrustList, at: String) -> Result<(), ConsentError> {
        self.store()?.approve(self.identity()?, &self.root, list, at)
    }

    /// The approvals of this machine.
    ///
    /// # Errors
    /// There is no folder for them, or it is in the workspace.
    pub(crate) fn store(&self) -> Result<ApprovalStore, ConsentError> {
        match &self.store {
            Some(store) => Ok(store.clone()),
            None => ApprovalStore::from_environment(Some(&self.root)),
        }
    }

    /// The identity of the workspace.
    ///
    /// # Errors
    /// git refuses to read the repository.
    pub(crate) fn identity(&self) -> Result<&WorkspaceIdentity, ConsentError> {
        if self.identity.get().is_none() {
            // Another thread may set it first, to the same value.
            let _ = self.identity.set(WorkspaceIdentity::of(&self.root)?);
        }
        self.identity.get().ok_or(ConsentError::NoHome)
    }
}

/// Makes the list with this digest the only one that counts in this process, regardless of the approvals on this
/// machine.
pub(crate) fn only(digest: Digest) {
    // Called once: there is one command line.
    let _ = ONLY.set(digest);
}

/// The digest given by `--trust`, if any.
pub(crate) fn only_digest() -> Option<Digest> {
    ONLY.get().copied()
}

/// Why a list is not approved.
fn untrusted() -> &'static str {
    match ONLY.get() {
        Some(_) => "the digest of --trust is not that of this workspace's present list",
        None => "what this workspace would use is not approved on this machine",
    }
}

fn link(link: &OutsideLink) -> TrustLink {
    TrustLink {
        path: link.path.clone(),
        target: link.target.to_string_lossy().into_owned(),
    }
}

/// Whether a path, which need not exist, is inside a folder.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else {
        return false;
    };
    let existing = path.ancestors().find_map(|above| above.canonicalize().ok());
    existing.is_some_and(|above| above.starts_with(&folder))
}
