//! Retire: asks the gate whether an edit that was applied long ago still helps.
//!
//! The harness without it is the baseline, the present one the candidate. First what it aimed at is asked about, as in
//! the session that applied it; when that no longer gains, all tasks together are, since an edit may have come to help
//! elsewhere. Both questions share the edit's part of an error budget that is no session's.

use std::collections::BTreeSet;

use crate::artifact::gate::numbers::Tally;
use crate::artifact::gate::record::{GateRecord, Runs, Stake};
use crate::artifact::gate::settings::{BudgetMode, Mode, Population, Settings};
use crate::artifact::gate::verdict::{GateRule, RuleKind, Verdict};
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::{Evaluator, Halted, evaluate};
use crate::gate;
use crate::gate::prune::{Fate, only_of_the_target};
use crate::gate::trial::{GatePolicy, Trial, TrialSpec};
use crate::harness::Harness;

/// What is asked.
pub(crate) struct Wanted<'a> {
    /// The harness without the edit.
    pub without: &'a Harness,
    /// The harness as it is.
    pub present: &'a Harness,
    /// The gate tasks.
    pub tasks: &'a [Task],
    /// The category that the edit aimed at.
    pub target: Option<&'a str>,
    /// The edit.
    pub edit: Digest,
    /// Its place among the edits that are looked at, from 1.
    pub number: usize,
    /// Its part of the error budget.
    pub alpha: f64,
    /// Whether two runs of the same thing were seen to differ.
    pub noisy: bool,
}

/// How the gate judges here.
pub(crate) struct Means<'a> {
    /// Scores a harness.
    pub evaluator: Evaluator<'a>,
    /// The settings of the gate.
    pub judging: GatePolicy,
    /// The rule of mode `rule`.
    pub rule: GateRule,
}

/// What the gate said: a record for each question, or the verdict on means.
pub(crate) enum Answer {
    /// Of the target, and where it was asked of all tasks as well.
    Trials(Vec<GateRecord>),
    /// In mode `rule`.
    Means(Box<Verdict>),
}

/// The fate of an edit, with what it rests on.
pub(crate) struct Judged {
    /// What becomes of it.
    pub fate: Fate,
    /// What the gate said.
    pub answer: Answer,
    /// Bytes that the harness is shorter without it.
    pub saved: i64,
    /// Runs that were not remembered; `None` in mode `rule`, which does not count them.
    pub made: Option<Runs>,
    /// Whether a flip did not repeat.
    pub flaky: bool,
}

/// Asks whether the edit still helps.
///
/// # Errors
/// Something halted the runs; what was attempted is remembered.
pub(crate) fn judge(means: &Means, wanted: &Wanted) -> Result<Judged, Halted> {
    let saved = bytes(wanted.present) - bytes(wanted.without);
    match means.judging.mode_for(wanted.noisy) {
        Mode::Rule => by_means(means, wanted, saved),
        mode => by_trials(means, wanted, mode, saved),
    }
}

fn by_means(means: &Means, wanted: &Wanted, saved: i64) -> Result<Judged, Halted> {
    let tasks: Vec<&Task> = wanted.tasks.iter().collect();
    let before = evaluate(&means.evaluator, wanted.without, &tasks)?;
    let after = evaluate(&means.evaluator, wanted.present, &tasks)?;
    let verdict = gate::decide(&before, &after, &means.rule, wanted.target);
    let Verdict { wins, losses, ties, .. } = verdict;
    Ok(Judged {
        fate: Fate::of_means(verdict.decision, &Tally { wins, losses, ties }, saved),
        answer: Answer::Means(Box::new(verdict)),
        saved,
        made: None,
        flaky: false,
    })
}

fn by_trials(means: &Means, wanted: &Wanted, mode: Mode, saved: i64) -> Result<Judged, Halted> {
    let target = wanted
        .target
        .filter(|_| means.judging.settings.rule == RuleKind::Target);
    let mut targets = vec![target];
    if target.is_some() {
        targets.push(None);
    }
    let alpha = wanted.alpha / targets.len() as f64;
    let (mut records, mut made) = (Vec::new(), Runs::default());
    for target in targets {
        let (record, more) = ask(means, wanted, mode, target, alpha)?;
        made = Runs {
            edited: made.edited + more.edited,
            baseline: made.baseline + more.baseline,
        };
        let goes_on = only_of_the_target(record.reason) && !record.reached.is_empty();
        records.push(record);
        if !goes_on {
            break;
        }
    }
    let flaky = records.iter().any(|record| record.numbers.flaky > 0);
    let last = records
        .last()
        .map(|record| Fate::of(record.reason, &tally(record), saved));
    Ok(Judged {
        fate: last.unwrap_or(Fate::Unknown),
        answer: Answer::Trials(records),
        saved,
        made: Some(made),
        flaky,
    })
}

fn ask(
    means: &Means,
    wanted: &Wanted,
    mode: Mode,
    target: Option<&str>,
    alpha: f64,
) -> Result<(GateRecord, Runs), Halted> {
    // The runs that an edit was kept for are no evidence that it still helps: a noisy student makes new ones.
    let settings = Settings {
        fresh_baseline: true,
        ..means.judging.settings_for(mode, target)
    };
    let trial = Trial::new(
        &means.evaluator,
        TrialSpec {
            before: wanted.without,
            after: wanted.present,
            tasks: wanted.tasks,
            target,
            mode,
            one_pass: means.judging.population == Population::Sample,
            settings: match (target, wanted.target) {
                (None, Some(_)) => whole(settings, wanted.tasks),
                _ => settings,
            },
            edit: Digest::of_value(&("retire", wanted.edit)),
        },
    );
    let stake = (mode == Mode::Sequential && trial.reaches_target()).then_some(Stake {
        alpha,
        budget: BudgetMode::Planned,
        slot: wanted.number,
        session: None,
    });
    trial.decide(stake, None)
}

/// The settings for all tasks together: a gain of `delta_min` in one category is a smaller one of the whole, and must not
/// be missed for want of size.
fn whole(settings: Settings, tasks: &[Task]) -> Settings {
    let categories: BTreeSet<&str> = tasks.iter().map(|task| task.category.as_str()).collect();
    Settings {
        delta_min: settings.delta_min / categories.len().max(1) as f64,
        ..settings
    }
}

fn tally(record: &GateRecord) -> Tally {
    let differences: Vec<f64> = record.differences().map(|(_, difference)| difference).collect();
    Tally::of(&differences)
}

fn bytes(harness: &Harness) -> i64 {
    harness.files().map(|(_, bytes)| bytes.len() as i64).sum()
}
