//! A folder that kaizen fills and people may add files to. A list in the folder records the files that kaizen wrote,
//! with their digests. Listed files that are unchanged are replaced or removed; all other files are kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::OutputError;
use super::file::back_up;
use crate::digest::Digest;
use crate::sys::disk::Root;

/// The list's file name.
pub(crate) const LIST: &str = ".kaizen-files.json";

/// The files that kaizen wrote into a folder.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct List {
    /// Identifies the inputs that the files were made from.
    made_of: String,
    /// The digest of each file, by path in the folder.
    files: BTreeMap<String, Digest>,
}

/// Whether kaizen filled a folder under `root`, and, if given, from the inputs `made_of`.
///
/// # Errors
/// The list cannot be read.
pub(crate) fn is_ours(root: &Root, folder: &Path, made_of: Option<&str>) -> Result<bool, OutputError> {
    let list = list(root, folder)?;
    Ok(list.is_some_and(|list| made_of.is_none_or(|made_of| list.made_of == made_of)))
}

/// Writes these files into a folder under `root`, and removes the other files from earlier calls. Files that kaizen
/// did not write, or that were edited since, are kept; if one of them has a required name, it is renamed. Returns the
/// new paths of renamed files. Only the folder's owner can read it.
///
/// # Errors
/// A path is taken by a link or special file, in which case nothing was written; or the file system fails.
pub(crate) fn fill(
    root: &Root,
    folder: &Path,
    files: &[(&str, &[u8])],
    made_of: &str,
) -> Result<Vec<PathBuf>, OutputError> {
    let earlier = list(root, folder)?.unwrap_or_default().files;
    for name in files.iter().map(|(name, _)| *name).chain([LIST]) {
        root.read(folder.join(name))?;
    }
    root.make_private_folder(folder)?;
    let wanted = |name: &str| files.iter().any(|(wanted, _)| *wanted == name);
    for (name, digest) in earlier.iter().filter(|(name, _)| !wanted(name)) {
        remove(root, folder, name, digest)?;
    }
    let mut backup = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let present = root.read(&path)?.map(|present| Digest::of_bytes(&present));
        if present == Some(Digest::of_bytes(bytes)) {
            continue;
        }
        if present.is_some() && present.as_ref() != earlier.get(*name) {
            backup.push(back_up(root, &path)?);
        }
        root.write(&path, bytes)?;
    }
    let digest = |(name, bytes): &(&str, &[u8])| ((*name).to_owned(), Digest::of_bytes(bytes));
    let list = List {
        made_of: made_of.to_owned(),
        files: files.iter().map(digest).collect(),
    };
    let text = serde_json::to_string_pretty(&list).expect("a list of files has string keys") + "\n";
    root.write(folder.join(LIST), text.as_bytes())?;
    Ok(backup)
}

/// Removes the files that kaizen wrote and nobody edited, and the folder if it is then empty.
///
/// # Errors
/// The file system fails.
pub(crate) fn clear(root: &Root, folder: &Path) -> Result<(), OutputError> {
    let Some(list) = list(root, folder)? else { return Ok(()) };
    for (name, digest) in &list.files {
        remove(root, folder, name, digest)?;
    }
    root.remove(folder.join(LIST))?;
    // Does nothing if a person's files are in it.
    root.remove_empty_folder(folder)?;
    Ok(())
}

/// The list of a folder. An invalid list counts as empty, so that all files count as a person's.
fn list(root: &Root, folder: &Path) -> Result<Option<List>, OutputError> {
    let bytes = root.read(folder.join(LIST))?;
    Ok(bytes.map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default()))
}

