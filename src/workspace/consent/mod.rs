//! Consent: nothing is started, asked or read of the environment before a person approved the list of it. Programs and
//! HTTP calls take a [`Consent`] as proof, which nothing but a check against the approvals on this machine gives.
#![allow(clippy::disallowed_methods)] // edge: the environment, the user's files

mod identity;
mod named_file;
mod store;
mod user_config;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

pub(crate) use self::identity::WorkspaceIdentity;
pub use self::store::ApprovalStore;
pub(crate) use self::user_config::UserConfig;
use crate::digest::Digest;
use crate::ledger::port::LedgerError;
use crate::manifest::membership::{EvidencePatterns, Membership};
use crate::manifest::programs::{ManifestPart, harness_program};
use crate::manifest::trust::{NamedFile, Surroundings, TrustLink, TrustList};
use crate::manifest::{self, Manifest, ManifestError};
use crate::sys::consent::{Approvals, Consent};
use crate::sys::disk::{DiskError, Root};
use crate::trace::evidence::OutsideLink;

/// The only list that counts in this process, when its arguments say one.
static ONLY: OnceLock<Digest> = OnceLock::new();

/// Why something may not be done, or why nobody can tell.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The list of what would be used is not approved.
    #[error("{reason}, so nothing was started, sent or read. It would use:\n{0}", reason = untrusted())]
    Untrusted(Box<TrustList>),
    /// A file of the store is not an approval.
    #[error(
        "{}: {problem}; it approves nothing: remove it, then `kaizen trust` asks again",
        path.display()
    )]
    Corrupted {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The user's own files would lie where a repository can put its own.
    #[error("{what} would be {}, inside of the workspace, where a repository could bring its own; {remedy}", path.display())]
    Inside {
        /// The place.
        path: PathBuf,
        /// What it is for.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// There is no place for approvals.
    #[error("there is no place for approvals: HOME is not set; set it, or KAIZEN_TRUST_DIR")]
    NoHome,
    /// The user's configuration is not usable.
    #[error("{}: {problem}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        problem: String,
    },
    /// The store cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The manifest names a program that must not be one.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A git command failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What a workspace may do.
pub struct Permission {
    root: Root,
    manifest: Manifest,
    identity: OnceLock<WorkspaceIdentity>,
    store: Option<ApprovalStore>,
    granted: Mutex<Option<Consent>>,
}

impl Permission {
    /// What the workspace at `root` may do; approvals stand in `store`, else where the environment says.
    pub fn new(
        root: &Root,
        manifest: &Manifest,
        identity: Option<WorkspaceIdentity>,
        store: Option<ApprovalStore>,
    ) -> Self {
        Self {
            root: root.clone(),
            manifest: manifest.clone(),
            identity: identity.map(OnceLock::from).unwrap_or_default(),
            store,
            granted: Mutex::default(),
        }
    }

    /// What engines ask of it.
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

    /// The workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What would be used, as things are now.
    ///
    /// # Errors
    /// A program is a harness file, or the user's configuration is not usable.
    pub fn list(&self) -> Result<TrustList, ConsentError> {
        self.list_with(&self.links()?)
    }

    /// Refuses programs that are harness files, by links or by other spellings of their names.
    ///
    /// # Errors
    /// There is one.
    pub(crate) fn check_programs(&self) -> Result<(), ConsentError> {
        let invalid = |problem| ManifestError::Invalid {
            path: self.root.join(manifest::FILE),
            problem,
        };
        let harness = Membership::new(&self.manifest).map_err(invalid)?;
        for program in self.manifest.programs() {
            let named = |name: &str| named_file::named(&self.root, &program.folder, name);
            if program.is_a_path()
                && let Some(NamedFile::File { path, .. }) = named(&program.run[0])
                && harness.selects(&path)
            {
                return Err(invalid(harness_program(&program.part, &program.run[0])).into());
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
            links: links.iter().map(link).collect(),
        };
        Ok(TrustList::gather(&self.manifest, around).map_err(invalid)?)
    }

    /// Traces and tasks that lie outside of the workspace.
    fn links(&self) -> Result<Vec<OutsideLink>, ConsentError> {
        let manifest = &self.manifest;
        let globs = [&manifest.traces.files[..], &manifest.benchmark.files[..]].concat();
        let invalid = |problem| ManifestError::Invalid {
            path: self.root.join(manifest::FILE),
            problem,
        };
        let patterns = EvidencePatterns::new(&globs).map_err(invalid)?;
        Ok(self.root.evidence(&patterns, &|_| false)?.outside)
    }

    /// The links to traces and tasks that must not be followed.
    ///
    /// # Errors
    /// Nobody can tell.
    pub(crate) fn closed_links(&self) -> Result<Vec<OutsideLink>, ConsentError> {
        let links = self.links()?;
        if links.is_empty() {
            return Ok(links);
        }
        let list = self.list_with(&links)?;
        Ok(if self.approves(&list)? { Vec::new() } else { links })
    }

    /// Checks anew whether these parts may be used; from then on they may, until the next check says otherwise. Parts
    /// that start nothing, ask nobody and read no variable need no consent.
    ///
    /// # Errors
    /// [`ConsentError::Untrusted`] with the list, or nobody can tell.
    pub(crate) fn check(&self, parts: &[ManifestPart]) -> Result<(), ConsentError> {
        let list = self.list()?;
        match list.concerns(parts) || !list.links.is_empty() {
            true => self.grant(list).map(drop),
            false => Ok(()),
        }
    }

    /// Checks anew whether everything may be used.
    ///
    /// # Errors
    /// See [`Permission::check`].
    pub(crate) fn check_all(&self) -> Result<Consent, ConsentError> {
        self.grant(self.list()?)
    }

    /// The proof for whoever starts a program or opens a connection; checks when nobody did before.
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

    /// Whether a list is approved: the one that this process was told, else any on this machine.
    ///
    /// # Errors
    /// Nobody can tell.
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
    /// There is no place for them, or it lies in the workspace.
    pub(crate) fn store(&self) -> Result<ApprovalStore, ConsentError> {
        match &self.store {
            Some(store) => Ok(store.clone()),
            None => ApprovalStore::from_environment(Some(&self.root)),
        }
    }

    /// Which workspace approvals are for.
    ///
    /// # Errors
    /// git will not read the repository.
    pub(crate) fn identity(&self) -> Result<&WorkspaceIdentity, ConsentError> {
        if self.identity.get().is_none() {
            // Another thread finds the same.
            let _ = self.identity.set(WorkspaceIdentity::of(&self.root)?);
        }
        self.identity.get().ok_or(ConsentError::NoHome)
    }
}

/// From now on only the list with this digest counts in this process, whatever was approved on this machine.
pub(crate) fn only(digest: Digest) {
    // There is one command line.
    let _ = ONLY.set(digest);
}

/// The list that alone counts in this process, when its arguments say one.
pub(crate) fn only_digest() -> Option<Digest> {
    ONLY.get().copied()
}

/// Why a list is not approved.
fn untrusted() -> &'static str {
    match ONLY.get() {
        Some(_) => "--trust names another list than this workspace has now",
        None => "nobody on this machine approved what this workspace would use now",
    }
}

fn link(link: &OutsideLink) -> TrustLink {
    TrustLink {
        path: link.path.clone(),
        target: link.target.to_string_lossy().into_owned(),
    }
}

/// Whether a path, which need not exist, lies in a folder.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else {
        return false;
    };
    let existing = path.ancestors().find_map(|above| above.canonicalize().ok());
    existing.is_some_and(|above| above.starts_with(&folder))
}
