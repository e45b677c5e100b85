//! Finds the file of a workspace that an argument of a program names.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use crate::digest::Digest;
use crate::manifest::relative_path;
use crate::manifest::trust::{NamedFile, TrustLink};
use crate::sys::disk::OWN_FOLDER;

/// The file of the workspace at `root` that an argument names, relative to `folder` or to the workspace; or the link
/// through which the argument leads out of the workspace.
pub(super) fn named(root: &Path, folder: &str, word: &str) -> Option<NamedFile> {
    let real = root.canonicalize().ok()?;
    // Files that a program writes in its scratch folder would change the list with each run.
    let is_scratch = relative_path::within(folder, word).is_some_and(|path| path.starts_with(OWN_FOLDER));
    let named = if is_scratch {
        None
    } else {
        in_folder(&real, folder, word)
    };
    // A teacher's program runs in another folder, and its arguments may name files of the workspace.
    named.or_else(|| (!folder.is_empty()).then(|| in_folder(&real, "", word)).flatten())
}

fn in_folder(real: &Path, folder: &str, word: &str) -> Option<NamedFile> {
    let path = real.join(folder).join(word);
    // The program's folder may not exist yet, so dots are removed lexically first.
    let target = path.canonicalize().or_else(|_| plain(&path).canonicalize()).ok()?;
    if !target.is_file() {
        return None;
    }
    let slashed = |path: &Path| path.to_string_lossy().replace('\\', "/");
    if let Ok(path) = target.strip_prefix(real) {
        let bytes = File::open(&target).ok();
        return Some(NamedFile::File {
            path: slashed(path),
            digest: bytes.and_then(|bytes| Digest::of_reader(bytes).ok()),
        });
    }
    // A path that leads outside without a link is visible as such in the manifest.
    let inside = plain(&path).strip_prefix(real).ok()?.to_owned();
    Some(NamedFile::Outside(TrustLink {
        path: slashed(&inside),
        target: slashed(&target),
    }))
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_has_one_name_however_it_is_spelt() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("work");
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(root.join("x.py"), "1").unwrap();
        fs::write(folder.path().join("other.py"), "2").unwrap();
        std::os::unix::fs::symlink("x.py", root.join("link.py")).unwrap();
        std::os::unix::fs::symlink("../other.py", root.join("out.py")).unwrap();
        let whole = root.join("x.py").display().to_string();
        for word in ["x.py", "./x.py", "sub/../x.py", "link.py", &whole] {
            let found = named(&root, "", word);
            assert!(
                matches!(&found, Some(NamedFile::File { path, digest: Some(_) }) if path == "x.py"),
                "{word}: {found:?}"
            );
        }
        let found = named(&root, ".kaizen/scratch/lint", "../../../x.py");
        assert!(
            matches!(&found, Some(NamedFile::File { path, .. }) if path == "x.py"),
            "{found:?}"
        );
        let found = named(&root, "", "out.py");
        assert!(
            matches!(&found, Some(NamedFile::Outside(link)) if link.path == "out.py"),
            "{found:?}"
        );
        for word in ["", "sub", "none", "../other.py", "/etc/passwd", "python3"] {
            assert_eq!(named(&root, "", word), None, "{word}");
        }
    }
}
