//! Every command that prints runs in a pseudo-terminal, in a workspace in which every text is hostile. Only kaizen's
//! own sequences may control the terminal.
#![cfg(unix)]
#![allow(clippy::too_many_lines)] // tests: a table of commands

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use regex::Regex;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

use crate::space::{KAIZEN, Space, bold, helping, interrupt, shots, shy};

/// How long a server may run.
const SERVES: Duration = Duration::from_secs(3);
/// A command that runs longer hangs.
const HANGS: Duration = Duration::from_secs(10);

/// Title, clear screen, colours, C1, a bidi override, a carriage return, a line separator, hidden tags.
pub const EVIL: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[32mGREEN\u{9b}31m\u{202e}\rover\u{7f}\u{2028}\u{200f}\u{e0041}\u{85}evil";

/// The output of a command in a terminal.
fn seen(space: &Space, arguments: &[&str], keys: &str) -> String {
    let text = seen_of(space.command(KAIZEN, arguments), arguments[0], keys);
    assert!(!text.contains("panicked at"), "{arguments:?}: {text}");
    text
}

/// The output of a process in a terminal. `name` is the command that it runs: servers are stopped after [`SERVES`];
/// other commands must end within [`HANGS`].
pub fn seen_of(mut command: Command, name: &str, keys: &str) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let end = ptsname(&master, Vec::new()).unwrap();
    let end = OsStr::from_bytes(end.as_bytes());
    let terminal = OpenOptions::new().read(true).write(true).open(end).unwrap();
    let end = || Stdio::from(terminal.try_clone().unwrap());
    command.env("TERM", "xterm-256color");
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    drop(command);
    let mut master = File::from(master);
    master.write_all(keys.as_bytes()).unwrap();
    let (sender, text) = channel();
    std::thread::spawn(move || {
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        // Reading fails once nobody has the other end open.
        while let Ok(count) = master.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..count]);
        }
        sender.send(String::from_utf8_lossy(&bytes).into_owned()).unwrap();
    });
    let is_server = matches!(name, "watch" | "mcp");
    let most = if is_server { SERVES } else { HANGS };
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() && begin.elapsed() < most {
        std::thread::sleep(Duration::from_millis(20));
    }
    let has_ended = child.try_wait().unwrap().is_some();
    let _ = child.kill();
    child.wait().unwrap();
    drop(terminal);
    let text = text.recv().unwrap();
    assert!(has_ended || is_server, "{name} hangs: {text}");
    text
}

/// A workspace whose categories, traces, files, commits, edits and answers try to control a terminal.
fn hostile() -> Space {
    let space = Space::new();
    let each = |name: &str, change: &dyn Fn(&mut Value)| {
        let text = space.read(name);
        let lines = text.lines().map(|line| {
            let mut row: Value = serde_json::from_str(line).unwrap();
            change(&mut row);
            format!("{row}\n")
        });
        space.write(name, &lines.collect::<String>());
    };
    each("benchmark/tasks.jsonl", &|task| {
        task["category"] = format!("{}{EVIL}", task["category"].as_str().unwrap()).into();
    });
    each("traces/runs.jsonl", &|trace| {
        trace["result"] = EVIL.into();
        trace["feedback"] = 0.9.into();
        trace["metadata"] = json!({EVIL: EVIL});
    });
    let prompt = space.read("agents/assistant/system_prompt.md");
    space.write("agents/assistant/system_prompt.md", &format!("{prompt}\nBe {EVIL}\n"));
    space.git(&["add", "-A"]);
    space.git(&["commit", "-q", "-m", EVIL, "--author", &format!("{EVIL} <e@e>")]);
    space.kaizen(&["run", "--until", "plan"]).exits(0);
    let named = |mut edit: Value| {
        edit["id"] = format!("{}{EVIL}", edit["id"].as_str().unwrap()).into();
        edit["rationale"] = format!("because {EVIL}").into();
        helping(&format!("home{EVIL}"), edit)
    };
    space.plan(&[bold(), shy(), shots()].map(named));
    space.kaizen(&["run"]).exits(3);
    space
}

/// The control characters that are left without kaizen's own sequences, which set colours and redraw the progress bar.
pub fn left(text: &str) -> Vec<String> {
    let own = Regex::new("\u{1b}\\[[0-9;]*m|\r\n|\r?\u{1b}\\[2?K|\u{1b}\\[1[AB]|\r(?:  [█░]|\u{1b}|$)").unwrap();
    let rest = own.replace_all(text, "");
    let raw = |c: &char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(c, '\u{e0000}'..='\u{e0fff}')
    };
    rest.char_indices()
        .filter(|(_, c)| raw(c))
        .map(|(at, _)| {
            rest[at..]
                .chars()
                .take(20)
                .collect::<String>()
                .escape_debug()
                .to_string()
        })
        .collect()
}

