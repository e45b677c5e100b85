//! Runs a program under strace: lists the system calls of its main thread on files, and makes one of them fail or kill
//! the program. The program is kaizen, or one of the writing git processes that it starts.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;

use crate::space::{KAIZEN, Space};

/// What happens at a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails with this error, and has no effect.
    Error(&'static str),
    /// SIGKILL ends the program before the call has an effect.
    Kill,
}

/// All faults of the sweep.
pub const FAULTS: [Fault; 4] = [
    Fault::Error("ENOSPC"),
    Fault::Error("EIO"),
    Fault::Error("EACCES"),
    Fault::Kill,
];

/// A system call and the file that it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// kaizen, or the git command.
    pub program: String,
    /// The name of the call.
    pub call: String,
    /// The file, relative to the folder that has the workspace and the home; a temporary file has the name of the file
    /// that it becomes.
    pub file: String,
}

/// One call during a run.
#[derive(Clone, Debug)]
pub struct Call {
    /// The call and its file.
    pub pair: Pair,
    /// Its number among the calls of this name, from 1.
    number: usize,
    /// Its number among the calls of this name through a descriptor of this file, from 1; `None` if strace cannot
    /// select the file by its path.
    by_path: Option<usize>,
}

/// Whether strace is installed and may trace here.
pub fn works() -> bool {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// A process of a run that can be traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Traced {
    /// kaizen.
    Kaizen,
    /// The writing git process with this number, from 1, and its command.
    Git(usize, String),
}

/// Stands in for git. Counts the processes that write, and runs number `FAULT_AT` under strace.
const GIT: &str = r#"#!/bin/sh
PATH=${PATH#*:}
for word; do
    case "$word" in
    commit | add | reset | update-index)
        echo "$word" >>"$FAULT_LIST"
        if [ "$(wc -l <"$FAULT_LIST")" = "$FAULT_AT" ]; then
            exec strace -q -y -o "$FAULT_LOG" $FAULT_OPTIONS git "$@"
        fi
        break
        ;;
    esac
done
exec git "$@"
"#;

fn beside(space: &Space, name: &str) -> PathBuf {
    space.root.parent().unwrap().join(name)
}

/// kaizen under strace with these options, or kaizen with a git process under strace.
fn traced(space: &Space, traced: &Traced, options: &[String], arguments: &[&str]) -> Command {
    let log = beside(space, LOG).display().to_string();
    match traced {
        Traced::Kaizen => {
            let mut all: Vec<&str> = vec!["-q", "-y", "-o", &log];
            all.extend(options.iter().map(String::as_str));
            all.push(KAIZEN);
            all.extend(arguments);
            space.bare("strace", &all)
        }
        Traced::Git(number, _) => {
            let bin = beside(space, "bin");
            fs::create_dir_all(&bin).unwrap();
            fs::write(bin.join("git"), GIT).unwrap();
            fs::set_permissions(bin.join("git"), Permissions::from_mode(0o755)).unwrap();
            let mut command = space.bare(KAIZEN, arguments);
            let path = std::env::var("PATH").unwrap_or_default();
            command.env("PATH", format!("{}:{path}", bin.display()));
            command.env("FAULT_LIST", beside(space, LIST)).env("FAULT_LOG", &log);
            command
                .env("FAULT_AT", number.to_string())
                .env("FAULT_OPTIONS", options.join(" "));
            command
        }
    }
}

/// The log of strace.
const LOG: &str = "strace.log";
/// The list of writing git processes.
const LIST: &str = "git.list";

/// The command that records the calls of a process.
pub fn recorded(space: &Space, process: &Traced, arguments: &[&str]) -> Command {
    traced(space, process, &["-e".into(), "trace=%file,%desc".into()], arguments)
}

/// The writing git processes of a run that was recorded with [`Traced::Git`].
pub fn git_processes(space: &Space) -> Vec<Traced> {
    let list = fs::read_to_string(beside(space, LIST)).unwrap_or_default();
    let numbered = list.lines().enumerate();
    numbered
        .map(|(index, command)| Traced::Git(index + 1, format!("git {command}")))
        .collect()
}

/// The command with a fault at one call.
pub fn faulty(space: &Space, process: &Traced, call: &Call, fault: Fault, arguments: &[&str]) -> Command {
    let Pair { call: name, file, .. } = &call.pair;
    let effect = match fault {
        Fault::Error(error) => format!("error={error}"),
        Fault::Kill => "signal=KILL".to_owned(),
    };
    let when = call.by_path.unwrap_or(call.number);
    // Renames show what becomes of a temporary file.
    let mut options = vec!["-e".to_owned(), format!("trace={name},/^rename")];
    options.extend(["-e".to_owned(), format!("inject={name}:{effect}:when={when}")]);
    if call.by_path.is_some() {
        options.extend(["-P".to_owned(), beside(space, file).display().to_string()]);
    }
    traced(space, process, &options, arguments)
}

