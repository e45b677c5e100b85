//! Describes a gate decision to people in one line, with an interval instead of a bare mean.

use crate::artifact::counted;
use crate::artifact::gate::numbers::{Numbers, TOLERANCE, Tally};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{CompleteRun, GateEvidence, GateRecord, StagedEvidence};
use crate::artifact::gate::settings::{GateSettings, Mode};
use crate::gate::exact::FALL;
use crate::gate::sample::words::evidence_of_sample;

impl GateRecord {
    /// The reason for the decision, in one line. `kaizen verify` compares it with the recorded one, so the words of old
    /// reasons must not change.
    pub(crate) fn line(&self) -> String {
        match &self.evidence {
            GateEvidence::Staged(staged) => self.line_of(staged),
            GateEvidence::Sample(sample) => self.line_of_sample(sample),
        }
    }

    /// What people read about a decision against an edit: the reason with its counts, and the setting that would change
    /// it. The interval is printed beside it.
    pub(crate) fn told(&self) -> String {
        match &self.evidence {
            GateEvidence::Staged(staged) => self.told_of(staged),
            GateEvidence::Sample(sample) => self.told_of_sample(sample),
        }
    }

    fn told_of(&self, staged: &StagedEvidence) -> String {
        let what = self.target.as_deref().unwrap_or("the whole");
        let numbers = &staged.numbers;
        let score = |tally: &Tally| format!("{}, {}", counted(tally.wins, "win"), counted(tally.losses, "loss"));
        match self.reason {
            GateReason::Futile => format!(
                "futile: after {} a gain of {} in {what} has become unlikely ({}); a smaller [gate] delta_min tries longer",
                pairs(&numbers.target),
                percent(staged.settings.delta_min),
                score(&numbers.target)
            ),
            GateReason::Inconclusive => format!(
                "inconclusive: {} in {what} gave {} of the evidence that an accept needs ({}); a larger [gate] max_pairs \
                 tries longer",
                pairs(&numbers.target),
                share(numbers.log_e, numbers.log_e_needed),
                score(&numbers.target)
            ),
            GateReason::OverallUnproven => format!(
                "overall unproven: {what} gained, and {} of the others gave {} of the evidence that the whole gains ({}); \
                 a larger [gate] guard_rounds tries longer",
                pairs(&numbers.other),
                share(numbers.log_e_overall.unwrap_or(0.0), numbers.log_e_overall_needed),
                score(&numbers.other)
            ),
            GateReason::Harm => format!(
                "harm: the other tasks fell ({} in {}); a larger [gate] max_regression tolerates more",
                score(&numbers.other),
                pairs(&numbers.other)
            ),
            _ => self.line_of(staged),
        }
    }

