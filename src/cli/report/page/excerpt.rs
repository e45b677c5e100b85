//! Texts of which a page may show only the beginning.

use maud::{Markup, html};

use super::number::grouped;
use crate::cli::report::veil::Excerpt;

/// Paragraphs of a text; `file` is where the whole text is.
pub(super) fn paragraphs(excerpt: &Excerpt, file: &str) -> Markup {
    html! {
        div.prose { (excerpt.text) }
        (left_out(excerpt, file))
    }
}

/// How much of a text is left out, and where it is; nothing if the text is whole.
pub(super) fn left_out(excerpt: &Excerpt, file: &str) -> Markup {
    html! {
        @if excerpt.left_out > 0 {
            p.note { (grouped(excerpt.left_out as u64)) " more characters are in " code { (file) } "." }
        }
    }
}
