//! Reads the user's layouts of agent homes, which no repository can set: `$XDG_CONFIG_HOME/kaizen/layouts/NAME.toml`.
#![allow(clippy::disallowed_methods)] // edge: the environment, the user's files

use std::path::{Path, PathBuf};

use super::ConsentError;
use super::store::home;
use crate::harness::layout::LayoutError;
use crate::harness::layout::table::LayoutTable;
use crate::sys::disk;

/// The built-in layouts, and those of the user.
///
/// # Errors
/// A layout is malformed, cannot be read, or is in the workspace at `root`.
pub(crate) fn layout_table(root: &Path) -> Result<LayoutTable, ConsentError> {
    let config = home("XDG_CONFIG_HOME", ".config");
    table_with(config.map(|config| config.join("kaizen/layouts")), root)
}

/// The layouts with those of a folder, in the order of their names.
fn table_with(folder: Option<PathBuf>, root: &Path) -> Result<LayoutTable, ConsentError> {
    let mut table = LayoutTable::built_in().map_err(unusable)?;
    let entries = folder.as_ref().and_then(|folder| std::fs::read_dir(folder).ok());
    let paths = entries
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    paths.sort();
    for path in paths {
        if super::is_inside(&path, root) {
            return Err(ConsentError::Inside {
                path,
                what: "your own layout",
                remedy: "set XDG_CONFIG_HOME to a folder elsewhere",
            });
        }
        if let Some(text) = disk::read_named(&path)? {
            table.add(&path, &text).map_err(unusable)?;
        }
    }
    Ok(table)
}

fn unusable(LayoutError { path, problem }: LayoutError) -> ConsentError {
    ConsentError::Layout { path, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_of_a_folder_come_first_and_not_from_the_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        let text = |name: &str| {
            format!(
                "name = '{name}'\nabout = 'x'\nmarkers = [{{ path = 'X' }}]\n[protected]\n[[surface]]\nname = 'a'\npath = 'X'\n"
            )
        };
        for name in ["one", "two"] {
            std::fs::write(folder.path().join(format!("{name}.toml")), text(name)).unwrap();
        }
        std::fs::write(folder.path().join("notes.md"), "").unwrap();
        let with = |folder: &Path, root: &Path| table_with(Some(folder.to_owned()), root);
        let table = with(folder.path(), root.path()).unwrap();
        let names: Vec<&str> = table.rows().iter().map(|row| row.layout.name.as_str()).collect();
        assert_eq!(names[..3], ["one", "two", "claude_code"]);
        assert_eq!(
            with(&folder.path().join("none"), root.path()).unwrap().rows().len(),
            names.len() - 2
        );
        let inside = with(folder.path(), folder.path()).unwrap_err().to_string();
        assert!(inside.contains("XDG_CONFIG_HOME"), "{inside}");
        std::fs::write(folder.path().join("bad.toml"), "nam = 1").unwrap();
        let problem = with(folder.path(), root.path()).unwrap_err().to_string();
        for part in ["bad.toml", "line 1", "did you mean `name`?"] {
            assert!(problem.contains(part), "{problem}");
        }
    }
}
