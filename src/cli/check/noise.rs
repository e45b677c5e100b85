//! `kaizen check --aa`: how much two runs of the same harness differ.

use serde_json::json;

use super::words;
use crate::artifact::counted;
use crate::cli::exit::{Code, CommandFailure};
use crate::cli::visible::visible;
use crate::cli::{Format, Setting, render};
use crate::gate::check::CheckVerdict;
use crate::gate::check::aa::NoiseRun;

/// Prints the noise; `show_tasks`: with the ids of the tasks, which only the terminal shows.
///
/// # Errors
/// The format is none that noise has.
pub(super) fn show(found: &NoiseRun, show_tasks: bool, setting: &Setting) -> Result<Code, CommandFailure> {
    match setting.format {
        Format::Text => print(found, show_tasks),
        Format::Json => render::json(&json!({"event": "checked", "aa": true, "verdict": found.verdict,
            "attempts": found.attempts, "interval": found.whole.interval, "change": found.whole.mean,
            "tasks": found.tasks, "flaky": found.flaky.len(), "flaky_by_category": found.flaky_by_category,
            "lost": found.lost})),
        Format::Markdown | Format::Junit | Format::Sarif => {
            return Err(CommandFailure::usage("`--aa` prints text or JSON only"));
        }
    }
    // Noise alone cannot make a harness worse, whatever a check would say.
    Ok(Code::Settled)
}

fn print(found: &NoiseRun, show_tasks: bool) {
    let share = 100.0 * found.flaky.len() as f64 / found.tasks.max(1) as f64;
    out!(
        "{} of {} scored differently in a second run of the same harness ({share:.1} %)",
        found.flaky.len(),
        counted(found.tasks, "gate task")
    );
    for (category, count) in &found.flaky_by_category {
        out!("  {}: {count}", visible(category));
    }
    if found.lost > 0 {
        out!("{} lost to infrastructure failures", counted(found.lost, "task"));
    }
    if show_tasks {
        found.flaky.iter().for_each(|task| out!("  {}", visible(task)));
    }
    out!("the whole changed by {}: noise alone", words::change(&found.whole));
    if found.verdict == CheckVerdict::Worse {
        out!("a check would call this worse, which happens at most once in 20 times");
    }
}
