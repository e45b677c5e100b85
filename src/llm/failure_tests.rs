//! Tests of the table of failures.

use super::*;

#[test]
fn every_phrase_is_in_lower_case_and_reached() {
    for row in TABLE {
        for phrase in row.phrases {
            let example = phrase.replace('*', " x ");
            assert!(*phrase == phrase.to_lowercase() || *phrase == phrase.to_uppercase());
            assert!(classify(None, &example).is_some(), "{phrase}");
        }
    }
}

/// A program that crashes has failed itself, whatever its exceptions are called.
#[test]
fn no_phrase_matches_inside_the_name_of_another_failure() {
    for words in [
        "FileNotFoundError: [Errno 2] No such file or directory: 'a.txt'",
        "ModuleNotFoundError: No module named 'numpy'",
        "importlib.metadata.PackageNotFoundError: No package metadata was found for x",
        "java.io.FileNotFoundException: a.txt",
        "botocore.errorfactory.ResourceNotFoundException: no such table",
        "jinja2.exceptions.TemplateNotFound: a.html",
        "System.UnauthorizedAccessException: a.txt",
        "KeyError: 'rate_limit_per_minute'",
        "AttributeError: module 'agent' has no attribute 'ReadTimeoutConfig'",
        "NameError: name 'handle_rate_limit' is not defined",
        "ValueError: CartStatus.PRODUCT_UNAVAILABLE",
    ] {
        assert_eq!(classify(None, words), None, "{words}");
        let then = format!("{words} / Error: getaddrinfo ENOTFOUND api.example.com");
        assert_eq!(classify(None, &then), Some(FailureKind::Overload), "{then}");
    }
}

/// The phrases within the longer names that libraries and servers use.
#[test]
fn the_names_of_outages_are_known_with_what_begins_and_ends_them() {
    use FailureKind::{Account, Key, Length, Model, Overload};
    for (words, kind) in [
        ("urllib3.exceptions.NewConnectionError: x", Overload),
        ("urllib3.exceptions.ReadTimeoutError: x", Overload),
        ("openai.APIConnectionError: x", Overload),
        ("APIConnectionTimeoutError: x", Overload),
        ("litellm.ServiceUnavailableError: x", Overload),
        ("SERVICE_UNAVAILABLE", Overload),
        ("engine_overloaded_error", Overload),
        ("org.apache.http.conn.HttpHostConnectException: x", Overload),
        ("code: 'UND_ERR_CONNECT_TIMEOUT'", Overload),
        ("504 Gateway Time-out", Overload),
        ("exceed_context_size_error", Length),
        ("billing_hard_limit_reached", Account),
        ("usage limits", Account),
        ("ProviderModelNotFoundError: x", Model),
        ("ExpiredTokenException", Key),
        ("UnauthorizedError: x", Key),
    ] {
        assert_eq!(classify(None, words), Some(kind), "{words}");
    }
}

/// The guide's table of failures is true.
#[test]
fn the_guide_says_what_the_table_says() {
    let guide = include_str!("../guide/llm.md");
    let rows = guide
        .lines()
        .skip_while(|line| !line.starts_with("| a server says"))
        .skip(2);
    let mut seen = 0;
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').collect();
        for said in cells[1].split('`').skip(1).step_by(2) {
            let (status, words) = said.split_once(' ').unwrap_or((said, ""));
            let kind = classify(status.parse().ok(), words).unwrap();
            assert_eq!(format!("{kind:?}").to_lowercase(), cells[2].trim(), "{said}");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}
