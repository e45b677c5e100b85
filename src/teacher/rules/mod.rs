//! The embedded teacher: an optimizer without a language model.
//!
//! It runs the student on train tasks, groups the failures by cause, and proposes, one after the other, the edits
//! whose gain on held-out train tasks is largest on top of those already proposed.

mod apply;
mod candidate;
mod cause;
mod edits;
mod exemplars;
mod narrative;
mod objective;
mod sample;
mod search;

use serde::{Deserialize, Serialize};

use crate::artifact::cluster::FailureCluster;
use crate::manifest::layout::Layout;
use crate::teacher::{Briefing, Diagnosed, Planned, Teacher, TeacherFailure};

/// Raised by hand whenever the same briefing would give another plan.
const REVISION: u32 = 1;

/// How far the teacher goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Most edits of a plan.
    pub max_edits: usize,
    /// Gain that an edit must exceed, as a share of the score, 0 to 1.
    pub min_gain: f64,
    /// Most train tasks that a candidate is measured on.
    pub sample: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_edits: 10,
            min_gain: 0.0,
            sample: 1_200,
        }
    }
}

/// The embedded teacher.
pub(crate) struct Rules {
    layout: Layout,
    settings: Settings,
}

impl Rules {
    /// A teacher for harnesses of this layout.
    pub(crate) fn new(layout: Layout, settings: Settings) -> Self {
        Self { layout, settings }
    }
}

impl Teacher for Rules {
    fn identity(&self) -> serde_json::Value {
        serde_json::json!({
            "engine": "rules", "revision": REVISION, "settings": self.settings, "layout": self.layout
        })
    }

    fn diagnose(&self, briefing: &Briefing) -> Result<Diagnosed, TeacherFailure> {
        if briefing.train.is_empty() {
            let problem = "there are no train tasks to learn from; add tasks with split \"train\"";
            return Err(problem.to_owned().into());
        }
        let failures = cause::failures(briefing, self.settings.sample);
        let clusters = cause::clusters(briefing, &failures, self.settings.sample);
        let traces_read = clusters
            .iter()
            .flat_map(|cluster| cluster.sample_trace_ids.iter().cloned());
        let unique: std::collections::BTreeSet<String> = traces_read.collect();
        Ok(Diagnosed {
            narrative: narrative::markdown(&failures, &clusters),
            traces_read: unique.into_iter().collect(),
            clusters,
            cost_usd: Some(0.0),
            log: Vec::new(),
        })
    }

    fn plan(&self, briefing: &Briefing, _: &str, clusters: &[FailureCluster]) -> Result<Planned, TeacherFailure> {
        let edits = match clusters.is_empty() || briefing.train.is_empty() {
            true => Vec::new(),
            false => search::edits(briefing, clusters, &self.settings),
        };
        Ok(Planned {
            edits,
            cost_usd: Some(0.0),
            ..Planned::default()
        })
    }
}

#[cfg(test)]
mod tests;
