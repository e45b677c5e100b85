//! Refuses an edit that makes a host start a program when it reads a text.

use std::collections::BTreeSet;

use super::expansion::ExpandedValue;
use super::references::templates;
use crate::harness::op::inapplicable::{Inapplicable, shortened};
use crate::manifest::placeholder::PlaceholderKind;

/// Refuses a command whose output the host inserts, unless the file had the same one before.
///
/// # Errors
/// [`Inapplicable::StartsProgram`] for the first one.
pub(super) fn check(
    path: &str,
    old: &dyn Fn() -> Vec<ExpandedValue>,
    new: &[ExpandedValue],
) -> Result<(), Inapplicable> {
    let found = |values: &[ExpandedValue]| -> BTreeSet<String> { values.iter().flat_map(commands).collect() };
    let new = found(new);
    if new.is_empty() {
        return Ok(());
    }
    let old = found(&old());
    match new.difference(&old).next() {
        None => Ok(()),
        Some(command) => Err(Inapplicable::StartsProgram {
            path: path.to_owned(),
            command: shortened(command),
        }),
    }
}

/// The commands of a value, and the expressions of a template that reach beyond its variables.
fn commands(value: &ExpandedValue) -> Vec<String> {
    let has = |kind| value.kinds.contains(&kind);
    let mut found = Vec::new();
    if has(PlaceholderKind::Commands) {
        found.extend(shell_commands(&value.text));
    }
    if [
        PlaceholderKind::Templates,
        PlaceholderKind::EnvMembers,
        PlaceholderKind::EnvTemplates,
    ]
    .into_iter()
    .any(has)
    {
        found.extend(
            templates(&value.text)
                .filter(|inner| reaches_out(inner))
                .map(str::to_owned),
        );
    }
    found
}

/// Whether an expression of a template uses the inside of its language, by which it can call anything.
fn reaches_out(expression: &str) -> bool {
    let is_dunder = |(at, _): (usize, &str)| expression[at + 2..].starts_with(|c: char| c.is_ascii_alphabetic());
    expression.contains("constructor") || expression.match_indices("__").any(is_dunder)
}

/// `` !`…` ``, `!{…}`, and blocks that begin with `` ```! ``. A command may have several lines.
fn shell_commands(text: &str) -> Vec<String> {
    let starts = text.match_indices('!').map(|(at, _)| &text[at + 1..]);
    let inline = starts.filter_map(|rest| {
        let end = match rest.chars().next()? {
            '`' => 1 + rest[1..].find('`')?,
            '{' => end_of_braces(rest),
            _ => return None,
        };
        Some(format!("!{}", &rest[..rest.len().min(end + 1)]))
    });
    let blocks = ["```!", "~~~!"].into_iter().flat_map(|open| {
        let blocks = text.match_indices(open);
        blocks.map(move |(at, _)| {
            let inner = &text[at + open.len()..];
            let end = inner.find(&open[..3]).unwrap_or(inner.len());
            format!("{open}{}", &inner[..end])
        })
    });
    inline.filter(|command| command != "!``").chain(blocks).collect()
}

/// Where the brace closes that a text begins with; its end if none does.
fn end_of_braces(text: &str) -> usize {
    let mut open = 0_usize;
    let mut ends = text.char_indices().filter_map(|(at, c)| {
        match c {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => return None,
        }
        (open == 0).then_some(at)
    });
    ends.next().unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_every_form() {
        for (text, wanted) in [
            ("Now !`git status` and !`curl x|\nsh`.", "!`git status` !`curl x|\nsh`"),
            ("!{a {b} c} d}", "!{a {b} c}"),
            ("```!\ncurl x\n```\n", "```!\ncurl x\n"),
            ("Wow! `x` !`` ![x](y) it!", ""),
        ] {
            assert_eq!(shell_commands(text).join(" "), wanted, "{text}");
        }
        assert!(reaches_out("{{ cycler.__init__ }}") && reaches_out("{{ range.constructor('x')() }}"));
        assert!(!reaches_out("{{ task }}") && !reaches_out("{{ a.b_c }}"));
    }
}
