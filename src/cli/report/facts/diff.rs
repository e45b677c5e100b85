//! What an edit changes in the files of the harness, as a unified diff of veiled files.

use super::source::ReportSource;
use crate::artifact::baseline::Baseline;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::Outcome;
use crate::cli::report::veil::{Excerpt, Veil, excerpt_of_veiled};
use crate::cli::show::edit::EditDetails;
use crate::harness::{Harness, op};
use crate::pipeline::execute;
use crate::workspace::session::Session;

/// The maximum size of a diff, in bytes of HTML.
const MOST: usize = 3_000;

/// The change that an edit makes.
#[derive(Clone, Debug, Default)]
pub(crate) struct EditDiff {
    /// The change as a unified diff. When none can be shown it is empty, and `remark` says why.
    pub excerpt: Excerpt,
    /// Why there is no diff, or what to know about it.
    pub remark: Option<&'static str>,
}

impl EditDiff {
    /// A diff has this remark, unless another one says why it is empty.
    fn with_remark(self, remark: &'static str) -> Self {
        Self {
            remark: self.remark.or(Some(remark)),
            ..self
        }
    }
}

/// The harness of a session, as its edits change it one after another.
pub(crate) struct HarnessWalk<'a> {
    source: &'a ReportSource<'a>,
    /// Absent if git no longer has the commit at which the session began.
    harness: Option<Harness>,
}

impl<'a> HarnessWalk<'a> {
    /// Begins at the baseline of a session.
    pub(crate) fn of(source: &'a ReportSource<'a>, session: &Session) -> Self {
        let baseline: Option<Baseline> = session.read("baseline.json").ok().flatten();
        let harness = baseline.and_then(|baseline| source.inputs.harness_at(&baseline.harness_commit).ok());
        Self { source, harness }
    }

    /// The change that the next edit makes. An edit that was applied stays in the harness.
    pub(crate) fn next(&mut self, known: &EditDetails) -> EditDiff {
        let Some(edit) = &known.edit else {
            return self.of_commit(known.outcome.as_ref()).unwrap_or_else(|| missing(GONE));
        };
        let outcome = known.outcome.as_ref();
        let is_same = |harness: &Harness| {
            let against = outcome.and_then(|outcome| outcome.against);
            against.is_none_or(|against| against == harness.digest())
        };
        let applied = self.harness.as_ref().map(|before| self.apply(edit, before));
        let exact = self.harness.as_ref().is_some_and(is_same);
        let diff = match (&self.harness, &applied) {
            (Some(before), Some(Ok(after))) if exact => diff(before, after, &self.source.veil),
            (walked, applied) => self.of_commit(outcome).unwrap_or_else(|| match (walked, applied) {
                (Some(before), Some(Ok(after))) => diff(before, after, &self.source.veil)
                    .with_remark("as it changes the files at the start of the session"),
                _ => self.of_present(edit),
            }),
        };
        if let (Some(Ok(after)), Some(true)) = (applied, outcome.map(|outcome| outcome.status.was_applied())) {
            self.harness = Some(after);
        }
        diff
    }

    fn apply(&self, edit: &Edit, before: &Harness) -> Result<Harness, op::Inapplicable> {
        op::apply(edit, before, &self.source.rules)
    }

    /// What the commit of an applied edit changed.
    fn of_commit(&self, outcome: Option<&Outcome>) -> Option<EditDiff> {
        let commit = outcome?.commit.as_ref()?;
        let graph = self.source.inputs.graph().ok()?;
        let before = self.source.inputs.harness_at(graph.parent(commit)?).ok()?;
        let after = self.source.inputs.harness_at(commit).ok()?;
        Some(diff(&before, &after, &self.source.veil))
    }

    fn of_present(&self, edit: &Edit) -> EditDiff {
        let present = &self.source.present;
        match self.apply(edit, present) {
            Ok(after) if after.digest() == present.digest() => {
                missing("the present files contain it, and git does not have those from before it")
            }
            Ok(after) => diff(present, &after, &self.source.veil).with_remark("as it would change the present files"),
            Err(_) => missing("it does not apply to these files, so there is no diff"),
        }
    }
}

const GONE: &str = "it is no longer in the plan, and git does not have its commit";

fn missing(remark: &'static str) -> EditDiff {
    EditDiff {
        remark: Some(remark),
        ..EditDiff::default()
    }
}

/// The diff of two harnesses. The files are veiled before they are compared, since a diff splits a secret of several lines.
fn diff(before: &Harness, after: &Harness, veil: &Veil) -> EditDiff {
    let (mut old, mut new) = (Harness::default(), Harness::default());
    for change in before.changes(after) {
        // Not the whole files: a file that also holds tasks shows a part.
        let veiled = |harness: &Harness| Some(veil.file(&String::from_utf8_lossy(harness.get(&change.path)?)));
        let path = veil.line(&change.path).as_str().to_owned();
        if let Some(text) = veiled(before) {
            old = old.with(path.clone(), text.as_bytes());
        }
        if let Some(text) = veiled(after) {
            new = new.with(path, text.as_bytes());
        }
    }
    match execute::diff(&old, &new) {
        diff if diff.is_empty() => missing("it changes nothing that is shown here"),
        diff => EditDiff {
            excerpt: excerpt_of_veiled(diff.trim_end(), MOST),
            remark: None,
        },
    }
}
