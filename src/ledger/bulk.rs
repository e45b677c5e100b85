//! Reads the harnesses of many commits with one git process. It knows the usual case only, regular files that git does not
//! convert; for anything else the caller asks git as usual, which also says what is wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::Git;
use super::object_stream::{ObjectStream, StoredObject};
use super::port::LedgerError;
use super::tree::{LARGEST_FILE, RECORDS};
use crate::harness::Harness;

/// How many folders and files are kept; most are the same in all commits.
const MOST_KEPT: usize = 4_096;
/// The largest file that is kept, in bytes.
const LARGEST_KEPT: usize = 64 * 1024;
/// How deep folders are followed.
const DEEPEST: usize = 64;

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TreeEntry {
    mode: String,
    name: String,
    object: String,
}

/// A file, with its path relative to the workspace.
struct TreeFile {
    path: String,
    object: String,
    is_executable: bool,
}

/// What a process has read so far.
#[derive(Debug, Default)]
pub(super) struct BulkReader {
    /// `None` before the first question, and after a failure.
    stream: Mutex<Option<ObjectStream>>,
    has_failed: OnceLock<()>,
    folders: Mutex<BTreeMap<String, Arc<Vec<TreeEntry>>>>,
    files: Mutex<BTreeMap<String, Arc<Vec<u8>>>>,
    /// Whether git converts a file.
    converted: Mutex<BTreeMap<String, bool>>,
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep<T>(kept: &Mutex<BTreeMap<String, Arc<T>>>, id: &str, value: &Arc<T>) {
    let mut kept = locked(kept);
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.insert(id.to_owned(), Arc::clone(value));
}

impl BulkReader {
    /// The selected files of a commit; `None` where this is not the usual case.
    ///
    /// # Errors
    /// git fails to say which files it converts.
    pub(super) fn harness(
        &self,
        git: &Git,
        commit: &str,
        select: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Harness>, LedgerError> {
        let name = match git.prefix.trim_end_matches('/') {
            "" => format!("{commit}^{{tree}}"),
            folder => format!("{commit}:{folder}"),
        };
        let mut files = Vec::new();
        let root = self.object(git, &name).filter(|object| object.kind == "tree");
        let found = root.and_then(|root| self.walk(git, &folder_of(&root)?, "", DEEPEST, &mut files));
        if found.is_none() {
            return Ok(None);
        }
        files.retain(|file| select(&file.path));
        if self.is_any_converted(git, &files)? {
            return Ok(None);
        }
        Ok(self.read(git, &files))
    }

    /// Adds the files of a folder; `None` if one of them is not a regular file.
    fn walk(
        &self,
        git: &Git,
        folder: &[TreeEntry],
        before: &str,
        depth: usize,
        files: &mut Vec<TreeFile>,
    ) -> Option<()> {
        for entry in folder {
            let path = format!("{before}{}", entry.name);
            match entry.mode.as_str() {
                "40000" if path == RECORDS => {}
                "40000" => {
                    let folder = self.folder(git, &entry.object)?;
                    self.walk(git, &folder, &format!("{path}/"), depth.checked_sub(1)?, files)?;
                }
                "100644" | "100755" => files.push(TreeFile {
                    is_executable: entry.mode == "100755",
                    object: entry.object.clone(),
                    path,
                }),
                _ => return None,
            }
        }
        Some(())
    }

    fn folder(&self, git: &Git, id: &str) -> Option<Arc<Vec<TreeEntry>>> {
        if let Some(known) = locked(&self.folders).get(id) {
            return Some(Arc::clone(known));
        }
        let folder = Arc::new(folder_of(&self.object(git, id)?)?);
        keep(&self.folders, id, &folder);
        Some(folder)
    }

    fn read(&self, git: &Git, files: &[TreeFile]) -> Option<Harness> {
        let mut contents = Vec::with_capacity(files.len());
        for file in files {
            let known = locked(&self.files).get(&file.object).cloned();
            let content = match known {
                Some(known) => known,
                None => Arc::new(
                    self.object(git, &file.object)
                        .filter(|object| object.kind == "blob")?
                        .bytes,
                ),
            };
            if content.len() <= LARGEST_KEPT {
                keep(&self.files, &file.object, &content);
            }
            contents.push((file.path.clone(), Arc::unwrap_or_clone(content)));
        }
        let mut harness = Harness::new(contents);
        for file in files.iter().filter(|file| file.is_executable) {
            harness.mark_executable(&file.path);
        }
        Some(harness)
    }

    fn is_any_converted(&self, git: &Git, files: &[TreeFile]) -> Result<bool, LedgerError> {
        let mut converted = locked(&self.converted);
        let unknown: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let unknown: Vec<&str> = unknown
            .into_iter()
            .filter(|path| !converted.contains_key(*path))
            .collect();
        if !unknown.is_empty() {
            converted.extend(git.converted(&unknown)?);
        }
        Ok(files.iter().any(|file| converted.get(&file.path) != Some(&false)))
    }

    fn object(&self, git: &Git, name: &str) -> Option<StoredObject> {
        if self.has_failed.get().is_some() {
            return None;
        }
        let mut stream = locked(&self.stream);
        if stream.is_none() {
            *stream = ObjectStream::start(git, LARGEST_FILE);
        }
        let object = stream.as_mut().and_then(|stream| stream.object(name));
        if object.is_none() {
            // A missing object is rare, and the other commands say which it is.
            let _ = self.has_failed.set(());
            *stream = None;
        }
        object
    }
}

/// The entries of a stored folder: mode, blank, name, zero and the bytes of the id for each. `None` if a name is not UTF-8.
fn folder_of(object: &StoredObject) -> Option<Vec<TreeEntry>> {
    let id_length = object.id.len() / 2;
    let mut rest = object.bytes.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (mode, name) = std::str::from_utf8(&rest[..end]).ok()?.split_once(' ')?;
        let id = rest.get(end + 1..end + 1 + id_length)?;
        entries.push(TreeEntry {
            mode: mode.to_owned(),
            name: name.to_owned(),
            object: id.iter().map(|byte| format!("{byte:02x}")).collect(),
        });
        rest = &rest[end + 1 + id_length..];
    }
    (object.kind == "tree").then_some(entries)
}
