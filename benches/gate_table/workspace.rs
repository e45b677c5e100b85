//! The home of an agent, with changes: adding or mislabelling examples, and changing settings.

use std::collections::BTreeMap;

use kaizen::Harness;
use serde_json::json;

use crate::ground_truth::VOTERS;

/// One example of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shot {
    /// The agent that the example belongs to.
    pub agent: String,
    /// The question.
    pub input: String,
    /// The answer.
    pub output: String,
}

/// The home of one or more agents.
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    /// All examples.
    pub shots: Vec<Shot>,
    /// Name of the only model.
    pub model: String,
    /// Temperature of the model, which makes it noisy.
    pub temperature: f64,
    /// Maximum number of turns by agent; it has no effect, because no agent has a tool.
    pub turns: BTreeMap<String, u32>,
}

/// A change of a home; empty fields change nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Examples to add.
    pub adds: Vec<Shot>,
    /// Existing examples with a new answer.
    pub relabels: Vec<Shot>,
    /// A new name of the model.
    pub model: Option<String>,
    /// An agent and its new maximum number of turns.
    pub turns: Option<(String, u32)>,
}

impl Home {
    /// Applies a change.
    pub fn with(&self, change: &Change) -> Self {
        let mut home = self.clone();
        for shot in &change.relabels {
            let same = |old: &&mut Shot| old.agent == shot.agent && old.input == shot.input;
            home.shots
                .iter_mut()
                .filter(same)
                .for_each(|old| old.output.clone_from(&shot.output));
        }
        home.shots.extend(change.adds.iter().cloned());
        home.model = change.model.clone().unwrap_or(home.model);
        home.turns.extend(change.turns.clone());
        home
    }

    /// The home's files.
    pub fn harness(&self) -> Harness {
        let start = Harness::default().with("config.toml", self.config());
        self.turns.keys().fold(start, |harness, agent| {
            let own = self.shots.iter().filter(|shot| shot.agent == *agent);
            let shots: Vec<_> = own
                .map(|shot| json!({"input": shot.input, "output": shot.output}))
                .collect();
            harness.with(format!("agents/{agent}/few_shot.json"), json!(shots).to_string())
        })
    }

    fn config(&self) -> String {
        let Self { model, temperature, .. } = self;
        let agents = self.turns.iter();
        let agents: String = agents
            .map(|(agent, turns)| format!("[agent.{agent}]\nmax_turns = {turns}\n"))
            .collect();
        format!(
            "{agents}[intelligence]\ndefault_model = \"{model}\"\n\
             [models.{model}]\nweighting = \"binary\"\nk = {VOTERS}\ntemperature = {temperature:?}\n"
        )
    }
}
