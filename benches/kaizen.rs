//! What kaizen itself costs: status, no-op runs, a session without a model, hashing, trace search, evaluation.
//!
//! `cargo bench` runs everything, `cargo bench -- search` what has `search` in its name. Medians of five, plain clock.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kaizen::artifact::edit::Edit;
use kaizen::artifact::evaluation::Attempt;
use kaizen::artifact::task::Task;
use kaizen::digest::Digest;
use kaizen::engine::memo::DiskMemo;
use kaizen::engine::nearest::Nearest;
use kaizen::engine::trace_store;
use kaizen::evaluate::{Evaluator, evaluate};
use kaizen::harness::Harness;
use kaizen::manifest::layout::Layout;
use kaizen::pipeline::advance::{Asked, advance};
use kaizen::pipeline::workspace::Workspace;
use kaizen::port::{Briefing, Diagnosed, Forgetful, Memo, Planned, Prepared, Student, Teacher};
use kaizen::{score, session, starter};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

const RUNS: usize = 5;
const KAIZEN: &str = env!("CARGO_BIN_EXE_kaizen");
/// In the environment of a child: the real git, and where to note how long it took.
const REAL_GIT: &str = "KAIZEN_BENCH_GIT";
const GIT_LOG: &str = "KAIZEN_BENCH_LOG";
/// First argument of a child that holds one session.
const ONE_SESSION: &str = "one-session";

/// One measurement.
type Part = fn() -> Outcome<()>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let name = Path::new(&arguments[0]).file_name();
    if name == Some(OsStr::new("git")) {
        return timed_git();
    }
    if arguments.get(1).is_some_and(|first| first == ONE_SESSION) {
        return one_session(Path::new(&arguments[2]));
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("run `cargo bench`");
        return Ok(());
    }
    let wanted: Vec<&String> = arguments[1..].iter().filter(|name| !name.starts_with('-')).collect();
    let all: [(&str, Part); 5] = [
        ("sessions", sessions),
        ("fifty edits", fifty_edits),
        ("hashing", hashing),
        ("search", search),
        ("evaluation", evaluation),
    ];
    println!("{:<58} {:>11}", "median of 5", "time");
    for (name, bench) in all {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            bench()?;
        }
    }
    Ok(())
}

/// The median of five runs.
fn median(mut run: impl FnMut() -> Outcome<Duration>) -> Outcome<Duration> {
    let mut times = (0..RUNS).map(|_| run()).collect::<Outcome<Vec<_>>>()?;
    times.sort();
    Ok(times[RUNS / 2])
}

fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn row(what: &str, time: Duration) {
    println!("{what:<58} {:>8.1} ms", time.as_secs_f64() * 1e3);
}

// Sessions.

/// Status of 1,000 finished sessions, and runs that find nothing to do.
fn sessions() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    make_workspace(root)?;
    let mut workspace = Workspace::open(root)?;
    // Edits that gain nothing: a settled session whose copies need no commits of their own.
    workspace.teacher = Box::new(Fixed(5));
    workspace.student = Box::new(Instantly { learns: false });
    let finished = advance(&workspace, &Asked::default(), &|_| {})?.session;
    let mut copies = copy_session(root, &finished.relative(), 0..199)?;
    copies.push(finished.id.clone());
    let noop = |id: &String| -> Outcome<()> {
        let asked = Asked {
            session: Some(id.clone()),
            ..Asked::default()
        };
        let ended = advance(&workspace, &asked, &|_| {})?;
        (!ended.changed)
            .then_some(())
            .ok_or_else(|| format!("{id} was not settled").into())
    };
    commit(root)?;
    // Once: the row is long, and each of its runs is the same.
    let mut each = copies
        .iter()
        .map(|id| timed(|| noop(id)))
        .collect::<Outcome<Vec<_>>>()?;
    row(
        "no-op run of each of 200 finished sessions (1,200 phases)",
        each.iter().sum(),
    );
    each.sort();
    row("  of that one run, the median", each[each.len() / 2]);
    copy_session(root, &finished.relative(), 199..999)?;
    commit(root)?;
    row("list 1,000 sessions", median(|| timed(|| listed(root)))?);
    match median(|| command(root, &["status"])) {
        Ok(time) => row("`kaizen status` on 1,000 finished sessions", time),
        Err(error) => println!("`kaizen status`: {error}"),
    }
    Ok(())
}

fn listed(root: &Path) -> Outcome<()> {
    let count = session::all(root)?.len();
    (count == 1000)
        .then_some(())
        .ok_or_else(|| format!("{count} sessions").into())
}

