//! The row of `kaizen doctor` about the harness: its files, whether they are those of the last commit, and what edits can
//! not change in them.

use serde::Serialize;

use super::{DoctorRow, bad, failed, good};
use crate::artifact::counted;
use crate::cli::init_homes::{FoundHomes, LINK_REMEDY};
use crate::cli::offered::OfferedEdits;
use crate::cli::visible::visible;
use crate::harness::Harness;
use crate::harness::layout::detect::ODD_NAME;
use crate::harness::layout::table::LayoutTable;
use crate::manifest::layout::DEFAULT_LAYOUT;
use crate::workspace::Workspace;
use crate::workspace::inputs::{Inputs, clean_harness};

const CHECK: &str = "harness";
/// How many files a sentence names.
const MOST_NAMED: usize = 3;

/// The files of the harness.
#[derive(Debug, Serialize)]
pub(super) struct HarnessFiles {
    /// The layouts that the manifest names.
    layouts: Vec<String>,
    /// The files with an editable part.
    files: Vec<String>,
    /// The files that the teacher sees and no edit changes.
    shown: Vec<String>,
}

/// The row.
pub(super) fn row(
    workspace: &Workspace,
    inputs: &Inputs,
    offered: Option<&OfferedEdits>,
    layouts: Option<&LayoutTable>,
) -> DoctorRow {
    // They are listed even if they differ from the last commit.
    let found = offered.map(|offered| files(workspace, offered));
    let checked = match (clean_harness(workspace, inputs), &found) {
        (Ok(harness), _) if harness.files().next().is_none() => bad(
            CHECK,
            "no file matches [harness] files".to_owned(),
            "name the agent's files in kaizen.toml: [harness] files = [\"...\"]",
        ),
        (Ok(harness), found) => on_disk(workspace, &harness, found.as_ref(), offered, layouts),
        (Err(error), _) => failed(CHECK, error),
    };
    DoctorRow {
        files: found,
        ..checked
    }
}

/// The row for a harness that is that of the last commit.
fn on_disk(
    workspace: &Workspace,
    harness: &Harness,
    files: Option<&HarnessFiles>,
    offered: Option<&OfferedEdits>,
    layouts: Option<&LayoutTable>,
) -> DoctorRow {
    let mut words: Vec<String> = files.map(HarnessFiles::words).into_iter().collect();
    words.push("the same as in the last commit".to_owned());
    let programs = offered.map_or(&[][..], |offered| &offered.programs);
    if !programs.is_empty() {
        let programs = named(programs);
        words.push(format!(
            "[[harness.surface]] matches {programs}, but no edit changes a program or a file that starts one"
        ));
    }
    let homes = layouts.and_then(|table| HomeCheck::of(workspace, table));
    let unlisted = homes.as_ref().map_or(&[][..], |homes| &homes.unlisted);
    if !unlisted.is_empty() {
        words.push(format!("kaizen.toml does not list {}", named(unlisted)));
    }
    let odd = homes.as_ref().map_or(&[][..], |homes| &homes.odd_names);
    if !odd.is_empty() {
        words.push(format!("left out: {} ({ODD_NAME})", named(odd)));
    }
    let uncommitted = homes.as_ref().and_then(|homes| homes.uncommitted_link(harness));
    if let Some(problem) = homes.and_then(|homes| homes.bad_link) {
        return bad(CHECK, problem, LINK_REMEDY);
    }
    if let Some(link) = uncommitted {
        let problem = format!(
            "{} is a link that is in no commit, so no copy for a student has it",
            visible(&link)
        );
        return bad(
            CHECK,
            problem,
            format!("git add '{link}' && git commit -m 'Add {link}'"),
        );
    }
    let is_locked = |path: &&String| workspace.root.is_read_only(path).unwrap_or(false);
    let locked: Vec<String> = files
        .iter()
        .flat_map(|files| files.files.iter().filter(is_locked).cloned())
        .collect();
    match locked.first() {
        Some(first) => bad(
            CHECK,
            format!("{} cannot be written, so no edit can change it", named(&locked)),
            format!("chmod u+w '{first}'"),
        ),
        None => good(CHECK, words.join("; ")),
    }
}

/// What changed in the homes since `kaizen.toml` was written.
struct HomeCheck {
    /// The first link that leads to no file of the workspace.
    bad_link: Option<String>,
    /// Files of the homes that no pattern of the manifest matches.
    unlisted: Vec<String>,
    /// Files that look like a part of the homes, and whose names are not UTF-8.
    odd_names: Vec<String>,
    /// The paths by which hosts read files through links, and the links.
    linked: Vec<String>,
    links: Vec<String>,
}

impl HomeCheck {
    /// `None` if the manifest names no layout, or the homes cannot be read.
    fn of(workspace: &Workspace, table: &LayoutTable) -> Option<Self> {
        let mut table = table.clone();
        table.keep(&workspace.manifest.harness.layouts);
        if table.rows().is_empty() || workspace.manifest.harness.surface.is_empty() {
            return None;
        }
        let homes = FoundHomes::find(&workspace.root, &table, Some(&workspace.ledger)).ok()?;
        let odd = homes.found.left_out.iter().filter(|(_, reason)| *reason == ODD_NAME);
        let files = homes.found.files.keys().chain(homes.found.shown.keys());
        Some(Self {
            bad_link: homes.bad_link(),
            unlisted: files.filter(|path| !workspace.selects(path)).cloned().collect(),
            odd_names: odd.map(|(path, _)| path.clone()).collect(),
            linked: homes.linked_paths(),
            links: homes.links(),
        })
    }

    /// The first link to files of the harness that the harness does not have.
    fn uncommitted_link(&self, harness: &Harness) -> Option<String> {
        let path = self.linked.iter().find(|path| harness.followed(path).is_none())?;
        let is_above = |link: &&String| {
            let rest = path.strip_prefix(link.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.links.iter().find(is_above).cloned()
    }
}

impl HarnessFiles {
    fn words(&self) -> String {
        let others = match self.shown.len() {
            0 => String::new(),
            shown => format!(", and {} that no edit changes", counted(shown, "file")),
        };
        format!(
            "{} of {}{others}",
            counted(self.files.len(), "editable file"),
            self.layouts.join(", ")
        )
    }
}

fn files(workspace: &Workspace, offered: &OfferedEdits) -> HarnessFiles {
    let named = workspace.manifest.harness.layouts.clone();
    HarnessFiles {
        // Without layouts of hosts, the files are those of the default layout.
        layouts: match named.is_empty() {
            true => vec![DEFAULT_LAYOUT.to_owned()],
            false => named,
        },
        files: offered.files.clone(),
        shown: offered.shown.clone(),
    }
}

/// The first of some paths, and how many more there are.
fn named(paths: &[String]) -> String {
    let first = paths.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(MOST_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