/// The pair at which a fault happened; `None` if the program ended without it.
pub fn hit(space: &Space, process: &Traced) -> Option<Pair> {
    let text = fs::read_to_string(beside(space, LOG)).unwrap_or_default();
    let is_killed = text.contains("+++ killed by SIGKILL +++");
    let lines = calls_of(&text, space, process);
    let (_, call) = lines
        .into_iter()
        .rev()
        .find(|(line, _)| is_killed || line.contains("(INJECTED)"))?;
    Some(call.pair)
}

/// The recorded calls on files of the space and on pipes.
pub fn calls(space: &Space, process: &Traced) -> Vec<Call> {
    let text = fs::read_to_string(beside(space, LOG)).unwrap_or_default();
    let calls = calls_of(&text, space, process);
    calls.into_iter().map(|(_, call)| call).collect()
}

fn calls_of<'t>(text: &'t str, space: &Space, process: &Traced) -> Vec<(&'t str, Call)> {
    let program = match process {
        Traced::Kaizen => "kaizen",
        Traced::Git(_, command) => command,
    };
    let (mut numbers, mut by_path) = (BTreeMap::<&str, usize>::new(), BTreeMap::<Pair, usize>::new());
    let becomes = renamed(text);
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((name, rest)) = line.split_once('(').filter(|(name, _)| is_name(name)) else {
            continue;
        };
        let number = numbers.entry(name).or_default();
        *number += 1;
        let Some((file, is_selectable)) = file_of(name, rest).and_then(|(file, is_open)| {
            let (file, is_stable) = stable(&space.root.join(file), space, &becomes)?;
            Some((file, is_open && is_stable))
        }) else {
            continue;
        };
        let (call, number) = (name.to_owned(), *number);
        let program = program.to_owned();
        let pair = Pair { program, call, file };
        let by_path = is_selectable.then(|| {
            let count = by_path.entry(pair.clone()).or_default();
            *count += 1;
            *count
        });
        found.push((line, Call { pair, number, by_path }));
    }
    found
}

/// Temporary files have the process id, or random letters, in their names.
static TEMPORARY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\.kaizen-\w+-\d+-\d+|\b[a-z]+(?:-\w{8})?-\d+-\d+\b|tmp_obj_\w+|next-index-\d+\.lock|\.tmp\w{6}\b")
        .unwrap()
});

/// What each temporary file becomes.
fn renamed(text: &str) -> BTreeMap<String, String> {
    let rename = Regex::new(r#"^renameat2?\(\d+<[^>]*>, "(\.kaizen-\w+-\d+-\d+)", \d+<[^>]*>, "([^"]*)""#).unwrap();
    let renames = text.lines().filter_map(|line| rename.captures(line));
    renames
        .map(|found| (found[1].to_owned(), format!("the temporary file of {}", &found[2])))
        .collect()
}

fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.bytes().all(is_part)
}

/// A name of the file that is the same in every run, and whether that is its real name. `None` for files elsewhere.
fn stable(file: &Path, space: &Space, becomes: &BTreeMap<String, String>) -> Option<(String, bool)> {
    if file.to_string_lossy().contains("pipe:[") {
        return Some(("a pipe".to_owned(), false));
    }
    let file = file.strip_prefix(space.root.parent()?).ok()?.display().to_string();
    let Some(temporary) = TEMPORARY.find(&file) else {
        return Some((file, true));
    };
    let other = || TEMPORARY.replace(&file, "temporary").into_owned();
    Some((becomes.get(temporary.as_str()).cloned().unwrap_or_else(other), false))
}

/// The file of a call, and whether it is given by an open descriptor alone. Of two paths, the last one counts.
fn file_of(name: &str, arguments: &str) -> Option<(String, bool)> {
    static AT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(?:^|, )(?:AT_FDCWD|\d+)<([^>]*)>(?:, "([^"]*)")?"#).unwrap());
    static PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"^"([^"]+)""#).unwrap());
    if let Some(path) = PATH.captures(arguments) {
        return Some((path[1].to_owned(), false));
    }
    let found = AT.captures_iter(arguments).last()?;
    match found.get(2) {
        Some(path) if !HAVE_DATA.contains(&name) && !path.is_empty() => {
            let path = Path::new(&found[1]).join(path.as_str());
            let normal: PathBuf = path.components().collect();
            Some((normal.display().to_string(), false))
        }
        _ => Some((found[1].to_owned(), true)),
    }
}

/// Calls whose string is not a path.
const HAVE_DATA: [&str; 4] = ["read", "write", "pread64", "pwrite64"];
