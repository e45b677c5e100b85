//! The approvals on this machine: one folder per workspace, one file per approved list. Files are added and removed as
//! a whole, so two processes that approve at the same time lose nothing.
#![allow(clippy::disallowed_methods)] // edge: the environment, the user's files

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ConsentError;
use super::identity::WorkspaceIdentity;
use crate::digest::Digest;
use crate::manifest::trust::TrustList;
use crate::sys::disk::Root;

/// The version of the format.
const VERSION: u32 = 1;

/// The folder of all approvals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalStore(PathBuf);

/// One approved list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// The version of the format of this file.
    pub version: u32,
    /// The digest of the approved list.
    pub digest: Digest,
    /// The workspace that it applies to.
    pub workspace: WorkspaceIdentity,
    /// The path of the workspace at the time of the approval.
    pub root: String,
    /// The time of the approval.
    pub approved_at: String,
    /// The list, for people.
    #[serde(default)]
    pub list: Value,
    /// Fields of later versions.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ApprovalStore {
    /// The store that the environment sets: `KAIZEN_TRUST_DIR` or, without it, `kaizen/trust` in the user's state
    /// folder. It must be outside the workspace at `root`, where a repository could supply its own approvals.
    ///
    /// # Errors
    /// The environment sets no folder, or one in the workspace.
    pub(crate) fn from_environment(root: Option<&Path>) -> Result<Self, ConsentError> {
        let own = std::env::var_os("KAIZEN_TRUST_DIR").filter(|path| !path.is_empty());
        let path = match own {
            Some(path) => std::path::absolute(path).map_err(|_| ConsentError::NoHome)?,
            None => home("XDG_STATE_HOME", ".local/state")
                .ok_or(ConsentError::NoHome)?
                .join("kaizen/trust"),
        };
        match root.is_some_and(|root| super::is_inside(&path, root)) {
            true => Err(ConsentError::Inside {
                path,
                what: "the folder of approvals",
                remedy: "set KAIZEN_TRUST_DIR to a folder elsewhere",
            }),
            false => Ok(Self(path)),
        }
    }

    /// A store in this folder.
    #[cfg(any(test, feature = "internals"))]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn file(&self, workspace: &WorkspaceIdentity, digest: &Digest) -> PathBuf {
        self.0.join(workspace.folder()).join(format!("{digest}.json"))
    }

    /// Whether a list is approved.
    ///
    /// # Errors
    /// The file of the approval is invalid.
    pub(crate) fn holds(&self, workspace: &WorkspaceIdentity, digest: &Digest) -> Result<bool, ConsentError> {
        Ok(self.read(&self.file(workspace, digest))?.is_some())
    }

    /// Approves a list; an existing approval is not changed.
    ///
    /// # Errors
    /// The store cannot be written, or contains an invalid file.
    pub(crate) fn approve(
        &self,
        workspace: &WorkspaceIdentity,
        root: &Path,
        list: &TrustList,
        at: String,
    ) -> Result<(), ConsentError> {
        let digest = list.digest();
        if self.holds(workspace, &digest)? {
            return Ok(());
        }
        let approval = Approval {
            version: VERSION,
            digest,
            workspace: workspace.clone(),
            root: root.display().to_string(),
            approved_at: at,
            list: serde_json::to_value(list).unwrap_or_default(),
            extra: Map::new(),
        };
        let path = self.file(workspace, &digest);
        let text = serde_json::to_string_pretty(&approval).unwrap_or_default() + "\n";
        self.write(&path, &text)
            .map_err(|source| ConsentError::Store { path, source })
    }

    /// Writes through a temporary file, which is private from the start and becomes the approval in one step.
    fn write(&self, path: &Path, text: &str) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(&self.0);
        let root = Root::make(&self.0).map_err(std::io::Error::other)?;
        for folder in [&self.0, folder] {
            root.make_private_folder(folder).map_err(std::io::Error::other)?;
        }
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        Ok(())
    }

    /// The approvals of one workspace, or of all.
    ///
    /// # Errors
    /// One of them is invalid.
    pub(crate) fn all(&self, workspace: Option<&WorkspaceIdentity>) -> Result<Vec<Approval>, ConsentError> {
        let folders = match workspace {
            Some(workspace) => vec![workspace.folder()],
            None => self.names("")?,
        };
        let mut all = Vec::new();
        for folder in folders {
            for name in self.names(&folder)? {
                all.extend(self.read(&self.0.join(&folder).join(name))?);
            }
        }
        Ok(all)
    }

    /// Removes the approvals of a workspace, even invalid ones; returns their number.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub(crate) fn revoke(&self, workspace: &WorkspaceIdentity) -> Result<usize, ConsentError> {
        let folder = self.0.join(workspace.folder());
        let names = self.names(&workspace.folder())?;
        for name in &names {
            Root::open(&folder)?.remove(name)?;
        }
        // Fails if another process is writing a file there, which is fine.
        let _ = fs::remove_dir(&folder);
        Ok(names.len())
    }

    /// The names in a folder of the store; empty if it does not exist.
    fn names(&self, folder: &str) -> Result<Vec<String>, ConsentError> {
        match self.0.is_dir() {
            true => Ok(Root::open(&self.0)?.names(folder)?),
            false => Ok(Vec::new()),
        }
    }

    fn read(&self, path: &Path) -> Result<Option<Approval>, ConsentError> {
        let corrupted = |problem: String| ConsentError::Corrupted {
            path: path.to_owned(),
            problem,
        };
        let root = self.0.is_dir().then(|| Root::open(&self.0)).transpose()?;
        let Some(bytes) = root.map_or(Ok(None), |root| root.read(path))? else {
            return Ok(None);
        };
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| corrupted(error.to_string()))?;
        match value["version"].as_u64() {
            Some(version) if version > u64::from(VERSION) => {
                return Err(corrupted(format!(
                    "version {version} is newer than this kaizen can read ({VERSION})"
                )));
            }
            Some(_) => {}
            None => return Err(corrupted("it has no version".to_owned())),
        }
        let approval: Approval = serde_json::from_value(value).map_err(|error| corrupted(error.to_string()))?;
        match self.file(&approval.workspace, &approval.digest) == path {
            true => Ok(Some(approval)),
            false => Err(corrupted("it approves a different list or workspace".to_owned())),
        }
    }
}

