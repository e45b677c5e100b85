//! Sections of a text: a Markdown heading with the text up to the next heading of its level or higher, or the text
//! between `<!-- NAME -->` and `<!-- /NAME -->`.

use std::ops::Range;

use super::error::FormatError;
use super::front_matter::FrontMatter;
use super::splice::line_end;
use crate::manifest::surface::SurfaceFormat;

/// The place of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SectionPlace {
    /// All of it: the heading or the marks, the text, and the empty lines after the text.
    pub whole: Range<usize>,
    /// The text without heading, marks and the empty lines after it.
    pub text: Range<usize>,
}

/// A line with the place where it begins.
struct SectionLine<'t> {
    start: usize,
    text: &'t str,
    /// Whether it belongs to a block of code.
    is_code: bool,
}

/// The sections with a name: the text of a heading, with or without its `#`, or the name of the marks.
///
/// # Errors
/// There is no section with the name, or more than one.
pub(crate) fn section(text: &str, name: &str) -> Result<SectionPlace, FormatError> {
    let lines = placed_lines(text);
    let mut places = headed(text, &lines, name);
    places.extend(marked(text, &lines, name));
    match <[_; 1]>::try_from(places) {
        Ok([place]) => Ok(place),
        Err(places) => Err(FormatError::Section {
            name: name.to_owned(),
            count: places.len(),
        }),
    }
}

/// The headings of a text, with their `#`, and the names of its marks, in order.
pub(crate) fn section_names(text: &str) -> Vec<String> {
    let lines = placed_lines(text);
    let names = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.is_code)
        .filter_map(|(at, line)| {
            let mark = mark(line.text).filter(|name| !name.starts_with('/')).map(str::to_owned);
            mark.or_else(|| heading(&lines, at).map(|(level, title)| format!("{} {title}", "#".repeat(level))))
        });
    names.collect()
}

/// The text with another text in a section; the heading or the marks stay, and so do the empty lines around the text.
///
/// # Errors
/// There is no such section, or more than one.
pub(crate) fn with_section(text: &str, name: &str, new: &str) -> Result<String, FormatError> {
    let place = section(text, name)?;
    let old = &text[place.text.clone()];
    let new = lines_like(text, new.trim_matches(['\n', '\r']));
    let before = &text[..place.text.start];
    let has_line = if old.is_empty() { before } else { old }.ends_with('\n');
    let (gap, end) = match (new.is_empty(), has_line) {
        (true, _) => ("", ""),
        (false, true) => ("", line_end(text)),
        (false, false) if old.is_empty() => (line_end(text), ""),
        (false, false) => ("", ""),
    };
    Ok(format!("{before}{gap}{new}{end}{}", &text[place.text.end..]))
}

/// The text with more text after a section, or at its end; empty lines separate it.
///
/// # Errors
/// There is no such section, or more than one.
pub(crate) fn with_new_section(text: &str, after: Option<&str>, content: &str) -> Result<String, FormatError> {
    let at = match after {
        Some(name) => section(text, name)?.whole.end,
        None => text.len(),
    };
    let end = line_end(text);
    let (before, rest) = text.split_at(at);
    let content = lines_like(text, content.trim_matches(['\n', '\r']));
    let gap = match before.trim_start_matches('\u{feff}') {
        "" => String::new(),
        before if before.ends_with("\n\n") || before.ends_with("\n\r\n") => String::new(),
        before if before.ends_with('\n') => end.to_owned(),
        _ => end.repeat(2),
    };
    let tail = match (rest.is_empty(), before.is_empty() || before.ends_with('\n')) {
        (true, false) => "",
        (true, true) => end,
        (false, _) => {
            if rest.starts_with(['\n', '\r']) {
                end
            } else {
                &end.repeat(2)
            }
        }
    };
    Ok(format!("{before}{gap}{content}{tail}{rest}"))
}

