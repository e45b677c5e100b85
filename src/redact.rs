//! Redaction: secrets and personal data out of text, before it is kept or shown to a teacher.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// A secret's name before `=` or `:`.
const SECRET_NAME: &str = r"[a-z0-9_-]{0,64}(?:passw(?:or)?d|passphrase|secret|credential|api[_-]?key|private[_-]?key|(?:access|auth|api|bot|refresh|id|session)[_-]?token)[a-z0-9_-]{0,64}";

/// Pattern and replacement. A replacement never matches its own pattern again, and closing quotes stay where they are.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let assignment = |value: &str| format!(r#"(?i)({SECRET_NAME}\\?["']?\s{{0,8}}[:=]\s{{0,8}}{value}"#);
    [
        (r"(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\z)".into(), "[redacted:private_key]"),
        (r"\bsk-[A-Za-z0-9_-]{16,}".into(), "[redacted:api_key]"),
        (r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,}".into(), "[redacted:api_key]"),
        (r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,})".into(), "[redacted:api_key]"),
        (r"\bxox[a-z]-[A-Za-z0-9-]{10,}".into(), "[redacted:api_key]"),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b".into(), "[redacted:api_key]"),
        (r"\bAIza[A-Za-z0-9_-]{30,}".into(), "[redacted:api_key]"),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}".into(), "[redacted:token]"),
        (r"(?i)\b(bearer\s{1,8})[A-Za-z0-9._~+/=-]{16,}".into(), "${1}[redacted:token]"),
        (assignment(r#"\\")[^"\\\n]+"#), "${1}[redacted:secret]"),
        (assignment(r#"")(?:[^"\\\n]|\\.)+"#), "${1}[redacted:secret]"),
        (assignment(r"')[^'\n]+"), "${1}[redacted:secret]"),
        (assignment(r#")[^\s"'\\,;(\[{}\]][^\s"'\\,;}\]]*"#), "${1}[redacted:secret]"),
        (r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}\b".into(), "[redacted:email]"),
        (r"\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){2,4}\b".into(), "[redacted:phone]"),
        (r"(?:\(\d{3}\) ?|\b\d{3}[ .-])\d{3}[ .-]\d{4}\b".into(), "[redacted:phone]"),
        (r#"(^|[^A-Za-z0-9_.~/-])(?:/home|/Users|[A-Z]:\\{1,2}Users)[/\\]{1,2}[^/\\\s"'`:;,<>|()\[\]{}]+"#.into(), "${1}~"),
    ]
    .into_iter()
    // The patterns are constants, and every test compiles them.
    .filter_map(|(pattern, replacement): (String, _)| Some((Regex::new(&pattern).ok()?, replacement)))
    .collect()
});

/// A field's name that says its value is secret.
static SECRET_FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?i)^{SECRET_NAME}$")).ok());

/// One replacement can lay open another; more rounds than this were never seen.
const ROUNDS: usize = 8;

/// The text with secrets as `[redacted:kind]` and home folders as `~`; borrowed when nothing was found.
///
/// Redacting twice is redacting once. The time grows with the length of the text, not with its square.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        match redact_once(&text) {
            Some(changed) => text = Cow::Owned(changed),
            None => break,
        }
    }
    text
}

/// One round of all rules; `None` when it changed nothing.
fn redact_once(text: &str) -> Option<String> {
    let mut current = Cow::Borrowed(text);
    for (pattern, replacement) in RULES.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&current, *replacement) {
            current = Cow::Owned(changed);
        }
    }
    (current != text).then(|| current.into_owned())
}

