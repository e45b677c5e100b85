//! Tries faults of a command, one at a time, and checks that the same commands without a fault lead to the same state.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::strace::{self, Call, FAULTS, Fault, Pair, Traced};
use crate::interleavings::random::Random;
use crate::space::{Said, Space};

/// The number of faults of each command in a plain run.
const FEW: usize = 2;
/// The number of faults of each command in a full run, which takes half an hour in all.
const MOST: usize = 600;
/// How long a watcher may say nothing before it is stopped.
const QUIET: Duration = Duration::from_secs(5);

/// Commands in a workspace.
pub struct Sweep {
    before: Space,
    /// The command that has the fault.
    first: Vec<&'static str>,
    /// The commands that run after it, without a fault. Alone, they lead to the same state.
    then: Vec<Vec<&'static str>>,
}

/// One fault at one call.
struct Point {
    process: Traced,
    call: Call,
    fault: Fault,
}

impl Sweep {
    /// A sweep over a command that is repeated after the fault, with commands that follow.
    pub fn new(before: Space, first: &[&'static str], then: &[&[&'static str]]) -> Self {
        Self {
            before,
            first: first.to_vec(),
            then: then.iter().map(|command| command.to_vec()).collect(),
        }
    }

    fn finished(&self, command: Command) -> Said {
        match self.first[0] {
            "watch" => watched(command),
            _ => Said::of({ command }.output().unwrap()),
        }
    }

    /// Every pair of a call and a file with every fault, at one of its occurrences, in a seeded order.
    fn points(&self, random: &mut Random) -> (usize, Vec<Point>) {
        let mut pairs = BTreeMap::<Pair, Vec<(Traced, Call)>>::new();
        let mut todo = vec![Traced::Kaizen, Traced::Git(0, String::new())];
        while let Some(process) = todo.pop() {
            let space = self.before.copy();
            let said = self.finished(strace::recorded(&space, &process, &self.first));
            assert!(matches!(said.code, Some(0 | 3)), "{}", said.err);
            match process {
                Traced::Git(0, _) => todo.extend(strace::git_processes(&space)),
                _ => {
                    for call in strace::calls(&space, &process) {
                        let found = pairs.entry(call.pair.clone()).or_default();
                        found.push((process.clone(), call));
                    }
                }
            }
        }
        let mut points = Vec::new();
        for found in pairs.values() {
            for fault in FAULTS {
                let (process, call) = found[random.below(found.len())].clone();
                points.push(Point { process, call, fault });
            }
        }
        // git takes a file of the work tree that it cannot examine for a deleted one.
        points.retain(|point| {
            let is_gits = point.call.pair.file.contains("/.git/");
            point.process == Traced::Kaizen || point.fault == Fault::Kill || is_gits
        });
        // strace leaves open what it does not close, and Linux never does: whoever reads from the pipe would wait for ever.
        points.retain(|point| {
            let Pair { call, file, .. } = &point.call.pair;
            point.fault == Fault::Kill || call != "close" || file != "a pipe"
        });
        if let Ok(only) = std::env::var("KAIZEN_FAULT") {
            points.retain(|point| format!("{:?} {}", point.fault, point.call.pair.program).contains(&only));
        }
        for last in (1..points.len()).rev() {
            points.swap(last, random.below(last + 1));
        }
        (pairs.len(), points)
    }

    /// Runs the commands without a fault; returns what went wrong.
    fn converge(&self, space: &Space, end: Option<&BTreeMap<String, String>>) -> Result<(), String> {
        for command in &self.then {
            let said = space.kaizen(command);
            if !matches!(said.code, Some(0 | 3)) {
                return Err(format!("then {command:?} exits with {:?}: {}", said.code, said.err));
            }
        }
        let said = space.kaizen(&["verify"]);
        if said.code != Some(0) {
            return Err(format!("then verify: {}{}", said.out, said.err));
        }
        let check = space.command("git", &["fsck", "--no-dangling", "--no-progress"]);
        let said = Said::of({ check }.output().unwrap());
        if said.code != Some(0) {
            return Err(format!("then git fsck: {}{}", said.out, said.err));
        }
        let Some(end) = end else { return Ok(()) };
        let state = space.state();
        let names: BTreeSet<_> = end.keys().chain(state.keys()).collect();
        // From the end, as in `Space::ends_as`.
        let differs = names.into_iter().rev().find(|name| end.get(*name) != state.get(*name));
        match differs {
            Some(name) => Err(format!("{name} ends as {:?}, not {:?}", state.get(name), end.get(name))),
            None => Ok(()),
        }
    }

    /// Tries one fault; returns whether it happened at its pair.
    fn attempt(&self, point: &Point, end: &BTreeMap<String, String>) -> Result<bool, String> {
        let space = self.before.copy();
        let Point { process, call, fault } = point;
        let said = self.finished(strace::faulty(&space, process, call, *fault, &self.first));
        let hit = strace::hit(&space, process);
        let is_sound = match said.code {
            Some(code) => (0..=4).contains(&code),
            None => *fault == Fault::Kill,
        };
        if !is_sound || said.err.contains("panicked") {
            return Err(format!("exits with {:?}: {}{}", said.code, said.out, said.err));
        }
        let is_error = |line: &&str| line.starts_with("error: ") || line.starts_with("hint: ");
        let said_why: Vec<&str> = said.err.lines().filter(is_error).collect();
        if std::env::var_os("KAIZEN_FAULTS").is_some() {
            eprintln!("{fault:?} at {hit:?}: {:?} {}", said.code, said_why.join(" | "));
        }
        self.converge(&space, Some(end))?;
        Ok(hit.as_ref() == Some(&call.pair))
    }

    /// Tries a number of faults, or all of them.
    pub fn play(&self) {
        let name = self.first.join(" ");
        if !strace::works() {
            eprintln!("faults of {name}: skipped, because strace is not installed or may not trace");
            return;
        }
        let seed = std::env::var("KAIZEN_SEED").map_or(0, |seed| seed.parse().unwrap());
        let is_full = std::env::var_os("KAIZEN_FULL").is_some();
        let undisturbed = self.before.copy();
        self.converge(&undisturbed, None).unwrap();
        let end = undisturbed.state();
        let (pairs, mut points) = self.points(&mut Random::new(seed));
        let all = points.len();
        points.truncate(if is_full { MOST } else { FEW });
        let (next, at_pair, broken) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            while let Some(point) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                match self.attempt(point, &end) {
                    Ok(is_there) => drop(at_pair.fetch_add(usize::from(is_there), Ordering::SeqCst)),
                    Err(problem) => {
                        let Pair { program, call, file } = &point.call.pair;
                        let problem = format!("{:?} at {call} of {file} in {program}: {problem}", point.fault);
                        eprintln!("BROKEN {problem}");
                        broken.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(work);
            }
        });
        let (tried, at_pair, broken) = (points.len(), at_pair.into_inner(), broken.into_inner().unwrap());
        eprintln!("faults of {name}: {pairs} pairs, {tried} of {all} faults tried, {at_pair} exactly at their pair");
        assert!(
            broken.is_empty(),
            "KAIZEN_SEED={seed}: {} of {tried}:\n{}",
            broken.len(),
            broken.join("\n")
        );
    }
}

