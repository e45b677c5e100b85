//! `spending.jsonl`: one line for each call of a language model that ended, with its token counts and its cost. The four
//! counters never overlap, although providers add them up differently.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::egress::{Egress, LlmRole};
use super::money::{self, Money};
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

/// One call that ended: a paid answer, or an attempt without one. Answers from the cache cost nothing and add no line.
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
    #[serde(default, deserialize_with = "money::known")]
    pub cost_usd: Option<Money>,
    /// The estimate, in dollars, that the budget counts if the cost is unknown; null if the price is unknown too.
    #[serde(default, deserialize_with = "money::known")]
    pub estimated_usd: Option<Money>,
    /// Whether the attempt brought no answer and cost nothing, such as one that the server refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// Whether the process ended before the answer arrived. Such a line is never written: it follows from
    /// `egress.jsonl`.
    #[serde(skip)]
    pub cut_off: bool,
}

impl Spending {
    /// The line for a request whose token counts are unknown.
    pub(crate) fn of_request(sent: &Egress, cost_usd: Option<Money>) -> Self {
        Self {
            at: sent.at.clone(),
            role: sent.role,
            model: sent.model.clone(),
            request: sent.request,
            usage: None,
            cost_usd,
            estimated_usd: cost_usd.is_none().then_some(sent.estimated_usd).flatten(),
            free: false,
            cut_off: false,
        }
    }

    /// The dollars that limits count: the cost, else the estimate.
    pub(crate) fn counted(&self) -> Money {
        self.cost_usd.or(self.estimated_usd).unwrap_or_default()
    }

    /// Whether it is the payment for an answer.
    fn is_answer(&self) -> bool {
        !self.free && (self.cost_usd.is_some() || self.usage.is_some())
    }
}

/// The calls that were sent and have not ended: each request in `sent` without a line in `spent`. If the process that
/// sent them was interrupted, the server may have charged for them, so that they count with their estimate.
///
/// A request may be sent several times, so its lines are counted. Older versions wrote no line for an attempt that cost
/// nothing; their lines in `egress.jsonl` have no estimate and do not count.
pub(crate) fn cut_off(spent: &[Spending], sent: &[Egress]) -> Vec<Spending> {
    let mut ended: BTreeMap<Digest, usize> = BTreeMap::new();
    spent
        .iter()
        .for_each(|line| *ended.entry(line.request).or_default() += 1);
    let mut has_ended = |line: &Egress| match ended.get_mut(&line.request) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => line.max_tokens.is_none(),
    };
    // The newest first, so that the lines of an older version are those that stay without an end.
    let mut open: Vec<&Egress> = sent.iter().rev().filter(|line| !has_ended(line)).collect();
    open.reverse();
    open.into_iter().map(unended).collect()
}

/// The line that a call would have written at its end, if its cost were unknown.
fn unended(line: &Egress) -> Spending {
    Spending {
        cut_off: true,
        ..Spending::of_request(line, None)
    }
}

/// The requests that were sent more often than they ended, and whose answer no line pays for.
pub(crate) fn unpaid<'a>(spent: &[Spending], sent: &'a [Egress]) -> Vec<&'a Egress> {
    let paid: BTreeSet<Digest> = spent
        .iter()
        .filter(|line| line.is_answer())
        .map(|line| line.request)
        .collect();
    let ended: BTreeSet<Digest> = spent.iter().map(|line| line.request).collect();
    let open: BTreeSet<Digest> = cut_off(spent, sent).iter().map(|line| line.request).collect();
    let mut seen = BTreeSet::new();
    let is_open = |line: &&Egress| open.contains(&line.request) || !ended.contains(&line.request);
    sent.iter()
        .filter(|line| !paid.contains(&line.request))
        .filter(is_open)
        .filter(|line| seen.insert(line.request))
        .collect()
}

/// The totals of one role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoleSpending {
    /// Number of paid answers.
    pub calls: u64,
    /// Tokens used, of the answers for which the server reported them.
    pub usage: Usage,
    /// Cost in dollars; null when a part is unknown.
    #[serde(default, deserialize_with = "money::known")]
    pub cost_usd: Option<Money>,
    /// If `cost_usd` is null: the known costs in dollars, and the estimates of the others.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "money::known")]
    pub counted_usd: Option<Money>,
    /// Number of calls that were cut off; they are not in `calls`, but in `counted_usd`.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub cut_off: u64,
}

impl RoleSpending {
    /// The dollars that limits count: known costs, and the estimates of the others.
    pub(crate) fn counted(&self) -> Money {
        self.cost_usd.or(self.counted_usd).unwrap_or_default()
    }
}

