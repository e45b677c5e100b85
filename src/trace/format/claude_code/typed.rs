//! Tells what a person typed in a Claude Code transcript from what the program wrote in the role of the user.

use serde_json::Value;

/// What the text of a message in the role of the user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UserText {
    /// A prompt, without what the program added to it.
    Typed(String),
    /// A slash command or a shell command, as typed, with its name if it is a slash command. The model may answer it.
    Command { typed: String, name: Option<String> },
    /// The output of a command that the program carried out itself, without the model.
    CarriedOut,
    /// The person interrupted the model.
    Interruption,
    /// A note of the program, or nothing.
    Note,
}

/// The elements that the program adds to a prompt, or writes as a message of its own. Names that end in `-hook` are
/// output of hooks.
const ELEMENTS: [&str; 16] = [
    "bash-stderr",
    "bash-stdout",
    "cross-session-message",
    "fork-boilerplate",
    "ide_diagnostics",
    "ide_opened_file",
    "ide_selection",
    "local-command-caveat",
    "local-command-stderr",
    "local-command-stdout",
    "new-diagnostics",
    "post-tool-use-hook",
    "system-reminder",
    "task-notification",
    "teammate-message",
    "user-prompt-submit-hook",
];

/// The beginnings of notes that are not elements.
const NOTES: [&str; 11] = [
    "Another Claude session sent a message",
    "Base directory for this skill:",
    "Caveat: The messages below",
    "Stop hook feedback:",
    "SubagentStop hook feedback:",
    "The coordinator sent a message",
    "This session is being continued from a previous conversation",
    "Unknown slash command:",
    "UserPromptSubmit operation blocked by hook",
    "[Image: original ",
    "[SYSTEM NOTIFICATION",
];

const INTERRUPTION: &str = "[Request interrupted";

/// Whether a line says that no person wrote it. Older versions of the program set no flag.
pub(super) fn is_flagged(line: &Value) -> bool {
    let flags = ["isMeta", "isCompactSummary", "isVisibleInTranscriptOnly", "isSynthetic"];
    let origins = [&line["origin"]["kind"], &line["turnOrigin"]];
    flags.iter().any(|flag| line[*flag] == true)
        || origins
            .iter()
            .any(|origin| origin.as_str().is_some_and(|kind| kind != "human"))
        || line["sourceToolUseID"].is_string()
}

/// Reads the text of a message in the role of the user.
pub(super) fn user_text(text: &str) -> UserText {
    let typed = without_elements(text);
    if text.contains("<local-command-std") && (typed.is_empty() || is_command(typed)) {
        return UserText::CarriedOut;
    }
    if is_command(typed) {
        return command(typed);
    }
    match typed {
        _ if typed.starts_with(INTERRUPTION) => UserText::Interruption,
        "" => UserText::Note,
        _ if NOTES.iter().any(|start| typed.starts_with(start)) => UserText::Note,
        _ => UserText::Typed(typed.to_owned()),
    }
}

fn is_command(text: &str) -> bool {
    text.starts_with("<command-") || text.starts_with("<bash-input>")
}

fn command(text: &str) -> UserText {
    if let Some(shell) = inner(text, "bash-input") {
        return UserText::Command {
            typed: format!("!{shell}"),
            name: None,
        };
    }
    let Some(name) = inner(text, "command-name").map(|name| name.trim_start_matches('/')) else {
        return UserText::Note;
    };
    let arguments = inner(text, "command-args").unwrap_or_default();
    UserText::Command {
        typed: format!("/{name} {arguments}").trim_end().to_owned(),
        name: Some(name.to_owned()),
    }
}

/// The text of the first element of this name, if it is not empty.
fn inner<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inner.trim()).filter(|inner| !inner.is_empty())
}

/// A text without the elements of the program at its beginning and at its end. An element in the middle stays: a person
/// may quote one.
fn without_elements(text: &str) -> &str {
    let mut rest = text.trim();
    while let Some(shorter) = after_element(rest).or_else(|| before_element(rest)) {
        rest = shorter.trim();
    }
    rest
}

