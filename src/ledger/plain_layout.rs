//! Finds the repository of a workspace from files alone, if it has the layout that `git init` and `git clone` make: a folder
//! `.git` at the top of its only work tree, refs in files, and SHA-1. git documents these files in `gitrepository-layout`.
//!
//! Most commands then start one git process fewer. In any doubt git is asked: worktrees, submodules, bare repositories,
//! extensions, folders of other users or on other file systems, and settings of the environment that change the search.
#![allow(clippy::disallowed_methods)] // edge: the files of a repository

use std::path::{Path, PathBuf};

use super::Policy;
use super::log::is_full_id;

/// Variables that change where git looks for a repository, or what it accepts as one.
const SEARCH_VARIABLES: [&str; 4] = [
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
];
/// Words in the configuration of a repository that may not have this layout.
const OTHER_LAYOUT: [&str; 3] = ["worktree", "extensions", "include"];

/// A repository of this layout.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlainLayout {
    /// The folder `.git`, with all links resolved.
    pub git_dir: PathBuf,
    /// The workspace relative to the top of the work tree: empty, or ending in `/`.
    pub prefix: String,
}

impl PlainLayout {
    /// The repository of a workspace; `None` if git has to be asked.
    pub(super) fn of(workspace: &Path, policy: &Policy) -> Option<Self> {
        let is_set = |name: &str| std::env::var_os(name).is_some() || policy.environment.contains_key(name);
        if SEARCH_VARIABLES.iter().any(|name| is_set(name)) {
            return None;
        }
        let workspace = workspace.canonicalize().ok()?;
        let top = top(&workspace)?;
        let git_dir = top.join(".git");
        if !is_plain_folder(&git_dir) {
            return None;
        }
        let inside = workspace.strip_prefix(top).ok()?.to_str()?;
        // Some systems spell other letters in two ways.
        let prefix = match inside {
            "" => String::new(),
            inside if inside.is_ascii() => format!("{inside}/"),
            _ => return None,
        };
        Some(Self { git_dir, prefix })
    }
}

/// The nearest folder with an entry `.git`, if no folder on the way is a repository itself, and all of them are the user's
/// own and on one file system.
#[cfg(unix)]
fn top(workspace: &Path) -> Option<&Path> {
    use std::os::unix::fs::MetadataExt;
    let device = workspace.metadata().ok()?.dev();
    for folder in workspace.ancestors() {
        let facts = folder.metadata().ok()?;
        if facts.dev() != device || is_there(&folder.join("HEAD"))? {
            return None;
        }
        let git_dir = folder.join(".git");
        if is_there(&git_dir)? {
            let user = rustix::process::geteuid().as_raw();
            let is_own = facts.uid() == user && git_dir.symlink_metadata().ok()?.uid() == user;
            return is_own.then_some(folder);
        }
    }
    None
}

#[cfg(not(unix))]
fn top(_: &Path) -> Option<&Path> {
    None
}

/// Whether there is anything at a path; `None` if the system does not say.
fn is_there(path: &Path) -> Option<bool> {
    match path.symlink_metadata() {
        Ok(_) => Some(true),
        Err(error) => (error.kind() == std::io::ErrorKind::NotFound).then_some(false),
    }
}

/// Whether a folder is that of a repository of this layout.
fn is_plain_folder(git_dir: &Path) -> bool {
    let facts = |name: &str| git_dir.join(name).symlink_metadata().ok();
    let is_folder = |name: &str| facts(name).is_some_and(|facts| facts.is_dir());
    let text = |name: &str| {
        let is_file = facts(name).is_some_and(|facts| facts.is_file());
        is_file
            .then(|| std::fs::read_to_string(git_dir.join(name)).ok())
            .flatten()
    };
    let has_folders = ["", "objects", "refs"].into_iter().all(is_folder);
    let absent = ["commondir", "gitdir", "config.worktree"].map(|name| is_there(&git_dir.join(name)));
    has_folders
        && absent.into_iter().all(|there| there == Some(false))
        && text("HEAD").is_some_and(|head| is_plain_head(&head))
        && text("config").is_some_and(|config| is_plain_config(&config))
}

fn is_plain_head(head: &str) -> bool {
    let target = head.trim_end();
    match target.strip_prefix("ref: ") {
        Some(branch) => branch.starts_with("refs/heads/") && branch != "refs/heads/.invalid",
        None => is_full_id(target),
    }
}

/// Whether the configuration says, in the words that git writes, that the repository has the first format and a work tree.
fn is_plain_config(config: &str) -> bool {
    let config = config.to_lowercase();
    let all_are = |word: &str, line: &str| {
        let mut found = config.lines().filter(|other| other.contains(word)).peekable();
        found.peek().is_some() && found.all(|other| other.trim() == line)
    };
    !OTHER_LAYOUT.iter().any(|word| config.contains(word))
        && all_are("repositoryformatversion", "repositoryformatversion = 0")
        && all_are("bare", "bare = false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_words_of_git_make_a_plain_configuration() {
        let plain = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n";
        for (config, expected) in [
            (plain.to_owned(), true),
            (plain.to_owned() + "[remote \"origin\"]\n\turl = /srv/x.git\n", true),
            (plain.replace("= 0", "= 1"), false),
            (plain.replace("false", "true"), false),
            (plain.replace("\tbare = false\n", ""), false),
            (plain.to_owned() + "[core] bare = true\n", false),
            (plain.to_owned() + "[Core]\n\tWorkTree = /elsewhere\n", false),
            (plain.to_owned() + "[extensions]\n\tobjectFormat = sha256\n", false),
            (plain.to_owned() + "[include]\n\tpath = other\n", false),
            (String::new(), false),
        ] {
            assert_eq!(is_plain_config(&config), expected, "{config}");
        }
    }

    #[test]
    fn a_head_is_a_branch_or_a_commit() {
        for (head, expected) in [
            ("ref: refs/heads/main\n", true),
            ("0123456789012345678901234567890123456789\n", true),
            ("ref: refs/heads/.invalid\n", false),
            ("ref: refs/bisect/x\n", false),
            ("", false),
            ("main\n", false),
        ] {
            assert_eq!(is_plain_head(head), expected, "{head}");
        }
    }
}
