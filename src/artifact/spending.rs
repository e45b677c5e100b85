//! `spending.jsonl`: one line for each answer of a language model that was paid for.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::egress::Role;
use crate::artifact::usage::Usage;
use crate::digest::Digest;

/// The file's name in a session.
pub(crate) const FILE: &str = "spending.jsonl";

/// One answer that was paid for. What is remembered is not paid again, and has no second line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Spending {
    /// RFC 3339.
    pub at: String,
    /// Who asked.
    pub role: Role,
    /// The model that was asked.
    pub model: String,
    /// Digest of what was asked, as in `egress.jsonl`.
    pub request: Digest,
    /// Tokens; null when the server does not say.
    pub usage: Option<Usage>,
    /// Dollars; null when the price or the tokens are unknown.
    pub cost_usd: Option<f64>,
    /// What the budget counts where the cost is unknown, dollars; null when the price is unknown as well.
    #[serde(default)]
    pub estimated_usd: Option<f64>,
}

/// The sum of what one role took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spent {
    /// Answers that were paid for.
    pub calls: u64,
    /// Tokens, as far as the servers say.
    pub usage: Usage,
    /// Dollars; null when a part is unknown.
    pub cost_usd: Option<f64>,
}

/// The sum of each role.
pub(crate) fn sums(lines: &[Spending]) -> BTreeMap<Role, Spent> {
    let mut sums: BTreeMap<Role, Spent> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(line.role).or_insert_with(|| Spent {
            cost_usd: Some(0.0),
            ..Spent::default()
        });
        sum.calls += 1;
        sum.usage += line.usage.unwrap_or_default();
        sum.cost_usd = sum.cost_usd.zip(line.cost_usd).map(|(sum, cost)| sum + cost);
    }
    sums
}

/// Dollars of the teacher, its own answers to tasks included; `None` when a part is unknown.
pub(crate) fn teacher_cost(sums: &BTreeMap<Role, Spent>) -> Option<f64> {
    let of = |role| sums.get(&role).map_or(Some(0.0), |spent: &Spent| spent.cost_usd);
    Some(of(Role::Teacher)? + of(Role::TeacherTask)?)
}
