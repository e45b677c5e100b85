//! Reads the benchmark's tasks from JSON Lines files, checks them, and selects them by split.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};
use std::path::{Component, Path, PathBuf};

use crate::artifact::readiness::{BenchmarkPin, UnscorableTask};
use crate::artifact::task::{Split, Task};
use crate::artifact::without_place;
use crate::digest::Digest;
use crate::eval::held_out_queries::HeldOutQueries;
use crate::eval::score;
use crate::eval::score::ScoreEngines;
use crate::llm::redact::Redactor;
use crate::manifest::membership::EvidencePatterns;
use crate::sys::disk::{DiskError, LARGEST_ARTIFACT, Root, failed, is_utf16, read_line, without_mark};
use crate::trace::evidence::EvidenceFile;

/// A benchmark that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BenchmarkError {
    /// A line that is not a task.
    #[error(transparent)]
    Line(#[from] BadLine),
    /// Several lines that are not tasks.
    #[error("{} lines are no tasks:{}", .0.len(), in_lines(.0))]
    Lines(Vec<BadLine>),
    /// A pattern that is not a valid glob.
    #[error("[benchmark] files: {0}")]
    Glob(String),
    /// A file could not be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// A line that is not a task.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {problem}", path.display())]
pub struct BadLine {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// The problem and the remedy.
    pub problem: String,
}

/// The maximum number of lines that a message lists.
const MOST_LINES: usize = 100;

fn in_lines(bad: &[BadLine]) -> String {
    let shown: String = bad.iter().take(MOST_LINES).map(|line| format!("\n  {line}")).collect();
    match bad.len().saturating_sub(MOST_LINES) {
        0 => shown,
        more => format!("{shown}\n  and {more} more"),
    }
}

/// Fails if there is a line that is not a task.
fn refused(mut bad: Vec<BadLine>) -> Result<(), BenchmarkError> {
    match bad.len() {
        0 => Ok(()),
        1 => Err(bad.remove(0).into()),
        _ => Err(BenchmarkError::Lines(bad)),
    }
}

/// All tasks of a workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Benchmark {
    /// The tasks, in the order of the files, including those that cannot be scored.
    pub tasks: Vec<Task>,
    /// The tasks that their scorers cannot use. They are in no split.
    pub unscorable: Vec<UnscorableTask>,
}

impl Benchmark {
    /// Reads the files under `root` that match the patterns, except the file `except`. `engines` tells which scorers
    /// can work.
    ///
    /// # Errors
    /// See [`BenchmarkError`].
    pub(crate) fn load_beside(
        root: &Root,
        patterns: &[String],
        except: &str,
        engines: ScoreEngines,
    ) -> Result<Self, BenchmarkError> {
        let files = files(root, patterns)?;
        let others = files.iter().filter(|file| file.path() != root.join(except));
        Self::of_files(root, others, engines)
    }

    /// Reads these files. Paths in messages are relative to `root`.
    ///
    /// # Errors
    /// See [`BenchmarkError`].
    pub(crate) fn of_files<'f>(
        root: &Path,
        files: impl IntoIterator<Item = &'f EvidenceFile>,
        engines: ScoreEngines,
    ) -> Result<Self, BenchmarkError> {
        let mut benchmark = Self::default();
        let mut seen = BTreeMap::new();
        let mut bad = Vec::new();
        for file in files {
            let path = file.path().to_owned();
            let shown = path.strip_prefix(root).unwrap_or(&path).display();
            let (tasks, mut bad_here) = read_lines(file.open()?, &path)?;
            for (line, task) in tasks {
                let place = format!("{shown}:{line}");
                if let Some(first) = seen.insert(task.task_id.clone(), place.clone()) {
                    let problem = format!(
                        "task_id `{}` is already used at {first}; give every task a unique one",
                        task.task_id
                    );
                    let path = path.clone();
                    bad_here.push(BadLine { path, line, problem });
                    continue;
                }
                benchmark.unscorable.extend(unscorable(&task, place, engines));
                benchmark.tasks.push(task);
            }
            bad_here.sort_by_key(|bad| bad.line);
            bad.append(&mut bad_here);
        }
        refused(bad).map(|()| benchmark)
    }

    /// The tasks of a split. Leaves out tasks that cannot be scored, and train tasks whose query is also that of a
    /// held-out task, because the teacher sees train tasks.
    pub(crate) fn split(&self, split: Split) -> Vec<Task> {
        // A `[redacted:…]` mark in a query matches any text, including text that a user's own pattern redacted, so the
        // built-in rules are enough.
        let redactor = Redactor::default();
        let held_out = match split {
            Split::Train => self.held_out(&redactor),
            _ => HeldOutQueries::default(),
        };
        let left_out = self.left_out();
        let wanted = |task: &&Task| {
            task.split() == split && !left_out.contains(task.task_id.as_str()) && !held_out.asks(&task.query, &redactor)
        };
        self.tasks.iter().filter(wanted).cloned().collect()
    }

    /// The ids of the tasks that cannot be scored.
    pub(crate) fn left_out(&self) -> BTreeSet<&str> {
        self.unscorable.iter().map(|task| task.task_id.as_str()).collect()
    }

    /// The tasks that would be in a split if they could be scored.
    pub(crate) fn unscorable_in(&self, split: Split) -> Vec<UnscorableTask> {
        let tasks = self.unscorable.iter();
        tasks.filter(|task| task.split == split).cloned().collect()
    }

    /// The queries of all tasks that the teacher may not see.
    pub(crate) fn held_out(&self, redactor: &Redactor) -> HeldOutQueries {
        let held_out = self.tasks.iter().filter(|task| task.split() != Split::Train);
        HeldOutQueries::of(held_out.map(|task| task.query.as_str()), redactor)
    }

    /// The number of tasks in each split, and the digest of all tasks.
    pub(crate) fn pin(&self) -> BenchmarkPin {
        let count = |split| self.split(split).len();
        let digest = Digest::of_value(&self.tasks);
        BenchmarkPin {
            train: count(Split::Train),
            gate: count(Split::Gate),
            test: count(Split::Test),
            reserve: count(Split::Reserve),
            digest,
        }
    }
}

