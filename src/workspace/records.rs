//! Commits records of kaizen's own, whose bytes count: what a formatter in a hook makes of them is undone.

use super::Workspace;
use super::error::RunError;
use crate::ledger::FileState;

/// Commits records, given as files or folders. A hook may refuse them; if it only changes their form, they are
/// restored and committed once more, because digests of other files refer to their bytes.
///
/// # Errors
/// git or the file system fails, or a hook refuses the commit.
pub(crate) fn commit_records(workspace: &Workspace, paths: &[String], message: &str) -> Result<(), RunError> {
    let mut files = Vec::new();
    for file in workspace.ledger.status(paths)? {
        if file.state != FileState::Ignored
            // A file that is too large to read cannot be restored either.
            && let Ok(Some(bytes)) = workspace.root.read(&file.path)
        {
            files.push((file.path, bytes));
        }
    }
    match workspace.ledger.commit_with_hooks(paths, message) {
        Ok((_, false)) => Ok(()),
        Ok((_, true)) if !restore(workspace, &files)? => Ok(()),
        Ok((_, true)) => workspace
            .ledger
            .commit_past_hooks(paths, message)
            .map(drop)
            .map_err(Into::into),
        Err(error) => {
            restore(workspace, &files)?;
            Err(error.into())
        }
    }
}

/// Restores files that a formatter changed; returns whether there was one.
fn restore(workspace: &Workspace, files: &[(String, Vec<u8>)]) -> Result<bool, RunError> {
    let mut any = false;
    for (path, bytes) in files {
        let present = workspace.root.read(path)?.unwrap_or_default();
        if present != *bytes && differ_in_form(path, &present, bytes) {
            any |= workspace.root.publish_over(path, bytes, Some(&present))?;
        }
    }
    Ok(any)
}

/// Whether two contents of a file differ only in their form, as a formatter changes it: in spacing, for JSON also in the
/// order of members, for Markdown in punctuation. Any other change may be a person's.
pub(crate) fn differ_in_form(path: &str, one: &[u8], other: &[u8]) -> bool {
    let is_markdown = path.ends_with(".md");
    let words = |bytes: &[u8]| -> Vec<u8> {
        let counts = |byte: &u8| match is_markdown {
            true => byte.is_ascii_alphanumeric() || !byte.is_ascii(),
            false => !byte.is_ascii_whitespace(),
        };
        bytes.iter().copied().filter(counts).collect()
    };
    let value = |bytes: &[u8]| -> Option<serde_json::Value> {
        serde_json::from_slice(bytes).ok().filter(|_| path.ends_with(".json"))
    };
    words(one) == words(other) || value(one).is_some_and(|value_of_one| Some(value_of_one) == value(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formatter_changes_the_form_only() {
        for (path, one, other, expected) in [
            (
                "a.json",
                r#"{"a": 1, "b": [1, 2]}"#,
                "{\n\"b\": [\n1,2], \"a\": 1}",
                true,
            ),
            ("a.json", r#"{"a": 1}"#, r#"{"a": 2}"#, false),
            ("a.json", r#"{"a": [1, 2]}"#, r#"{"a": [2, 1]}"#, false),
            ("a.jsonl", "{\"a\":1}\n", "{ \"a\": 1 }\n", true),
            ("a.jsonl", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", false),
            ("a.md", "* one\n* *two*\n", "- one\n- _two_\n\n", true),
            ("a.md", "* one\n", "* two\n", false),
            ("plan.txt", "a b", "a  b\n", true),
            ("plan.txt", "a-b", "a b", false),
        ] {
            assert_eq!(
                differ_in_form(path, one.as_bytes(), other.as_bytes()),
                expected,
                "{one} {other}"
            );
        }
    }
}
