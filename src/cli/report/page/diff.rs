//! A diff with a class for each kind of line.

use maud::{Markup, html};

use super::excerpt::left_out;
use crate::cli::report::facts::diff::EditDiff;

/// The diff of an edit. `file` is where the whole change is.
pub(super) fn diff(diff: &EditDiff, file: &str) -> Markup {
    let text = diff.excerpt.text.as_str();
    html! {
        @if !text.is_empty() {
            pre.diff tabindex="0" role="group" aria-label="Diff" {
                @for line in text.lines() {
                    @if let Some(class) = class(line) { span class=(class) { (line) "\n" } }
                    @else { (line) "\n" }
                }
            }
        }
        @if let Some(remark) = diff.remark { p.note { (remark) } }
        (left_out(&diff.excerpt, file))
    }
}

/// The class of a line; `None` for one that stays as it is.
fn class(line: &str) -> Option<&'static str> {
    match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => Some("f"),
        [b'+', ..] => Some("a"),
        [b'-', ..] => Some("r"),
        [b'@', ..] => Some("h"),
        _ => None,
    }
}
