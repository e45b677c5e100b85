//! A text with a head of keys between two lines `---`, or above one, and its body.

use std::ops::Range;

use super::error::FormatError;
use super::node::NodeShape;
use super::splice::line_end;
use super::yaml_head::is_break;
use super::yaml_read::yaml;
use crate::manifest::surface::SurfaceFormat;

/// The places of the parts of a text with front matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrontMatter {
    /// The lines of the keys; `None`: the text has no head.
    pub keys: Option<Range<usize>>,
    /// The start of the body: behind the head and the empty lines after it.
    pub body: usize,
}

impl FrontMatter {
    /// The parts of a text in a format. In a format without a head, the whole text is the body.
    ///
    /// # Errors
    /// The head does not end.
    pub(super) fn of(format: SurfaceFormat, text: &str) -> Result<Self, FormatError> {
        let start = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
        let first = text[start..].split_inclusive('\n').next().unwrap_or_default();
        match format {
            SurfaceFormat::FrontMatter | SurfaceFormat::Preamble if is_rule(first) => {
                let keys = start + first.len();
                // Some hosts read a head that does not end up to the end of the text.
                let is_open = first.ends_with('\n') && !has_rule(&text[keys..]) && may_hold_keys(&text[keys..]);
                match is_open {
                    true => Err(FormatError::OpenHead),
                    false => Ok(Self::closed(text, start, keys)),
                }
            }
            SurfaceFormat::Preamble => Ok(Self::closed(text, start, start)),
            SurfaceFormat::FrontMatter => Ok(Self::without_keys(start)),
            _ => Ok(Self::without_keys(0)),
        }
    }

    fn without_keys(body: usize) -> Self {
        Self { keys: None, body }
    }

    /// The parts of a text whose keys would begin at a place and end with the next line `---`.
    fn closed(text: &str, start: usize, keys: usize) -> Self {
        let mut at = keys;
        for line in text[keys..].split_inclusive('\n') {
            if !is_rule(line) {
                at += line.len();
                continue;
            }
            if !may_hold_keys(&text[keys..at]) && !is_map(&text[keys..at]) {
                break;
            }
            let after = at + line.len();
            let blank = text[after..]
                .split_inclusive('\n')
                .take_while(|line| line.trim().is_empty() && line.ends_with('\n'));
            return Self {
                keys: Some(keys..at),
                body: after + blank.map(str::len).sum::<usize>(),
            };
        }
        Self::without_keys(start)
    }
}

/// Whether the lines below a `---` may be a head. Prose sets no key, also where it has colons, so that the `---` is a
/// thematic break.
fn may_hold_keys(lines: &str) -> bool {
    lines.trim().is_empty() || lines.split(|c| c == '\n' || is_break(c)).any(may_set_key)
}

/// Whether a text is YAML with names.
fn is_map(lines: &str) -> bool {
    lines.contains(':') && yaml(lines).is_ok_and(|node| matches!(node.shape, NodeShape::Map(_)))
}

/// Whether a host may read a line as a key: a name in small letters before a colon, or one in a form of YAML that can
/// spell any name. Prose begins with capital letters, has spaces before its colons, or is a list.
fn may_set_key(line: &str) -> bool {
    let line = line.trim();
    let Some(first) = line.chars().next() else {
        return false;
    };
    let ends_name = |rest: &str| {
        let rest = rest.trim_start().strip_prefix(':');
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    match first {
        '?' => true,
        '"' | '\'' => line[1..].match_indices(first).any(|(at, _)| ends_name(&line[at + 2..])),
        '{' | '&' | '!' => line.contains(':'),
        '<' => line.starts_with("<<"),
        _ => {
            let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '$');
            let end = line.find(|c| !is_part(c)).unwrap_or(line.len());
            first != '-' && !first.is_uppercase() && end > 0 && ends_name(&line[end..])
        }
    }
}

fn has_rule(text: &str) -> bool {
    text.split_inclusive('\n').any(is_rule)
}

fn is_rule(line: &str) -> bool {
    line.trim_end() == "---"
}

