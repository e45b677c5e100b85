//! Estimates the calls and cost of a session before it runs, from its sizes and from the usage of earlier calls.

use std::collections::BTreeMap;

use crate::artifact::Money;
use crate::artifact::egress::LlmRole;
use crate::artifact::spending::{Spending, Usage};
use crate::llm::price;
use crate::manifest::chat::Price;

/// Assumed tokens of a role's first call: input, output.
const UNSEEN: [(LlmRole, u64, u64); 4] = [
    (LlmRole::Teacher, 8_000, 800),
    (LlmRole::TeacherTask, 200, 300),
    (LlmRole::Judge, 800, 100),
    (LlmRole::Student, 600, 200),
];

/// The sizes of a session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    /// Number of gate tasks.
    pub gate_tasks: u64,
    /// Number of gate tasks that a judge scores.
    pub judged: u64,
    /// Number of edits in the plan, or the maximum if there is no plan yet.
    pub edits: u64,
    /// Maximum number of turns of the teacher's diagnosis; 0 if the teacher is not a language model.
    pub teacher_turns: u64,
    /// Maximum number of the student's replies per task; 0 if the student is not a language model.
    pub student_turns: u64,
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
    /// Cost of `most_calls` in dollars; null when the price is unknown.
    pub most_usd: Option<Money>,
    /// Whether the token counts come from earlier calls rather than a guess.
    pub measured: bool,
}

/// Estimates a session, by role. Answers from the store would cost nothing, but are not subtracted here.
pub(crate) fn estimate(
    sizes: &Sizes,
    models: &BTreeMap<LlmRole, String>,
    prices: &BTreeMap<String, Price>,
    past: &[Spending],
) -> Vec<RoleEstimate> {
    models
        .iter()
        .map(|(role, model)| part(*role, model, calls(*role, sizes), prices, past))
        .filter(|part| part.most_calls > 0)
        .collect()
}

/// Number of calls of a role: if everything is asked once, and if every limit is reached.
fn calls(role: LlmRole, sizes: &Sizes) -> (u64, u64) {
    let evaluations = 1 + sizes.edits;
    let turns = sizes.teacher_turns;
    match role {
        // The turns of the diagnosis, its final answer and a repair of it, the plan and a repair of it.
        LlmRole::Teacher if turns > 0 => (turns.div_ceil(2) + 1, turns + 4),
        LlmRole::TeacherTask => (turns / 4, turns),
        LlmRole::Judge => (sizes.judged * evaluations, 2 * sizes.judged * evaluations),
        LlmRole::Student => {
            let asked = sizes.gate_tasks * evaluations + turns;
            (asked, asked * sizes.student_turns)
        }
        LlmRole::Teacher => (0, 0),
    }
}

/// Cost of one call of a role in dollars, from the mean usage of earlier calls, else a guess; `None`: unknown price.
pub(crate) fn one_call(
    role: LlmRole,
    model: &str,
    prices: &BTreeMap<String, Price>,
    past: &[Spending],
) -> Option<Money> {
    usual(role, model, prices, past).0
}

/// Cost of one call in dollars, and whether its token counts come from earlier calls.
fn usual(role: LlmRole, model: &str, prices: &BTreeMap<String, Price>, past: &[Spending]) -> (Option<Money>, bool) {
    let seen: Vec<Usage> = past
        .iter()
        .filter(|line| line.role == role && line.model == model)
        .filter_map(|line| line.usage)
        .collect();
    let usage = mean(&seen).unwrap_or_else(|| unseen(role));
    let one = price::of(model, prices).map(|price| price::cost(&price, &usage));
    (one, !seen.is_empty())
}

fn part(
    role: LlmRole,
    model: &str,
    (calls, most_calls): (u64, u64),
    prices: &BTreeMap<String, Price>,
    past: &[Spending],
) -> RoleEstimate {
    let (one, measured) = usual(role, model, prices, past);
    RoleEstimate {
        role,
        model: model.to_owned(),
        calls,
        most_calls,
        cost_usd: one.map(|one| one.times(calls)),
        most_usd: one.map(|one| one.times(most_calls)),
        measured,
    }
}

fn mean(seen: &[Usage]) -> Option<Usage> {
    let count = u64::try_from(seen.len()).ok().filter(|count| *count > 0)?;
    let mut sum = Usage::default();
    seen.iter().for_each(|usage| sum += *usage);
    Some(Usage {
        input: sum.input.div_ceil(count),
        cache_read: sum.cache_read.div_ceil(count),
        cache_write: sum.cache_write.div_ceil(count),
        output: sum.output.div_ceil(count),
    })
}

fn unseen(role: LlmRole) -> Usage {
    let row = UNSEEN.iter().find(|(known, _, _)| *known == role);
    row.map_or_else(Usage::default, |(_, input, output)| Usage {
        input: *input,
        output: *output,
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn calls_follow_from_sizes_and_dollars_from_the_past() {
        let sizes = Sizes {
            gate_tasks: 50,
            judged: 10,
            edits: 9,
            teacher_turns: 20,
            student_turns: 1,
        };
        let models = [
            (LlmRole::Teacher, "claude-sonnet-4-5"),
            (LlmRole::Student, "mine"),
            (LlmRole::Judge, "gpt-4o-mini"),
        ];
        let models = models.map(|(role, model)| (role, model.to_owned())).into();
        let past = [Spending {
            at: String::new(),
            role: LlmRole::Teacher,
            model: "claude-sonnet-4-5".into(),
            request: Digest::of_bytes(b""),
            usage: Some(Usage {
                input: 1_000_000,
                ..Usage::default()
            }),
            cost_usd: None,
            estimated_usd: None,
            free: false,
            cut_off: false,
        }];
        let parts = estimate(&sizes, &models, &BTreeMap::new(), &past);
        let of = |role| parts.iter().find(|part| part.role == role).unwrap();
        assert_eq!(
            (of(LlmRole::Student).calls, of(LlmRole::Student).cost_usd),
            (520, None),
            "an unknown price"
        );
        assert_eq!((of(LlmRole::Judge).calls, of(LlmRole::Judge).most_calls), (100, 200));
        assert_eq!(
            (of(LlmRole::Teacher).calls, of(LlmRole::Teacher).cost_usd),
            (11, Some(Money::of_whole_dollars(33)))
        );
        assert!(of(LlmRole::Teacher).measured && !of(LlmRole::Judge).measured);
    }
}