/// The text without a section. At the end of the text, the empty lines before the section go with it.
///
/// # Errors
/// There is no such section, or more than one.
pub(crate) fn without_section(text: &str, name: &str) -> Result<String, FormatError> {
    let place = section(text, name)?;
    let (before, rest) = (&text[..place.whole.start], &text[place.whole.end..]);
    if !rest.is_empty() {
        return Ok(format!("{before}{rest}"));
    }
    let kept = before.trim_end_matches(['\n', '\r']);
    let has_end = text.ends_with('\n') && !kept.trim_start_matches('\u{feff}').is_empty();
    Ok(format!("{kept}{}", if has_end { line_end(text) } else { "" }))
}

fn lines_like(text: &str, new: &str) -> String {
    match line_end(text) {
        "\r\n" if !new.contains('\r') => new.replace('\n', "\r\n"),
        _ => new.to_owned(),
    }
}

/// The lines under the front matter.
fn placed_lines(text: &str) -> Vec<SectionLine<'_>> {
    let mut start = FrontMatter::of(SurfaceFormat::FrontMatter, text).map_or(0, |front| front.body);
    let mut fence: Option<(char, usize)> = None;
    let mut lines = Vec::new();
    for line in text[start..].split_inclusive('\n') {
        let trimmed = line.trim_end_matches(['\n', '\r']);
        let ticks = fence_of(trimmed);
        let is_code = fence.is_some() || ticks.is_some();
        fence = match (fence, ticks) {
            (Some((c, count)), Some((mark, length, rest)))
                if mark == c && length >= count && rest.trim().is_empty() =>
            {
                None
            }
            (Some(open), _) => Some(open),
            (None, Some((mark, length, rest))) if mark == '~' || !rest.contains('`') => Some((mark, length)),
            (None, _) => None,
        };
        lines.push(SectionLine {
            start,
            text: trimmed,
            is_code,
        });
        start += line.len();
    }
    lines
}

/// The character and the number of a fence's marks, and the text behind them.
fn fence_of(line: &str) -> Option<(char, usize, &str)> {
    let inner = without_indent(line)?;
    let mark = inner.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = inner.trim_start_matches(mark);
    let count = inner.len() - rest.len();
    (count >= 3).then_some((mark, count, rest))
}

/// The line without an indentation of at most three blanks.
fn without_indent(line: &str) -> Option<&str> {
    let inner = line.trim_start_matches(' ');
    (line.len() - inner.len() <= 3 && !inner.starts_with('\t')).then_some(inner)
}

/// The level and the title of the heading that begins at a line.
fn heading<'t>(lines: &[SectionLine<'t>], at: usize) -> Option<(usize, &'t str)> {
    let line = lines.get(at).filter(|line| !line.is_code)?;
    let inner = without_indent(line.text)?;
    let rest = inner.trim_start_matches('#');
    let level = inner.len() - rest.len();
    if (1..=6).contains(&level) && (rest.is_empty() || rest.starts_with([' ', '\t'])) {
        let title = rest.trim();
        let bare = title.trim_end_matches('#');
        let closed = bare.is_empty() || bare.ends_with([' ', '\t']);
        return Some((level, if closed { bare.trim_end() } else { title }));
    }
    underlined(lines, at)
}

/// The level and the title of a heading with a line of `=` or `-` under it.
fn underlined<'t>(lines: &[SectionLine<'t>], at: usize) -> Option<(usize, &'t str)> {
    let title = without_indent(lines[at].text)?.trim_end();
    let follows_text = at > 0 && !lines[at - 1].is_code && !lines[at - 1].text.trim().is_empty();
    let is_text = title
        .chars()
        .next()
        .is_some_and(|c| c.is_alphanumeric() || matches!(c, '*' | '_' | '`' | '"' | '('));
    let is_item = title.starts_with("* ") || title.starts_with(|c: char| c.is_ascii_digit()) && title.contains(". ");
    let line = without_indent(lines.get(at + 1).filter(|line| !line.is_code)?.text)?.trim_end();
    let level = match line.chars().next()? {
        '=' if line.trim_matches('=').is_empty() => 1,
        '-' if line.trim_matches('-').is_empty() => 2,
        _ => return None,
    };
    (is_text && !is_item && !follows_text).then_some((level, title))
}