/// Redacts every text of a value in place; the text of a field named like a secret goes whole. Field names stay.
pub fn redact_value(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(changed) = redact(text) {
                *text = changed;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact_value),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| redact_field(name, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn redact_field(name: &str, value: &mut Value) {
    let secret = SECRET_FIELD.as_ref().is_some_and(|pattern| pattern.is_match(name));
    match value {
        Value::String(text) if secret && !text.is_empty() => "[redacted:secret]".clone_into(text),
        other => redact_value(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_go_and_the_rest_stays() {
        assert_eq!(RULES.len(), 17, "every pattern compiles");
        assert!(SECRET_FIELD.is_some());
        for (text, wanted) in [
            ("key sk-proj-abcdefghijklmnop1234.", "key [redacted:api_key]."),
            ("ghp_abcdefghijklmnopqrst1234", "[redacted:api_key]"),
            ("xoxb-1234567890-abc", "[redacted:api_key]"),
            ("AKIAABCDEFGHIJKLMNOP", "[redacted:api_key]"),
            ("AIzaabcdefghijklmnopqrstuvwxyz012345", "[redacted:api_key]"),
            (
                "Authorization: Bearer abcdefghijklmnop.x",
                "Authorization: Bearer [redacted:token]",
            ),
            (
                "a -----BEGIN RSA PRIVATE KEY-----\nxx\n-----END RSA PRIVATE KEY----- b",
                "a [redacted:private_key] b",
            ),
            ("cut -----BEGIN PRIVATE KEY-----\nxx", "cut [redacted:private_key]"),
            ("password=hunter2 next", "password=[redacted:secret] next"),
            (
                "api_key = \"a b\\\"c\" # note",
                "api_key = \"[redacted:secret]\" # note",
            ),
            (
                "{\"db_password\": \"x\", \"n\": 1}",
                "{\"db_password\": \"[redacted:secret]\", \"n\": 1}",
            ),
            (
                "{\\\"api_key\\\":\\\"x\\\"}",
                "{\\\"api_key\\\":\\\"[redacted:secret]\\\"}",
            ),
            ("secret = 'x y' z", "secret = '[redacted:secret]' z"),
            ("password=\"cut of", "password=\"[redacted:secret]"),
            ("mail ada.l+x@mail.example.org!", "mail [redacted:email]!"),
            (
                "call +49 30 1234 5678 or (212) 555-0123 or 212-555-0123",
                "call [redacted:phone] or [redacted:phone] or [redacted:phone]",
            ),
            ("in /home/ada/x.py and /Users/bob:", "in ~/x.py and ~:"),
            ("C:\\Users\\ada\\x", "~\\x"),
        ] {
            assert_eq!(redact(text), wanted);
            assert_eq!(redact(wanted), wanted, "twice");
        }
    }

    #[test]
    fn harmless_text_is_borrowed() {
        for text in [
            "",
            "task-based sk-short",
            "17 * 23 = 391",
            "2026-11-23T08:15:00Z 1760000300.0",
            "total_tokens: 512",
            "https://example.org/home/page",
            "550e8400-e29b-41d4-a716-446655440000",
            "a@b",
            "the bearer of news",
            "/home",
            "x +23 y +1",
            "[redacted:secret]",
            "password=[redacted:secret]",
        ] {
            assert!(
                matches!(redact(text), Cow::Borrowed(_)),
                "{text} became {}",
                redact(text)
            );
        }
    }

    #[test]
    fn values_are_redacted_in_depth() {
        let mut value =
            serde_json::json!({"password": "x", "list": [{"t": "a@b.org"}], "api_key": null, "n": 1, "secret": ""});
        redact_value(&mut value);
        let wanted = serde_json::json!({"password": "[redacted:secret]", "list": [{"t": "[redacted:email]"}], "api_key": null, "n": 1, "secret": ""});
        assert_eq!(value, wanted);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn twice_is_once(pieces in proptest::collection::vec(prop_oneof![
            Just("password=".to_owned()), Just("api_key: \"".to_owned()), Just("sk-abcdefghijklmnopqrst".to_owned()),
            Just("a@b.org".to_owned()), Just("/home/ada".to_owned()), Just("+49 30 1234 5678".to_owned()),
            Just("Bearer ".to_owned()), Just("212-555-0123".to_owned()), Just("[redacted:email]".to_owned()),
            Just("-----BEGIN PRIVATE KEY-----".to_owned()), Just("AKIAABCDEFGHIJKLMNOP".to_owned()),
            "[\"'\\\\=: @./\\[\\]~-]{1,3}", "\\PC{0,6}", "[a-z0-9]{1,20}"], 0..12)) {
            let once = redact(&pieces.concat()).into_owned();
            prop_assert_eq!(redact(&once), once.as_str());
        }
    }
}
