//! `kaizen top` in a real terminal: what it shows, what its keys do, and that the terminal is as before at its end.
#![cfg(unix)]

use super::hold::{ended, slow, started};
use super::review::Terminal;
use super::space::{KAIZEN, Space};

/// The view, then the settings of the terminal and, last because tests wait for it, the exit code.
fn command() -> String {
    format!("'{KAIZEN}' top; code=$?; stty -a | grep -o ' echo\\b'; echo \"code=$code\"")
}

#[test]
fn keys_stop_and_hold_a_run_and_the_view_is_only_a_viewer() {
    let space = slow();
    let run = started(&space, &["run"]);
    let Some(top) = Terminal::running(&space, &command(), 100) else {
        std::fs::remove_file(space.root.join("block")).unwrap();
        return drop(run.wait_with_output());
    };
    top.shows(&format!("kaizen run, process {} since 10:00:00", run.id()));
    top.shows("▸ execute");
    top.shows("in flight");
    top.tmux(&["send-keys", "?"]);
    top.shows("the run goes on");
    top.tmux(&["send-keys", "q"]);
    top.tmux(&["send-keys", "h"]);
    top.shows("holds its plan after its present edit");
    top.tmux(&["send-keys", "s"]);
    top.shows("ends after its present edit");
    ended(&space, run).exits(3).says(&["as `kaizen stop` asked"]);
    top.shows("nothing runs here");
    top.shows("bold: ");
    top.tmux(&["send-keys", "r"]);
    top.shows("report.html");
    assert!(space.root.join(".kaizen/report.html").is_file());
    top.tmux(&["send-keys", "h"]);
    top.shows("is on hold");
    top.tmux(&["send-keys", "h"]);
    top.shows("is released");
    top.tmux(&["send-keys", "q"]);
    let screen = top.shows("code=0");
    assert!(screen.contains(" echo"), "the terminal is as before: {screen}");
    space.run(&[]).exits(0);
}

#[test]
fn a_signal_and_control_c_give_the_terminal_back() {
    let space = Space::executed();
    let Some(top) = Terminal::running(&space, &command(), 80) else {
        return;
    };
    top.shows("waits for review");
    top.tmux(&["send-keys", "C-c"]);
    assert!(top.shows("code=0").contains(" echo"));
    // `$$` is the process of the script, which becomes the view.
    space.write("end.sh", &format!("(sleep 2; kill -TERM $$) &\nexec '{KAIZEN}' top\n"));
    let Some(top) = Terminal::running(&space, "bash end.sh; stty -a | grep -o ' echo\\b'", 80) else {
        return;
    };
    top.shows("waits for review");
    assert!(top.shows("exit=").contains(" echo"));
    let alternate = top.tmux(&["display-message", "-p", "#{alternate_on}"]);
    assert_eq!(String::from_utf8_lossy(&alternate.stdout).trim(), "0");
}

#[test]
fn without_a_terminal_it_names_what_scripts_use() {
    let said = Space::executed().kaizen(&["top"]).exits(2);
    assert!(
        said.err.contains("needs a terminal") && said.err.contains("kaizen status"),
        "{}",
        said.err
    );
}
