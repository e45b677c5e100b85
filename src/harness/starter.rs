//! The starter agent that `kaizen init` can create: a minimal harness for people to read and for kaizen to improve.

use crate::harness::Harness;

const CONFIG: &str = r#"# The agent's settings. Everything here may be edited, by you and by kaizen.

[intelligence]
default_model = "base"          # answers every query that the routing table below does not route

[learning.routing.policy_map]   # query class (math, units, date, long, short, general) = "model"

[models.base]
weighting = "count"             # how words are weighted: count, binary, tfidf, bm25
ngrams = 1                      # longest run of words that is compared: 1 to 3
char_ngrams = 0                 # length of letter groups, which tolerate misspellings: 0 (off) or 2 to 6
k = 1                           # how many nearest examples vote
refuse_below = 0.0              # confidence below which the agent answers its fallback; 0: it never does
temperature = 0.0               # above 0 the answers vary with the seed

[agent]
default_agent = "{agent}"

[agent."{agent}"]
class = "react"                 # react may call a tool, simple never does
tools = ["unit_converter"]      # calculator, unit_converter and date_calculator exist
max_turns = 10                  # a tool call needs two
fallback = "oos"                # the answer when no example is similar enough
"#;

const TOOLS: &str = r#"# The description of each tool for the model, which calls a tool only if its description fits the query.

[calculator]
description = "Calculates arithmetic expressions: add, subtract, multiply, divide, percent."

[unit_converter]
description = "A useful tool."

[date_calculator]
description = "Days between calendar dates, the weekday of a date, a date some days or weeks away."
"#;

const LABEL_PROMPT: &str = "\
You sort each request into exactly one of the labels below.
Answer with the label alone. When no label fits, say so.

";

const PLAIN_PROMPT: &str = "\
You are a helpful assistant.
Answer each question briefly and end with the answer itself.
";

/// Creates the starter agent. Its prompt lists the labels by name only, and it has no examples, one tool with a vague
/// description, and simple parameters. Without labels, it gets the prompt of a plain assistant.
pub fn harness(labels: &[String], agent: &str) -> Harness {
    let quoted = agent.replace('\\', "\\\\").replace('"', "\\\"");
    Harness::default()
        .with("config.toml", CONFIG.replace("{agent}", &quoted))
        .with(format!("agents/{agent}/system_prompt.md"), prompt(labels))
        .with(format!("agents/{agent}/few_shot.json"), "[]\n")
        .with("tools/descriptions.toml", TOOLS)
}

fn prompt(labels: &[String]) -> String {
    if labels.is_empty() {
        return PLAIN_PROMPT.to_owned();
    }
    let lines = labels
        .iter()
        .map(|label| format!("- {label}: {}\n", label.replace('_', " ")));
    LABEL_PROMPT.chars().chain(lines.collect::<String>().chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::evaluation::Attempt;
    use crate::eval::student::nearest::Nearest;
    use crate::eval::student::{Draw, Student};
    use crate::manifest::layout::Layout;

    #[test]
    fn it_answers_by_label_names_from_the_start() {
        let labels = ["card_lost".to_owned(), "exchange_rate".to_owned()];
        for agent in ["intent", "two words", "quo\"te"] {
            let student = Nearest::new(Layout::default()).prepare(&harness(&labels, agent));
            let task = serde_json::from_value(serde_json::json!({
                "task_id": "t", "query": "what is the exchange rate", "reference_answer": "exchange_rate"
            }))
            .unwrap();
            let answer = student.attempt(&task, Draw::default());
            assert!(
                matches!(&answer, Attempt::Answered { answer, .. } if answer == "exchange_rate"),
                "{answer:?}"
            );
        }
    }

    #[test]
    fn without_labels_the_prompt_lists_none() {
        assert!(
            !harness(&[], "a")
                .text("agents/a/system_prompt.md")
                .unwrap()
                .contains("\n- ")
        );
    }
}
