//! One agent of the embedded student, read once to answer many queries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::index::Index;
use super::query_class::QueryClass;
use super::tool;
use crate::artifact::evaluation::Attempt;
use crate::digest::Digest;
use crate::harness::agent_settings::{AgentSettings, ModelSettings};
use crate::harness::examples;
use crate::harness::examples::Example;
use crate::harness::home::{AgentError, ParsedHome};

/// The minimum number of neighbours from which an agent with a temperature draws its answer.
const NOISE_POOL: usize = 10;

/// One agent, or the reason why it cannot run.
pub(crate) struct NearestAgent(Result<LoadedAgent, (AgentError, Digest)>);

/// An agent whose files can be read.
struct LoadedAgent {
    settings: AgentSettings,
    examples: Vec<Example>,
    /// The agent's tools in its order, each with the stems of its description.
    tools: Vec<(String, BTreeSet<String>)>,
    /// The model and the footprint of each query class.
    routes: BTreeMap<QueryClass, (String, Digest)>,
    models: BTreeMap<String, AgentModel>,
}

/// A model's settings and the agent's examples, which are indexed at the first query.
struct AgentModel {
    settings: ModelSettings,
    index: OnceLock<Index>,
}

impl NearestAgent {
    /// Reads one agent from a harness. Errors are kept until the first attempt.
    pub(crate) fn read(home: &ParsedHome, name: &str) -> Self {
        let broken = |broken: AgentError| {
            let footprint = Digest::of_parts([("broken", broken.0.as_bytes())]);
            (broken, footprint)
        };
        Self(LoadedAgent::read(home, name).map_err(broken))
    }

    /// The reason why the agent cannot run, if it cannot.
    pub(crate) fn broken(&self) -> Option<&AgentError> {
        self.0.as_ref().err().map(|(broken, _)| broken)
    }

    /// The digest of everything that can change the answer to the query.
    pub(crate) fn footprint(&self, query: &str) -> Digest {
        match &self.0 {
            Ok(agent) => agent
                .routes
                .get(&QueryClass::of(query))
                .map_or(Digest::of_bytes(b""), |(_, footprint)| *footprint),
            Err((_, footprint)) => *footprint,
        }
    }

    /// Whether the answer to a query is random. An agent that cannot run fails the same way each time.
    pub(crate) fn varies(&self, query: &str) -> bool {
        self.0.as_ref().is_ok_and(|agent| agent.varies(query))
    }

    pub(crate) fn attempt(&self, query: &str, seed: u64) -> Attempt {
        match &self.0 {
            Ok(agent) => agent.attempt(query, seed),
            Err((broken, _)) => Attempt::Failed {
                reason: broken.to_string(),
            },
        }
    }
}

impl LoadedAgent {
    fn read(home: &ParsedHome, name: &str) -> Result<Self, AgentError> {
        let settings = AgentSettings::read(home, name)?;
        let examples = examples::read(home, name)?;
        let tools = described_tools(home, &settings)?;
        let (mut routes, mut models) = (BTreeMap::new(), BTreeMap::new());
        let own = own_digest(&settings, &examples, &tools);
        for class in QueryClass::ALL {
            let model = routed(home, class)?;
            let settings = ModelSettings::read(home, &model)?;
            let footprint = Digest::of_value(&(own, &model, &settings));
            routes.insert(class, (model.clone(), footprint));
            models.entry(model).or_insert(AgentModel {
                settings,
                index: OnceLock::new(),
            });
        }
        Ok(Self {
            settings,
            examples,
            tools: tools
                .into_iter()
                .map(|(name, text)| (name, tool::stems(&text)))
                .collect(),
            routes,
            models,
        })
    }

    fn varies(&self, query: &str) -> bool {
        let class = QueryClass::of(query);
        let model = self.routes.get(&class).and_then(|(model, _)| self.models.get(model));
        model.is_some_and(|model| model.settings.temperature > 0.0) && self.tool_result(query, class).is_none()
    }

    fn attempt(&self, query: &str, seed: u64) -> Attempt {
        let class = QueryClass::of(query);
        let Some((model, _)) = self.routes.get(&class) else {
            return self.answered(&self.settings.fallback, "", None);
        };
        if let Some((name, result)) = self.tool_result(query, class) {
            return self.answered(&result, model, Some(name));
        }
        let answer = self
            .models
            .get(model)
            .and_then(|settings| self.vote(settings, query, seed));
        self.answered(answer.unwrap_or(&self.settings.fallback), model, None)
    }

    fn answered(&self, answer: &str, model: &str, tool: Option<&str>) -> Attempt {
        Attempt::Answered {
            answer: answer.to_owned(),
            model: Some(model.to_owned()),
            tool: tool.map(str::to_owned),
            used: None,
        }
    }

