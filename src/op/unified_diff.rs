//! Unified diffs, applied strictly: every context line is checked, and a place that is not certain is refused.
//!
//! Follows `git apply --recount`: the counts in a hunk's header are not trusted, its lines are.

/// Why a diff was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No hunk in it.
    #[error("there is no hunk in it")]
    NoHunk,
    /// It speaks of more than one file.
    #[error("it changes more than one file")]
    SeveralFiles,
    /// The lines are not there.
    #[error("hunk {0}: its lines are not in the text")]
    NotFound(usize),
    /// The lines are there more than once, and not where the header says.
    #[error("hunk {0}: its lines are there more than once, and not where its header says")]
    Ambiguous(usize),
    /// Two hunks want the same lines.
    #[error("hunks overlap")]
    Overlap,
    /// It changes nothing.
    #[error("it changes nothing")]
    NoChange,
}

/// One line of a text: its content, and what ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line<'a> {
    content: &'a str,
    end: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Context,
    Removed,
    Added,
}

#[derive(Debug)]
struct Hunk<'a> {
    start: usize,
    lines: Vec<(Kind, &'a str, bool)>,
}

/// Applies a diff to a text. Fences and prose around the hunks are ignored; CRLF in the text is kept.
///
/// # Errors
/// See [`Refused`].
pub fn apply(original: &str, diff: &str) -> Result<String, Refused> {
    let lines = split(original);
    let mut placed = Vec::new();
    for (number, hunk) in parse(diff)?.into_iter().enumerate() {
        placed.push((locate(&lines, &hunk, number + 1)?, hunk));
    }
    placed.sort_by_key(|(at, _)| *at);
    let overlap = placed
        .windows(2)
        .any(|pair| pair[0].0 + old_len(&pair[0].1) > pair[1].0);
    if overlap {
        return Err(Refused::Overlap);
    }
    let applied = joined(&rewritten(&lines, &placed, usual_end(original)), usual_end(original));
    if applied == original {
        Err(Refused::NoChange)
    } else {
        Ok(applied)
    }
}

/// Whether a text already is what the diff would make of another: every hunk's new side is there.
pub fn is_applied(text: &str, diff: &str) -> bool {
    let lines = split(text);
    parse(diff).is_ok_and(|hunks| {
        hunks
            .into_iter()
            .map(reversed)
            .all(|hunk| old_len(&hunk) > 0 && locate(&lines, &hunk, 1).is_ok())
    })
}

/// The hunk that takes this one back.
fn reversed(hunk: Hunk<'_>) -> Hunk<'_> {
    let turned = |(kind, content, bare)| match kind {
        Kind::Added => (Kind::Removed, content, bare),
        Kind::Removed => (Kind::Added, content, bare),
        Kind::Context => (Kind::Context, content, bare),
    };
    Hunk {
        lines: hunk.lines.into_iter().map(turned).collect(),
        ..hunk
    }
}

/// Only LF and CRLF end a line.
fn split(text: &str) -> Vec<Line<'_>> {
    let line = |piece| {
        let piece: &str = piece;
        let content = piece.strip_suffix('\n').unwrap_or(piece);
        let content = if content.len() < piece.len() {
            content.strip_suffix('\r').unwrap_or(content)
        } else {
            content
        };
        Line {
            content,
            end: &piece[content.len()..],
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

fn usual_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn parse(diff: &str) -> Result<Vec<Hunk<'_>>, Refused> {
    let lines: Vec<&str> = diff
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .collect();
    // What follows the last newline is not a line.
    let lines = match lines.split_last() {
        Some((&"", rest)) => rest,
        _ => &lines,
    };
    let (mut hunks, mut files, mut at): (Vec<Hunk>, usize, usize) = (Vec::new(), 0, 0);
    while at < lines.len() {
        if is_file_header(lines, at) {
            files += 1;
            at += 2;
        } else if let Some((start, old_count)) = header(lines[at]) {
            let (hunk, next) = body(lines, at + 1, start, old_count);
            hunks.push(hunk);
            at = next;
        } else {
            at += 1;
        }
    }
    match (files > 1, hunks.iter().any(|hunk| !hunk.lines.is_empty())) {
        (true, _) => Err(Refused::SeveralFiles),
        (false, false) => Err(Refused::NoHunk),
        (false, true) => Ok(hunks),
    }
}

fn is_file_header(lines: &[&str], at: usize) -> bool {
    lines[at].starts_with("--- ") && lines.get(at + 1).is_some_and(|next| next.starts_with("+++ "))
}

/// Start and count of the old side, of `@@ -start,count +start,count @@`.
fn header(line: &str) -> Option<(usize, usize)> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let range = |text: &str| -> Option<(usize, usize)> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    range(new)?;
    range(old)
}

fn body<'a>(lines: &[&'a str], from: usize, start: usize, old_count: usize) -> (Hunk<'a>, usize) {
    let mut hunk = Hunk {
        start,
        lines: Vec::new(),
    };
    let mut at = from;
    while at < lines.len() && !is_file_header(lines, at) {
        let line = lines[at];
        match line.as_bytes().first() {
            // An empty line is an empty context line whose space was lost.
            None => hunk.lines.push((Kind::Context, "", false)),
            Some(b' ') => hunk.lines.push((Kind::Context, &line[1..], false)),
            Some(b'-') => hunk.lines.push((Kind::Removed, &line[1..], false)),
            Some(b'+') => hunk.lines.push((Kind::Added, &line[1..], false)),
            Some(b'\\') => {
                if let Some(last) = hunk.lines.last_mut() {
                    last.2 = true;
                }
            }
            _ => break,
        }
        at += 1;
    }
    // Blank lines between the hunk and what follows belong to neither.
    while old_len(&hunk) > old_count && hunk.lines.last() == Some(&(Kind::Context, "", false)) {
        hunk.lines.pop();
    }
    (hunk, at)
}

