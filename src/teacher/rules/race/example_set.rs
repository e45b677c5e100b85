//! Draws sets of examples from the pool: of several sizes, balanced over the groups, chosen in different ways.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::pool::{ExamplePool, PoolExample};
use crate::digest::Digest;

/// The sizes of the sets.
const SIZES: [usize; 4] = [6, 12, 3, 18];
/// The largest number of examples of a group that are compared with each other.
const COMPARED: usize = 40;

/// A way to choose the examples of each group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// At random.
    Random,
    /// Each one unlike those chosen before.
    Diverse,
    /// Those most like the others of their group first.
    Typical,
    /// The shortest first.
    Short,
}

const CHOICES: [Choice; 4] = [Choice::Random, Choice::Diverse, Choice::Typical, Choice::Short];

/// Examples in the order in which the student sees them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ExampleSet {
    /// The examples.
    pub examples: Vec<PoolExample>,
    /// Whether they follow the agent's present examples instead of replacing them.
    pub keeps_present: bool,
}

impl ExampleSet {
    /// The set of this number. Each number gives another size, choice or order.
    pub(super) fn drawn(pool: &ExamplePool, seed: u64, number: usize) -> Self {
        let size = SIZES[number % SIZES.len()].min(pool.len());
        let choice = CHOICES[(number + number / SIZES.len()) % CHOICES.len()];
        let order = Order { seed, number };
        let mut examples = chosen(pool, choice, size, order);
        if choice != Choice::Random {
            // The choice decides which examples, and chance their order: models weigh the last ones more.
            examples = order.shuffled("order", examples, |example| &example.input);
        }
        Self {
            examples,
            keeps_present: number % 2 == 1,
        }
    }

    /// The list of examples for an edit.
    pub(super) fn shots(&self, present: &[Value]) -> Vec<Value> {
        let kept = present.iter().filter(|_| self.keeps_present).cloned();
        let new = self
            .examples
            .iter()
            .map(|example| json!({"input": example.input, "output": example.output}));
        kept.chain(new).collect()
    }
}

/// The source of random orders.
#[derive(Clone, Copy)]
struct Order {
    seed: u64,
    number: usize,
}

impl Order {
    fn shuffled<T>(self, what: &str, items: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
        let mut drawn: Vec<(Digest, T)> = items
            .into_iter()
            .map(|item| (Digest::of_value(&(self.seed, self.number, what, name(&item))), item))
            .collect();
        drawn.sort_by_key(|(digest, _)| *digest);
        drawn.into_iter().map(|(_, item)| item).collect()
    }
}

/// `size` examples, one of each group in turn.
fn chosen(pool: &ExamplePool, choice: Choice, size: usize, order: Order) -> Vec<PoolExample> {
    let groups: Vec<&String> = order.shuffled("groups", pool.groups.keys().collect(), |name| name);
    let mut queues: Vec<Vec<&PoolExample>> = groups
        .iter()
        .map(|name| {
            let members = order.shuffled("members", pool.groups[*name].iter().collect(), |example| &example.input);
            ranked(choice, members)
        })
        .collect();
    let mut taken: Vec<PoolExample> = Vec::new();
    while taken.len() < size && queues.iter().any(|queue| !queue.is_empty()) {
        for queue in queues.iter_mut().filter(|queue| !queue.is_empty()) {
            if taken.len() == size {
                break;
            }
            let at = match choice {
                Choice::Diverse => most_unlike(queue, &taken),
                _ => 0,
            };
            taken.push(queue.remove(at).clone());
        }
    }
    taken
}

