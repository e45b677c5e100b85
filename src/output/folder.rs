//! A folder that kaizen fills and people may add to. A list in it names the files that kaizen wrote, with their digests:
//! what is on the list and unchanged is replaced or removed, everything else stays.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file::{move_aside, plain, refuse_links};
use super::{OutputError, is_taken};
use crate::digest::Digest;
use crate::disk;

/// The list's name.
pub const LIST: &str = ".kaizen-files.json";

/// What kaizen wrote into a folder.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct List {
    /// What the files were made of.
    made_of: String,
    /// The digest of each file, by its path in the folder.
    files: BTreeMap<String, Digest>,
}

/// Whether kaizen filled a folder, and with files that were made of this.
///
/// # Errors
/// The list cannot be read.
pub fn is_ours(folder: &Path, made_of: Option<&str>) -> Result<bool, OutputError> {
    let list = list(folder)?;
    Ok(list.is_some_and(|list| made_of.is_none_or(|made_of| list.made_of == made_of)))
}

/// Makes the folder hold these files, and takes away those of an earlier time. A file that kaizen did not write, or that
/// somebody edited since, stays; where it is in the way, it is moved aside. Returns the new places of such files. Only
/// the folder's owner can look into it.
///
/// # Errors
/// A link or another special file is in the way; nothing was written then. Or the file system says no.
pub fn fill(folder: &Path, files: &[(&str, &[u8])], made_of: &str) -> Result<Vec<PathBuf>, OutputError> {
    let earlier = list(folder)?.unwrap_or_default().files;
    for name in files.iter().map(|(name, _)| *name).chain([LIST]) {
        refuse_links(folder, name.as_ref())?;
        plain(&folder.join(name))?;
    }
    disk::make_private_folder(folder)?;
    let wanted = |name: &str| files.iter().any(|(wanted, _)| *wanted == name);
    for (name, digest) in earlier.iter().filter(|(name, _)| !wanted(name)) {
        remove(folder, name, digest)?;
    }
    let mut aside = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let present = plain(&path)?.map(|present| Digest::of_bytes(&present));
        if present == Some(Digest::of_bytes(bytes)) {
            continue;
        }
        if present.is_some() && present.as_ref() != earlier.get(*name) {
            aside.push(move_aside(&path)?);
        }
        put(&path, bytes)?;
    }
    let digest = |(name, bytes): &(&str, &[u8])| ((*name).to_owned(), Digest::of_bytes(bytes));
    let list = List {
        made_of: made_of.to_owned(),
        files: files.iter().map(digest).collect(),
    };
    let text = serde_json::to_string_pretty(&list).unwrap_or_default() + "\n";
    put(&folder.join(LIST), text.as_bytes())?;
    Ok(aside)
}

/// Takes away what kaizen wrote and nobody edited, and the folder itself when nothing else is in it.
///
/// # Errors
/// The file system says no.
pub fn clear(folder: &Path) -> Result<(), OutputError> {
    let Some(list) = list(folder)? else { return Ok(()) };
    for (name, digest) in &list.files {
        remove(folder, name, digest)?;
    }
    disk::remove(&folder.join(LIST))?;
    // It fails where a person's files are in it, as it should.
    let _ = fs::remove_dir(folder);
    Ok(())
}

/// The list of a folder. One that cannot be read names nothing: then all files count as a person's.
fn list(folder: &Path) -> Result<Option<List>, OutputError> {
    if is_taken(folder) {
        refuse_links(
            folder.parent().unwrap_or(folder),
            folder.file_name().unwrap_or_default().as_ref(),
        )?;
    }
    let bytes = plain(&folder.join(LIST))?;
    Ok(bytes.map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default()))
}

/// Removes a file that has these bytes still, and the folders that it leaves empty.
fn remove(folder: &Path, name: &str, digest: &Digest) -> Result<(), OutputError> {
    // The list may come from a stranger's repository.
    if refuse_links(folder, name.as_ref()).is_err() {
        return Ok(());
    }
    let path = folder.join(name);
    match plain(&path) {
        Ok(Some(bytes)) if Digest::of_bytes(&bytes) == *digest => disk::remove(&path)?,
        _ => return Ok(()),
    }
    let inside = Path::new(name)
        .ancestors()
        .skip(1)
        .filter(|above| !above.as_os_str().is_empty());
    for above in inside {
        if fs::remove_dir(folder.join(above)).is_err() {
            break;
        }
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(disk::failed("create", folder))?;
    fs::write(path, bytes).map_err(disk::failed("write", path))?;
    Ok(())
}

#[cfg(test)]
mod tests {
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
        let folder = &place.path().join("briefing");
        assert!(!is_ours(folder, None).unwrap());
        fill(
            folder,
            &[("a", b"1"), ("b", b"1"), ("in/c", b"1"), ("in/d", b"1")],
            "first",
        )
        .unwrap();
        assert!(is_ours(folder, Some("first")).unwrap() && !is_ours(folder, Some("second")).unwrap());
        for (name, text) in [("b", "edited"), ("in/d", "edited"), ("notes", "mine"), ("e", "mine")] {
            fs::write(folder.join(name), text).unwrap();
        }
        let aside = fill(folder, &[("a", b"2"), ("b", b"2"), ("e", b"2")], "second").unwrap();
        assert_eq!(aside, [folder.join("b.bak"), folder.join("e.bak")]);
        let mine = [
            ("b.bak", "edited"),
            ("e.bak", "mine"),
            ("in/d", "edited"),
            ("notes", "mine"),
        ];
        let ours = [("a", "2"), ("b", "2"), ("e", "2")];
        assert_eq!(tree(folder), expected(&[&mine[..], &ours[..]].concat()));
        clear(folder).unwrap();
        assert_eq!(tree(folder), expected(&mine));
        assert!(!is_ours(folder, None).unwrap());
    }

    #[test]
    fn what_holds_nothing_else_goes_with_its_files() {
        let place = tempfile::tempdir().unwrap();
        let folder = &place.path().join("briefing");
        fill(folder, &[("in/deep/a", b"1")], "").unwrap();
        fill(folder, &[("b", b"1")], "").unwrap();
        assert_eq!(tree(folder), expected(&[("b", "1")]));
        assert!(!folder.join("in").exists());
        clear(folder).unwrap();
        assert!(!folder.exists());
        clear(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn neither_a_link_nor_a_strangers_list_leads_outside() {
        let place = tempfile::tempdir().unwrap();
        let (folder, outside) = (&place.path().join("briefing"), place.path().join("mine"));
        fs::write(&outside, "mine").unwrap();
        fill(folder, &[("a", b"1")], "").unwrap();
        let stranger = List {
            files: BTreeMap::from([("../mine".to_owned(), Digest::of_bytes(b"mine"))]),
            ..List::default()
        };
        fs::write(folder.join(LIST), serde_json::to_string(&stranger).unwrap()).unwrap();
        clear(folder).unwrap();
        std::os::unix::fs::symlink(place.path(), folder.join("in")).unwrap();
        assert!(fill(folder, &[("b", b"1"), ("in/mine", b"2")], "").is_err());
        assert!(!folder.join("b").exists(), "nothing is written before all is checked");
        std::os::unix::fs::symlink(folder, place.path().join("link")).unwrap();
        assert!(fill(&place.path().join("link"), &[("b", b"1")], "").is_err());
        assert_eq!(fs::read_to_string(outside).unwrap(), "mine");
    }
}
