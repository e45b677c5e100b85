//! The programs that run in a sandbox: with the words of `wrap` before them, with limits, and those of `setup` and
//! `teardown`.
#![allow(clippy::disallowed_methods)] // edge: the environment

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::manifest::sandbox::SandboxSection;
use crate::sys::consent::Consent;
use crate::sys::process::{Bounds, Program, ProgramFailure, ProgramOutput};

/// The variable that names the folder with the agent's files.
pub(super) const HARNESS: &str = "KAIZEN_HARNESS";
/// The exit code of docker and podman if they cannot start the program.
const CONTAINER_FAILED: i32 = 125;

/// A sandbox in which programs run.
pub(super) struct SandboxedProgram<'a> {
    pub section: &'a SandboxSection,
    pub folder: &'a Path,
    /// Environment variables that the programs do not inherit.
    pub withheld: &'a [String],
    /// Environment variables of the programs.
    pub variables: Vec<(&'a str, OsString)>,
}

impl SandboxedProgram<'_> {
    /// A command line with the words before it.
    pub(super) fn wrapped(&self, run: &[String]) -> Vec<String> {
        let words = self.section.wrapping(self.folder, &home());
        words.into_iter().chain(run.iter().cloned()).collect()
    }

    /// The limits of one program.
    fn bounds(&self) -> Bounds<'_> {
        let section = self.section;
        Bounds {
            folder: self.folder,
            variable: HARNESS,
            output: usize::try_from(section.max_output_mib << 20).unwrap_or(usize::MAX),
            memory: section.max_memory_mib << 20,
            processes: section.max_processes,
            disk: section.max_disk_mib << 20,
        }
    }

    /// A program in the sandbox, whose command line has the words of `wrap` before it.
    pub(super) fn program<'p>(&'p self, consent: &'p Consent, wrapped: &'p [String], timeout: Duration) -> Program<'p> {
        Program {
            consent,
            run: wrapped,
            folder: self.folder,
            withheld: self.withheld,
            variables: self.variables.clone(),
            timeout: Some(timeout),
            bounds: Some(self.bounds()),
        }
    }

    /// Runs the programs of `teardown`.
    ///
    /// # Errors
    /// One of them cannot be run, or fails; the rest is not run.
    pub(super) fn teardown(&self, consent: &Consent) -> Result<(), String> {
        self.run_all("[student.sandbox] teardown", &self.section.teardown, consent)
    }

    /// Runs the programs of a key.
    ///
    /// # Errors
    /// One of them cannot be run, or fails; the rest is not run.
    pub(super) fn run_all(&self, key: &str, commands: &[Vec<String>], consent: &Consent) -> Result<(), String> {
        for run in commands {
            let timeout = Duration::from_secs(self.section.setup_timeout_seconds);
            self.program(consent, &self.wrapped(run), timeout)
                .run_to_success(None)
                .map_err(|problem| format!("{key}: {problem}"))?;
        }
        Ok(())
    }

    /// Why the program of `wrap` did not start the agent; `None` if it did.
    pub(super) fn not_wrapped(&self, output: &Result<ProgramOutput, ProgramFailure>) -> Option<String> {
        let name = Path::new(self.section.wrap.first()?).file_name()?.to_str()?;
        let output = output.as_ref().ok().filter(|output| !output.status.success())?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        let is_own = output.stdout.is_empty() && complaint.starts_with(&format!("{name}: "));
        let is_container = ["docker", "podman"].contains(&name) && output.status.code() == Some(CONTAINER_FAILED);
        (is_own || is_container).then(|| {
            format!(
                "[student.sandbox] wrap: {}; correct `wrap`, and see `kaizen doctor`",
                output.complaint()
            )
        })
    }
}

/// The user's home folder.
fn home() -> PathBuf {
    std::env::home_dir().unwrap_or_else(|| PathBuf::from("/nonexistent"))
}
