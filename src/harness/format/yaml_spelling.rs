//! Writes YAML scalars in the style of those that they replace.

use serde_json::Value as Json;

use super::node::{Form, Node};
use super::splice::line_end;
use super::yaml_block::BlockHead;
use super::yaml_scalar::{INDICATORS, resolved};

/// The least width to which a text over several lines is wrapped.
const LEAST_WIDTH: usize = 40;

/// The ways to write a scalar in the place of another one, the best first.
pub(super) fn spellings(text: &str, old: &Node, value: &Json, in_flow: bool) -> Vec<String> {
    let Json::String(new) = value else {
        return vec![value.to_string()];
    };
    let written = &text[old.span.clone()];
    let end = line_end(text);
    let mut spellings = Vec::new();
    match (written.chars().next(), old.form) {
        (Some('|' | '>'), Form::Block { indent }) => spellings.extend(like_block(new, written, indent, end)),
        (Some('"'), _) => {
            spellings.extend(wrapped(&double_quoted(new), written, end));
            spellings.push(double_quoted(new));
        }
        (Some('\''), _) => {
            spellings.extend(single_quoted(new).and_then(|quoted| wrapped(&quoted, written, end)));
            spellings.extend(single_quoted(new));
        }
        // A host that reads such lines as they are would also read quotes as they are.
        (Some(first), Form::Raw) if INDICATORS.contains(&first) && new.starts_with(first) => {
            spellings.push(new.clone())
        }
        _ if is_plain(new, in_flow) || is_same_kind(written, new) => {
            spellings.extend(wrapped(new, written, end));
            spellings.push(new.clone());
        }
        _ => {}
    }
    if let (Form::Block { indent }, true) = (old.form, new.contains('\n') && !written.starts_with('"')) {
        let parent = indent.saturating_sub(1);
        spellings.extend(block(new, parent, indent + 1, end));
    }
    spellings.push(double_quoted(new));
    spellings
}

/// A new scalar on one line, or as a block of lines.
pub(super) fn new_scalar(value: &Json, parent: usize, indent: usize, end: &str, in_flow: bool) -> String {
    let Json::String(text) = value else {
        return value.to_string();
    };
    if is_plain(text, in_flow) {
        return text.clone();
    }
    let lines = (!in_flow && text.contains('\n'))
        .then(|| block(text, parent, indent, end))
        .flatten();
    lines.unwrap_or_else(|| double_quoted(text))
}

/// Whether a text without quotes reads as this text, in old and new versions of YAML.
pub(super) fn is_plain(text: &str, in_flow: bool) -> bool {
    let starts_well = text
        .chars()
        .next()
        .is_some_and(|c| !INDICATORS.contains(&c) && !"-?:=".contains(c));
    let is_trimmed = text.trim() == text;
    let has_marks = text.contains(": ") || text.ends_with(':') || text.contains(" #");
    let breaks_flow = in_flow && text.contains([',', '[', ']', '{', '}']);
    starts_well && is_trimmed && !has_marks && !breaks_flow && !text.chars().any(must_be_escaped) && !is_special(text)
}

/// Whether a text without quotes is something else than a text for some readers: null, a boolean, a number, a date.
fn is_special(text: &str) -> bool {
    let words = ["y", "n", "yes", "no", "on", "off", "none", "<<", ".inf", ".nan"];
    let word = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    words.contains(&word.as_str()) || is_old_number(text) || is_date(text) || !resolved(text).is_string()
}

/// Whether a text is a number for readers of old versions: `0b1`, `1_000`, `12:30`.
fn is_old_number(text: &str) -> bool {
    let text = text.trim_start_matches(['+', '-']);
    let digits = text
        .strip_prefix("0b")
        .or_else(|| text.strip_prefix("0x"))
        .unwrap_or(text);
    let is_digit =
        |c: char| c.is_ascii_digit() || matches!(c, '_' | ':' | '.') || text.starts_with("0x") && c.is_ascii_hexdigit();
    digits.starts_with(|c: char| c.is_ascii_hexdigit())
        && digits.chars().all(is_digit)
        && digits.matches('.').count() <= 1
}

/// Whether a text begins as a date: `2024-01-02`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(3, '-').collect();
    let are_digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts[..] {
        [year, month, day] => {
            are_digits(year, 4)
                && (are_digits(month, 1) || are_digits(month, 2))
                && day.starts_with(|c: char| c.is_ascii_digit())
        }
        _ => false,
    }
}

/// Whether both are dates: the new one then needs no quotes, as the old one.
fn is_same_kind(old: &str, new: &str) -> bool {
    let is_day = |text: &str| text.len() == 10 && is_date(text) && text[8..].bytes().all(|byte| byte.is_ascii_digit());
    is_day(old) && is_day(new)
}

fn must_be_escaped(c: char) -> bool {
    c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A text in double quotes. JSON's escapes are among those of YAML.
pub(super) fn double_quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in Json::from(text).to_string().chars() {
        match c {
            _ if must_be_escaped(c) => quoted += &format!("\\u{:04x}", u32::from(c)),
            _ => quoted.push(c),
        }
    }
    quoted
}

fn single_quoted(text: &str) -> Option<String> {
    (!text.chars().any(must_be_escaped)).then(|| format!("'{}'", text.replace('\'', "''")))
}

/// A text on several lines like the old one: broken at single blanks.
fn wrapped(spelling: &str, old: &str, end: &str) -> Option<String> {
    let (_, rest) = old.split_once('\n')?;
    let indent = &rest[..rest.len() - rest.trim_start_matches(' ').len()];
    if spelling.contains('\n') || spelling.contains("\\ ") {
        return None;
    }
    Some(broken(spelling, widest(old)).join(&format!("{end}{indent}")))
}

