//! Reads the history: kaizen's commits, their parents, and the user's reverts of them.

use std::collections::BTreeMap;

use super::process::refusal;
use super::{CommitSignature, Git};
use crate::ledger::graph::{CommitGraph, GraphCommit, RevertedCommit};
use crate::ledger::message::trailers;
use crate::ledger::port::{CommitId, LedgerEntry, LedgerError};

/// The trailer that marks a commit of kaizen.
const MARK: &str = "Session-ID";
/// How many commits are read at once in search of one.
const COMMITS_AT_ONCE: usize = 100;
/// The beginning of the line in which `git revert` names the reverted commit.
const REVERTS: &str = "This reverts commit ";
/// The beginning of the next line if that commit is a merge.
const RETURNS_TO: &str = "changes made to ";

pub(super) fn head(git: &Git) -> Result<Option<CommitId>, LedgerError> {
    if let Some(commit) = git.head_on_disk() {
        return Ok(Some(commit));
    }
    let answer = git.ask(&["rev-parse", "--verify", "-q", "HEAD^{commit}"], &[])?;
    match answer.status.code() {
        Some(0) => Ok(Some(first_line(&answer.stdout))),
        // There is no commit yet; other failures have other exit codes.
        Some(1) => Ok(None),
        _ => Err(refusal("rev-parse", &answer)),
    }
}

pub(super) fn commit_named(git: &Git, name: &str) -> Result<Option<CommitId>, LedgerError> {
    // Options, ranges and lists of files are not single commits.
    if name.starts_with('-') || name.contains("..") || name.contains(char::is_whitespace) {
        return Ok(None);
    }
    let answer = git.ask(&["rev-parse", "--verify", "-q", &format!("{name}^{{commit}}")], &[])?;
    let commit = first_line(&answer.stdout);
    Ok((answer.status.success() && !commit.is_empty()).then_some(commit))
}

pub(super) fn merge_base(git: &Git, one: &str, other: &str) -> Result<Option<CommitId>, LedgerError> {
    let answer = git.ask(&["merge-base", one, other], &[])?;
    let commit = first_line(&answer.stdout);
    Ok((answer.status.success() && !commit.is_empty()).then_some(commit))
}

pub(super) fn entries(git: &Git, since: Option<&str>) -> Result<Vec<LedgerEntry>, LedgerError> {
    if head(git)?.is_none() {
        return Ok(Vec::new());
    }
    // A session's commits are always descendants of the commit on which it builds, even after a rebase. A commit that
    // no longer exists excludes nothing.
    if let Some(since) = since.filter(|since| revision(since).is_ok())
        && let Ok(text) = ours(git, &format!("{since}..HEAD"))
    {
        return Ok(text);
    }
    ours(git, "HEAD")
}

/// The commits of a range that have kaizen's trailer, oldest first.
pub(super) fn ours(git: &Git, range: &str) -> Result<Vec<LedgerEntry>, LedgerError> {
    // Full history: simplification would hide commits on a side branch whose effect a merge undid.
    let only = [
        "--full-history",
        "--fixed-strings",
        "--grep=Session-ID:",
        range,
        "--",
        ".",
    ];
    let read = logged(git, &only)?.into_iter();
    Ok(read.filter(|entry| entry.trailer(MARK).is_some()).collect())
}

/// The newest commit on the way from HEAD along first parents that kaizen did not make.
pub(super) fn newest_of_people(git: &Git) -> Result<Option<CommitId>, LedgerError> {
    let Some(head) = head(git)? else { return Ok(None) };
    // The record of a session is a commit of kaizen without an edit.
    let is_record = |entry: &LedgerEntry| entry.trailer(MARK).is_some() && entry.trailer("Edit-Digest").is_none();
    for skipped in (0..).step_by(COMMITS_AT_ONCE) {
        let (most, skip) = (format!("-n{COMMITS_AT_ONCE}"), format!("--skip={skipped}"));
        let entries = logged(git, &["--first-parent", &most, &skip, &head])?;
        if entries.is_empty() {
            break;
        }
        let of_people = entries
            .iter()
            .rev()
            .find(|entry| !entry.is_of_kaizen() && !is_record(entry));
        if let Some(entry) = of_people {
            return Ok(Some(entry.commit.clone()));
        }
    }
    Ok(None)
}

