//! Which files belong to the harness: one definition for the files on disk, in a commit, and in a candidate.
//!
//! A file belongs when a pattern of `[harness] files` matches it, unless it is one of kaizen's own, evidence, or ignored
//! by git. Only the caller can ask git; everything else is decided here.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::layout::Layout;
use super::{FILE, Manifest};
use crate::artifact::consultation;

/// Folders at the top of a workspace that hold kaizen's own files and evidence.
const RESERVED: [&str; 6] = [
    "sessions",
    "schemas",
    "benchmark",
    "traces",
    "pending_review",
    "triggers",
];
/// Folders that hold machine-local state, wherever they are.
const LOCAL: [&str; 2] = [".git", ".kaizen"];
/// The characters that make a path a pattern.
const WILDCARDS: [char; 5] = ['*', '?', '[', '{', '\\'];

/// The rule that says which paths belong to the harness. The default selects nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Membership {
    /// Whether every path belongs that is not reserved.
    everything: bool,
    named: Vec<String>,
    files: GlobSet,
    folders: GlobSet,
    evidence: GlobSet,
}

impl Membership {
    /// The rule of a manifest.
    ///
    /// # Errors
    /// A malformed pattern, or a path that is named literally and cannot belong; the message names the key.
    pub(crate) fn new(manifest: &Manifest) -> Result<Self, String> {
        let evidence = manifest.traces.files.iter().chain(&manifest.benchmark.files);
        let mut membership = Self::of_files(&manifest.harness.files)?;
        membership.evidence = compiled(evidence, true)?;
        membership.check(&manifest.harness.layout)?;
        let in_layout = manifest.harness.layout.paths().map(|(_, path)| path);
        let in_layout = in_layout.filter(|path| !path.contains('{')).map(str::to_owned);
        membership.named.extend(in_layout);
        Ok(membership)
    }

    /// The rule of these patterns alone: no path is evidence.
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

    /// The rule by which every file belongs that is not kaizen's own.
    pub(crate) fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// Whether a path, relative to the workspace and with `/`, belongs to the harness, as far as its name tells.
    pub(crate) fn selects(&self, path: &str) -> bool {
        (self.everything || self.files.is_match(path)) && self.exclusion(path).is_none()
    }

    /// Whether a folder can hold a path that belongs.
    pub(crate) fn may_hold(&self, folder: &str) -> bool {
        (self.everything || self.folders.is_match(folder)) && reserved(folder).is_none()
    }

    /// Whether `[harness] files` or a layout names a path without a wildcard or placeholder.
    pub(crate) fn names(&self, path: &str) -> bool {
        self.named.iter().any(|named| named.trim_start_matches("./") == path)
    }

    /// Why a path cannot belong, whatever matches it.
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
                    "[harness] files names `{path}`, which cannot be edited: {reason}; remove it"
                ));
            }
        }
        for (key, path) in layout.paths() {
            let problem = match path {
                _ if is_absolute(path) => Some("an absolute path".to_owned()),
                _ if path.split('/').any(|part| part == "..") => Some("it leads out of the workspace".to_owned()),
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

/// The patterns of traces or of tasks.
#[derive(Clone, Debug, Default)]
pub(crate) struct EvidencePatterns {
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
        Ok(Self {
            files: compiled(patterns, false)?,
            folders: compiled(&folders, false)?,
        })
    }

    /// Whether a path, relative to the workspace and with `/`, holds evidence. Hidden files do not, since editors keep side
    /// files there, and neither does the record of gate consultations.
    pub(crate) fn selects(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default();
        self.files.is_match(path) && !name.starts_with('.') && !self.is_local(path) && path != consultation::FILE
    }

    /// Whether a folder can hold evidence.
    pub(crate) fn may_hold(&self, folder: &str) -> bool {
        self.folders.is_match(folder) && !self.is_local(folder)
    }

    /// Whether a path is part of kaizen's own state, of git's, or of a session.
    pub(crate) fn is_local(&self, path: &str) -> bool {
        let first = path.split('/').next().unwrap_or_default();
        path.split('/')
            .any(|part| LOCAL.iter().any(|name| part.eq_ignore_ascii_case(name)))
            || ["sessions", "triggers"]
                .iter()
                .any(|name| first.eq_ignore_ascii_case(name))
    }
}

/// Whether a path is absolute, here or on Windows.
fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.get(1..2) == Some(":")
}

/// Why a path is never part of a harness, by its name alone.
fn reserved(path: &str) -> Option<String> {
    let is = |part: &str, names: &[&str]| names.iter().any(|name| part.eq_ignore_ascii_case(name));
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    let first = parts.clone().next().unwrap_or_default();
    if let Some(local) = parts.find(|part| is(part, &LOCAL)) {
        return Some(format!("`{local}` holds machine-local state"));
    }
    if is(first, &RESERVED) || first.eq_ignore_ascii_case(FILE) {
        return Some(format!("`{first}` is reserved for kaizen or holds evidence"));
    }
    None
}

/// Compiles patterns in which `*` stops at `/`.
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

/// Patterns of the folders in which a pattern can match something.
fn folders(pattern: &str) -> Vec<String> {
    // Where a part cannot be told from the next, every folder may hold a match.
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
            ("[harness.layout]\nfew_shot = '../x.json'", "out of the workspace"),
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
