//! The prose of a Markdown text, by the rules of CommonMark: what is in doubt counts as prose, so that no reference to a
//! file hides in what only looks like code.

/// The text without its fenced blocks and code spans. A piece of code leaves a space.
pub(super) fn prose(text: &str) -> String {
    let (mut found, mut paragraph) = (String::new(), String::new());
    let mut open: Option<CodeFence> = None;
    for line in text.split_inclusive('\n') {
        let fence = CodeFence::of(line);
        match (open, fence) {
            (Some(begun), Some(fence)) if fence.closes(begun) => open = None,
            (Some(_), _) => {}
            (None, Some(fence)) => {
                found += &without_spans(&std::mem::take(&mut paragraph));
                open = Some(fence);
            }
            // An empty line ends a paragraph, and a span never goes beyond one.
            (None, None) if line.trim().is_empty() => {
                found += &without_spans(&std::mem::take(&mut paragraph));
                found += line;
            }
            (None, None) => paragraph += line,
        }
    }
    found + &without_spans(&paragraph)
}

/// A line that opens or closes a block of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CodeFence {
    mark: char,
    length: usize,
    /// Whether nothing follows the marks.
    is_bare: bool,
}

impl CodeFence {
    fn of(line: &str) -> Option<Self> {
        let bare = line.trim_start_matches(' ');
        let mark = bare.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let rest = bare.trim_start_matches(mark);
        let length = bare.len() - rest.len();
        let is_fence = length >= 3 && line.len() - bare.len() < 4 && !(mark == '`' && rest.contains('`'));
        is_fence.then(|| Self {
            mark,
            length,
            is_bare: rest.trim().is_empty(),
        })
    }

    fn closes(self, begun: Self) -> bool {
        self.is_bare && self.mark == begun.mark && self.length >= begun.length
    }
}

/// A paragraph without its code spans: a run of backticks opens one if another run of the same length closes it.
fn without_spans(paragraph: &str) -> String {
    let mut found = String::new();
    let mut rest = paragraph;
    while let Some(at) = rest.find(['`', '\\']) {
        found += &rest[..at];
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('\\') {
            let next = after.chars().next().map_or(0, char::len_utf8);
            found += &rest[..1 + next];
            rest = &after[next..];
            continue;
        }
        let run = run_of(rest);
        match end_of_span(&rest[run..], run) {
            Some(end) => {
                found.push(' ');
                rest = &rest[run + end..];
            }
            None => {
                found += &rest[..run];
                rest = &rest[run..];
            }
        }
    }
    found + rest
}

/// How many backticks a text begins with.
fn run_of(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

/// Where the span that a run of this length opened ends, after its closing run.
fn end_of_span(text: &str, length: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = text[at..].find('`') {
        let run = run_of(&text[at + next..]);
        at += next + run;
        if run == length {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_code_is_left_out() {
        for (text, wanted) in [
            ("a `b` c", "a   c"),
            ("``x`y`` z", "  z"),
            ("`` ` `` @x ` y", "  @x ` y"),
            ("\\` @x `", "\\` @x `"),
            ("a ` b\nc ` @x ` d", "a   @x ` d"),
            ("a ` b\n\nc `x` d", "a ` b\n\nc   d"),
            ("```sh\n@x\n```\n@y\n", "@y\n"),
            ("````\n```\n@x\n````\n@y", "@y"),
            ("~~~\n```\n@x\n~~~\n@y", "@y"),
            ("    ```\n@x\n    ```\n", "     "),
            ("``` a`b\n@x\n", "``` a`b\n@x\n"),
            ("```\n@x", ""),
        ] {
            assert_eq!(
                prose(text).trim_end_matches('\n'),
                wanted.trim_end_matches('\n'),
                "{text}"
            );
        }
    }
}
