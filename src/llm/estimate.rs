//! Estimate: calls and dollars of a session before it runs, from its sizes and from what earlier calls took.

use std::collections::BTreeMap;

use crate::artifact::egress::Role;
use crate::artifact::spending::Spending;
use crate::artifact::usage::Usage;
use crate::llm::price;
use crate::manifest::chat::Price;

/// Tokens of one call of a role that was never made: read, written.
const UNSEEN: [(Role, u64, u64); 4] = [
    (Role::Teacher, 8_000, 800),
    (Role::TeacherTask, 200, 300),
    (Role::Judge, 800, 100),
    (Role::Student, 600, 200),
];

/// The sizes of a session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    /// Tasks that the gate asks.
    pub gate_tasks: u64,
    /// Of these, tasks that a judge scores.
    pub judged: u64,
    /// Edits of the plan, or as many as it may have.
    pub edits: u64,
    /// Replies of the teacher's diagnosis, at most; 0 when it is no language model.
    pub teacher_turns: u64,
    /// Replies of the student to one task, at most; 0 when it is no language model.
    pub student_turns: u64,
}

/// One role's part.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Part {
    /// The role.
    pub role: Role,
    /// Its model.
    pub model: String,
    /// Calls, when everything is asked once.
    pub calls: u64,
    /// Calls, when every limit is reached.
    pub most_calls: u64,
    /// Dollars for `calls`; null when the price is unknown.
    pub cost_usd: Option<f64>,
    /// Dollars for `most_calls`; null when the price is unknown.
    pub most_usd: Option<f64>,
    /// Whether tokens are those of earlier calls, or a guess.
    pub measured: bool,
}

/// The parts of a session. A question that was asked before costs nothing, and is not taken off here: the gate may ask
/// half of it.
pub(crate) fn estimate(
    sizes: &Sizes,
    models: &BTreeMap<Role, String>,
    prices: &BTreeMap<String, Price>,
    past: &[Spending],
) -> Vec<Part> {
    models
        .iter()
        .map(|(role, model)| part(*role, model, calls(*role, sizes), prices, past))
        .filter(|part| part.most_calls > 0)
        .collect()
}

/// Calls of a role: when everything is asked once, and when every limit is reached.
fn calls(role: Role, sizes: &Sizes) -> (u64, u64) {
    let evaluations = 1 + sizes.edits;
    let turns = sizes.teacher_turns;
    match role {
        // A diagnosis, a last word, its repair, a plan, its repair.
        Role::Teacher if turns > 0 => (turns.div_ceil(2) + 1, turns + 4),
        Role::TeacherTask => (turns / 4, turns),
        Role::Judge => (sizes.judged * evaluations, 2 * sizes.judged * evaluations),
        Role::Student => {
            let asked = sizes.gate_tasks * evaluations + turns;
            (asked, asked * sizes.student_turns)
        }
        Role::Teacher => (0, 0),
    }
}

/// Dollars of one call of a role, by the mean of what earlier calls took, else by a guess; `None`: the price is unknown.
pub(crate) fn one_call(role: Role, model: &str, prices: &BTreeMap<String, Price>, past: &[Spending]) -> Option<f64> {
    usual(role, model, prices, past).0
}

/// Dollars of one call, and whether its tokens were measured.
fn usual(role: Role, model: &str, prices: &BTreeMap<String, Price>, past: &[Spending]) -> (Option<f64>, bool) {
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
    role: Role,
    model: &str,
    (calls, most_calls): (u64, u64),
    prices: &BTreeMap<String, Price>,
    past: &[Spending],
) -> Part {
    let (one, measured) = usual(role, model, prices, past);
    Part {
        role,
        model: model.to_owned(),
        calls,
        most_calls,
        cost_usd: one.map(|one| one * calls as f64),
        most_usd: one.map(|one| one * most_calls as f64),
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

fn unseen(role: Role) -> Usage {
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
            (Role::Teacher, "claude-sonnet-4-5"),
            (Role::Student, "mine"),
            (Role::Judge, "gpt-4o-mini"),
        ];
        let models = models.map(|(role, model)| (role, model.to_owned())).into();
        let past = [Spending {
            at: String::new(),
            role: Role::Teacher,
            model: "claude-sonnet-4-5".into(),
            request: Digest::of_bytes(b""),
            usage: Some(Usage {
                input: 1_000_000,
                ..Usage::default()
            }),
            cost_usd: None,
            estimated_usd: None,
        }];
        let parts = estimate(&sizes, &models, &BTreeMap::new(), &past);
        let of = |role| parts.iter().find(|part| part.role == role).unwrap();
        assert_eq!(
            (of(Role::Student).calls, of(Role::Student).cost_usd),
            (520, None),
            "an unknown price"
        );
        assert_eq!((of(Role::Judge).calls, of(Role::Judge).most_calls), (100, 200));
        assert_eq!((of(Role::Teacher).calls, of(Role::Teacher).cost_usd), (11, Some(33.0)));
        assert!(of(Role::Teacher).measured && !of(Role::Judge).measured);
    }
}
