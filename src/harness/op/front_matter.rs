//! The front matter at the start of a Markdown text, and the body under it.

use super::replacement::front_matter;

/// The text under the front matter and the blank lines after it; the whole text if it has none.
pub(crate) fn body(text: &str) -> &str {
    let unmarked = text.strip_prefix('\u{feff}').unwrap_or(text);
    match front_matter(unmarked) {
        Some(head) => unmarked[head.len()..].trim_start_matches(['\r', '\n']),
        None => unmarked,
    }
}

/// The text of a key of the front matter, without quotes. It is read line by line, because front matter is often no YAML.
pub(super) fn head_value(text: &str, key: &str) -> Option<String> {
    let head = front_matter(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    let mut lines = head.lines().skip(1);
    let value = lines
        .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'))?
        .trim();
    let value = match value {
        "" | "|" | ">" | "|-" | ">-" | "|+" | ">+" => {
            let block = lines.take_while(|line| line.starts_with([' ', '\t']) || line.is_empty());
            block.map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
        }
        value => value.to_owned(),
    };
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote).map(str::to_owned);
    Some(quoted('"').or_else(|| quoted('\'')).unwrap_or(value.clone()))
}