fn after_element(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('<')?.split_once(['>', ' '])?;
    match text.split_once(&format!("</{name}>")) {
        Some((_, rest)) => is_element(name).then_some(rest),
        // It was cut off. A person may write about an element with a similar name.
        None => ELEMENTS.contains(&name).then_some(""),
    }
}

fn before_element(text: &str) -> Option<&str> {
    let (_, name) = text.strip_suffix('>')?.rsplit_once("</")?;
    let start = is_element(name).then(|| text.rfind(&format!("<{name}")))??;
    Some(&text[..start])
}

fn is_element(name: &str) -> bool {
    ELEMENTS.contains(&name) || name.ends_with("-hook")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn typed(text: &str) -> UserText {
        UserText::Typed(text.to_owned())
    }

    fn slash(text: &str, name: &str) -> UserText {
        UserText::Command {
            typed: text.to_owned(),
            name: Some(name.to_owned()),
        }
    }

    #[test]
    fn what_a_person_typed_is_told_from_what_the_program_wrote() {
        let reminder = "<system-reminder>\nBe <b>brief</b>.\n</system-reminder>";
        let shell = UserText::Command {
            typed: "!ls -l".to_owned(),
            name: None,
        };
        for (text, wanted) in [
            (" Mend it\n", typed("Mend it")),
            ("<div> is not closed", typed("<div> is not closed")),
            ("<scroll-hook> is not drawn", typed("<scroll-hook> is not drawn")),
            (
                "Stop hook feedback is printed twice.",
                typed("Stop hook feedback is printed twice."),
            ),
            ("Caveat: it is old. Mend it.", typed("Caveat: it is old. Mend it.")),
            (&format!("{reminder}\nMend it\n{reminder}{reminder}"), typed("Mend it")),
            ("<ide_opened_file>a.rs</ide_opened_file>\nMend it", typed("Mend it")),
            (
                "What is <system-reminder>x</system-reminder> for?",
                typed("What is <system-reminder>x</system-reminder> for?"),
            ),
            ("", UserText::Note),
            (reminder, UserText::Note),
            ("<system-reminder> cut off", UserText::Note),
            (
                "<teammate-message teammate_id=\"a\">Done</teammate-message>",
                UserText::Note,
            ),
            ("<session-start-hook>ok</session-start-hook>", UserText::Note),
            (
                "This session is being continued from a previous conversation that",
                UserText::Note,
            ),
            ("[Request interrupted by user for tool use]", UserText::Interruption),
            (
                "<local-command-stderr>boom</local-command-stderr>",
                UserText::CarriedOut,
            ),
            ("<local-command-stdout></local-command-stdout>", UserText::CarriedOut),
            (
                "<command-name>/model</command-name>\n<local-command-stdout>Set</local-command-stdout>",
                UserText::CarriedOut,
            ),
            ("<command-message>a is running</command-message>", UserText::Note),
            (
                "<command-name>/clear</command-name><command-args></command-args>",
                slash("/clear", "clear"),
            ),
            (
                "<command-message>fix</command-message>\n<command-name>fix</command-name>\n<command-args> 12 now </command-args>",
                slash("/fix 12 now", "fix"),
            ),
            ("<bash-input>ls -l</bash-input>", shell),
            (
                "<bash-stdout>a</bash-stdout><bash-stderr></bash-stderr>",
                UserText::Note,
            ),
        ] {
            assert_eq!(user_text(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_line_may_say_that_no_person_wrote_it() {
        for (line, wanted) in [
            (json!({}), false),
            (json!({"isMeta": false, "origin": {"kind": "human"}}), false),
            (json!({"isMeta": true, "origin": {"kind": "human"}}), true),
            (json!({"isVisibleInTranscriptOnly": true}), true),
            (json!({"origin": {"kind": "task-notification"}}), true),
            (json!({"turnOrigin": "task_notification"}), true),
            (json!({"sourceToolUseID": "t1"}), true),
        ] {
            assert_eq!(is_flagged(&line), wanted, "{line}");
        }
    }
}
