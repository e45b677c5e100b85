//! Tests of diffs and of the share of changed lines.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: real files, long tables

use super::normalise::changed_line_ratio;
use super::*;

#[test]
fn diffs() {
    for (name, text, diff, wanted) in [
        (
            "drifted",
            "x\na\nb\n",
            "@@ -1,2 +1,2 @@\n a\n-b\n+B\n",
            Some("x\na\nB\n"),
        ),
        ("ambiguous", "a\nb\na\n", "@@ -2 +2 @@\n-a\n+A\n", None),
        ("stated", "a\nb\na\n", "@@ -3 +3 @@\n-a\n+A\n", Some("a\nb\nA\n")),
        ("context", "a\nb\n", "@@ -1,2 +1,2 @@\n wrong\n-b\n+B\n", None),
        (
            "count too small",
            "a\nb\n",
            "@@ -1 +1 @@\n-a\n+A\n+more\n",
            Some("A\nmore\nb\n"),
        ),
        (
            "prose and fence",
            "a\n",
            "Sure:\n```diff\n@@ -1 +1 @@\n-a\n+A\n```\n- done\n",
            Some("A\n"),
        ),
        (
            "sorted",
            "a\nb\n",
            "@@ -2 +2 @@\n-b\n+B\n@@ -1 +1 @@\n-a\n+A\n",
            Some("A\nB\n"),
        ),
        (
            "overlap",
            "a\nb\n",
            "@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -2 +2 @@\n-b\n+B\n",
            None,
        ),
        ("creates", "a\n", "--- /dev/null\n+++ b/p\n@@ -0,0 +1 @@\n+x\n", None),
        ("only context", "a\n", "@@ -1 +1 @@\n a\n", None),
        (
            "crlf",
            "a\r\nb\r\n",
            "@@ -1,2 +1,3 @@\n a\n+n\n b\n",
            Some("a\r\nn\r\nb\r\n"),
        ),
        ("open end kept", "a\nb", "@@ -2 +2 @@\n-b\n+B\n", Some("a\nB")),
        (
            "open end claimed",
            "a\nb\n",
            "@@ -2 +2 @@\n-b\n\\ No newline at end of file\n+B\n",
            None,
        ),
        ("repeats", "a\na\na\n", "@@ -1 +0,0 @@\n-a\n", None),
        (
            "appended off by lines",
            "x\nz\n",
            "@@ -9 +9,2 @@\n z\n+n\n",
            Some("x\nz\nn\n"),
        ),
        ("from nothing", "", "@@ -0,0 +1 @@\n+x\n", Some("x\n")),
    ] {
        let result = unified_diff::apply(text, diff);
        assert_eq!(result.as_deref().ok(), wanted, "{name}: {result:?}");
        if let Ok(result) = result {
            assert_eq!(
                unified_diff::apply(&result, diff).as_ref(),
                Ok(&result),
                "{name}, again"
            );
        }
    }
}

#[test]
fn an_insertion_changes_one_line() {
    assert!((changed_line_ratio("a\nb\nc\n", "new\na\nb\nc\n") - 0.25).abs() < 1e-12);
    assert!((changed_line_ratio("a\nb\n", "a\r\nc\r\n") - 0.5).abs() < 1e-12);
    assert!(changed_line_ratio("", "").abs() < 1e-12);
}
