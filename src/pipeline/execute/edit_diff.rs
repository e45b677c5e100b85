//! What an edit changes, as a unified diff.

use crate::harness::shown::shown;
use crate::harness::{FileChange, Harness};
use crate::llm::redact::Redactor;

/// The diff for a review question. The question is committed, so keys, and values of settings that a teacher does not see
/// either, are redacted in the lines around a change.
pub(crate) fn diff_without_keys(before: &Harness, after: &Harness) -> String {
    let one = |change: FileChange| {
        let (old, new) = change.texts();
        let hidden = |text: &str| shown(&change.path, None, text).into_owned();
        match (hidden(&old), hidden(&new)) {
            // It is not known which values to hide, so that only the changed lines are shown.
            (before, after) if before == after => patch(&change.path, [&old, &new], 0),
            (before, after) => patch(&change.path, [&before, &after], CONTEXT),
        }
    };
    let diff: String = before.changes(after).into_iter().map(one).collect();
    Redactor::default().keys_only().text(&diff).into_owned()
}

/// The files that differ, as one unified diff.
pub(crate) fn diff(before: &Harness, after: &Harness) -> String {
    let one = |change: FileChange| {
        let (old, new) = change.texts();
        patch(&change.path, [&old, &new], CONTEXT)
    };
    before.changes(after).into_iter().map(one).collect()
}

/// How many lines around a change a diff has.
const CONTEXT: usize = 3;

fn patch(path: &str, [old, new]: [&str; 2], context: usize) -> String {
    diffy::DiffOptions::new()
        .set_context_len(context)
        .set_original_filename(format!("a/{path}"))
        .set_modified_filename(format!("b/{path}"))
        .create_patch(old, new)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diff_of_a_question_shows_no_value_of_a_key() {
        let config = |prompt: &str, rest: &str| {
            format!("prompts:\n  - {prompt}\nproviders:\n  - id: a:b\n    apiKey: hunter2xyz\n{rest}")
        };
        let harness = |prompt: &str, rest: &str| Harness::default().with("promptfooconfig.yaml", config(prompt, rest));
        let shown = diff_without_keys(&harness("Say {{x}}.", ""), &harness("Now say {{x}}.", ""));
        assert!(
            shown.contains("+  - Now say {{x}}.") && shown.contains("apiKey: [redacted:setting]"),
            "{shown}"
        );
        // In a file that cannot be read, the lines around the change stay away.
        let odd = "  \tx: \"\n";
        let shown = diff_without_keys(&harness("Say {{x}}.", odd), &harness("Now say {{x}}.", odd));
        assert!(
            shown.contains("+  - Now say {{x}}.") && !shown.contains("hunter2xyz"),
            "{shown}"
        );
        let both = (harness("Say.", ""), harness("Now.", ""));
        assert!(diff(&both.0, &both.1).contains("hunter2xyz"));
    }
}
