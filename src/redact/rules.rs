//! The built-in rules: what secrets and personal data look like, and what is put in their place.

use std::sync::LazyLock;

use regex::Regex;

/// A secret's name before `=` or `:`.
const SECRET_NAME: &str = r"[a-z0-9_-]{0,64}(?:passw(?:or)?d|passphrase|secret|credential|(?:api|access|account|subscription)[_-]?key|private[_-]?key|access[_-]?signature|(?:access|auth|api|bot|refresh|id|session)[_-]?token)[a-z0-9_-]{0,64}";

/// Keys that their makers begin with letters of their own.
const KEYS: &[&str] = &[
    // OpenAI, Anthropic, OpenRouter, DeepSeek, Langfuse
    r"sk-[A-Za-z0-9_-]{16,}",
    // Groq, xAI, Perplexity, NVIDIA, Tavily, Replicate, Fireworks
    r"gsk_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}|pplx-[A-Za-z0-9]{20,}|nvapi-[A-Za-z0-9_-]{20,}|tvly-[A-Za-z0-9_-]{16,}",
    r"r8_[A-Za-z0-9]{20,}|fw_[A-Za-z0-9]{20,}",
    // Hugging Face
    r"hf_[A-Za-z0-9]{20,}",
    // Stripe
    r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{16,}=*",
    // GitHub, GitLab
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
    r"gl(?:pat|ptt|dt|rt|soat|cbt|ft|imt|oas)-[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]{2,}){0,2}",
    // Slack
    r"xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}",
    // Amazon
    r"(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    // Google
    r"AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{30,}",
    // npm, PyPI
    r"npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{50,}",
    // Databricks, DigitalOcean, Linear, Notion, SendGrid, Shopify, Twilio
    r"dapi[0-9a-f]{32}|do[opr]_v1_[0-9a-f]{32,}|lin_api_[A-Za-z0-9]{20,}|ntn_[A-Za-z0-9]{30,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|SK[0-9a-f]{32}\b",
];

