//! Files that no layout may open: credentials, kaizen's own files, evidence, programs, and protected settings.

use crate::harness::op::is_protected_file;
use crate::harness::op::program_files::is_program_path;
use crate::manifest::membership::{Membership, is_credential};

/// Why a file is never read as part of a home, decided by its path alone.
pub(super) fn exclusion(path: &str) -> Option<&'static str> {
    match path {
        _ if is_credential(path) => Some("it may hold credentials, so it is never read"),
        _ if !Membership::everything().selects(path) => Some("it is kaizen's own, or evidence"),
        _ => None,
    }
}

/// Extensions of files that are no text, so that a teacher cannot see them.
const BINARIES: [&str; 34] = [
    "7z", "bin", "bmp", "db", "dll", "docx", "dylib", "exe", "gif", "gz", "ico", "jar", "jpeg", "jpg", "mov", "mp3",
    "mp4", "otf", "pdf", "png", "pptx", "pyc", "so", "sqlite", "tar", "ttf", "wasm", "wav", "webp", "whl", "woff",
    "woff2", "xlsx", "zip",
];

/// Whether a file is no text, by its name.
pub(super) fn is_binary(path: &str) -> bool {
    let extension = path
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| BINARIES.contains(&extension.as_str()))
}

/// Whether a file is never editable in any layout: a program, or a file that holds only protected settings.
pub(super) fn is_closed(path: &str) -> bool {
    is_program_path(path) || is_protected_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_servers_are_closed() {
        for path in ["a/run.py", "x.SH", ".mcp.json", ".claude/hooks/x.md", "x.rules"] {
            assert!(is_closed(path), "{path}");
        }
        assert!(!is_closed("CLAUDE.md") && !is_closed("py.md") && !is_closed(".cursorrules"));
    }

    #[test]
    fn credentials_are_known_by_their_names() {
        for path in [
            ".codex/auth.json",
            ".env",
            "a/.env.local",
            "x.PEM",
            "id.key",
            ".claude/.credentials.json",
        ] {
            assert!(is_credential(path) && exclusion(path).is_some(), "{path}");
        }
        for path in ["environment.md", "keys.md", "a/.environ/x.md", "CLAUDE.md"] {
            assert!(!is_credential(path), "{path}");
        }
        assert!(exclusion("kaizen.toml").is_some() && exclusion("benchmark/x.jsonl").is_some());
        assert_eq!(exclusion("CLAUDE.md"), None);
    }
}
