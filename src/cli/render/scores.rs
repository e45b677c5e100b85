//! Prints a session's scores before and after. For a noisy student, each change has an interval, and a category that no
//! applied edit reaches is unchanged, although its two means may differ by chance.

use std::collections::{BTreeMap, BTreeSet};

use super::{STRONG, columns};
use crate::artifact::after::{self, After};
use crate::artifact::baseline::Baseline;
use crate::artifact::counted;
use crate::artifact::evaluation::Evaluation;
use crate::artifact::gate::numbers::GAMMA;
use crate::artifact::gate::settings::Mode;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::probe::Probe;
use crate::artifact::record::{SessionRecord, without_score};
use crate::cli::visible::visible;
use crate::gate::evidence::interval;
use crate::gate::words::points;
use crate::pipeline::state::settled;
use crate::workspace::session::Session;

/// Prints the scores before and after, overall and per category.
pub(crate) fn scores(session: &Session, record: &SessionRecord) {
    let (before, after) = match (&record.benchmark_before, &record.benchmark_after) {
        (Some(before), Some(after)) => (before, after),
        (Some(before), None) if settled(record) => {
            let was = 100.0 * before.overall_score;
            let unscored = without_score(Some(before), None)
                .map(|unscored| format!("{unscored}; "))
                .unwrap_or_default();
            return out!(
                "{STRONG}Gate score {was:.1} % → not measured{STRONG:#} ({unscored}an edit was accepted without the \
                gate; `kaizen eval --split gate` measures it)"
            );
        }
        _ => return,
    };
    let noise = NoisyScores::of(session);
    let (was, is) = (100.0 * before.overall_score, 100.0 * after.overall_score);
    let unscored = without_score(Some(before), Some(after))
        .map(|unscored| format!("; {unscored}"))
        .unwrap_or_default();
    out!(
        "{STRONG}Gate score {was:.1} % → {is:.1} %{STRONG:#} ({:+.1} points{}, {} that the teacher never saw{})",
        is - was,
        noise.as_ref().map(NoisyScores::overall).unwrap_or_default(),
        counted(after.task_count, "task"),
        unscored
    );
    if after.cluster_scores.len() < 2 {
        return;
    }
    let width = columns::width(after.cluster_scores.keys().map(String::as_str), 20);
    for (name, score) in &after.cluster_scores {
        let was = before.cluster_scores.get(name).copied().unwrap_or_default();
        let words = noise.as_ref().map(|noise| noise.category(name)).unwrap_or_default();
        out!(
            "  {:<width$} {:>5.1} % → {:>5.1} %{words}",
            visible(name),
            100.0 * was,
            100.0 * score
        );
    }
}

/// The paired differences of a noisy student's two evaluations.
pub(crate) struct NoisyScores {
    /// The differences after - before per category; 0 for a task that no applied edit reaches.
    differences: BTreeMap<String, Vec<f64>>,
    /// The categories that an applied edit reaches; `None` if that is unknown.
    reached: Option<BTreeSet<String>>,
}

impl NoisyScores {
    /// `None` if the student is deterministic, or a file cannot be read.
    pub(crate) fn of(session: &Session) -> Option<Self> {
        let baseline: Baseline = session.read("baseline.json").ok()??;
        let after: After = session.read(after::FILE).ok()??;
        let outcomes: Vec<Outcome> = session.outcomes().ok()?.into_values().collect();
        let bet = |outcome: &Outcome| outcome.gate.as_ref().is_some_and(|gate| gate.mode != Mode::Exact);
        let is_noisy = baseline.probe.as_ref().is_some_and(Probe::is_noisy) || outcomes.iter().any(bet);
        is_noisy.then(|| Self::new(&baseline.evaluation, &after.evaluation, reached(&outcomes)))
    }

