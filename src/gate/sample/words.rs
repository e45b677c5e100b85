//! Describes a decision of mode `sample` to people, in one sentence with its counts.

use std::collections::BTreeMap;

use crate::artifact::counted;
use crate::artifact::gate::numbers::Tally;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::GateRecord;
use crate::artifact::gate::sample::SampleEvidence;
use crate::gate::design::sample_design;
use crate::gate::sample::summary::fallen;
use crate::gate::words::{NO_BUDGET, change, counts, points, tasks};

impl GateRecord {
    /// The reason of a decision of mode `sample`. `kaizen verify` compares it with the recorded one, so the words of old
    /// reasons must not change.
    pub(crate) fn line_of_sample(&self, sample: &SampleEvidence) -> String {
        let (score, stopped) = (score(sample), stopped(sample));
        let p = sample.p.map_or(String::new(), |p| format!("p = {}", chance(p)));
        let level = chance(sample.level);
        match self.reason {
            GateReason::Improved => format!("improved: {score}, {p}, at most {level} is accepted"),
            // A run without a level of its own, which a person asked for.
            GateReason::Likely if sample.level == 0.0 => format!("likely helps, not proven: {score}, {p}"),
            GateReason::Likely => format!("likely helps, not proven: {score}, {p}, but at most {level} is accepted"),
            GateReason::Open => format!("open: {score} may be chance, {p}"),
            GateReason::CategoryFell => format!("category fell: {score}, {p}, but {}", self.fell()),
            GateReason::Harmful => format!("harmful: {score}{stopped}"),
            GateReason::NoEffect if sample.n == 0 => "no effect: the edit changes no request of a gate task".to_owned(),
            GateReason::NoEffect => format!("no effect: no score changed{stopped}"),
            GateReason::NoGain => format!("no gain: {score}{stopped}"),
            GateReason::TooSmall => format!(
                "too small: {score}{stopped}, a gain of {} points has become unlikely",
                (1000.0 * sample.useful).round() / 10.0
            ),
            GateReason::NoHeadroom => "no headroom: no gate task that the edit reaches fails without it".to_owned(),
            GateReason::NoBudget => NO_BUDGET.to_owned(),
            GateReason::Infrastructure => format!(
                "infrastructure: {} of {} pairs were lost for reasons that are not the agent's",
                self.pairs.iter().filter(|pair| pair.x.is_none()).count(),
                self.pairs.len()
            ),
            // Reasons of other modes, which no record of this mode states.
            reason => reason.name().replace('_', " "),
        }
    }

    /// The reason, and the setting that would change it.
    pub(crate) fn told_of_sample(&self, sample: &SampleEvidence) -> String {
        let advice = match self.reason {
            GateReason::Likely => "; more gate tasks or a larger [gate] alpha_session can prove it",
            GateReason::Open => "; more gate tasks can tell",
            GateReason::CategoryFell => "; [gate] max_regression sets how much a category may lose",
            GateReason::TooSmall => "; a smaller [gate] beta looks longer",
            GateReason::NoHeadroom => "; add harder tasks",
            _ => "",
        };
        format!("{}{advice}", self.line_of_sample(sample))
    }

    /// The categories that fell, with their counts.
    pub(crate) fn fell(&self) -> String {
        let design = sample_design(self);
        let names: Vec<&str> = self.sizes.keys().map(String::as_str).collect();
        let mut differences: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (task, difference) in self.differences() {
            if let Some(reached) = self.reached.iter().find(|reached| reached.task == task) {
                differences.entry(&reached.category).or_default().push(difference);
            }
        }
        let place = |name: &str| names.iter().position(|other| *other == name);
        let by_place = differences
            .iter()
            .filter_map(|(name, of)| Some((place(name)?, of.clone())))
            .collect();
        let sizes = self.sizes.values().copied().enumerate().collect();
        let one = |at: usize| {
            let of = differences.get(names[at]).map_or(&[][..], Vec::as_slice);
            let tally = Tally::of(of);
            let delta = of.iter().sum::<f64>() / self.sizes[names[at]].max(1) as f64;
            format!(
                "{} fell by {:.1} points ({}, {})",
                names[at],
                -100.0 * delta,
                counted(tally.wins, "win"),
                counted(tally.losses, "loss")
            )
        };
        let fell = fallen(&by_place, &sizes, &design.settings).into_iter().map(one);
        fell.collect::<Vec<_>>().join(", ")
    }
}

/// The numbers in one line, for a commit trailer.
pub(crate) fn evidence_of_sample(sample: &SampleEvidence) -> String {
    let counts = counts(&tally(sample));
    match (sample.gain, sample.interval) {
        (Some(gain), Some(interval)) => format!(
            "sample {} ({counts} in {}; p = {}{})",
            change(gain, interval),
            tasks(sample.n),
            sample.p.map_or("none".to_owned(), chance),
            match sample.level {
                0.0 => String::new(),
                level => format!(", level {}", chance(level)),
            }
        ),
        (_, Some(interval)) => format!(
            "sample stopped after {} of {}, {} points ({counts})",
            sample.n,
            sample.of,
            points(interval)
        ),
        (_, None) => format!("sample without a run ({} can gain nothing)", tasks(sample.of)),
    }
}

/// A probability with two or three digits that count.
pub(crate) fn chance(p: f64) -> String {
    match p {
        p if p >= 0.1 => format!("{p:.2}"),
        p if p >= 0.01 => format!("{p:.3}"),
        p if p >= 0.0001 => format!("{p:.4}"),
        _ => "less than 0.0001".to_owned(),
    }
}

/// Wins and losses, and of how many tasks: `12 wins and 4 losses in 100 tasks`.
fn score(sample: &SampleEvidence) -> String {
    format!(
        "{} and {} in {}",
        counted(sample.wins, "win"),
        counted(sample.losses, "loss"),
        tasks(sample.n)
    )
}

/// Where an incomplete trial stopped.
fn stopped(sample: &SampleEvidence) -> String {
    match sample.complete {
        true => String::new(),
        false => format!(", stopped after {} of {}", sample.n, sample.of),
    }
}

fn tally(sample: &SampleEvidence) -> Tally {
    Tally {
        wins: sample.wins,
        losses: sample.losses,
        ties: sample.ties,
    }
}
