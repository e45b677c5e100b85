//! Reads content through git's filters, so that it is what a checkout writes: line ends, encodings, and programs such as
//! Git LFS.
//!
//! git takes the programs from the user's own configuration, never from the files of a clone.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;

use super::Git;
use super::attributes::{GitAttributes, attributes};
use super::process::refusal;
use crate::digest::Digest;
use crate::harness::FileChange;
use crate::ledger::checkout_problem::{CheckoutProblem, HiddenChange};
use crate::ledger::port::LedgerError;

/// A blob, and the file that a checkout would write it to.
pub(super) struct Blob<'a> {
    pub object: &'a str,
    /// Relative to the workspace.
    pub path: &'a str,
}

/// What git prints if the program of a filter fails. Unless the filter is set as required, git then continues without it
/// and succeeds, so the exit code says nothing.
const FILTER_FAILED: &str = "external filter";

/// The attributes that make git convert a file.
const CONVERSIONS: [&str; 6] = ["filter", "text", "eol", "crlf", "ident", "working-tree-encoding"];

/// What git is asked about blobs. It prints the size before the filters, so a line that no content can have in advance
/// separates the answers.
struct BlobQuestion {
    input: String,
    end: String,
}

impl BlobQuestion {
    fn about(git: &Git, blobs: &[Blob]) -> Self {
        let ids: Vec<&str> = blobs.iter().map(|blob| blob.object).collect();
        let mark = format!("end-{}", Digest::of_value(&ids));
        let line = |blob: &Blob| {
            let path = format!("{}{}", git.prefix, blob.path).replace('\n', " ");
            format!("{} {path}\n{mark}\n", blob.object)
        };
        Self {
            input: blobs.iter().map(line).collect(),
            end: format!("\n{mark} missing\n"),
        }
    }

    /// Asks, and reads up to `most` bytes. The inner error is the output of git if it failed, or the program of a filter.
    fn ask(&self, git: &Git, most: u64) -> Result<Result<Vec<u8>, Output>, LedgerError> {
        let answer = git.ask_up_to(&["cat-file", "--batch", "--filters"], self.input.as_bytes(), most)?;
        let is_bad = !answer.status.success() || String::from_utf8_lossy(&answer.stderr).contains(FILTER_FAILED);
        Ok(if is_bad { Err(answer) } else { Ok(answer.stdout) })
    }

    /// The contents of the blobs in an answer; the error is the first blob that is not in it, or has more than `most` bytes.
    fn contents<'b, 'a>(&self, blobs: &'b [Blob<'a>], answer: &[u8], most: u64) -> Result<Vec<Vec<u8>>, &'b Blob<'a>> {
        let mut rest = answer;
        let mut contents = Vec::with_capacity(blobs.len());
        for blob in blobs {
            let found = first(rest, self.end.as_bytes()).filter(|(size, ..)| *size as u64 <= most);
            let (_, content, after) = found.ok_or(blob)?;
            contents.push(content.to_vec());
            rest = after;
        }
        Ok(contents)
    }
}

/// Reads blobs as a checkout would write them.
pub(super) fn smudged(git: &Git, blobs: &[Blob]) -> Result<Vec<Vec<u8>>, LedgerError> {
    if blobs.is_empty() {
        return Ok(Vec::new());
    }
    let question = BlobQuestion::about(git, blobs);
    match question.ask(git, u64::MAX)? {
        Ok(answer) => question
            .contents(blobs, &answer, u64::MAX)
            .map_err(|blob| git.missing(blob)),
        Err(answer) => Err(match failing(git, blobs)? {
            Some(problem) => problem.into(),
            None => git.failure("cat-file", &answer),
        }),
    }
}

/// Reads blobs that have up to `most` bytes together, headers included, as a checkout would write them. `None` if they have
/// more, or if anything fails.
pub(super) fn smudged_within(git: &Git, blobs: &[Blob], most: u64) -> Result<Option<Vec<Vec<u8>>>, LedgerError> {
    if blobs.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let question = BlobQuestion::about(git, blobs);
    let answer = question.ask(git, most)?.ok();
    Ok(answer.and_then(|answer| question.contents(blobs, &answer, most).ok()))
}

