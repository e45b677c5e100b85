//! `kaizen check --aa`: how much two runs of the same harness differ.

use serde_json::json;

use super::words;
use crate::artifact::counted;
use crate::cli::exit::Code;
use crate::cli::visible::visible;
use crate::cli::{Setting, render, terminal};
use crate::gate::check::CheckVerdict;
use crate::gate::check::aa::NoiseRun;

/// Prints the noise; `show_tasks`: with the ids of the tasks, which only the terminal shows.
pub(super) fn show(found: &NoiseRun, show_tasks: bool, setting: &Setting) -> Code {
    match setting.is_json() {
        false => print(found, show_tasks),
        true => render::json(&json!({"event": "checked", "aa": true, "verdict": found.verdict,
            "attempts": found.attempts, "interval": found.whole.interval, "change": found.whole.mean,
            "tasks": found.tasks, "flaky": found.flaky.len(), "flaky_by_category": found.flaky_by_category,
            "lost": found.lost})),
    }
    // Noise alone cannot make a harness worse, whatever a check would say.
    Code::Settled
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
    match show_tasks {
        true if terminal::is_out_watched() => found.flaky.iter().for_each(|task| out!("  {}", visible(task))),
        true => err!("note: --show-tasks names the tasks on a terminal only"),
        false => {}
    }
    out!("the whole changed by {}: noise alone", words::change(&found.whole));
    if found.verdict == CheckVerdict::Worse {
        out!("a check would call this worse, which happens at most once in 20 times");
    }
}