fn command(root: &Path, arguments: &[&str]) -> Outcome<Duration> {
    timed(|| {
        let output = Command::new(KAIZEN).arg("-C").arg(root).args(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        output.status.success().then_some(()).ok_or_else(|| said.into())
    })
}

/// Copies a session's files under older names, so that the original stays the newest.
fn copy_session(root: &Path, session: &str, numbers: std::ops::Range<usize>) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for number in numbers {
        let name = format!("session-20200101T000000_{number:08x}");
        for entry in walkdir::WalkDir::new(root.join(session)) {
            let entry = entry?;
            let to = root
                .join("sessions")
                .join(&name)
                .join(entry.path().strip_prefix(root.join(session))?);
            match entry.file_type().is_dir() {
                true => fs::create_dir_all(to)?,
                false => fs::copy(entry.path(), to).map(|_| ())?,
            }
        }
        names.push(name);
    }
    Ok(names)
}

/// A session of 50 edits that are all kept. git is timed by standing in its place.
fn fifty_edits() -> Outcome<()> {
    let mut times = (0..RUNS).map(|_| fifty_edits_once()).collect::<Outcome<Vec<_>>>()?;
    times.sort();
    let (total, git, calls) = times[RUNS / 2];
    row("a session of 50 kept edits, 100 gate tasks, instant student", total);
    row(&format!("  of that in {calls} git processes"), git);
    row("  of that in kaizen", total.saturating_sub(git));
    Ok(())
}

fn fifty_edits_once() -> Outcome<(Duration, Duration, usize)> {
    let folder = tempfile::tempdir()?;
    let (root, tools) = (folder.path().join("home"), folder.path().join("tools"));
    fs::create_dir_all(&root)?;
    fs::create_dir_all(&tools)?;
    make_workspace(&root)?;
    let own = std::env::current_exe()?;
    std::os::unix::fs::symlink(&own, tools.join("git"))?;
    let log = folder.path().join("git.log");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::join_paths(std::iter::once(tools).chain(std::env::split_paths(&path)))?;
    let mut child = Command::new(&own);
    child.arg(ONE_SESSION).arg(&root).env("PATH", all).env(GIT_LOG, &log);
    let output = child
        .env(REAL_GIT, real_git(&path)?)
        .stderr(Stdio::inherit())
        .output()?;
    let total: u64 = String::from_utf8_lossy(&output.stdout).trim().parse()?;
    let noted = fs::read_to_string(&log)?;
    let calls = noted.lines().map(str::parse::<u64>).collect::<Result<Vec<_>, _>>()?;
    let git = Duration::from_micros(calls.iter().sum());
    Ok((Duration::from_micros(total), git, calls.len()))
}

fn real_git(path: &OsStr) -> Outcome<PathBuf> {
    let all = std::env::split_paths(path).map(|folder| folder.join("git"));
    all.into_iter()
        .find(|git| git.is_file())
        .ok_or_else(|| "git is not installed".into())
}

/// The child: holds the session and prints microseconds.
fn one_session(root: &Path) -> Outcome<()> {
    let mut workspace = Workspace::open(root)?;
    workspace.teacher = Box::new(Fixed(50));
    workspace.student = Box::new(Instantly { learns: true });
    let start = Instant::now();
    let ended = advance(&workspace, &Asked::default(), &|_| {})?;
    let time = start.elapsed();
    let kept = ended
        .record
        .edit_outcomes
        .iter()
        .filter(|outcome| outcome.commit.is_some());
    match kept.count() {
        50 => println!("{}", time.as_micros()),
        other => return Err(format!("{other} edits were kept").into()),
    }
    Ok(())
}

/// In git's place: runs it and notes its time.
fn timed_git() -> Outcome<()> {
    let variable = |name| std::env::var_os(name).ok_or("only kaizen's benchmark calls this");
    let start = Instant::now();
    let status = Command::new(variable(REAL_GIT)?)
        .args(std::env::args_os().skip(1))
        .status()?;
    let took = format!("{}\n", start.elapsed().as_micros());
    let mut log = OpenOptions::new().create(true).append(true).open(variable(GIT_LOG)?)?;
    log.write_all(took.as_bytes())?;
    std::process::exit(status.code().unwrap_or(1));
}

