//! The view at two widths, as insta snapshots of ratatui's test backend.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::TopAction;
use super::action_of;
use super::view::{Prompt, draw};
use crate::cli::live::{LiveEdit, LivePhase, LiveSession, LiveState, LiveWork, LogLine, PhaseProgress};

fn drawn(state: &LiveState, prompt: &Prompt, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state, prompt)).unwrap();
    let text = terminal.backend().to_string();
    let row = |line: &str| line.trim_matches('"').trim_end().to_owned();
    text.lines().map(row).collect::<Vec<_>>().join("\n")
}

fn works() -> Vec<LiveWork> {
    vec![
        LiveWork {
            process: "kaizen run, process 26816".into(),
            since: "07:08:09".into(),
            session: Some("session-20261130T070809_00112239".into()),
            what: "edit ask-before-unlocking".into(),
            attempts: Some((107, 192)),
            pace: "107 of 192 attempts, 0.7 per second, about 2 min left".into(),
            flight: "8 in flight, 2 failed".into(),
            money: "0.42 of 5 USD".into(),
            waiting: "3 calls repeated, the next in 12 s".into(),
            evidence: Some("40 pairs, 12 won, 3 lost, evidence 7.4 of 20.0".into()),
            evidence_share: Some(0.67),
            pauses: true,
        },
        LiveWork {
            process: "kaizen audit, process 26999".into(),
            what: "audit".into(),
            pace: "12 of 80 attempts, 1.0 per second, about 1 min left".into(),
            ..LiveWork::default()
        },
    ]
}

fn busy() -> LiveState {
    let phase = |name: &str, state| LivePhase {
        name: name.into(),
        state,
    };
    let session = |number: usize, status: &str, edits: &str| LiveSession {
        id: format!("session-20261130T07080{number}_0011223{number}"),
        status: status.into(),
        scores: "35.4 % → 56.6 %".into(),
        edits: edits.into(),
    };
    let edit = |label: &str, status: &str, change: &str| LiveEdit {
        label: label.into(),
        title: "edit_few_shot_exemplars agents.assistant.few_shot".into(),
        status: status.into(),
        is_applied: status == "applied",
        change: change.into(),
    };
    let line = |at: &str, text: &str| LogLine {
        at: at.into(),
        text: text.into(),
    };
    LiveState {
        name: "household".into(),
        works: works(),
        phases: vec![
            phase("readiness", PhaseProgress::Done),
            phase("baseline", PhaseProgress::Done),
            phase("diagnose", PhaseProgress::Done),
            phase("plan", PhaseProgress::Done),
            phase("execute", PhaseProgress::Running),
            phase("record", PhaseProgress::Open),
        ],
        sessions: vec![
            session(9, "executing", "1 applied"),
            session(8, "awaiting review", "2 applied, 1 waiting"),
            session(7, "completed", "4 applied"),
        ],
        older: 17,
        edits: vec![
            edit("shorter-answers", "applied", "+4.4 points (-0.3 to +9.0)"),
            edit("more-examples", "rejected by gate", "-1.0 points"),
        ],
        log: vec![
            line("07:08:09", "kaizen run, process 26816 begins"),
            line("07:08:10", "plan      2 edits"),
            line("07:08:11", "execute begins"),
            line("07:09:40", "[1/3] shorter-answers: applied +4.4 points (-0.3 to +9.0)"),
            line("07:10:02", "[2/3] more-examples: rejected by gate -1.0 points: no gain"),
        ],
    }
}

#[test]
fn a_run_at_80_columns() {
    insta::assert_snapshot!(drawn(&busy(), &Prompt::default(), 80, 30));
}

#[test]
fn a_run_at_200_columns() {
    insta::assert_snapshot!(drawn(&busy(), &Prompt::default(), 200, 24));
}

#[test]
fn an_idle_workspace_and_the_help_at_80_columns() {
    let state = LiveState {
        name: "household".into(),
        ..LiveState::default()
    };
    let prompt = Prompt {
        message: "nothing runs here".into(),
        is_helping: false,
    };
    insta::assert_snapshot!("idle", drawn(&state, &prompt, 80, 20));
    let helping = Prompt {
        is_helping: true,
        ..Prompt::default()
    };
    insta::assert_snapshot!("help", drawn(&state, &helping, 80, 20));
}

#[test]
fn no_size_of_the_terminal_is_too_small() {
    for width in (0..60).step_by(7).chain([139, 140, 300]) {
        for height in 0..30 {
            drawn(&busy(), &Prompt::default(), width.max(1), height.max(1));
        }
    }
}

#[test]
fn keys_act_and_control_c_ends_the_view() {
    let key = |code, modifiers| action_of(KeyEvent::new(code, modifiers), false);
    for (typed, action) in [
        ('q', Some(TopAction::Quit)),
        ('s', Some(TopAction::Stop)),
        ('h', Some(TopAction::Hold)),
        ('r', Some(TopAction::Report)),
        ('?', Some(TopAction::Help)),
        ('x', None),
    ] {
        assert_eq!(key(KeyCode::Char(typed), KeyModifiers::NONE), action, "{typed}");
    }
    assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(TopAction::Quit));
    assert_eq!(
        key(KeyCode::Char('s'), KeyModifiers::CONTROL),
        None,
        "it is the flow control of terminals"
    );
    let esc = action_of(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), true);
    assert_eq!(esc, Some(TopAction::Help), "it closes the help first");
}
