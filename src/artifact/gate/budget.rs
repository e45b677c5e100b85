//! The error budget: divides the allowed probability of a false accept in a session among its edits.
//!
//! Edits share baseline runs and build on each other, so their trials are dependent. Only the union bound and e-LOND
//! (Xu and Ramdas, AISTATS 2024) remain valid. The evidence an accept needs grows only with the logarithm of 1/alpha.

use crate::artifact::gate::settings::BudgetMode;

/// The share of `alpha` for the t-th edit (from 1) of a session. `planned` is the length of the plan, `accepted` the
/// number of edits accepted before. Returns 0 when nothing is left.
pub fn level(mode: BudgetMode, alpha: f64, t: usize, planned: usize, accepted: usize) -> f64 {
    let series = || alpha / (t as f64 * (t as f64 + 1.0));
    match mode {
        _ if t == 0 => 0.0,
        BudgetMode::Planned if t > planned => 0.0,
        BudgetMode::Planned => alpha / planned as f64,
        BudgetMode::Open => series(),
        BudgetMode::Fdr => series() * (accepted as f64 + 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mode_gives_out_more_than_there_is() {
        for mode in [BudgetMode::Planned, BudgetMode::Open, BudgetMode::Fdr] {
            let sum: f64 = (0..1000).map(|t| level(mode, 0.1, t, 10, 0)).sum();
            assert!(sum <= 0.1 + 1e-12, "{mode:?}: {sum}");
        }
        assert_eq!(level(BudgetMode::Planned, 0.1, 11, 10, 0), 0.0);
    }
}
