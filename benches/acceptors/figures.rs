//! The figures of an acceptor over many sessions, with their standard errors.

use crate::acceptors::{Rule, Ruling};
use crate::draw::{EDITS, Session};

/// Number of columns.
pub const COLUMNS: usize = 13;

/// The names of the columns.
pub const NAMES: [&str; COLUMNS] = [
    "harm",
    "null",
    "sF",
    "sH",
    "s0",
    "3-7",
    "7-15",
    ">15",
    "calls/edit",
    "calls/session",
    "bias",
    "undecided",
    "kept",
];

/// The columns that are shares, in percent.
const SHARES: [bool; COLUMNS] = [
    true, true, true, true, true, true, true, true, false, false, false, true, false,
];

/// What one session adds to each column: a numerator and a denominator.
type Parts = [(f64, f64); COLUMNS];

/// A figure.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// The value.
    pub value: f64,
    /// Its standard error over sessions.
    pub error: f64,
    /// Number of units (edits or sessions) that a session adds, on average.
    pub units: f64,
    /// Number of sessions.
    pub sessions: usize,
    /// Whether it is a share, in percent.
    pub is_share: bool,
}

impl Figure {
    /// How many standard errors a published figure of another simulation is off, which was rounded to `unit`.
    pub fn off(&self, published: f64, unit: f64, sessions: usize) -> f64 {
        let apart = ((self.value - published).abs() - unit / 2.0).max(0.0);
        let inverse = 1.0 / self.sessions as f64 + 1.0 / sessions as f64;
        let between = self.error * self.error * self.sessions as f64 * inverse;
        apart / between.max(self.least(published, inverse)).sqrt().max(1e-9)
    }

    /// The least variance of the difference: that of a share of independent units, of which at least one counts.
    fn least(&self, published: f64, inverse: f64) -> f64 {
        if !self.is_share {
            return 0.0;
        }
        let inverse = inverse / self.units.max(1e-9);
        let middle = (f64::midpoint(self.value, published) / 100.0)
            .max(inverse / 2.0)
            .min(1.0);
        1e4 * middle * (1.0 - middle).max(inverse / 2.0) * inverse
    }
}

/// The figures of a rule over sessions; `None` where no unit counts.
pub fn figures(rule: &Rule, sessions: &[Session]) -> [Option<Figure>; COLUMNS] {
    let parts: Vec<Parts> = each(sessions, |session| parts(rule, session));
    std::array::from_fn(|column| {
        let of: Vec<(f64, f64)> = parts.iter().map(|parts| parts[column]).collect();
        let scale = if SHARES[column] { 100.0 } else { 1.0 };
        ratio(&of).map(|(value, error)| Figure {
            value: scale * value,
            error: scale * error,
            units: of.iter().map(|(_, unit)| unit).sum::<f64>() / of.len() as f64,
            sessions: of.len(),
            is_share: SHARES[column],
        })
    })
}

/// A ratio of sums, and its standard error.
fn ratio(parts: &[(f64, f64)]) -> Option<(f64, f64)> {
    let (above, below) = parts
        .iter()
        .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    if below == 0.0 {
        return None;
    }
    let value = above / below;
    let squares: f64 = parts.iter().map(|(above, below)| (above - value * below).powi(2)).sum();
    Some((value, squares.sqrt() / below))
}

fn parts(rule: &Rule, session: &Session) -> Parts {
    let rulings = rule.rulings(session);
    let both: Vec<(f64, Ruling)> = session.trials.iter().map(|trial| trial.gain).zip(rulings).collect();
    let kept: Vec<(f64, Ruling)> = both.iter().filter(|(_, ruling)| ruling.kept).copied().collect();
    let within = |low: f64, high: f64| {
        let inside = |(gain, _): &&(f64, Ruling)| low < *gain && *gain <= high;
        (
            kept.iter().filter(inside).count() as f64,
            both.iter().filter(inside).count() as f64,
        )
    };
    let any = |limit: f64| (f64::from(u8::from(kept.iter().any(|(gain, _)| *gain <= limit))), 1.0);
    let calls = both.iter().map(|(_, ruling)| ruling.calls).sum::<usize>();
    let undecided = both.iter().filter(|(_, ruling)| ruling.undecided).count();
    let surplus = kept.iter().map(|(gain, ruling)| ruling.recorded - gain).sum();
    [
        within(f64::NEG_INFINITY, -3.0),
        within(-3.0, 3.0),
        any(3.0),
        any(-3.0),
        any(0.0),
        within(3.0, 7.0),
        within(7.0, 15.0),
        within(15.0, f64::INFINITY),
        (calls as f64, EDITS as f64),
        ((calls + rule.baseline_calls(session.base.len())) as f64, 1.0),
        (surplus, kept.len() as f64),
        (undecided as f64, EDITS as f64),
        (kept.iter().map(|(gain, _)| gain).sum(), 1.0),
    ]
}

/// Does work for each item on all processors; results are in the order of the items.
pub fn each<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let size = items.len().div_ceil(threads).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let parts: Vec<_> = items
            .chunks(size)
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<T>>()))
            .collect();
        parts
            .into_iter()
            .filter_map(|part| part.join().ok())
            .flatten()
            .collect()
    })
}
