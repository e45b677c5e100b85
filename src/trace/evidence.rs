//! Finds and opens evidence files: the files of traces and tasks. They are the only files in a workspace that may be
//! links.
//!
//! A link to a target inside the workspace is followed. A link to a target outside is followed only after the user
//! approved the target. Links inside a linked folder are not followed, so that link cycles end.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

use cap_std::fs::OpenOptions;

use crate::manifest::membership::EvidencePatterns;
use crate::sys::disk::{DiskError, FORM_BYTES, Root, failed, nonblocking, plain, refuse_stored};

/// A link in a workspace to a target outside of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OutsideLink {
    /// The link, relative to the workspace, with `/`.
    pub path: String,
    /// The target, with all links resolved.
    pub target: PathBuf,
}

/// Returns whether the user approved reading the target of a link.
pub(crate) type LinkApproval<'a> = &'a dyn Fn(&OutsideLink) -> bool;

/// A file of traces or tasks that may be read.
#[derive(Clone, Debug)]
pub(crate) struct EvidenceFile {
    /// Its path in messages and as a key.
    path: PathBuf,
    /// The folder from which it is opened: the workspace, or the folder of an approved target.
    root: Root,
    /// Its path relative to `root`.
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

    /// Its path relative to a workspace; `None` if it is elsewhere, or not UTF-8.
    pub(crate) fn relative_to(&self, root: &Root) -> Option<String> {
        Some(self.path.strip_prefix(&**root).ok()?.to_str()?.to_owned())
    }

    /// Opens the file. Links that stay inside its root are followed.
    ///
    /// # Errors
    /// It is gone, it is not a regular file, it holds what a git filter keeps instead of its content, or a link now
    /// leads out of its root.
    pub(crate) fn open(&self) -> Result<File, DiskError> {
        let mut options = OpenOptions::new();
        options.read(true);
        nonblocking(&mut options);
        let file = self.root.dir().open_with(&self.name, &options);
        let mut file = plain(file.map_err(failed("open", &self.path))?.into_std(), &self.path)?;
        let mut start = Vec::new();
        let read = (&file).take(FORM_BYTES).read_to_end(&mut start);
        read.map_err(failed("read", &self.path))?;
        refuse_stored(&start, &self.path)?;
        file.rewind().map_err(failed("read", &self.path))?;
        Ok(file)
    }

    /// The path with all links resolved, for libraries that open files by path, such as SQLite. Call it again after
    /// opening, to check that the file was not replaced.
    ///
    /// # Errors
    /// It is gone, it is not a regular file, or a link now leads out of its root.
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

/// The files and links that the patterns of a manifest match.
#[derive(Clone, Debug, Default)]
pub(crate) struct EvidenceFiles {
    /// Files that may be read, sorted by path.
    pub files: Vec<EvidenceFile>,
    /// Links to targets outside the workspace, approved or not, sorted.
    pub outside: Vec<OutsideLink>,
}

/// What a watcher has to observe to notice every change of traces and tasks.
#[derive(Debug, Default)]
pub(crate) struct EvidencePlaces {
    /// The files, under their names in the workspace.
    pub files: Vec<PathBuf>,
    /// Further files whose change changes traces or tasks: the targets of links, and write-ahead logs of databases.
    pub beside: BTreeSet<PathBuf>,
    /// The folders in which these files are or can appear. A linked folder is under its name in the workspace.
    pub folders: Vec<PathBuf>,
}

impl EvidencePlaces {
    fn add(&mut self, file: &EvidenceFile) {
        let mut place = file.path.clone();
        let target = file.root.join(&file.name);
        // A file in a linked folder is observed under its name there, and a linked file where it is.
        if target != place && place.is_symlink() {
            self.folders.extend(target.parent().map(Path::to_owned));
            self.beside.insert(target.clone());
            place = target;
        }
        self.beside.extend(write_ahead_log(&place));
        self.files.push(file.path.clone());
    }
}

/// The write-ahead log of a database, which has the newest entries while a program has the database open; `None` if the
/// file is no database.
pub(crate) fn write_ahead_log(database: &Path) -> Option<PathBuf> {
    (database.extension()? == "db").then(|| database.with_extension("db-wal"))
}

/// The database of a write-ahead log; `None` if the file is no such log.
pub(crate) fn logged_database(log: &Path) -> Option<PathBuf> {
    (log.extension()? == "db-wal").then(|| log.with_extension("db"))
}

/// Whether to follow a link. Never to kaizen's own state, to git's, or to a session; out of the workspace at `root` only
/// if it is approved.
fn is_followed(link: &OutsideLink, root: &Path, patterns: &EvidencePatterns, approved: LinkApproval) -> bool {
    match link.target.strip_prefix(root) {
        Ok(inside) => !patterns.is_local(&inside.to_string_lossy().replace('\\', "/")),
        Err(_) => approved(link),
    }
}

impl Root {
    /// What a watcher has to observe. What cannot be read is left out: the session that reads it reports the error.
    pub(crate) fn evidence_places(&self, patterns: &EvidencePatterns, approved: LinkApproval) -> EvidencePlaces {
        let mut places = EvidencePlaces::default();
        let found = self.evidence(patterns, approved).unwrap_or_default();
        found.files.iter().for_each(|file| places.add(file));
        let mut links = Vec::new();
        let walked = self.folders_of(&|path| patterns.may_hold(path), &mut links);
        places.folders.extend(walked.iter().map(|path| self.join(path)));
        for link in links {
            let as_here = |path: &str| format!("{link}/{path}");
            let Some(target) = self.linked_folder(&link, patterns, approved) else {
                continue;
            };
            let below = target.folders_of(&|path| patterns.may_hold(&as_here(path)), &mut Vec::new());
            places.folders.push(self.join(&link));
            places.folders.extend(below.iter().map(|path| self.join(as_here(path))));
        }
        places
    }

