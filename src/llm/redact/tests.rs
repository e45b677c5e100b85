//! Tests of redaction on examples: what is redacted, what is kept, and that redaction is idempotent.

use super::*;

#[test]
fn every_kind_goes_and_keys_go_alone() {
    let all = super::kinds::kinds();
    assert!(all.len() >= 100);
    let (everything, keys_only) = (Redactor::default(), Redactor::default().keys_only());
    let missed: Vec<String> = all
        .iter()
        .filter(|kind| {
            let within = format!("It says:\n{}\nand goes on.", kind.text);
            let left = everything.text(&within).into_owned();
            let without_keys = keys_only.text(&within).into_owned();
            let twice = everything.text(&left) == left && keys_only.text(&without_keys) == without_keys;
            let gone = !left.contains(&kind.secret) && left.contains("and goes on.");
            !gone || !twice || without_keys.contains(&kind.secret) == kind.is_key
        })
        .map(|kind| format!("{}: {} became {}", kind.name, kind.text, everything.text(&kind.text)))
        .collect();
    assert!(
        missed.is_empty(),
        "{} of {}:\n{}",
        missed.len(),
        all.len(),
        missed.join("\n")
    );
}

/// Runs on real texts: `KAIZEN_DATA=folder cargo test --lib false_alarms -- --nocapture` prints every replacement.
#[test]
fn false_alarms_in_real_texts_are_rare() {
    #![allow(clippy::disallowed_methods)] // a test: real files
    let Ok(folder) = std::env::var("KAIZEN_DATA") else {
        return;
    };
    let (mut words, mut found) = (0, 0);
    for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
        let Ok(text) = std::fs::read_to_string(entry.path()) else {
            continue;
        };
        words += text.split_whitespace().count();
        for line in text.lines() {
            for (range, kind) in Redactor::default().places(line) {
                found += 1;
                println!("{}: {}: {}", entry.path().display(), kind.name(), &line[range]);
            }
        }
    }
    println!("{found} replacements in {words} words");
    assert!(
        found * 10_000 < words * 4,
        "review them: personal data is not a false alarm"
    );
}
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
        // A match swallows a mark inside it.
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

    /// Own patterns that match marks, match at boundaries, or match each other's output.
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

#[test]
fn every_pattern_compiles() {
    assert!(
        super::scan::compiles()
            && super::personal::compiles()
            && super::labelled::compiles()
            && super::number::compiles()
    );
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
        (
            "{\\\"log\\\":\\\"a\\nghp_abcdefghijklmnopqrst1234\\\"}",
            "{\\\"log\\\":\\\"a\\n[redacted:api_key]\\\"}",
        ),
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

/// A string of letters and digits. Built at run time, so that no line here looks like a leaked key to a scanner.
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
        "PWD=/workspace and \"pwd\": \"/\"",
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