/// A git repository with a starter agent, 100 gate tasks, 10 train tasks and 25 traces.
fn make_workspace(root: &Path) -> Outcome<()> {
    for (path, bytes) in starter::harness(&["yes".into(), "no".into()], "intent").files() {
        write(&root.join(path), bytes)?;
    }
    let gate = (0..100).map(|at| {
        json!({"task_id": format!("gate-{at}"), "query": format!("gate {at}"),
        "reference_answer": "yes", "split": "gate"})
    });
    let train = (0..10).map(|at| {
        json!({"task_id": format!("train-{at}"), "query": format!("train {at}"),
        "reference_answer": "yes", "split": "train"})
    });
    write(&root.join("benchmark/tasks.jsonl"), lines(gate.chain(train)).as_bytes())?;
    let traces = (0..25).map(|at| json!({"trace_id": format!("t{at}"), "query": format!("trace {at}")}));
    write(&root.join("traces/traces.jsonl"), lines(traces).as_bytes())?;
    let manifest = "version = 1\n[ledger]\nauthor = \"bench <bench@example.org>\"\nhooks = false\n";
    write(&root.join("kaizen.toml"), manifest.as_bytes())?;
    git(root, &["init", "--quiet"])?;
    commit(root)
}

fn commit(root: &Path) -> Outcome<()> {
    git(root, &["add", "."])?;
    let who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"];
    git(root, &[&who[..], &["commit", "--quiet", "--message", "start"]].concat())
}

fn git(root: &Path, arguments: &[&str]) -> Outcome<()> {
    let status = Command::new("git").arg("-C").arg(root).args(arguments).status()?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| format!("git {arguments:?}: {status}").into())
}

fn lines(rows: impl Iterator<Item = serde_json::Value>) -> String {
    rows.map(|row| format!("{row}\n")).collect()
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    path.parent().map(fs::create_dir_all).transpose()?;
    Ok(fs::write(path, bytes)?)
}

/// A teacher that proposes so many parameters, each a small gain for [`Instantly`].
struct Fixed(usize);

impl Teacher for Fixed {
    fn identity(&self) -> serde_json::Value {
        json!({"engine": "fixed", "edits": self.0})
    }

    fn diagnose(&self, _: &Briefing) -> Result<Diagnosed, String> {
        let cluster = json!({"id": "c1", "description": "all", "sample_trace_ids": ["t1"],
            "student_failure_rate": 1.0, "teacher_success_rate": 1.0, "skill_gap": "none"});
        Ok(Diagnosed {
            narrative: "It fails.".into(),
            clusters: vec![serde_json::from_value(cluster).map_err(|error| error.to_string())?],
            ..Diagnosed::default()
        })
    }

    fn plan(&self, _: &Briefing, _: &[kaizen::artifact::cluster::FailureCluster]) -> Result<Planned, String> {
        let edit = |at: usize| {
            serde_json::from_value::<Edit>(json!({
                "id": format!("e{at}"), "pillar": "agent", "op": "set_agent_param",
                "target": format!("agents.intent.p{at}"), "rationale": "It gains.", "expected_improvement": "c1",
                "payload": {"agent": "intent", "param": format!("p{at}"), "value": at},
                "risk_tier": "auto"
            }))
        };
        let edits = (0..self.0)
            .map(edit)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        Ok(Planned {
            edits,
            ..Planned::default()
        })
    }
}

/// A student that takes no time: one more gate task is right for every parameter that [`Fixed`] set.
struct Instantly {
    learns: bool,
}

struct Knows(usize);

impl Student for Instantly {
    fn identity(&self) -> serde_json::Value {
        json!({"engine": "instantly", "learns": self.learns})
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn Prepared> {
        let config = harness.text("config.toml").unwrap_or_default().to_owned();
        let is_ours = |line: &&str| line.starts_with('p') && line[1..].starts_with(|c: char| c.is_ascii_digit());
        let learnt = config.lines().filter(is_ours).count();
        Box::new(Knows(if self.learns { learnt } else { 0 }))
    }
}

impl Prepared for Knows {
    fn footprint(&self, _: &Task) -> Digest {
        Digest::of_value(&self.0)
    }

