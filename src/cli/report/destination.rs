//! Where a report goes: to a file, which is replaced as a whole, or to stdout.

use std::path::{Path, PathBuf};

use super::page::GENERATOR;
use crate::cli::Setting;
use crate::cli::exit::CommandFailure;
use crate::cli::terminal;
use crate::sys::disk::Root;
use crate::workspace::Workspace;

/// The name of the file in kaizen's own folder, which git ignores.
pub(super) const DEFAULT: &str = "report.html";
/// How much of a file tells whether it is a report.
const BEGINNING: usize = 1_000;

/// Where a report goes.
#[derive(Debug)]
pub(super) enum Destination {
    /// To stdout.
    Stdout,
    /// To a file in a folder.
    File(Root, PathBuf),
}

impl Destination {
    /// The place that the user named, or the default.
    ///
    /// # Errors
    /// The folder does not exist, or another file has that name.
    pub(super) fn new(named: Option<&str>, setting: &Setting, workspace: &Workspace) -> Result<Self, CommandFailure> {
        let Some(name) = named else {
            return Ok(Self::File(workspace.checkout.clone(), workspace.shared(DEFAULT)));
        };
        if name == "-" {
            return Ok(Self::Stdout);
        }
        let path = setting.directory.join(name);
        let file = path.file_name().filter(|_| !name.ends_with('/'));
        let file = file.ok_or_else(|| CommandFailure::usage(format!("{name} is no file name")))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let folder = folder
            .canonicalize()
            .map_err(|_| CommandFailure::usage(format!("there is no folder {}", folder.display())))?;
        let path = folder.join(file);
        check_not_of_harness(workspace, &path)?;
        let root = Root::open(&folder)?;
        check_replaceable(&root, &path)?;
        Ok(Self::File(root, path))
    }

    /// Writes the page; the path of the file, unless it goes to stdout.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write(&self, page: &str) -> Result<Option<&Path>, CommandFailure> {
        match self {
            Self::Stdout => {
                terminal::exact(page);
                Ok(None)
            }
            Self::File(root, path) => {
                root.publish(path, page.as_bytes())?;
                Ok(Some(path))
            }
        }
    }
}

/// A page among the files of the harness would change what the next session measures.
fn check_not_of_harness(workspace: &Workspace, path: &Path) -> Result<(), CommandFailure> {
    let root = workspace
        .root
        .canonicalize()
        .unwrap_or_else(|_| workspace.root.to_path_buf());
    let inside = path
        .strip_prefix(&root)
        .ok()
        .map(|path| path.to_string_lossy().replace('\\', "/"));
    match inside {
        Some(inside) if workspace.selects(&inside) || workspace.is_evidence(&inside) => {
            let problem = format!("{inside} would be a file of the harness or of its evidence");
            Err(CommandFailure::usage(problem).hint("give another name, or none: the page then goes into .kaizen/"))
        }
        _ => Ok(()),
    }
}

/// Only an older report, or an empty file, is replaced.
fn check_replaceable(root: &Root, path: &Path) -> Result<(), CommandFailure> {
    let Some(present) = root.read(path)? else { return Ok(()) };
    let name = GENERATOR.rsplit_once(' ').map_or(GENERATOR, |(name, _)| name);
    let beginning = String::from_utf8_lossy(&present[..present.len().min(BEGINNING)]);
    if present.is_empty() || beginning.contains(&format!("content=\"{name} ")) {
        return Ok(());
    }
    let problem = format!("{} exists and is not a report of kaizen", path.display());
    Err(CommandFailure::usage(problem).hint("give another name, or remove that file first"))
}