/// The lines of a text broken at single blanks.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    let mut may_break = false;
    for (at, word) in text.split(' ').enumerate() {
        let length = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(line) if !(may_break && !word.is_empty() && length + 1 + word.chars().count() > width) => {
                if at > 0 {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
        may_break = !word.is_empty();
    }
    lines
}

/// How a block of lines is written.
struct BlockStyle<'t> {
    /// `|` or `>`.
    style: char,
    /// The blanks and the comment at the end of the first line.
    rest: &'t str,
    /// The column of the lines.
    indent: usize,
    /// The column of the parent.
    parent: usize,
    /// Whether the first line gives the indentation.
    has_digit: bool,
    end: &'t str,
}

/// The ways to write a block of lines like the old one.
fn like_block(new: &str, old: &str, least: usize, end: &str) -> Vec<String> {
    let (head_line, lines) = old.split_once('\n').unwrap_or((old, ""));
    let Some(head) = BlockHead::of(head_line.trim_end_matches('\r')) else {
        return Vec::new();
    };
    let parent = least.saturating_sub(1);
    let first = lines.lines().find(|line| !line.trim().is_empty());
    let indent = match (head.indent, first) {
        (Some(digit), _) => parent + digit,
        (None, Some(first)) => first.len() - first.trim_start_matches(' ').len(),
        (None, None) => least + 1,
    };
    let literal = BlockStyle {
        style: '|',
        rest: head.rest.trim_end(),
        indent,
        parent,
        has_digit: head.indent.is_some(),
        end,
    };
    let mut spellings = Vec::new();
    if head.style == '>' {
        let folded = BlockStyle { style: '>', ..literal };
        spellings.extend(folded.spellings(new, &folded.folded_lines(new, lines)));
    }
    spellings.extend(literal.spellings(new, &literal.lines(new)));
    // At the end of a text without a last line end, the block needs one to have one.
    let ended: Vec<String> = spellings.iter().map(|one| format!("{one}{end}")).collect();
    spellings.extend(ended);
    spellings
}

/// A new block of lines.
fn block(text: &str, parent: usize, indent: usize, end: &str) -> Option<String> {
    let style = BlockStyle {
        style: '|',
        rest: "",
        indent,
        parent,
        has_digit: false,
        end,
    };
    style.spellings(text, &style.lines(text)).into_iter().next()
}

impl BlockStyle<'_> {
    /// The head and the lines: with all line ends at the end of the text, or with fewer because empty lines follow.
    fn spellings(&self, text: &str, lines: &str) -> Vec<String> {
        let content = text.trim_end_matches('\n');
        if content.is_empty() || text.chars().any(|c| must_be_escaped(c) && !matches!(c, '\n' | '\t')) {
            return Vec::new();
        }
        let first = content.split('\n').find(|line| !line.is_empty()).unwrap_or_default();
        let digit = match self.has_digit || first.starts_with([' ', '\t']) {
            true => (self.indent - self.parent.min(self.indent)).to_string(),
            false => String::new(),
        };
        let ends = text.len() - content.len();
        let chomp = match ends {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let (style, rest, end) = (self.style, self.rest, self.end);
        let more = (0..ends.clamp(1, 9)).rev();
        more.map(|more| format!("{style}{digit}{chomp}{rest}{end}{lines}{}", end.repeat(more)))
            .collect()
    }

    fn lines(&self, text: &str) -> String {
        let lines: Vec<String> = text
            .trim_end_matches('\n')
            .split('\n')
            .map(|line| self.indented(line))
            .collect();
        lines.join(self.end)
    }

    fn indented(&self, line: &str) -> String {
        match line.is_empty() {
            true => String::new(),
            false => format!("{}{line}", " ".repeat(self.indent)),
        }
    }

    /// A folded text: paragraphs that the old text has keep their lines, others are wrapped.
    fn folded_lines(&self, text: &str, old: &str) -> String {
        let width = widest(old);
        let known = paragraphs(old, self.indent);
        let is_indented = |line: &str| line.starts_with([' ', '\t']);
        let (mut written, mut breaks, mut before): (String, usize, Option<&str>) = (String::new(), 0, None);
        for line in text.trim_end_matches('\n').split('\n') {
            if !line.is_empty() {
                // Between two lines of text, one line end would be read as a blank.
                let is_text = before.is_some_and(|before| !is_indented(before) && !is_indented(line));
                written += &self.end.repeat(breaks + usize::from(is_text));
                let lines = match known.iter().find(|lines| lines.join(" ") == line) {
                    Some(lines) => lines.iter().map(|line| (*line).to_owned()).collect(),
                    None if is_indented(line) => vec![line.to_owned()],
                    None => broken(line, width),
                };
                let lines: Vec<String> = lines.iter().map(|line| self.indented(line)).collect();
                written += &lines.join(self.end);
                (breaks, before) = (0, Some(line));
            }
            breaks += 1;
        }
        written
    }
}

/// The groups of lines between empty lines.
fn paragraphs(old: &str, indent: usize) -> Vec<Vec<&str>> {
    let mut groups: Vec<Vec<&str>> = vec![Vec::new()];
    for line in old.lines() {
        let content = line.get(indent..).unwrap_or_default();
        match (content.is_empty(), groups.last_mut()) {
            (false, Some(group)) => group.push(content),
            _ => groups.push(Vec::new()),
        }
    }
    groups
}

/// The width to which new lines of an old text are broken.
fn widest(old: &str) -> usize {
    let widths = old.lines().map(|line| line.trim().chars().count());
    widths.max().unwrap_or_default().max(LEAST_WIDTH)
}
