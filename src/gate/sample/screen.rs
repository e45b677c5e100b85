//! Screening: a short look at train tasks, which may only drop an edit. The teacher may know these tasks.

use crate::artifact::gate::numbers::Tally;

/// The fewest gate tasks for which screening pays.
pub(crate) const FEWEST_GATE_TASKS: usize = 100;

/// Whether an edit with these flips on train tasks goes on to the gate: something changes, and not for the worse.
pub fn passes(flips: &Tally) -> bool {
    flips.wins + flips.losses > 0 && flips.losses <= flips.wins
}

/// The place of an edit among those that go on: the larger its lead on the train tasks, the earlier.
pub fn lead(flips: &Tally) -> i64 {
    flips.wins as i64 - flips.losses as i64
}
