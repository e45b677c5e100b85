//! Estimates the calls and cost of the rest of a session before it runs, from its sizes and from the usage of earlier
//! calls.

use std::collections::BTreeMap;

use crate::artifact::Money;
use crate::artifact::egress::{Egress, LlmRole};
use crate::artifact::spending::{Spending, Usage};
use crate::digest::Digest;
use crate::llm::price;
use crate::manifest::chat::Price;

/// Bytes of text that usually are one token.
const BYTES_A_TOKEN: u64 = 4;
/// The longest answer, as a multiple of the assumed one, if nothing limits it.
const LONG: u64 = 5;

/// The calls of one role that are still to come.
#[derive(Clone, Debug)]
pub(crate) struct RoleLoad {
    /// The role.
    pub role: LlmRole,
    /// The role's model.
    pub model: String,
    /// Number of calls if everything is asked once.
    pub calls: u64,
    /// Number of calls if every limit is reached.
    pub most_calls: u64,
    /// Mean size of a request in bytes; `None` if unknown.
    pub bytes: Option<u64>,
    /// Tokens of the longest answer, if the manifest limits it.
    pub max_tokens: Option<u64>,
}

/// The estimate for one role.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct RoleEstimate {
    /// The role.
    pub role: LlmRole,
    /// The role's model.
    pub model: String,
    /// Number of calls if everything is asked once.
    pub calls: u64,
    /// Number of calls if every limit is reached.
    pub most_calls: u64,
    /// Cost of `calls` in dollars; null when the price is unknown.
    pub cost_usd: Option<Money>,
    /// Cost of `most_calls` with the longest answers in dollars; null when the price is unknown.
    pub most_usd: Option<Money>,
    /// Whether the token counts come from earlier calls rather than a guess.
    pub measured: bool,
}

/// Earlier calls: their tokens, and the sizes of their requests.
#[derive(Debug, Default)]
pub(crate) struct EarlierCalls {
    spent: Vec<Spending>,
    bytes: BTreeMap<Digest, u64>,
}

impl EarlierCalls {
    /// Adds the calls of one session.
    pub(crate) fn add(&mut self, spent: Vec<Spending>, sent: &[Egress]) {
        self.spent.extend(spent);
        self.bytes.extend(sent.iter().map(|line| (line.request, line.bytes)));
    }

    /// The usage of one role with one model, with the size of each request if known.
    fn of(&self, role: LlmRole, model: &str) -> Vec<(Usage, Option<u64>)> {
        let is_wanted = |line: &&Spending| line.role == role && line.model == model;
        let usage = |line: &Spending| Some((line.usage?, self.bytes.get(&line.request).copied()));
        self.spent.iter().filter(is_wanted).filter_map(usage).collect()
    }
}

/// The tokens of one call: usually, and at most.
struct CallUsage {
    usual: Usage,
    most: Usage,
    measured: bool,
}

/// Estimates each role. Answers from the store would cost nothing, but are not subtracted here.
pub(crate) fn estimate(loads: &[RoleLoad], prices: &BTreeMap<String, Price>, past: &EarlierCalls) -> Vec<RoleEstimate> {
    let called = loads.iter().filter(|load| load.most_calls > 0);
    called.map(|load| part(load, prices, past)).collect()
}

fn part(load: &RoleLoad, prices: &BTreeMap<String, Price>, past: &EarlierCalls) -> RoleEstimate {
    let one = call_usage(load, past);
    let price = price::of(&load.model, prices);
    let cost = |usage: &Usage, calls| price.map(|price| price::cost(&price, usage).times(calls));
    RoleEstimate {
        role: load.role,
        model: load.model.clone(),
        calls: load.calls,
        most_calls: load.most_calls,
        cost_usd: cost(&one.usual, load.calls),
        most_usd: cost(&one.most, load.most_calls),
        measured: one.measured,
    }
}

/// Cost of one call of a role, from the mean usage of earlier calls, else a guess; `None`: unknown price.
pub(crate) fn one_call(load: &RoleLoad, prices: &BTreeMap<String, Price>, past: &EarlierCalls) -> Option<Money> {
    let usage = call_usage(load, past).usual;
    price::of(&load.model, prices).map(|price| price::cost(&price, &usage))
}

fn call_usage(load: &RoleLoad, past: &EarlierCalls) -> CallUsage {
    let seen = past.of(load.role, &load.model);
    let cap = load.max_tokens.unwrap_or(u64::MAX);
    match mean(&seen) {
        Some((mean, longest)) => {
            let input = |tokens| scaled(tokens, load.bytes, &seen);
            let usual = Usage {
                input: input(mean.input),
                cache_read: input(mean.cache_read),
                cache_write: input(mean.cache_write),
                output: mean.output.min(cap),
            };
            let most = Usage {
                output: load.max_tokens.unwrap_or(longest),
                ..usual
            };
            CallUsage {
                usual,
                most,
                measured: true,
            }
        }
        None => unseen(load, cap),
    }
}

