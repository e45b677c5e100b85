//! What a sandbox contains besides the agent's files: files of the last commit, after the user's preparation.
#![allow(clippy::disallowed_methods)] // edge: git, the file system

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

use super::git::{isolated, run_git};
use super::hidden_tests::put_over;
use super::sandbox::{CONTENT, copy_tree, fresh, place};
use crate::artifact::task_world::TaskWorld;
use crate::digest::Digest;
use crate::eval::benchmark;
use crate::manifest::relative_path::within;
use crate::manifest::sandbox::{BaseRule, SandboxBase, SandboxSection};
use crate::sys::disk::Root;

/// The key of a task that names a folder with its solution.
const SOLUTION: &str = "solution";

/// Runs the programs of a key, in a folder.
type Prepare<'a> = &'a dyn Fn(&Path, &str, &[Vec<String>]) -> Result<(), String>;

/// The base of one student's sandboxes. It is made at its first use and removed with the student.
pub(crate) struct SandboxFoundation {
    section: SandboxSection,
    rule: BaseRule,
    benchmark: Vec<String>,
    root: Root,
    listing: OnceLock<Result<Vec<u8>, String>>,
    /// By fixture and its preparation.
    made: Mutex<BTreeMap<Digest, Result<Arc<TempDir>, String>>>,
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
            made: Mutex::default(),
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

    /// The folder with the base and the fixture of a task. `prepare` runs programs in it.
    ///
    /// # Errors
    /// git or a program fails, or the fixture cannot be copied.
    pub(super) fn folder(&self, world: &TaskWorld, prepare: Prepare) -> Result<PathBuf, String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let mut base = |world: Option<&TaskWorld>, from: Option<&Path>| {
            let key = Digest::of_value(&world.map(|world| (&world.fixture, &world.setup)));
            let entry = made.entry(key);
            let folder = entry.or_insert_with(|| self.make(world, from, prepare).map(Arc::new));
            folder
                .as_ref()
                .map(|folder| folder.path().join(CONTENT))
                .map_err(Clone::clone)
        };
        let plain = base(None, None)?;
        match world.fixture.is_some() || !world.setup.is_empty() {
            true => base(Some(world), Some(&plain)),
            false => Ok(plain),
        }
    }

    /// Makes the base, or that of a task from the plain one.
    fn make(&self, world: Option<&TaskWorld>, plain: Option<&Path>, prepare: Prepare) -> Result<TempDir, String> {
        let folder = fresh(&place(&self.section)?)?;
        let files = folder.path().join(CONTENT);
        std::fs::create_dir(&files).map_err(|error| format!("{}: {error}", files.display()))?;
        let Some((world, plain)) = world.zip(plain) else {
            if self.section.base == SandboxBase::Workspace {
                self.check_out(self.listing()?, &files, &folder.path().join("index"))?;
            }
            prepare(&files, "[student.sandbox] setup", &self.section.setup)?;
            return Ok(folder);
        };
        copy_tree(plain, &files)?;
        if let Some(fixture) = &world.fixture {
            put_over(&self.root.join(fixture), &files).map_err(|problem| format!("fixture {fixture}: {problem}"))?;
        }
        prepare(&files, "setup of a task", &world.setup)?;
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
                let solution = task.extra.get(SOLUTION).and_then(|path| path.as_str());
                let named = task.world.folders().map(String::as_str).chain(solution);
                folders.extend(named.filter_map(|path| within("", path)));
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
