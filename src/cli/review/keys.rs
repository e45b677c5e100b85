//! The keys of a question, what they mean, and the line that asks.

use console::Key;

use crate::cli::render::STRONG;

/// What a person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Accept this edit.
    Accept,
    /// Reject this edit.
    Reject,
    /// Leave it pending, and go on.
    Skip,
    /// Change the edit itself.
    Edit,
    /// Ask the gate.
    Judge,
    /// Ask the question anew, with what the edit would change today.
    Update,
    /// Show everything that was shortened.
    Whole,
    /// Accept this edit and all that follow.
    AcceptAll,
    /// Reject this edit and all that follow.
    RejectAll,
    /// Explain the keys.
    Help,
    /// End, and leave the rest pending.
    Quit,
}

/// Key, the word that is shown when it is pressed, and what it does.
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
    ('s', Action::Skip, "skip", "leave it pending, and go on to the next"),
    (
        'e',
        Action::Edit,
        "edit",
        "change the edit in $VISUAL or $EDITOR; a changed edit is asked about anew",
    ),
    (
        'g',
        Action::Judge,
        "gate",
        "ask the gate what it says of the edit today; nothing is written",
    ),
    (
        'u',
        Action::Update,
        "update",
        "for a stale question: show what the edit would change today, and ask that",
    ),
    ('d', Action::Whole, "all of it", "show all of it, however long"),
    (
        'A',
        Action::AcceptAll,
        "accept all",
        "accept this edit and all that follow, but stale ones",
    ),
    (
        'R',
        Action::RejectAll,
        "reject all",
        "reject this edit and all that follow",
    ),
    ('?', Action::Help, "help", "explain the keys"),
    ('q', Action::Quit, "quit", "end; what is not answered stays pending"),
];

/// What a key means; `None` for a key without a meaning.
pub(crate) fn action(key: &Key) -> Option<Action> {
    match key {
        // Without a terminal driver's help, end of input and an interrupt arrive as keys.
        Key::CtrlC | Key::Char('\u{3}' | '\u{4}') => Some(Action::Quit),
        Key::Char('h') => Some(Action::Help),
        Key::Char(c) => KEYS.iter().find(|(key, ..)| key == c).map(|(_, action, ..)| *action),
        _ => None,
    }
}

impl Action {
    /// The word that is shown when the key is pressed.
    pub(crate) fn word(self) -> &'static str {
        KEYS.iter()
            .find(|(_, action, ..)| *action == self)
            .map_or("", |row| row.2)
    }
}

/// The line that asks; a question that is not fresh is updated before it is accepted.
pub(crate) fn prompt(fresh: bool) -> String {
    let first = if fresh { ('a', "ccept") } else { ('u', "pdate") };
    let keys = [first, ('r', "eject"), ('s', "kip"), ('e', "dit"), ('g', "ate")];
    let keys = keys
        .map(|(key, rest)| format!("{STRONG}{key}{STRONG:#}{rest}"))
        .join(" ");
    let bold = |text: &str| format!("{STRONG}{text}{STRONG:#}");
    format!("{keys}, {} all, {} help, {}uit: ", bold("A R"), bold("?"), bold("q"))
}

/// What every key does.
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
