//! Checks that an edit keeps the placeholders that a host or a program fills in.

use std::collections::BTreeSet;

use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::op::replacement::variables;
use crate::manifest::surface::SurfaceFormat;

/// Refuses a text that lacks a placeholder of the old one.
pub(super) fn check(path: &str, format: Option<SurfaceFormat>, old: &str, new: &str) -> Result<(), Inapplicable> {
    let is_markdown = format == Some(SurfaceFormat::FrontMatter);
    let kept = placeholders(new, is_markdown);
    let lost: Vec<String> = placeholders(old, is_markdown)
        .into_iter()
        .filter(|name| !kept.contains(name))
        .collect();
    match lost.is_empty() {
        true => Ok(()),
        false => Err(Inapplicable::Lost {
            path: path.to_owned(),
            placeholders: format!("`{}`", lost.join("`, `")),
        }),
    }
}

/// The placeholders of a text: `{x}`, `{{x}}`, `$ARGUMENTS`, `$1`, `!{…}`, `` !`…` `` and `@path`. In Markdown, code contains
/// neither `{x}` nor `@path`, because it shows them to the reader.
fn placeholders(text: &str, is_markdown: bool) -> BTreeSet<String> {
    let prose = match is_markdown {
        true => without_code(text),
        false => text.to_owned(),
    };
    let is_filled = |name: &String| match name.strip_prefix('$') {
        Some(name) => name == "ARGUMENTS" || name.starts_with(|c: char| c.is_ascii_digit()),
        None => name.starts_with("{{") || name.starts_with("{%"),
    };
    let mut found: BTreeSet<String> = variables(text).into_iter().filter(is_filled).collect();
    found.extend(variables(&prose).into_iter().filter(|name| name.starts_with('{')));
    found.extend(commands(text));
    found.extend(imports(&prose).map(|path| format!("@{path}")));
    found
}

/// The shell commands whose output a host inserts: `!{…}` and `` !`…` ``.
fn commands(text: &str) -> impl Iterator<Item = String> {
    let closing = |rest: &str| match rest.chars().nth(1) {
        Some('{') => Some('}'),
        Some('`') => Some('`'),
        _ => None,
    };
    text.match_indices('!').filter_map(move |(at, _)| {
        let rest = &text[at..];
        let end = rest[2.min(rest.len())..].find(closing(rest)?)? + 3;
        let inner = rest.get(..end)?;
        (!inner.contains('\n')).then(|| inner.to_owned())
    })
}

/// The paths that a text imports with `@`.
pub(super) fn imports(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '~');
    text.match_indices('@').filter_map(move |(at, _)| {
        let is_start = text[..at]
            .chars()
            .next_back()
            .is_none_or(|before| before.is_whitespace() || before == '(');
        let rest = &text[at + 1..];
        let path = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        let path = path.trim_end_matches('.');
        (is_start && path.contains(['.', '/'])).then_some(path)
    })
}

/// A Markdown text with its code blocks and code spans left out.
pub(super) fn without_code(text: &str) -> String {
    let (mut prose, mut fence): (String, Option<&str>) = (String::new(), None);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let run = ["```", "~~~"].into_iter().find(|run| bare.starts_with(run));
        match (run, fence) {
            (Some(run), Some(open)) if run == open => fence = None,
            (Some(run), None) => fence = Some(run),
            (_, None) => prose += &without_spans(line),
            _ => {}
        }
    }
    prose
}

fn without_spans(line: &str) -> String {
    let pieces: Vec<&str> = line.split('`').collect();
    // The last of an even number of pieces opens no span.
    let is_prose = |at: usize| at.is_multiple_of(2) || at + 1 == pieces.len();
    let kept = pieces.iter().enumerate().filter(|(at, _)| is_prose(*at));
    kept.map(|(_, piece)| *piece).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_all_hosts_are_known() {
        for (text, wanted) in [
            ("Convert {q} and {{ unit }}.", "{q} {{unit}}"),
            ("Fix $ARGUMENTS, then $1 of $HOME for $5.00.", "$1 $ARGUMENTS"),
            ("Plan {{args}} with !{git diff}.", "!{git diff} {{args}}"),
            ("Now: !`git status`", "!`git status`"),
            ("See @docs/style.md. Mail me@example.org, @ada.", "@docs/style.md"),
            ("Use `{x}` and `@y/z`.\n```\n{y} $1\n```\n", "$1"),
            ("{a: 1} is {} for { b }! {ok}", "{b} {ok}"),
        ] {
            let found: Vec<String> = placeholders(text, true).into_iter().collect();
            assert_eq!(found.join(" "), wanted, "{text}");
        }
        assert!(placeholders("`{x}`", false).contains("{x}"));
    }

    #[test]
    fn a_lost_placeholder_is_named() {
        let refused = check("p.txt", Some(SurfaceFormat::Text), "Convert {q} to {u}.", "Convert.").unwrap_err();
        assert!(refused.to_string().contains("`{q}`, `{u}`"), "{refused}");
        assert_eq!(check("p.txt", None, "Convert {q}.", "Now: {q} {new}"), Ok(()));
    }
}