/// Removes a file if it still has this digest, and folders that become empty.
fn remove(root: &Root, folder: &Path, name: &str, digest: &Digest) -> Result<(), OutputError> {
    // The list may come from an untrusted repository: a name must not lead outside the folder.
    let inside = Path::new(name)
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)));
    let path = folder.join(name);
    match root.read(&path) {
        Ok(Some(bytes)) if inside && Digest::of_bytes(&bytes) == *digest => root.remove(&path)?,
        _ => return Ok(()),
    }
    let above = Path::new(name).ancestors().skip(1);
    for above in above.filter(|above| !above.as_os_str().is_empty()) {
        if !root.remove_empty_folder(folder.join(above))? {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // tests: real files
mod tests {
    use std::fs;

    use super::*;

    fn tree(folder: &Path) -> BTreeMap<String, String> {
        let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
        let files = entries.filter(|entry| entry.file_type().is_file() && entry.file_name() != LIST);
        let name = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
        files
            .map(|entry| (name(entry.path()), fs::read_to_string(entry.path()).unwrap()))
            .collect()
    }

    fn expected(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn only_what_kaizen_wrote_is_replaced_or_removed() {
        let place = tempfile::tempdir().unwrap();
        let root = &Root::open(place.path()).unwrap();
        let folder = &place.path().join("briefing");
        assert!(!is_ours(root, folder, None).unwrap());
        fill(
            root,
            folder,
            &[("a", b"1"), ("b", b"1"), ("in/c", b"1"), ("in/d", b"1")],
            "first",
        )
        .unwrap();
        assert!(is_ours(root, folder, Some("first")).unwrap() && !is_ours(root, folder, Some("second")).unwrap());
        for (name, text) in [("b", "edited"), ("in/d", "edited"), ("notes", "mine"), ("e", "mine")] {
            fs::write(folder.join(name), text).unwrap();
        }
        let backup = fill(root, folder, &[("a", b"2"), ("b", b"2"), ("e", b"2")], "second").unwrap();
        assert_eq!(backup, [folder.join("b.bak"), folder.join("e.bak")]);
        let mine = [
            ("b.bak", "edited"),
            ("e.bak", "mine"),
            ("in/d", "edited"),
            ("notes", "mine"),
        ];
        let ours = [("a", "2"), ("b", "2"), ("e", "2")];
        assert_eq!(tree(folder), expected(&[&mine[..], &ours[..]].concat()));
        clear(root, folder).unwrap();
        assert_eq!(tree(folder), expected(&mine));
        assert!(!is_ours(root, folder, None).unwrap());
    }

    #[test]
    fn what_holds_nothing_else_goes_with_its_files() {
        let place = tempfile::tempdir().unwrap();
        let root = &Root::open(place.path()).unwrap();
        let folder = &place.path().join("briefing");
        fill(root, folder, &[("in/deep/a", b"1")], "").unwrap();
        fill(root, folder, &[("b", b"1")], "").unwrap();
        assert_eq!(tree(folder), expected(&[("b", "1")]));
        assert!(!folder.join("in").exists());
        clear(root, folder).unwrap();
        assert!(!folder.exists());
        clear(root, folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn neither_a_link_nor_a_strangers_list_leads_outside() {
        let place = tempfile::tempdir().unwrap();
        let root = &Root::open(place.path()).unwrap();
        let (folder, outside) = (&place.path().join("briefing"), place.path().join("mine"));
        fs::write(&outside, "mine").unwrap();
        fill(root, folder, &[("a", b"1")], "").unwrap();
        let stranger = List {
            files: BTreeMap::from([("../mine".to_owned(), Digest::of_bytes(b"mine"))]),
            ..List::default()
        };
        fs::write(folder.join(LIST), serde_json::to_string(&stranger).unwrap()).unwrap();
        clear(root, folder).unwrap();
        std::os::unix::fs::symlink(place.path(), folder.join("in")).unwrap();
        assert!(fill(root, folder, &[("b", b"1"), ("in/mine", b"2")], "").is_err());
        assert!(!folder.join("b").exists(), "nothing is written before all is checked");
        std::os::unix::fs::symlink(folder, place.path().join("link")).unwrap();
        assert!(fill(root, &place.path().join("link"), &[("b", b"1")], "").is_err());
        assert_eq!(fs::read_to_string(outside).unwrap(), "mine");
    }
}
