//! Redaction: secrets and personal data out of text, before it is kept or shown to a teacher.

mod own;
mod rules;

use std::borrow::Cow;

use regex::Regex;
use serde_json::Value;

use self::rules::{RULES, is_secret_field};

/// One replacement can lay open another, mostly none does, and twice at most by the built-in rules. A pattern of a
/// person's own can go on eating beside its last mark; what has not settled by then goes whole.
const ROUNDS: usize = 8;

/// What is left of a text that does not settle.
const WHOLE: &str = "[redacted:text]";

/// Takes secrets out of texts: by the built-in rules, and by a person's own patterns.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    own: Vec<Regex>,
}

impl Redactor {
    /// A redactor with patterns beside the built-in rules.
    ///
    /// # Errors
    /// A pattern that is none; a checked manifest has no such.
    pub fn new(patterns: &[String]) -> Result<Self, regex::Error> {
        let own = patterns.iter().map(|pattern| Regex::new(pattern));
        Ok(Self {
            own: own.collect::<Result<_, _>>()?,
        })
    }

    /// The text with secrets as `[redacted:kind]` and home folders as `~`; borrowed when nothing was found.
    ///
    /// Redacting twice is redacting once. The time grows with the length of the text, not with its square, as long
    /// as own patterns search so.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for _ in 0..ROUNDS {
            match self.once(&text) {
                Some(changed) => text = Cow::Owned(changed),
                None => return text,
            }
        }
        match self.once(&text) {
            Some(_) => Cow::Borrowed(WHOLE),
            None => text,
        }
    }

    /// One round of all rules; `None` when it changed nothing.
    fn once(&self, text: &str) -> Option<String> {
        let mut current = Cow::Borrowed(text);
        for (pattern, replacement) in RULES.iter() {
            if let Cow::Owned(changed) = pattern.replace_all(&current, *replacement) {
                current = Cow::Owned(changed);
            }
        }
        for pattern in &self.own {
            if let Some(changed) = own::marked(pattern, &current) {
                current = Cow::Owned(changed);
            }
        }
        (current != text).then(|| current.into_owned())
    }

    /// Redacts every text of a value in place; the text of a field named like a secret goes whole. Field names stay.
    pub fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(changed) = self.text(text) {
                    *text = changed;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| self.field(name, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn field(&self, name: &str, value: &mut Value) {
        match value {
            Value::String(text) if !text.is_empty() && is_secret_field(name) => {
                "[redacted:secret]".clone_into(text);
            }
            other => self.value(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redactor(patterns: &[&str]) -> Redactor {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Redactor::new(&patterns).unwrap()
    }

    #[test]
    fn own_patterns_count_beside_the_built_in_rules() {
        let redactor = redactor(&[r"\bcust-\d+\b", "(?i)project falcon", "Client: .*"]);
        for (text, wanted) in [
            ("cust-17 and Project FALCON", "[redacted:own] and [redacted:own]"),
            ("cust-17 a@b.org", "[redacted:own] [redacted:email]"),
            ("customer", "customer"),
            // A mark inside a match goes with it.
            ("Client: Ada a@b.org, Rome\nnext", "[redacted:own]\nnext"),
        ] {
            assert_eq!(redactor.text(text), wanted);
            assert_eq!(redactor.text(wanted), wanted, "twice");
        }
        assert!(matches!(redactor.text("nothing here"), Cow::Borrowed(_)));
    }

    #[test]
    fn own_patterns_lay_open_no_secret() {
        assert_eq!(
            redactor(&["password"]).text("password=hunter2"),
            "[redacted:own]=[redacted:secret]"
        );
    }

    #[test]
    fn a_pattern_that_never_settles_takes_the_whole_text() {
        let text = "a".repeat(100);
        let redactor = redactor(&[r"\ba"]);
        assert_eq!(redactor.text(&text), "[redacted:text]");
        assert_eq!(redactor.text("[redacted:text]"), "[redacted:text]");
    }

    #[test]
    fn values_are_redacted_in_depth() {
        let mut value = serde_json::json!({"password": "x", "list": [{"t": "a@b.org"}], "api_key": null, "n": 1,
            "secret": "", "headers": {"Authorization": "Basic x"}});
        Redactor::default().value(&mut value);
        let wanted = serde_json::json!({"password": "[redacted:secret]", "list": [{"t": "[redacted:email]"}],
            "api_key": null, "n": 1, "secret": "", "headers": {"Authorization": "[redacted:secret]"}});
        assert_eq!(value, wanted);
    }

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::sample::select(vec![
                "password=",
                "api_key: \"",
                "sk-abcdefghijklmnopqrst",
                "a@b.org",
                "/home/ada",
                "+49 30 1234 5678",
                "Bearer ",
                "Authorization: Basic ",
                "https://",
                "u:p@",
                "secret access key ",
                "eyJabcdefgh.abcdefgh.",
                "&sig=",
                "212-555-0123",
                "[redacted:email]",
                "[redacted:own]",
                "-----BEGIN PRIVATE KEY-----",
                "AKIAABCDEFGHIJKLMNOP",
            ])
            .prop_map(str::to_owned),
            "[\"'\\\\=: @./\\[\\]~-]{1,3}",
            "\\PC{0,6}",
            "[a-z0-9]{1,20}",
        ]
    }

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn twice_is_once(text in text()) {
            let once = Redactor::default().text(&text).into_owned();
            prop_assert_eq!(Redactor::default().text(&once), once.as_str());
        }

        /// Own patterns that match marks, look around, or feed on each other.
        #[test]
        fn twice_is_once_with_own_patterns(text in text(), own in proptest::sample::subsequence(vec![
            "own", r"\[", r"\].", r"[a-z]+", r"^.", r".$", r"\b\w", r"\w\b", r"\B[^a-z]", r"\S+ \S+", r"redacted:\w+\].?",
            r"(?s).+@", r"\d{2}", "é|ß", r"secret\W", r":", r#"["'].*"#
        ], 1..4)) {
            let redactor = redactor(&own);
            let once = redactor.text(&text).into_owned();
            prop_assert_eq!(redactor.text(&once), once.as_str());
        }
    }
}