fn unscorable(task: &Task, place: String, engines: ScoreEngines) -> Option<UnscorableTask> {
    let problem = score::check(task, engines).err()?;
    Some(UnscorableTask {
        task_id: task.task_id.clone(),
        split: task.split(),
        place,
        reason: problem.to_string(),
    })
}

/// The files under `root` that match the patterns, without the record of consultations, which contains no tasks.
///
/// # Errors
/// A pattern is not a glob, or a folder cannot be read.
pub(crate) fn files(root: &Root, patterns: &[String]) -> Result<Vec<EvidenceFile>, BenchmarkError> {
    let patterns = EvidencePatterns::new(patterns).map_err(BenchmarkError::Glob)?;
    Ok(root.evidence_files(&patterns)?)
}

/// The tasks of one JSON Lines file, with line numbers from 1. `path` is the file's path in messages.
///
/// # Errors
/// Some lines are not tasks, not UTF-8, or longer than [`LARGEST_ARTIFACT`]; or the file cannot be read.
pub(crate) fn read_tasks(file: impl Read, path: &Path) -> Result<Vec<(usize, Task)>, BenchmarkError> {
    let (tasks, bad) = read_lines(file, path)?;
    refused(bad).map(|()| tasks)
}

/// The tasks of a file, with line numbers from 1, and the lines that are not tasks.
type TaskLines = (Vec<(usize, Task)>, Vec<BadLine>);

/// Reads the lines of one file, up to the first that is too long.
fn read_lines(file: impl Read, path: &Path) -> Result<TaskLines, BenchmarkError> {
    let mut reader = BufReader::new(file);
    let (mut tasks, mut bad) = (Vec::new(), Vec::new());
    let mut line = Vec::new();
    for number in 1.. {
        if read_line(&mut reader, &mut line).map_err(failed("read", path))? == 0 {
            break;
        }
        let task = text_of(&line, number == 1).and_then(|text| match text.is_empty() {
            true => Ok(None),
            false => parse(text).map(Some),
        });
        match task {
            Ok(task) => tasks.extend(task.map(|task| (number, task))),
            Err(problem) => bad.push(BadLine {
                path: path.to_owned(),
                line: number,
                problem,
            }),
        }
        if line.len() as u64 > LARGEST_ARTIFACT {
            break;
        }
    }
    Ok((tasks, bad))
}

/// The trimmed text of a line, without the byte order mark at the start of a file.
fn text_of(line: &[u8], is_first: bool) -> Result<&str, String> {
    if line.len() as u64 > LARGEST_ARTIFACT {
        return Err("the line is longer than 64 MiB; shorten or delete it".into());
    }
    if is_first && is_utf16(line) {
        return Err("the file is UTF-16 text; save it as UTF-8".into());
    }
    let line = if is_first { without_mark(line) } else { line };
    let text = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8; save the file as UTF-8".to_owned())?;
    Ok(text.trim())
}

fn parse(text: &str) -> Result<Task, String> {
    // The parser counts lines within this one line, so its line number does not help.
    let malformed = |error: serde_json::Error| {
        let (what, column) = (without_place(&error), error.column());
        format!("not a task: {what} at column {column}")
    };
    let task = serde_json::from_str::<Task>(text).map_err(malformed)?;
    let completed = task.completed().map_err(|problem| format!("not a task: {problem}"))?;
    checked(completed)
}

