//! Reads what a git process did from its own trace: the hooks and other programs that it started, and whether it ended.
#![allow(clippy::disallowed_methods)] // edge: the trace of a process

use std::path::Path;

use serde::Deserialize;

/// The hooks that can refuse a commit.
const REFUSING: [&str; 5] = [
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "reference-transaction",
];

/// One event of a trace that git writes with `GIT_TRACE2_EVENT`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TraceEvent {
    event: String,
    sid: String,
    child_id: i64,
    child_class: String,
    hook_name: String,
    argv: Vec<String>,
    code: i64,
}

/// A program that git started.
#[derive(Debug)]
struct TracedChild {
    id: i64,
    name: String,
    is_hook: bool,
    /// The exit code, once it has ended.
    code: Option<i64>,
}

/// What a git process did, according to its trace.
#[derive(Debug, Default)]
pub(super) struct WriteTrace {
    /// The process id of git; `None` if it did not begin.
    process: Option<u32>,
    /// Whether it ended and removed its lock files.
    has_ended: bool,
    children: Vec<TracedChild>,
}

impl WriteTrace {
    /// Reads a trace; a missing or broken one is empty.
    pub(super) fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(path).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let mut trace = Self::default();
        let events = text
            .lines()
            .filter_map(|line| serde_json::from_str::<TraceEvent>(line).ok());
        // The git processes that hooks start write into the same file, with longer names.
        for event in events.filter(|event| !event.sid.is_empty() && !event.sid.contains('/')) {
            trace.process = trace.process.or_else(|| process(&event.sid));
            match event.event.as_str() {
                "atexit" => trace.has_ended = true,
                "child_start" => trace.children.push(child(event)),
                "child_exit" => trace.end(&event),
                _ => {}
            }
        }
        trace
    }

    fn end(&mut self, event: &TraceEvent) {
        let ended = self.children.iter_mut().find(|child| child.id == event.child_id);
        if let Some(child) = ended {
            child.code = Some(event.code);
        }
    }

    /// Whether a hook ran.
    pub(super) fn ran_hook(&self) -> bool {
        self.children.iter().any(|child| child.is_hook)
    }

    /// The hook that refused a commit.
    pub(super) fn refusing_hook(&self) -> Option<&str> {
        let can_refuse = |child: &TracedChild| child.is_hook && REFUSING.contains(&child.name.as_str());
        let failed = |child: &&TracedChild| can_refuse(child) && child.code.is_some_and(|code| code != 0);
        self.children.iter().rev().find(failed).map(|child| child.name.as_str())
    }

    /// What git waits for: a hook, or a program that signs the commit.
    pub(super) fn waits_for(&self) -> Option<String> {
        let child = self.children.iter().rev().find(|child| child.code.is_none())?;
        Some(match child.is_hook {
            true => format!("the {} hook", child.name),
            false => format!("`{}`", child.name),
        })
    }

    /// The process id of git, if it began.
    pub(super) fn process(&self) -> Option<u32> {
        self.process
    }

    /// The process id of a git that began and was killed, or is still running.
    pub(super) fn unfinished_process(&self) -> Option<u32> {
        self.process.filter(|_| !self.has_ended)
    }
}

fn child(event: TraceEvent) -> TracedChild {
    let program = event.argv.first().map(String::as_str).unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default().to_owned();
    let is_hook = event.child_class == "hook";
    TracedChild {
        id: event.child_id,
        name: if is_hook { event.hook_name } else { program },
        is_hook,
        code: None,
    }
}

/// The process id at the end of a session name: `20260101T000000.123456Z-H…-P0000002a`.
fn process(sid: &str) -> Option<u32> {
    u32::from_str_radix(sid.rsplit_once("-P")?.1, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "20260101T000000.123456Z-H0a1b-P0000002a";

    fn trace(events: &[&str]) -> WriteTrace {
        let line = |rest: &&str| format!("{{\"sid\":\"{SID}\",{rest}}}\n");
        WriteTrace::parse(&events.iter().map(line).collect::<String>())
    }

    #[test]
    fn hooks_and_signers_are_told_apart() {
        let hook = "\"event\":\"child_start\",\"child_id\":0,\"child_class\":\"hook\",\"hook_name\":\"pre-commit\",\"argv\":[\".git/hooks/pre-commit\"]";
        let signer =
            "\"event\":\"child_start\",\"child_id\":1,\"child_class\":\"?\",\"argv\":[\"/usr/bin/gpg\",\"-bsau\"]";
        let (good, bad) = (
            "\"event\":\"child_exit\",\"child_id\":0,\"code\":0",
            "\"event\":\"child_exit\",\"child_id\":0,\"code\":1",
        );
        let begun = trace(&[hook]);
        assert_eq!(begun.waits_for().as_deref(), Some("the pre-commit hook"));
        assert_eq!((begun.refusing_hook(), begun.ran_hook()), (None, true));
        let signing = trace(&[hook, good, signer]);
        assert_eq!(signing.waits_for().as_deref(), Some("`gpg`"));
        assert_eq!(signing.refusing_hook(), None);
        assert_eq!(trace(&[hook, bad]).refusing_hook(), Some("pre-commit"));
        assert!(!trace(&[signer]).ran_hook());
    }

    #[test]
    fn the_end_is_that_of_git_itself() {
        let start = "\"event\":\"start\",\"argv\":[\"git\",\"commit\"]";
        assert_eq!(trace(&[start]).unfinished_process(), Some(42));
        assert_eq!(
            trace(&[start, "\"event\":\"exit\",\"code\":0"]).unfinished_process(),
            Some(42)
        );
        assert_eq!(
            trace(&[start, "\"event\":\"atexit\",\"code\":0"]).unfinished_process(),
            None
        );
        let nested = format!("{{\"sid\":\"{SID}/x-P1\",\"event\":\"atexit\"}}\n");
        let text = format!("{{\"sid\":\"{SID}\",\"event\":\"start\"}}\n{nested}not json\n");
        assert_eq!(WriteTrace::parse(&text).unfinished_process(), Some(42));
        assert_eq!(WriteTrace::parse("").unfinished_process(), None);
    }
}
