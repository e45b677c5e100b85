//! The programs that tasks name, for the list of what needs approval.

use std::collections::{BTreeMap, BTreeSet};

use crate::eval::benchmark;
use crate::manifest::Manifest;
use crate::manifest::programs::ManifestPart;
use crate::manifest::trust::{PinnedFile, TrustProgram};
use crate::sys::disk::{Root, folder_digest};

/// Each command line of a task, with the folders of the tasks that use it: their files are programs, too. Empty for a
/// student that runs no task in a sandbox, and for a benchmark that cannot be read, of which no task runs.
pub(super) fn listed(manifest: &Manifest, root: &Root) -> Vec<TrustProgram> {
    if !manifest.student.is_sandboxed() {
        return Vec::new();
    }
    let mut programs: BTreeMap<Vec<String>, BTreeSet<PinnedFile>> = BTreeMap::new();
    let mut digests = BTreeMap::new();
    for file in benchmark::files(root, &manifest.benchmark.files).unwrap_or_default() {
        let Ok(opened) = file.open() else { continue };
        for (_, task) in benchmark::read_tasks(opened, file.path()).unwrap_or_default() {
            let folders: Vec<PinnedFile> = task
                .world
                .folders()
                .map(|path| PinnedFile {
                    path: format!("{}/", path.trim_end_matches('/')),
                    digest: *digests
                        .entry(path.clone())
                        .or_insert_with(|| folder_digest(&root.join(path)).ok()),
                })
                .collect();
            for run in task.world.programs() {
                let pinned = programs.entry(manifest.student.wrapped(run)).or_default();
                pinned.extend(folders.iter().cloned());
            }
        }
    }
    let program = |(run, pinned): (Vec<String>, BTreeSet<PinnedFile>)| TrustProgram {
        part: ManifestPart::Tasks,
        run,
        env: manifest.student.env.clone(),
        set: Vec::new(),
        pinned: pinned.into_iter().collect(),
        edited: Vec::new(),
        given: Vec::new(),
        links: Vec::new(),
    };
    programs.into_iter().map(program).collect()
}
