//! Home: an agent home that can be edited as agents are: examples added or mislabelled, settings changed.

use std::collections::BTreeMap;

use kaizen::Harness;
use serde_json::json;

use crate::truth::VOTERS;

/// One example of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shot {
    /// The agent that has it.
    pub agent: String,
    /// A question.
    pub input: String,
    /// What to answer.
    pub output: String,
}

/// An agent home.
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    /// All examples.
    pub shots: Vec<Shot>,
    /// Name of the one model.
    pub model: String,
    /// Its noise.
    pub temperature: f64,
    /// Turns that each agent may take: no agent has a tool, so that nothing comes of it.
    pub turns: BTreeMap<String, u32>,
}

/// A change of a home; what is empty stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Examples that are added.
    pub adds: Vec<Shot>,
    /// Examples whose answer is another.
    pub relabels: Vec<Shot>,
    /// Another name of the model.
    pub model: Option<String>,
    /// Other turns of an agent.
    pub turns: Option<(String, u32)>,
}

impl Home {
    /// The home with a change.
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

    /// Its files.
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
