//! Benchmark of `kaizen watch` on 1,000 finished sessions: its latency after a plan is saved, its idle cost, and its
//! memory growth.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fixture::commit;
use crate::measure::{Outcome, row};
use crate::sessions::{KAIZEN, copy_session, two_hundred};

/// Number of times that a plan is saved.
const SAVES: usize = 20;
/// Longer than the default rescan interval.
const IDLE: Duration = Duration::from_secs(40);
const EVENTS: usize = 10_000;
/// All work counts as done after this time without a line.
const SILENCE: Duration = Duration::from_secs(2);

/// A watcher, and its lines with their times of arrival.
struct Watcher {
    child: Child,
    lines: Receiver<(Instant, Value)>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs all measurements.
pub fn watching() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let root = folder.path().canonicalize()?;
    let newest = two_hundred(&root)?.pop().ok_or("no session")?;
    copy_session(&root, &newest, 199..999)?;
    commit(&root)?;
    let quiet = Duration::from_millis(kaizen::internals::TriggersSection::default().quiet_ms);
    let start = Instant::now();
    let watcher = start_watcher(&root)?;
    row("watch: from its start until it listens", start.elapsed());
    drain(&watcher);
    saves(&root, &newest, &watcher, quiet)?;
    idle(&watcher)?;
    grows(&root, &newest, &watcher)
}

fn start_watcher(root: &Path) -> Outcome<Watcher> {
    let mut command = Command::new(KAIZEN);
    command.arg("-C").arg(root).args(["watch", "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let pipe = child.stdout.take().ok_or("no pipe")?;
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let now = Instant::now();
            let line = serde_json::from_str(&line).unwrap_or_default();
            if sender.send((now, line)).is_err() {
                return;
            }
        }
    });
    let watcher = Watcher { child, lines };
    wait_for(&watcher, "watch_started")?;
    Ok(watcher)
}

/// Waits for an event and returns its time of arrival.
fn wait_for(watcher: &Watcher, event: &str) -> Outcome<Instant> {
    loop {
        let (at, line) = watcher.lines.recv_timeout(Duration::from_secs(60))?;
        if line["event"] == event {
            return Ok(at);
        }
    }
}

/// Waits until no more lines arrive.
fn drain(watcher: &Watcher) {
    while watcher.lines.recv_timeout(SILENCE).is_ok() {}
}

/// Measures the time from saving a plan to the line that a phase started, minus the time without changes that counts as
/// saved.
fn saves(root: &Path, session: &str, watcher: &Watcher, quiet: Duration) -> Outcome<()> {
    let path = root.join("sessions").join(session).join("plan.json");
    let mut plan: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
    let mut times = Vec::new();
    for number in 0..SAVES {
        plan["edits"][0]["rationale"] = format!("reworded, {number}").into();
        let text = serde_json::to_string_pretty(&plan)?;
        fs::write(&path, text)?;
        let saved = Instant::now();
        let started = wait_for(watcher, "phase_started")?;
        times.push((started - saved).saturating_sub(quiet));
        drain(watcher);
    }
    times.sort();
    row(
        "watch: from a saved plan to its phase, beyond quiet_ms",
        times[SAVES / 2],
    );
    row("  the slowest of 20", times[SAVES - 1]);
    Ok(())
}

/// Processor time used so far: user and system time of the process and its children.
fn used(watcher: &Watcher) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", watcher.child.id())).ok()?;
    // The name in parentheses may contain anything. Times are in hundredths of a second on Linux, for any kernel tick.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Duration::from_millis(
        10 * (ticks(11)? + ticks(12)? + ticks(13)? + ticks(14)?),
    ))
}

fn idle(watcher: &Watcher) -> Outcome<()> {
    let Some(before) = used(watcher) else {
        println!("watch: no /proc here; idle time and memory are not measured");
        return Ok(());
    };
    std::thread::sleep(IDLE);
    let time = used(watcher).ok_or("the watcher ended")? - before;
    let percent = 100.0 * time.as_secs_f64() / IDLE.as_secs_f64();
    row("watch: processor time in 40 idle seconds, one rescan", time);
    println!("{:<58} {percent:>8.2} %", "  of one processor");
    Ok(())
}

/// Resident memory in KiB.
fn resident(watcher: &Watcher) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", watcher.child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn grows(root: &Path, session: &str, watcher: &Watcher) -> Outcome<()> {
    let Some(before) = resident(watcher) else {
        return Ok(());
    };
    let (inbox, session) = (root.join("triggers"), root.join("sessions").join(session));
    for number in 0..EVENTS / 2 {
        fs::write(inbox.join(format!("{number}.part")), "no trigger")?;
        fs::write(session.join("notes.txt"), number.to_string())?;
    }
    drain(watcher);
    let after = resident(watcher).ok_or("the watcher ended")?;
    println!("{:<58} {before:>8} KiB", "watch: memory before 10,000 events");
    println!("{:<58} {after:>8} KiB", "  and after");
    Ok(())
}
