//! `spending.jsonl`: one line for each paid answer of a language model, with its token counts. The four counters never
//! overlap, although providers add them up differently.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::egress::LlmRole;
use crate::digest::Digest;

/// The file's name in a session.
pub(crate) const FILE: &str = "spending.jsonl";

/// Token counts of one or more calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Usage {
    /// Input tokens that were neither read from nor written to a cache.
    pub input: u64,
    /// Input tokens read from a cache.
    pub cache_read: u64,
    /// Input tokens written to a cache.
    pub cache_write: u64,
    /// Output tokens.
    pub output: u64,
}

impl Usage {
    /// All tokens.
    pub(crate) fn total(&self) -> u64 {
        self.input + self.cache_read + self.cache_write + self.output
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.cache_read += other.cache_read;
        self.cache_write += other.cache_write;
        self.output += other.output;
    }
}

/// One paid answer. Answers from the cache cost nothing and add no line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Spending {
    /// When, RFC 3339.
    pub at: String,
    /// The role that sent the request.
    pub role: LlmRole,
    /// The model.
    pub model: String,
    /// Digest of the request, as in `egress.jsonl`.
    pub request: Digest,
    /// Tokens used; null when the server does not report them.
    pub usage: Option<Usage>,
    /// Cost in dollars; null when the price or the tokens are unknown.
    pub cost_usd: Option<f64>,
    /// The estimate, in dollars, that the budget counts if the cost is unknown; null if the price is unknown too.
    #[serde(default)]
    pub estimated_usd: Option<f64>,
}

/// The totals of one role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoleSpending {
    /// Number of paid answers.
    pub calls: u64,
    /// Tokens used, of the answers for which the server reported them.
    pub usage: Usage,
    /// Cost in dollars; null when a part is unknown.
    pub cost_usd: Option<f64>,
}

/// The totals by role.
pub(crate) fn sums(lines: &[Spending]) -> BTreeMap<LlmRole, RoleSpending> {
    let mut sums: BTreeMap<LlmRole, RoleSpending> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(line.role).or_insert_with(|| RoleSpending {
            cost_usd: Some(0.0),
            ..RoleSpending::default()
        });
        sum.calls += 1;
        sum.usage += line.usage.unwrap_or_default();
        sum.cost_usd = sum.cost_usd.zip(line.cost_usd).map(|(sum, cost)| sum + cost);
    }
    sums
}

/// The teacher's cost in dollars, including its answers to train tasks; `None` when a part is unknown.
pub(crate) fn teacher_cost(sums: &BTreeMap<LlmRole, RoleSpending>) -> Option<f64> {
    let of = |role| sums.get(&role).map_or(Some(0.0), |spent: &RoleSpending| spent.cost_usd);
    Some(of(LlmRole::Teacher)? + of(LlmRole::TeacherTask)?)
}