    fn line_of(&self, staged: &StagedEvidence) -> String {
        let what = self.target.as_deref().unwrap_or("the whole");
        let numbers = &staged.numbers;
        let gain = points(numbers.interval_target);
        match (self.reason, self.mode) {
            (GateReason::Improved, Mode::Exact) => format!(
                "improved: {what} gained on {} of its tasks and lost on {}, {}",
                numbers.target.wins,
                numbers.target.losses,
                match staged.settings.by_tasks {
                    true => "no other category fell".to_owned(),
                    false => format!("nothing else fell by more than {}", percent(staged.settings.eps)),
                }
            ),
            (GateReason::Improved, _) => format!("improved: {what} changed by {gain} points{}", overall(numbers)),
            (GateReason::Futile, _) => format!(
                "futile: after {} a gain of {} in {what} has become unlikely, it changed by {gain} points",
                pairs(&numbers.target),
                percent(staged.settings.delta_min)
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
            (GateReason::NoImprovement, _) => self.no_improvement(what, numbers),
            (GateReason::Regression, _) => format!("regression: {}", self.fallen(&staged.settings)),
            (GateReason::Infrastructure, _) => format!(
                "infrastructure: {} of {} pairs were lost for reasons that are not the agent's",
                numbers.dropped,
                self.pairs.len()
            ),
            (GateReason::NoBudget, _) => NO_BUDGET.to_owned(),
            // Reasons of mode `sample`, which no staged record states.
            (reason, _) => reason.name().replace('_', " "),
        }
    }

    /// The numbers in one line, for a commit trailer: the gain over all gate tasks with its interval, or where the trial
    /// stopped with an interval.
    pub(crate) fn evidence(&self) -> String {
        match &self.evidence {
            GateEvidence::Staged(staged) => self.evidence_of(staged),
            GateEvidence::Sample(sample) => evidence_of_sample(sample),
        }
    }

    fn evidence_of(&self, staged: &StagedEvidence) -> String {
        let mode = mode(self.mode);
        let needed = match staged.numbers.log_e_needed {
            Some(needed) => format!(", log e {:.2} of {needed:.2}", staged.numbers.log_e),
            None => String::new(),
        };
        if let Some(complete) = &self.completed {
            let CompleteRun {
                wins,
                losses,
                ties,
                gain,
                interval,
                ..
            } = complete;
            let counts = counts(&Tally {
                wins: *wins,
                losses: *losses,
                ties: *ties,
            });
            let ran = staged.ran.unwrap_or_default();
            let all = wins + losses + ties;
            let decided = if ran < all {
                format!(", decided after {ran}")
            } else {
                String::new()
            };
            return format!(
                "{mode} {} ({counts} in {}{decided}{needed})",
                change(*gain, *interval),
                tasks(all)
            );
        }
        let counts = counts(&sum(&staged.numbers));
        let reach = format!("{} of {} tasks reached", self.reached.len(), self.tasks());
        let stopped = staged.ran.filter(|ran| *ran < self.tasks());
        let found = match (stopped, self.overall_delta(), self.interval()) {
            (Some(ran), _, interval) => format!("stopped after {ran} of {}{}", self.tasks(), so_far(interval)),
            (None, Some(gain), Some(interval)) => change(gain, interval),
            (None, Some(gain), None) => format!("{:+.1} points", 100.0 * gain),
            (None, None, Some(interval)) => format!("{} points", points(interval)),
            (None, None, None) => "overall change unknown".to_owned(),
        };
        format!(
            "{mode} {found} ({counts} in {}{needed}; {reach})",
            pairs(&sum(&staged.numbers))
        )
    }

    fn no_improvement(&self, what: &str, numbers: &Numbers) -> String {
        let target = &numbers.target;
        if self.reached.is_empty() {
            return "no improvement: the edit changes no request of any gate task".to_owned();
        }
        if target.pairs() == 0 {
            return format!("no improvement: {what} cannot gain, none of the tasks that the edit reaches fails there");
        }
        let flaky = match numbers.flaky {
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
    fn fallen(&self, settings: &GateSettings) -> String {
        let fell = |delta: f64| match settings.by_tasks {
            true => delta <= TOLERANCE - FALL,
            false => delta < -settings.eps,
        };
        let mut fallen: Vec<_> = self
            .deltas_so_far()
            .into_iter()
            .filter(|(_, delta)| fell(*delta))
            .collect();
        fallen.sort_by(|one, two| one.1.total_cmp(&two.1));
        let one = |(name, delta): &(String, f64)| format!("{name} {:+.1} points", 100.0 * delta);
        let names: Vec<String> = fallen.iter().map(one).collect();
        let tolerated = match settings.by_tasks {
            true => "10 points and two tasks are not tolerated".to_owned(),
            false => format!("more than {} is not tolerated", percent(settings.eps)),
        };
        format!("{} ({tolerated})", names.join(", "))
    }
}

/// What the reason `no_budget` says.
pub(crate) const NO_BUDGET: &str = "no budget: this session's error budget is spent; `kaizen run --new` starts one with \
                                    its own, budget = \"open\" in [gate] always leaves some";

/// A change with its interval: `+14.0 points, 90 %: +6.5 to +21.0`.
pub(crate) fn change(gain: f64, interval: [f64; 2]) -> String {
    format!("{:+.1} points, 90 %: {}", 100.0 * gain, points(interval))
}

/// The interval of a trial that stopped.
fn so_far(interval: Option<[f64; 2]>) -> String {
    interval.map_or(String::new(), |interval| format!(", {} points", points(interval)))
}

/// All pairs of a staged trial.
fn sum(numbers: &Numbers) -> Tally {
    let Numbers { target, other, .. } = numbers;
    Tally {
        wins: target.wins.saturating_add(other.wins),
        losses: target.losses.saturating_add(other.losses),
        ties: target.ties.saturating_add(other.ties),
    }
}

/// `17 wins, 3 losses, 80 ties`
pub(crate) fn counts(tally: &Tally) -> String {
    format!(
        "{}, {}, {}",
        counted(tally.wins, "win"),
        counted(tally.losses, "loss"),
        counted(tally.ties, "tie")
    )
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
