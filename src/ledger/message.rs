//! Writes commit messages in which no subject or rationale can be mistaken for a trailer, and reads their trailers.

/// The longest subject line, in characters.
const SUBJECT_LENGTH: usize = 72;

/// The place of the summary in the form of a subject line.
pub(crate) const SUMMARY: &str = "{summary}";

/// A commit message with a subject line of this form, a body of any text, and trailers.
///
/// Body lines that could be read as a trailer, or as git's note of a revert or cherry-pick, are indented.
pub(crate) fn message(form: &str, summary: &str, body: &str, trailers: &[(&str, String)]) -> String {
    let body: Vec<String> = clean(body).lines().map(disarm).collect();
    let trailers: Vec<String> = trailers
        .iter()
        .map(|(key, value)| format!("{key}: {}", one_line(value)).trim_end().to_owned())
        .collect();
    let paragraphs = [
        subject(form, &one_line(summary)),
        body.join("\n").trim_matches('\n').to_owned(),
        trailers.join("\n"),
    ];
    let paragraphs: Vec<String> = paragraphs.into_iter().filter(|text| !text.is_empty()).collect();
    paragraphs.join("\n\n") + "\n"
}

/// The trailers at the end of a message, in order, as (key, value); folded values are unfolded.
///
/// Hooks may append a paragraph, so all closing paragraphs that contain only trailers count.
pub(crate) fn trailers(message: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = message.trim_end().lines().collect();
    let paragraphs: Vec<&[&str]> = lines
        .split(|line| line.trim().is_empty())
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    // The first paragraph is the subject, which often looks like a trailer.
    let after_subject = paragraphs.get(1..).unwrap_or_default();
    let blocks: Vec<_> = after_subject.iter().rev().map_while(|lines| block(lines)).collect();
    blocks.into_iter().rev().flatten().collect()
}

/// The trailers of a paragraph; `None` if it contains anything else.
fn block(lines: &[&str]) -> Option<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.starts_with([' ', '\t']) {
            let (_, value) = found.last_mut()?;
            *value = format!("{value} {}", line.trim()).trim().to_owned();
        } else if !line.starts_with("(cherry picked from commit ") {
            let (key, value) = key_and_value(line)?;
            found.push((key.to_owned(), value.to_owned()));
        }
    }
    Some(found)
}

fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end();
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_key.then(|| (key, value.trim()))
}

fn disarm(line: &str) -> String {
    let line = line.trim_end();
    let git_says = ["This reverts commit ", "(cherry picked from commit "];
    if key_and_value(line).is_some() || git_says.iter().any(|words| line.starts_with(words)) {
        return format!("    {line}");
    }
    line.to_owned()
}

/// Text with `\n` line ends, without control characters and without characters that reorder text on a screen.
fn clean(text: &str) -> String {
    let reorders = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\t', "    ")
        .chars()
        .filter(|c| *c == '\n' || !(c.is_control() || reorders(*c)))
        .collect()
}

fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The subject line: a long summary is cut, the rest of the form is not.
fn subject(form: &str, summary: &str) -> String {
    let room = SUBJECT_LENGTH.saturating_sub(form.replace(SUMMARY, "").chars().count());
    let subject = form.replace(SUMMARY, &cut(summary, room));
    match subject.trim() {
        "" => "kaizen".to_owned(),
        subject => subject.to_owned(),
    }
}

/// A summary that fits. It is cut between two words, unless that would leave little of it.
fn cut(summary: &str, room: usize) -> String {
    if summary.chars().count() <= room {
        return summary.to_owned();
    }
    let room = room.saturating_sub(1);
    let kept: String = summary.chars().take(room).collect();
    let is_cut_in_word = !summary[kept.len()..].starts_with(' ');
    let end = kept
        .rfind(' ')
        .filter(|end| is_cut_in_word && kept[..*end].chars().count() * 2 >= room);
    format!(
        "{}…",
        kept[..end.unwrap_or(kept.len())].trim_end_matches([' ', ',', ';'])
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect()
    }

    #[test]
    fn fake_trailers_in_a_body_stay_body() {
        let text = message(
            "kaizen: {summary}",
            "prompt.append a.md",
            "Why.\n\nEdit-ID: evil\nSession-ID : evil\r\nThis reverts commit 0123456789.\n",
            &[("Edit-ID", "e1".into()), ("Gate", "delta 0.1\nEdit-ID: evil".into())],
        );
        assert_eq!(
            text,
            "kaizen: prompt.append a.md\n\nWhy.\n\n    Edit-ID: evil\n    Session-ID : evil\n    \
             This reverts commit 0123456789.\n\nEdit-ID: e1\nGate: delta 0.1 Edit-ID: evil\n"
        );
        assert_eq!(
            trailers(&text),
            pairs(&[("Edit-ID", "e1"), ("Gate", "delta 0.1 Edit-ID: evil")])
        );
    }

    #[test]
    fn trailers_are_read_from_the_closing_paragraphs_only() {
        let cases: [(&str, &[(&str, &str)]); 6] = [
            ("kaizen: a b\n", &[]),
            ("s\n\nA: 1\n\ntext\n", &[]),
            ("s\n\nA: 1\n  2\nB:\n", &[("A", "1 2"), ("B", "")]),
            ("s\n\ntext\n\nA: 1\n\nChange-Id: x\n", &[("A", "1"), ("Change-Id", "x")]),
            ("s\n\nA: 1\n(cherry picked from commit abc)\n", &[("A", "1")]),
            ("s\n\nA: 1\nnot one\n", &[]),
        ];
        for (text, wanted) in cases {
            assert_eq!(trailers(text), pairs(wanted), "{text:?}");
        }
    }

    #[test]
    fn subjects_are_one_short_line() {
        let long = format!("a\nb\0\u{202e}{}", "é".repeat(100));
        for form in ["{summary}", "chore(agent): {summary} [skip ci]"] {
            let text = message(form, &long, "", &[]);
            assert_eq!(text.lines().count(), 1);
            assert_eq!(text.trim_end().chars().count(), SUBJECT_LENGTH);
        }
        assert_eq!(message("{summary}", " \n", "", &[]), "kaizen\n");
        let words = "several: set_key .claude/agents/reviewer.md, replace_text .claude/skills/triage/SKILL.md";
        assert_eq!(
            message("kaizen: {summary}", words, "", &[]),
            "kaizen: several: set_key .claude/agents/reviewer.md, replace_text…\n"
        );
        assert_eq!(
            message("chore(agent): {summary} [skip ci]", "revert e1", "", &[]),
            "chore(agent): revert e1 [skip ci]\n"
        );
    }

    proptest! {
        #[test]
        fn trailers_round_trip_whatever_the_body_says(
            subject in any::<String>(),
            body in "([A-Za-z-]{1,6} ?: ?[a-z]{0,3}|[ \t]{0,2}[a-z]{0,3}|\r|\n|\0){0,12}",
            value in any::<String>(),
        ) {
            let text = message("{summary}", &subject, &body, &[("Session-ID", value.clone())]);
            prop_assert_eq!(trailers(&text), vec![("Session-ID".to_owned(), one_line(&value))]);
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        }
    }
}
