//! The gate's evidence about an edit, as numbers for charts: wins and losses by category, intervals, and evidence against
//! its threshold. It names no gate task.

use std::collections::BTreeMap;

use crate::artifact::gate::numbers::{Numbers, Tally};
use crate::artifact::gate::record::{GateEvidence, GateRecord, Pair, StagedEvidence};
use crate::artifact::gate::sample::SampleEvidence;
use crate::artifact::gate::settings::Mode;
use crate::artifact::gate::verdict::Verdict;
use crate::artifact::outcome::Outcome;
use crate::artifact::screening::ScreenedEdit;
use crate::cli::report::veil::{ShownText, Veil};
use crate::gate::sample::words::chance;
use crate::gate::words;

/// The maximum number of categories with a row of their own.
const MOST_CATEGORIES: usize = 12;

/// The evidence for or against an edit.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrialStory {
    /// What decided: a mode of the gate, or a screening on train tasks.
    pub mode: &'static str,
    /// The category that had to gain, or `None` if all tasks counted together.
    pub target: Option<ShownText>,
    /// How many gate tasks the edit reaches, and how many there are; `None` if that is unknown.
    pub reach: Option<(usize, usize)>,
    /// How many runs were made with the edit and without it; `None` if that is unknown.
    pub runs: Option<(usize, usize)>,
    /// The change of the score, as a fraction; `None` if the trial stopped before all tasks ran.
    pub gain: Option<f64>,
    /// The 90 % interval of the change, as fractions.
    pub interval: Option<[f64; 2]>,
    /// Wins, losses and ties of each group of tasks that was counted.
    pub tallies: Vec<GroupTally>,
    /// Evidence, each with its threshold.
    pub gauges: Vec<EvidenceGauge>,
    /// The categories that changed.
    pub categories: Vec<CategoryChange>,
    /// The number of categories without a change, and of those for which there is no place.
    pub others: usize,
}

/// Wins, losses and ties of a group of tasks.
#[derive(Clone, Debug)]
pub(crate) struct GroupTally {
    /// The name of the group. `None` stands for the category in `TrialStory::target`.
    pub name: Option<&'static str>,
    /// The counts.
    pub tally: Tally,
}

/// Evidence against its threshold.
#[derive(Clone, Debug)]
pub(crate) struct EvidenceGauge {
    /// What the evidence is about.
    pub name: &'static str,
    /// The evidence as a share of the threshold; negative if it speaks against.
    pub share: f64,
    /// The numbers in words.
    pub words: String,
}

/// The change of one category.
#[derive(Clone, Debug)]
pub(crate) struct CategoryChange {
    /// The category.
    pub name: ShownText,
    /// Wins and losses.
    pub counts: (usize, usize),
    /// The number of its gate tasks.
    pub tasks: usize,
    /// The change of its mean, as a fraction; `None` if not all tasks ran.
    pub delta: Option<f64>,
    /// The 90 % interval of that change, if the mode has one.
    pub interval: Option<[f64; 2]>,
}

impl TrialStory {
    /// The evidence in an outcome; `None` for an edit that was never judged.
    pub(crate) fn of(outcome: &Outcome, veil: &Veil) -> Option<Self> {
        let gate = outcome.gate.as_ref().map(|record| of_record(record, veil));
        let verdict = || outcome.verdict.as_ref().map(|verdict| of_verdict(verdict, veil));
        gate.or_else(verdict)
            .or_else(|| outcome.screened.as_ref().map(of_screening))
    }

    fn with_categories(self, mut all: Vec<CategoryChange>) -> Self {
        let count = all.len();
        all.retain(|one| one.counts != (0, 0) || one.delta.is_some_and(|delta| delta != 0.0));
        let size = |one: &CategoryChange| one.delta.unwrap_or_default().abs();
        all.sort_by(|one, other| {
            let moved = |one: &CategoryChange| one.counts.0 + one.counts.1;
            let by_size = size(other).total_cmp(&size(one));
            by_size
                .then(moved(other).cmp(&moved(one)))
                .then(one.name.cmp(&other.name))
        });
        all.truncate(MOST_CATEGORIES);
        Self {
            others: count - all.len(),
            categories: all,
            ..self
        }
    }
}

fn of_record(record: &GateRecord, veil: &Veil) -> TrialStory {
    let story = TrialStory {
        mode: words::mode(record.mode),
        target: record.target.as_deref().map(|target| veil.line(target)),
        reach: Some((record.reached.len(), record.tasks())),
        runs: Some((record.calls.edited, record.calls.baseline)),
        gain: record.overall_delta(),
        interval: record.interval(),
        ..match &record.evidence {
            GateEvidence::Staged(staged) => of_stages(record, staged),
            GateEvidence::Sample(sample) => of_sample(sample),
        }
    };
    story.with_categories(categories(record, veil))
}

