//! The words of a forecast: what cannot be seen, why, and what would help.

use std::collections::BTreeSet;

use super::{EditForecast, Forecast, Given, View};
use crate::artifact::gate::settings::{Mode, Population, Preset};
use crate::gate::power::play::Played;
use crate::gate::power::visible::remedy;
use crate::gate::words::{mode, tasks};

/// A change in points: `12.5`.
pub(crate) fn points(change: f64) -> String {
    format!("{}", (1000.0 * change).round() / 10.0)
}

/// The forecast in a few lines, for those who run without asking.
pub(crate) fn lines(found: &Forecast) -> Vec<String> {
    if found.mode == Mode::Rule {
        return found.remarks.iter().take(1).cloned().collect();
    }
    let warnings: BTreeSet<String> = found.edits.iter().filter_map(warning).collect();
    let mut lines = vec![found.floor_line()];
    lines.extend(targets(found));
    lines.push(found.calls_line());
    lines.extend(warnings);
    lines
}

impl Forecast {
    /// The noise, and what it makes of the gate.
    pub(crate) fn floor_line(&self) -> String {
        let (noise, mode) = (&self.noise, mode(self.mode));
        match noise.compared {
            0 => format!("the gate is {mode}; the baseline was run once, so that its noise is not known"),
            compared if noise.differing == 0 => {
                format!("the gate is {mode}: none of {compared} tasks differs between two runs of the same harness")
            }
            compared => format!(
                "the gate is {mode}: {} of {compared} tasks differ between two runs of the same harness (a run's variance \
                 is {:.3})",
                noise.differing, noise.variance
            ),
        }
    }

    /// Calls and dollars of all edits.
    pub(crate) fn calls_line(&self) -> String {
        let usd = |cost: Option<f64>| cost.map_or("unknown".to_owned(), |cost| format!("{cost:.2}"));
        let cost = match (self.cost_usd.nothing, self.cost_usd.most) {
            (Some(nothing), Some(most)) if nothing + most == 0.0 => "the student costs nothing".to_owned(),
            (None, None) => "dollars unknown".to_owned(),
            (nothing, most) => format!("{} to {} USD", usd(nothing), usd(most)),
        };
        let edits = match self.edits.len() {
            1 => "1 edit takes".to_owned(),
            edits => format!("{edits} edits take"),
        };
        format!(
            "{edits} about {} attempts of the student if none does anything, {} at most; {cost}",
            self.calls.nothing, self.calls.most
        )
    }
}

/// The smallest visible change of every category that an edit aims at.
fn targets(found: &Forecast) -> Option<String> {
    let aimed: BTreeSet<&str> = found.edits.iter().filter_map(|edit| edit.target.as_deref()).collect();
    let one = |category: &super::Category| {
        let seen = match category.smallest_visible {
            Some(least) => format!("{} points", points(least)),
            None => "none".to_owned(),
        };
        format!("{} {seen} ({})", category.category, tasks(category.tasks))
    };
    let seen: Vec<String> = found
        .categories
        .iter()
        .filter(|category| aimed.contains(category.category.as_str()))
        .map(one)
        .collect();
    (!seen.is_empty()).then(|| format!("the smallest change that it can see: {}", seen.join(", ")))
}

fn warning(edit: &EditForecast) -> Option<String> {
    let (target, advice) = (whole(edit.target.as_deref()), edit.advice.as_ref()?);
    (edit.can_be_seen == Some(false)).then(|| format!("{target}: {advice}"))
}

/// Why an edit of which no target task is reached cannot be seen.
pub(super) fn nothing_reached(found: &EditForecast) -> String {
    match found.reaches {
        0 => "it changes no request of any gate task, so that nothing can be seen of it".to_owned(),
        reaches => format!(
            "it changes no request of {}, though it reaches {}: it would be rejected without a run",
            whole(found.target.as_deref()),
            tasks(reaches)
        ),
    }
}

/// Why the gate cannot show what is hoped for, and what would help, the most useful first.
pub(super) fn advice(view: &View, found: &EditForecast, chances: &[f64]) -> String {
    match view.mode {
        Mode::Sequential if view.alpha <= 0.0 => {
            "the error budget of this session is spent; `kaizen run --new` starts one with its own".to_owned()
        }
        Mode::Sequential => by_bets(view, found, chances),
        _ if found.hoped <= 0.0 => "nothing fails there, so that nothing can be gained".to_owned(),
        _ => {
            let enough = (0.5 / found.hoped).ceil() as usize;
            format!(
                "{} points are hoped for, and one task is worth more than that; with {} there it could show",
                points(found.hoped),
                tasks(enough.max(found.reaches_target + 1))
            )
        }
    }
}