fn checked(task: Task) -> Result<Task, String> {
    match (task.task_id.trim().is_empty(), task.query.trim().is_empty()) {
        (true, _) => Err("task_id is empty; give every task a unique one".into()),
        (_, true) => Err("query is empty; enter the question for the agent".into()),
        _ => inside(task),
    }
}

/// Refuses a task whose folders are not in the workspace.
fn inside(task: Task) -> Result<Task, String> {
    let leads_out = |path: &&String| {
        let is_plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
        path.is_empty() || !Path::new(path).components().all(is_plain)
    };
    let stray = task.world.folders().find(leads_out).cloned();
    match stray {
        None => Ok(task),
        Some(path) => Err(format!(
            "`{path}` is no folder of the workspace; name one by its path relative to kaizen.toml"
        )),
    }
}

/// Draws up to `most` tasks at random by a seed, in their original order; 0 draws all.
pub(crate) fn subsample(tasks: Vec<Task>, most: usize, seed: &str) -> Vec<Task> {
    if most == 0 || tasks.len() <= most {
        return tasks;
    }
    let mut by_lot: Vec<(Digest, usize)> = tasks
        .iter()
        .enumerate()
        .map(|(at, task)| (Digest::of_value(&(seed, &task.task_id)), at))
        .collect();
    by_lot.sort();
    let drawn: BTreeSet<usize> = by_lot.into_iter().take(most).map(|(_, at)| at).collect();
    tasks
        .into_iter()
        .enumerate()
        .filter(|(at, _)| drawn.contains(at))
        .map(|(_, task)| task)
        .collect()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // tests: real files
mod tests {
    use super::*;
    use crate::artifact::holdout_use;

    const NO_ENGINES: ScoreEngines = ScoreEngines {
        program: false,
        judge: false,
        sandbox: false,
    };

    fn load_from(folder: &Path, engines: ScoreEngines) -> Result<Benchmark, BenchmarkError> {
        let patterns = ["benchmark/*.jsonl".to_owned()];
        Benchmark::load_beside(&Root::open(folder).unwrap(), &patterns, "", engines)
    }

    fn load_with(text: &str, engines: ScoreEngines) -> Result<Benchmark, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("benchmark")).unwrap();
        std::fs::write(folder.path().join("benchmark/tasks.jsonl"), text).unwrap();
        load_from(folder.path(), engines).map_err(|error| error.to_string())
    }

    fn load(text: &str) -> Result<Benchmark, String> {
        load_with(text, NO_ENGINES)
    }

    #[test]
    fn tasks_that_cannot_be_scored_are_all_reported_and_in_no_split() {
        let row = |id: &str, scorer: &str, reference: &str, split: &str| {
            format!(
                "{{\"task_id\":\"{id}\",\"query\":\"q {id}\",\"reference_answer\":{reference},\"scorer\":\"{scorer}\",\"split\":\"{split}\"}}\n"
            )
        };
        let rows = [
            row("a", "regex", "\"(?=a)b\"", "gate"),
            row("b", "exact", "\"x\"", "gate"),
            row("c", "number", "\"none\"", "train"),
            row("d", "command", "\"x\"", "test"),
            row("e", "judge", "\"x\"", "reserve"),
            row("f", "json", "\"{\"", "gate"),
            row("g", "exact", "null", "gate"),
            row("h", "contains", "[\"x\", \"y\"]", "gate"),
        ]
        .concat();
        let benchmark = load(&rows).unwrap();
        let told: Vec<_> = benchmark
            .unscorable
            .iter()
            .map(|task| (task.task_id.as_str(), task.place.as_str()))
            .collect();
        let at = |line: usize| format!("benchmark/tasks.jsonl:{line}");
        let places = [1, 3, 4, 5, 6, 7].map(at);
        let expected: Vec<_> = ["a", "c", "d", "e", "f", "g"]
            .into_iter()
            .zip(places.iter().map(String::as_str))
            .collect();
        assert_eq!(told, expected);
        let pin = benchmark.pin();
        assert_eq!((pin.train, pin.gate, pin.test, pin.reserve), (0, 2, 0, 0));
        assert_eq!(benchmark.unscorable_in(Split::Gate).len(), 3);
        let redactor = Redactor::default();
        assert!(benchmark.held_out(&redactor).asks("q a", &redactor), "it stays secret");
        let all = ScoreEngines {
            program: true,
            judge: true,
            sandbox: true,
        };
        let told = load_with(&rows, all).unwrap().unscorable;
        assert_eq!(
            told.iter().map(|task| task.task_id.as_str()).collect::<Vec<_>>(),
            ["a", "c", "f", "g"]
        );
    }

    #[test]
    fn rows_are_read_tolerantly_and_split() {
        let rows = "\u{feff}{\"task_id\":\"a\",\"query\":\"Same  words\",\"reference_answer\":7,\"split\":\"train\"}\r\n\r\n\
                    {\"task_id\":\"b\",\"query\":\"same words\",\"reference_answer\":\"x\",\"scorer\":\"exact_label\",\"split\":\"gate\"}\n\
                    {\"task_id\":\"c\",\"query\":\"other\",\"reference_answer\":\"x\",\"split\":\"train\",\"mine\":1}";
        let benchmark = load(rows).unwrap();
        let train: Vec<_> = benchmark
            .split(Split::Train)
            .into_iter()
            .map(|task| task.task_id)
            .collect();
        assert_eq!(train, ["c"], "a train task with a gate query is left out");
        assert_eq!(benchmark.tasks[0].reference_answer.as_str(), "7");
        assert_eq!(benchmark.tasks[2].extra["mine"], 1);
    }

    #[test]
    fn bad_rows_name_file_line_and_cause() {
        let good = "{\"task_id\":\"a\",\"query\":\"q\",\"reference_answer\":\"x\"}\n";
        for (row, part) in [
            ("{\"task_id\":\"b\"", "EOF"),
            ("{\"task_id\":\"b\",\"query\":\"q\"}", "reference_answer"),
            (
                "{\"task_id\":\"b\",\"query\":\"q\",\"reference_answer\":\"x\",\"scorer\":\"bash_effect\"}",
                "bash_effect",
            ),
            (
                "{\"task_id\":\"a\",\"query\":\"q\",\"reference_answer\":\"x\"}",
                "tasks.jsonl:1",
            ),
            (
                "{\"task_id\":\" \",\"query\":\"q\",\"reference_answer\":\"x\"}",
                "task_id is empty",
            ),
        ] {
            let message = load(&format!("{good}{row}")).unwrap_err();
            assert!(message.contains("tasks.jsonl:2") && message.contains(part), "{message}");
        }
    }

    #[test]
    fn all_bad_rows_are_named_in_one_go() {
        let good = |id: &str| format!("{{\"task_id\":\"{id}\",\"query\":\"q\",\"reference_answer\":\"x\"}}\n");
        let text = [&good("a"), "{\n", &good("a"), "\n", "[]\n", &good("b")].concat();
        let message = load(&text).unwrap_err();
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(lines.len(), 4, "{message}");
        assert_eq!(lines[0], "3 lines are no tasks:");
        for (line, (number, part)) in lines[1..].iter().zip([(2, "EOF"), (3, "already used"), (5, "invalid")]) {
            assert!(
                line.contains(&format!("tasks.jsonl:{number}: ")) && line.contains(part),
                "{line}"
            );
        }
        let message = load(&"?\n".repeat(250)).unwrap_err();
        assert_eq!(message.lines().count(), 1 + MOST_LINES + 1);
        assert!(message.ends_with("and 150 more"), "{message}");
    }

    #[test]
    fn a_reserve_is_seen_by_nobody_and_the_ledger_of_the_gate_split_is_no_task_file() {
        let folder = tempfile::tempdir().unwrap();
        let row = |id: &str, query: &str, split: &str| {
            format!("{{\"task_id\":\"{id}\",\"query\":\"{query}\",\"reference_answer\":\"x\",\"split\":\"{split}\"}}\n")
        };
        std::fs::create_dir(folder.path().join("benchmark")).unwrap();
        let rows = row("a", "Later", "train") + &row("b", "later", "reserve") + &row("c", "now", "gate");
        std::fs::write(folder.path().join("benchmark/tasks.jsonl"), rows).unwrap();
        std::fs::write(folder.path().join(holdout_use::FILE), "{\"kind\":\"edit\"}\n").unwrap();
        let benchmark = load_from(folder.path(), NO_ENGINES).unwrap();
        assert!(
            benchmark.split(Split::Train).is_empty(),
            "its query is one of the reserve"
        );
        let redactor = Redactor::default();
        assert!(benchmark.held_out(&redactor).asks("later", &redactor));
        let pin = benchmark.pin();
        assert_eq!((pin.train, pin.gate, pin.test, pin.reserve), (0, 1, 0, 1));
    }

    #[test]
    fn a_subsample_is_drawn_by_seed_and_keeps_order() {
        let rows: String = (0..100)
            .map(|n| format!("{{\"task_id\":\"{n:03}\",\"query\":\"q{n}\",\"reference_answer\":\"x\"}}\n"))
            .collect();
        let tasks = load(&rows).unwrap().tasks;
        let (one, two) = (subsample(tasks.clone(), 10, "s1"), subsample(tasks.clone(), 10, "s2"));
        assert_eq!(one.len(), 10);
        assert_ne!(one, two);
        assert!(one.is_sorted_by_key(|task| task.task_id.clone()));
        assert_eq!(subsample(tasks.clone(), 0, "s1"), tasks);
    }
}