    /// The best fitting tool and its result; the first tool on a tie. `None` if no tool fits, or the tool finds nothing
    /// to compute.
    fn tool_result(&self, query: &str, class: QueryClass) -> Option<(&str, String)> {
        if !self.settings.may_call_tools() || self.tools.is_empty() {
            return None;
        }
        let wanted = tool::wanted(query, class);
        let fits = self.tools.iter().map(|(name, stems)| (tool::fit(stems, &wanted), name));
        let (_, name) = fits
            .filter(|(fit, _)| *fit > 0)
            .reduce(|best, next| if next.0 > best.0 { next } else { best })?;
        tool::call(name, query).map(|result| (name.as_str(), result))
    }

    /// The answer that the nearest examples vote for; `None` is a refusal.
    fn vote(&self, model: &AgentModel, query: &str, seed: u64) -> Option<&str> {
        let settings = &model.settings;
        let index = model.index.get_or_init(|| Index::new(&self.examples, settings));
        let pool = if settings.temperature > 0.0 {
            settings.k.max(NOISE_POOL)
        } else {
            settings.k
        };
        let neighbours = index.nearest(query, pool);
        let votes = self.votes(&neighbours, settings.k);
        let best = votes
            .iter()
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some(winner) = best else {
            // No example is similar: an agent that never refuses guesses.
            let guess = self.examples.first().map(|example| example.output.as_str());
            return guess.filter(|_| settings.refuse_below == 0.0);
        };
        if closest(&neighbours, &self.examples, winner.0) < settings.refuse_below {
            return None;
        }
        if settings.temperature > 0.0 {
            return sampled(&votes, settings.temperature, chance(query, seed));
        }
        Some(winner.0)
    }

    /// The labels, nearest first, each with its vote: the sum of the similarities of its examples among the first `k`
    /// neighbours, divided by `k`. A temperature draws from the same votes.
    fn votes(&self, nearest: &[(usize, f64)], k: usize) -> Vec<(&str, f64)> {
        let voters = k.min(self.examples.len()).max(1) as f64;
        let mut votes: Vec<(&str, f64)> = Vec::new();
        for (rank, (example, similarity)) in nearest.iter().enumerate() {
            let label = self.examples[*example].output.as_str();
            let worth = if rank < k { similarity / voters } else { 0.0 };
            match votes.iter_mut().find(|(other, _)| *other == label) {
                Some(vote) => vote.1 += worth,
                None => votes.push((label, worth)),
            }
        }
        votes
    }
}

/// The similarity of the label's nearest example to the query, as a confidence that does not depend on `k`.
fn closest(neighbours: &[(usize, f64)], examples: &[Example], label: &str) -> f64 {
    let own = neighbours
        .iter()
        .find(|(example, _)| examples[*example].output == label);
    own.map_or(0.0, |(_, similarity)| *similarity)
}

/// The tools with their descriptions. A tool without a description gets an empty one, and is never called.
fn described_tools(home: &ParsedHome, settings: &AgentSettings) -> Result<Vec<(String, String)>, AgentError> {
    let template = &home.layout().tool_description;
    let described = |name: &String| {
        let description = home
            .value(template, &[("tool", name)])?
            .and_then(|value| value.as_str());
        Ok((name.clone(), description.unwrap_or_default().to_owned()))
    };
    settings.tools.iter().map(described).collect()
}

/// The model that the harness sets for a class, otherwise `default`.
pub(crate) fn routed(home: &ParsedHome, class: QueryClass) -> Result<String, AgentError> {
    Ok(home.routed(class.name())?.unwrap_or_else(|| "default".to_owned()))
}

/// The digest of everything apart from the model that can change an answer. It covers whether the number of turns
/// permits tool calls, but not the number, and it covers the tools only if they may be called.
fn own_digest(settings: &AgentSettings, examples: &[Example], tools: &[(String, String)]) -> Digest {
    let tools = if settings.may_call_tools() { tools } else { &[] };
    let settings = Digest::of_value(&(settings.may_call_tools(), &settings.fallback)).to_string();
    let pairs = examples
        .iter()
        .map(|example| (example.output.as_str(), example.input.as_bytes()));
    let tools = tools
        .iter()
        .map(|(name, description)| (name.as_str(), description.as_bytes()));
    let separated = [("settings", settings.as_bytes())].into_iter().chain(tools);
    Digest::of_parts(separated.chain([("examples", b"".as_slice())]).chain(pairs))
}

/// A random number from 0 to 1, derived from the seed and the query.
fn chance(query: &str, seed: u64) -> f64 {
    let drawn = Digest::of_parts([("seed", seed.to_le_bytes().as_slice()), ("query", query.as_bytes())]);
    (drawn.seed() >> 11) as f64 / (1u64 << 53) as f64
}

/// A label drawn at random, with the softmax of the votes as probabilities.
fn sampled<'l>(votes: &[(&'l str, f64)], temperature: f64, chance: f64) -> Option<&'l str> {
    let highest = votes.iter().map(|vote| vote.1).fold(0.0, f64::max);
    let odds: Vec<f64> = votes
        .iter()
        .map(|vote| ((vote.1 - highest) / temperature).exp())
        .collect();
    let mut left = chance * odds.iter().sum::<f64>();
    for (vote, odds) in votes.iter().zip(&odds) {
        left -= odds;
        if left < 0.0 {
            return Some(vote.0);
        }
    }
    votes.last().map(|vote| vote.0)
}