/// Splits `<object> blob <size>\n<content>` and the end mark off the front: size, content, rest.
fn first<'a>(answer: &'a [u8], end: &[u8]) -> Option<(usize, &'a [u8], &'a [u8])> {
    let line = answer.iter().position(|byte| *byte == b'\n')?;
    let header = std::str::from_utf8(&answer[..line]).ok()?;
    let size: usize = header.rsplit_once(' ')?.1.parse().ok()?;
    let body = &answer[line + 1..];
    // Most contents are not converted, so the end is where the size says.
    let at = match body.get(size..).is_some_and(|rest| rest.starts_with(end)) {
        true => size,
        false => body.windows(end.len()).position(|window| window == end)?,
    };
    Some((size, &body[..at], &body[at + end.len()..]))
}

/// The first of some blobs whose filter fails.
fn failing(git: &Git, blobs: &[Blob]) -> Result<Option<CheckoutProblem>, LedgerError> {
    let paths: Vec<&str> = blobs.iter().map(|blob| blob.path).collect();
    let attributes = conversions(git, &paths)?;
    for blob in blobs {
        let Some(filter) = attributes.get(blob.path).and_then(GitAttributes::filter) else {
            continue;
        };
        let path = format!("--path={}{}", git.prefix, blob.path);
        let answer = git.ask(&["cat-file", "--filters", &path, blob.object], &[])?;
        let said = String::from_utf8_lossy(&answer.stderr);
        if said.contains(FILTER_FAILED) || (!answer.status.success() && said.contains("filter")) {
            return Ok(Some(failed(blob.path, filter, &said)));
        }
    }
    Ok(None)
}

/// What makes git convert files, by path.
fn conversions(git: &Git, paths: &[&str]) -> Result<BTreeMap<String, GitAttributes>, LedgerError> {
    attributes(git, &CONVERSIONS, paths)
}

/// The error for a filter whose program failed, from what git printed.
fn failed(path: &str, filter: &str, said: &str) -> CheckoutProblem {
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    CheckoutProblem::Failed {
        path: path.to_owned(),
        filter: filter.to_owned(),
        message: last.unwrap_or_default().to_owned(),
    }
}

/// The entries of the git configuration whose names match a pattern, as (name in lower case, value).
fn configuration(git: &Git, pattern: &str) -> Result<Vec<(String, String)>, LedgerError> {
    let answer = git.ask(&["config", "-z", "--get-regexp", pattern], &[])?;
    match answer.status.code() {
        // 1 means that no name matches.
        Some(0 | 1) => {
            let text = String::from_utf8_lossy(&answer.stdout);
            let entries = text.split('\0').filter(|entry| !entry.is_empty());
            let entry = |entry: &str| {
                let (name, value) = entry.split_once('\n').unwrap_or((entry, "true"));
                (name.to_owned(), value.to_owned())
            };
            Ok(entries.map(entry).collect())
        }
        _ => Err(refusal("config", &answer)),
    }
}

impl Git {
    /// Checks that the configuration defines the filters of files.
    ///
    /// # Errors
    /// A filter is not defined, or git fails.
    pub(crate) fn check_filters(&self, paths: &[&str]) -> Result<(), LedgerError> {
        let attributes = conversions(self, paths)?;
        let filters: BTreeSet<&str> = attributes.values().filter_map(GitAttributes::filter).collect();
        if filters.is_empty() {
            return Ok(());
        }
        let entries = configuration(self, r"^filter\..*\.(clean|smudge|process)$")?;
        let defines = |filter: &str| {
            let of_filter = |(name, value): &(String, String)| {
                let driver = name.strip_prefix("filter.").and_then(|rest| rest.rsplit_once('.'));
                driver.is_some_and(|(driver, _)| driver == filter) && !value.is_empty()
            };
            entries.iter().any(of_filter)
        };
        for (path, attributes) in &attributes {
            if let Some(filter) = attributes.filter().filter(|filter| !defines(filter)) {
                let (path, filter) = (path.clone(), filter.to_owned());
                return Err(CheckoutProblem::Undefined { path, filter }.into());
            }
        }
        Ok(())
    }

