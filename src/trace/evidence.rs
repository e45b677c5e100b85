//! Evidence files, traces and tasks: the one kind of file in a workspace that may be a link.
//!
//! A link inside the workspace is followed. One that leads outside is read only after the user approved its target. A
//! link to a folder is followed once, so that a circle of links ends.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::cmp::Ordering;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use cap_std::fs::OpenOptions;

use crate::manifest::membership::EvidencePatterns;
use crate::sys::disk::{DiskError, Root, failed, nonblocking, plain};

/// A link below a workspace that leads out of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OutsideLink {
    /// The link, relative to the workspace, with `/`.
    pub path: String,
    /// The file or folder that it leads to, without links.
    pub target: PathBuf,
}

/// Says whether the user approved reading the target of a link.
pub(crate) type Approval<'a> = &'a dyn Fn(&OutsideLink) -> bool;

/// A file of traces or tasks that may be read.
#[derive(Clone, Debug)]
pub(crate) struct EvidenceFile {
    /// Its path, for messages and for keys.
    path: PathBuf,
    /// Where it is reached from: the workspace, or the folder of an approved target.
    root: Root,
    /// Its path below `root`.
    name: PathBuf,
}

impl PartialEq for EvidenceFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for EvidenceFile {}

impl PartialOrd for EvidenceFile {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EvidenceFile {
    fn cmp(&self, other: &Self) -> Ordering {
        self.path.cmp(&other.path)
    }
}

impl EvidenceFile {
    /// The file's path, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file. Links that stay inside its root are followed.
    ///
    /// # Errors
    /// It is gone, leads elsewhere by now, or is no plain file.
    pub(crate) fn open(&self) -> Result<File, DiskError> {
        let mut options = OpenOptions::new();
        options.read(true);
        nonblocking(&mut options);
        let file = self.root.dir().open_with(&self.name, &options);
        plain(file.map_err(failed("open", &self.path))?.into_std(), &self.path)
    }

    /// A path without links for programs that open files by path, such as SQLite. Check it again after opening.
    ///
    /// # Errors
    /// It is gone, leads elsewhere by now, or is no plain file.
    pub(crate) fn resolved(&self) -> Result<PathBuf, DiskError> {
        self.open()?;
        let path = self
            .root
            .join(&self.name)
            .canonicalize()
            .map_err(failed("open", &self.path))?;
        let root = self.root.canonicalize().map_err(failed("open", &self.path))?;
        match path.starts_with(&root) {
            true => Ok(path),
            false => Err(DiskError::Outside {
                path: self.path.clone(),
                root,
            }),
        }
    }
}

/// What the patterns of a manifest match.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// Files that may be read, sorted by path.
    pub files: Vec<EvidenceFile>,
    /// Links that lead outside, approved or not, sorted.
    pub outside: Vec<OutsideLink>,
}

impl Root {
    /// Finds the files of traces or tasks. Names that begin with a dot are left out: editors keep side files there.
    ///
    /// # Errors
    /// A folder cannot be read, or something that matches is a pipe, socket or device.
    pub(crate) fn evidence(&self, patterns: &EvidencePatterns, approved: Approval) -> Result<Evidence, DiskError> {
        let mut evidence = Evidence::default();
        for (path, is_link) in self.candidates(patterns)? {
            match is_link {
                false => evidence.files.push(self.evidence_file(&path)),
                true => self.add_link(&mut evidence, &path, patterns, approved)?,
            }
        }
        evidence.files.sort();
        evidence.files.dedup();
        evidence.outside.sort();
        Ok(evidence)
    }

    /// The files of traces or tasks inside the workspace.
    ///
    /// # Errors
    /// As for [`Root::evidence`].
    pub(crate) fn evidence_files(&self, patterns: &EvidencePatterns) -> Result<Vec<EvidenceFile>, DiskError> {
        Ok(self.evidence(patterns, &|_| false)?.files)
    }

    fn candidates(&self, patterns: &EvidencePatterns) -> Result<Vec<(String, bool)>, DiskError> {
        let is_match = |path: &str| patterns.selects(path);
        self.matching(&is_match, &|folder| patterns.may_hold(folder))
    }

    fn evidence_file(&self, path: &str) -> EvidenceFile {
        EvidenceFile {
            path: self.join(path),
            root: self.clone(),
            name: path.into(),
        }
    }

    fn add_link(
        &self,
        evidence: &mut Evidence,
        path: &str,
        patterns: &EvidencePatterns,
        approved: Approval,
    ) -> Result<(), DiskError> {
        let whole = self.join(path);
        let target = match whole.canonicalize() {
            Ok(target) => target,
            // It leads nowhere: an editor's lock file, or a target that is not mounted.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("follow", &whole)(error)),
        };
        let root = self.canonicalize().map_err(failed("open", self))?;
        let link = OutsideLink {
            path: path.to_owned(),
            target,
        };
        if let Ok(inside) = link.target.strip_prefix(&root) {
            let shown = inside.to_string_lossy().replace('\\', "/");
            // A link to one of kaizen's own files, or out of the evidence of somebody else's, is followed nowhere.
            if !patterns.is_local(&shown) {
                self.add_target(evidence, &link, self, inside.to_owned(), patterns)?;
            }
            return Ok(());
        }
        if approved(&link) {
            let folder = if link.target.is_dir() {
                link.target.as_path()
            } else {
                link.target.parent().unwrap_or(&link.target)
            };
            let below = link.target.strip_prefix(folder).unwrap_or(Path::new("")).to_owned();
            self.add_target(evidence, &link, &Root::open(folder)?, below, patterns)?;
        }
        evidence.outside.push(link);
        Ok(())
    }

    /// Adds the file that a link leads to, or the files in the folder, under the names that the workspace gives them.
    fn add_target(
        &self,
        evidence: &mut Evidence,
        link: &OutsideLink,
        root: &Root,
        name: PathBuf,
        patterns: &EvidencePatterns,
    ) -> Result<(), DiskError> {
        if !link.target.is_dir() {
            let file = EvidenceFile {
                path: self.join(&link.path),
                root: root.clone(),
                name,
            };
            // A pipe or a device is an error now, and not when somebody waits for it.
            file.open()?;
            evidence.files.push(file);
            return Ok(());
        }
        let folder = Root::open(&link.target)?;
        let as_here = |path: &str| format!("{}/{path}", link.path);
        let is_match = |path: &str| patterns.selects(&as_here(path));
        for (path, is_link) in folder.matching(&is_match, &|path| patterns.may_hold(&as_here(path)))? {
            if !is_link {
                evidence.files.push(EvidenceFile {
                    path: self.join(as_here(&path)),
                    root: folder.clone(),
                    name: path.into(),
                });
            }
        }
        Ok(())
    }
}
