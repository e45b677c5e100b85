//! Describes a gate decision to people in one line, with an interval instead of a bare mean.

use crate::artifact::counted;
use crate::artifact::gate::numbers::{Numbers, Tally};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::GateRecord;
use crate::artifact::gate::settings::Mode;

impl GateRecord {
    /// The reason for the decision, in one line. `kaizen verify` compares it with the recorded one, so the words of old
    /// reasons must not change.
    pub(crate) fn line(&self) -> String {
        let what = self.target.as_deref().unwrap_or("the whole");
        let numbers = &self.numbers;
        let gain = points(numbers.interval_target);
        match (self.reason, self.mode) {
            (GateReason::Improved, Mode::Exact) => format!(
                "improved: {what} gained on {} of its tasks and lost on {}, nothing else fell by more than {}",
                numbers.target.wins,
                numbers.target.losses,
                percent(self.settings.eps)
            ),
            (GateReason::Improved, _) => format!("improved: {what} changed by {gain} points{}", overall(numbers)),
            (GateReason::Futile, _) => format!(
                "futile: after {} a gain of {} in {what} has become unlikely, it changed by {gain} points",
                pairs(&numbers.target),
                percent(self.settings.delta_min)
            ),
            (GateReason::Inconclusive, _) => format!(
                "inconclusive: {} in {what} gave {} of the evidence that an accept needs, it changed by {gain} points",
                pairs(&numbers.target),
                share(numbers.log_e, numbers.log_e_needed)
            ),
            (GateReason::OverallUnproven, _) => format!(
                "overall unproven: {what} changed by {gain} points, and {} of the others gave {} of the evidence that the \
                 whole gains",
                pairs(&numbers.other),
                share(numbers.log_e_overall.unwrap_or(0.0), numbers.log_e_overall_needed)
            ),
            (GateReason::Harm, _) => format!(
                "harm: {what} changed by {gain} points, and the others fell: {} points",
                points(numbers.interval_other)
            ),
            (GateReason::NoAffectedTargetTask, _) => format!(
                "no affected target task: the edit changes no request of {what}, and reaches {} of {} gate tasks",
                self.reached.len(),
                self.tasks()
            ),
            (GateReason::NoImprovement, _) => self.no_improvement(what),
            (GateReason::Regression, _) => format!("regression: {}", self.fallen()),
            (GateReason::Infrastructure, _) => format!(
                "infrastructure: {} of {} pairs were lost for reasons that are not the agent's",
                numbers.dropped,
                self.pairs.len()
            ),
            (
                GateReason::Likely
                | GateReason::Open
                | GateReason::CategoryFell
                | GateReason::Harmful
                | GateReason::NoEffect
                | GateReason::NoGain
                | GateReason::TooSmall
                | GateReason::NoHeadroom,
                _,
            ) => self.reason.name().replace('_', " "),
            (GateReason::NoBudget, _) => {
                "no budget: this session's error budget is spent; `kaizen run --new` starts one with \
                                      its own, budget = \"open\" in [gate] always leaves some"
                    .to_owned()
            }
        }
    }

    /// The numbers in one line, for a commit trailer. In mode `exact` the change is a fact about these tasks. Other
    /// modes show an interval, because the mean at the moment of a decision is optimistic.
    pub(crate) fn evidence(&self) -> String {
        let Numbers { target, other, .. } = &self.numbers;
        let sum = Tally {
            wins: target.wins.saturating_add(other.wins),
            losses: target.losses.saturating_add(other.losses),
            ties: target.ties.saturating_add(other.ties),
        };
        let needed = self.numbers.log_e_needed.map_or(String::new(), |needed| {
            format!(", log e {:.2} of {needed:.2}", self.numbers.log_e)
        });
        let change = match (self.mode, self.overall_delta()) {
            (Mode::Exact, Some(delta)) => format!("{:+.1} points", 100.0 * delta),
            (Mode::Exact, None) => "overall change unknown".to_owned(),
            _ => format!(
                "{} points in {}",
                points(self.numbers.interval_target),
                self.target.as_deref().unwrap_or("the overall score")
            ),
        };
        format!(
            "{} {change} ({}, {}, {} in {}{needed}; {} of {} tasks reached)",
            mode(self.mode),
            counted(sum.wins, "win"),
            counted(sum.losses, "loss"),
            counted(sum.ties, "tie"),
            pairs(&sum),
            self.reached.len(),
            self.tasks()
        )
    }

    fn no_improvement(&self, what: &str) -> String {
        let target = &self.numbers.target;
        if self.reached.is_empty() {
            return "no improvement: the edit changes no request of any gate task".to_owned();
        }
        if target.pairs() == 0 {
            return format!("no improvement: {what} cannot gain, none of the tasks that the edit reaches fails there");
        }
        let flaky = match self.numbers.flaky {
            0 => String::new(),
            flaky => format!(", and {flaky} flips did not repeat"),
        };
        format!(
            "no improvement: of {} in {what} {} gained and {} lost{flaky}",
            tasks(target.pairs()),
            target.wins,
            target.losses
        )
    }

    /// The categories that fell by more than the tolerance, worst first.
    fn fallen(&self) -> String {
        let mut fallen: Vec<_> = self
            .category_deltas()
            .into_iter()
            .filter(|(_, delta)| *delta < -self.settings.eps)
            .collect();
        fallen.sort_by(|one, two| one.1.total_cmp(&two.1));
        let one = |(name, delta): &(String, f64)| format!("{name} {:+.1} points", 100.0 * delta);
        let fallen: Vec<String> = fallen.iter().map(one).collect();
        format!(
            "{} (more than {} is not tolerated)",
            fallen.join(", "),
            percent(self.settings.eps)
        )
    }
}

/// The name of a mode as users see it.
pub(crate) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Auto => "auto",
        Mode::Exact => "exact",
        Mode::Sequential => "sequential",
        Mode::Sample => "sample",
        Mode::Rule => "rule",
    }
}

/// An interval of differences in points: `+20.3 to +59.3`.
pub(crate) fn points([low, high]: [f64; 2]) -> String {
    format!("{:+.1} to {:+.1}", 100.0 * low, 100.0 * high)
}

fn overall(numbers: &Numbers) -> String {
    match numbers.other.pairs() {
        0 => String::new(),
        _ => format!(", the others by {}", points(numbers.interval_other)),
    }
}

fn percent(share: f64) -> String {
    match (1000.0 * share).round() / 10.0 {
        1.0 => "1 point".to_owned(),
        points => format!("{points} points"),
    }
}

fn share(log_e: f64, needed: Option<f64>) -> String {
    let of = needed.map_or(0.0, |needed| log_e / needed).clamp(0.0, 1.0);
    format!("{:.0} %", 100.0 * of)
}

fn pairs(tally: &Tally) -> String {
    counted(tally.pairs(), "pair")
}

/// A number of tasks with its noun: `1 task`, `2 tasks`.
pub(crate) fn tasks(count: usize) -> String {
    counted(count, "task")
}
