//! Makes texts fit for a report: without secrets, personal data and held-out tasks, with control characters visible,
//! and of limited size. Only this file makes a `ShownText`, and pages take no other texts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use maud::Render;

use crate::cli::visible::visible;
use crate::digest::Digest;
use crate::eval::held_out::HeldOut;
use crate::eval::held_out_queries::HeldOutQueries;
use crate::llm::redact::Redactor;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;

/// The maximum size of a text of one line, in bytes of HTML.
const LINE: usize = 240;

/// What a line of a diff or a file costs in addition to its text: the element around it.
const LINE_ELEMENT: usize = 24;

/// A text that a report may show.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ShownText(String);

impl ShownText {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Render for ShownText {
    fn render_to(&self, buffer: &mut String) {
        self.0.as_str().render_to(buffer);
    }
}

/// The beginning of a text, and how much is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The beginning, without a line end.
    pub text: ShownText,
    /// Number of characters that are left out; 0 if the text is whole.
    pub left_out: usize,
}

/// Removes from texts what a report may not show.
pub(crate) struct Veil {
    redactor: Redactor,
    held_out: HeldOut,
    queries: HeldOutQueries,
    /// Whole files, by the digest of their content: most edits leave most files as they are.
    files: RefCell<BTreeMap<Digest, Rc<str>>>,
}

impl Veil {
    /// The veil for a workspace.
    ///
    /// # Errors
    /// The benchmark cannot be read, so that it is unknown what is held out.
    pub(crate) fn of(workspace: &Workspace, inputs: &Inputs) -> Result<Self, RunError> {
        let (redactor, benchmark) = (workspace.redactor.clone(), inputs.benchmark()?);
        Ok(Self {
            held_out: HeldOut::with_answers(&benchmark.tasks, &redactor),
            queries: benchmark.held_out(&redactor),
            redactor,
            files: RefCell::default(),
        })
    }

    /// Whether a query is that of a held-out task.
    pub(crate) fn is_held_out(&self, query: &str) -> bool {
        self.queries.asks(query, &self.redactor)
    }

    /// A text on one line, shortened to the size of a line.
    pub(crate) fn line(&self, text: &str) -> ShownText {
        let text = self.veiled(text).replace(['\n', '\r'], " ");
        match cut(text.trim(), LINE) {
            (start, 0) => ShownText(start.to_owned()),
            (start, _) => ShownText(format!("{}…", start.trim_end())),
        }
    }

    /// The beginning of a text of several lines: at most `most` bytes of HTML.
    pub(crate) fn excerpt(&self, text: &str, most: usize) -> Excerpt {
        excerpt_of_veiled(self.veiled(text).trim_end(), most)
    }

    /// A whole file. Equal files are veiled once.
    pub(crate) fn file(&self, text: &str) -> Rc<str> {
        let digest = Digest::of_bytes(text.as_bytes());
        if let Some(known) = self.files.borrow().get(&digest) {
            return Rc::clone(known);
        }
        let veiled: Rc<str> = self.veiled(text).into();
        self.files.borrow_mut().insert(digest, Rc::clone(&veiled));
        veiled
    }

    /// The lines of a file, as many as it has. If a replacement joined lines, all lines between the first and the last one
    /// that changed are marked as a whole.
    pub(crate) fn lines(&self, lines: &[&str]) -> Vec<ShownText> {
        let whole = self.file(&lines.join("\n"));
        let veiled: Vec<&str> = whole.split('\n').collect();
        if veiled.len() == lines.len() {
            return veiled.into_iter().map(|line| ShownText(line.to_owned())).collect();
        }
        let is_same = |(line, veiled): &(&&str, &&str)| visible(line) == **veiled;
        let before = lines.iter().zip(&veiled).take_while(is_same).count();
        let rest = lines[before..].iter().rev().zip(veiled[before..].iter().rev());
        let after = lines.len() - rest.take_while(is_same).count();
        let line = |(at, line): (usize, &&str)| match (before..after).contains(&at) {
            true => ShownText("[redacted]".to_owned()),
            false => ShownText(visible(line).into_owned()),
        };
        lines.iter().enumerate().map(line).collect()
    }

