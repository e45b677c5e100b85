//! Links that lead out of a workspace, among the files that globs match.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::WalkDir;

/// The links below `root` that a glob matches, or that hold what it matches, and that lead out of `root`: the path of
/// each, relative to `root`, with its real target. Nothing outside is opened or listed.
pub fn links_outside(root: &Path, globs: &[String]) -> Vec<(String, PathBuf)> {
    let Ok(real) = root.canonicalize() else {
        return Vec::new();
    };
    let found = RefCell::new(BTreeMap::new());
    for glob in globs {
        walk(root, &real, glob, &found);
    }
    found.into_inner().into_iter().collect()
}

type Found = RefCell<BTreeMap<String, PathBuf>>;

fn walk(root: &Path, real: &Path, glob: &str, found: &Found) {
    let parts: Vec<&str> = glob.split('/').collect();
    let is_literal = |part: &&&str| !part.contains(['*', '?', '[', '{', '\\']);
    let literal = parts.iter().take_while(is_literal).count();
    // The folders before the first wildcard are entered without a look at them by the walk itself.
    let mut folder = String::new();
    for part in &parts[..literal] {
        folder = if folder.is_empty() {
            (*part).to_owned()
        } else {
            format!("{folder}/{part}")
        };
        if let Some(target) = leads_outside(&root.join(&folder), real) {
            found.borrow_mut().insert(folder, target);
            return;
        }
    }
    if literal == parts.len() {
        return;
    }
    let matchers: Vec<Option<GlobMatcher>> = parts.iter().map(|part| matcher(part)).collect();
    let depth = match parts.contains(&"**") {
        true => usize::MAX,
        false => parts.len() - literal,
    };
    let start = root.join(&folder);
    let enter = |entry: &walkdir::DirEntry| {
        let Ok(path) = entry.path().strip_prefix(root) else {
            return false;
        };
        let path = path.to_string_lossy().replace('\\', "/");
        if entry.depth() == 0 {
            return true;
        }
        if !may_hold(&matchers, &path) {
            return false;
        }
        let target = entry
            .path_is_symlink()
            .then(|| leads_outside(entry.path(), real))
            .flatten();
        let inside = target.is_none();
        target.map(|target| found.borrow_mut().insert(path, target));
        inside
    };
    let entries = WalkDir::new(start).follow_links(true).max_depth(depth).into_iter();
    entries.filter_entry(enter).for_each(drop);
}

/// The real target of a link that leads out of the real root; a dangling one leads nowhere.
fn leads_outside(path: &Path, real: &Path) -> Option<PathBuf> {
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_symlink)?;
    let target = path.canonicalize().ok()?;
    (!target.starts_with(real)).then_some(target)
}

/// One part of a glob; `None` for `**`, which matches any number of folders.
fn matcher(part: &str) -> Option<GlobMatcher> {
    if part == "**" {
        return None;
    }
    let glob = GlobBuilder::new(part).literal_separator(true).build();
    // What is no glob by itself, such as one half of `{a/b,c}`, matches everything: rather one link too many.
    let any = || GlobBuilder::new("*").build();
    glob.or_else(|_| any()).ok().map(|glob| glob.compile_matcher())
}

/// Whether a path matches a glob, or could hold what matches it.
fn may_hold(glob: &[Option<GlobMatcher>], path: &str) -> bool {
    for (at, part) in path.split('/').enumerate() {
        match glob.get(at) {
            Some(None) => return true,
            Some(Some(matcher)) if matcher.is_match(part) => {}
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn outside(globs: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let (root, other) = (folder.path().join("work"), folder.path().join("other"));
        for place in [&root.join("traces/sub"), &root.join("data"), &other] {
            fs::create_dir_all(place).unwrap();
        }
        for file in [
            root.join("data/a.jsonl"),
            root.join("traces/own.jsonl"),
            other.join("x.jsonl"),
        ] {
            fs::write(file, "").unwrap();
        }
        symlink(other.join("x.jsonl"), root.join("traces/file.jsonl")).unwrap();
        symlink("../../other/x.jsonl", root.join("data/deep.jsonl")).unwrap();
        symlink("../data/a.jsonl", root.join("traces/inside.jsonl")).unwrap();
        symlink("../nowhere", root.join("traces/dangling.jsonl")).unwrap();
        symlink(".", root.join("traces/loop")).unwrap();
        symlink("../data", root.join("traces/data")).unwrap();
        symlink(&other, root.join("traces/folder")).unwrap();
        symlink("file.jsonl", root.join("traces/chain.jsonl")).unwrap();
        symlink(&other, root.join("whole")).unwrap();
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        let found = links_outside(&root, &globs);
        let real = other.canonicalize().unwrap();
        assert!(found.iter().all(|(_, target)| target.starts_with(&real)), "{found:?}");
        found.into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn only_what_globs_reach_is_found() {
        assert_eq!(
            outside(&["traces/own.jsonl", "data/a.jsonl", "none/*.jsonl"]),
            Vec::<String>::new()
        );
        assert_eq!(
            outside(&["traces/*.jsonl"]),
            ["traces/chain.jsonl", "traces/file.jsonl"]
        );
        assert_eq!(outside(&["whole/*.jsonl"]), ["whole"]);
        assert_eq!(outside(&["traces/folder/x.jsonl"]), ["traces/folder"]);
        assert_eq!(
            outside(&["traces/*/*.jsonl"]),
            [
                "traces/chain.jsonl",
                "traces/data/deep.jsonl",
                "traces/file.jsonl",
                "traces/folder"
            ]
        );
        let all = outside(&["**/*.jsonl"]);
        for path in ["data/deep.jsonl", "traces/file.jsonl", "traces/folder", "whole"] {
            assert!(all.iter().any(|found| found == path), "{path}: {all:?}");
        }
    }
}
