//! The gate's policy for modes other than `rule`, and the comparisons that it makes over all tasks together.

use super::{Trial, TrialSpec};
use crate::artifact::gate::record::Pair;
use crate::artifact::gate::sample::SampleSettings;
use crate::artifact::gate::settings::{GateSettings, Keep, Mode, Population};
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::gate::sample::choice::StudentSort;
use crate::harness::Harness;

/// How the gate decides in modes other than `rule`.
pub(crate) struct GatePolicy {
    /// The mode of the manifest.
    pub mode: Mode,
    /// The kind of the student, by which `auto` chooses.
    pub sort: StudentSort,
    /// Whether the tasks are the whole population or a sample.
    pub population: Population,
    /// The settings of modes `exact` and `sequential`.
    pub settings: GateSettings,
    /// The settings of mode `sample`.
    pub sample: SampleSettings,
    /// What is kept of the edits that mode `sample` leaves undecided.
    pub keep: Keep,
    /// The number of train tasks on which mode `sample` screens an edit before it reaches the gate; 0: none.
    pub screen: usize,
    /// The tolerated fall of a category in mode `exact` if the edit has no target, 0 to 1.
    pub eps_overall: f64,
}

impl GatePolicy {
    /// The comparison of two harnesses over all of some tasks together, in mode `sample`.
    pub(crate) fn together<'a>(
        &self,
        before: &'a Harness,
        after: &'a Harness,
        tasks: &'a [Task],
        edit: Digest,
    ) -> TrialSpec<'a> {
        TrialSpec {
            before,
            after,
            tasks,
            target: None,
            mode: Mode::Sample,
            one_pass: true,
            settings: self.settings,
            sample: self.sample,
            edit,
        }
    }
}

impl Trial<'_> {
    /// The differences of a round of pairs; a task that the edit does not reach is a tie.
    pub(crate) fn differences(&self, pairs: &[Pair]) -> Vec<f64> {
        let mut differences: Vec<f64> = pairs.iter().filter_map(Pair::difference).collect();
        differences.resize(differences.len() + self.question.tasks.len() - pairs.len(), 0.0);
        differences
    }
}
