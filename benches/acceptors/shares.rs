//! How a session divides its error budget among its edits, and the variants of mode `sample`.

use kaizen::internals::{BudgetMode, SampleSettings, Tally, binomial_tail, lead, level, passes};

use crate::acceptors::{Ruling, points, ruled, sampled};
use crate::draw::{DrawnTrial, SCREEN, Session};
use crate::unconditional::p_unconditional;

/// The error budget of a session.
const ALPHA: f64 = 0.10;

/// How the error budget is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shares {
    /// Every edit has this level; no bound for the session.
    PerEdit(f64),
    /// Equal parts; a kept edit hands its level to the next.
    Planned,
    /// Parts in proportion to a power of the lead on train tasks (plus 1), handed on likewise.
    ByLead(f64),
    /// Each part is this share of the one before, in the order of the lead on train tasks.
    ByRank(f64),
    /// Equal parts, where an edit that is not kept costs only the level that its test attains, and hands on the rest.
    Attained,
}

/// The test of a complete run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// McNemar's exact test, given the number of tasks that differ.
    Conditional,
    /// The exact test over all numbers of tasks that may differ, ordered by the mid-p value.
    Unconditional,
}

/// A variant of mode `sample`.
#[derive(Clone, Copy)]
pub struct Plan {
    /// Whether edits are screened on train tasks first.
    pub screened: bool,
    /// The smallest lead on the train tasks with which an edit goes on to the gate.
    pub least_lead: i64,
    /// The division of the budget.
    pub shares: Shares,
    /// The test.
    pub test: Test,
    /// Whether trials stop early.
    pub stops: bool,
    /// The share of the level that is spent on a look after half of the tasks; 0: no look.
    pub look: f64,
    /// Number of runs of each task in each arm.
    pub runs: usize,
}

impl Plan {
    /// The mode without screening.
    pub const fn unscreened(shares: Shares) -> Self {
        Self {
            screened: false,
            least_lead: 0,
            shares,
            test: Test::Conditional,
            stops: true,
            look: 0.0,
            runs: 1,
        }
    }

    /// The mode with screening.
    pub const fn screened(shares: Shares) -> Self {
        Self {
            screened: true,
            ..Self::unscreened(shares)
        }
    }

    /// The rulings about all edits; `rule` judges one at a level.
    pub fn rulings(&self, session: &Session, rule: &dyn Fn(&Session, &DrawnTrial, f64) -> Ruling) -> Vec<Ruling> {
        let mut rulings = vec![Ruling::default(); session.trials.len()];
        let open = self.survivors(session);
        let weights = self.weights(session, &open);
        let total: f64 = weights.iter().sum();
        let mut carried = 0.0;
        for (at, trial) in open.iter().enumerate() {
            let level = match self.shares {
                Shares::PerEdit(level) => level,
                Shares::Planned => carried + level(BudgetMode::Planned, ALPHA, at + 1, open.len(), 0),
                Shares::Attained => carried + level(BudgetMode::Planned, ALPHA, at + 1, open.len(), 0),
                Shares::ByLead(_) | Shares::ByRank(_) => carried + ALPHA * weights[at] / total,
            };
            let ruling = rule(session, &session.trials[*trial], level);
            carried = match (ruling.kept, self.shares) {
                (true, _) => level,
                (false, Shares::Attained) => level - attained(session, &session.trials[*trial], level),
                (false, _) => 0.0,
            };
            rulings[*trial] = ruling;
        }
        if self.screened {
            rulings.iter_mut().for_each(|ruling| ruling.calls += SCREEN);
        }
        rulings
    }

    /// The edits that reach the gate, in the order of their trials.
    fn survivors(&self, session: &Session) -> Vec<usize> {
        let flips = |at: &usize| &session.trials[*at].screening;
        let mut open: Vec<usize> = (0..session.trials.len()).collect();
        if self.screened {
            open.retain(|at| passes(flips(at)) && lead(flips(at)) >= self.least_lead);
            open.sort_by_key(|at| -lead(flips(at)));
        }
        open
    }

    fn weights(&self, session: &Session, open: &[usize]) -> Vec<f64> {
        let weight = |(rank, at): (usize, &usize)| match self.shares {
            Shares::ByLead(power) => (lead(&session.trials[*at].screening) as f64 + 1.0).powf(power),
            Shares::ByRank(share) => share.powi(rank as i32),
            _ => 1.0,
        };
        open.iter().enumerate().map(weight).collect()
    }

    /// The ruling about one edit at a level.
    pub fn trial(&self, session: &Session, trial: &DrawnTrial, level: f64) -> Ruling {
        let usual = SampleSettings::default();
        let settings = SampleSettings {
            runs: self.runs as u32,
            ..match self.stops {
                true => usual,
                false => SampleSettings {
                    beta: f64::MIN_POSITIVE,
                    look: 0,
                    ..usual
                },
            }
        };
        match (self.test, self.look > 0.0) {
            (Test::Conditional, false) => ruled(&sampled(session, trial, level, self.runs, settings), self.runs),
            (Test::Conditional, true) => self.with_look(session, trial, level, settings),
            (Test::Unconditional, _) => unconditional(session, trial, level, settings),
        }
    }

    /// Accepts after half of the tasks at a share of the level, and at the rest of it after all of them.
    fn with_look(&self, session: &Session, trial: &DrawnTrial, level: f64, settings: SampleSettings) -> Ruling {
        let sample = sampled(session, trial, level * (1.0 - self.look), 1, settings);
        let half = session.base.len() / 2;
        let early = sample.differences().get(..half).unwrap_or_default();
        let accepts = |of: &[f64]| !of.is_empty() && points(of) > 0.0 && p(&Tally::of(of)) <= level * self.look;
        match accepts(early) {
            true => Ruling {
                kept: true,
                undecided: false,
                recorded: points(early),
                calls: half,
            },
            false => ruled(&sample, 1),
        }
    }
}

fn p(tally: &Tally) -> f64 {
    binomial_tail(tally.wins + tally.losses, tally.wins)
}

/// The trial of mode `sample`, decided by the unconditional test. Its p value is rarely below a third of the conditional
/// one, so a trial stops if three times the level is out of reach; a stop only removes accepts.
fn unconditional(session: &Session, trial: &DrawnTrial, level: f64, settings: SampleSettings) -> Ruling {
    let sample = sampled(session, trial, 3.0 * level, 1, settings);
    let usual = ruled(&sample, 1);
    let tally = Tally::of(sample.differences());
    let shown = tally.wins > tally.losses && p_unconditional(&tally) <= level;
    let kept = sample.is_complete() && shown && sample.fallen().is_empty();
    Ruling {
        kept,
        undecided: !kept && (usual.undecided || usual.kept),
        ..usual
    }
}

/// The chance that a useless edit is kept, given the number of tasks that differ: the largest p value up to the level.
fn attained(session: &Session, trial: &DrawnTrial, level: f64) -> f64 {
    let differ = (0..session.base.len())
        .filter(|task| trial.runs[*task][0] != session.base[*task][0])
        .count();
    let tails = (0..=differ).map(|wins| binomial_tail(differ, wins));
    tails.filter(|tail| *tail <= level).fold(0.0, f64::max)
}