/// The commits that `git log` finds with these arguments, oldest first.
pub(super) fn logged(git: &Git, arguments: &[&str]) -> Result<Vec<LedgerEntry>, LedgerError> {
    let shared = [
        "log",
        "--reverse",
        "--topo-order",
        "-z",
        "--format=%H%x00%P%x00%ct%x00%B",
    ];
    let text = git.read(&[&shared[..], arguments].concat(), &[])?;
    let text = String::from_utf8_lossy(&text);
    let fields: Vec<&str> = text.split('\0').collect();
    Ok(fields.chunks_exact(4).map(entry).collect())
}

fn entry(fields: &[&str]) -> LedgerEntry {
    let [commit, parents, seconds, message] = [fields[0], fields[1], fields[2], fields[3]];
    LedgerEntry {
        commit: commit.to_owned(),
        parent: parents.split(' ').next().filter(|id| !id.is_empty()).map(str::to_owned),
        subject: message.lines().next().unwrap_or_default().to_owned(),
        trailers: trailers(message),
        committed_at: moment(seconds),
    }
}

pub(super) fn last_touch(git: &Git, paths: &[String]) -> Result<Option<CommitId>, LedgerError> {
    if paths.is_empty() || head(git)?.is_none() {
        return Ok(None);
    }
    let mut arguments = vec!["log", "-1", "--format=%H", "HEAD", "--"];
    arguments.extend(paths.iter().map(String::as_str));
    let line = first_line(&git.read(&arguments, &[])?);
    Ok((!line.is_empty()).then_some(line))
}

/// The commits of a range as a graph; without `since`, or if it is unknown, all ancestors of HEAD.
pub(super) fn graph(git: &Git, since: Option<&str>) -> Result<CommitGraph, LedgerError> {
    let Some(head) = head(git)? else {
        return Ok(CommitGraph::default());
    };
    let since = since.filter(|since| revision(since).is_ok());
    let known = since.filter(|since| matches!(commit_named(git, since), Ok(Some(_))));
    let range = known.map_or_else(|| head.clone(), |since| format!("{since}..{head}"));
    Ok(graph_of(git, with_reverts(git, commits(git, &range)?, &range)?))
}

/// The graph of some commits, ancestors first.
pub(super) fn graph_of(git: &Git, commits: Vec<GraphCommit>) -> CommitGraph {
    let is_shallow = git.is_shallow();
    let oldest = commits.iter().filter(|one| one.parents.is_empty() && is_shallow);
    let cut = oldest.map(|one| one.id.clone()).collect();
    CommitGraph::new(commits, cut)
}

/// The commits of a range with their parents, ancestors first.
pub(super) fn commits(git: &Git, range: &str) -> Result<Vec<GraphCommit>, LedgerError> {
    let listing = git.read(&["rev-list", "--topo-order", "--reverse", "--parents", range], &[])?;
    let listing = String::from_utf8_lossy(&listing);
    Ok(listing.lines().map(GraphCommit::of_ids).collect())
}

/// The commits of a range with what people reverted in them.
pub(super) fn with_reverts(
    git: &Git,
    mut commits: Vec<GraphCommit>,
    range: &str,
) -> Result<Vec<GraphCommit>, LedgerError> {
    let mut reverts = reverts(git, range)?;
    for commit in &mut commits {
        commit.reverts = reverts.remove(&commit.id).unwrap_or_default();
    }
    Ok(commits)
}

/// The commits of a range that revert others, with those that they revert.
fn reverts(git: &Git, range: &str) -> Result<BTreeMap<CommitId, Vec<RevertedCommit>>, LedgerError> {
    let pattern = format!("--grep={REVERTS}");
    let format = "--format=%H%x00%B";
    let text = git.read(&["log", "-z", format, "--fixed-strings", &pattern, range], &[])?;
    let text = String::from_utf8_lossy(&text);
    let fields: Vec<&str> = text.split('\0').collect();
    let pairs = fields.chunks_exact(2);
    Ok(pairs.map(|pair| (pair[0].to_owned(), reverted_by(pair[1]))).collect())
}