/// What some hosts take for a front matter, and others for text.
pub(crate) struct OddHead<'t> {
    /// Its lines.
    pub text: &'t str,
    /// Why an edit may not leave it, if it may even be a program.
    pub problem: Option<FormatError>,
}

/// The head of a text that begins below empty lines, has no line that looks like a key, or names its language behind the
/// first `---`.
pub(crate) fn odd_head(format: SurfaceFormat, text: &str) -> Option<OddHead<'_>> {
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !trimmed.starts_with("---") || FrontMatter::of(format, text).ok()?.keys.is_some() {
        return None;
    }
    let mut lines = trimmed.split_inclusive('\n');
    let first = lines.next()?;
    let language = first[3..].trim();
    let is_language = language.starts_with(|c: char| c.is_alphanumeric());
    if !is_language && !language.is_empty() {
        return None;
    }
    let mut end = first.len();
    for line in lines {
        end += line.len();
        if line.starts_with("---") {
            let problem = is_language.then(|| FormatError::Place {
                line: 1 + text[..text.len() - trimmed.len()].matches('\n').count(),
                reason: format!("`---{language}` begins no front matter that can be checked"),
            });
            let text = &trimmed[..end];
            return Some(OddHead { text, problem });
        }
    }
    None
}

/// The text under the keys, without the empty lines before it; the whole text in a format without them.
///
/// # Errors
/// The keys do not end.
pub(crate) fn body(format: SurfaceFormat, text: &str) -> Result<&str, FormatError> {
    Ok(&text[FrontMatter::of(format, text)?.body..])
}