    /// Held-out tasks go first: redaction may change a part of a query, so that the rest would not be recognised.
    fn veiled(&self, text: &str) -> String {
        let text = self.held_out.text(text);
        visible(&self.redactor.text(&text)).into_owned()
    }
}

/// The beginning of a text that was veiled as a whole, such as a diff of veiled files.
pub(crate) fn excerpt_of_veiled(text: &str, most: usize) -> Excerpt {
    let (mut start, mut left_out) = cut(text, most);
    // Whole lines read better, unless little would be left.
    if let Some(end) = start.rfind('\n').filter(|end| left_out > 0 && *end > start.len() / 2) {
        left_out += start[end..].chars().count();
        start = &start[..end];
    }
    Excerpt {
        text: ShownText(start.to_owned()),
        left_out,
    }
}

/// The beginning of a text that takes at most `most` bytes as HTML, and the number of characters after it.
fn cut(text: &str, most: usize) -> (&str, usize) {
    let mut size = 0;
    let end = text.char_indices().find(|(_, c)| {
        size += size_in_html(*c);
        size > most
    });
    end.map_or((text, 0), |(at, _)| (&text[..at], text[at..].chars().count()))
}

fn size_in_html(c: char) -> usize {
    match c {
        '"' => "&quot;".len(),
        '&' => "&amp;".len(),
        '<' | '>' => "&lt;".len(),
        '\n' => LINE_ELEMENT,
        c => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::artifact::task::Task;

    fn veil() -> Veil {
        let task = |id: &str, query: &str, split: &str| -> Task {
            let task = serde_json::json!({"task_id": id, "query": query, "reference_answer": "a", "split": split});
            serde_json::from_value(task).unwrap()
        };
        let tasks = [
            task("gate-1", "first line of it\nsecond line of it", "gate"),
            task("train-1", "another question", "train"),
        ];
        let redactor = Redactor::default();
        Veil {
            held_out: HeldOut::with_answers(&tasks, &redactor),
            queries: HeldOutQueries::of(["first line of it\nsecond line of it"], &redactor),
            redactor,
            files: RefCell::default(),
        }
    }

    #[test]
    fn lines_keep_their_number_and_hide_a_text_of_several() {
        let lines = [
            "a",
            "first line of it",
            "second line of it",
            "jo@example.com",
            "\u{202e}b",
        ];
        let shown: Vec<String> = veil().lines(&lines).into_iter().map(|line| line.0).collect();
        assert_eq!(shown, ["a", "[redacted]", "[redacted]", "[redacted]", "<U+202E>b"]);
        let shown: Vec<String> = veil()
            .lines(&["a", "jo@example.com", "gate-1", "\u{7}"])
            .into_iter()
            .map(|line| line.0)
            .collect();
        assert_eq!(shown, ["a", "[redacted:email]", "[held-out task]", "␇"]);
        assert_eq!(veil().lines(&[]), []);
    }

    #[test]
    fn a_line_is_short_and_an_excerpt_counts_what_it_leaves_out() {
        let line = veil().line(&format!("a\nb{}", "<".repeat(500)));
        assert!(
            line.as_str().starts_with("a b<<") && line.as_str().ends_with('…'),
            "{line:?}"
        );
        let excerpt = veil().excerpt("abcdef\n", 4);
        assert_eq!((excerpt.text.as_str(), excerpt.left_out), ("abcd", 2));
        let excerpt = veil().excerpt("a line\nand\n", 33);
        assert_eq!((excerpt.text.as_str(), excerpt.left_out), ("a line\nand", 0));
        let excerpt = veil().excerpt("a line\nand\n", 32);
        assert_eq!((excerpt.text.as_str(), excerpt.left_out), ("a line", 4));
        assert_eq!(veil().excerpt("", 4), Excerpt::default());
    }

    proptest! {
        #[test]
        fn an_excerpt_is_never_larger_as_html(text in any::<String>(), most in 0usize..80) {
            let excerpt = excerpt_of_veiled(&text, most);
            prop_assert!(excerpt.text.render().into_string().len() <= most);
            prop_assert_eq!(excerpt.text.0.chars().count() + excerpt.left_out, text.chars().count());
        }
    }
}
