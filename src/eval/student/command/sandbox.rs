//! Sandboxes: a folder outside the workspace for each attempt, with the agent's files and a git repository of its own.
#![allow(clippy::disallowed_methods)] // edge: git, the file system

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::{Builder, TempDir};
use walkdir::WalkDir;

use super::copied_home::complete;
use crate::harness::Harness;
use crate::manifest::sandbox::SandboxSection;
use crate::sys::disk::Root;

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
const FILES: &str = "files";
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
    /// Writes the agent's files, and commits them if the section says so.
    ///
    /// # Errors
    /// The place cannot be used, a file cannot be written, or git fails.
    pub(super) fn made(section: &SandboxSection, harness: &Harness) -> Result<Self, String> {
        let place = place(section)?;
        let folder = fresh(&place)?;
        let root = Root::open(folder.path()).map_err(|error| error.to_string())?;
        root.fill_folder(Path::new(FILES), harness.files())
            .and_then(|()| complete(&folder.path().join(FILES), harness))
            .map_err(|error| error.to_string())?;
        if section.git {
            commit(&folder.path().join(FILES))?;
        }
        Ok(Self { folder, place })
    }

    /// A fresh sandbox, removed on drop.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub(super) fn copy(&self) -> Result<TempDir, String> {
        let copy = fresh(&self.place)?;
        let from = self.folder.path().join(FILES);
        for entry in WalkDir::new(&from).min_depth(1) {
            let entry = entry.map_err(|error| error.to_string())?;
            let name = entry.path().strip_prefix(&from).map_err(|error| error.to_string())?;
            let to = copy.path().join(name);
            let copied = match entry.file_type() {
                kind if kind.is_dir() => fs::create_dir(&to),
                kind if kind.is_symlink() => copied_link(entry.path(), &to),
                _ => fs::copy(entry.path(), &to).map(drop),
            };
            copied.map_err(|error| format!("{}: {error}", to.display()))?;
        }
        Ok(copy)
    }
}

/// Copies a link itself, not what it leads to.
fn copied_link(from: &Path, to: &Path) -> std::io::Result<()> {
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

fn fresh(place: &Path) -> Result<TempDir, String> {
    let made = Builder::new().prefix("kaizen-sandbox-").tempdir_in(place);
    made.map_err(|error| format!("{}: {error}", place.display()))
}

/// Makes a repository with one commit.
fn commit(folder: &Path) -> Result<(), String> {
    for arguments in [
        &["init", "--quiet", "--template="][..],
        &["add", "--all", "--force"],
        &["commit", "--quiet", "--allow-empty", "--message=The agent"],
    ] {
        let mut git = Command::new("git");
        git.current_dir(folder).args(SETTINGS).args(arguments);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            git.env_remove(name);
        }
        git.env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_DATE"), "2000-01-01T00:00:00Z");
        }
        let ended = git.stdin(Stdio::null()).output();
        let ended = ended.map_err(|error| format!("git cannot be run for the sandbox: {error}"))?;
        if !ended.status.success() {
            let complaint = String::from_utf8_lossy(&ended.stderr);
            return Err(format!("git {} in a sandbox: {}", arguments[0], complaint.trim()));
        }
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
        let mut harness = Harness::default()
            .with(".claude/agents/a.md", "A")
            .with("CLAUDE.md", "B");
        harness.link("AGENTS.md", "CLAUDE.md");
        let template = SandboxTemplate::made(&section(place.path()), &harness).unwrap();
        let (one, other) = (template.copy().unwrap(), template.copy().unwrap());
        fs::write(one.path().join("CLAUDE.md"), "changed").unwrap();
        assert_eq!(fs::read(other.path().join("CLAUDE.md")).unwrap(), b"B");
        assert_eq!(fs::read(other.path().join(".claude/agents/a.md")).unwrap(), b"A");
        assert_eq!(fs::read(one.path().join("AGENTS.md")).unwrap(), b"changed");
        assert_eq!(fs::read(other.path().join("AGENTS.md")).unwrap(), b"B");
        let head = |sandbox: &TempDir| fs::read_to_string(sandbox.path().join(".git/refs/heads/main")).unwrap();
        let again = SandboxTemplate::made(&section(place.path()), &harness)
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