    /// Whether git may convert files between disk and repository.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn converted(&self, paths: &[&str]) -> Result<BTreeMap<String, bool>, LedgerError> {
        let attributes = conversions(self, paths)?;
        let all = configuration(self, r"^core\.autocrlf$")?;
        let all = all
            .last()
            .is_some_and(|(_, value)| !matches!(value.to_lowercase().as_str(), "false" | "no" | "off" | "0" | ""));
        let is_converted = |path: &str| {
            let specified = attributes.get(path);
            specified.map_or(all, |specified| CONVERSIONS.iter().any(|name| specified.is_set(name)))
        };
        Ok(paths
            .iter()
            .map(|path| ((*path).to_owned(), is_converted(path)))
            .collect())
    }

    /// The content that a checkout writes if this content is committed: git's filters may not give back what they got.
    ///
    /// # Errors
    /// A filter fails, or git does.
    pub(crate) fn returned(&self, path: &str, content: &[u8]) -> Result<Vec<u8>, LedgerError> {
        // Unlike the paths of `cat-file`, this one is relative to the workspace.
        let option = format!("--path={path}");
        let (answer, _) = self.write_once(&["hash-object", "-w", "--stdin", &option], content)?;
        let said = String::from_utf8_lossy(&answer.stderr);
        if !answer.status.success() || said.contains(FILTER_FAILED) {
            let attributes = conversions(self, &[path])?;
            return Err(match attributes.get(path).and_then(GitAttributes::filter) {
                Some(filter) => failed(path, filter, &said).into(),
                None => refusal("hash-object", &answer),
            });
        }
        let object = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        let blob = Blob { object: &object, path };
        Ok(smudged(self, &[blob])?.remove(0))
    }

    /// Why git reports no change of a file although its content on disk is not that of a checkout at HEAD.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn hidden_change(&self, change: &FileChange) -> Result<CheckoutProblem, LedgerError> {
        let path = change.path.as_str();
        let listed = self.read(&["ls-files", "-v", "-z", "--", path], &[])?;
        let attributes = conversions(self, &[path])?;
        let attributes = attributes.get(path);
        let is_set = |name: &str| attributes.is_some_and(|attributes| attributes.is_set(name));
        let without_returns = |bytes: &Option<Vec<u8>>| -> Vec<u8> {
            let bytes = bytes.iter().flatten().copied();
            bytes.filter(|byte| *byte != b'\r').collect()
        };
        let cause = match listed.first() {
            None => HiddenChange::OtherRepository,
            Some(b'S' | b's') if change.after.is_none() => HiddenChange::Sparse,
            Some(b'S' | b's') => HiddenChange::SkipWorktree,
            Some(tag) if tag.is_ascii_lowercase() => HiddenChange::AssumeUnchanged,
            _ => match attributes.and_then(GitAttributes::filter) {
                Some(filter) => HiddenChange::Filter(filter.to_owned()),
                None if without_returns(&change.before) == without_returns(&change.after) => HiddenChange::LineEnds,
                None if is_set("working-tree-encoding") => HiddenChange::Attribute("working-tree-encoding"),
                None if is_set("ident") => HiddenChange::Attribute("ident"),
                None => HiddenChange::Unnoticed,
            },
        };
        let path = path.to_owned();
        Ok(CheckoutProblem::Differs { path, cause })
    }

    /// The files of the workspace whose changes git does not look for: assume-unchanged, or skip-worktree.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn unwatched(&self) -> Result<Vec<String>, LedgerError> {
        let listing = self.read(&["ls-files", "-v", "-z", "--", "."], &[])?;
        let listing = String::from_utf8_lossy(&listing);
        let entries = listing.split('\0').filter_map(|entry| entry.split_once(' '));
        let hidden = entries.filter(|(tag, _)| *tag == "S" || tag.starts_with(|c: char| c.is_ascii_lowercase()));
        Ok(hidden.map(|(_, path)| path.to_owned()).collect())
    }

    /// The error for a blob that git does not have.
    fn missing(&self, blob: &Blob) -> LedgerError {
        if self.is_offline() {
            return LedgerError::Partial;
        }
        LedgerError::Git {
            command: "cat-file".to_owned(),
            message: format!("object {} of {} cannot be read; run `git fsck`", blob.object, blob.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_content_is_found_by_its_size_or_by_the_mark() {
        let end = b"\nend-1 missing\n";
        for (answer, content) in [
            (&b"aa blob 2\nhi\nend-1 missing\nrest"[..], Some(&b"hi"[..])),
            (b"aa blob 2\nlonger\n\nend-1 missing\nrest", Some(b"longer\n")),
            (b"aa blob 9\n\nend-1 missing\nrest", Some(b"")),
            (b"aa missing\nend-1 missing\nrest", None),
            (b"aa blob 2\nhi", None),
        ] {
            let found = first(answer, end).map(|(_, content, rest)| (content, rest));
            assert_eq!(found, content.map(|content| (content, &b"rest"[..])));
        }
    }
}
