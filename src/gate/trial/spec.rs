//! The comparison that a trial makes: two harnesses, the tasks, and the settings of its mode.

use crate::artifact::gate::sample::SampleSettings;
use crate::artifact::gate::settings::{GateSettings, Mode};
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::harness::Harness;

/// The comparison that the gate decides.
pub struct TrialSpec<'a> {
    /// The harness without the edit.
    pub before: &'a Harness,
    /// The harness with it.
    pub after: &'a Harness,
    /// The gate tasks.
    pub tasks: &'a [Task],
    /// The category that has to gain; `None`: the overall score.
    pub target: Option<&'a str>,
    /// `exact`, `sequential` or `sample`.
    pub mode: Mode,
    /// Whether each task runs once, because the tasks are a sample.
    pub one_pass: bool,
    /// The settings of modes `exact` and `sequential`.
    pub settings: GateSettings,
    /// The settings of mode `sample`.
    pub sample: SampleSettings,
    /// The digest of the edit.
    pub edit: Digest,
}

impl<'a> TrialSpec<'a> {
    /// A comparison by pairs of runs that decides about no edit.
    pub(crate) fn of_pairs(before: &'a Harness, after: &'a Harness, tasks: &'a [Task], settings: GateSettings) -> Self {
        Self {
            before,
            after,
            tasks,
            target: None,
            mode: Mode::Sequential,
            one_pass: false,
            settings,
            sample: SampleSettings::default(),
            edit: Digest::of_bytes(b"pairs"),
        }
    }
}
