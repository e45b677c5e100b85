//! Texts in Markdown: what comes from a workspace is shown as it is, and cannot become markup.

use super::visible::visible;

/// A text that Markdown shows as it is, on one line.
pub(crate) fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '\n' => " ".to_owned(),
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '!' | '&' | '~' => format!("\\{c}"),
        // GitHub looks for people, tasks and addresses after it resolved escapes, so that only a character between helps.
        '@' | '#' => format!("\\{c}&#8203;"),
        // GitHub's way to keep a dollar from starting a formula.
        '$' => "<span>$</span>".to_owned(),
        c => c.to_string(),
    };
    let text: String = visible(text).chars().map(one).collect();
    // Links need no brackets; GitHub looks for these before it resolves references.
    text.replace("://", "&#58;//").replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        for (name, shown) in [
            ("a|b\n<img> [x](y)", "a\\|b \\<img\\> \\[x\\](y)"),
            ("@team #1", "\\@&#8203;team \\#&#8203;1"),
            ("$x$", "<span>$</span>x<span>$</span>"),
            ("https://a.b www.a.b", "https&#58;//a.b www&#46;a.b"),
            ("a\u{202e}b\u{2069}", "a\\<U+202E\\>b\\<U+2069\\>"),
            ("config.toml", "config.toml"),
        ] {
            assert_eq!(escaped(name), shown);
        }
    }
}
