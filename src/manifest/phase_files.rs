//! Checks the paths that a phase may read and write: plain paths in the session; kaizen's own files are not writable.
//!
//! Both checks are allow-lists. A path that has another spelling (`./a`, `a//b`, `A` on a file system that ignores
//! case, `a.` on Windows) is refused, so that comparing names is enough to protect kaizen's files.

use crate::artifact::nearest::nearest;
use crate::sys::disk::plain_name::{is_device, is_plain};

/// Inputs of the workspace.
pub(crate) const INPUTS: [&str; 5] = ["@traces", "@train", "@gate", "@harness", "@ledger"];

/// Kaizen's files in a session that a phase may read; folders end in `/`.
pub(crate) const READABLE: [&str; 15] = [
    "after.json",
    "baseline.json",
    "budget.json",
    "diagnosis.md",
    "egress.jsonl",
    "evidence.jsonl",
    "outcomes/",
    "pending_review/",
    "plan.json",
    "readiness.json",
    "screening.json",
    "session.json",
    "spending.jsonl",
    "teacher/",
    "trigger.json",
];

/// Names that no phase may read or write: kaizen's internal files, and the names under which programs find inputs.
const RESERVED: [&str; 14] = [
    "attic/",
    "briefing/",
    "checkpoints/",
    "consultations.jsonl",
    "diagnosis.check.md",
    "harness/",
    "hold",
    "intent.json",
    "kaizen.toml",
    "loop.json",
    "plan.check.md",
    "release",
    "traces.jsonl",
    "train.jsonl",
];

const MOST_PARTS: usize = 8;
const LONGEST_NAME: usize = 64;

/// Whether a text can be the name of a phase.
pub(crate) fn is_identifier(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= LONGEST_NAME
        && name.chars().all(plain)
        && !is_device(name)
}

/// Whether two paths are equal or one contains the other, ignoring case as some file systems do.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (parts(one), parts(other));
    loop {
        match (one.next(), other.next()) {
            (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {}
            (Some(_), Some(_)) => return false,
            _ => return true,
        }
    }
}

/// Checks a path that a program may write.
///
/// # Errors
/// The problem and its remedy.
pub(crate) fn check_write(path: &str) -> Result<(), String> {
    check_plain(path)?;
    match own(path) {
        Some(name) => Err(format!(
            "`{}` belongs to kaizen (`{name}`); choose another name",
            path.escape_debug()
        )),
        None => Ok(()),
    }
}

/// Checks a path or an input that a phase may read.
///
/// # Errors
/// The problem and its remedy.
pub(crate) fn check_read(path: &str) -> Result<(), String> {
    if path.starts_with('@') {
        return match INPUTS.contains(&path) {
            true => Ok(()),
            false => Err(unknown_input(path)),
        };
    }
    check_plain(path)?;
    let Some(name) = own(path) else { return Ok(()) };
    if RESERVED.contains(&name) {
        return Err(format!("`{path}`: phases cannot read `{name}`; remove it from `reads`"));
    }
    let first = parts(path).next().unwrap_or_default();
    let is_folder = name.ends_with('/');
    let stays_inside = is_folder && (path.ends_with('/') || parts(path).count() > 1);
    let is_file = !is_folder && path == name;
    match first == name.trim_end_matches('/') && (stays_inside || is_file) {
        true => Ok(()),
        false => Err(format!("`{path}` must be written `{name}`")),
    }
}

fn unknown_input(path: &str) -> String {
    let path = path.escape_debug().to_string();
    let meant = nearest(&path, INPUTS.into_iter());
    let meant = meant
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default();
    format!("`{path}` is not an input; the inputs are {}{meant}", INPUTS.join(", "))
}

/// The name reserved for kaizen that a path starts with, ignoring case.
fn own(path: &str) -> Option<&'static str> {
    let names = READABLE.into_iter().chain(RESERVED);
    names
        .into_iter()
        .find(|name| overlap(name, parts(path).next().unwrap_or_default()))
}

/// Whether kaizen itself writes a path, so that it may appear although no phase declares it.
pub(crate) fn is_kept_by_kaizen(path: &str) -> bool {
    own(path).is_some()
}

