//! Checks that an edit keeps the placeholders that a host or a program fills in.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::harness::format::front_matter::body;
use crate::harness::format::values;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::op::replacement::variables;
use crate::manifest::surface::SurfaceFormat;

/// The folder of prompts in which Codex fills in named arguments, `$FILE`.
const NAMED_ARGUMENTS: &str = ".codex/prompts/";

/// A changed file whose values are compared one by one.
pub(super) struct ChangedFile<'a> {
    pub path: &'a str,
    pub format: Option<SurfaceFormat>,
    pub old: &'a str,
    pub new: &'a str,
    /// Whether the edit replaces examples, which no host fills in.
    pub has_examples: bool,
}

/// Refuses a value that lacks a placeholder of the old one.
pub(super) fn check(file: &ChangedFile) -> Result<(), Inapplicable> {
    let of = |text: &str| {
        let mut found = placeholders(text, file.format == Some(SurfaceFormat::FrontMatter));
        if file.path.contains(NAMED_ARGUMENTS) {
            found.extend(variables(text).into_iter().filter(|name| is_named_argument(name)));
        }
        found
    };
    let mut lost = BTreeSet::new();
    for (old, new) in file.changed_values() {
        let kept = of(&new);
        lost.extend(of(&old).into_iter().filter(|name| !kept.contains(name)));
    }
    let lost: Vec<String> = lost.into_iter().collect();
    match lost.is_empty() {
        true => Ok(()),
        false => Err(Inapplicable::Lost {
            path: file.path.to_owned(),
            placeholders: format!("`{}`", lost.join("`, `")),
        }),
    }
}

fn is_named_argument(name: &str) -> bool {
    let name = name.strip_prefix('$').unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains(|c: char| c.is_ascii_lowercase())
}

impl ChangedFile<'_> {
    /// The old and the new text of each value that differs. The text of a file that has no keys, or cannot be read, is one
    /// value, and so is the body under a front matter.
    fn changed_values(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let format = self.format.unwrap_or(SurfaceFormat::Text);
        let (old, new) = match format {
            SurfaceFormat::FrontMatter => (body(self.old).unwrap_or(self.old), body(self.new).unwrap_or(self.new)),
            _ => (self.old, self.new),
        };
        match (values(format, self.old), values(format, self.new)) {
            (Ok(before), Ok(after)) => self.collect(&before, &after, &mut found),
            _ => return vec![(self.old.to_owned(), self.new.to_owned())],
        }
        if format == SurfaceFormat::FrontMatter {
            found.push((old.to_owned(), new.to_owned()));
        }
        found
    }

    /// Adds the texts that differ between two values. An item that leaves a list takes its placeholders with it.
    fn collect(&self, old: &Json, new: &Json, found: &mut Vec<(String, String)>) {
        match (old, new) {
            (old, new) if old == new => {}
            (Json::Object(fields), new) => {
                for (name, value) in fields {
                    self.collect(value, new.get(name).unwrap_or(&Json::Null), found);
                }
            }
            (Json::Array(items), Json::Array(wanted)) => {
                if self.has_examples && items.iter().any(Json::is_object) {
                    return;
                }
                // An item that changed is one that stands where another one stood.
                let pairs = items.iter().zip(wanted).filter(|_| items.len() == wanted.len());
                for (item, new) in pairs.filter(|(item, new)| !wanted.contains(item) && !items.contains(new)) {
                    self.collect(item, new, found);
                }
            }
            (Json::String(old), new) => {
                let new = match new {
                    Json::String(new) => new.clone(),
                    Json::Null => String::new(),
                    other => other.to_string(),
                };
                found.push((old.clone(), new));
            }
            _ => {}
        }
    }
}

/// The placeholders of a text: `{x}`, `{{x}}`, `{{{x}}}`, `{file:x}`, `{env:X}`, `$ARGUMENTS`, `$1`, `!{…}`, `` !`…` `` and
/// `@path`. In Markdown, code contains neither `{x}` nor `@path`, because it shows them to the reader.
pub(in crate::harness::op) fn placeholders(text: &str, is_markdown: bool) -> BTreeSet<String> {
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
    found.extend(sources(&prose));
    found.extend(commands(text));
    found.extend(imports(&prose).map(|path| format!("@{path}")));
    found
}