fn by_bets(view: &View, found: &EditForecast, chances: &[f64]) -> String {
    let game = view.game(chances);
    let settings = &game.settings;
    let (hoped, delta_min) = (points(found.hoped), points(settings.delta_min));
    if found.hoped <= 0.0 {
        return "nothing fails there, so that nothing can be gained".to_owned();
    }
    let played = game.play(found.hoped);
    let remedy = remedy(&game, found.hoped, view.given.budget.alpha_session);
    let mut help = Vec::new();
    help.extend(
        remedy
            .tasks
            .map(|enough| format!("{enough} such tasks instead of {}", chances.len())),
    );
    help.extend(remedy.preset.map(|preset| format!("preset = \"{}\"", name(preset))));
    help.extend(
        found
            .smallest_visible
            .map(|least| format!("a change of {} points", points(least))),
    );
    help.extend(
        remedy
            .alone
            .then(|| "a plan of fewer edits, which share the error budget".to_owned()),
    );
    let why = match game.headroom() < settings.delta_min {
        true => format!(
            "delta_min of {delta_min} points lies above the {} that can be gained, so that by design it is dropped as futile",
            points(game.headroom())
        ),
        false => format!("{hoped} points are hoped for, and {}", ends(&played, &delta_min)),
    };
    let help = match help.is_empty() {
        true => format!("a delta_min below {hoped} points and more tasks of other kinds may help"),
        false => format!("what would show it: {}", help.join("; or ")),
    };
    format!("{why}; {help}")
}

/// How most games end in which the edit does what is hoped for.
fn ends(played: &Played, delta_min: &str) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let accepted = percent(played.accepted);
    match played.futile > (1.0 - played.accepted) / 2.0 {
        true => format!(
            "so much is accepted {accepted} of the time and dropped as futile {}, with delta_min at {delta_min} points",
            percent(played.futile)
        ),
        false => format!("so much is accepted {accepted} of the time: its pairs run out before the evidence suffices"),
    }
}

/// What one should know beyond an edit.
pub(super) fn remarks(found: &Forecast, given: &Given) -> Vec<String> {
    let mut remarks = Vec::new();
    if found.mode == Mode::Rule {
        remarks.push(by_means(found, given));
    }
    if found.noise.unscored > 0 {
        remarks.push(format!(
            "{} could not be scored, and cannot show anything",
            tasks(found.noise.unscored)
        ));
    }
    if found.population == Population::Sample && found.mode == Mode::Sequential {
        remarks.push(
            "the tasks are a sample: each is run once, so that more tasks help, and more runs of them do not".into(),
        );
    }
    remarks
}

/// What a comparison of means is worth.
fn by_means(found: &Forecast, given: &Given) -> String {
    let smallest = found
        .categories
        .iter()
        .filter(|one| one.tasks > 0)
        .min_by_key(|one| one.tasks);
    let worth = smallest.map_or(String::new(), |one| {
        format!(
            "; one task of {} is worth {} points, and max_regression is {}",
            one.category,
            points(1.0 / one.tasks as f64),
            points(given.rule.max_regression)
        )
    });
    let noise = match (found.noise.compared, found.noise.differing) {
        (0, _) => "; `kaizen plan-gate` finds out how noisy the student is".to_owned(),
        (_, 0) => String::new(),
        (compared, differing) => format!(
            "; {differing} of {compared} tasks differ between two runs of the same harness, which makes it a coin: mode = \
             \"auto\" tells change from chance"
        ),
    };
    format!("the gate compares the means of one run each{worth}{noise}")
}

fn name(preset: Preset) -> &'static str {
    match preset {
        Preset::Thrifty => "thrifty",
        Preset::Default => "default",
        Preset::Patient => "patient",
        Preset::Thorough => "thorough",
        Preset::Strict => "strict",
        Preset::Certified => "certified",
    }
}

fn whole(target: Option<&str>) -> &str {
    target.unwrap_or("the whole")
}
