//! What edits may change in a workspace: the ops that apply, and the files in which they do.

use std::collections::BTreeSet;

use globset::GlobMatcher;

use crate::artifact::counted;
use crate::artifact::edit::Op;
use crate::harness::Harness;
use crate::harness::op::offers::{OpOffer, offers};
use crate::harness::op::program_files::is_program;
use crate::manifest::surface::{Surface, compiled};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;

/// What is found where no op applies.
pub(super) const NONE: &str = "no op applies to the agent's files";

/// What to do where no op applies.
pub(super) const OPEN: &str =
    "open the agent's files to edits in kaizen.toml:\n[[harness.surface]]\nname = \"memory\"\npath = \"CLAUDE.md\"";

/// What edits may change.
#[derive(Debug)]
pub(super) struct OfferedEdits {
    /// The ops that apply.
    pub ops: Vec<OpOffer>,
    /// The files in which they do.
    pub files: Vec<String>,
    /// The other files.
    pub shown: Vec<String>,
    /// Programs among them that a surface matches.
    pub programs: Vec<String>,
}

impl OfferedEdits {
    /// What edits may change in the harness on disk.
    ///
    /// # Errors
    /// The harness cannot be read.
    pub(super) fn of(workspace: &Workspace) -> Result<Self, RunError> {
        let harness = workspace.harness()?;
        let rules = workspace.rules();
        let ops = offers(&harness, &rules, &workspace.manifest.harness);
        let (files, shown) = editable(&harness, &ops);
        let is_listed = |path: &&String| rules.surfaces.find(path).is_some() && is_program(path, &harness);
        let programs = shown.iter().filter(is_listed).cloned().collect();
        Ok(Self {
            ops,
            files,
            shown,
            programs,
        })
    }
}

/// The files of a harness in which an op applies, and the others.
fn editable(harness: &Harness, offers: &[OpOffer]) -> (Vec<String>, Vec<String>) {
    // A template of new files may match files that are protected.
    let offers = offers.iter().filter(|offer| offer.op != Op::CreateFile);
    // The paths of named ops are templates. Those of the others are paths, which may contain a brace as well.
    let paths: BTreeSet<&str> = offers.map(|offer| offer.path.as_str()).collect();
    let templates = paths.iter().filter(|path| path.contains('{'));
    let globs: Vec<GlobMatcher> = templates
        .filter_map(|path| compiled(&Surface::of_named_files("", path).glob()).ok())
        .map(|glob| glob.compile_matcher())
        .collect();
    let is_editable = |path: &String| paths.contains(path.as_str()) || globs.iter().any(|glob| glob.is_match(path));
    harness.files().map(|(path, _)| path.to_owned()).partition(is_editable)
}

/// The ops in one line.
pub(super) fn summary(offers: &[OpOffer]) -> String {
    let (new, present): (Vec<&OpOffer>, Vec<&OpOffer>) = offers.iter().partition(|offer| offer.op == Op::CreateFile);
    let places: BTreeSet<&str> = present.iter().map(|offer| offer.path.as_str()).collect();
    let edits = format!(
        "{} in {}",
        counted(present.len(), "possible edit"),
        counted(places.len(), "file")
    );
    match new.len() {
        0 => edits,
        new => format!("{edits}, and new files in {}", counted(new, "place")),
    }
}
