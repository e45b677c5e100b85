//! Sandboxes: a folder outside the workspace for each attempt, with the agent's files and a git repository of its own.
#![allow(clippy::disallowed_methods)] // edge: git, the file system

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::{Builder, TempDir};
use walkdir::WalkDir;

use super::copied_home::complete;
use super::git::{isolated, run_git};
use crate::harness::Harness;
use crate::manifest::sandbox::SandboxSection;
use crate::sys::disk::{OWN_FOLDER, Root};

/// Files that agents read from the folders above the one in which they run.
const READ_FROM_ABOVE: [&str; 8] = [
    "AGENTS.md",
    "AGENTS.override.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    ".claude/CLAUDE.md",
    "GEMINI.md",
    ".cursorrules",
    "kaizen.toml",
];
/// The folder with the files, in the folder of a template.
pub(super) const CONTENT: &str = "files";
/// Settings for a repository that depends neither on the user nor on the time.
const SETTINGS: [&str; 12] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "commit.gpgSign=false",
    "-c",
    "init.defaultBranch=main",
    "-c",
    "user.name=kaizen",
    "-c",
    "user.email=kaizen@localhost",
    "-c",
    "gc.auto=0",
];

/// The files of one candidate, from which sandboxes are copied.
pub(super) struct SandboxTemplate {
    folder: TempDir,
    place: PathBuf,
}

impl SandboxTemplate {
    /// Writes the agent's files and those of the base, and commits them if the section says so.
    ///
    /// # Errors
    /// The place cannot be used, a file cannot be written, or git fails.
    pub(super) fn made(section: &SandboxSection, harness: &Harness, base: &Path) -> Result<Self, String> {
        let place = place(section)?;
        let folder = fresh(&place)?;
        let root = Root::open(folder.path()).map_err(|error| error.to_string())?;
        root.fill_folder(Path::new(CONTENT), harness.files())
            .and_then(|()| complete(&folder.path().join(CONTENT), harness))
            .map_err(|error| error.to_string())?;
        copy_tree(base, &folder.path().join(CONTENT))?;
        if section.git {
            commit(&folder.path().join(CONTENT))?;
        }
        Ok(Self { folder, place })
    }

    /// A fresh sandbox, removed on drop.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub(super) fn copy(&self) -> Result<TempDir, String> {
        let copy = fresh(&self.place)?;
        copy_tree(&self.folder.path().join(CONTENT), copy.path())?;
        Ok(copy)
    }
}

/// Copies the content of a folder. What the target has already stays. Files share their blocks where the disk can do that,
/// and are never links to each other.
pub(super) fn copy_tree(from: &Path, target: &Path) -> Result<(), String> {
    let mut entries = WalkDir::new(from).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|error| error.to_string())?;
        let name = entry.path().strip_prefix(from).map_err(|error| error.to_string())?;
        let to = target.join(name);
        let kind = entry.file_type();
        let there = to.symlink_metadata().ok();
        let copied = match there {
            Some(facts) => {
                if kind.is_dir() && !facts.is_dir() {
                    entries.skip_current_dir();
                }
                continue;
            }
            None if kind.is_dir() => fs::create_dir(&to),
            None if kind.is_symlink() => copied_link(entry.path(), &to),
            None if kind.is_file() => fs::copy(entry.path(), &to).map(drop),
            // A socket, pipe or device has no content to copy.
            None => continue,
        };
        copied.map_err(|error| format!("{}: {error}", to.display()))?;
    }
    Ok(())
}

/// Copies a link itself, not what it leads to.
///
/// # Errors
/// It cannot be made.
pub(super) fn copied_link(from: &Path, to: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    #[cfg(not(unix))]
    return fs::copy(from, to).map(drop);
}

/// The folder for sandboxes.
///
/// # Errors
/// It does not exist, or agents would read files above it.
pub(super) fn place(section: &SandboxSection) -> Result<PathBuf, String> {
    let stated = match section.place.is_empty() {
        true => std::env::temp_dir(),
        false => PathBuf::from(&section.place),
    };
    let place = stated.canonicalize().map_err(|error| {
        format!(
            "{}: {error}; create the folder, or name another in [student.sandbox] place",
            stated.display()
        )
    })?;
    match read_above(&place) {
        None => Ok(place),
        Some(file) => Err(format!(
            "an agent in {} would also read {}; name another folder in [student.sandbox] place",
            place.display(),
            file.display()
        )),
    }
}

