//! The harness line by line, coloured by the edit that wrote each line.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::artifact::counted;
use crate::cli::report::facts::blame::{BlamedFile, BlamedHarness, BlamedRange, LineAuthor};
use crate::cli::report::facts::edit::EditAnchor;

/// The number of colours; further edits use them again.
const COLOURS: usize = 6;

/// What lines can lead to.
struct EditColours<'a> {
    /// The edits of the page.
    shown: &'a BTreeSet<&'a EditAnchor>,
    /// The number of each edit that wrote lines.
    numbers: BTreeMap<&'a EditAnchor, usize>,
}

impl EditColours<'_> {
    fn class(&self, anchor: &EditAnchor) -> String {
        format!("by{}", self.numbers.get(anchor).copied().unwrap_or_default() % COLOURS)
    }
}

/// The files. `shown` are the edits of the page.
pub(super) fn blame(harness: &BlamedHarness, shown: &BTreeSet<&EditAnchor>) -> Markup {
    let edits = harness.edits().into_iter().enumerate();
    let colours = EditColours {
        shown,
        numbers: edits.map(|(at, anchor)| (anchor, at)).collect(),
    };
    html! {
        @if harness.files.is_empty() { p.empty { "The harness has no text file." } }
        @for one in &harness.files { (file(one, &colours)) }
        @if !harness.others.is_empty() {
            details.others {
                summary { (counted(harness.others.len(), "more file")) }
                ul { @for path in &harness.others { li { code { (path) } } } }
            }
        }
    }
}

fn file(file: &BlamedFile, colours: &EditColours) -> Markup {
    let edits: BTreeSet<&EditAnchor> = file.edits().collect();
    html! {
        details.file open[!edits.is_empty()] {
            summary { code { (file.path) }
                span.meta { @match edits.len() { 0 => "no line by an edit", count => (counted(count, "edit")) } } }
            div.lines tabindex="0" role="group" aria-label={ "Lines of " (file.path) } {
                @for one in &file.ranges { (range(one, colours)) }
            }
            @if file.left_out > 0 {
                p.note { (counted(file.left_out, "more line")) " in " code { (file.path) } "; " code { "kaizen blame FILE" } " shows who wrote them." }
            }
        }
    }
}

fn range(range: &BlamedRange, colours: &EditColours) -> Markup {
    let anchor = range.author.edit();
    let target = anchor
        .filter(|anchor| colours.shown.contains(anchor))
        .map(EditAnchor::id);
    let class = anchor.map_or_else(|| "person".to_owned(), |anchor| colours.class(anchor));
    html! {
        div.range.(class) {
            div.author { (author(range, target.as_deref())) }
            pre {
                @for (at, line) in range.lines.iter().enumerate() {
                    @let number = range.from + at;
                    @match &target {
                        Some(target) => a.n href={ "#" (target) } { (number) },
                        None => span.n { (number) },
                    }
                    (line) "\n"
                }
            }
        }
    }
}

fn author(range: &BlamedRange, target: Option<&str>) -> Markup {
    match &range.author {
        LineAuthor::Edit(label, anchor) => html! {
            @match target {
                Some(target) => a href={ "#" (target) } { (label) },
                None => b { (label) },
            }
            " " span.meta title=(anchor.session()) { (anchor.session()) }
        },
        LineAuthor::Commit([commit, who, day, subject]) => html! {
            code { (commit) } " " span.meta title=(subject) { (day) " · " (who) " · " (subject) }
        },
        LineAuthor::Uncommitted => html! { span.meta { "not committed yet" } },
        LineAuthor::Unknown => html! { span.meta { "origin unknown" } },
    }
}
