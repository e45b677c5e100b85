//! The new text of a replaced prompt: keeps what the old text has besides its words, and says what gets lost.

use std::collections::{BTreeMap, BTreeSet};

use super::elision::is_elision;
use super::inapplicable::Inapplicable;
use super::text_lines::line_end;
use crate::artifact::diagnosis::fence;
use crate::harness::format::all_values::{ValueList, all_values};
use crate::manifest::surface::SurfaceFormat;

/// Languages of a fence that a model puts around a whole prompt.
const PROSE: [&str; 7] = ["", "markdown", "md", "text", "txt", "plaintext", "prompt"];

/// The new text with the byte order mark, the line ends, the last line end and the front matter of the old text, unless
/// it has its own, and without a fence around the whole.
///
/// # Errors
/// The new text is empty, is cut off inside a fence, or leaves out text.
pub(super) fn replacement(old: &str, new: &str) -> Result<String, Inapplicable> {
    let words = without_fence(old, new.strip_prefix('\u{feff}').unwrap_or(new))?;
    let refused = |problem: String| Inapplicable::Payload { problem };
    if words.trim().is_empty() {
        return Err(refused("`new_content` is empty; write the whole prompt".into()));
    }
    let is_new = |line: &&str| is_elision(line) && !old.lines().any(|known| known.trim() == line.trim());
    if let Some((at, line)) = words.lines().enumerate().find(|(_, line)| is_new(line)) {
        let problem = format!(
            "line {} of `new_content` (`{}`) stands for text that was left out",
            at + 1,
            line.trim()
        );
        return Err(refused(format!("{problem}; write the whole prompt")));
    }
    let (mark, old) = match old.strip_prefix('\u{feff}') {
        Some(rest) => ("\u{feff}", rest),
        None if old.is_empty() && new.starts_with('\u{feff}') => ("\u{feff}", old),
        None => ("", old),
    };
    let front = front_matter(old)
        .filter(|_| front_matter(words).is_none())
        .unwrap_or_default();
    let blank = match old[front.len()..].starts_with(['\n', '\r']) && !front.is_empty() {
        true => line_end(old),
        false => "",
    };
    let words = if front.is_empty() {
        words
    } else {
        words.trim_start_matches(['\n', '\r'])
    };
    let end = if old.ends_with('\n') && !words.ends_with('\n') {
        line_end(old)
    } else {
        ""
    };
    Ok(format!("{mark}{front}{blank}{}{end}", with_line_ends(words, old)))
}

/// What a new prompt no longer has: template variables, and keys of the front matter.
pub(super) fn losses(old: &str, new: &str) -> Vec<String> {
    let gone = |of: fn(&str) -> BTreeSet<String>| -> Vec<String> {
        let kept = of(new);
        let gone = of(old).into_iter().filter(|name| !kept.contains(name));
        let spelled = spellings(old);
        gone.map(|name| format!("`{}`", spelled.get(&name).copied().unwrap_or(&name)))
            .collect()
    };
    let mut losses = Vec::new();
    for (names, what) in [
        (gone(variables), "template variable"),
        (gone(front_keys), "key of the front matter"),
    ] {
        match &names[..] {
            [] => {}
            [one] => losses.push(format!("the new prompt no longer has the {what} {one}")),
            _ => {
                let plural = what.replacen("variable", "variables", 1).replacen("key ", "keys ", 1);
                losses.push(format!(
                    "the new prompt no longer has the {plural} {}",
                    names.join(", ")
                ));
            }
        }
    }
    losses
}

/// The text inside a fence that is around the whole text. A prompt that is itself such a block stays one.
fn without_fence<'a>(old: &str, new: &'a str) -> Result<&'a str, Inapplicable> {
    let trimmed = new.trim();
    let Some(open) = fence(trimmed).filter(|_| fence(old.trim_start_matches('\u{feff}').trim_start()).is_none()) else {
        return Ok(new);
    };
    let (first, rest) = trimmed.split_once('\n').unwrap_or((trimmed, ""));
    let language = first[open.len()..].trim().to_lowercase();
    if !PROSE.contains(&language.as_str()) {
        return Ok(new);
    }
    match end_of_fence(rest, open) {
        Some(end) if is_last(rest, end) => Ok(&rest[..end]),
        None if !language.is_empty() => Err(Inapplicable::Payload {
            problem: "`new_content` opens a fence that does not end; write the prompt without a fence".into(),
        }),
        _ => Ok(new),
    }
}

/// Whether the closing fence at a position is the last line.
fn is_last(text: &str, close: usize) -> bool {
    !text[close..].trim_end().contains('\n')
}

/// The start of the line that closes a fence; inner fences with a language are skipped with their end.
fn end_of_fence(text: &str, open: &str) -> Option<usize> {
    let (mut at, mut inner): (usize, Option<&str>) = (0, None);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        match (fence(bare), inner) {
            (Some(run), Some(begun)) if run == bare && run.starts_with(begun) => inner = None,
            (Some(run), None) if run != bare => inner = Some(run),
            (Some(run), None) if run.starts_with(open) => return Some(at),
            _ => {}
        }
        at += line.len();
    }
    None
}