/// A guess for a role that was never called: a token for every four bytes, at most for every three.
fn unseen(load: &RoleLoad, cap: u64) -> CallUsage {
    let (input, output) = assumed(load.role);
    let tokens = |a_token: u64, else_tokens: u64| load.bytes.map_or(else_tokens, |bytes| bytes.div_ceil(a_token));
    let of = |input, output| Usage {
        input,
        output,
        ..Usage::default()
    };
    CallUsage {
        usual: of(tokens(BYTES_A_TOKEN, input), output.min(cap)),
        most: of(
            tokens(BYTES_A_TOKEN - 1, 2 * input),
            load.max_tokens.unwrap_or(LONG * output),
        ),
        measured: false,
    }
}

/// Assumed tokens of a role's first call: input, output.
fn assumed(role: LlmRole) -> (u64, u64) {
    match role {
        LlmRole::Teacher => (8_000, 800),
        LlmRole::TeacherTask => (200, 300),
        LlmRole::Judge => (800, 100),
        LlmRole::Student => (600, 200),
    }
}

/// Tokens of input in proportion to the size of a request, if the sizes of the earlier ones are known.
fn scaled(tokens: u64, bytes: Option<u64>, seen: &[(Usage, Option<u64>)]) -> u64 {
    let sizes: Option<Vec<u64>> = seen.iter().map(|(_, bytes)| *bytes).collect();
    match bytes.zip(sizes) {
        Some((bytes, sizes)) => {
            let sum = sizes.iter().map(|size| u128::from(*size)).sum::<u128>().max(1);
            let scaled = u128::from(tokens) * u128::from(bytes) * sizes.len() as u128;
            u64::try_from(scaled.div_ceil(sum)).unwrap_or(u64::MAX)
        }
        None => tokens,
    }
}

/// The mean usage, and the longest answer.
fn mean(seen: &[(Usage, Option<u64>)]) -> Option<(Usage, u64)> {
    let count = u64::try_from(seen.len()).ok().filter(|count| *count > 0)?;
    let mut sum = Usage::default();
    seen.iter().for_each(|(usage, _)| sum += *usage);
    let mean = Usage {
        input: sum.input.div_ceil(count),
        cache_read: sum.cache_read.div_ceil(count),
        cache_write: sum.cache_write.div_ceil(count),
        output: sum.output.div_ceil(count),
    };
    Some((mean, seen.iter().map(|(usage, _)| usage.output).max()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(role: LlmRole, model: &str, bytes: Option<u64>) -> RoleLoad {
        RoleLoad {
            role,
            model: model.to_owned(),
            calls: 10,
            most_calls: 20,
            bytes,
            max_tokens: Some(50),
        }
    }

    fn of(load: &RoleLoad, past: &EarlierCalls) -> RoleEstimate {
        estimate(std::slice::from_ref(load), &BTreeMap::new(), past).remove(0)
    }

    #[test]
    fn a_long_prompt_costs_more_than_a_short_one() {
        let none = EarlierCalls::default();
        let cost = |bytes| {
            of(&load(LlmRole::Student, "gpt-4o", Some(bytes)), &none)
                .cost_usd
                .unwrap()
        };
        assert!(cost(200_000) > cost(2_000).times(20));
        assert_eq!(
            of(&load(LlmRole::Student, "mine", Some(9)), &none).cost_usd,
            None,
            "an unknown price"
        );
        let least = RoleLoad {
            most_calls: 0,
            ..load(LlmRole::Judge, "gpt-4o", None)
        };
        assert_eq!(estimate(&[least], &BTreeMap::new(), &none), []);
    }

    #[test]
    fn tokens_come_from_earlier_calls_in_proportion_to_their_size() {
        let request = Digest::of_bytes(b"");
        let spent: Spending = serde_json::from_value(serde_json::json!({
            "at": "", "role": "student", "model": "gpt-4o", "request": request, "cost_usd": null,
            "usage": {"input": 1000, "cache_read": 0, "cache_write": 0, "output": 7}
        }))
        .unwrap();
        let mut past = EarlierCalls::default();
        let sent: Egress = serde_json::from_value(serde_json::json!({
            "at": "", "role": "student", "to": "u", "model": "gpt-4o", "request": request, "bytes": 4000
        }))
        .unwrap();
        past.add(vec![spent], &[sent]);
        let found = of(&load(LlmRole::Student, "gpt-4o", Some(8000)), &past);
        // 2,000 tokens of input at 2.50 dollars per million, 7 of output at 10.
        assert_eq!(found.cost_usd, Money::from_usd(10.0 * (0.005 + 0.00007)));
        assert_eq!(
            found.most_usd,
            Money::from_usd(20.0 * (0.005 + 0.0005)),
            "the longest answer is 50 tokens"
        );
        assert!(found.measured && !of(&load(LlmRole::Judge, "gpt-4o", None), &past).measured);
    }
}
