//! What a sandbox contains besides the agent's files: files of the last commit, after the user's preparation.
#![allow(clippy::disallowed_methods)] // edge: git, the file system

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use super::git::{isolated, run_git};
use super::sandbox::{CONTENT, fresh, place};
use crate::digest::Digest;
use crate::eval::benchmark;
use crate::manifest::sandbox::{BaseRule, SandboxBase, SandboxSection};
use crate::sys::disk::Root;

/// The keys of a task that name folders which no sandbox contains, unless it is the task's own fixture.
const TASK_FOLDERS: [&str; 3] = ["fixture", "tests", "solution"];

/// The base of one student's sandboxes. It is made at its first use and removed with the student.
pub(crate) struct SandboxFoundation {
    section: SandboxSection,
    rule: BaseRule,
    benchmark: Vec<String>,
    root: Root,
    listing: OnceLock<Result<Vec<u8>, String>>,
    made: OnceLock<Result<TempDir, String>>,
}

impl SandboxFoundation {
    /// The base in a workspace. `benchmark` are the patterns of its task files.
    pub(crate) fn new(section: SandboxSection, rule: BaseRule, benchmark: Vec<String>, root: Root) -> Self {
        Self {
            section,
            rule,
            benchmark,
            root,
            listing: OnceLock::new(),
            made: OnceLock::new(),
        }
    }

    /// The settings, and the digest of the files that come from the workspace.
    pub(super) fn identity(&self) -> Value {
        let mut identity = serde_json::json!(self.section);
        if self.section.base == SandboxBase::Workspace {
            identity["files"] = match self.listing() {
                Ok(listing) => serde_json::json!(Digest::of_bytes(listing)),
                Err(problem) => problem.into(),
            };
        }
        identity
    }

    /// The folder with the base. `prepare` runs the programs of `setup` in it.
    ///
    /// # Errors
    /// git or a program fails.
    pub(super) fn folder(&self, prepare: impl FnOnce(&Path) -> Result<(), String>) -> Result<PathBuf, String> {
        let made = self.made.get_or_init(|| self.make(prepare));
        made.as_ref()
            .map(|folder| folder.path().join(CONTENT))
            .map_err(Clone::clone)
    }

    fn make(&self, prepare: impl FnOnce(&Path) -> Result<(), String>) -> Result<TempDir, String> {
        let folder = fresh(&place(&self.section)?)?;
        let files = folder.path().join(CONTENT);
        std::fs::create_dir(&files).map_err(|error| format!("{}: {error}", files.display()))?;
        if self.section.base == SandboxBase::Workspace {
            self.check_out(self.listing()?, &files, &folder.path().join("index"))?;
        }
        prepare(&files)?;
        Ok(folder)
    }

    /// The files of the last commit that sandboxes contain, as `git ls-tree` lists them.
    fn listing(&self) -> Result<&[u8], String> {
        let listing = self.listing.get_or_init(|| {
            let hidden = self.task_folders()?;
            let mut git = Command::new("git");
            git.current_dir(&self.root).args(["ls-tree", "-r", "-z", "HEAD"]);
            let all = run_git(isolated(&mut git), None, "ls-tree")?;
            let wanted = |entry: &&[u8]| {
                let text = String::from_utf8_lossy(entry);
                // A commit of a submodule has no files here.
                text.split_once('\t')
                    .is_some_and(|(facts, path)| !facts.contains(" commit ") && self.rule.includes(path, &hidden))
            };
            Ok(all
                .split_inclusive(|byte| *byte == 0)
                .filter(|entry| wanted(&entry.strip_suffix(b"\0").unwrap_or(entry)))
                .flatten()
                .copied()
                .collect())
        });
        listing.as_deref().map_err(Clone::clone)
    }

    /// The folders that tasks name.
    fn task_folders(&self) -> Result<Vec<String>, String> {
        let failed = |problem: benchmark::BenchmarkError| problem.to_string();
        let mut folders = Vec::new();
        for file in benchmark::files(&self.root, &self.benchmark).map_err(failed)? {
            let opened = file.open().map_err(|error| error.to_string())?;
            for (_, task) in benchmark::read_tasks(opened, file.path()).map_err(failed)? {
                let named = TASK_FOLDERS.iter().filter_map(|key| task.extra.get(*key)?.as_str());
                folders.extend(named.filter_map(|path| crate::manifest::relative_path::within("", path)));
            }
        }
        Ok(folders)
    }

    /// Writes the listed files without an index of the workspace, hooks, or a change of its repository.
    fn check_out(&self, listing: &[u8], files: &Path, index: &Path) -> Result<(), String> {
        let mut git = Command::new("git");
        git.current_dir(&self.root).args(["rev-parse", "--absolute-git-dir"]);
        let found = run_git(isolated(&mut git), None, "rev-parse")?;
        let repository = String::from_utf8_lossy(&found).trim_end_matches('\n').to_owned();
        for (arguments, input) in [
            (&["update-index", "-z", "--index-info"][..], Some(listing)),
            (&["checkout-index", "--all", "--quiet"], None),
        ] {
            let mut git = Command::new("git");
            git.current_dir(files).stdout(Stdio::null());
            git.args(["-c", "core.hooksPath=/dev/null", "-c", "core.bare=false"])
                .args(arguments);
            isolated(&mut git)
                .env("GIT_DIR", &repository)
                .env("GIT_WORK_TREE", files)
                .env("GIT_INDEX_FILE", index);
            run_git(&mut git, input, arguments[0])?;
        }
        Ok(())
    }
}
