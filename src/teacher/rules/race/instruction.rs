//! Instructions that follow from the data alone: the labels with glosses, the length and the format of an answer.

use std::collections::BTreeMap;

use serde_json::Value;

use super::form::{AnswerForm, AnswerKind};
use super::pool::{ExamplePool, PoolExample};

/// The largest number of labels that an instruction lists.
const MOST_LISTED: usize = 80;
/// The number of words that explain a label.
const GLOSS: usize = 4;
/// A word explains a label if it occurs in at least this many of its queries.
const TIMES: usize = 2;
/// The longest example of a JSON answer, in bytes.
const LONGEST_SAMPLE: usize = 400;

/// The texts that may be added to the prompt, most useful first.
pub(super) fn instructions(form: &AnswerForm, pool: &ExamplePool, prompt: &str) -> Vec<String> {
    match &form.kind {
        AnswerKind::Label(labels) if labels.len() <= MOST_LISTED => of_labels(labels, pool, prompt),
        AnswerKind::Label(_) => vec!["Answer with the label alone, without any other word.".to_owned()],
        AnswerKind::Object(schema) => of_object(schema, pool),
        AnswerKind::Number => vec![
            "End your answer with the number.".to_owned(),
            "Answer with the number alone, without a unit or any other word.".to_owned(),
        ],
        AnswerKind::Text if form.one_line && form.exact => {
            vec!["Answer as briefly as possible: only the answer itself, in one line.".to_owned()]
        }
        AnswerKind::Text => Vec::new(),
    }
}

fn of_labels(labels: &[String], pool: &ExamplePool, prompt: &str) -> Vec<String> {
    let unit = match labels.iter().any(|label| label.contains(char::is_whitespace)) {
        true => "with one of these labels alone",
        false => "with one word",
    };
    let (last, first) = (&labels[labels.len() - 1], labels[..labels.len() - 1].join(", "));
    let brief = format!("Answer {unit}: {first} or {last}.");
    let are_known = labels.iter().all(|label| prompt.contains(label.as_str()));
    if are_known {
        return vec![brief];
    }
    let names: String = labels.iter().map(|label| format!("\n- {label}")).collect();
    let listed = format!("Choose the label that fits best, and answer with the label alone.{names}");
    let glosses = glosses(pool);
    let line = |label: &String| match glosses.get(label).filter(|words| !words.is_empty()) {
        Some(words) => format!("\n- {label}: {}", words.join(", ")),
        None => format!("\n- {label}"),
    };
    let lines: String = labels.iter().map(line).collect();
    let glossed = format!("Choose the label that fits best, and answer with the label alone. Typical words:{lines}");
    vec![brief, glossed, listed]
}

/// The words of each group that occur often in its queries and seldom in the others.
fn glosses(pool: &ExamplePool) -> BTreeMap<String, Vec<String>> {
    let counted: BTreeMap<&String, (BTreeMap<String, usize>, usize)> = pool
        .groups
        .iter()
        .map(|(group, examples)| (group, (word_counts(examples), examples.len())))
        .collect();
    let share = |group: &String, word: &str| {
        let (counts, size) = &counted[group];
        counts.get(word).copied().unwrap_or_default() as f64 / (*size).max(1) as f64
    };
    let gloss = |group: &String| {
        let elsewhere = |word: &str| {
            let others = counted.keys().filter(|other| **other != group);
            others.map(|other| share(other, word)).fold(0.0, f64::max)
        };
        let frequent = counted[group].0.iter().filter(|(_, times)| **times >= TIMES);
        let mut rated: Vec<(f64, &String)> = frequent
            .map(|(word, _)| (share(group, word) - elsewhere(word), word))
            .filter(|(excess, _)| *excess > 0.0)
            .collect();
        rated.sort_by(|one, other| other.0.total_cmp(&one.0));
        rated.into_iter().take(GLOSS).map(|(_, word)| word.clone()).collect()
    };
    pool.groups.keys().map(|group| (group.clone(), gloss(group))).collect()
}

/// The number of queries in which each word of at least three letters occurs.
fn word_counts(examples: &[PoolExample]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for example in examples {
        let text = example.input.to_lowercase();
        let words = text
            .split(|c: char| !c.is_alphabetic())
            .filter(|word| word.chars().count() >= 3);
        for word in words.collect::<std::collections::BTreeSet<_>>() {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    counts
}

fn of_object(schema: &Value, pool: &ExamplePool) -> Vec<String> {
    let keys: Vec<String> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, about)| match about["type"].as_str() {
            Some(kind) => format!("\"{name}\" ({kind})"),
            None => format!("\"{name}\""),
        })
        .collect();
    let keys = format!("Answer with one JSON object alone, with the keys {}.", keys.join(", "));
    let samples = pool.groups.values().flatten().map(|example| &example.output);
    match samples
        .min_by_key(|output| output.len())
        .filter(|output| output.len() <= LONGEST_SAMPLE)
    {
        Some(sample) => vec![format!("{keys} For example: {sample}"), keys],
        None => vec![keys],
    }
}

/// The prompt with an instruction at its end.
pub(super) fn added(prompt: &str, instruction: &str) -> String {
    match prompt.trim().is_empty() {
        true => format!("{instruction}\n"),
        false => format!("{}\n\n{instruction}\n", prompt.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pool(pairs: &[(&str, &str)]) -> ExamplePool {
        let mut pool = ExamplePool::default();
        for (input, output) in pairs {
            let example = PoolExample {
                input: (*input).into(),
                output: (*output).into(),
                group: (*output).into(),
            };
            pool.groups.entry((*output).into()).or_default().push(example);
        }
        pool
    }

    fn form(kind: AnswerKind) -> AnswerForm {
        AnswerForm {
            kind,
            one_line: true,
            longest: 4,
            exact: true,
        }
    }

    #[test]
    fn labels_are_listed_with_words_from_the_data() {
        let pool = pool(&[
            ("My card is lost", "card"),
            ("the card was stolen", "card"),
            ("the rate of the euro", "rate"),
            ("euro rate, please", "rate"),
        ]);
        let labels = form(AnswerKind::Label(vec!["card".into(), "rate".into(), "z".into()]));
        let made = instructions(&labels, &pool, "Sort.");
        assert_eq!(made[0], "Answer with one word: card, rate or z.");
        assert!(
            made[1].ends_with("Typical words:\n- card: card\n- rate: euro, rate\n- z"),
            "{}",
            made[1]
        );
        assert!(made[2].ends_with("alone.\n- card\n- rate\n- z"));
        assert_eq!(instructions(&labels, &pool, "- card\n- rate\n- z\n").len(), 1);
    }

    #[test]
    fn other_forms_have_their_own_instructions() {
        let schema = json!({"properties": {"a": {"type": "integer"}, "b": {}}});
        let made = instructions(&form(AnswerKind::Object(schema)), &pool(&[("q", "{\"a\":1}")]), "");
        assert_eq!(
            made[0],
            "Answer with one JSON object alone, with the keys \"a\" (integer), \"b\". For example: {\"a\":1}"
        );
        for (kind, count) in [(AnswerKind::Number, 2), (AnswerKind::Text, 1)] {
            assert_eq!(instructions(&form(kind), &ExamplePool::default(), "").len(), count);
        }
        assert_eq!(added("", "x"), "x\n");
        assert_eq!(added("Be kind.\n\n", "x"), "Be kind.\n\nx\n");
    }
}