/// A folder of the user: the absolute path in a variable or, without one, the usual folder in the home directory.
pub(super) fn home(variable: &str, usual: &str) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    absolute(variable).or_else(|| Some(absolute("HOME").or_else(|| absolute("USERPROFILE"))?.join(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(path: &str) -> WorkspaceIdentity {
        WorkspaceIdentity {
            repository: Some("/r/.git".into()),
            path: path.into(),
        }
    }

    fn list(url: &str) -> TrustList {
        let server = crate::manifest::trust::TrustServer {
            part: crate::manifest::programs::ManifestPart::Student,
            url: url.into(),
        };
        TrustList {
            servers: vec![server],
            ..TrustList::default()
        }
    }

    #[test]
    fn several_lists_of_a_workspace_are_approved_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = ApprovalStore::at(&folder.path().join("trust"));
        let (here, there) = (workspace(""), workspace("agents/x"));
        for url in ["a", "b"] {
            store.approve(&here, Path::new("/w"), &list(url), "now".into()).unwrap();
        }
        for url in ["a", "b"] {
            assert!(store.holds(&here, &list(url).digest()).unwrap());
            assert!(!store.holds(&there, &list(url).digest()).unwrap());
        }
        assert!(!store.holds(&here, &list("c").digest()).unwrap());
        assert_eq!(store.all(None).unwrap().len(), 2);
        assert_eq!((store.revoke(&there).unwrap(), store.revoke(&here).unwrap()), (0, 2));
        assert!(store.all(None).unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn approvals_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let store = ApprovalStore::at(&folder.path().join("trust"));
        store
            .approve(&workspace(""), Path::new("/w"), &list("a"), "now".into())
            .unwrap();
        let path = store.file(&workspace(""), &list("a").digest());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn a_file_that_is_no_approval_approves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = ApprovalStore::at(folder.path());
        let (here, digest) = (workspace(""), list("a").digest());
        store.approve(&here, Path::new("/w"), &list("a"), "now".into()).unwrap();
        let path = store.file(&here, &digest);
        let good: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let with = |key: &str, value: Value| {
            let mut changed = good.clone();
            changed[key] = value;
            changed.to_string()
        };
        for bad in [
            String::new(),
            "{}".into(),
            "[]".into(),
            good.to_string()[..40].to_owned(),
            with("version", 2.into()),
            with("version", "1".into()),
            with("digest", list("b").digest().to_string().into()),
            with("workspace", serde_json::json!({"repository": null, "path": ""})),
        ] {
            fs::write(&path, &bad).unwrap();
            let problem = store.holds(&here, &digest).unwrap_err().to_string();
            assert!(
                problem.contains(&path.display().to_string()) && problem.contains("remove"),
                "{bad}: {problem}"
            );
        }
        fs::write(&path, with("later", "field".into())).unwrap();
        assert_eq!(store.all(Some(&here)).unwrap()[0].extra["later"], "field");
    }
}
