//! `[loop]`: the section for `kaizen loop`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[loop]`: when `kaizen loop` stops.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoopSection {
    /// A gate score that rises by no more than this counts as standing still, 0 to 1.
    pub stagnation_eps: f64,
    /// Sessions that stand still one after another before the loop stops; at least 1.
    pub stagnation_k: usize,
    /// Dollars after which the loop stops; more than 0.
    pub max_total_cost_usd: f64,
}

impl LoopSection {
    /// What the types do not say.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.stagnation_k == 0 {
            return Err("[loop] stagnation_k must be >= 1".into());
        }
        if self.max_total_cost_usd.is_nan() || self.max_total_cost_usd <= 0.0 {
            return Err("[loop] max_total_cost_usd must be > 0".into());
        }
        if !(0.0..=1.0).contains(&self.stagnation_eps) {
            return Err("[loop] stagnation_eps must lie between 0 and 1".into());
        }
        Ok(())
    }
}

impl Default for LoopSection {
    fn default() -> Self {
        Self {
            stagnation_eps: 0.001,
            stagnation_k: 5,
            max_total_cost_usd: 50.0,
        }
    }
}