fn check_plain(path: &str) -> Result<(), String> {
    let problem = match path {
        "" => "it is empty",
        _ if parts(path).count() > MOST_PARTS => "it has more than 8 parts",
        _ if !parts(path).all(is_plain) => {
            "use parts of ASCII letters, digits, `.`, `_` and `-`, each starting with a letter, a digit or `_`, \
             with a single `/` between them"
        }
        _ => return Ok(()),
    };
    Err(format!(
        "`{}` is not a plain path in the session: {problem}",
        path.escape_debug()
    ))
}

/// The parts of a path; one trailing `/`, which marks a folder, is ignored.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.strip_suffix('/').unwrap_or(path).split('/')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_phases_are_identifiers() {
        for good in ["a", "Lint", "my-lint_2", &"a".repeat(64)] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in [
            "",
            "../session",
            "../../../evil",
            "a/b",
            "a.b",
            "-a",
            "_a",
            "1a",
            "a b",
            "a\0",
            "ä",
            "con",
            "NUL",
            "com1",
            "LPT9",
            &"a".repeat(65),
        ] {
            assert!(!is_identifier(bad), "{bad:?}");
        }
    }

    #[test]
    fn no_spelling_of_a_name_of_kaizens_can_be_written() {
        let spellings = |name: &str| {
            let bare = name.trim_end_matches('/').to_owned();
            vec![
                bare.clone(),
                format!("{bare}/"),
                format!("{bare}/x.json"),
                format!("./{bare}"),
                format!("a/../{bare}"),
                format!("/{bare}"),
                format!("{bare}//x"),
                format!("{bare}."),
                format!("{bare} "),
                format!("{bare}\0"),
                format!("{bare}::$DATA"),
                format!("{bare}\\x"),
                bare.to_uppercase(),
                bare.replace('s', "\u{17f}"),
            ]
        };
        for name in READABLE.into_iter().chain(RESERVED) {
            for spelling in spellings(name) {
                // Without an `s` to replace, this is a different, valid name.
                if spelling == name.replace('s', "\u{17f}") && !name.contains('s') {
                    continue;
                }
                assert!(check_write(&spelling).is_err(), "{spelling:?}");
            }
        }
        for good in [
            "out.txt",
            "lint.md",
            "a/",
            "a/b/c.json",
            "notes/session.json",
            "sessions.json",
        ] {
            assert_eq!(check_write(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/",
            "..",
            ".",
            ".hidden",
            "a/.git/x",
            "a/nul.txt",
            "a//",
            "@gate",
            "SESSIO~1.JSO",
            "a\nb",
        ] {
            assert!(check_write(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn reads_are_spelt_in_one_way_and_unknown_inputs_name_the_nearest() {
        for good in READABLE
            .into_iter()
            .chain(INPUTS)
            .chain(["outcomes/x.json", "mine.md", "mine/"])
        {
            assert_eq!(check_read(good), Ok(()), "{good}");
        }
        for (bad, part) in [
            ("@trian", "did you mean `@train`?"),
            ("@", "the inputs are"),
            ("Baseline.json", "must be written `baseline.json`"),
            ("outcomes", "must be written `outcomes/`"),
            ("plan.json/", "must be written `plan.json`"),
            ("./baseline.json", "plain path"),
            ("attic/", "cannot read"),
            ("../x", "plain path"),
        ] {
            let problem = check_read(bad).unwrap_err();
            assert!(problem.contains(part), "{bad}: {problem}");
        }
    }

    proptest! {
        /// A writable path stays inside the session and avoids kaizen's names, even if the file system ignores case.
        #[test]
        fn what_may_be_written_is_nobody_elses(path in "[a-zA-Z./\\\\ @~:-]{0,24}|(\\./)?[sS]ession\\.json[./ ]?") {
            if check_write(&path).is_ok() {
                let lower = path.to_ascii_lowercase();
                let first = lower.split('/').next().unwrap_or_default();
                prop_assert!(!READABLE.iter().chain(&RESERVED).any(|name| name.trim_end_matches('/') == first));
                prop_assert!(std::path::Path::new(&path).components()
                    .all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }

        #[test]
        fn overlap_is_symmetric(one in "[abAB]{1,2}(/[ab]){0,2}/?", other in "[abAB]{1,2}(/[ab]){0,2}/?") {
            prop_assert_eq!(overlap(&one, &other), overlap(&other, &one));
            prop_assert!(overlap(&one, &one));
        }
    }
}
