//! Finds the phrases of failures in a text, as whole words: a program that ends with `ModuleNotFoundError` does not report the
//! network's `ENOTFOUND`.

/// What may follow a phrase in the same identifier, such as in `RateLimitExceededError` and `rate_limit_error`.
const ENDINGS: &[&str] = &[
    "s",
    "d",
    "ed",
    "ing",
    "error",
    "exception",
    "exceeded",
    "reached",
    "id",
    "name",
];

/// Whether a phrase occurs in a text, in any case unless it begins in upper case. `*` in it stands for any text; `_` at
/// its end for the rest of an identifier.
pub(super) fn occurs(phrase: &str, text: &str) -> bool {
    let is_exact = phrase.starts_with(|first: char| first.is_ascii_uppercase());
    let lower = text.to_ascii_lowercase();
    let searched = if is_exact { text } else { &lower };
    let mut from = 0;
    phrase.split('*').all(|part| {
        let mut places = searched[from..].match_indices(part).map(|(at, _)| from + at);
        let found = places.find(|at| begins_word(text, *at) && ends_word(part, &lower[at + part.len()..]));
        from = found.map_or(from, |at| at + part.len());
        found.is_some()
    })
}

/// Whether a word begins here: no identifier goes on, or a word of `NewConnectionError` or `APIConnectionError` begins.
fn begins_word(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let Some(before) = at.checked_sub(1).map(|before| bytes[before]) else {
        return true;
    };
    let is_upper = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_uppercase);
    let is_lower = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_lowercase);
    let begins_in_camel_case = match before {
        b'A'..=b'Z' => is_upper(at) && is_lower(at + 1),
        b'a'..=b'z' | b'0'..=b'9' => is_upper(at),
        _ => false,
    };
    !in_identifier(before) || begins_in_camel_case
}

/// Whether only endings follow a phrase in its identifier.
fn ends_word(phrase: &str, rest: &str) -> bool {
    let is_open = phrase.ends_with('_') || !phrase.bytes().next_back().is_some_and(in_identifier);
    let end = rest.bytes().position(|byte| !in_identifier(byte));
    is_open || are_endings(&rest[..end.unwrap_or(rest.len())])
}

fn are_endings(rest: &str) -> bool {
    let words = rest.strip_prefix('_').unwrap_or(rest);
    let goes_on = |ending: &&str| words.strip_prefix(*ending).is_some_and(are_endings);
    rest.is_empty() || ENDINGS.iter().any(goes_on)
}

fn in_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_as_whole_words_only() {
        for (phrase, text, wanted) in [
            ("enotfound", "getaddrinfo ENOTFOUND api.example.com", true),
            ("enotfound", "code: 'ENOTFOUND'", true),
            ("enotfound", "FileNotFoundError: no a.txt; then ENOTFOUND", true),
            ("enotfound", "FileNotFoundError: [Errno 2] no a.txt", false),
            ("enotfound", "FILENOTFOUND", false),
            ("connectionerror", "urllib3.exceptions.NewConnectionError: x", true),
            ("connectionerror", "OpenAIConnectionError", true),
            ("connecterror", "ReconnectError: x", false),
            ("ratelimit", "litellm.RateLimitError: x", true),
            ("ratelimit", "RateLimitExceededException", true),
            ("ratelimit", "NameError: name 'RateLimitConfig' is not defined", false),
            ("rate_limit", "rate_limit_error", true),
            ("rate_limit", "KeyError: 'rate_limit_per_minute'", false),
            ("rate_limit", "in handle_rate_limit", false),
            ("rate limit", "You are being rate limited", true),
            ("und_err_", "UND_ERR_HEADERS_TIMEOUT", true),
            ("und_err_", "found_err_codes", false),
            ("UNAVAILABLE", "503 UNAVAILABLE. {", true),
            ("UNAVAILABLE", "the product is unavailable", false),
            ("UNAVAILABLE", "PRODUCT_UNAVAILABLE", false),
            ("model*not found", "the model `m` was not found", true),
            ("model*not found", "remodelling: not found", false),
            ("model*not found", "not found: the model", false),
            ("curl: (7)", "curl: (7)Failed", true),
            ("rate limit", "é rate limit é", true),
            ("rate limit", "", false),
        ] {
            assert_eq!(occurs(phrase, text), wanted, "{phrase:?} in {text:?}");
        }
    }
}
