//! What language models cost, by role.

use std::collections::BTreeMap;

use crate::artifact::egress::LlmRole;
use crate::artifact::money::Money;
use crate::artifact::spending::RoleSpending;
use crate::cli::render;

/// What a role cost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RoleCost {
    /// The role.
    pub role: String,
    /// The number of calls.
    pub calls: u64,
    /// The number of tokens.
    pub tokens: u64,
    /// The dollars that limits count, in whole.
    pub counted: Money,
    /// The cost in words.
    pub words: String,
}

/// The costs of roles that were used.
pub(crate) fn role_costs(roles: &BTreeMap<LlmRole, RoleSpending>) -> Vec<RoleCost> {
    let one = |(role, spent): (&LlmRole, &RoleSpending)| RoleCost {
        role: role.name().replace('_', " "),
        calls: spent.calls,
        tokens: spent.usage.total(),
        counted: spent.counted(),
        words: render::cost(spent),
    };
    roles.iter().map(one).collect()
}

/// Adds the spending of a session to a sum.
pub(crate) fn add(sum: &mut BTreeMap<LlmRole, RoleSpending>, session: &BTreeMap<LlmRole, RoleSpending>) {
    for (role, spent) in session {
        let known = sum.remove(role);
        let total = known.map_or_else(|| spent.clone(), |known| both(&known, spent));
        sum.insert(*role, total);
    }
}

/// A sum is unknown if a part of it is.
fn both(one: &RoleSpending, other: &RoleSpending) -> RoleSpending {
    let cost_usd = one.cost_usd.zip(other.cost_usd).map(|(one, other)| one + other);
    let mut usage = one.usage;
    usage += other.usage;
    RoleSpending {
        calls: one.calls + other.calls,
        usage,
        cost_usd,
        counted_usd: cost_usd.is_none().then(|| one.counted() + other.counted()),
        cut_off: one.cut_off + other.cut_off,
    }
}