#[test]
fn nothing_but_our_own_colours_controls_the_terminal() {
    let space = hostile();
    let digest = |status: &str| {
        let found = space.outcomes().into_iter().find(|outcome| outcome["status"] == status);
        found.unwrap()["edit_digest"].as_str().unwrap().to_owned()
    };
    let (applied, pending) = (digest("applied"), digest("pending_review"));
    let line = format!(
        "agents/assistant/system_prompt.md:{}",
        space.read("agents/assistant/system_prompt.md").lines().count()
    );
    let shows: &[&[&str]] = &[
        &["status", "--all"],
        &["show"],
        &["show", &applied],
        &["show", &pending],
        &["log"],
        &["explain"],
        &["diff"],
        &["blame", "agents/assistant/system_prompt.md"],
        &["blame", &line],
        &["blame", "config.toml"],
        &["eval"],
        &["eval", "--format", "json"],
        &["plan-gate"],
        &["traces", "list"],
        &["traces", "show", "run-000"],
        &["traces", "show", "run-000", "--format", "json"],
        &["traces", "search", "lamp"],
        &["traces", "import", "traces/runs.jsonl"],
        &["traces", "collect", "--limit", "3"],
        &["review"],
        &["review", "--format", "json"],
        &["show", EVIL],
        &["blame", EVIL],
        &["eval", "--split", EVIL],
        &["-C", EVIL, "status"],
        &["explain", EVIL],
        &["schema", EVIL],
        &["egress", EVIL],
        &["egress"],
        &["schema", "plan"],
        &["recompute"],
        &["verify"],
        &["audit"],
        &["prune"],
        &["bench", "synth", "--min-samples", "1"],
        &["bench", "refresh", "--dry-run"],
        &["run", "--estimate"],
        &["revert", &applied, "--dry-run"],
        &["brief"],
        &["mcp"],
        &["reject", &pending, "--why", EVIL],
        &["run", "-vv"],
        &["trigger", "--note", EVIL],
        &["watch"],
        &["loop", "--max-sessions", "1"],
        &["run", "--new"],
    ];
    let mut hostile = 0;
    for arguments in shows {
        let text = seen(&space, arguments, if arguments == &["review"] { "q" } else { "" });
        assert_eq!(left(&text), Vec::<String>::new(), "{arguments:?}");
        assert!(
            !text.contains("\u{1b}[32mGREEN"),
            "{arguments:?} prints another's colour"
        );
        hostile += usize::from(text.contains("owned"));
    }
    assert!(
        hostile > 20,
        "only {hostile} commands show the hostile text: this test tests nothing"
    );
}

#[test]
fn data_for_programs_is_exact_in_a_pipe() {
    let space = Space::new();
    space.replace("config.toml", "# too shy", "#\ta tab, and \u{202e} an override");
    space.commit_all("tabs");
    space.kaizen(&["run", "--until", "plan"]).exits(0);
    space.plan(&[bold()]);
    space.kaizen(&["run"]).exits(0);
    let patch = space.kaizen(&["diff"]).exits(0).out;
    assert!(patch.contains("#\ta tab, and \u{202e} an override"), "{patch}");
    space.write("change.patch", &patch);
    space.git(&["apply", "--check", "--reverse", "change.patch"]);
    let schema: Value = serde_json::from_str(&space.kaizen(&["schema", "plan"]).exits(0).out).unwrap();
    assert_eq!(schema["title"], "Plan");
}

/// The agent interrupts kaizen in its third attempt.
#[test]
fn an_interrupt_leaves_the_terminal_clean() {
    let space = Space::new();
    space.write(
        "kaizen.toml",
        "[ledger]\nauthor = \"t <t@t>\"\n[student]\nengine = \"command\"\nrun = [\"sh\", \"agent.sh\"]\nconcurrency = 1\n",
    );
    let script = "echo >> runs\nsleep 0.3\n[ $(wc -l < runs) -lt 3 ] || { kill -s INT $PPID; sleep 9; }\necho four\n";
    space.write("agent.sh", &script.replace("INT", interrupt()));
    space.commit_all("an agent");
    let text = seen(&space, &["eval"], "");
    let (before, after) = text
        .split_once("interrupted: the answers so far are kept; `kaizen eval` continues")
        .unwrap_or_else(|| panic!("{text:?}"));
    assert_eq!(after.trim(), "", "nothing follows: {text:?}");
    let (_, since_bar) = before
        .rsplit_once(" attempts")
        .unwrap_or_else(|| panic!("no progress bar: {text:?}"));
    assert!(since_bar.contains("\u{1b}[2K"), "the bar is still there: {text:?}");
    assert!(!text.contains("\u{1b}[?25l"), "the cursor is hidden: {text:?}");
}
