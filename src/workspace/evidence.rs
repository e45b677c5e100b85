//! The traces and tasks of a workspace. In a worktree of a session, traces are the checkout's.

use std::collections::BTreeMap;

use super::Workspace;
use super::error::RunError;
use crate::ledger::Git;
use crate::manifest::membership::EvidencePatterns;
use crate::sys::disk::Root;
use crate::trace::TraceSource;
use crate::trace::evidence::{EvidenceFile, EvidencePlaces, OutsideLink};
use crate::trace::store::trace_store;

impl Workspace {
    /// The trace store.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub(crate) fn traces(&self) -> Result<Box<dyn TraceSource>, RunError> {
        let files = self.evidence_files(&self.manifest.traces.files)?;
        let index = (!self.only_looks).then_some(&self.checkout);
        Ok(trace_store::of_files(files, index)?)
    }

    /// The files of tasks that may be read. In a worktree of a session, those that git does not track are the checkout's.
    ///
    /// # Errors
    /// See [`Self::evidence_files`], or git fails.
    pub(crate) fn task_files(&self) -> Result<Vec<EvidenceFile>, RunError> {
        let files = &self.manifest.benchmark.files;
        match self.is_of_a_branch() {
            true => self.task_files_of_branch(files),
            false => self.evidence_files(files),
        }
    }

    /// The files of traces or tasks in the checkout that may be read. Links that lead out of the workspace are followed
    /// only after approval.
    ///
    /// # Errors
    /// A file is not usable, a sparse checkout leaves one out, or the approvals cannot be checked.
    fn evidence_files(&self, patterns: &[String]) -> Result<Vec<EvidenceFile>, RunError> {
        let patterns = EvidencePatterns::new(patterns).map_err(RunError::Config)?;
        self.ledger.check_not_left_out(&|path| patterns.selects(path))?;
        let closed = self.permission.closed_links()?;
        let approved = |link: &OutsideLink| !closed.contains(link);
        Ok(self.checkout.evidence(&patterns, &approved)?.files)
    }

    /// What a watcher has to observe to notice every change of traces and tasks.
    pub(crate) fn evidence_places(&self) -> EvidencePlaces {
        // If the approvals cannot be checked, no link is followed.
        let closed = self.permission.closed_links().ok();
        let approved = |link: &OutsideLink| closed.as_ref().is_some_and(|closed| !closed.contains(link));
        self.root.evidence_places(&self.evidence, &approved)
    }

    /// The files of tasks in the worktree, and those of the checkout that git does not track there.
    fn task_files_of_branch(&self, patterns: &[String]) -> Result<Vec<EvidenceFile>, RunError> {
        let patterns = EvidencePatterns::new(patterns).map_err(RunError::Config)?;
        self.ledger.check_not_left_out(&|path| patterns.selects(path))?;
        let relative = |file: &EvidenceFile, root: &Root| {
            let path = file.path().strip_prefix(&**root).unwrap_or(file.path());
            path.to_string_lossy().replace('\\', "/")
        };
        // A link that git tracks is approved where it is in the checkout, if at all.
        let own = self.root.evidence(&patterns, &|_| false)?.files;
        let mut files: BTreeMap<String, EvidenceFile> = own
            .into_iter()
            .map(|file| (relative(&file, &self.root), file))
            .collect();
        let theirs = self.evidence_files(&self.manifest.benchmark.files)?;
        let theirs = theirs.into_iter().map(|file| (relative(&file, &self.checkout), file));
        let others: Vec<_> = theirs.filter(|(path, _)| !files.contains_key(path)).collect();
        if !others.is_empty() {
            let ledger = Git::open(&self.checkout, self.ledger.policy().clone())?;
            for (path, file) in others {
                if ledger.tracked(&path)?.is_empty() {
                    files.insert(path, file);
                }
            }
        }
        Ok(files.into_values().collect())
    }
}