fn of_stages(record: &GateRecord, staged: &StagedEvidence) -> TrialStory {
    let numbers = &staged.numbers;
    let target = GroupTally {
        name: record.target.is_none().then_some("all tasks"),
        tally: numbers.target,
    };
    let others = GroupTally {
        name: Some("other tasks"),
        tally: numbers.other,
    };
    TrialStory {
        tallies: [target, others]
            .into_iter()
            .filter(|one| one.tally.pairs() > 0)
            .collect(),
        gauges: gauges(record.mode, numbers),
        ..TrialStory::default()
    }
}

fn gauges(mode: Mode, numbers: &Numbers) -> Vec<EvidenceGauge> {
    let gauge = |name, log_e: f64, needed: f64| EvidenceGauge {
        name,
        share: log_e / needed,
        words: format!("log e {log_e:+.2}, threshold {needed:.2}"),
    };
    if mode == Mode::Exact {
        let beyond = gauge("evidence that similar tasks gain too", numbers.log_e, 100f64.ln());
        return vec![EvidenceGauge {
            words: format!(
                "log e {:+.2}; 4.61 is evidence at 1 %, which this mode does not need",
                numbers.log_e
            ),
            ..beyond
        }];
    }
    let target = numbers
        .log_e_needed
        .map(|needed| gauge("evidence of a gain", numbers.log_e, needed));
    let whole = numbers.log_e_overall.zip(numbers.log_e_overall_needed);
    let whole = whole.map(|(log_e, needed)| gauge("evidence that the whole gains", log_e, needed));
    target.into_iter().chain(whole).collect()
}

fn of_sample(sample: &SampleEvidence) -> TrialStory {
    let SampleEvidence { wins, losses, ties, .. } = *sample;
    let gauge = |p: f64| EvidenceGauge {
        name: "evidence of a gain",
        share: p.max(f64::MIN_POSITIVE).ln() / sample.level.ln(),
        words: format!("p = {}, at most {} is accepted", chance(p), chance(sample.level)),
    };
    let is_bounded = sample.level > 0.0 && sample.level < 1.0;
    TrialStory {
        tallies: vec![GroupTally {
            name: Some("all tasks"),
            tally: Tally { wins, losses, ties },
        }],
        gauges: sample.p.filter(|_| is_bounded).map(gauge).into_iter().collect(),
        ..TrialStory::default()
    }
}

/// The change of each category: wins and losses from the pairs, the mean if all tasks ran.
fn categories(record: &GateRecord, veil: &Veil) -> Vec<CategoryChange> {
    let of: BTreeMap<&str, &str> = record
        .reached
        .iter()
        .map(|reached| (reached.task.as_str(), reached.category.as_str()))
        .collect();
    let rest = record.completed.as_ref().map_or(&[][..], |complete| &complete.rest);
    let mut counts: BTreeMap<&str, (usize, usize)> = record.sizes.keys().map(|name| (name.as_str(), (0, 0))).collect();
    let difference = |pair: &Pair| Some((*of.get(pair.task.as_str())?, pair.difference()?));
    for (category, difference) in record.pairs.iter().chain(rest).filter_map(difference) {
        count(&mut counts, category, difference);
    }
    let deltas = record.category_deltas();
    let one = |(name, counts): (&str, (usize, usize))| CategoryChange {
        counts,
        tasks: record.sizes.get(name).copied().unwrap_or_default(),
        delta: deltas.get(name).copied(),
        interval: record.category_interval(name),
        name: veil.line(name),
    };
    counts.into_iter().map(one).collect()
}

/// Counts a task as a win or a loss of its category.
fn count<'c>(counts: &mut BTreeMap<&'c str, (usize, usize)>, category: &'c str, difference: f64) {
    let Tally { wins, losses, .. } = Tally::of(&[difference]);
    let count = counts.entry(category).or_default();
    *count = (count.0 + wins, count.1 + losses);
}

fn of_verdict(verdict: &Verdict, veil: &Veil) -> TrialStory {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for task in &verdict.changed {
        count(&mut counts, &task.category, task.after - task.before);
    }
    let one = |(name, delta): (&String, &f64)| CategoryChange {
        counts: counts.get(name.as_str()).copied().unwrap_or_default(),
        tasks: verdict.categories.get(name).map_or(0, |sums| sums.count),
        delta: Some(*delta),
        interval: None,
        name: veil.line(name),
    };
    let Verdict { wins, losses, ties, .. } = *verdict;
    let story = TrialStory {
        mode: words::mode(Mode::Rule),
        gain: Some(verdict.overall_delta),
        interval: verdict.interval(),
        tallies: vec![GroupTally {
            name: Some("all tasks"),
            tally: Tally { wins, losses, ties },
        }],
        ..TrialStory::default()
    };
    story.with_categories(verdict.cluster_deltas.iter().map(one).collect())
}

fn of_screening(screened: &ScreenedEdit) -> TrialStory {
    let ScreenedEdit { wins, losses, ties, .. } = *screened;
    TrialStory {
        mode: "screening on train tasks",
        tallies: vec![GroupTally {
            name: Some("train tasks"),
            tally: Tally { wins, losses, ties },
        }],
        ..TrialStory::default()
    }
}
