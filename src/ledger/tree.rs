//! Reads the files of a commit into a harness.
#![allow(clippy::disallowed_methods)] // edge: the files of a work tree

use std::collections::BTreeSet;

use super::Git;
use super::filters::{Blob, smudged, smudged_within};
use super::log::revision;
use super::object_stream::stored_objects;
use crate::harness::Harness;
use crate::ledger::port::LedgerError;

/// The largest file that is read, in bytes. A larger file cannot be an agent's text and is marked as forbidden.
pub(super) const LARGEST_FILE: u64 = 10 * 1024 * 1024;

/// How many links of a commit are looked at.
const MOST_LINKS: usize = 1_000;
/// The mode of a link.
const LINK: &str = "120000";

/// The folder of sessions. No harness has files in it, as `manifest::membership` says.
pub(super) const RECORDS: &str = "sessions";
/// How many sessions count as many.
const MANY_RECORDS: usize = 100;
/// How many names a command line may have.
const MOST_NAMES: usize = 500;

/// One line of `git ls-tree`.
struct Leaf<'a> {
    mode: &'a str,
    object: &'a str,
    path: &'a str,
}

/// The files of a commit that are listed.
#[derive(Clone, Copy)]
pub(super) enum TreePart<'a> {
    /// All.
    Whole,
    /// Those that can belong to a harness. Leaves out the folder of sessions, which may have thousands of files.
    Harness,
    /// One.
    File(&'a str),
}

/// The selected files of a commit, as a checkout would write them.
pub(super) fn files_at(
    git: &Git,
    commit: &str,
    part: TreePart,
    select: &dyn Fn(&str) -> bool,
) -> Result<Harness, LedgerError> {
    if let (TreePart::Harness, Some(bulk)) = (part, git.bulk.get())
        && let Some(harness) = bulk.harness(git, revision(commit)?, select)?
    {
        return Ok(harness);
    }
    let listing = listing(git, commit, part)?;
    // A name that is not UTF-8 gets replacement characters, and `obstacle` excludes it.
    let listing = String::from_utf8_lossy(&listing);
    let leaves: Vec<Leaf> = listing.split('\0').filter_map(parse).collect();
    let (forbidden, allowed): (Vec<_>, Vec<_>) = leaves.into_iter().partition(|leaf| obstacle(leaf).is_some());
    let wanted: Vec<Leaf> = allowed.into_iter().filter(|leaf| select(leaf.path)).collect();
    let (wanted, large) = read(git, wanted)?;
    let executable = wanted.iter().filter(|(leaf, _)| leaf.mode == "100755");
    let executable: Vec<&str> = executable.map(|(leaf, _)| leaf.path).collect();
    let files = wanted
        .into_iter()
        .map(|(leaf, content)| (leaf.path.to_owned(), content));
    let mut harness = Harness::new(files);
    for path in executable {
        harness.mark_executable(path);
    }
    for leaf in &forbidden {
        harness.forbid(leaf.path, obstacle(leaf).unwrap_or_default());
    }
    for (leaf, target) in links(git, &forbidden)? {
        harness.link(leaf.path, &target);
    }
    for leaf in large {
        harness.forbid(leaf.path, "larger than 10 MiB");
    }
    Ok(harness)
}

/// The leaves that can be read, each with its content, and the leaves that are too large.
type ReadLeaves<'a> = (Vec<(Leaf<'a>, Vec<u8>)>, Vec<Leaf<'a>>);

fn read<'a>(git: &Git, leaves: Vec<Leaf<'a>>) -> Result<ReadLeaves<'a>, LedgerError> {
    let blobs: Vec<Blob> = leaves.iter().map(Leaf::blob).collect();
    // Together they are seldom as large as one may be, so their sizes need not be known in advance.
    if let Some(contents) = smudged_within(git, &blobs, LARGEST_FILE)? {
        return Ok((leaves.into_iter().zip(contents).collect(), Vec::new()));
    }
    let large = larger(git, &leaves)?;
    let (large, leaves): (Vec<Leaf>, Vec<Leaf>) = leaves.into_iter().partition(|leaf| large.contains(leaf.object));
    let blobs: Vec<Blob> = leaves.iter().map(Leaf::blob).collect();
    let contents = smudged(git, &blobs)?;
    Ok((leaves.into_iter().zip(contents).collect(), large))
}

