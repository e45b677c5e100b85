//! Finds the files that a host attaches because a text links to them: Markdown links, and `#file:path`.

use std::borrow::Cow;

use super::text_reference::{ReferencedSource, TextReference};

/// The files that a text attaches. Code counts as text: the hosts look for links in all of it.
pub(super) fn attached(text: &str) -> Vec<TextReference> {
    let links = text.match_indices("](").filter_map(|(at, _)| {
        let rest = &text[at + 2..];
        let end = rest.find([')', '\n']).filter(|end| rest[*end..].starts_with(')'))?;
        let target = without_title(&rest[..end]);
        Some((format!("[…]({target})"), file_of_link(target)?))
    });
    let mentions = text.match_indices("#file:").filter_map(|(at, _)| {
        let target = mentioned(&text[at + 6..]);
        let is_named = !target.is_empty();
        is_named.then(|| {
            (
                format!("#file:{target}"),
                ReferencedSource::BesideFile(target.to_owned()),
            )
        })
    });
    let all = links.chain(mentions);
    all.map(|(text, source)| TextReference { text, source }).collect()
}

/// The target of a link, without its title and angle brackets.
fn without_title(inside: &str) -> &str {
    let inside = inside.trim();
    if let Some(end) = inside.strip_prefix('<').and_then(|rest| rest.find('>')) {
        return &inside[1..=end];
    }
    let title = [" \"", " '", " ("].iter().filter_map(|open| inside.find(open)).min();
    inside[..title.unwrap_or(inside.len())].trim_end()
}

/// The file to which a link leads; `None` if it leads to a page or a place of its own text.
fn file_of_link(target: &str) -> Option<ReferencedSource> {
    let target = decoded(target.split(['#', '?']).next()?);
    if target.is_empty() {
        return None;
    }
    match scheme(&target) {
        // Cursor writes the paths of a workspace so.
        Some(("mdc", path)) => Some(ReferencedSource::InWorkspace(path.to_owned())),
        Some((name, path)) => {
            let is_page = ["http", "https"].iter().any(|page| name.eq_ignore_ascii_case(page));
            // Addresses of mail and the like have no path.
            (!is_page && path.starts_with('/')).then(|| ReferencedSource::BesideFile(path.to_owned()))
        }
        None => Some(ReferencedSource::BesideFile(target.into_owned())),
    }
}

/// The scheme of an address and what follows it. A single letter is a drive.
fn scheme(target: &str) -> Option<(&str, &str)> {
    let (name, rest) = target.split_once(':')?;
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_scheme =
        name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_letter);
    is_scheme.then_some((name, rest))
}

/// The path after `#file:`: what is in quotes, else up to white space.
fn mentioned(rest: &str) -> &str {
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'));
    if let Some(end) = quote.and_then(|quote| rest[1..].find(quote)) {
        return rest[1..=end].trim();
    }
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '`' | ')' | ']' | ',' | '<' | '>' | '"'));
    let path = &rest[..end.unwrap_or(rest.len())];
    path.split(['#', '?'])
        .next()
        .unwrap_or_default()
        .trim_end_matches(['.', ';', ':', '\'', '*', '!'])
}

/// A target with `%20` and the like replaced. One that cannot be decoded stays.
fn decoded(target: &str) -> Cow<'_, str> {
    if !target.contains('%') {
        return target.into();
    }
    let mut bytes = Vec::new();
    let mut rest = target.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = &after[if code.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8(bytes).map_or(target.into(), Cow::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_are_found_and_links_to_pages_are_not() {
        let beside = |path: &str| ReferencedSource::BesideFile(path.to_owned());
        for (text, wanted) in [
            ("[a](docs/x.md)", vec![beside("docs/x.md")]),
            ("`[a](/etc/passwd)`", vec![beside("/etc/passwd")]),
            ("![a](../x.png \"title\")", vec![beside("../x.png")]),
            ("[a](<my file.md>)", vec![beside("my file.md")]),
            ("[a](my%20file.md#top)", vec![beside("my file.md")]),
            ("[a](%2e%2e/x)", vec![beside("../x")]),
            ("[a](100%)", vec![beside("100%")]),
            ("[a](file:///etc/passwd)", vec![beside("///etc/passwd")]),
            ("[a](C:/x)", vec![beside("C:/x")]),
            (
                "[a](mdc:src/x.ts)",
                vec![ReferencedSource::InWorkspace("src/x.ts".into())],
            ),
            ("[a](https://example.org/x) [b](#top) [c](mailto:a@example.org)", vec![]),
            ("a[i](\nx)", vec![]),
            (
                "See #file:../x.md, #file:'a b.md' and #file:.",
                vec![beside("../x.md"), beside("a b.md")],
            ),
        ] {
            let found: Vec<ReferencedSource> = attached(text).into_iter().map(|one| one.source).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