    /// The folders that `may_hold` accepts, and the links that it accepts in `links`.
    fn folders_of(&self, may_hold: &dyn Fn(&str) -> bool, links: &mut Vec<String>) -> Vec<String> {
        let mut folders = Vec::new();
        // An unreadable folder ends the walk; the session that reads it reports the error.
        let _ = self.walk(&mut |found| {
            let is_place = may_hold(&found.path);
            match found.kind {
                kind if is_place && kind.is_dir() => folders.push(found.path),
                kind if is_place && kind.is_symlink() => links.push(found.path),
                _ => return Ok(false),
            }
            Ok(found.kind.is_dir())
        });
        folders
    }

    /// The folder that a link leads to, if it may be followed.
    fn linked_folder(&self, path: &str, patterns: &EvidencePatterns, approved: LinkApproval) -> Option<Root> {
        let target = self.join(path).canonicalize().ok().filter(|target| target.is_dir())?;
        let root = self.canonicalize().ok()?;
        let path = path.to_owned();
        let link = OutsideLink { path, target };
        let is_followed = is_followed(&link, &root, patterns, approved);
        is_followed.then(|| Root::open(&link.target).ok()).flatten()
    }

    /// Finds the files of traces or tasks. Skips side files, such as temporary files of editors.
    ///
    /// # Errors
    /// A folder cannot be read, or a match is a pipe, socket or device.
    pub(crate) fn evidence(
        &self,
        patterns: &EvidencePatterns,
        approved: LinkApproval,
    ) -> Result<EvidenceFiles, DiskError> {
        let mut evidence = EvidenceFiles::default();
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

    /// The files of traces or tasks whose target is inside the workspace.
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
        evidence: &mut EvidenceFiles,
        path: &str,
        patterns: &EvidencePatterns,
        approved: LinkApproval,
    ) -> Result<(), DiskError> {
        let whole = self.join(path);
        let target = match whole.canonicalize() {
            Ok(target) => target,
            // The target does not exist, as with an editor's lock file or an unmounted volume.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("follow", &whole)(error)),
        };
        let root = self.canonicalize().map_err(failed("open", self))?;
        let link = OutsideLink {
            path: path.to_owned(),
            target,
        };
        let is_followed = is_followed(&link, &root, patterns, approved);
        if let Ok(inside) = link.target.strip_prefix(&root) {
            if is_followed {
                self.add_target(evidence, &link, self, inside.to_owned(), patterns)?;
            }
            return Ok(());
        }
        if is_followed {
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

    /// Adds the linked file, or the files in the linked folder, under their names in the workspace.
    fn add_target(
        &self,
        evidence: &mut EvidenceFiles,
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
            // Opening it now reports a pipe or a device here rather than when it is read.
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

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    /// Creates files with all folders above them.
    fn create(root: &Path, files: &[String]) {
        for file in files {
            let path = root.join(file);
            // A part of the path may be a file already.
            let _ = fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(&path, ""));
        }
    }

    fn paths() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("((a|b|c)/){0,3}(x\\.jsonl|y\\.db|z\\.txt)", 0..6)
    }

    fn patterns() -> impl Strategy<Value = Vec<String>> {
        let all = [
            "**/*.jsonl",
            "a/*.jsonl",
            "a/*/x.jsonl",
            "*/x.jsonl",
            "{a,b}/*.jsonl",
            "a/b/x.jsonl",
            "[ab]/**/x.jsonl",
            "?/y.db",
            "./a/x.jsonl",
            "b/**",
        ];
        proptest::collection::vec(proptest::sample::select(all.map(str::to_owned).to_vec()), 1..4)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_new_file_appears_in_a_watched_folder_or_its_folder_does(
            (first, later, patterns) in (paths(), paths(), patterns())
        ) {
            let folder = tempfile::tempdir().unwrap();
            let root = Root::open(folder.path()).unwrap();
            let patterns = EvidencePatterns::new(&patterns).unwrap();
            create(folder.path(), &first);
            let watched: BTreeSet<PathBuf> = {
                let places = root.evidence_places(&patterns, &|_| false);
                places.folders.into_iter().chain([folder.path().to_owned()]).collect()
            };
            let existed: BTreeSet<PathBuf> = walkdir::WalkDir::new(folder.path()).into_iter().map(|entry| entry.unwrap().into_path()).collect();
            create(folder.path(), &later);
            for file in root.evidence_files(&patterns).unwrap() {
                let above = file.path().ancestors().skip(1).find(|above| existed.contains(*above)).unwrap();
                prop_assert!(watched.contains(above), "{} in {watched:?}", file.path().display());
            }
        }
    }
}
