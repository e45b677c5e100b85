//! Limits of one attempt of a program: on output, memory, processes and disk. The processes are watched rather than
//! limited by the kernel: a limit on address space would stop programs that reserve much and use little, and one on
//! processes counts all of the user's.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use walkdir::WalkDir;

#[cfg(target_os = "linux")]
use super::process_tree::ProcessTree;

/// Interval between the first two measurements of processes; it doubles up to that between two of the disk.
const FIRST_INTERVAL: Duration = Duration::from_millis(25);
const DISK_INTERVAL: Duration = Duration::from_millis(200);

/// The limits of an attempt that runs in a folder of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds<'a> {
    /// The folder, which only this attempt uses.
    pub folder: &'a Path,
    /// The variable whose value is the folder in the environment of the attempt.
    pub variable: &'a str,
    /// Maximum bytes on each output.
    pub output: usize,
    /// Maximum bytes of memory of all processes.
    pub memory: u64,
    /// Maximum number of processes.
    pub processes: u64,
    /// Maximum bytes of the folder.
    pub disk: u64,
}

/// Watches the processes and the folder of an attempt.
pub(super) struct BoundsWatch<'a> {
    bounds: Bounds<'a>,
    #[cfg(target_os = "linux")]
    tree: ProcessTree,
    next_processes: Instant,
    interval: Duration,
    next_disk: Instant,
}

impl<'a> BoundsWatch<'a> {
    pub(super) fn new(bounds: Bounds<'a>, child: &Child, now: Instant) -> Self {
        limit_files(child, bounds.disk);
        Self {
            bounds,
            #[cfg(target_os = "linux")]
            tree: ProcessTree::new(child.id(), bounds.folder, (bounds.variable, bounds.folder)),
            next_processes: now,
            interval: FIRST_INTERVAL,
            next_disk: now,
        }
    }

    /// What exceeds its limit now, in words.
    pub(super) fn excess(&mut self, now: Instant) -> Option<String> {
        if now >= self.next_processes {
            self.next_processes = now + self.interval;
            self.interval = (2 * self.interval).min(DISK_INTERVAL);
            if let Some(excess) = self.processes_excess() {
                return Some(excess);
            }
        }
        if now >= self.next_disk {
            // A large folder takes long to measure.
            let excess = self.disk_excess();
            self.next_disk = now + DISK_INTERVAL;
            return excess;
        }
        None
    }

    #[cfg(target_os = "linux")]
    fn processes_excess(&mut self) -> Option<String> {
        let usage = self.tree.usage();
        if usage.processes > self.bounds.processes {
            let limit = self.bounds.processes;
            return Some(format!("started more than {limit} processes (max_processes)"));
        }
        (usage.bytes > self.bounds.memory).then(|| {
            let limit = self.bounds.memory >> 20;
            format!("used more than {limit} MiB of memory (max_memory_mib)")
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn processes_excess(&mut self) -> Option<String> {
        None
    }

    /// Whether the folder is too large.
    pub(super) fn disk_excess(&self) -> Option<String> {
        (size_up_to(self.bounds.folder, self.bounds.disk) > self.bounds.disk).then(|| {
            let limit = self.bounds.disk >> 20;
            format!("wrote more than {limit} MiB into its sandbox (max_disk_mib)")
        })
    }

    /// Ends every process of the attempt. Returns whether none is left.
    pub(super) fn end(&mut self) -> bool {
        #[cfg(target_os = "linux")]
        return self.tree.kill_all();
        #[cfg(not(target_os = "linux"))]
        true
    }
}

/// The bytes that a folder takes on the disk, counted up to a limit. Links are not followed.
fn size_up_to(folder: &Path, limit: u64) -> u64 {
    let mut size = 0;
    for entry in WalkDir::new(folder).into_iter().flatten() {
        size += entry.metadata().map_or(0, |facts| bytes_of(&facts));
        if size > limit {
            break;
        }
    }
    size
}

/// The bytes on the disk; a sparse file takes fewer than its length.
#[cfg(unix)]
fn bytes_of(facts: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(facts) * 512
}

#[cfg(not(unix))]
fn bytes_of(facts: &std::fs::Metadata) -> u64 {
    facts.len()
}

/// Limits the size of a single file, which could fill the disk between two measurements. The processes that the program
/// starts inherit the limit.
#[cfg(target_os = "linux")]
fn limit_files(child: &Child, bytes: u64) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let limit = |bytes| Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    for (resource, bytes) in [(Resource::Fsize, bytes), (Resource::Core, 0)] {
        // Fails if the program has ended already, or may not have so much anyway.
        let _ = prlimit(Some(Pid::from_child(child)), resource, limit(bytes));
    }
}

#[cfg(not(target_os = "linux"))]
fn limit_files(_: &Child, _: u64) {}
