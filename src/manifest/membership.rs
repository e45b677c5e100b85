//! Decides which files belong to the harness. The same rule applies on disk, in a commit, and in a candidate.
//!
//! A file belongs to the harness if a pattern of `[harness] files` matches it, unless it is kaizen's own, evidence, or
//! ignored by git. The caller checks what git ignores; everything else is decided here.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::layout::Layout;
use super::{FILE, Manifest};
use crate::artifact::holdout_use;
use crate::sys::disk::side_file::is_side_file;

/// Top-level folders of a workspace for kaizen's own files and evidence.
const RESERVED: [&str; 6] = [
    "sessions",
    "schemas",
    "benchmark",
    "traces",
    "pending_review",
    "triggers",
];
/// Folders with machine-local state, at any depth.
const LOCAL: [&str; 2] = [".git", ".kaizen"];
/// Characters that turn a path into a pattern.
const WILDCARDS: [char; 5] = ['*', '?', '[', '{', '\\'];

/// The rule that decides which paths belong to the harness. The default selects nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Membership {
    /// Whether all paths belong except reserved ones.
    everything: bool,
    named: Vec<String>,
    files: GlobSet,
    folders: GlobSet,
    evidence: GlobSet,
}

impl Membership {
    /// Builds the rule of a manifest.
    ///
    /// # Errors
    /// A malformed pattern, or a literal path that cannot belong to the harness; the message names the key.
    pub(crate) fn new(manifest: &Manifest) -> Result<Self, String> {
        let evidence = manifest.traces.files.iter().chain(&manifest.benchmark.files);
        let mut membership = Self::of_files(&manifest.harness.globs())?;
        membership.evidence = compiled(evidence, true)?;
        membership.check(&manifest.harness.layout)?;
        let in_layout = manifest.harness.layout.paths().map(|(_, path)| path);
        let in_layout = in_layout.filter(|path| !path.contains('{')).map(str::to_owned);
        membership.named.extend(in_layout);
        Ok(membership)
    }

    /// Builds a rule from patterns alone, without patterns for evidence.
    ///
    /// # Errors
    /// A malformed pattern.
    pub(crate) fn of_files(patterns: &[String]) -> Result<Self, String> {
        let folders: Vec<String> = patterns.iter().flat_map(|pattern| folders(pattern)).collect();
        Ok(Self {
            everything: false,
            named: patterns
                .iter()
                .filter(|pattern| !pattern.contains(WILDCARDS))
                .cloned()
                .collect(),
            files: compiled(patterns, false)?,
            folders: compiled(&folders, false)?,
            evidence: GlobSet::empty(),
        })
    }

    /// A rule that selects every file except kaizen's own.
    pub(crate) fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// Whether a path belongs to the harness, decided by its name alone. It is relative to the workspace and uses `/`.
    pub(crate) fn selects(&self, path: &str) -> bool {
        (self.everything || self.files.is_match(path)) && self.exclusion(path).is_none()
    }

    /// Whether a folder can contain harness files.
    pub(crate) fn may_hold(&self, folder: &str) -> bool {
        (self.everything || self.folders.is_match(folder)) && reserved(folder).is_none()
    }

    /// Whether `[harness] files` or a layout names this path literally, without wildcard or placeholder.
    pub(crate) fn names(&self, path: &str) -> bool {
        self.named.iter().any(|named| named.trim_start_matches("./") == path)
    }

    /// Why a path can never belong to the harness, even if a pattern matches it.
    fn exclusion(&self, path: &str) -> Option<String> {
        let evidence = || {
            let is_evidence = self.evidence.is_match(path);
            is_evidence.then(|| "[traces] or [benchmark] matches it".to_owned())
        };
        reserved(path).or_else(evidence)
    }

