//! The teacher of students that cost money or seconds, such as language models: a race of configurations within a budget.
//!
//! A configuration is a set of examples, an instruction and parameters, all derived from train tasks and traces. The
//! configurations race on some train tasks. The steps of the winner are then measured one by one on others.

mod agent_race;
mod asked;
mod configuration;
mod constraint;
mod example_set;
mod form;
mod halving;
mod instruction;
mod json_schema;
mod pool;
mod proof;
mod split;
mod symptom;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::agent_race::AgentRace;
use super::cause::Failures;
use super::sample::{agent_of, default_agent};
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::{Edit, Op};
use crate::manifest::chat::Api;
use crate::teacher::Briefing;

/// An agent gets at least this many attempts, so that fewer agents are improved rather than none.
const LEAST_PER_AGENT: usize = 100;
/// An agent with fewer tasks is left out.
const FEWEST_TASKS: usize = 8;
/// The diagnosis makes at most this share of the attempts; the plan makes the others.
const DIAGNOSIS_SHARE: usize = 8;

/// The student of a race.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RaceSettings {
    /// The largest number of attempts in a session.
    pub max_student_calls: usize,
    /// The format of the requests; `None` for a program, whose parameters are its own.
    pub api: Option<Api>,
    /// The temperature that the manifest sets.
    pub temperature: Option<f64>,
}

/// The agents that are improved, those with most tasks first, with the number of attempts for each.
fn agents(briefing: &Briefing, settings: &RaceSettings) -> (Vec<String>, usize) {
    let default = default_agent(briefing);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for task in briefing.train {
        *counts.entry(agent_of(task, &default)).or_default() += 1;
    }
    let mut agents: Vec<(String, usize)> = counts.into_iter().filter(|(_, tasks)| *tasks >= FEWEST_TASKS).collect();
    agents.sort_by_key(|(_, tasks)| std::cmp::Reverse(*tasks));
    agents.truncate((settings.max_student_calls / LEAST_PER_AGENT).max(1));
    let share = settings.max_student_calls / agents.len().max(1);
    (agents.into_iter().map(|(agent, _)| agent).collect(), share)
}

/// The failures of the present harness on the tasks of the race.
pub(super) fn failures<'a>(briefing: &Briefing<'a>, settings: &RaceSettings) -> Failures<'a> {
    let (agents, share) = agents(briefing, settings);
    let mut found = Failures::default();
    for agent in agents {
        let race = AgentRace::new(briefing, settings, &agent, share);
        race.add_failures(share / DIAGNOSIS_SHARE, &mut found);
    }
    found
}

/// The edits of a plan: examples and prompts first, because parameters can show their effect only after them.
pub(super) fn edits(
    briefing: &Briefing,
    clusters: &[FailureCluster],
    settings: &RaceSettings,
    most: usize,
) -> Vec<Edit> {
    let (agents, share) = agents(briefing, settings);
    let mut edits: Vec<Edit> = Vec::new();
    for agent in agents {
        let race = AgentRace::new(briefing, settings, &agent, share);
        edits.extend(race.edits(share - share / DIAGNOSIS_SHARE, clusters));
    }
    edits.sort_by_key(|edit| matches!(edit.op, Op::SetAgentParam | Op::SetModelParam));
    edits.truncate(most);
    for (at, edit) in edits.iter_mut().enumerate() {
        edit.id = format!("edit-{}", at + 1);
    }
    edits
}