/// The totals by role.
pub(crate) fn sums(lines: &[Spending]) -> BTreeMap<LlmRole, RoleSpending> {
    let mut roles: BTreeMap<LlmRole, Vec<&Spending>> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.free) {
        roles.entry(line.role).or_default().push(line);
    }
    roles.into_iter().map(|(role, lines)| (role, sum(&lines))).collect()
}

fn sum(lines: &[&Spending]) -> RoleSpending {
    let cut_off = lines.iter().filter(|line| line.cut_off).count() as u64;
    let mut usage = Usage::default();
    lines
        .iter()
        .filter_map(|line| line.usage)
        .for_each(|used| usage += used);
    let cost_usd: Option<Money> = lines.iter().map(|line| line.cost_usd).sum();
    let counted = lines.iter().map(|line| line.counted()).sum();
    RoleSpending {
        calls: lines.len() as u64 - cut_off,
        usage,
        cost_usd,
        counted_usd: cost_usd.is_none().then_some(counted),
        cut_off,
    }
}

/// The teacher's cost in dollars, including its answers to train tasks; `None` when a part is unknown.
pub(crate) fn teacher_cost(sums: &BTreeMap<LlmRole, RoleSpending>) -> Option<Money> {
    let of = |role| {
        sums.get(&role)
            .map_or(Some(Money::ZERO), |spent: &RoleSpending| spent.cost_usd)
    };
    Some(of(LlmRole::Teacher)? + of(LlmRole::TeacherTask)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(request: &[u8], estimated: Option<f64>) -> Egress {
        Egress {
            at: String::new(),
            role: LlmRole::Student,
            to: "u".into(),
            model: "m".into(),
            request: Digest::of_bytes(request),
            bytes: 1,
            max_tokens: estimated.map(|_| 1),
            estimated_usd: estimated.and_then(Money::from_usd),
        }
    }

    fn ended(request: &[u8], cost: Option<f64>, free: bool) -> Spending {
        Spending {
            cost_usd: cost.and_then(Money::from_usd),
            free,
            cut_off: false,
            ..unended(&sent(request, Some(0.25)))
        }
    }

    #[test]
    fn each_sent_request_ends_once_or_counts_with_its_estimate() {
        let all = [
            sent(b"1", Some(0.5)),
            sent(b"2", Some(0.5)),
            sent(b"1", Some(0.5)),
            sent(b"3", None),
        ];
        let dollars = |spent: &[Spending]| {
            let all = [spent, &cut_off(spent, &all)].concat();
            all.iter().map(Spending::counted).sum::<Money>().usd()
        };
        assert_eq!(dollars(&[]), 1.5, "the line of an older version has no estimate");
        let spent = [ended(b"1", Some(0.0), true), ended(b"2", Some(0.1), false)];
        assert_eq!(dollars(&spent), 0.6);
        let spent = [spent.as_slice(), &[ended(b"1", None, false)]].concat();
        assert_eq!(
            dollars(&spent),
            0.35,
            "an answer of unknown cost counts with the estimate"
        );
        let sums = &sums(&[spent.as_slice(), &cut_off(&spent[..2], &all)].concat())[&LlmRole::Student];
        assert_eq!((sums.calls, sums.cut_off, sums.cost_usd), (2, 1, None));
        assert_eq!(sums.counted().usd(), 0.85);
    }

    #[test]
    fn an_old_line_without_an_end_does_not_use_up_a_newer_one() {
        let all = [sent(b"1", None), sent(b"1", Some(0.5))];
        assert_eq!(cut_off(&[ended(b"1", Some(0.1), false)], &all), []);
        assert_eq!(cut_off(&[], &all).len(), 1);
    }

    #[test]
    fn an_answer_that_was_not_paid_for_is_found_once() {
        let all = [sent(b"1", Some(0.5)), sent(b"1", Some(0.5)), sent(b"2", None)];
        assert_eq!(unpaid(&[], &all), [&all[0], &all[2]]);
        assert_eq!(
            unpaid(&[ended(b"1", Some(0.1), false)], &all),
            [&all[2]],
            "the second was cut off"
        );
        assert_eq!(
            unpaid(&[ended(b"1", Some(0.0), true)], &all),
            [&all[0], &all[2]],
            "the first was refused"
        );
    }

    #[test]
    fn a_sum_of_nothing_is_nothing_and_one_with_an_unknown_part_is_unknown() {
        assert_eq!(teacher_cost(&BTreeMap::new()), Some(Money::ZERO));
        let one = |cost| sums(&[ended(b"1", Some(0.5), false), ended(b"2", cost, false)])[&LlmRole::Student].clone();
        assert_eq!(one(Some(0.25)).cost_usd, Money::from_usd(0.75));
        assert_eq!((one(None).cost_usd, one(None).counted().usd()), (None, 0.75));
    }
}