/// Runs a watcher until it has settled a session or failed, then ends it.
fn watched(mut command: Command) -> Said {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = lines(child.stdout.take().unwrap());
    let mut stderr = child.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        text
    });
    let (mut process, mut out) = (None, String::new());
    while let Ok(event) = lines.recv_timeout(QUIET) {
        out += &format!("{event}\n");
        process = process.or(event["process"].as_u64());
        let ends = ["session_settled", "session_failed"];
        if ends.iter().any(|name| event["event"] == *name) {
            break;
        }
    }
    if let Some(pid) = process {
        signal("TERM", &pid.to_string());
    }
    let deadline = Instant::now() + QUIET;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() >= deadline {
            // strace would leave its program running.
            let children = format!("/proc/{0}/task/{0}/children", child.id());
            let children = std::fs::read_to_string(children).unwrap_or_default();
            children.split_whitespace().for_each(|pid| signal("KILL", pid));
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    Said {
        code: status.code(),
        out,
        err: errors.join().unwrap(),
    }
}

fn signal(name: &str, pid: &str) {
    Command::new("kill").args(["-s", name, pid]).status().unwrap();
}

fn lines(output: impl Read + Send + 'static) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(serde_json::from_str(&line).unwrap_or_default());
        }
    });
    receiver
}
