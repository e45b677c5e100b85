//! Computes how often the current gate tasks were consulted, and whether the gate split is worn: whether accepted edits
//! may fit its tasks by chance. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::artifact::holdout_use::HoldoutUse;
use crate::artifact::task::Split;

/// The wear of the gate split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct HoldoutWear {
    /// The number of consultations of the gate split so far.
    pub consultations: usize,
    /// The mean number of consultations of a current gate task since it was drawn.
    pub mean: f64,
    /// The number of refreshes so far.
    pub refreshes: usize,
    /// The limit from `[gate] worn_after`; 0 means that the split is never worn.
    pub worn_after: u32,
    /// `mean` divided by `worn_after`; `None` if `worn_after` is 0.
    pub wear: Option<f64>,
    /// Whether the split is worn.
    pub worn: bool,
}

/// The number of consultations of each of these gate tasks since a refresh drew it. Tasks that no refresh drew count
/// all consultations, even if a person added them to the split later or a subsample left them out, because that is not
/// recorded.
pub(crate) fn counts<'a>(lines: &[HoldoutUse], gate: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    counts_of(&once(lines), gate)
}

/// The same for lines without duplicates.
fn counts_of<'a>(lines: &[&HoldoutUse], gate: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts: BTreeMap<&str, usize> = gate.into_iter().map(|id| (id, 0)).collect();
    let mut drawn_later: BTreeSet<&str> = BTreeSet::new();
    // Consultations between two refreshes count alike for each task.
    let mut since = 0;
    let add = |counts: &mut BTreeMap<&str, usize>, drawn_later: &BTreeSet<&str>, since: usize| {
        let there = counts.iter_mut().filter(|(id, _)| !drawn_later.contains(*id));
        there.for_each(|(_, count)| *count += since);
    };
    for line in lines.iter().rev() {
        match line {
            HoldoutUse::Refresh(refresh) => {
                add(&mut counts, &drawn_later, std::mem::take(&mut since));
                drawn_later.extend(refresh.drawn.iter().map(String::as_str));
            }
            line if is_of_gate(line) => since += 1,
            _ => {}
        }
    }
    add(&mut counts, &drawn_later, since);
    counts
}

/// Computes the wear of the current gate tasks.
pub(crate) fn wear<'a>(lines: &[HoldoutUse], gate: impl IntoIterator<Item = &'a str>, worn_after: u32) -> HoldoutWear {
    let lines = once(lines);
    let counts = counts_of(&lines, gate);
    let mean = counts.values().sum::<usize>() as f64 / counts.len().max(1) as f64;
    let wear = (worn_after > 0).then(|| mean / f64::from(worn_after));
    HoldoutWear {
        consultations: lines.iter().filter(|line| is_of_gate(line)).count(),
        mean,
        refreshes: lines.iter().filter(|line| is_refresh(line)).count(),
        worn_after,
        wear,
        worn: wear.is_some_and(|wear| wear >= 1.0),
    }
}

/// The number of refreshes.
pub(crate) fn refreshes(lines: &[HoldoutUse]) -> usize {
    once(lines).into_iter().filter(|line| is_refresh(line)).count()
}

fn is_refresh(line: &HoldoutUse) -> bool {
    matches!(line, HoldoutUse::Refresh(_))
}

impl HoldoutWear {
    /// The wear as one sentence for people.
    pub(crate) fn words(&self) -> String {
        let times = |count: usize| match count {
            1 => "once".to_owned(),
            count => format!("{count} times"),
        };
        let on_average = match self.refreshes {
            0 => "",
            _ => " on average",
        };
        let count = times(self.mean.floor() as usize);
        let so_far = format!("the gate split was consulted {count}{on_average} since it was drawn");
        match (self.worn, self.worn_after) {
            (_, 0) => so_far,
            (false, after) => format!("{so_far} (worn after {after})"),
            (true, after) => format!(
                "{so_far} (worn after {after}): accepted edits may fit these tasks by chance; `kaizen bench refresh` \
                 replaces some of them"
            ),
        }
    }
}

