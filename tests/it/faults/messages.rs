//! Streams that cannot be written, and errors of the system: each message names the file and a remedy.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::json;

use super::strace::{self, Call, Fault, Traced};
use crate::space::{KAIZEN, Said, Space, bold, names};

/// A device on which every write fails, as on a full disk.
fn full() -> File {
    fs::OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn with_full_stdout(space: &Space, arguments: &[&str]) -> Said {
    Said::of(space.command(KAIZEN, arguments).stdout(full()).output().unwrap())
}

fn with_full_stderr(space: &Space, arguments: &[&str]) -> Said {
    Said::of(space.command(KAIZEN, arguments).stderr(full()).output().unwrap())
}

#[test]
fn a_stdout_that_cannot_be_written_is_an_error_of_every_command() {
    let space = Space::executed();
    for arguments in [
        &["status"][..],
        &["status", "--format", "json"],
        &["log"],
        &["show", "bold"],
        &["diff"],
        &["verify"],
        &["explain"],
        &["traces", "list"],
        &["schema", "plan"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["run", "--help"],
        &["--version"],
        &["run", "--format", "json"],
        &["watch"],
        &["watch", "--format", "json"],
    ] {
        let said = with_full_stdout(&space, arguments).exits(1);
        let words = [
            "error: some output could not be written to stdout",
            "No space left",
            "free some space",
        ];
        said.says(&words);
    }
    let asked = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18",
        "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}});
    space.write("asked.json", &format!("{asked}\n"));
    let mut mcp = space.command(KAIZEN, &["mcp"]);
    let asked = File::open(space.root.join("asked.json")).unwrap();
    let said = Said::of(mcp.stdin(asked).stdout(full()).output().unwrap()).exits(1);
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn a_stderr_that_cannot_be_written_ends_a_command_with_an_error_and_loses_nothing() {
    let (space, undisturbed) = (Space::planned(), Space::planned());
    undisturbed.kaizen(&["run"]).exits(3);
    with_full_stderr(&space, &["run"]).exits(1);
    let done = with_full_stdout(&undisturbed, &["accept", "shots"]).exits(1);
    assert!(
        done.err.contains("only output is lost") && !done.err.contains("again"),
        "{}",
        done.err
    );
    undisturbed.kaizen(&["run"]);
    assert_eq!(
        undisturbed.statuses()["shots"],
        "applied",
        "it was accepted although nobody could read so"
    );
    let undisturbed = Space::planned();
    undisturbed.kaizen(&["run"]).exits(3);
    space.ends_as(&undisturbed.state(), "with a log on a full disk");
    for arguments in [&["nonsense"][..], &["accept", "nobody"]] {
        with_full_stderr(&space, arguments).exits(1);
    }
    with_full_stderr(&space, &["status"]).exits(0);
}

#[test]
fn output_to_a_closed_stream_is_lost() {
    let space = Space::executed();
    let script = |rest: &str| {
        let script = format!("exec {KAIZEN} {rest}");
        Said::of(space.bare("sh", &["-c", &script]).output().unwrap())
    };
    for arguments in [
        "status",
        "status --format json",
        "log",
        "diff",
        "--help",
        "man",
        "watch",
    ] {
        let said = script(&format!("{arguments} >&-")).exits(1);
        said.says(&["some output could not be written to stdout: it is closed"]);
    }
    script("mcp </dev/null >&-").exits(1).says(&["stdout is closed"]);
    script("nonsense 2>&-").exits(1);
    // Nothing is lost.
    script("status 2>&-").exits(0);
    script("status >/dev/null").exits(0);
    script("status <&- >/dev/null 2>/dev/null").exits(0);
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let space = Space::executed();
    for arguments in [
        &["status"][..],
        &["log"],
        &["man"],
        &["--help"],
        &["show", "bold", "--format", "json"],
    ] {
        let mut child = space
            .command(KAIZEN, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let said = Said::of(child.wait_with_output().unwrap()).exits(0);
        assert_eq!(said.err, "", "{arguments:?}");
    }
}

/// Runs a command under a limit of `ulimit`.
fn limited(space: &Space, limit: &str, arguments: &str) -> Said {
    let script = format!("trap '' XFSZ; ulimit {limit}; exec {KAIZEN} {arguments}");
    Said::of(space.bare("sh", &["-c", &script]).output().unwrap())
}

#[test]
fn limits_of_the_process_are_named_and_undone_by_running_again() {
    let undisturbed = Space::planned();
    undisturbed.kaizen(&["run"]).exits(3);
    for (limit, words) in [("-f 0", "ulimit -f"), ("-n 9", "ulimit -n")] {
        let space = Space::planned();
        let said = limited(&space, limit, "run").exits(1);
        assert!(said.err.contains(words), "{}", said.err);
        space.kaizen(&["run"]).exits(3);
        space.ends_as(&undisturbed.state(), limit);
    }
}

/// A planned space, and the calls of `kaizen run` in it; `None` if strace does not work here.
fn calls_of_a_run() -> Option<(Space, Vec<Call>)> {
    if !strace::works() {
        eprintln!("skipped, because strace is not installed or may not trace");
        return None;
    }
    let before = Space::planned();
    let space = before.copy();
    strace::recorded(&space, &Traced::Kaizen, &["run"]).output().unwrap();
    Some((before, strace::calls(&space, &Traced::Kaizen)))
}

/// Each error is that of the call that creates the folder of outcomes.
#[test]
fn an_error_of_the_system_names_its_remedy() {
    let Some((before, calls)) = calls_of_a_run() else {
        return;
    };
    let mkdir = |call: &&Call| call.pair.call == "mkdirat" && call.pair.file.ends_with("/outcomes");
    let call = calls.iter().find(mkdir).unwrap();
    for (error, words) in [
        ("ENOSPC", "free some space"),
        ("EDQUOT", "quota"),
        ("EROFS", "mount it writable"),
        ("EACCES", "give this user access"),
        ("EPERM", "give this user access"),
        ("EMFILE", "ulimit -n"),
        ("EFBIG", "ulimit -f"),
        ("EIO", "dmesg"),
        ("ENAMETOOLONG", "shorten the names"),
        ("EBUSY", "mount its folder"),
    ] {
        let space = before.copy();
        let mut said = strace::faulty(&space, &Traced::Kaizen, call, Fault::Error(error), &["run"]);
        Said::of(said.output().unwrap()).exits(1).says(&["/outcomes: ", words]);
    }
}

#[test]
fn a_read_only_file_is_not_replaced() {
    let space = Space::planned();
    space.plan(&[bold()]);
    let set_mode = |mode| fs::set_permissions(space.root.join("config.toml"), Permissions::from_mode(mode)).unwrap();
    set_mode(0o444);
    let before = space.read("config.toml");
    let said = space.kaizen(&["run"]).exits(4);
    assert!(
        said.err.contains("config.toml is read-only") && said.err.contains("chmod u+w"),
        "{}",
        said.err
    );
    assert_eq!(space.read("config.toml"), before);
    assert_eq!(space.artifact("session.json")["status"], "executing");
    set_mode(0o644);
    space.kaizen(&["run"]).exits(0);
    assert_eq!(space.statuses()["bold"], "applied");
    set_mode(0o444);
    space
        .kaizen(&["revert", "bold"])
        .exits(4)
        .says(&["config.toml is read-only"]);
    set_mode(0o644);
    space.kaizen(&["revert", "bold"]).exits(0);
    assert_eq!(space.read("config.toml"), before);
}

#[test]
fn a_plan_in_another_encoding_names_it() {
    let space = Space::executed();
    let name = format!("{}/plan.json", space.session());
    let text = space.read(&name);
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (mark, bytes) in [
        ("with its mark", [b"\xff\xfe".to_vec(), units.clone()].concat()),
        ("without", units),
    ] {
        fs::write(space.root.join(&name), bytes).unwrap();
        let said = space.kaizen(&["run"]).exits(1);
        for words in ["plan.json", "UTF-16", "save it as UTF-8"] {
            assert!(said.err.contains(words), "{mark}: no {words:?} in {}", said.err);
        }
    }
}

#[test]
fn only_a_committed_file_can_be_restored() {
    let space = Space::planned();
    let name = format!("{}/plan.json", space.session());
    space.write(&name, "{");
    let said = space
        .kaizen(&["run"])
        .exits(1)
        .says(&["correct the file", "plans again"]);
    assert!(!said.err.contains("git restore"), "{}", said.err);
    let space = Space::executed();
    space.write(&name, "{");
    space
        .kaizen(&["run"])
        .exits(1)
        .says(&["brings back what was committed"]);
}

#[test]
fn something_else_in_the_place_of_a_folder_is_named() {
    let space = Space::new();
    space.write("triggers", "mine\n");
    space
        .kaizen(&["trigger"])
        .exits(1)
        .says(&["triggers is a file, not a folder; move it away"]);
    assert_eq!(space.read("triggers"), "mine\n");
    fs::remove_file(space.root.join("triggers")).unwrap();
    crate::confined::fifo(&space.root.join("triggers"));
    for command in ["trigger", "watch"] {
        space
            .kaizen(&[command])
            .exits(1)
            .says(&["triggers is a named pipe, not a folder"]);
    }
}

#[test]
fn a_session_that_cannot_be_read_is_not_missing() {
    let Some((before, calls)) = calls_of_a_run() else {
        return;
    };
    let is_look = |call: &&Call| call.pair.call == "statx" && call.pair.file.ends_with("/trigger.json");
    for call in calls.iter().filter(is_look).take(4) {
        let space = before.copy();
        let mut faulty = strace::faulty(&space, &Traced::Kaizen, call, Fault::Error("EACCES"), &["run"]);
        // A new session would have another name.
        let said = Said::of(faulty.env("KAIZEN_NOW", "2026-03-02T10:00:00Z").output().unwrap());
        assert_eq!(names(&space.root.join("sessions")).len(), 1, "{}{}", said.out, said.err);
    }
}
