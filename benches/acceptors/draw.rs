//! Draws a session: gate tasks and train tasks from the population, and ten edits in random order.

use std::collections::BTreeMap;

use kaizen::internals::{Tally, shuffled};

use crate::rows::{Row, Samples};

/// Number of edits in a session.
pub const EDITS: usize = 10;

/// Number of train tasks on which an edit is screened.
pub const SCREEN: usize = 30;

/// Number of runs of each task in each arm: enough for 200 pairs with 2 controls on 50 tasks.
const RUNS: usize = 8;

/// A baseline with at most this many samples is greedy.
const GREEDY: usize = 2;

/// The scores of the runs of one task, 0 or 1.
pub type Runs = [f64; RUNS];

/// One session.
pub struct Session {
    /// The category of each gate task.
    pub categories: Vec<usize>,
    /// Number of gate tasks per category.
    pub sizes: BTreeMap<usize, usize>,
    /// The runs of each gate task without an edit.
    pub base: Vec<Runs>,
    /// The edits, in the order of the plan.
    pub trials: Vec<DrawnTrial>,
    /// The seed of the orders of tasks.
    pub seed: u64,
}

/// The outcomes that an edit has in this session.
pub struct DrawnTrial {
    /// The number of the edit's trial, for the order of its tasks.
    pub number: u32,
    /// The edit's true gain, in points.
    pub gain: f64,
    /// The runs of each gate task with the edit.
    pub runs: Vec<Runs>,
    /// Wins and losses on the train tasks.
    pub screening: Tally,
}

impl Session {
    /// Draws session `number` with a gate of `tasks` tasks. Tasks are drawn with replacement, so the row itself is the
    /// population and every true gain is known.
    pub fn draw(row: &Row, tasks: usize, number: u64) -> Self {
        let mut dice = Dice(number.wrapping_mul(0x2545_F491_4F6C_DD1D));
        let gate: Vec<usize> = dice.draws(tasks, row.categories.len());
        let train: Vec<usize> = dice.draws(SCREEN, row.categories.len());
        let base = runs(&row.base, &gate, &mut dice);
        let base_train = runs(&row.base, &train, &mut dice);
        let mut trials = Vec::new();
        for edit in picked(row.edits.len(), &mut dice) {
            let answers = &row.edits[edit];
            let with = runs(&answers.samples, &train, &mut dice);
            let flips: Vec<f64> = with.iter().zip(&base_train).map(|(x, y)| x[0] - y[0]).collect();
            trials.push(DrawnTrial {
                number: trials.len() as u32,
                gain: answers.gain,
                runs: runs(&answers.samples, &gate, &mut dice),
                screening: Tally::of(&flips),
            });
        }
        let categories: Vec<usize> = gate.iter().map(|task| row.categories[*task]).collect();
        let mut sizes = BTreeMap::new();
        for category in &categories {
            *sizes.entry(*category).or_default() += 1;
        }
        Self {
            categories,
            sizes,
            base,
            trials,
            seed: dice.next(),
        }
    }

    /// A session of edits that gain nothing: each flips this share of the tasks, wins and losses alike.
    pub fn of_nothing(flips: f64, tasks: usize, number: u64) -> Self {
        let mut dice = Dice(number.wrapping_mul(0x2545_F491_4F6C_DD1D));
        let coin = |dice: &mut Dice, chance: f64| (dice.below(1 << 30) as f64) < chance * f64::from(1 << 30);
        let base: Vec<f64> = (0..tasks).map(|_| f64::from(u8::from(coin(&mut dice, 0.5)))).collect();
        let mut trials = Vec::new();
        for number in 0..EDITS {
            let flipped = |y: &f64| if coin(&mut dice, flips) { 1.0 - y } else { *y };
            let runs = base.iter().map(flipped).map(|x| [x; RUNS]).collect();
            let lead = dice.below(4);
            trials.push(DrawnTrial {
                number: number as u32,
                gain: 0.0,
                runs,
                screening: Tally {
                    wins: 1 + lead,
                    losses: 1,
                    ties: SCREEN - 2 - lead,
                },
            });
        }
        Self {
            categories: vec![0; tasks],
            sizes: BTreeMap::from([(0, tasks)]),
            base: base.into_iter().map(|y| [y; RUNS]).collect(),
            trials,
            seed: dice.next(),
        }
    }

    /// The order in which the tasks of a trial count.
    pub fn order(&self, trial: &DrawnTrial) -> Vec<usize> {
        let tasks: Vec<usize> = (0..self.base.len()).collect();
        shuffled(&tasks, self.seed, trial.number, 0)
    }
}

/// The edits of a session: different ones, except in a row with fewer of them than a session needs.
fn picked(edits: usize, dice: &mut Dice) -> Vec<usize> {
    if edits < EDITS {
        return dice.draws(EDITS, edits);
    }
    let mut all: Vec<usize> = (0..edits).collect();
    for at in 0..EDITS {
        let other = at + dice.below(edits - at);
        all.swap(at, other);
    }
    all.truncate(EDITS);
    all
}

/// Runs of each task: independent draws from its samples. The two runs of a greedy baseline come in their order, because
/// edits without effect repeat the first.
fn runs(samples: &Samples, tasks: &[usize], dice: &mut Dice) -> Vec<Runs> {
    let mut of_task = |task: &usize| {
        std::array::from_fn(|run| {
            let sample = match samples.len() {
                few @ ..=GREEDY => run % few,
                many => dice.below(many),
            };
            f64::from(u8::from(samples[sample][*task]))
        })
    };
    tasks.iter().map(&mut of_task).collect()
}

/// A random number generator: SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    fn draws(&mut self, count: usize, end: usize) -> Vec<usize> {
        (0..count).map(|_| self.below(end)).collect()
    }
}
