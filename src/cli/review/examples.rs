//! Counts of added, kept and removed few-shot examples. A rewritten file makes its diff look larger than the change.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::artifact::edit::Edit;
use crate::harness::Harness;

/// How many examples an edit adds, keeps and removes; `None` for other ops, and for files in another format.
pub(crate) fn summary(edit: &Edit, path: &str, harness: &Harness) -> Option<String> {
    if !edit.op.writes_examples() {
        return None;
    }
    let before: Vec<Value> = match harness.text(path) {
        Some(text) => serde_json::from_str(text).ok()?,
        None => Vec::new(),
    };
    let after = edit.payload.get("exemplars")?.as_array()?;
    let (before, after) = (counted(&before), counted(after));
    let stay: usize = before
        .iter()
        .map(|(example, count)| after.get(example).unwrap_or(&0).min(count))
        .sum();
    let (were, are): (usize, usize) = (before.values().sum(), after.values().sum());
    Some(format!("{} new, {stay} kept, {} removed", are - stay, were - stay))
}

/// How often each pair of question and answer occurs.
fn counted(examples: &[Value]) -> BTreeMap<(&str, &str), usize> {
    let mut counts = BTreeMap::new();
    for example in examples {
        let text = |key: &str| example[key].as_str().unwrap_or_default();
        *counts.entry((text("input"), text("output"))).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edit(op: &str) -> Edit {
        let example = |input: &str, output: &str| json!({"input": input, "output": output});
        let exemplars = [
            example("a", "1"),
            example("a", "1"),
            example("b", "3"),
            example("c", "4"),
        ];
        serde_json::from_value(
            json!({"id": "e", "pillar": "agent", "op": op, "target": "t", "rationale": "",
            "payload": {"exemplars": exemplars}, "expected_improvement": ""}),
        )
        .unwrap()
    }

    #[test]
    fn examples_are_counted_whatever_the_form_of_the_file() {
        let harness = Harness::default().with(
            "f.json",
            "[{\"output\":\"1\", \"input\":\"a\"}, {\"input\":\"b\",\"output\":\"2\"}]",
        );
        let shots = edit("edit_few_shot_exemplars");
        assert_eq!(summary(&shots, "f.json", &harness).unwrap(), "3 new, 1 kept, 1 removed");
        assert_eq!(
            summary(&shots, "new.json", &harness).unwrap(),
            "4 new, 0 kept, 0 removed"
        );
        assert_eq!(summary(&edit("replace_system_prompt"), "f.json", &harness), None);
        let other = Harness::default().with("f.json", "examples: none");
        assert_eq!(summary(&shots, "f.json", &other), None);
    }
}
