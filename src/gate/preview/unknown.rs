//! The attempts for an edit that nobody has proposed yet.

use super::NewAttempts;
use crate::artifact::gate::settings::{Mode, Population};
use crate::gate::power::calls::sequential;
use crate::gate::power::play::Game;
use crate::gate::power::sample::tasks_without_effect;
use crate::gate::sample::screen::FEWEST_GATE_TASKS;
use crate::gate::trial::GatePolicy;

/// The attempts for the trial of an edit that nobody has proposed yet. It is assumed to reach all of the `tasks`, of which
/// the agent solves half, and to get its share of the error budget.
pub(crate) fn unknown_trial(
    policy: &GatePolicy,
    tasks: usize,
    noisy: bool,
    alpha: f64,
    shares_chance: bool,
) -> NewAttempts {
    let settings = policy.settings;
    let confirmed = tasks * (1 + 2 * settings.confirm as usize);
    match policy.mode_for(noisy) {
        Mode::Sample => {
            let runs = policy.sample.runs as usize;
            let screened = if tasks < FEWEST_GATE_TASKS { 0 } else { policy.screen };
            NewAttempts {
                nothing: screened + runs * tasks_without_effect(&policy.sample, 0.5, tasks),
                hoped: screened + runs * tasks,
                most: 2 * screened + runs * tasks,
            }
        }
        Mode::Rule => NewAttempts {
            nothing: tasks,
            hoped: tasks,
            most: tasks,
        },
        Mode::Auto | Mode::Exact => NewAttempts {
            nothing: tasks,
            hoped: tasks,
            most: confirmed,
        },
        Mode::Sequential => {
            let chances = vec![0.5; tasks];
            let game = Game {
                chances: &chances,
                spread: 0.5,
                settings,
                one_pass: policy.population == Population::Sample,
                alpha,
                shares_chance,
            };
            let cost = sequential(&game, 0.25, 0, 2);
            NewAttempts {
                nothing: cost.nothing.sum(),
                hoped: cost.hoped.sum(),
                most: cost.most.sum(),
            }
        }
    }
}
