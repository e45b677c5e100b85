//! Changes single elements of a TOML array in its text, so that the lines and comments of the others stay.

use std::ops::Range;

use toml_edit::{Array, Value};

use super::inapplicable::TomlProblem;
use super::text_lines::line_end;
use super::toml_text::{line_after, lookup, parse, splice};

/// The maximum number of comparisons of elements. Beyond it, the list is written as a whole.
const MOST_CELLS: usize = 1_000_000;

/// The text with the elements of the array at a key changed to those of `wanted`: `is_same` compares an element with a
/// wanted one, and `render` writes it. `None` if the array shares no element with the wanted ones.
///
/// # Errors
/// The text is not TOML.
pub(super) fn with_elements<W>(
    text: &str,
    keys: &[String],
    wanted: &[W],
    is_same: impl Fn(&Value, &W) -> bool,
    render: impl Fn(&W) -> String,
) -> Result<Option<String>, TomlProblem> {
    let stays = with_array(text, keys, |array| longest_subsequence(array, wanted, &is_same))?.unwrap_or_default();
    if stays.is_empty() {
        return Ok(None);
    }
    let goes = |at: usize| !stays.iter().any(|(old, _)| *old == at);
    let mut changed = with_array(text, keys, |array| without(text, array, goes))?.unwrap_or_default();
    for (at, one) in wanted
        .iter()
        .enumerate()
        .filter(|(at, _)| !stays.iter().any(|(_, new)| new == at))
    {
        let rendered = render(one);
        changed = with_array(&changed, keys, |array| inserted(&changed, array, at, &rendered))?.unwrap_or_default();
    }
    Ok(Some(changed))
}

fn with_array<R>(text: &str, keys: &[String], read: impl FnOnce(&Array) -> R) -> Result<Option<R>, TomlProblem> {
    let document = parse(text)?;
    let found = lookup(&document, keys)?;
    Ok(found.and_then(Value::as_array).map(read))
}

/// The longest common subsequence of elements, as pairs of indices.
fn longest_subsequence<W>(array: &Array, wanted: &[W], is_same: impl Fn(&Value, &W) -> bool) -> Vec<(usize, usize)> {
    let old: Vec<&Value> = array.iter().collect();
    if old.len().saturating_mul(wanted.len()) > MOST_CELLS {
        return Vec::new();
    }
    let mut lengths = vec![vec![0_usize; wanted.len() + 1]; old.len() + 1];
    for (a, value) in old.iter().enumerate().rev() {
        for (b, one) in wanted.iter().enumerate().rev() {
            lengths[a][b] = match is_same(value, one) {
                true => lengths[a + 1][b + 1] + 1,
                false => lengths[a + 1][b].max(lengths[a][b + 1]),
            };
        }
    }
    let (mut pairs, mut a, mut b) = (Vec::new(), 0, 0);
    while a < old.len() && b < wanted.len() {
        if is_same(old[a], &wanted[b]) {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if lengths[a + 1][b] >= lengths[a][b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
}

/// The text with an element added at an index.
fn inserted(text: &str, array: &Array, at: usize, rendered: &str) -> String {
    let Some(next) = array.get(at).and_then(Value::span) else {
        return appended(text, array, rendered);
    };
    let line_start = text[..next.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line_start..next.start];
    match line_start > array.span().unwrap_or_default().start && indent.trim().is_empty() {
        true => splice(
            text,
            line_start..line_start,
            &format!("{indent}{rendered},{}", line_end(text)),
        ),
        false => splice(text, next.start..next.start, &format!("{rendered}, ")),
    }
}

/// The text with an element added at the end of the array.
pub(super) fn appended(text: &str, array: &Array, rendered: &str) -> String {
    let end = line_end(text);
    let span = array.span().unwrap_or_default();
    let Some(last) = array.iter().filter_map(Value::span).last() else {
        return splice(text, span.start + 1..span.start + 1, rendered);
    };
    let line_start = text[..last.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line_start..last.start];
    let own_line = line_start > span.start && indent.trim().is_empty();
    let comma = comma_after(text, last.end);
    let closes_here = !text[last.end..span.end].contains('\n');
    match (own_line, comma) {
        (true, Some(at)) if !closes_here => line_after(text, at, &format!("{indent}{rendered},"), end),
        (true, None) if !closes_here => {
            let with_line = line_after(text, last.end, &format!("{indent}{rendered}"), end);
            splice(&with_line, last.end..last.end, ",")
        }
        (_, Some(at)) => splice(text, at + 1..at + 1, &format!(" {rendered},")),
        (_, None) => splice(text, last.end..last.end, &format!(", {rendered}")),
    }
}

/// The text without the elements at which `goes` holds.
pub(super) fn without(text: &str, array: &Array, goes: impl Fn(usize) -> bool) -> String {
    let spans: Vec<Range<usize>> = array.iter().map(|item| item.span().unwrap_or_default()).collect();
    // The last one first, so that the positions of the others stay right.
    let gone = (0..spans.len()).rev().filter(|at| goes(*at));
    gone.fold(text.to_owned(), |text, at| {
        splice(&text, removal(&text, &spans, at), "")
    })
}

/// The position of the comma after an element, which may follow white space and comments.
fn comma_after(text: &str, mut position: usize) -> Option<usize> {
    loop {
        match text.as_bytes().get(position)? {
            b',' => return Some(position),
            b'#' => position += text[position..].find('\n')?,
            b' ' | b'\t' | b'\r' | b'\n' => position += 1,
            _ => return None,
        }
    }
}

/// The range to remove for one element: its line if it is alone on it, otherwise the element and one comma.
fn removal(text: &str, spans: &[Range<usize>], index: usize) -> Range<usize> {
    let element = spans[index].clone();
    let comma = comma_after(text, element.end);
    let end = comma.map_or(element.end, |at| at + 1);
    let line_start = text[..element.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map(|at| end + at + 1);
    let rest = text[end..line_end.unwrap_or(end)].trim();
    let before = text[line_start..element.start].trim();
    if let Some(line_end) = line_end
        && before.is_empty()
        && (rest.is_empty() || rest.starts_with('#'))
    {
        return line_start..line_end;
    }
    if comma.is_some() {
        let blanks = text[end..]
            .bytes()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        return element.start..end + blanks;
    }
    let between = index.checked_sub(1).map(|previous| spans[previous].end..element.start);
    match between.filter(|between| !text[between.clone()].contains(['\n', '#'])) {
        Some(between) => between.start..element.end,
        None => element,
    }
}
