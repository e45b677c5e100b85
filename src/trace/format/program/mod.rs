//! What agents' own programs print at the end of a run without a person: the answer, the model, the tools, the tokens and
//! the cost. Pure.

mod aider;
mod claude;
mod codex;
mod events;
mod gemini;
mod goose;
mod opencode;

use serde_json::Value;

use crate::artifact::Money;
use crate::artifact::spending::Usage;
use crate::manifest::speaks::ProgramDialect;

/// The result of a program's run. What the program does not print is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PrintedRun {
    /// The last message of the agent.
    pub answer: String,
    /// The model that it used most.
    pub model: Option<String>,
    /// The names of the tools that it called, in order, each at its first call.
    pub tools: Vec<String>,
    /// The tokens of all its calls.
    pub usage: Option<Usage>,
    /// The cost in dollars.
    pub cost_usd: Option<Money>,
}

impl PrintedRun {
    fn add_tool(&mut self, name: Option<&str>) {
        if let Some(name) = name.filter(|name| !self.tools.iter().any(|known| known == name)) {
            self.tools.push(name.to_owned());
        }
    }
}

/// The run of which this is the output; `None` if it does not have the form of the dialect, so that all of it is the answer.
pub(crate) fn printed_run(dialect: ProgramDialect, output: &str) -> Option<PrintedRun> {
    match dialect {
        ProgramDialect::Claude | ProgramDialect::Amp => claude::read(&events::of(output)?),
        ProgramDialect::Codex => codex::read(&events::of(output)?),
        ProgramDialect::Gemini => gemini::read(&events::of(output)?),
        ProgramDialect::Opencode => opencode::read(&events::of(output)?),
        ProgramDialect::Goose => goose::read(output),
        ProgramDialect::Aider => aider::read(output),
        ProgramDialect::Json | ProgramDialect::Text => None,
    }
}

/// A count of tokens; 0 if the value is no whole number.
fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// The sum of two parts of a run.
fn sum(one: Usage, other: Usage) -> Usage {
    Usage {
        input: one.input.saturating_add(other.input),
        cache_read: one.cache_read.saturating_add(other.cache_read),
        cache_write: one.cache_write.saturating_add(other.cache_write),
        output: one.output.saturating_add(other.output),
    }
}

/// A usage in which the input includes what was read from a cache.
fn with_cached(input: u64, cached: u64, output: u64) -> Usage {
    Usage {
        input: input.saturating_sub(cached),
        cache_read: cached,
        cache_write: 0,
        output,
    }
}

#[cfg(test)]
mod tests;