    fn check(&self, layout: &Layout) -> Result<(), String> {
        for path in &self.named {
            let reason = is_absolute(path).then(|| "an absolute path".to_owned());
            if let Some(reason) = reason.or_else(|| self.exclusion(path)) {
                return Err(format!(
                    "[harness] files names `{path}`, which cannot be edited: {reason}; remove it from the list"
                ));
            }
        }
        for (key, path) in layout.paths() {
            let problem = match path {
                _ if is_absolute(path) => Some("an absolute path".to_owned()),
                _ if path.split('/').any(|part| part == "..") => Some("it points outside the workspace".to_owned()),
                _ => self.exclusion(path),
            };
            if let Some(problem) = problem {
                return Err(format!(
                    "[harness.layout] {key} names `{path}`, which cannot be edited: {problem}; name another file"
                ));
            }
        }
        Ok(())
    }
}

/// The patterns that select trace or task files.
#[derive(Clone, Debug, Default)]
pub(crate) struct EvidencePatterns {
    /// The paths that are named without wildcards.
    named: BTreeSet<String>,
    files: GlobSet,
    folders: GlobSet,
}

impl EvidencePatterns {
    /// Compiles patterns.
    ///
    /// # Errors
    /// A malformed pattern.
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = &'a String> + Clone) -> Result<Self, String> {
        let folders: Vec<String> = patterns
            .clone()
            .into_iter()
            .flat_map(|pattern| folders(pattern))
            .collect();
        let literal = patterns
            .clone()
            .into_iter()
            .filter(|pattern| !pattern.contains(WILDCARDS));
        Ok(Self {
            named: literal.cloned().collect(),
            files: compiled(patterns, false)?,
            folders: compiled(&folders, false)?,
        })
    }

    /// Whether a path, relative to the workspace and with `/`, is evidence. Side files of editors and sync programs are
    /// evidence only if a pattern names them without wildcards; the log of gate consultations never is.
    pub(crate) fn selects(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default();
        self.files.is_match(path)
            && (!is_side_file(name) || self.named.contains(path))
            && !self.is_local(path)
            && path != holdout_use::FILE
    }

    /// Whether a folder can contain evidence.
    pub(crate) fn may_hold(&self, folder: &str) -> bool {
        self.folders.is_match(folder) && !self.is_local(folder)
    }

    /// Whether a path belongs to kaizen's or git's state, a session, or the triggers.
    pub(crate) fn is_local(&self, path: &str) -> bool {
        let first = path.split('/').next().unwrap_or_default();
        path.split('/')
            .any(|part| LOCAL.iter().any(|name| part.eq_ignore_ascii_case(name)))
            || ["sessions", "triggers"]
                .iter()
                .any(|name| first.eq_ignore_ascii_case(name))
    }
}

/// Whether a path is absolute on Unix or on Windows.
fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.get(1..2) == Some(":")
}

/// Whether a file may hold credentials, by its name. Such a file is never read, shown, copied or committed.
pub(crate) fn is_credential(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    matches!(name.as_str(), "auth.json" | ".credentials.json")
        || name.starts_with(".env")
        || [".pem", ".key"].iter().any(|end| name.ends_with(end))
}

/// Why a path's name excludes it from every harness.
pub(crate) fn reserved(path: &str) -> Option<String> {
    let is = |part: &str, names: &[&str]| names.iter().any(|name| part.eq_ignore_ascii_case(name));
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    let first = parts.clone().next().unwrap_or_default();
    if let Some(local) = parts.find(|part| is(part, &LOCAL)) {
        return Some(format!("`{local}` contains machine-local state"));
    }
    if is_credential(path) {
        return Some("it may hold credentials, so it is never read".to_owned());
    }
    if is(first, &RESERVED) || first.eq_ignore_ascii_case(FILE) {
        return Some(format!("`{first}` is reserved for kaizen or contains evidence"));
    }
    None
}

/// Compiles patterns; `*` does not match `/`.
fn compiled<'a>(patterns: impl IntoIterator<Item = &'a String>, ignore_case: bool) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .case_insensitive(ignore_case)
            .build();
        set.add(glob.map_err(|error| format!("`{pattern}` is not a glob: {}", error.kind()))?);
    }
    set.build().map_err(|error| error.to_string())
}

