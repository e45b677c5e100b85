//! Turns the search terms that a user types into an FTS5 query, which is always valid syntax.

/// The FTS5 query for some terms; `None` if they contain no letter or digit.
///
/// White space separates terms, and a trace must contain all of them. `"two words"` is a phrase, `trans*` is a prefix,
/// and `OR` between two terms matches either. Everything else is quoted: `multi-hop` and `who's` are plain text.
pub(crate) fn fts_query(terms: &str) -> Option<String> {
    let mut query = String::new();
    let mut alternative = false;
    for (text, quoted) in split(terms) {
        if text == "OR" && !quoted {
            alternative = !query.is_empty();
        } else if text.chars().any(char::is_alphanumeric) {
            query.push_str(match (query.is_empty(), alternative) {
                (true, _) => "",
                (false, true) => " OR ",
                (false, false) => " AND ",
            });
            query.push_str(&quote(text, quoted));
            alternative = false;
        }
    }
    (!query.is_empty()).then_some(query)
}

/// The words of some terms in lower case, to search a store without an index.
pub(crate) fn plain_words(terms: &str) -> Vec<String> {
    split(terms)
        .into_iter()
        .filter(|(text, quoted)| (*quoted || *text != "OR") && text.chars().any(char::is_alphanumeric))
        .map(|(text, _)| text.trim_end_matches('*').to_lowercase())
        .collect()
}

/// One term as an FTS5 string, with the star of a prefix outside the quotes.
fn quote(text: &str, quoted: bool) -> String {
    let (text, star) = match text.strip_suffix('*') {
        Some(stem) if !quoted => (stem, "*"),
        _ => (text, ""),
    };
    format!("\"{}\"{star}", text.replace('"', "\"\""))
}

/// Splits terms, and says for each whether it was quoted. An unclosed quote extends to the end.
fn split(terms: &str) -> Vec<(&str, bool)> {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    let mut found = Vec::new();
    let mut rest = terms.trim_start_matches(blank);
    while !rest.is_empty() {
        let (text, quoted, after) = match rest.strip_prefix('"') {
            Some(inner) => {
                let (text, after) = inner.split_once('"').unwrap_or((inner, ""));
                (text, true, after)
            }
            None => {
                let (text, after) = rest.split_at(rest.find(blank).unwrap_or(rest.len()));
                (text, false, after)
            }
        };
        found.push((text, quoted));
        rest = after.trim_start_matches(blank);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_a_query() {
        for (terms, query) in [
            ("weather", Some(r#""weather""#)),
            ("translate  french", Some(r#""translate" AND "french""#)),
            ("trans*", Some(r#""trans"*"#)),
            (r#""latest rust" x"#, Some(r#""latest rust" AND "x""#)),
            ("multi-hop", Some(r#""multi-hop""#)),
            ("who's", Some(r#""who's""#)),
            (r#"a"b"#, Some(r#""a""b""#)),
            ("weather OR bread", Some(r#""weather" OR "bread""#)),
            ("OR bread OR", Some(r#""bread""#)),
            ("", None),
            (" * - ( \0", None),
            ("\"", None),
        ] {
            assert_eq!(fts_query(terms).as_deref(), query, "{terms:?}");
        }
    }

    #[test]
    fn plain_words_are_lower_case() {
        assert_eq!(plain_words("Trans* OR \"Two Words\" -"), ["trans", "two words"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_a_syntax_error(terms in "\\PC{0,40}|[ \"*'():^+A-Z-]{0,20}") {
            let connection = rusqlite::Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE VIRTUAL TABLE t USING fts5(x)").unwrap();
            if let Some(query) = fts_query(&terms) {
                let found = connection.query_row("SELECT count(*) FROM t WHERE t MATCH ?1", [&query], |row| row.get::<_, i64>(0));
                proptest::prop_assert!(found.is_ok(), "{} -> {}: {:?}", terms, query, found);
            }
        }
    }
}
