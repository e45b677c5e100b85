//! Styles for kaizen's own output, marked so that text from elsewhere cannot imitate them.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

use anstyle::AnsiColor;

/// The start of every escape sequence of a [`Style`]. It contains a random number of this process, so that a file, a
/// model or a program cannot forge one. In groups of four digits, it is a valid sequence for code that measures widths.
pub(crate) static MARK: LazyLock<String> = LazyLock::new(|| {
    let mut drawn = RandomState::new().build_hasher().finish();
    let mut mark = "\u{1b}[".to_owned();
    for _ in 0..5 {
        mark.push_str(&format!("{:04};", drawn % 10_000));
        drawn /= 10_000;
    }
    mark
});

/// A text style. Written as `{style}text{style:#}`; only [`super::terminal`] turns it into colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style(anstyle::Style);

impl Style {
    /// No style.
    pub(crate) const PLAIN: Self = Self(anstyle::Style::new());
    /// Bold, for the most important text.
    pub(crate) const STRONG: Self = Self(anstyle::Style::new().bold());
    /// Dimmed, for details.
    pub(crate) const FAINT: Self = Self(anstyle::Style::new().dimmed());
}

impl From<AnsiColor> for Style {
    fn from(colour: AnsiColor) -> Self {
        Self(colour.on_default())
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sequences = match f.alternate() {
            true => self.0.render_reset().to_string(),
            false => self.0.render().to_string(),
        };
        f.write_str(&sequences.replace("\u{1b}[", &MARK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_has_no_width() {
        let style = Style::from(AnsiColor::Red);
        let text = format!("{style}red{style:#}{}plain{:#}", Style::PLAIN, Style::PLAIN);
        assert_eq!(console::measure_text_width(&text), 8);
        assert_eq!(console::strip_ansi_codes(&text), "redplain");
        assert!(text.contains(MARK.as_str()));
    }
}