/// The commits that a message says it reverts.
fn reverted_by(message: &str) -> Vec<RevertedCommit> {
    let lines: Vec<&str> = message.lines().collect();
    let one = |at: usize| {
        let rest = lines[at].strip_prefix(REVERTS)?;
        // git breaks the sentence about a merge into two lines.
        let next = lines.get(at + 1).copied().unwrap_or_default();
        let mainline = rest
            .ends_with("reversing")
            .then(|| next.strip_prefix(RETURNS_TO))
            .flatten();
        Some(RevertedCommit {
            commit: commit_id(rest)?.to_owned(),
            mainline: mainline.and_then(commit_id).map(str::to_owned),
        })
    };
    (0..lines.len()).filter_map(one).collect()
}

/// The commit id at the beginning of a text.
fn commit_id(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(text.len());
    (end >= 7).then_some(&text[..end])
}

/// The author and the time of a commit.
pub(super) fn signature(git: &Git, commit: &str) -> Result<CommitSignature, LedgerError> {
    let text = git.read(&["log", "-1", "--format=%an <%ae>%x00%ct", revision(commit)?], &[])?;
    let text = first_line(&text);
    let (who, seconds) = text.split_once('\0').unwrap_or_default();
    Ok(CommitSignature {
        who: who.to_owned(),
        at: moment(seconds),
    })
}

/// The first commit that has a file. A merge counts only if no parent has the file.
pub(super) fn first_with(git: &Git, path: &str) -> Result<Option<CommitId>, LedgerError> {
    if head(git)?.is_none() {
        return Ok(None);
    }
    let arguments = [
        "log",
        "--full-history",
        "-c",
        "--name-only",
        "--reverse",
        "--topo-order",
        "--diff-filter=A",
    ];
    let text = git.read(&[&arguments[..], &["--format=%H", "HEAD", "--", path]].concat(), &[])?;
    let text = String::from_utf8_lossy(&text);
    // For a merge, git also prints the name of the file.
    Ok(text.lines().find(|line| is_full_id(line)).map(str::to_owned))
}

/// Whether a text is the full id of a commit, as SHA-1 or SHA-256.
pub(super) fn is_full_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A time in seconds since 1970 as RFC 3339, UTC.
fn moment(seconds: &str) -> String {
    let time = chrono::DateTime::from_timestamp(seconds.parse().unwrap_or_default(), 0).unwrap_or_default();
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Checks that git cannot mistake a revision for an option or a range.
pub(super) fn revision(commit: &str) -> Result<&str, LedgerError> {
    if !commit.is_empty() && commit.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Ok(commit);
    }
    Err(LedgerError::Git {
        command: "rev-parse".to_owned(),
        message: format!("{commit:?} is not the id of a commit; use its hexadecimal id"),
    })
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_name_reverted_commits() {
        for (message, expected) in [
            ("Revert\n\nThis reverts commit 0123456789.", vec![("0123456789", None)]),
            (
                "This reverts commit 0123456 (kaizen: x, 2026-01-01).",
                vec![("0123456", None)],
            ),
            (
                "This reverts commit 0123456789, reversing\nchanges made to abcdef0123.",
                vec![("0123456789", Some("abcdef0123"))],
            ),
            (
                "This reverts commit 01234567.\nThis reverts commit 89abcdef.",
                vec![("01234567", None), ("89abcdef", None)],
            ),
            ("  This reverts commit 0123456789.", vec![]),
            ("This reverts commit abc.", vec![]),
        ] {
            let found = reverted_by(message);
            let found: Vec<_> = found
                .iter()
                .map(|one| (&*one.commit, one.mainline.as_deref()))
                .collect();
            assert_eq!(found, expected, "{message}");
        }
    }

    #[test]
    fn options_and_ranges_are_not_revisions() {
        assert!(revision("HEAD").is_ok());
        for bad in ["", "--all", "a..b", "HEAD^{tree}"] {
            assert!(revision(bad).is_err(), "{bad}");
        }
    }
}
