//! Finds what a host inserts into a text: files, and variables of the environment.

use super::attached_links::attached;
use super::expansion::ExpandedValue;
use super::markdown_prose::prose;
use super::placeholders::{between, in_braces};
use super::text_reference::{ReferencedSource, TextReference};
use crate::manifest::placeholder::PlaceholderKind;
use crate::manifest::surface::SurfaceFormat;

/// The references of a value.
pub(super) fn references(path: &str, value: &ExpandedValue) -> Vec<TextReference> {
    let of_kind = |kind: &PlaceholderKind| of_kind(*kind, path, value);
    value.kinds.iter().flat_map(of_kind).collect()
}

fn of_kind(kind: PlaceholderKind, path: &str, value: &ExpandedValue) -> Vec<TextReference> {
    let text = value.text.as_str();
    match kind {
        PlaceholderKind::Imports => imports(path, value),
        PlaceholderKind::Sources => {
            let files = between(text, "{file:", "}").map(|(whole, target)| beside(whole, target));
            files.chain(in_braces(text, "{env:").map(variable)).collect()
        }
        PlaceholderKind::HashFiles => between(text, "#[[file:", "]]")
            .map(|(whole, target)| in_workspace(whole, target))
            .collect(),
        PlaceholderKind::FileLinks => attached(text),
        PlaceholderKind::FileUris => {
            let whole = text.trim();
            let target = whole.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("file://"));
            target.map(|_| beside(whole, &whole[7..])).into_iter().collect()
        }
        PlaceholderKind::Variables => in_braces(text, "${env:").map(variable).collect(),
        PlaceholderKind::EnvNames => env_names(text).map(variable).collect(),
        PlaceholderKind::EnvMembers => templates(text)
            .filter(|inner| words(inner).any(|word| matches!(word, "env" | "process" | "secrets")))
            .map(variable)
            .collect(),
        PlaceholderKind::EnvTemplates => templates(text)
            .filter(|inner| words(inner).any(is_capital))
            .map(variable)
            .collect(),
        PlaceholderKind::Braces
        | PlaceholderKind::Templates
        | PlaceholderKind::Args
        | PlaceholderKind::Arguments
        | PlaceholderKind::NumberedArguments
        | PlaceholderKind::NamedArguments
        | PlaceholderKind::HostVariables
        | PlaceholderKind::Commands => Vec::new(),
    }
}

fn beside(text: &str, target: &str) -> TextReference {
    TextReference {
        text: text.to_owned(),
        source: ReferencedSource::BesideFile(target.trim().to_owned()),
    }
}

fn in_workspace(text: &str, target: &str) -> TextReference {
    TextReference {
        text: text.to_owned(),
        source: ReferencedSource::InWorkspace(target.trim().to_owned()),
    }
}

fn variable(text: &str) -> TextReference {
    TextReference {
        text: text.to_owned(),
        source: ReferencedSource::Variable,
    }
}

/// The files that a text inserts with `@path` and `@{path}`. Where a host replaces commands as well, it knows no code.
fn imports(path: &str, value: &ExpandedValue) -> Vec<TextReference> {
    let is_template = value.kinds.contains(&PlaceholderKind::Commands);
    let knows_code = !is_template && value.is_body && SurfaceFormat::of(path) == SurfaceFormat::FrontMatter;
    let text = match knows_code {
        true => prose(&value.text),
        false => value.text.clone(),
    };
    let reference = |whole: String, target: &str| match is_template {
        true => in_workspace(&whole, target),
        false => beside(&whole, target),
    };
    let in_braces = between(&text, "@{", "}").map(|(whole, target)| reference(whole.to_owned(), target));
    let words = at_words(&text).map(|target| reference(format!("@{target}"), target));
    in_braces.chain(words).collect()
}