/// The files of a commit, as `git ls-tree -r -z` lists them.
fn listing(git: &Git, commit: &str, part: TreePart) -> Result<Vec<u8>, LedgerError> {
    let commit = revision(commit)?;
    let list = |options: &[&str], paths: &[&str]| {
        let answer = git.ask(&[&["ls-tree", "-z"], options, &[commit, "--"], paths].concat(), &[])?;
        match answer.status.success() {
            true => Ok(answer.stdout),
            false => Err(unlisted(git, commit, git.failure("ls-tree", &answer))),
        }
    };
    let names = match part {
        TreePart::Whole => return list(&["-r"], &[]),
        TreePart::File(path) => return list(&["-r"], &[path]),
        TreePart::Harness if !has_many_records(git) => return list(&["-r"], &[]),
        TreePart::Harness => list(&["--name-only"], &[])?,
    };
    let names = String::from_utf8_lossy(&names);
    let others: Vec<&str> = names
        .split('\0')
        .filter(|name| !name.is_empty() && *name != RECORDS)
        .collect();
    // A name that is not UTF-8 cannot be given back to git, and a command line has a limited length.
    if others.is_empty() || others.len() > MOST_NAMES || names.contains('\u{fffd}') {
        return list(&["-r"], &[]);
    }
    list(&["-r"], &others)
}

/// Whether the folder of sessions is so large that two shorter listings take less time than one.
fn has_many_records(git: &Git) -> bool {
    let folder = std::fs::read_dir(git.workspace.join(RECORDS));
    folder.is_ok_and(|entries| entries.take(MANY_RECORDS).count() == MANY_RECORDS)
}

impl<'a> Leaf<'a> {
    fn blob(&self) -> Blob<'a> {
        Blob {
            object: self.object,
            path: self.path,
        }
    }
}

/// The objects among some files that are too large to be read. `git ls-tree -l` would ask for the size of every file,
/// and in a partial clone fetch each of them.
fn larger(git: &Git, leaves: &[Leaf]) -> Result<BTreeSet<String>, LedgerError> {
    if leaves.is_empty() {
        return Ok(BTreeSet::new());
    }
    let names: String = leaves.iter().map(|leaf| format!("{}\n", leaf.object)).collect();
    let format = "--batch-check=%(objectname) %(objectsize)";
    let answer = git.read(&["cat-file", format], names.as_bytes())?;
    let text = String::from_utf8_lossy(&answer);
    let large = |line: &str| {
        let (object, size) = line.split_once(' ')?;
        let size: u64 = size.parse().ok()?;
        (size > LARGEST_FILE).then(|| object.to_owned())
    };
    Ok(text.lines().filter_map(large).collect())
}

/// The links among some files, each with its target as written.
fn links<'f, 'a>(git: &Git, leaves: &'f [Leaf<'a>]) -> Result<Vec<(&'f Leaf<'a>, String)>, LedgerError> {
    let links: Vec<&Leaf> = leaves
        .iter()
        .filter(|leaf| leaf.mode == LINK && !leaf.path.contains('\u{fffd}'))
        .take(MOST_LINKS)
        .collect();
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let names: String = links.iter().map(|leaf| format!("{}\n", leaf.object)).collect();
    let answer = git.read(&["cat-file", "--batch"], names.as_bytes())?;
    let targets = stored_objects(&answer).map(|link| String::from_utf8_lossy(&link.bytes).into_owned());
    Ok(links.into_iter().zip(targets).collect())
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
    let (mode, _kind, object) = (facts.next()?, facts.next()?, facts.next()?);
    Some(Leaf { mode, object, path })
}

fn obstacle(leaf: &Leaf) -> Option<&'static str> {
    match leaf.mode {
        LINK => Some("a symbolic link"),
        "160000" => Some("a git submodule"),
        _ if leaf.path.contains('\u{fffd}') => Some("its name is not UTF-8"),
        _ => None,
    }
}
