//! The keys of the review prompt, their actions, and the prompt itself.

use console::Key;

use crate::cli::render::STRONG;

/// The action for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Accept this edit.
    Accept,
    /// Reject this edit.
    Reject,
    /// Leave it pending, and go to the next.
    Skip,
    /// Change the edit in an editor.
    Edit,
    /// Show the gate's verdict.
    Verdict,
    /// Replace the proposed diff with the current one.
    Update,
    /// Show everything in full.
    Whole,
    /// Accept this edit and all that follow.
    AcceptAll,
    /// Reject this edit and all that follow.
    RejectAll,
    /// Explain the keys.
    Help,
    /// Quit, and leave the rest pending.
    Quit,
}

/// Key, action, the word that is shown when it is pressed, and its help text.
const KEYS: [(char, Action, &str, &str); 11] = [
    (
        'a',
        Action::Accept,
        "accept",
        "accept the edit: the next run gates it, and commits it if it helps",
    ),
    (
        'r',
        Action::Reject,
        "reject",
        "reject the edit: the next run records it",
    ),
    ('s', Action::Skip, "skip", "leave it pending, and go to the next edit"),
    (
        'e',
        Action::Edit,
        "edit",
        "change the edit in $VISUAL or $EDITOR; the next run asks again",
    ),
    (
        'g',
        Action::Verdict,
        "gate",
        "show the gate's verdict on the edit now; no decision is written",
    ),
    (
        'u',
        Action::Update,
        "update",
        "if the edit is stale: update the diff to what it would change now",
    ),
    ('d', Action::Whole, "all of it", "show everything in full"),
    (
        'A',
        Action::AcceptAll,
        "accept all",
        "accept this edit and all that follow, except stale ones",
    ),
    (
        'R',
        Action::RejectAll,
        "reject all",
        "reject this edit and all that follow",
    ),
    ('?', Action::Help, "help", "explain the keys"),
    ('q', Action::Quit, "quit", "quit; undecided edits stay pending"),
];

/// The action for a key; `None` if it has none.
pub(crate) fn action(key: &Key) -> Option<Action> {
    match key {
        // In raw mode, Ctrl-C and Ctrl-D arrive as keys.
        Key::CtrlC | Key::Char('\u{3}' | '\u{4}') => Some(Action::Quit),
        Key::Char('h') => Some(Action::Help),
        Key::Char(c) => KEYS.iter().find(|(key, ..)| key == c).map(|(_, action, ..)| *action),
        _ => None,
    }
}

impl Action {
    /// The word that is shown when the action's key is pressed.
    pub(crate) fn word(self) -> &'static str {
        KEYS.iter()
            .find(|(_, action, ..)| *action == self)
            .map_or("", |row| row.2)
    }
}

/// The prompt. An edit that is not fresh must be updated before it can be accepted.
pub(crate) fn prompt(fresh: bool) -> String {
    let first = if fresh { ('a', "ccept") } else { ('u', "pdate") };
    let keys = [first, ('r', "eject"), ('s', "kip"), ('e', "dit"), ('g', "ate")];
    let keys = keys
        .map(|(key, rest)| format!("{STRONG}{key}{STRONG:#}{rest}"))
        .join(" ");
    let bold = |text: &str| format!("{STRONG}{text}{STRONG:#}");
    format!("{keys}, {} all, {} help, {}uit: ", bold("A R"), bold("?"), bold("q"))
}

/// The help text of all keys.
pub(crate) fn help() -> String {
    let line = |(key, _, _, does): &(char, Action, &str, &str)| format!("  {STRONG}{key}{STRONG:#}  {does}\n");
    KEYS.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_means_one_thing() {
        for (at, (key, action, ..)) in KEYS.iter().enumerate() {
            assert_eq!(super::action(&Key::Char(*key)), Some(*action));
            assert!(KEYS[..at].iter().all(|(other, ..)| other != key), "{key} twice");
        }
        assert_eq!(action(&Key::CtrlC), Some(Action::Quit));
        assert_eq!(action(&Key::Char('\u{4}')), Some(Action::Quit));
        for nothing in [Key::Enter, Key::Escape, Key::ArrowUp, Key::Char('y')] {
            assert_eq!(action(&nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn the_question_and_the_help_fit_a_narrow_terminal() {
        for fresh in [true, false] {
            let line = prompt(fresh);
            assert!(console::measure_text_width(&line) < 75, "{line}");
        }
        for line in help().lines() {
            assert!(console::measure_text_width(line) <= 80, "{line}");
        }
    }
}