/// The members of a group, those to be taken first in front.
fn ranked(choice: Choice, mut members: Vec<&PoolExample>) -> Vec<&PoolExample> {
    match choice {
        Choice::Random | Choice::Diverse => {}
        Choice::Short => members.sort_by_key(|example| example.input.len()),
        Choice::Typical => {
            members.truncate(COMPARED);
            let words: Vec<BTreeSet<String>> = members.iter().map(|example| words(&example.input)).collect();
            let likeness = |at: usize| words.iter().map(|other| likeness(&words[at], other)).sum::<f64>();
            let mut rated: Vec<(f64, &PoolExample)> = members
                .iter()
                .enumerate()
                .map(|(at, one)| (likeness(at), *one))
                .collect();
            rated.sort_by(|one, other| other.0.total_cmp(&one.0));
            members = rated.into_iter().map(|(_, example)| example).collect();
        }
    }
    members
}

/// The position of the member least like any that is taken.
fn most_unlike(queue: &[&PoolExample], taken: &[PoolExample]) -> usize {
    let taken: Vec<BTreeSet<String>> = taken.iter().map(|example| words(&example.input)).collect();
    let nearest = |example: &PoolExample| {
        let own = words(&example.input);
        taken.iter().map(|other| likeness(&own, other)).fold(0.0, f64::max)
    };
    let rated = queue.iter().take(COMPARED).map(|example| nearest(example)).enumerate();
    rated
        .min_by(|one, other| one.1.total_cmp(&other.1))
        .map_or(0, |(at, _)| at)
}

fn words(text: &str) -> BTreeSet<String> {
    let split = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    split.map(str::to_lowercase).collect()
}

/// The share of words that two texts have in common, 0 to 1.
fn likeness(one: &BTreeSet<String>, other: &BTreeSet<String>) -> f64 {
    let common = one.intersection(other).count() as f64;
    common / (one.len() + other.len()).max(1) as f64 * 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(groups: usize, members: usize) -> ExamplePool {
        let mut pool = ExamplePool::default();
        for at in 0..groups * members {
            let group = format!("label{}", at % groups);
            let example = PoolExample {
                input: format!("{group} question {}", "very ".repeat(at / groups)),
                output: group.clone(),
                group: group.clone(),
            };
            pool.groups.entry(group).or_default().push(example);
        }
        pool
    }

    #[test]
    fn every_set_is_balanced_and_has_no_example_twice() {
        let pool = pool(5, 6);
        let mut seen = BTreeSet::new();
        for number in 0..16 {
            let set = ExampleSet::drawn(&pool, 7, number);
            assert_eq!(set, ExampleSet::drawn(&pool, 7, number));
            assert_eq!(set.examples.len(), SIZES[number % 4]);
            let inputs: BTreeSet<&str> = set.examples.iter().map(|example| example.input.as_str()).collect();
            assert_eq!(inputs.len(), set.examples.len());
            let count = |group: &String| set.examples.iter().filter(|example| example.group == *group).count();
            let counts: Vec<usize> = pool.groups.keys().map(count).collect();
            assert!(
                counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1,
                "{counts:?}"
            );
            seen.insert(format!("{:?}", set.examples));
        }
        assert_eq!(seen.len(), 16, "no set is drawn twice");
        assert_eq!(ExampleSet::drawn(&super::tests::pool(2, 2), 7, 3).examples.len(), 4);
        assert_eq!(ExampleSet::drawn(&ExamplePool::default(), 7, 3).examples.len(), 0);
    }

    #[test]
    fn a_choice_decides_which_examples() {
        let pool = pool(2, 9);
        let order = Order { seed: 1, number: 1 };
        let lengths = |choice| -> Vec<usize> {
            chosen(&pool, choice, 4, order)
                .iter()
                .map(|example| example.input.len())
                .collect()
        };
        let short = "label0 question ".len();
        assert_eq!(lengths(Choice::Short), [short, short, short + 5, short + 5]);
        let example = |input: &str| PoolExample {
            input: input.into(),
            output: "a".into(),
            group: "a".into(),
        };
        let [one, two, three] = ["red car now", "blue sky", "red car here"].map(example);
        assert_eq!(most_unlike(&[&three, &two], std::slice::from_ref(&one)), 1);
        assert_eq!(ranked(Choice::Typical, vec![&two, &one, &three])[2], &two);
    }
}
