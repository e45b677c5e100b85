//! The agent homes that `kaizen init` finds, and what it says about them.
#![allow(clippy::disallowed_methods)] // edge: the targets of links

use serde_json::{Value, json};

use super::exit::CommandFailure;
use super::visible::visible;
use super::{Setting, render};
use crate::artifact::counted;
use crate::harness::layout::HostLayout;
use crate::harness::layout::detect::{Detection, HomeFile, IMPORTS, detect};
use crate::harness::layout::listing::WorkspaceListing;
use crate::harness::layout::table::LayoutTable;
use crate::harness::op::front_matter;
use crate::ledger::port::LedgerError;
use crate::ledger::{Git, Policy};
use crate::manifest::surface::{BodyTier, SurfaceFormat};
use crate::sys::disk::{DiskError, Root};

/// Folders that hold no home: they are machine-local, or hold other people's code.
const SKIPPED: [&str; 8] = [
    ".git",
    ".kaizen",
    ".tox",
    ".venv",
    "__pycache__",
    "node_modules",
    "site-packages",
    "venv",
];

/// The largest file whose text is read to find homes, in bytes.
const LARGEST: u64 = 1 << 20;

/// How many paths of a list are printed.
const MOST_PATHS: usize = 20;

/// Finds the homes of a workspace, without files that git ignores.
///
/// # Errors
/// A folder cannot be read, or git fails.
pub(crate) fn homes<'t>(root: &Root, table: &'t LayoutTable, policy: Policy) -> Result<Detection<'t>, CommandFailure> {
    let mut listing = listing(root)?;
    let read = |path: &str| {
        let bytes = root.read_up_to(std::path::Path::new(path), LARGEST).ok()??;
        String::from_utf8(bytes).ok()
    };
    let find = |listing: &WorkspaceListing| detect(table, listing, &read).map_err(CommandFailure::failed);
    let found = find(&listing)?;
    let git = match Git::open(root, policy) {
        Err(LedgerError::NoRepository(_)) => return Ok(found),
        git => git?,
    };
    let paths: Vec<&str> = found
        .files
        .keys()
        .chain(found.shown.keys())
        .map(String::as_str)
        .collect();
    if paths.is_empty() {
        return Ok(found);
    }
    let ignored = git.ignored(&paths)?;
    if ignored.is_empty() {
        return Ok(found);
    }
    listing.files.retain(|path| !ignored.contains(path));
    find(&listing)
}

/// The files and links of a workspace.
fn listing(root: &Root) -> Result<WorkspaceListing, DiskError> {
    let mut listing = WorkspaceListing {
        name: root.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        ..WorkspaceListing::default()
    };
    root.walk(&mut |entry| {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        if entry.kind.is_dir() {
            return Ok(!SKIPPED.contains(&name));
        }
        if entry.kind.is_symlink() {
            // A link that was removed in the meantime is none.
            if let Ok(target) = std::fs::read_link(root.join(&entry.path)) {
                listing.links.insert(entry.path, target.to_string_lossy().into_owned());
            }
        } else if entry.kind.is_file() {
            listing.files.push(entry.path);
        }
        Ok(false)
    })?;
    Ok(listing)
}

/// The texts of the homes, which the ops of today can edit, and the main one of them.
pub(crate) struct HomeTexts {
    /// The paths of all texts.
    pub paths: Vec<String>,
    /// The text that `prompt` names.
    pub main: String,
}

