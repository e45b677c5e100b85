//! The files of the tiny workspace: an agent, its tasks and its traces.

use serde_json::{Value, json};

/// The agent, which refuses to answer unless its confidence is at least 0.9.
pub const CONFIG: &str = "# Mine.\n[intelligence]\ndefault_model = \"base\"\n\n[agent]\ndefault_agent = \"assistant\"\n\n\
[agent.assistant]\nclass = \"tool_user\"\ntools = []\nmax_turns = 3\nfallback = \"none\"\n\n\
[models.base]\nweighting = \"count\"\nk = 1\nrefuse_below = 0.9 # too shy\n\n[models.spare]\nk = 1\nrefuse_below = 0.9\n";
/// The prompt, with the two labels that the agent knows.
pub const PROMPT: &str = "You are the assistant of a house.\n\n- lights_on: switch the lamp on\n- list_add: put on the shopping list\n\nBe brief.\n";
/// A tool that the agent does not have.
pub const TOOLS: &str = "[calculator]\ndescription = \"Calculates arithmetic expressions: add, multiply, percent.\"\n";
/// The smallest manifest.
pub const MANIFEST: &str = "[ledger]\nauthor = \"t <t@t>\"\n";
const THINGS: [&str; 12] = [
    "kitchen", "hall", "attic", "cellar", "study", "nursery", "porch", "garage", "pantry", "stairs", "garden", "office",
];

/// Twelve tasks in each of four categories; half of them are train tasks, half gate tasks.
pub fn tasks() -> String {
    let mut lines = String::new();
    for (number, thing) in THINGS.iter().enumerate() {
        let split = ["train", "gate"][number % 2];
        let sum = format!("what is {} times 3", number + 2);
        let product = (3 * (number + 2)).to_string();
        for (category, query, answer) in [
            ("home", format!("please switch the lamp on in the {thing}"), "lights_on"),
            (
                "shop",
                format!("put soap for the {thing} on the shopping list"),
                "list_add",
            ),
            ("trip", format!("book me a train from the {thing} to town"), "trip_book"),
            ("sums", sum, product.as_str()),
        ] {
            let task = json!({"task_id": format!("{category}-{number}"), "query": query, "reference_answer": answer,
                "category": category, "scorer": "exact", "split": split});
            lines += &format!("{task}\n");
        }
    }
    lines
}

/// Traces of the train tasks, in which the agent refuses to answer.
pub fn traces() -> String {
    let tasks = tasks();
    let train = tasks.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = |(number, task): (usize, Value)| {
        let trace = json!({"trace_id": format!("run-{number:03}"), "query": task["query"], "agent": "assistant",
            "model": "base", "result": "none", "outcome": "failure", "feedback": 0.0, "started_at": 1_760_000_000 + number});
        format!("{trace}\n")
    };
    train
        .filter(|task| task["split"] == "train")
        .enumerate()
        .map(line)
        .collect()
}
