//! The agent around which `kaizen init` makes a workspace.

use std::path::Path;

use super::exit::CommandFailure;
use super::host_student::host_student;
use super::init_homes::FoundHomes;
use super::visible::visible;
use super::{found_student, init_openjarvis};
use crate::harness::Harness;
use crate::harness::home::ParsedHome;
use crate::harness::layout::HostLayout;
use crate::harness::layout::detect::DetectedHome;
use crate::harness::layout::entries::ManifestEntries;
use crate::ledger::Git;
use crate::manifest::layout::{DEFAULT_LAYOUT, Layout};
use crate::manifest::membership::Membership;
use crate::manifest::suggested_student::SuggestedStudent;
use crate::manifest::{self, Manifest};
use crate::pipeline::student_choice;
use crate::sys::disk::Root;

/// What `init` finds in a folder.
pub(super) struct InitialHome {
    /// Whether there is an agent.
    pub has_agent: bool,
    /// Whether a host other than OpenJarvis reads the agent, so that the built-in student would not.
    pub is_of_host: bool,
    /// What the manifest lists; `None` if its defaults suit.
    pub entries: Option<ManifestEntries>,
    /// Lines about the student of the host.
    pub advice: Vec<String>,
    /// The program of the host.
    pub program: Option<String>,
    /// Settings of `config.toml` that the manifest keeps.
    pub kept: init_openjarvis::ImportedSettings,
    /// The student to suggest; `None` if the built-in student was chosen.
    pub student: Option<SuggestedStudent>,
}

impl InitialHome {
    /// Reads a home. With tasks, the built-in student is chosen for an agent in the default layout.
    ///
    /// # Errors
    /// There is neither an agent nor a task, or `config.toml` is malformed.
    pub(super) fn read(root: &Root, homes: &FoundHomes, has_tasks: bool) -> Result<Self, CommandFailure> {
        let layouts = homes.found.layouts();
        // The defaults of the manifest are those of a home in the workspace's own folder.
        let is_default = |home: &DetectedHome| home.layout.name == DEFAULT_LAYOUT && home.folder.is_empty();
        let is_jarvis = homes.found.homes.iter().any(is_default);
        if !homes.found.files.is_empty() && !is_jarvis {
            return Ok(Self {
                has_agent: true,
                is_of_host: true,
                entries: Some(homes.entries(root)),
                advice: advice(&layouts),
                program: layouts.iter().find_map(|layout| layout.student.first().cloned()),
                kept: init_openjarvis::ImportedSettings::default(),
                student: None,
            });
        }
        let config = root.read_text("config.toml")?;
        let has_agent = config.is_some() || root.join("agents").is_dir();
        if !has_agent && !has_tasks {
            return Err(no_agent(homes));
        }
        let model = config.as_deref().and_then(model_of);
        let kept = config.map(|text| init_openjarvis::kept(&text)).transpose();
        let mut kept = kept
            .map_err(|error| CommandFailure::usage(format!("{}: {error}", root.join("config.toml").display())))?
            .unwrap_or_default();
        let student = match has_tasks {
            true => None,
            false => found_student::found_student(model),
        };
        kept.settings.extend(match &student {
            _ if has_tasks => vec![("student", "engine", "\"nearest\"".to_owned())],
            Some(student) if student.is_certain => found_student::settings(student),
            _ => Vec::new(),
        });
        // The defaults of the manifest are the files of OpenJarvis, but for this one.
        let needs_entries = is_jarvis && (layouts.len() > 1 || homes.found.files.contains_key("SOUL.md"));
        Ok(Self {
            has_agent,
            is_of_host: false,
            entries: needs_entries.then(|| homes.entries(root)),
            advice: Vec::new(),
            program: None,
            kept,
            student,
        })
    }
}

/// Checks, before anything is written, that kaizen could read the files that a new manifest lists.
///
/// # Errors
/// A file cannot be read, a git filter of one is not defined, or a file that the built-in student reads is not UTF-8.
pub(super) fn check_files(
    root: &Root,
    manifest: &str,
    is_of_host: bool,
    git: Option<&Git>,
) -> Result<(), CommandFailure> {
    let manifest = Manifest::parse(Path::new(manifest::FILE), manifest)?;
    let membership = Membership::new(&manifest).map_err(CommandFailure::usage)?;
    let harness = root.read_harness(&membership)?;
    let paths: Vec<&str> = harness.files().map(|(path, _)| path).collect();
    if let Some(git) = git.filter(|_| !paths.is_empty()) {
        git.check_filters(&paths)?;
    }
    if !is_of_host {
        for path in paths {
            root.read_text(path)?;
        }
    }
    Ok(())
}

/// The error for a folder without an agent.
fn no_agent(homes: &FoundHomes) -> CommandFailure {
    if let Some(name) = homes.only_layout() {
        let problem = format!("no file here marks a home of `{name}`");
        return CommandFailure::usage(problem)
            .hint("`kaizen init` without --layout looks for homes of every kind, which `kaizen layouts` lists");
    }
    let problem = match homes.found.left_out.first_key_value() {
        Some((path, reason)) => format!(
            "there is no agent here; {} is left out: {}",
            visible(path),
            visible(reason)
        ),
        None => "there is no agent here: `kaizen layouts` lists the homes that it finds".to_owned(),
    };
    CommandFailure::usage(problem).hint(
        "`kaizen init --tasks FILE` creates a starter agent for tasks; `kaizen demo DIR` creates a complete example",
    )
}

/// Lines about the student of the first host that has one.
fn advice(layouts: &[&HostLayout]) -> Vec<String> {
    let student = host_student(layouts).into_iter();
    student
        .flat_map(|student| std::iter::once(student.about).chain(student.lines))
        .collect()
}

/// The language model that `config.toml` names, unless it is one of the built-in student.
fn model_of(config: &str) -> Option<String> {
    let harness = Harness::new([("config.toml".to_owned(), config.as_bytes().to_vec())]);
    student_choice::foreign_model(&ParsedHome::new(&harness, &Layout::default()))
}