impl HomeTexts {
    /// The texts of what was found; `None` if there is none without front matter.
    pub(crate) fn of(found: &Detection, root: &Root) -> Option<Self> {
        let is_text = |(_, file): &(&String, &HomeFile)| {
            let is_prose = matches!(file.surface.format(), SurfaceFormat::Text | SurfaceFormat::FrontMatter);
            is_prose && file.surface.body() != BodyTier::Off
        };
        let texts: Vec<(&String, &HomeFile)> = found.files.iter().filter(is_text).collect();
        let is_main = |file: &HomeFile| file.home.layout.main.as_ref() == Some(&file.surface.name);
        // A whole new text would remove the front matter.
        let is_plain = |path: &str| {
            root.read_text(path)
                .ok()
                .flatten()
                .is_some_and(|text| front_matter(&text).is_none())
        };
        let rank = |(path, file): &(&String, &HomeFile)| (!is_main(file), path.matches('/').count());
        let mut plain: Vec<_> = texts.iter().copied().filter(|(path, _)| is_plain(path)).collect();
        plain.sort_by_key(rank);
        let (main, _) = plain.first()?;
        Some(Self {
            main: (*main).clone(),
            paths: texts.iter().map(|(path, _)| (*path).clone()).collect(),
        })
    }
}

/// Prints what was found.
pub(crate) fn show(found: &Detection, setting: &Setting) {
    if setting.is_json() {
        return render::json(&object(found));
    }
    for layout in found.layouts() {
        show_layout(layout, found);
    }
    let paths = found.shown.iter();
    list(
        "shown to the teacher, never edited",
        paths.map(|(path, reason)| format!("{path} ({reason})")).collect(),
    );
    let paths = found.left_out.iter();
    list(
        "left out",
        paths.map(|(path, reason)| format!("{path}: {reason}")).collect(),
    );
}

fn show_layout(layout: &HostLayout, found: &Detection) {
    let own = found
        .files
        .iter()
        .filter(|(_, file)| file.home.layout.name == layout.name);
    let files: Vec<(&String, &HomeFile)> = own.collect();
    out!(
        "found {} ({}): {}",
        layout.name,
        visible(&layout.about),
        counted(files.len(), "file")
    );
    let surface = |name: &str| {
        let of_surface = files.iter().filter(|(_, file)| file.surface.name == name);
        of_surface.map(|(path, _)| (*path).clone()).collect::<Vec<_>>()
    };
    let names = layout.at_start.iter().map(String::as_str).chain([IMPORTS]);
    let at_start: Vec<String> = names.flat_map(surface).collect();
    let later = files.iter().filter(|(path, _)| !at_start.contains(path));
    let later = later.map(|(path, file)| match file.links.first() {
        Some(link) => format!("{path} (as {link})"),
        None => (*path).clone(),
    });
    list("  read when it starts, in this order", at_start.clone());
    list("  read when needed", later.collect());
    if !layout.student.is_empty() {
        let words: Vec<String> = layout.student.iter().map(|word| format!("{word:?}")).collect();
        out!("  a student for it, after `kaizen trust`: run = [{}]", words.join(", "));
    }
    if !layout.traces.is_empty() {
        out!("  its traces: {}", layout.traces.join(", "));
    }
}

fn list(title: &str, paths: Vec<String>) {
    if paths.is_empty() {
        return;
    }
    out!("{title}:");
    paths
        .iter()
        .take(MOST_PATHS)
        .for_each(|path| out!("    {}", visible(path)));
    if paths.len() > MOST_PATHS {
        out!("    and {} more; `--format json` lists all", paths.len() - MOST_PATHS);
    }
}

fn object(found: &Detection) -> Value {
    let layouts: Vec<&str> = found.layouts().iter().map(|layout| layout.name.as_str()).collect();
    let homes: Vec<Value> = found
        .homes
        .iter()
        .map(|home| json!({"layout": home.layout.name, "folder": home.folder}))
        .collect();
    let mut object = json!({"check": "harness", "ok": !found.files.is_empty(), "layouts": layouts, "homes": homes,
        "files": found.files.keys().collect::<Vec<_>>(), "shown": found.shown.keys().collect::<Vec<_>>(),
        "left_out": found.left_out});
    if found.files.is_empty() {
        object["fix"] = json!("kaizen init --tasks FILE");
    }
    object
}
