//! Lines of text that fit a terminal: wrapped between words, broken anywhere, or cut.

use console::measure_text_width;

/// Wraps text between words; keeps its line breaks.
pub(crate) fn prose(text: &str, width: usize) -> Vec<String> {
    text.lines().flat_map(|line| paragraph(line, width)).collect()
}

fn paragraph(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in text.split_whitespace().flat_map(|word| pieces(word, width)) {
        match lines.last_mut() {
            Some(last) if last.is_empty() => *last = piece,
            Some(last) if measure_text_width(last) + 1 + measure_text_width(&piece) <= width => {
                *last += " ";
                *last += &piece;
            }
            _ => lines.push(piece),
        }
    }
    lines
}

/// Breaks a line at the width, without dropping characters.
pub(crate) fn pieces(line: &str, width: usize) -> Vec<String> {
    let (mut pieces, mut used) = (vec![String::new()], 0);
    for c in line.chars() {
        let wide = measure_text_width(c.encode_utf8(&mut [0; 4]));
        if used + wide > width.max(2) {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces
}

/// The text on one line, cut to the width.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if measure_text_width(&line) <= width {
        return line;
    }
    let first = pieces(&line, width.saturating_sub(1)).into_iter().next();
    first.map(|first| format!("{}…", first.trim_end())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_breaks_between_words_and_long_words_anywhere() {
        assert_eq!(prose("one two three", 8), ["one two", "three"]);
        assert_eq!(prose("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(prose("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(
            prose("日本語 日本", 6),
            ["日本語", "日本"],
            "wide characters take two columns"
        );
    }

    #[test]
    fn pieces_keep_every_character() {
        let line = "  + indented\u{3000}日本 text";
        for width in 1..30 {
            assert_eq!(pieces(line, width).concat(), line);
        }
        assert_eq!(pieces("", 4), [""]);
    }

    #[test]
    fn a_cut_says_that_it_is_one() {
        assert_eq!(cut("a  b\nc", 5), "a b c");
        assert_eq!(cut("abcdefgh", 5), "abcd…");
        assert_eq!(cut("abc defgh", 5), "abc…");
    }
}
