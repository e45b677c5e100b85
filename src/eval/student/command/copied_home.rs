//! Completes a copy of an agent's files: with the links between them, and the modes of programs.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::path::Path;

use crate::harness::Harness;
use crate::sys::disk::{DiskError, Root};

/// Adds what the files alone do not have to a copy of a harness in a folder.
///
/// # Errors
/// A link or a file cannot be written.
pub(super) fn complete(copy: &Path, harness: &Harness) -> Result<(), DiskError> {
    let root = Root::open(copy)?;
    for path in harness.executables() {
        root.make_executable(path)?;
    }
    for (link, target) in harness.links() {
        if cfg!(unix) {
            root.make_link(link, &target)?;
        } else {
            // Links need special rights there.
            for (path, bytes) in harness.behind(link) {
                root.write(path, bytes)?;
            }
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_copy_has_the_links_and_modes_of_its_home() {
        let folder = tempfile::tempdir().unwrap();
        let mut harness = Harness::default()
            .with("CLAUDE.md", "Be brief.\n")
            .with("skills/a/SKILL.md", "Do a.\n")
            .with("skills/a/run", "ls\n");
        harness.link("AGENTS.md", "CLAUDE.md");
        harness.link("sub/.claude/skills", "../../skills");
        harness.mark_executable("skills/a/run");
        let root = Root::open(folder.path()).unwrap();
        let scratch = root.scratch("harness", harness.files()).unwrap();
        complete(scratch.path(), &harness).unwrap();
        let read = |path: &str| std::fs::read_to_string(scratch.path().join(path)).unwrap();
        assert_eq!(read("AGENTS.md"), "Be brief.\n");
        assert_eq!(read("sub/.claude/skills/a/SKILL.md"), "Do a.\n");
        let target = std::fs::read_link(scratch.path().join("AGENTS.md")).unwrap();
        assert_eq!(target, Path::new("CLAUDE.md"));
        let mode = |path: &str| {
            let facts = std::fs::metadata(scratch.path().join(path)).unwrap();
            facts.permissions().mode() & 0o111
        };
        assert_eq!((mode("skills/a/run"), mode("CLAUDE.md")), (0o111, 0));
        let behind: Vec<String> = harness.behind("sub/.claude/skills").map(|(path, _)| path).collect();
        assert_eq!(behind, ["sub/.claude/skills/a/SKILL.md", "sub/.claude/skills/a/run"]);
    }
}