/// The text with another body. All bytes before the body stay, and the line ends are those of the text.
///
/// # Errors
/// The front matter does not end.
pub(crate) fn with_body(format: SurfaceFormat, text: &str, body: &str) -> Result<String, FormatError> {
    let front = FrontMatter::of(format, text)?;
    let head = &text[..front.body];
    let has_blank_line = head.ends_with("\n\n") || head.ends_with("\n\r\n");
    let body = if has_blank_line {
        body.trim_start_matches(['\n', '\r'])
    } else {
        body
    };
    let end = line_end(text);
    let body = match end {
        "\r\n" if !body.contains('\r') => body.replace('\n', end),
        _ => body.to_owned(),
    };
    let gap = if head.is_empty() || head.ends_with('\n') || head == "\u{feff}" || body.is_empty() {
        ""
    } else {
        end
    };
    let changed = format!("{head}{gap}{body}");
    match FrontMatter::of(format, &changed)?.keys == front.keys {
        true => Ok(changed),
        // A part of the body would become a head.
        false => Err(FormatError::Unsafe {
            path: "body".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKDOWN: SurfaceFormat = SurfaceFormat::FrontMatter;

    #[test]
    fn the_body_follows_the_head_and_its_empty_lines() {
        let cases = [
            ("", ""),
            ("Text.\n", "Text.\n"),
            ("\u{feff}Text.\n", "Text.\n"),
            ("---\nname: x\n---\n\nText.\n", "Text.\n"),
            ("\u{feff}---\nname: x\n---\nText.\n", "Text.\n"),
            ("---\r\nname: x\r\n---\r\n\r\nText.", "Text."),
            ("---\n---\n", ""),
            ("---", "---"),
            ("---\nname: x\n---", ""),
            ("Text.\n---\nMore.\n---\n", "Text.\n---\nMore.\n---\n"),
            (
                "---\n\n# Project\n\n---\nMore: text.\n",
                "---\n\n# Project\n\n---\nMore: text.\n",
            ),
            ("---\n# Agents\n\nUse uv.\n", "---\n# Agents\n\nUse uv.\n"),
            (
                "---\nNote: use uv.\nSee http://x.y.\n- tests: run them\n---\nText.\n",
                "---\nNote: use uv.\nSee http://x.y.\n- tests: run them\n---\nText.\n",
            ),
            (
                "---\nRemember the rule: be kind.\n",
                "---\nRemember the rule: be kind.\n",
            ),
            ("---\nName: x\nglobs: a\n---\nText.\n", "Text.\n"),
            ("---\nNote\r\n\"name\" : x\n---\nText.\n", "Text.\n"),
            ("---\n{name: x}\n---\nText.\n", "Text.\n"),
            ("---\nNote: x\rname: y\n---\nText.\n", "Text.\n"),
        ];
        for (text, wanted) in cases {
            assert_eq!(body(MARKDOWN, text), Ok(wanted), "{text:?}");
            assert_eq!(with_body(MARKDOWN, text, wanted), Ok(text.to_owned()), "{text:?}");
        }
        assert_eq!(body(MARKDOWN, "---\nname: x\n"), Err(FormatError::OpenHead));
    }

    #[test]
    fn what_some_hosts_take_for_a_head_is_found() {
        for (text, wanted) in [
            ("---js\nx()\n---\nBody\n", Some(("---js\nx()\n---\n", true))),
            ("\n---\nhooks: x\n---\n", Some(("---\nhooks: x\n---\n", false))),
            ("---\nname: x\n---\n", None),
            ("\u{feff}---\nname: x\n---\n", None),
            ("----\nText.\n---\n", None),
            ("---js\nText.\n", None),
            ("Text.\n\n---\nname: x\n---\n", None),
            (
                "---\nNote: x\nBe kind.\n---\nBody\n",
                Some(("---\nNote: x\nBe kind.\n---\n", false)),
            ),
            ("---\nNote: x\n---\nBody\n", None),
        ] {
            let found = odd_head(MARKDOWN, text).map(|head| (head.text, head.problem.is_some()));
            assert_eq!(found, wanted, "{text:?}");
        }
    }

    #[test]
    fn a_new_body_leaves_the_head() {
        let cases = [
            ("---\nname: x\n---\n\nOld.\n", "New.\n", "---\nname: x\n---\n\nNew.\n"),
            ("---\nname: x\n---\n\nOld.\n", "\nNew.\n", "---\nname: x\n---\n\nNew.\n"),
            (
                "---\r\nname: x\r\n---\r\nOld.\r\n",
                "New.\nTwo.\n",
                "---\r\nname: x\r\n---\r\nNew.\r\nTwo.\r\n",
            ),
            ("---\nname: x\n---", "New.\n", "---\nname: x\n---\nNew.\n"),
            ("Old.\n", "New.\n", "New.\n"),
        ];
        for (text, new, wanted) in cases {
            assert_eq!(with_body(MARKDOWN, text, new), Ok(wanted.to_owned()), "{text:?}");
        }
        assert!(with_body(MARKDOWN, "Old.\n", "---\nmodel: x\n---\nNew.\n").is_err());
    }

    #[test]
    fn the_keys_of_a_preamble_may_begin_the_text() {
        let body = |text| body(SurfaceFormat::Preamble, text);
        for (text, wanted) in [
            ("name: x\ndescription: y\n---\nText.\n", "Text.\n"),
            ("\u{feff}name: x\r\n---\r\n\r\nText.\r\n", "Text.\r\n"),
            ("---\nname: x\n---\nText.\n---\nMore.\n", "Text.\n---\nMore.\n"),
            ("Text.\n", "Text.\n"),
            ("Text.\n---\nMore.\n", "Text.\n---\nMore.\n"),
            ("# Note\nname: x\n---\nText.\n", "Text.\n"),
            ("---\nText.\n", "---\nText.\n"),
            ("", ""),
        ] {
            assert_eq!(body(text), Ok(wanted), "{text:?}");
        }
        let with_body = |text, new| with_body(SurfaceFormat::Preamble, text, new);
        let text = "name: x\n---\nOld.\n";
        assert_eq!(with_body(text, "New.\n").unwrap(), "name: x\n---\nNew.\n");
        assert_eq!(with_body(text, "a: b\n---\n").unwrap(), "name: x\n---\na: b\n---\n");
        assert!(with_body("Old.\n", "model: x\n---\nNew.\n").is_err());
    }
}
