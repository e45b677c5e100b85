//! Personal data found by needles: email addresses, home folders, passports, and labelled data.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::labelled::{LABELLED, labelled};
use super::number_forms::is_ipv4;
use super::separator::{escaped, floor};
use crate::manifest::PersonalKind;
use crate::manifest::PersonalKind::{Email, HomeFolder, NationalId};

/// The needles for personal data; those of labels come first.
pub(super) fn needles() -> impl Iterator<Item = &'static str> {
    let others = ["@", "/home/", "/users/", "\\users\\", "\\\\users\\\\", "p<"];
    LABELLED.iter().map(|(_, needle, _)| *needle).chain(others)
}

/// Examines a hit of one of [`needles`].
pub(super) fn look(text: &str, needle: usize, at: Range<usize>) -> Option<(Range<usize>, PersonalKind)> {
    match needle.checked_sub(LABELLED.len()) {
        None => labelled(text, needle, at.start),
        Some(0) => Some((email(text, at.start)?, Email)),
        Some(5) => Some((passport_lines(text, at.start)?, NationalId)),
        Some(_) => Some((home(text, at.start)?, HomeFolder)),
    }
}
/// The email address around an `@`; letters may be of any script.
fn email(text: &str, at: usize) -> Option<Range<usize>> {
    let of_local = |letter: &char| letter.is_alphanumeric() || ".!#$%&*+/=?^_{|}~-".contains(*letter);
    let before = &text[floor(text, at.saturating_sub(256))..at];
    let local: usize = match before.strip_suffix('"').and_then(|before| before.rfind('"')) {
        Some(open) if before.len() - open <= 66 && !before[open..].contains('\n') => before.len() - open,
        _ => before
            .chars()
            .rev()
            .take(64)
            .take_while(of_local)
            .map(char::len_utf8)
            .sum(),
    };
    let skipped = before[before.len() - local..].len()
        - before[before.len() - local..]
            .trim_start_matches(|letter: char| "./!#$%&*=?^{|}~-".contains(letter))
            .len();
    // Text before the last slash is a path.
    let own = &before[before.len() - local + skipped..];
    let start = at - own.rsplit(['/', '=', '&', '?']).next().map_or(own.len(), str::len);
    // The address of a repository, not of a person.
    let of_git = own == "git";
    let domain = domain(&text[at + 1..floor(text, at + 300)])?;
    let host = domain.rsplit('.').next().unwrap_or_default();
    let code = [
        "py",
        "js",
        "ts",
        "rs",
        "json",
        "get",
        "post",
        "route",
        "setter",
        "property",
        "fixture",
        "staticmethod",
    ]
    .contains(&host);
    (start < at && !code && !of_git).then_some(start..at + 1 + domain.len())
}

/// The domain at the start of a text: names joined by dots, the last of letters only; or an IPv4 address in brackets.
fn domain(text: &str) -> Option<&str> {
    if let Some(end) = text.strip_prefix('[').and_then(|rest| rest.find(']')) {
        return is_ipv4(&text[1..=end]).then_some(&text[..end + 2]);
    }
    let end = text
        .find(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '.')
        .unwrap_or(text.len());
    let mut domain = text[..end].trim_end_matches(['.', '-']);
    loop {
        let (names, last) = domain.rsplit_once('.')?;
        if last.chars().count() >= 2
            && last.chars().all(char::is_alphabetic)
            && !names.starts_with(['.', '-'])
            && !names.is_empty()
        {
            return Some(domain);
        }
        // The domain in "a@b.org.3" ends before the number.
        domain = names;
    }
}

static HOME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^(?i:/home|/users|[\\]{1,2}users)[/\\]{1,2}[^/\\\s"'`:;,<>|()\[\]{}*$]+"#).ok());

/// The path of a home folder, including a prefix such as a drive.
fn home(text: &str, at: usize) -> Option<Range<usize>> {
    let found = HOME.as_ref()?.find(&text[at..floor(text, at + 300)])?;
    let exact = ["/home", "/Users", "\\Users", "\\\\Users", "/users"]
        .iter()
        .any(|start| found.as_str().starts_with(start));
    let before = &text[..at];
    let drive = before
        .strip_suffix(':')
        .is_some_and(|before| before.ends_with(|letter: char| letter.is_ascii_alphabetic()));
    let roots = [
        "/mnt/c", "/mnt/d", "/c", "/d", "file://", "/export", "/var", "/usr", "/data",
    ];
    let root = roots.iter().find(|root| before.ends_with(**root));
    let starts = |at: usize| {
        escaped(text, at)
            || !before[..at].ends_with(|letter: char| letter.is_alphanumeric() || "_.~/-".contains(letter))
    };
    let small = found.as_str().starts_with("/users");
    let start = match root {
        _ if drive => at - 2,
        Some(root) if !small && (*root == "file://" || starts(at - root.len())) => {
            at - root.len() + if *root == "file://" { 7 } else { 0 }
        }
        _ if starts(at) && !small && found.as_str().starts_with('/') => at,
        _ => return None,
    };
    exact.then_some(start..at + found.end())
}

static PASSPORT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^P<[A-Z]{3}[A-Z<]{39}\s{1,4}[A-Z0-9<]{44}").ok());

fn passport_lines(text: &str, at: usize) -> Option<Range<usize>> {
    let found = PASSPORT.as_ref()?.find(&text[at..floor(text, at + 100)])?;
    Some(at..at + found.end())
}

/// Whether every pattern compiles.
#[cfg(test)]
pub(super) fn compiles() -> bool {
    HOME.is_some() && PASSPORT.is_some()
}