fn read_above(place: &Path) -> Option<PathBuf> {
    let files = place
        .ancestors()
        .flat_map(|folder| READ_FROM_ABOVE.map(|name| folder.join(name)));
    files.into_iter().find(|file| file.exists())
}

/// A fresh folder, removed on drop.
///
/// # Errors
/// It cannot be made.
pub(super) fn fresh(place: &Path) -> Result<TempDir, String> {
    let made = Builder::new().prefix("kaizen-sandbox-").tempdir_in(place);
    made.map_err(|error| format!("{}: {error}", place.display()))
}

/// Copies a sandbox to `.kaizen/kept/`, under a name that says which attempt it was.
///
/// # Errors
/// A file cannot be copied.
pub(super) fn keep(root: &Root, sandbox: &Path, task_id: &str, seed: u64) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let plain: String = task_id
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .take(80)
        .collect();
    let name = PathBuf::from(OWN_FOLDER).join(format!("kept/{plain}-{seed:016x}"));
    root.fill_folder(&name, std::iter::empty::<(&str, &[u8])>())
        .map_err(|error| error.to_string())?;
    copy_tree(sandbox, &root.join(&name))
}

/// Makes a repository with one commit of all files, in one pack.
fn commit(folder: &Path) -> Result<(), String> {
    for arguments in [
        &["init", "--quiet", "--template="][..],
        &["add", "--all", "--force"],
        &["commit", "--quiet", "--allow-empty", "--message=The agent"],
        &["repack", "-a", "-d", "--quiet"],
    ] {
        let mut git = Command::new("git");
        git.current_dir(folder).args(SETTINGS).args(arguments);
        isolated(&mut git)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_DATE"), "2000-01-01T00:00:00Z");
        }
        run_git(&mut git, None, arguments[0])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(place: &Path) -> SandboxSection {
        SandboxSection {
            place: place.display().to_string(),
            ..SandboxSection::default()
        }
    }

    #[test]
    fn a_sandbox_has_the_files_and_a_commit_of_its_own() {
        let place = tempfile::tempdir().unwrap();
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("CLAUDE.md"), "of the base").unwrap();
        fs::create_dir(base.path().join("src")).unwrap();
        fs::write(base.path().join("src/main.rs"), "fn").unwrap();
        let mut harness = Harness::default()
            .with(".claude/agents/a.md", "A")
            .with("CLAUDE.md", "B");
        harness.link("AGENTS.md", "CLAUDE.md");
        let template = SandboxTemplate::made(&section(place.path()), &harness, base.path()).unwrap();
        let (one, other) = (template.copy().unwrap(), template.copy().unwrap());
        fs::write(one.path().join("CLAUDE.md"), "changed").unwrap();
        assert_eq!(fs::read(other.path().join("CLAUDE.md")).unwrap(), b"B");
        assert_eq!(fs::read(other.path().join("src/main.rs")).unwrap(), b"fn");
        assert_eq!(fs::read(other.path().join(".claude/agents/a.md")).unwrap(), b"A");
        assert_eq!(fs::read(one.path().join("AGENTS.md")).unwrap(), b"changed");
        assert_eq!(fs::read(other.path().join("AGENTS.md")).unwrap(), b"B");
        let head = |sandbox: &TempDir| fs::read_to_string(sandbox.path().join(".git/refs/heads/main")).unwrap();
        let again = SandboxTemplate::made(&section(place.path()), &harness, base.path())
            .unwrap()
            .copy()
            .unwrap();
        assert_eq!(head(&one), head(&again), "the same files give the same commit");
        drop((one, other, again, template));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_place_below_files_that_agents_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("a/b");
        assert!(
            super::place(&section(&place))
                .unwrap_err()
                .contains("create the folder")
        );
        fs::create_dir_all(&place).unwrap();
        assert!(super::place(&section(&place)).is_ok());
        fs::write(home.path().join("AGENTS.md"), "").unwrap();
        assert!(super::place(&section(&place)).unwrap_err().contains("would also read"));
    }
}