    fn attempt(&self, task: &Task, _: u64) -> Attempt {
        let number = task.task_id.rsplit('-').next().and_then(|number| number.parse().ok());
        let right = number.is_some_and(|number: usize| number < self.0);
        answered(if right { "yes" } else { "no" })
    }
}

fn answered(answer: &str) -> Attempt {
    Attempt::Answered {
        answer: answer.to_owned(),
        model: None,
        tool: None,
    }
}

// Hashing.

fn hashing() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let large = folder.path().join("large");
    write(&large, &vec![7; 256 << 20])?;
    let whole = || -> Outcome<()> { Ok(Digest::of_reader(File::open(&large)?).map(|_| ())?) };
    row("hash one file of 256 MB", median(|| timed(whole))?);
    let small: Vec<PathBuf> = (0..2000).map(|at| folder.path().join(format!("{at}"))).collect();
    small.iter().try_for_each(|path| write(path, &[7; 2048]))?;
    let each = || {
        small
            .iter()
            .try_for_each(|path| -> Outcome<()> { Ok(Digest::of_reader(File::open(path)?).map(|_| ())?) })
    };
    row("hash 2,000 files of 2 kB", median(|| timed(each))?);
    Ok(())
}

// Traces.

fn search() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    let trace = |at: usize| {
        json!({"trace_id": format!("t{at}"), "query": sentence(at, 12), "agent": "intent",
        "result": sentence(at + 1_000_000, 20), "outcome": "success", "started_at": 1_700_000_000 + at})
    };
    write(
        &root.join("traces/traces.jsonl"),
        lines((0..100_000).map(trace)).as_bytes(),
    )?;
    let patterns = ["traces/*.jsonl".to_owned()];
    let mut number = 0;
    let index = median(|| {
        number += 1;
        let cache = root.join(format!("cache-{number}"));
        timed(|| {
            Ok(trace_store::open(root, &patterns, &cache)?
                .search("word7", 10)
                .map(|_| ())?)
        })
    })?;
    row("100,000 traces: first search, with its index", index);
    let cache = root.join("cache-1");
    let store = trace_store::open(root, &patterns, &cache)?;
    for (what, terms) in [("a frequent word", "word7"), ("two words", "word7 word501")] {
        let found = || -> Outcome<()> {
            let found = store.search(terms, 10)?;
            (found.len() == 10)
                .then_some(())
                .ok_or_else(|| format!("{} found", found.len()).into())
        };
        row(&format!("100,000 traces: search for {what}"), median(|| timed(found))?);
    }
    row(
        "100,000 traces: count and digest of all",
        median(|| timed(|| Ok(store.pin().map(|_| ())?)))?,
    );
    Ok(())
}

/// Words drawn by a number; low words are more frequent.
fn sentence(seed: usize, length: usize) -> String {
    let word = |at: usize| {
        let drawn = Digest::of_value(&(seed, at)).seed();
        format!("word{}", (drawn % 1000) * (drawn / 1000 % 1000) / 1000)
    };
    (0..length).map(word).collect::<Vec<_>>().join(" ")
}

// Evaluation.

/// 5,000 tasks of 150 labels, answered by `nearest` from 1,500 examples.
fn evaluation() -> Outcome<()> {
    let labels: Vec<String> = (0..150).map(|at| format!("label_{at}")).collect();
    let query = |at: usize| format!("{} topic{} {}", sentence(at, 4), at % 150, sentence(at + 7, 4));
    let examples: Vec<_> = (0..1500)
        .map(|at| json!({"input": query(at), "output": labels[at % 150]}))
        .collect();
    let harness =
        starter::harness(&labels, "intent").with("agents/intent/few_shot.json", serde_json::to_string(&examples)?);
    let task = |at: usize| {
        serde_json::from_value(
            json!({"task_id": format!("task-{at}"), "query": query(at + 10_000 * 150),
        "reference_answer": labels[at % 150], "split": "gate"}),
        )
    };
    let tasks = (0..5000).map(task).collect::<Result<Vec<Task>, _>>()?;
    let all: Vec<&Task> = tasks.iter().collect();
    let student = Nearest::new(Layout::default());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let run = |memo: &dyn Memo| {
        let score = |task: &Task, answer: &str| score::score(task, answer).map_err(|error| error.to_string());
        let evaluator = Evaluator {
            student: &student,
            memo,
            score: &score,
            seed: 0,
            concurrency: cores,
            progress: &|_, _| {},
        };
        evaluate(&evaluator, &harness, &all).overall_score
    };
    let mut overall = 0.0;
    let new = median(|| {
        timed(|| {
            overall = run(&Forgetful);
            Ok(())
        })
    })?;
    row(
        &format!("evaluate 5,000 tasks, 1,500 examples, {cores} threads (score {overall:.2})"),
        new,
    );
    let folder = tempfile::tempdir()?;
    let memo = DiskMemo::open(&folder.path().join("memo.db"))?;
    run(&memo);
    let again = median(|| {
        timed(|| {
            run(&memo);
            Ok(())
        })
    })?;
    row("the same again, all remembered", again);
    Ok(())
}
