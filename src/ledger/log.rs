//! Reads the history: kaizen's commits, their parents, and the user's reverts of them.

use super::Git;
use super::process::refusal;
use crate::ledger::message::trailers;
use crate::ledger::port::{CommitId, LedgerEntry, LedgerError};

/// The trailer that marks a commit of kaizen.
const MARK: &str = "Session-ID";
/// The beginning of the line in which `git revert` names the reverted commit.
const REVERTS: &str = "This reverts commit ";

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
fn ours(git: &Git, range: &str) -> Result<Vec<LedgerEntry>, LedgerError> {
    // Full history: simplification would hide commits on a side branch whose effect a merge undid.
    let mut arguments = vec!["log", "--reverse", "--topo-order", "--full-history", "-z"];
    arguments.extend(["--format=%H%x00%P%x00%ct%x00%B", "--fixed-strings"]);
    arguments.extend(["--grep=Session-ID:", range, "--", "."]);
    let text = git.read(&arguments, &[])?;
    let text = String::from_utf8_lossy(&text);
    let fields: Vec<&str> = text.split('\0').collect();
    let read = fields.chunks_exact(4).map(entry);
    Ok(read.filter(|entry| entry.trailer(MARK).is_some()).collect())
}

pub(super) fn entry(fields: &[&str]) -> LedgerEntry {
    let [commit, parents, seconds, message] = [fields[0], fields[1], fields[2], fields[3]];
    let time = chrono::DateTime::from_timestamp(seconds.parse().unwrap_or_default(), 0).unwrap_or_default();
    LedgerEntry {
        commit: commit.to_owned(),
        parent: parents.split(' ').next().filter(|id| !id.is_empty()).map(str::to_owned),
        subject: message.lines().next().unwrap_or_default().to_owned(),
        trailers: trailers(message),
        committed_at: time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
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

pub(super) fn reverted(git: &Git, commits: &[CommitId]) -> Result<Vec<CommitId>, LedgerError> {
    if commits.is_empty() || head(git)?.is_none() {
        return Ok(Vec::new());
    }
    let pattern = format!("--grep={REVERTS}");
    let format = "--format=%H%x00%B";
    let text = git.read(
        &["log", "--topo-order", "-z", format, "--fixed-strings", &pattern, "HEAD"],
        &[],
    )?;
    let text = String::from_utf8_lossy(&text);
    let fields: Vec<&str> = text.split('\0').collect();
    let undone = undone(fields.chunks_exact(2).map(|pair| (pair[0], pair[1])));
    let is_undone = |commit: &&CommitId| undone.iter().any(|id| commit.starts_with(id));
    Ok(commits.iter().filter(is_undone).cloned().collect())
}

/// The reverted commits (ids may be abbreviated), from (commit, message) pairs, newest first. A revert that was itself
/// reverted does not count.
fn undone<'a>(reverts: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<&'a str> {
    let mut undone: Vec<&str> = Vec::new();
    for (commit, message) in reverts {
        if !undone.iter().any(|id| commit.starts_with(id)) {
            undone.extend(message.lines().filter_map(reverted_by));
        }
    }
    undone
}

fn reverted_by(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(REVERTS)?;
    let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
    (end >= 7).then_some(&rest[..end])
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
    fn a_reverted_revert_undoes_nothing() {
        let says = |id: &str| format!("Revert\n\nThis reverts commit {id}.\n");
        let (of_a, of_b, of_c) = (says("aaaaaaa"), says("bbbbbbb"), says("ccccccc"));
        let by_b = [("bbbbbbb", of_a.as_str())];
        assert_eq!(undone(by_b.into_iter()), ["aaaaaaa"]);
        let by_c = [("ccccccc", of_b.as_str()), by_b[0]];
        assert_eq!(undone(by_c.into_iter()), ["bbbbbbb"]);
        let by_d = [("ddddddd", of_c.as_str()), by_c[0], by_c[1]];
        assert_eq!(undone(by_d.into_iter()), ["ccccccc", "aaaaaaa"]);
    }

    #[test]
    fn only_a_whole_line_names_a_reverted_commit() {
        let cases = [
            ("This reverts commit 0123456789.", Some("0123456789")),
            ("This reverts commit 0123456 (kaizen: x, 2026-01-01).", Some("0123456")),
            ("  This reverts commit 0123456789.", None),
            ("This reverts commit abc.", None),
        ];
        for (line, wanted) in cases {
            assert_eq!(reverted_by(line), wanted, "{line}");
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