fn headed(text: &str, lines: &[SectionLine], name: &str) -> Vec<SectionPlace> {
    let bare = name.trim_start_matches('#');
    let wanted = (name.len() - bare.len(), bare.trim());
    let mut places = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((level, title)) = heading(lines, at) else {
            continue;
        };
        if title != wanted.1 && title != name.trim() || title == wanted.1 && title != name.trim() && wanted.0 != level {
            continue;
        }
        let has_marks = without_indent(line.text).is_some_and(|inner| inner.starts_with('#'));
        let from = at + if has_marks { 1 } else { 2 };
        let next = (from..lines.len()).find(|next| heading(lines, *next).is_some_and(|(other, _)| other <= level));
        let end = next.map_or(text.len(), |next| lines[next].start);
        let start = lines.get(from).map_or(text.len(), |line| line.start).min(end);
        places.push(SectionPlace {
            whole: line.start..end,
            text: inner(text, start..end),
        });
    }
    places
}

/// The name in a line `<!-- NAME -->`.
fn mark(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim();
    (!name.is_empty() && !name.contains("--")).then_some(name)
}

fn marked(text: &str, lines: &[SectionLine], name: &str) -> Vec<SectionPlace> {
    let mut places = Vec::new();
    let mut open: Option<usize> = None;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_code) {
        match (mark(line.text), open) {
            (Some(found), _) if found == name => open = Some(at),
            (Some(found), Some(first)) if found.strip_prefix('/').map(str::trim) == Some(name) => {
                let end = lines.get(at + 1).map_or(text.len(), |line| line.start);
                let start = lines[first + 1].start;
                places.push(SectionPlace {
                    whole: lines[first].start..end + empty_lines(&text[end..]),
                    text: inner(text, start..line.start),
                });
                open = None;
            }
            _ => {}
        }
    }
    places
}

/// A range without empty lines at its start and its end.
fn inner(text: &str, range: Range<usize>) -> Range<usize> {
    let start = range.start + empty_lines(&text[range.clone()]);
    let rest = &text[start..range.end];
    let content = rest.trim_end().len();
    let line = rest[content..].find('\n').map_or(rest.len(), |at| content + at + 1);
    if content == 0 {
        range.start..range.start
    } else {
        start..start + line
    }
}

