//! The files of a candidate on disk, and the folder of each attempt.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tempfile::TempDir;

use super::CommandContext;
use super::copied_home::complete;
use super::sandbox::SandboxTemplate;
use crate::artifact::task_world::TaskWorld;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::sys::consent::Consent;
use crate::sys::disk::Scratch;

/// Templates by fixture and its preparation.
type Templates = BTreeMap<Digest, Result<Arc<SandboxTemplate>, String>>;

/// The files of a candidate, which are written when they are first needed.
#[derive(Default)]
pub(super) struct CandidateFiles {
    /// Without sandboxes, all attempts read them here, and run in the workspace.
    shared: OnceLock<Result<Scratch, String>>,
    /// Each attempt runs in a copy.
    templates: Mutex<Templates>,
}

/// The folder of one attempt.
pub(super) enum AttemptFolder<'a> {
    Shared(&'a Path),
    /// Removed on drop.
    Own(TempDir),
}

impl AttemptFolder<'_> {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Shared(path) => path,
            Self::Own(folder) => folder.path(),
        }
    }
}

impl CandidateFiles {
    /// The folder for one attempt at a task.
    ///
    /// # Errors
    /// The files cannot be written or copied, or a program of `setup` fails.
    pub(super) fn folder(
        &self,
        context: &CommandContext,
        harness: &Harness,
        world: &TaskWorld,
        consent: &Consent,
    ) -> Result<AttemptFolder<'_>, String> {
        if context.foundation.is_some() {
            let template = self.template(context, harness, world, consent)?;
            return template.copy().map(AttemptFolder::Own);
        }
        let shared = self.shared.get_or_init(|| {
            let made = context.root.scratch("harness", harness.files());
            let completed = made.and_then(|scratch| complete(scratch.path(), harness).map(|()| scratch));
            completed.map_err(|error| error.to_string())
        });
        shared
            .as_ref()
            .map(|scratch| AttemptFolder::Shared(scratch.path()))
            .map_err(Clone::clone)
    }

    fn template(
        &self,
        context: &CommandContext,
        harness: &Harness,
        world: &TaskWorld,
        consent: &Consent,
    ) -> Result<Arc<SandboxTemplate>, String> {
        let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Digest::of_value(&(&world.fixture, &world.setup));
        let made = || {
            let (Some(section), Some(foundation)) = (&context.section.sandbox, &context.foundation) else {
                return Err("there is no section [student.sandbox]".to_owned());
            };
            let prepare = |folder: &Path, key: &str, commands: &[Vec<String>]| {
                let sandboxed = context.sandboxed(folder);
                sandboxed.map_or(Ok(()), |sandboxed| sandboxed.run_all(key, commands, consent))
            };
            let base = foundation.folder(world, &prepare)?;
            SandboxTemplate::made(section, harness, &base).map(Arc::new)
        };
        templates.entry(key).or_insert_with(made).clone()
    }
}