/// The paths after `@`, up to white space. An `@` inside a word, as in an address, or after a backtick begins none, and a
/// space after `\` belongs to a path.
fn at_words(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('@').filter_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        let is_inside =
            before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '`' | '@' | '/' | '\\' | '.' | '-'));
        let rest = &text[at + 1..];
        let mut is_escaped = false;
        let end = rest.find(|c: char| {
            let ends = (c.is_whitespace() && !is_escaped) || matches!(c, '`' | ',' | '<' | '>' | '"');
            is_escaped = c == '\\';
            ends
        });
        let word = &rest[..end.unwrap_or(rest.len())];
        let path = word.trim_end_matches(['.', ';', ':', ')', ']', '}', '\'', '*', '_', '!', '?']);
        let path = if path.ends_with('/') || path.is_empty() && word.starts_with("..") {
            word
        } else {
            path
        };
        let names_one = !path.is_empty() && path != "/" && !path.starts_with('{');
        (!is_inside && names_one).then_some(path)
    })
}

/// The variables `$X` and `${X}`.
fn env_names(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('$').filter_map(|(at, _)| {
        let rest = &text[at..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if rest[1..].starts_with('{') {
            return Some(&rest[..=rest.find('}')?]);
        }
        let end = rest[1..].find(|c| !is_name(c)).map_or(rest.len(), |end| end + 1);
        rest[1..]
            .starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            .then(|| &rest[..end])
    })
}

/// The expressions `{{ … }}` and statements `{% … %}` of a template.
pub(super) fn templates(text: &str) -> impl Iterator<Item = &str> {
    let expressions = between(text, "{{", "}}");
    expressions.chain(between(text, "{%", "%}")).map(|(whole, _)| whole)
}

/// The names in an expression, without what is in quotes.
fn words(expression: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let plain = expression.split(['"', '\'']).step_by(2);
    plain.flat_map(move |part| part.split(move |c| !is_part(c)))
}

/// Whether a name is written as variables of the environment are.
fn is_capital(name: &str) -> bool {
    let is_capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.len() > 1 && name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(is_capital)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, kinds: &[PlaceholderKind], text: &str) -> String {
        let value = ExpandedValue {
            text: text.to_owned(),
            kinds: kinds.to_vec(),
            is_body: true,
        };
        let found: Vec<String> = references(path, &value).into_iter().map(|one| one.text).collect();
        found.join(" | ")
    }

    #[test]
    fn each_syntax_is_found() {
        for (kind, text, wanted) in [
            (
                PlaceholderKind::Imports,
                "See @~/a.md, (@/etc/x) and @../b.",
                "@~/a.md | @/etc/x | @../b",
            ),
            (PlaceholderKind::Imports, "`@/x` me@example.org:/x a/@../b", ""),
            (PlaceholderKind::Imports, "@/My\\ Docs/x and @..", "@/My\\ Docs/x | @.."),
            (PlaceholderKind::Imports, "@{/etc/passwd} @/", "@{/etc/passwd}"),
            (
                PlaceholderKind::Sources,
                "{file:~/x y} {env:K}",
                "{file:~/x y} | {env:K}",
            ),
            (PlaceholderKind::HashFiles, "#[[file:a b.md]]", "#[[file:a b.md]]"),
            (PlaceholderKind::FileLinks, "[a](x.md) #file:y", "[…](x.md) | #file:y"),
            (PlaceholderKind::FileUris, " FILE:///etc/passwd\n", "FILE:///etc/passwd"),
            (PlaceholderKind::FileUris, "See file:///x", ""),
            (PlaceholderKind::EnvNames, "$A_b ${C} $5 $", "$A_b | ${C}"),
            (
                PlaceholderKind::EnvMembers,
                "{{ env.K }} {{env | dump}} {{ \"env\" }} {{ environment }} {% if env['x'] %}",
                "{{ env.K }} | {{env | dump}} | {% if env['x'] %}",
            ),
            (
                PlaceholderKind::EnvTemplates,
                "{{ AWS_KEY }} {{ task }} {{ \"AWS\" }}",
                "{{ AWS_KEY }}",
            ),
            (PlaceholderKind::Variables, "${env:X} ${input:y}", "${env:X}"),
        ] {
            assert_eq!(found("x.md", &[kind], text), wanted, "{text}");
        }
    }

    #[test]
    fn a_template_knows_no_fences() {
        let text = "```\n@/etc/passwd\n```\n";
        let commands = [PlaceholderKind::Imports, PlaceholderKind::Commands];
        assert_eq!(found("x.md", &commands[..1], text), "");
        assert_eq!(found("x.md", &commands, text), "@/etc/passwd");
    }
}
