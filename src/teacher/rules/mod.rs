//! The built-in teacher `rules`: an optimizer without a language model.
//!
//! It runs the student on train tasks and groups the failures by cause. Its diagnosis lists the clusters with some of
//! their failures. For the embedded student it then chooses edits one by one: each time the edit with the largest gain on
//! held-out train tasks, on top of those already chosen. For students that cost money or seconds, configurations race
//! within a budget.

mod candidate;
mod cause;
mod edits;
mod gains;
mod objective;
mod outage;
mod race;
mod sample;
mod search;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use self::cause::Failures;
pub(crate) use self::race::RaceSettings;
use crate::artifact::Money;
use crate::artifact::counted;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::task::Task;
use crate::llm::redact::Redactor;
use crate::manifest::layout::Layout;
use crate::teacher::{Briefing, Teacher, TeacherDiagnosis, TeacherFailure, TeacherPlan};

/// Increase this by hand if the same briefing now gives a different plan.
const REVISION: u32 = 4;

/// The largest number of failures shown per cluster.
const SHOWN: usize = 3;

/// The limits of the teacher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RulesSettings {
    /// The largest number of edits in a plan.
    pub max_edits: usize,
    /// The gain that an edit must exceed, as a share of the score, 0 to 1.
    pub min_gain: f64,
    /// The largest number of train tasks on which a candidate is measured.
    pub sample: usize,
    /// How to work with a student that costs money or seconds; `None` for the embedded student.
    pub race: Option<RaceSettings>,
}

impl Default for RulesSettings {
    fn default() -> Self {
        Self {
            max_edits: 10,
            min_gain: 0.0,
            sample: 1_200,
            race: None,
        }
    }
}

/// The built-in teacher.
pub(crate) struct RulesTeacher {
    layout: Layout,
    settings: RulesSettings,
}

impl RulesTeacher {
    /// A teacher for harnesses of this layout.
    pub(crate) fn new(layout: Layout, settings: RulesSettings) -> Self {
        Self { layout, settings }
    }

    /// The edits that it would plan, with what it measured, for another teacher.
    ///
    /// # Errors
    /// The student cannot be run.
    pub(crate) fn candidates(&self, briefing: &Briefing) -> Result<Vec<Edit>, TeacherFailure> {
        if briefing.train.is_empty() {
            return Ok(Vec::new());
        }
        let clusters = self.diagnose(briefing)?.clusters;
        let own_words = |mut edit: Edit| {
            // The clusters are those of the built-in teacher, which nobody else knows.
            edit.expected_improvement.clear();
            edit
        };
        Ok(self
            .plan(briefing, "", &clusters)?
            .edits
            .into_iter()
            .map(own_words)
            .collect())
    }
}

impl Teacher for RulesTeacher {
    fn identity(&self) -> serde_json::Value {
        serde_json::json!({
            "engine": "rules", "revision": REVISION, "settings": self.settings, "layout": self.layout
        })
    }

    fn diagnose(&self, briefing: &Briefing) -> Result<TeacherDiagnosis, TeacherFailure> {
        let train = answered(briefing);
        let briefing = &Briefing {
            train: &train,
            ..*briefing
        };
        if briefing.train.is_empty() {
            let problem = "there are no train tasks to learn from; add tasks with split \"train\"";
            return Err(problem.to_owned().into());
        }
        let (narrative, clusters) = outage::unless_out(briefing, |briefing| {
            let (failures, solved) = match &self.settings.race {
                Some(race) => (race::failures(briefing, race), BTreeSet::new()),
                None => {
                    let sample = self.settings.sample;
                    (
                        cause::failures(briefing, sample),
                        cause::solved_by_teacher(briefing, sample),
                    )
                }
            };
            let clusters = cause::clusters(briefing, &failures, &solved);
            (markdown(&failures, &clusters, self.settings.race.is_none()), clusters)
        })?;
        let traces_read = clusters
            .iter()
            .flat_map(|cluster| cluster.sample_trace_ids.iter().cloned());
        let unique: BTreeSet<String> = traces_read.collect();
        Ok(TeacherDiagnosis {
            narrative,
            traces_read: unique.into_iter().collect(),
            clusters,
            cost_usd: Some(Money::ZERO),
            log: Vec::new(),
        })
    }

    fn plan(&self, briefing: &Briefing, _: &str, clusters: &[FailureCluster]) -> Result<TeacherPlan, TeacherFailure> {
        let train = answered(briefing);
        let briefing = &Briefing {
            train: &train,
            ..*briefing
        };
        let edits = match clusters.is_empty() || briefing.train.is_empty() {
            true => Vec::new(),
            false => outage::unless_out(briefing, |briefing| match &self.settings.race {
                Some(race) => race::edits(briefing, clusters, race, self.settings.max_edits),
                None => search::edits(briefing, clusters, &self.settings),
            })?,
        };
        Ok(TeacherPlan {
            edits,
            cost_usd: Some(Money::ZERO),
            ..TeacherPlan::default()
        })
    }
}

/// The train tasks with an answer of the agent. This teacher has no edit for those that ask which skills a query needs.
fn answered(briefing: &Briefing) -> Vec<Task> {
    let has_answer = |task: &&Task| task.loads.is_none();
    briefing.train.iter().filter(has_answer).cloned().collect()
}

/// The narrative in Markdown: the measurements, and each cluster with some of its failures.
fn markdown(failures: &Failures, clusters: &[FailureCluster], tries_remedies: bool) -> String {
    let measured: usize = failures.measured.values().sum();
    let mut text = format!(
        "# Diagnosis\n\nThe student was run on {}, spread evenly over {}; \
         it failed {}.\n",
        counted(measured, "train task"),
        match failures.measured.len() {
            1 => "1 category".to_owned(),
            categories => format!("{categories} categories"),
        },
        failures.failed.len()
    );
    for cluster in clusters {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## {}\n\n{}\n\n", cluster.id, cluster.description);
        let of_cluster = failures.failed.iter().filter(|failure| failure.cluster() == cluster.id);
        for failure in of_cluster.take(SHOWN) {
            let (query, said) = (quoted(&failure.task.query), quoted(&failure.answer));
            let _ = writeln!(
                text,
                "- {query} was answered {said}, expected {}",
                quoted(failure.task.reference_answer.as_str())
            );
        }
        let rate = 100.0 * cluster.teacher_success_rate;
        if tries_remedies {
            let _ = writeln!(
                text,
                "\nWith the first remedies in place, {rate:.0} % of these failures were solved."
            );
        }
    }
    text
}

/// One line of at most 120 characters, without keys and passwords, that cannot end a code span or a block.
fn quoted(text: &str) -> String {
    let text = Redactor::default().keys_only().text(text).into_owned();
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    format!("`{}`", line.chars().take(120).collect::<String>())
}
