//! Reads the tasks of the benchmark with their files and lines, and the tasks of a file to draw from.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use super::RefreshError;
use crate::artifact::task::{Split, Task};
use crate::eval::benchmark;
use crate::eval::benchmark::{BadLine, Benchmark};
use crate::eval::held_out_queries::HeldOutQueries;
use crate::eval::score;
use crate::eval::score::ScoreEngines;
use crate::llm::redact::Redactor;
use crate::sys::disk;
use crate::sys::disk::DiskError;
use crate::trace::evidence::EvidenceFile;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;

/// One task file of the workspace.
pub(crate) struct TaskFile {
    /// Relative to the workspace.
    pub path: String,
    /// The content of the file.
    pub text: String,
    /// The tasks by line, from 1.
    pub tasks: BTreeMap<usize, Task>,
}

/// All task files, and the tasks of a file to draw from.
pub(crate) struct Rows {
    pub files: Vec<TaskFile>,
    /// The lines of the file to draw from, with their tasks.
    pub offered: Vec<(String, Task)>,
    is_offered: bool,
    /// The ids of the tasks that cannot be scored.
    unscorable: BTreeSet<String>,
}

impl Rows {
    /// Reads and checks all tasks.
    ///
    /// # Errors
    /// A file is not a benchmark, or a task of the file to draw from cannot join it.
    pub(crate) fn read(workspace: &Workspace, from: Option<&Path>) -> Result<Self, RefreshError> {
        let patterns = &workspace.manifest.benchmark.files;
        let engines = workspace.score_engines();
        let all = Benchmark::load_beside(&workspace.root, patterns, "", engines)?;
        let files = benchmark::files(&workspace.root, patterns)?.into_iter();
        Ok(Self {
            files: files
                .map(|file| task_file(workspace, &file))
                .collect::<Result<_, _>>()?,
            offered: from.map_or(Ok(Vec::new()), |from| offered(from, &all.tasks, engines))?,
            is_offered: from.is_some(),
            unscorable: all.left_out().into_iter().map(str::to_owned).collect(),
        })
    }

    /// The tasks of a split, without those that cannot be scored.
    pub(crate) fn of(&self, split: Split) -> Vec<&Task> {
        let tasks = self.files.iter().flat_map(|file| file.tasks.values());
        let is_wanted = |task: &&Task| task.split() == split && !self.unscorable.contains(&task.task_id);
        tasks.filter(is_wanted).collect()
    }

    /// The tasks to draw from: those of the given file or, without one, the reserve.
    pub(crate) fn pool(&self) -> Vec<&Task> {
        match self.is_offered {
            true => self.offered.iter().map(|(_, task)| task).collect(),
            false => self.of(Split::Reserve),
        }
    }
}

fn task_file(workspace: &Workspace, file: &EvidenceFile) -> Result<TaskFile, RunError> {
    let path = file.path().strip_prefix(&*workspace.root).unwrap_or(file.path());
    Ok(TaskFile {
        tasks: benchmark::read_tasks(file.open()?, file.path())?.into_iter().collect(),
        text: text(file.open()?, file.path())?,
        path: path.to_string_lossy().replace('\\', "/"),
    })
}

/// The whole text of a file.
fn text(mut file: impl Read, path: &Path) -> Result<String, DiskError> {
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(disk::failed("read", path))?;
    Ok(text)
}

fn offered(from: &Path, present: &[Task], engines: ScoreEngines) -> Result<Vec<(String, Task)>, RefreshError> {
    let unusable = |error: &dyn std::fmt::Display| RefreshError::Offered(error.to_string());
    if !from.exists() {
        return Err(unusable(&format!("{}: there is no such file", from.display())));
    }
    let open = || disk::open_named(from).map_err(|error| unusable(&error));
    let text = text(open()?, from).map_err(|error| unusable(&error))?;
    let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap_or(&text).lines().collect();
    let tasks = benchmark::read_tasks(open()?, from).map_err(|error| unusable(&error))?;
    let mut ids: BTreeSet<String> = present.iter().map(|task| task.task_id.clone()).collect();
    let redactor = Redactor::default();
    let mut queries = HeldOutQueries::of(present.iter().map(|task| task.query.as_str()), &redactor);
    let mut found = Vec::new();
    for (line, task) in tasks {
        let unscorable = score::check(&task, engines).err().map(|problem| problem.to_string());
        if let Some(problem) = unscorable.or_else(|| problem(&task, &mut ids, &queries, &redactor)) {
            let path = from.to_owned();
            return Err(unusable(&BadLine { path, line, problem }));
        }
        queries.add(&task.query, &redactor);
        found.push((lines.get(line - 1).copied().unwrap_or_default().to_owned(), task));
    }
    match found.is_empty() {
        true => Err(unusable(&format!("{}: it contains no task", from.display()))),
        false => Ok(found),
    }
}

/// Why a task cannot join the benchmark.
fn problem(task: &Task, ids: &mut BTreeSet<String>, queries: &HeldOutQueries, redactor: &Redactor) -> Option<String> {
    let (id, remedy) = (&task.task_id, "change it, or remove the line");
    match task.split {
        Some(split @ (Split::Train | Split::Test)) => Some(format!(
            "its split is `{}`: a task to draw must have split `gate`, `reserve` or none",
            split.name()
        )),
        _ if !ids.insert(id.clone()) => Some(format!("task_id `{id}` already exists; {remedy}")),
        _ if queries.asks(&task.query, redactor) => {
            Some("a task with this query already exists; remove the line".to_owned())
        }
        _ => None,
    }
}