/// Patterns of the folders in which `pattern` can match a file.
fn folders(pattern: &str) -> Vec<String> {
    // The pattern cannot be split at `/` reliably, so any folder may contain a match.
    if pattern.contains(['{', '[', '\\']) {
        return vec!["**".to_owned()];
    }
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let mut found = Vec::new();
    for length in 1..parts.len() {
        if parts[length - 1].contains("**") {
            break;
        }
        found.push(parts[..length].join("/"));
    }
    if let Some(deep) = parts.iter().position(|part| part.contains("**")) {
        found.push(
            parts[..deep]
                .iter()
                .chain(&["**"])
                .copied()
                .collect::<Vec<_>>()
                .join("/"),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership(text: &str) -> Result<Membership, String> {
        let path = std::path::Path::new(FILE);
        let manifest = Manifest::parse(path, text).map_err(|error| error.to_string())?;
        Membership::new(&manifest)
    }

    #[test]
    fn wildcards_skip_what_is_not_the_agents() {
        let all = membership("[harness]\nfiles = ['**']\n[traces]\nfiles = ['logs/*.jsonl']").unwrap();
        for path in [
            "CLAUDE.md",
            ".claude/agents/x.md",
            "node_modules/x.md",
            "a/sessions/x",
            "logs/x.md",
        ] {
            assert!(all.selects(path), "{path}");
        }
        for path in [
            ".git/hooks/post-commit",
            "sub/.git/config",
            "a/.KAIZEN/cache/memo.db",
            "kaizen.toml",
            "Kaizen.TOML",
            "sessions/s/plan.json",
            "Schemas/x.json",
            "benchmark/x.jsonl",
            "traces/notes.md",
            "pending_review/x.json",
            "triggers/go",
            "logs/RUN.JSONL",
        ] {
            assert!(!all.selects(path), "{path}");
        }
    }

    #[test]
    fn only_folders_that_can_hold_a_match_are_entered() {
        let some = membership("[harness]\nfiles = ['agents/*/prompt.md', 'docs/**/x.md', 'a.md']").unwrap();
        for folder in ["agents", "agents/one", "docs", "docs/a", "docs/a/b"] {
            assert!(some.may_hold(folder), "{folder}");
        }
        for folder in ["node_modules", "agents/one/deep", "src", ".git", "doc"] {
            assert!(!some.may_hold(folder), "{folder}");
        }
        let braces = membership("[harness]\nfiles = ['{a/b,c}/*.md']").unwrap();
        assert!(braces.may_hold("a/b") && !braces.may_hold("a/.git"));
    }

    #[test]
    fn a_path_that_is_named_and_cannot_belong_is_an_error() {
        for (text, part) in [
            ("[harness]\nfiles = ['kaizen.toml']", "kaizen.toml"),
            ("[harness]\nfiles = ['./sessions/x']", "sessions"),
            ("[harness]\nfiles = ['a/.git/config']", ".git"),
            ("[harness]\nfiles = ['traces.db']", "[traces]"),
            ("[harness]\nfiles = ['C:/x.md']", "absolute"),
            ("[harness.layout]\nprompt = '.git/hooks/{agent}'", "prompt"),
            ("[harness.layout]\nfew_shot = '../x.json'", "outside the workspace"),
            ("[harness.layout]\nfew_shot = '/etc/x.json'", "absolute"),
            (
                "[harness.layout]\nagent_param = 'kaizen.toml#{agent}.{param}'",
                "agent_param",
            ),
            ("[harness.layout]\nprompt = 'benchmark/{agent}.md'", "benchmark"),
        ] {
            let message = membership(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
        assert!(membership("[harness]\nfiles = ['.git/hooks/*', 'x.md']").is_ok());
    }
}