/// The length of the empty lines at the start of a text.
fn empty_lines(text: &str) -> usize {
    let empty = text
        .split_inclusive('\n')
        .take_while(|line| line.trim().is_empty() && line.ends_with('\n'));
    empty.map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "---\n# no heading\nname: x\n---\n\n# Top\n\nIntro.\n\n## Tests\n\nRun them.\n\n```sh\n# no heading\n```\n\n### Deep\n\nx\n\n## Style #\n\nShort.\n\n<!-- notes -->\nA note.\n<!-- /notes -->\n\nEnd\n===\n\nBye.\n";

    #[test]
    fn sections_are_found_by_heading_or_marks() {
        let text_of = |name: &str| section(TEXT, name).map(|place| &TEXT[place.text]);
        let whole_of = |name: &str| section(TEXT, name).map(|place| &TEXT[place.whole]);
        assert_eq!(
            text_of("Tests"),
            Ok("Run them.\n\n```sh\n# no heading\n```\n\n### Deep\n\nx\n")
        );
        assert_eq!(text_of("### Deep"), Ok("x\n"));
        assert_eq!(
            whole_of("## Style"),
            Ok("## Style #\n\nShort.\n\n<!-- notes -->\nA note.\n<!-- /notes -->\n\n")
        );
        assert_eq!(text_of("notes"), Ok("A note.\n"));
        assert_eq!(whole_of("notes"), Ok("<!-- notes -->\nA note.\n<!-- /notes -->\n\n"));
        assert_eq!(whole_of("End"), Ok("End\n===\n\nBye.\n"));
        assert_eq!(
            section_names(TEXT),
            ["# Top", "## Tests", "### Deep", "## Style", "notes", "# End"]
        );
        for missing in ["no heading", "# Tests", "Nope", "name: x"] {
            assert_eq!(
                section(TEXT, missing).map_err(|error| error.to_string()),
                Err(format!("the text has 0 sections `{missing}`; expected one"))
            );
        }
        assert!(matches!(
            section("# a\n# a\n", "a"),
            Err(FormatError::Section { count: 2, .. })
        ));
    }

    #[test]
    fn sections_are_put_in_replaced_and_taken_out() {
        let text = "# A\n\none\n\n# B\n\ntwo\n";
        assert_eq!(
            with_section(text, "A", "new\nlines").as_deref(),
            Ok("# A\n\nnew\nlines\n\n# B\n\ntwo\n")
        );
        assert_eq!(
            with_section(text, "B", "new\n").as_deref(),
            Ok("# A\n\none\n\n# B\n\nnew\n")
        );
        assert_eq!(with_section("# A\n# B\n", "A", "new").as_deref(), Ok("# A\nnew\n# B\n"));
        assert_eq!(with_section("# A", "A", "new").as_deref(), Ok("# A\nnew"));
        assert_eq!(with_section("# A\n", "A", "new").as_deref(), Ok("# A\nnew\n"));
        assert_eq!(
            with_section("<!-- x --><!-- /x -->\n<!-- x -->\n<!-- /x -->\n", "x", "new").as_deref(),
            Ok("<!-- x --><!-- /x -->\n<!-- x -->\nnew\n<!-- /x -->\n")
        );
        assert_eq!(with_section(text, "A", "one\n").as_deref(), Ok(text));
        assert_eq!(
            with_new_section(text, Some("A"), "# C\n\nthree\n").as_deref(),
            Ok("# A\n\none\n\n# C\n\nthree\n\n# B\n\ntwo\n")
        );
        assert_eq!(
            with_new_section(text, Some("B"), "# C").as_deref(),
            Ok("# A\n\none\n\n# B\n\ntwo\n\n# C\n")
        );
        assert_eq!(
            with_new_section("one\r\n", None, "# C\n\ntwo").as_deref(),
            Ok("one\r\n\r\n# C\r\n\r\ntwo\r\n")
        );
        assert_eq!(with_new_section("one", None, "# C").as_deref(), Ok("one\n\n# C"));
        assert_eq!(with_new_section("", None, "# C").as_deref(), Ok("# C\n"));
        assert_eq!(without_section(text, "A").as_deref(), Ok("# B\n\ntwo\n"));
        assert_eq!(without_section(text, "B").as_deref(), Ok("# A\n\none\n"));
        assert_eq!(without_section("# A\r\nx", "A").as_deref(), Ok(""));
        assert!(without_section(text, "C").is_err());
    }

    proptest::proptest! {
        #[test]
        fn a_new_section_is_found_and_taken_out_again(text in "(# a\n|x\n|\n|```\n|- b\n|## c\n){0,8}", body in "[a-z]{1,5}") {
            let content = format!("# new\n\n{body}\n");
            let with = with_new_section(&text, None, &content).unwrap();
            if let Ok(place) = section(&with, "new") {
                proptest::prop_assert_eq!(with[place.text].trim_end(), body);
                let without = without_section(&with, "new").unwrap();
                proptest::prop_assert_eq!(without.trim_end(), text.trim_end());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "([-#`~= <!>/ab\r\n]|--|```){0,40}", name in "[a# ]{0,3}") {
            let _ = (section(&text, &name), section_names(&text), with_section(&text, &name, "x"), without_section(&text, &name));
        }
    }
}