/// The lines without the duplicates that a merge of two branches may leave.
fn once(lines: &[HoldoutUse]) -> Vec<&HoldoutUse> {
    let mut kept: Vec<&HoldoutUse> = Vec::new();
    let mut edits: BTreeSet<_> = BTreeSet::new();
    for line in lines {
        let is_new = match line {
            HoldoutUse::Edit(edit) => edits.insert((&edit.session_id, edit.edit_digest, edit.tasks, edit.pairs)),
            HoldoutUse::Refresh(_) => !kept.iter().any(|other| other.is_same(line)),
            _ => true,
        };
        if is_new {
            kept.push(line);
        }
    }
    kept
}

fn is_of_gate(line: &HoldoutUse) -> bool {
    match line {
        HoldoutUse::Edit(_) | HoldoutUse::Prune(_) => true,
        HoldoutUse::Audit(audit) => audit.split == Split::Gate.name(),
        HoldoutUse::Refresh(_) | HoldoutUse::Unknown(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::digest::Digest;

    fn line(value: Value) -> HoldoutUse {
        serde_json::from_value(value).unwrap()
    }

    fn edit(name: &str) -> HoldoutUse {
        let digest = Digest::of_bytes(name.as_bytes());
        line(
            json!({"kind": "edit", "at": "t", "session_id": "s", "edit_id": name, "edit_digest": digest, "tasks": digest,
            "pairs": 1, "decision": "reject", "reason": "r"}),
        )
    }

    fn audit(split: &str) -> HoldoutUse {
        line(
            json!({"kind": "audit", "at": "t", "split": split, "since": "c", "tasks": Digest::of_bytes(b"t"), "pairs": 1}),
        )
    }

    fn refresh(retired: &[&str], drawn: &[&str]) -> HoldoutUse {
        line(json!({"kind": "refresh", "at": "t", "retired": retired, "drawn": drawn}))
    }

    #[test]
    fn a_drawn_task_starts_anew_and_the_sealed_split_does_not_count() {
        let lines = [
            edit("1"),
            edit("2"),
            audit("gate"),
            audit("test"),
            refresh(&["x"], &["c"]),
            edit("3"),
            line(json!({"kind": "dream", "at": "t"})),
        ];
        let counts = counts(&lines, ["a", "b", "c"]);
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("a", 4), ("b", 4), ("c", 1)]);
        let wear = wear(&lines, ["a", "b", "c"], 3);
        assert_eq!((wear.consultations, wear.mean, wear.worn), (4, 3.0, true));
        assert!(
            wear.words()
                .contains("consulted 3 times on average since it was drawn (worn after 3)")
        );
        assert!(wear.words().contains("`kaizen bench refresh`"));
    }

    #[test]
    fn the_limit_is_where_it_is_said_to_be() {
        let lines: Vec<HoldoutUse> = (0..50).map(|n| edit(&n.to_string())).collect();
        assert!(!wear(&lines[..49], ["a"], 50).worn);
        assert!(wear(&lines, ["a"], 50).worn);
        assert!(!wear(&lines, ["a"], 0).worn, "0: never");
        assert!(!wear(&lines, [], 50).worn, "no gate tasks, nothing worn");
        assert_eq!(
            wear(&lines[..1], ["a"], 50).words(),
            "the gate split was consulted once since it was drawn (worn after 50)"
        );
    }

    #[test]
    fn what_two_branches_wrote_counts_once() {
        let refreshed = || refresh(&["x"], &["a"]);
        let lines = [edit("1"), refreshed(), edit("2"), edit("2"), refreshed()];
        assert_eq!(counts(&lines, ["a"])["a"], 1);
        assert_eq!(refreshes(&lines), 1);
    }

    proptest! {
        #[test]
        fn more_consultations_never_wear_less(names in prop::collection::vec("[a-d]", 0..12), cut in 0usize..12) {
            let lines: Vec<HoldoutUse> = names
                .iter()
                .map(|name| if name == "d" { refresh(&["x"], &["b"]) } else { edit(name) })
                .collect();
            let of = |lines: &[HoldoutUse]| counts(lines, ["a", "b"]);
            let (all, part) = (of(&lines), of(&lines[..cut.min(lines.len())]));
            prop_assert!(all["a"] >= part["a"]);
            prop_assert!(all["b"] <= all["a"]);
        }
    }
}
