//! Reads the files of a commit into a harness.

use super::Git;
use super::log::revision;
use super::process::refusal;
use crate::harness::Harness;
use crate::ledger::port::LedgerError;

/// The largest file that is read, in bytes. A larger file cannot be an agent's text and is marked as forbidden.
const LARGEST_FILE: u64 = 10 * 1024 * 1024;

/// One line of `git ls-tree -l`.
struct Leaf<'a> {
    mode: &'a str,
    object: &'a str,
    size: u64,
    path: &'a str,
}

pub(super) fn harness_at(git: &Git, commit: &str, select: &dyn Fn(&str) -> bool) -> Result<Harness, LedgerError> {
    let answer = git.ask(&["ls-tree", "-r", "-z", "-l", revision(commit)?], &[])?;
    if !answer.status.success() {
        return Err(unlisted(git, commit, refusal("ls-tree", &answer)));
    }
    let listing = answer.stdout;
    // A name that is not UTF-8 gets replacement characters, and `obstacle` excludes it.
    let listing = String::from_utf8_lossy(&listing);
    let leaves: Vec<Leaf> = listing.split('\0').filter_map(parse).collect();
    let (forbidden, allowed): (Vec<_>, Vec<_>) = leaves.into_iter().partition(|leaf| obstacle(leaf).is_some());
    let wanted: Vec<Leaf> = allowed.into_iter().filter(|leaf| select(leaf.path)).collect();
    let mut harness = Harness::new(read_blobs(git, &wanted)?);
    for leaf in forbidden {
        harness.forbid(leaf.path, obstacle(&leaf).unwrap_or_default());
    }
    Ok(harness)
}

/// The error for a commit whose files cannot be listed.
fn unlisted(git: &Git, commit: &str, error: LedgerError) -> LedgerError {
    match git.commit_named(commit) {
        Ok(None) if git.is_shallow() => LedgerError::Shallow(commit.to_owned()),
        Ok(None) => LedgerError::NoCommit(commit.to_owned()),
        _ => error,
    }
}

fn parse(record: &str) -> Option<Leaf<'_>> {
    let (facts, path) = record.split_once('\t')?;
    let mut facts = facts.split_ascii_whitespace();
    let (mode, _kind, object, size) = (facts.next()?, facts.next()?, facts.next()?, facts.next()?);
    // A submodule has no size: `-`.
    let size = size.parse().unwrap_or(0);
    Some(Leaf {
        mode,
        object,
        size,
        path,
    })
}

fn obstacle(leaf: &Leaf) -> Option<&'static str> {
    match leaf.mode {
        "120000" => Some("a symbolic link"),
        "160000" => Some("a git submodule"),
        _ if leaf.size > LARGEST_FILE => Some("larger than 10 MiB"),
        _ if leaf.path.contains('\u{fffd}') => Some("its name is not UTF-8"),
        _ => None,
    }
}

fn read_blobs(git: &Git, leaves: &[Leaf]) -> Result<Vec<(String, Vec<u8>)>, LedgerError> {
    if leaves.is_empty() {
        return Ok(Vec::new());
    }
    let names: String = leaves.iter().map(|leaf| format!("{}\n", leaf.object)).collect();
    let answer = git.read(&["cat-file", "--batch"], names.as_bytes())?;
    let mut rest = answer.as_slice();
    let mut files = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let (bytes, after) = split_blob(rest).ok_or_else(|| missing(leaf))?;
        files.push((leaf.path.to_owned(), bytes.to_vec()));
        rest = after;
    }
    Ok(files)
}

/// Splits `<object> blob <size>\n<bytes>\n` off the front.
fn split_blob(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = answer.iter().position(|byte| *byte == b'\n')?;
    let header = std::str::from_utf8(&answer[..end]).ok()?;
    let size: usize = header.rsplit_once(' ')?.1.parse().ok()?;
    let (bytes, rest) = answer[end + 1..].split_at_checked(size)?;
    Some((bytes, rest.strip_prefix(b"\n")?))
}

fn missing(leaf: &Leaf) -> LedgerError {
    LedgerError::Git {
        command: "cat-file".to_owned(),
        message: format!("object {} of {} cannot be read; run `git fsck`", leaf.object, leaf.path),
    }
}
