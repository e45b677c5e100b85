//! The processes of one attempt, also those that left its process group, by what Linux says in `/proc`.
#![allow(clippy::disallowed_methods)] // edge: the file system, the clock

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long to kill processes that start others.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause between two rounds of killing.
const PAUSE: Duration = Duration::from_millis(2);

/// A process as `/proc/<pid>/stat` describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ProcessStat {
    parent: u32,
    group: u32,
    session: u32,
    /// Clock ticks since boot; with the process id, it identifies a process.
    start: u64,
    /// Memory in pages.
    pages: u64,
    has_ended: bool,
}

/// What the processes of an attempt use together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TreeUsage {
    pub processes: u64,
    pub bytes: u64,
}

/// The processes that descend from one program, run in its folder, or have the folder in their environment.
///
/// A process that has left its parents, group, session and folder and has cleaned its environment is not found; only a pid
/// namespace holds it.
#[derive(Debug)]
pub(super) struct ProcessTree {
    root: u32,
    folder: PathBuf,
    /// An assignment in the environment of the processes.
    mark: Vec<u8>,
    /// Whether a process belongs to the attempt, of all that were looked at.
    known: BTreeMap<(u32, u64), bool>,
}

impl ProcessTree {
    /// The processes of the program with this process id. `mark` is a variable with a value that no other program has.
    pub(super) fn new(root: u32, folder: &Path, mark: (&str, &Path)) -> Self {
        let mut assignment = format!("{}=", mark.0).into_bytes();
        assignment.extend(mark.1.as_os_str().as_encoded_bytes());
        Self {
            root,
            folder: folder.to_owned(),
            mark: assignment,
            known: BTreeMap::new(),
        }
    }

    /// Looks for new processes, and returns what those that run use.
    pub(super) fn usage(&mut self) -> TreeUsage {
        let mut usage = TreeUsage::default();
        for (_, stat) in self.running() {
            usage.processes += 1;
            usage.bytes += stat.pages * rustix::param::page_size() as u64;
        }
        usage
    }

    /// Kills all processes, until none runs. Returns whether none is left.
    pub(super) fn kill_all(&mut self) -> bool {
        let begun = Instant::now();
        loop {
            let running = self.running();
            if running.is_empty() {
                return true;
            }
            if begun.elapsed() > PATIENCE {
                return false;
            }
            running.iter().for_each(|(number, _)| kill(*number));
            std::thread::sleep(PAUSE);
        }
    }

    /// The processes that have not ended.
    fn running(&mut self) -> Vec<(u32, ProcessStat)> {
        let own = std::process::id();
        let all: BTreeMap<u32, ProcessStat> = processes().filter(|(number, _)| *number != own).collect();
        self.known
            .retain(|(number, start), _| all.get(number).is_some_and(|stat| stat.start == *start));
        // What began earlier is no part of the attempt, and its environment need not be read.
        let begun = all.get(&self.root).map_or(0, |root| root.start);
        let all: BTreeMap<u32, ProcessStat> = all.into_iter().filter(|(_, stat)| stat.start >= begun).collect();
        // A child may have a smaller number than its parent.
        while self.learn(&all) {}
        all.into_iter()
            .filter(|(number, stat)| !stat.has_ended && self.known.get(&(*number, stat.start)) == Some(&true))
            .collect()
    }

    /// Decides which processes belong to the attempt. Returns whether one was added.
    fn learn(&mut self, all: &BTreeMap<u32, ProcessStat>) -> bool {
        let mut has_new = false;
        for (number, stat) in all {
            let key = (*number, stat.start);
            if self.known.get(&key) == Some(&true) {
                continue;
            }
            let is_child = all
                .get(&stat.parent)
                .is_some_and(|parent| self.known.get(&(stat.parent, parent.start)) == Some(&true));
            let is_kin = is_child || [*number, stat.group, stat.session].contains(&self.root);
            // The environment and the folder of a process that does not belong are read each time, because `exec` changes them.
            let is_own = is_kin || self.is_marked(*number);
            self.known.insert(key, is_own);
            has_new |= is_own;
        }
        has_new
    }

    fn is_marked(&self, number: u32) -> bool {
        let place = PathBuf::from(format!("/proc/{number}"));
        let is_inside = fs::read_link(place.join("cwd")).is_ok_and(|folder| folder.starts_with(&self.folder));
        is_inside
            || fs::read(place.join("environ"))
                .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|one| one == self.mark))
    }
}

/// All processes of this machine.
fn processes() -> impl Iterator<Item = (u32, ProcessStat)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        let text = fs::read(entry.path().join("stat")).ok()?;
        Some((number, parsed(&String::from_utf8_lossy(&text))?))
    })
}

/// Reads a line of `/proc/<pid>/stat`. The name of the program, in parentheses, may contain anything.
fn parsed(text: &str) -> Option<ProcessStat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let id = |at: usize| u32::try_from(number(at)?).ok();
    Some(ProcessStat {
        has_ended: matches!(*fields.first()?, "Z" | "X" | "x"),
        parent: id(1)?,
        group: id(2)?,
        session: id(3)?,
        start: number(19)?,
        pages: number(21)?,
    })
}

fn kill(number: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    let process = i32::try_from(number).ok().and_then(Pid::from_raw);
    // Fails only if the process has ended.
    let _ = process.map(|process| kill_process(process, Signal::KILL));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_no_field() {
        let text = "12 (a ) Z 9) S 1 2 3 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 777 1000 42 1";
        let read = parsed(text).unwrap();
        let ProcessStat {
            parent,
            group,
            session,
            start,
            pages,
            has_ended,
        } = read;
        assert_eq!(
            (parent, group, session, start, pages, has_ended),
            (1, 2, 3, 777, 42, false)
        );
        assert!(
            parsed("1 (x) Z 1 2 3 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 7 0 0")
                .unwrap()
                .has_ended
        );
        assert_eq!(parsed("1 (x"), None);
    }
}