    fn new(before: &Evaluation, after: &Evaluation, reached: Option<BTreeSet<String>>) -> Self {
        let was: BTreeMap<&str, Option<f64>> = before
            .tasks
            .iter()
            .map(|task| (task.task_id.as_str(), task.score))
            .collect();
        let mut differences: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for task in &after.tasks {
            let was = was.get(task.task_id.as_str()).copied().flatten();
            if let Some((is, was)) = task.score.zip(was) {
                let touched = reached.as_ref().is_none_or(|reached| reached.contains(&task.category));
                let difference = if touched { is - was } else { 0.0 };
                differences.entry(task.category.clone()).or_default().push(difference);
            }
        }
        Self { differences, reached }
    }

    /// The 90 % interval of the change of the overall score, as fractions; `None` if no edit was applied.
    pub(crate) fn interval(&self) -> Option<[f64; 2]> {
        if self.reached.as_ref().is_some_and(BTreeSet::is_empty) {
            return None;
        }
        let all: Vec<f64> = self.differences.values().flatten().copied().collect();
        Some(interval(&all, GAMMA))
    }

    /// The 90 % interval of the change of a category, as fractions; `None` if no applied edit reaches it.
    pub(crate) fn category_interval(&self, name: &str) -> Option<[f64; 2]> {
        let is_reached = self.reached.as_ref().is_none_or(|reached| reached.contains(name));
        let differences = self.differences.get(name).map_or(&[][..], Vec::as_slice);
        is_reached.then(|| interval(differences, GAMMA))
    }

    /// What follows the change of the overall score.
    fn overall(&self) -> String {
        match self.interval() {
            None => "; unchanged: no edit was applied".to_owned(),
            Some(interval) => format!("; {}", range(interval)),
        }
    }

    /// What follows the scores of a category.
    fn category(&self, name: &str) -> String {
        match self.category_interval(name) {
            None => "  unchanged: no applied edit reaches it".to_owned(),
            Some(interval) => format!("  {}", range(interval)),
        }
    }
}

/// The interval of a mean difference in words.
fn range(interval: [f64; 2]) -> String {
    format!("{} points at 90 %", points(interval))
}

/// The categories with a task whose request an applied edit changes; `None` if an applied edit has no list of them.
fn reached(outcomes: &[Outcome]) -> Option<BTreeSet<String>> {
    let mut reached = BTreeSet::new();
    for outcome in outcomes
        .iter()
        .filter(|outcome| outcome.status == OutcomeStatus::Applied)
    {
        let record = outcome.gate.as_ref()?;
        reached.extend(record.reached.iter().map(|task| task.category.clone()));
    }
    Some(reached)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::evaluation::TaskScore;

    fn evaluation(scores: &[f64]) -> Evaluation {
        let task = |(at, score): (usize, &f64)| TaskScore {
            task_id: format!("t{at}"),
            category: ["a", "b"][at % 2].to_owned(),
            score: Some(*score),
            unscored: None,
            failed: None,
        };
        Evaluation::of(scores.iter().enumerate().map(task).collect())
    }

    #[test]
    fn what_no_edit_reaches_is_unchanged_and_the_rest_has_an_interval() {
        let (before, after) = (evaluation(&[0.0; 40]), evaluation(&[1.0; 40]));
        let of = |reached: Option<&[&str]>| {
            let reached = reached.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            NoisyScores::new(&before, &after, reached)
        };
        let some = of(Some(&["a"]));
        assert_eq!(some.category("b"), "  unchanged: no applied edit reaches it");
        let range = |differences: &[f64]| range(interval(differences, GAMMA));
        assert_eq!(some.category("a"), format!("  {}", range(&[1.0; 20])));
        assert_eq!(some.overall(), format!("; {}", range(&[[1.0; 20], [0.0; 20]].concat())));
        assert_eq!(of(Some(&[])).overall(), "; unchanged: no edit was applied");
        let unknown = of(None);
        assert_eq!(unknown.category("b"), format!("  {}", range(&[1.0; 20])));
    }
}
