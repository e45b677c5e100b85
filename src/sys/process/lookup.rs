//! Finds programs, and identifies them by their arguments and workspace files.
#![allow(clippy::disallowed_methods)] // edge: the file system, the environment

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::digest::Digest;

/// Finds a program's file: in `folder` if the name is a path, else the first executable one in `PATH`.
///
/// # Errors
/// The program is not found; the message contains the remedy.
pub(crate) fn find(name: &str, folder: &Path) -> Result<PathBuf, String> {
    let is_path = name.contains('/');
    let found = match is_path {
        // A file that is not executable counts as found, because the system's error is clearer than "not found".
        true => Some(folder.join(name)).filter(|path| path.is_file()),
        false => search(name, &std::env::var_os("PATH").unwrap_or_default()),
    };
    found.ok_or_else(|| {
        let place = if is_path {
            folder.display().to_string()
        } else {
            "PATH".to_owned()
        };
        format!("the program `{name}` was not found in {place}; install it, or correct `run` in kaizen.toml")
    })
}

/// The first executable file with this name in a list of folders such as `PATH`.
fn search(name: &str, folders: &OsStr) -> Option<PathBuf> {
    which::which_in_global(name, Some(folders)).ok()?.next()
}

/// The identity of a program: its command line, and the digests of workspace files in it.
pub(crate) fn identity(run: &[String], root: &Path) -> Value {
    let digest = |word: &String| {
        let path = own_file(word, root)?;
        let bytes = std::fs::File::open(path).ok()?;
        Some((word.clone(), Digest::of_reader(bytes).ok()?))
    };
    let files: BTreeMap<String, Digest> = run.iter().filter_map(digest).collect();
    json!({"run": run, "files": files})
}

/// The file that a word refers to, if it is in the workspace.
fn own_file(word: &str, root: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().ok()?;
    let path = root.join(word).canonicalize().ok()?;
    (path.starts_with(&root) && path.is_file()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_in_the_workspace_is_known_by_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let run = ["python3", "agent.py", "--x", "/etc/passwd", "../agent.py"].map(str::to_owned);
        let before = identity(&run, folder.path());
        assert_eq!(before["files"], json!({}));
        std::fs::write(folder.path().join("agent.py"), "1").unwrap();
        let one = identity(&run, folder.path());
        std::fs::write(folder.path().join("agent.py"), "2").unwrap();
        let two = identity(&run, folder.path());
        assert!(before != one && one != two);
        assert_eq!(two["files"].as_object().unwrap().len(), 1, "{two}");
    }

    #[test]
    fn a_program_is_found_where_it_will_be_run() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find("sh", folder.path()).is_ok());
        assert!(find("./own", folder.path()).is_err());
        std::fs::write(folder.path().join("own"), "").unwrap();
        assert!(find("./own", folder.path()).is_ok());
        let missing = find("no-such-program", folder.path()).unwrap_err();
        assert!(missing.contains("PATH") && missing.contains("run"), "{missing}");
    }

    #[cfg(unix)]
    #[test]
    fn the_search_skips_files_that_nobody_can_execute() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let places = ["first", "second"].map(|name| folder.path().join(name));
        for (place, mode) in places.iter().zip([0o644, 0o755]) {
            std::fs::create_dir(place).unwrap();
            std::fs::write(place.join("tool"), "").unwrap();
            std::fs::set_permissions(place.join("tool"), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let folders = std::env::join_paths(&places).unwrap();
        assert_eq!(search("tool", &folders), Some(places[1].join("tool")));
        assert_eq!(search("other", &folders), None);
        assert_eq!(search("tool", OsStr::new("")), None);
    }
}