fn old_side<'h, 'a>(hunk: &'h Hunk<'a>) -> impl Iterator<Item = &'a str> + 'h {
    hunk.lines
        .iter()
        .filter(|(kind, ..)| *kind != Kind::Added)
        .map(|(_, content, _)| *content)
}

fn old_len(hunk: &Hunk) -> usize {
    old_side(hunk).count()
}

/// Where a hunk's old side stands: where the header says, else at the only place in the text.
fn locate(lines: &[Line], hunk: &Hunk, number: usize) -> Result<usize, Refused> {
    let old: Vec<&str> = old_side(hunk).collect();
    // A hunk without old lines stands behind its start line, any other one at it.
    let stated = if old.is_empty() {
        hunk.start
    } else {
        hunk.start.saturating_sub(1)
    };
    let fits = |at: usize| {
        at + old.len() <= lines.len() && old.iter().zip(&lines[at..]).all(|(old, line)| *old == line.content)
    };
    if fits(stated) {
        return Ok(stated);
    }
    if old.is_empty() {
        return Err(Refused::NotFound(number));
    }
    let mut places = (0..lines.len()).filter(|at| fits(*at));
    match (places.next(), places.next()) {
        (Some(at), None) => Ok(at),
        (None, _) => Err(Refused::NotFound(number)),
        (Some(_), Some(_)) => Err(Refused::Ambiguous(number)),
    }
}

fn rewritten<'a>(lines: &[Line<'a>], placed: &[(usize, Hunk<'a>)], end: &'a str) -> Vec<Line<'a>> {
    let mut result = Vec::new();
    let mut at = 0;
    for (start, hunk) in placed {
        result.extend_from_slice(&lines[at..*start]);
        at = *start;
        for (kind, content, bare) in &hunk.lines {
            match kind {
                Kind::Context => {
                    result.push(lines[at].clone());
                    at += 1;
                }
                Kind::Removed => at += 1,
                Kind::Added => result.push(Line {
                    content,
                    end: if *bare { "" } else { end },
                }),
            }
        }
    }
    result.extend_from_slice(&lines[at..]);
    result
}

/// A line without an end gets one when another line follows.
fn joined(lines: &[Line], end: &str) -> String {
    let last = lines.len().saturating_sub(1);
    let text = |(at, line): (usize, &Line)| {
        let own_end = if line.end.is_empty() && at < last {
            end
        } else {
            line.end
        };
        format!("{}{own_end}", line.content)
    };
    lines.iter().enumerate().map(text).collect()
}