/// The front matter with its fences, at the start of a text. Text between two lines `---` that sets no keys, or has
/// template variables, is a part of a prompt.
pub(super) fn front_matter(text: &str) -> Option<&str> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == "---")?;
    let mut at = first.len();
    for line in lines {
        if matches!(line.trim_end(), "---" | "...") {
            return sets_keys(&text[first.len()..at]).then(|| &text[..at + line.len()]);
        }
        at += line.len();
    }
    None
}

/// Whether each line of a text belongs to a key, as in a front matter.
fn sets_keys(lines: &str) -> bool {
    let is_template = ["{{", "{%"].iter().any(|mark| lines.contains(mark));
    let read = all_values(SurfaceFormat::FrontMatter, &format!("---\n{lines}---\n"));
    let is_name = |name: &String| !name.contains(' ') && !name.starts_with(char::is_uppercase);
    let has_names = |found: &ValueList| {
        let mut names = found.values.iter().map(|(keys, _)| keys.first());
        lines.trim().is_empty() || !found.values.is_empty() && names.all(|name| name.is_some_and(is_name))
    };
    !is_template && read.is_ok_and(|found| found.unread.is_empty() && has_names(&found))
}

/// The keys at the left of the front matter.
fn front_keys(text: &str) -> BTreeSet<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = front_matter(text).unwrap_or_default().lines();
    let key = |line: &str| {
        let (key, _) = line.split_once(':')?;
        let is_key = !key.is_empty() && !key.starts_with([' ', '\t', '#', '-']);
        is_key.then(|| key.trim_matches(['"', '\'']).trim().to_owned())
    };
    lines.filter_map(key).collect()
}

/// The template variables of a text, as they are written: `{name}`, `{{ name }}`, `{{{ name }}}`, `${NAME}`, `$name`, `$1`, `{% tag %}`,
/// `<<name>>`.
pub(super) fn variables(text: &str) -> BTreeSet<String> {
    spellings(text).into_keys().collect()
}

/// The template variables of a text as they are compared, each with its first spelling.
pub(super) fn spellings(text: &str) -> BTreeMap<String, &str> {
    let mut found = BTreeMap::new();
    for (at, _) in text.match_indices(['{', '$', '<']) {
        // A bracket inside of `{{` or `${` belongs to that variable.
        let is_inner = text[..at].ends_with(['{', '$', '<']);
        if let Some(variable) = variable(&text[at..]).filter(|_| !is_inner) {
            found.entry(compared(variable)).or_insert(variable);
        }
    }
    found
}

/// The variable at the start of a text.
fn variable(text: &str) -> Option<&str> {
    let pairs = [
        ("{{{", "}}}"),
        ("{{", "}}"),
        ("{%", "%}"),
        ("${", "}"),
        ("<<", ">>"),
        ("{", "}"),
    ];
    for (open, close) in pairs {
        let Some(rest) = text.strip_prefix(open) else { continue };
        let inner = &rest[..rest.find(close)?];
        let has_number = open == "${" && is_numbered(inner);
        let name = inner.trim().trim_start_matches(['-', '#', '/']).trim();
        let begins =
            open == "{%" || open.starts_with("{{") && name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let is_free = begins && name.len() <= 80 && !name.contains('\n');
        return (is_name(name) || is_free || has_number).then(|| &text[..open.len() + inner.len() + close.len()]);
    }
    let name = text.strip_prefix('$')?;
    let length = name
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    let is_variable =
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || length > 0 && is_argument(name, length);
    is_variable.then(|| &text[..1 + length])
}

/// Whether `$1` is an argument rather than an amount: neither digits nor decimals nor thousands follow.
fn is_argument(name: &str, length: usize) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let has_more = name.get(1..).unwrap_or_default().strip_prefix(['.', ',']);
    length == 1 && name.starts_with(is_digit) && !has_more.is_some_and(|rest| rest.starts_with(is_digit))
}

/// Whether the text between `${` and `}` is an argument's number, maybe with a default: `1`, `1:-x`.
fn is_numbered(inner: &str) -> bool {
    let rest = inner.strip_prefix(|c: char| c.is_ascii_digit());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '-']) && !rest.contains(['\n', '{']))
}

/// A variable as it is compared: without white space, and an argument without its default.
fn compared(variable: &str) -> String {
    match variable.strip_prefix("${").and_then(|inner| inner.chars().next()) {
        Some(digit) if digit.is_ascii_digit() => format!("${digit}"),
        _ => variable.split_whitespace().collect(),
    }
}

fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':' | '[' | ']' | '!');
    name.len() <= 60 && name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(is_part)
}