/// Pattern and replacement. A replacement never matches its own pattern again, or stays as it is, and closing quotes
/// stay where they are. Repetitions have bounds wherever something must follow: without, a long word would be read
/// again from each of its letters.
fn patterns() -> Vec<(String, &'static str)> {
    let assignment = |value: &str| format!(r#"(?i)({SECRET_NAME}\\?["']?\s{{0,8}}[:=]\s{{0,8}}{value}"#);
    vec![
        (r"(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)".into(), "[redacted:private_key]"),
        (format!(r"\b(?:{})", KEYS.join("|")), "[redacted:api_key]"),
        // Amazon's secret half is told by its name only, which may be written as words.
        (r#"((?i:secret[ _-]?(?:access[ _-]?)?key)[^A-Za-z0-9/+\n]{1,8}(?:is\s{1,8})?)[A-Za-z0-9/+]{40,}"#.into(), "${1}[redacted:secret]"),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,2})?".into(), "[redacted:token]"),
        (r"(?i)\b(bearer\s{1,8})[A-Za-z0-9._~+/=-]{16,}".into(), "${1}[redacted:token]"),
        // Name and password in base64: capitals or digits within the word tell it from prose.
        (r#"((?i:authorization\\?["']?\s{0,8}[:=]\s{0,8}\\?["']?basic\s{1,8}))(?:[A-Za-z0-9+/]{0,512}(?:[0-9+/]|[a-z][A-Z])[A-Za-z0-9+/]{2,}={0,2}|[A-Za-z0-9+/]{2,512}={1,2})"#.into(), "${1}[redacted:token]"),
        (r"((?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks)/)[A-Za-z0-9/_-]{10,}".into(), "${1}[redacted:token]"),
        (r"([?&]sig=)[A-Za-z0-9%+/=_-]{16,}".into(), "${1}[redacted:token]"),
        // The name before the password may be the secret itself.
        (r#"(://)[^\s/?#:@"'<>\\]{0,128}:[^\s/?#"'<>\\]{1,256}@"#.into(), "${1}[redacted:secret]@"),
        (assignment(r#"\\")[^"\\\n]+"#), "${1}[redacted:secret]"),
        (assignment(r#"")(?:[^"\\\n]|\\.)+"#), "${1}[redacted:secret]"),
        (assignment(r"')[^'\n]+"), "${1}[redacted:secret]"),
        (assignment(r#")[^\s"'\\,;(\[{}\]][^\s"'\\,;}\]]*"#), "${1}[redacted:secret]"),
        (r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}\b".into(), "[redacted:email]"),
        (r"\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){2,4}\b".into(), "[redacted:phone]"),
        (r"(?:\(\d{3}\) ?|\b\d{3}[ .-])\d{3}[ .-]\d{4}\b".into(), "[redacted:phone]"),
        (r#"(^|[^A-Za-z0-9_.~/-])(?:/home|/Users|[A-Z]:\\{1,2}Users)[/\\]{1,2}[^/\\\s"'`:;,<>|()\[\]{}]+"#.into(), "${1}~"),
    ]
}

/// Every rule, compiled once. The patterns are constants, and a test compiles them.
pub(super) static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let compiled = |(pattern, replacement): (String, _)| Some((Regex::new(&pattern).ok()?, replacement));
    patterns().into_iter().filter_map(compiled).collect()
});

/// A field's name that says its value is secret.
static SECRET_FIELD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("(?i)^(?:{SECRET_NAME}|(?:proxy-)?authorization)$")).ok());

/// Whether a field's name says that its value is secret.
pub(super) fn is_secret_field(name: &str) -> bool {
    SECRET_FIELD.as_ref().is_some_and(|pattern| pattern.is_match(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Redactor;
    use std::borrow::Cow;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(RULES.len(), patterns().len());
        assert!(is_secret_field("db_password") && is_secret_field("Authorization") && !is_secret_field("authority"));
    }

    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn secrets_go_and_the_rest_stays() {
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
            (
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\nxx\n-----END PGP PRIVATE KEY BLOCK----- b",
                "[redacted:private_key] b",
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
            assert_eq!(Redactor::default().text(text), wanted);
            assert_eq!(Redactor::default().text(wanted), wanted, "twice");
        }
    }

    /// Letters and digits of a length, so that no line here looks like a leaked key to a scanner.
    fn word(length: usize) -> String {
        "aB3dE5gH7jK9".chars().cycle().take(length).collect()
    }

    #[test]
    fn keys_of_the_common_providers_go() {
        let hex = "0a1b2c3d".repeat(4);
        for key in [
            format!("sk-ant-api03-{}", word(40)),
            format!("sk-or-v1-{hex}{hex}"),
            format!("gsk_{}", word(52)),
            format!("xai-{}", word(80)),
            format!("pplx-{}", word(48)),
            format!("nvapi-{}", word(64)),
            format!("tvly-dev-{}", word(32)),
            format!("r8_{}", word(37)),
            format!("hf_{}", word(34)),
            format!("rk_live_{}", word(24)),
            format!("whsec_{}=", word(31)),
            format!("github_pat_{}", word(60)),
            format!("glpat-{}", word(20)),
            format!("glpat-{}.01.{}", word(24), word(9)),
            format!("gldt-{}", word(20)),
            format!("xapp-1-A0{}", word(30)),
            format!("ya29.{}", word(60)),
            format!("GOCSPX-{}", word(28)),
            format!("npm_{}", word(36)),
            format!("pypi-AgEIcHlwaS5vcmc{}", word(60)),
            format!("dapi{hex}"),
            format!("dop_v1_{hex}{hex}"),
            format!("SG.{}.{}", word(22), word(43)),
            format!("shpat_{hex}"),
            format!("SK{hex}"),
        ] {
            let text = format!("use {key}, then");
            assert_eq!(Redactor::default().text(&text), "use [redacted:api_key], then", "{key}");
        }
    }

    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn what_is_told_by_its_place_goes() {
        let aws = word(38) + "/+";
        for (text, wanted) in [
            (
                format!("AWS Secret Access Key: {aws} ok"),
                "AWS Secret Access Key: [redacted:secret] ok",
            ),
            (
                format!("set aws_secret_access_key {aws}"),
                "set aws_secret_access_key [redacted:secret]",
            ),
            (
                format!("\"SecretAccessKey\": \"{aws}\""),
                "\"SecretAccessKey\": \"[redacted:secret]\"",
            ),
            (
                format!("the secret key is {aws}."),
                "the secret key is [redacted:secret].",
            ),
            (
                "Authorization: Basic dXNlcjpwYXNz".into(),
                "Authorization: Basic [redacted:token]",
            ),
            (
                "\"Authorization\": \"Basic dTpw\"".into(),
                "\"Authorization\": \"Basic [redacted:token]\"",
            ),
            (
                "authorization: basic eHg6eHg=".into(),
                "authorization: basic [redacted:token]",
            ),
            (
                "git clone https://ada:pw@git.example.org/x".into(),
                "git clone https://[redacted:secret]@git.example.org/x",
            ),
            (
                "postgres://u:p@ss@localhost:5432/db".into(),
                "postgres://[redacted:secret]@localhost:5432/db",
            ),
            ("redis://:pw@cache:6379".into(), "redis://[redacted:secret]@cache:6379"),
            (
                format!("AccountName=x;AccountKey={aws}==;"),
                "AccountName=x;AccountKey=[redacted:secret];",
            ),
            (
                format!("https://x.blob.example.org/y?sv=1&sig={}%3D&se=2", word(40)),
                "https://x.blob.example.org/y?sv=1&sig=[redacted:token]&se=2",
            ),
            (
                "Ocp-Apim-Subscription-Key: 0123abcd".into(),
                "Ocp-Apim-Subscription-Key: [redacted:secret]",
            ),
            (
                "https://hooks.slack.com/services/T000/B000/XXXX".into(),
                "https://hooks.slack.com/services/[redacted:token]",
            ),
            (format!("eyJ{0}.eyJ{0}.{0} x", word(20)), "[redacted:token] x"),
            (
                format!("eyJ{0}.eyJ{0}. unsigned", word(20)),
                "[redacted:token] unsigned",
            ),
            (format!("eyJ{0}.{0}.{0}.{0}.{0}", word(20)), "[redacted:token]"),
        ] {
            assert_eq!(Redactor::default().text(&text), wanted);
            assert_eq!(Redactor::default().text(wanted), wanted, "twice");
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
            "https://[redacted:secret]@host/x",
            "https://git@localhost/x and ssh://git@example:22/x",
            "http://localhost:8080/a?b=c@d and http://[::1]:80/",
            "Authorization: Basic authentication is required",
            "basic needs, and an npm_config_registry",
            "the access key opens account 7; press the secret key combination for forty characters of text",
            "pypi-mirror npm_package_name glass-and-steel-buildings-everywhere",
            "a signature sig=short and eyJshort.x.y",
            "-----BEGIN CERTIFICATE-----",
        ] {
            let redacted = Redactor::default().text(text).into_owned();
            assert!(
                matches!(Redactor::default().text(text), Cow::Borrowed(_)),
                "{text} became {redacted}"
            );
        }
    }
}