/// The files and variables that a host inserts: `{file:./x.md}`, `{env:X}`.
fn sources(text: &str) -> impl Iterator<Item = String> {
    text.match_indices('{').filter_map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(['}', '\n']).filter(|end| rest[*end..].starts_with('}'))?;
        let is_source = ["{file:", "{env:"].iter().any(|open| rest.starts_with(open));
        is_source.then(|| rest[..=end].to_owned())
    })
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
            ("Raw {{{ html }}}, {{x}}.", "{{x}} {{{html}}}"),
            (
                "{file:./prompts/a b.txt} {env:KEY} {file:~/x.md}",
                "{env:KEY} {file:./prompts/a b.txt} {file:~/x.md}",
            ),
            ("{file:x\ny} `{file:y}` if (a) { return b; } ${c}", ""),
        ] {
            let found: Vec<String> = placeholders(text, true).into_iter().collect();
            assert_eq!(found.join(" "), wanted, "{text}");
        }
        assert!(placeholders("`{x}`", false).contains("{x}"));
    }

    fn lost(path: &str, format: SurfaceFormat, old: &str, new: &str) -> Option<String> {
        let file = ChangedFile {
            path,
            format: Some(format),
            old,
            new,
            has_examples: path.ends_with(".jsonl"),
        };
        check(&file).err().map(|reason| reason.to_string())
    }

    #[test]
    fn a_lost_placeholder_is_named() {
        let refused = lost("p.txt", SurfaceFormat::Text, "Convert {q} to {u}.", "Convert.").unwrap();
        assert!(refused.contains("`{q}`, `{u}`"), "{refused}");
        assert_eq!(
            lost("p.txt", SurfaceFormat::Text, "Convert {q}.", "Now: {q} {new}"),
            None
        );
    }

    #[test]
    fn values_are_compared_one_by_one() {
        use crate::manifest::surface::SurfaceFormat::{FrontMatter, Json, Jsonl, Toml, Yaml};
        for (path, format, old, new, is_lost) in [
            ("a.yaml", Yaml, "a: Say {x}.\nb: '{x}'\n", "a: Say.\nb: '{x}'\n", true),
            ("a.yaml", Yaml, "a: Say {x}.\nb: 1\n", "a: \"Now: {x}\"\nb: 2\n", false),
            ("a.yaml", Yaml, "a: Say {x}.\nb: y\n", "b: y {x}\n", true),
            ("a.toml", Toml, "[p]\na = '{x}'\n", "[p]\na = '{x} \u{e9}'\n", false),
            (
                "a.json",
                Json,
                "{\"p\": [\"{{q}} a\", \"{{q}} b\"]}",
                "{\"p\": [\"{{q}} a\", \"b\"]}",
                true,
            ),
            (
                "a.json",
                Json,
                "{\"p\": [\"{{q}} a\", \"{{q}} b\"]}",
                "{\"p\": [\"{{q}} b\"]}",
                false,
            ),
            (
                "a.json",
                Json,
                "{\"p\": \"{file:./a/b.txt}\"}",
                "{\"p\": \"Be kind.\"}",
                true,
            ),
            ("a.jsonl", Jsonl, "{\"q\": \"{x}\"}\n", "{\"q\": \"y\"}\n", false),
            (
                "a.md",
                FrontMatter,
                "---\nhint: '{x}'\n---\n{x}\n",
                "---\nhint: '{x}'\n---\nNo.\n",
                true,
            ),
            (
                "a.md",
                FrontMatter,
                "---\nhint: '{x}'\n---\n{x}\n",
                "---\nhint: y\n---\n{x}\n",
                true,
            ),
            ("a.md", FrontMatter, "Fix $FILE.\n", "Fix.\n", false),
            (".codex/prompts/a.md", FrontMatter, "Fix $FILE.\n", "Fix.\n", true),
        ] {
            assert_eq!(lost(path, format, old, new).is_some(), is_lost, "{old} to {new}");
        }
    }
}