/// The text with the line ends of `old`, if each of the two has only one kind.
fn with_line_ends(text: &str, old: &str) -> String {
    let ends = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
    let ((old_crlf, old_all), (crlf, all)) = (ends(old), ends(text));
    let is_uniform = |crlf: usize, all: usize| crlf == 0 || crlf == all;
    if old_all == 0 || !is_uniform(old_crlf, old_all) {
        return text.to_owned();
    }
    match old_crlf > 0 {
        true if crlf == 0 => text.replace('\n', "\r\n"),
        false if crlf == all => text.replace("\r\n", "\n"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_words_is_kept() {
        let front = "---\nname: a\ntools: [x]\n---\n\n";
        for (old, new, wanted) in [
            ("Old.\n", "New.", "New.\n"),
            ("Old.", "New.", "New."),
            ("Old.", "New.\n", "New.\n"),
            ("", "New.", "New."),
            ("A.\r\nB.\r\n", "C.\nD.", "C.\r\nD.\r\n"),
            ("A.\nB.\n", "C.\r\nD.\r\n", "C.\nD.\n"),
            ("A.\nB.\r\n", "C.\nD.\r\n", "C.\nD.\r\n"),
            ("\u{feff}A.\n", "B.", "\u{feff}B.\n"),
            ("A.\n", "\u{feff}B.", "B.\n"),
            (&format!("{front}Old.\n"), "New.", &format!("{front}New.\n")),
            (
                &format!("{front}Old.\n"),
                "---\nname: b\n---\nNew.\n",
                "---\nname: b\n---\nNew.\n",
            ),
            ("A.\n", "```markdown\nB.\n```", "B.\n"),
            ("A.\n", "```\nB.\nC.\n```\n", "B.\nC.\n"),
            ("A.\n", "````md\nB.\n```\ncode\n```\n````", "B.\n```\ncode\n```\n"),
            (
                "A.\n",
                "```markdown\nB.\n```sh\nls\n```\nC.\n```",
                "B.\n```sh\nls\n```\nC.\n",
            ),
            ("A.\r\n", "```markdown\r\nB.\r\n```", "B.\r\n"),
            // Not one block around the whole.
            (
                "A.\n",
                "```\nB.\n```\nC.\n```\nD.\n```\n",
                "```\nB.\n```\nC.\n```\nD.\n```\n",
            ),
            ("A.\n", "```python\nB\n```\n", "```python\nB\n```\n"),
            ("```\nA.\n```\n", "```\nB.\n```\n", "```\nB.\n```\n"),
            ("A.\n...\n", "B.\n...\n", "B.\n...\n"),
            // What stands between two `---` is a part of the prompt unless it sets keys.
            ("---\nYou are a judge: be fair.\n---\nOld.\n", "New.", "New.\n"),
            ("---\ncontext: {{context}}\n---\nOld.\n", "New.", "New.\n"),
            (
                "---\nglobs: **/*.ts\n---\nOld.\n",
                "New.",
                "---\nglobs: **/*.ts\n---\nNew.\n",
            ),
        ] {
            let found = replacement(old, new);
            assert_eq!(found.as_deref(), Ok(wanted), "{old:?} {new:?}");
            assert_eq!(
                replacement(wanted, new).as_deref(),
                Ok(wanted),
                "again: {old:?} {new:?}"
            );
        }
    }

    #[test]
    fn what_is_no_whole_prompt_is_refused() {
        for (new, part) in [
            ("", "is empty"),
            (" \n\t\n", "is empty"),
            ("```markdown\n\n```", "is empty"),
            ("```markdown\nYou are", "does not end"),
            (
                "You are kind.\n# ... rest of the prompt unchanged ...\n",
                "line 2 of `new_content`",
            ),
        ] {
            let problem = replacement("Old.\n", new).unwrap_err().to_string();
            assert!(problem.contains(part), "{new}: {problem}");
        }
    }

    #[test]
    fn lost_variables_and_keys_are_named() {
        for (text, found) in [
            ("You help {user_name}.", "{user_name}"),
            ("Today is {{date}} or {{ date }}.", "{{date}}"),
            ("In ${LANG} or $LANG.", "$LANG ${LANG}"),
            ("Use $1 and $ARGUMENTS.", "$1 $ARGUMENTS"),
            ("Use $1. Or $2, or ${3:-x}, for $4.50 and $5,000.", "$1 $2 $3"),
            ("{% if x %}a{% endif %}", "{%endif%} {%ifx%}"),
            ("It costs $5.00 or $12, as JSON: {\"a\": 1} {} { b }", "{b}"),
            ("{user.name} {0} {items[0]}", "{items[0]} {user.name}"),
        ] {
            let names: Vec<String> = variables(text).into_iter().collect();
            assert_eq!(names.join(" "), found, "{text}");
        }
        let old = "---\nname: a\nmodel: m\n---\nYou help {user_name}. Today is {{date}}.\n";
        assert_eq!(
            losses(old, "---\nname: a\n---\nYou help.\n"),
            [
                "the new prompt no longer has the template variables `{user_name}`, `{{date}}`",
                "the new prompt no longer has the key of the front matter `model`"
            ]
        );
        assert_eq!(losses(old, old), [] as [&str; 0]);
        assert_eq!(
            losses("{% if x %}a{% endif %}", "a"),
            ["the new prompt no longer has the template variables `{% endif %}`, `{% if x %}`"]
        );
    }
}
