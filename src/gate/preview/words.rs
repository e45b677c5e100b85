//! The texts of a preview: which gains cannot be detected, why, and what would help.

use std::collections::BTreeSet;

use super::{EditPreview, GatePreview, PreviewContext, PreviewInput, SamplePower};
use crate::artifact::gate::settings::{Mode, Population, Preset};
use crate::artifact::{Money, counted};
use crate::gate::power::play::GameResults;
use crate::gate::power::visible::remedy;
use crate::gate::words::{mode, tasks};

/// A change in points: `12.5`.
pub(crate) fn points(change: f64) -> String {
    format!("{}", (1000.0 * change).round() / 10.0)
}

/// The preview in a few lines, for a run that did not ask for it.
pub(crate) fn lines(found: &GatePreview) -> Vec<String> {
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

impl GatePreview {
    /// The mode of the gate, and the noise that determined it.
    pub(crate) fn floor_line(&self) -> String {
        let (noise, mode) = (&self.noise, mode(self.mode));
        if let Some(power) = &self.power {
            return shown(power);
        }
        match noise.compared {
            0 if self.mode == Mode::Exact => "the gate is exact, for a student that always answers the same".to_owned(),
            0 => format!("the gate is {mode}; the baseline ran only once, so its noise is unknown"),
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

    /// The attempts and the price of all edits.
    pub(crate) fn calls_line(&self) -> String {
        let usd = |cost: Option<Money>| cost.map_or("unknown".to_owned(), |cost| cost.to_string());
        let cost = match (self.cost_usd.nothing, self.cost_usd.most) {
            (Some(Money::ZERO), Some(Money::ZERO)) => "the student costs nothing".to_owned(),
            (None, None) => "dollars unknown".to_owned(),
            (nothing, most) => format!("{} to {} USD", usd(nothing), usd(most)),
        };
        let edits = match self.edits.len() {
            1 => "1 edit takes".to_owned(),
            edits => format!("{edits} edits take"),
        };
        format!(
            "{edits} about {} if none has an effect, and at most {}; {cost}",
            counted(self.calls.nothing, "student attempt"),
            self.calls.most
        )
    }
}

/// What mode `sample` can show with this benchmark.
pub(crate) fn shown(power: &SamplePower) -> String {
    let SamplePower {
        tasks,
        failing,
        fewest_failing,
        ..
    } = power;
    let needs = format!("an accept needs at least {fewest_failing} wins");
    if !power.suffices() {
        return format!(
            "the gate is sample: {failing} of {tasks} gate tasks fail, so no edit can be shown, {needs}; add harder \
             tasks, or set [gate] mode = \"exact\" for a program that always answers the same"
        );
    }
    let gains = |visible: Option<f64>| visible.map(|least| format!("{:.0} points", 100.0 * least));
    let gains = match (gains(power.visible), gains(power.visible_wording)) {
        (Some(one), Some(other)) if one != other => format!("gains from {one}, or {other} for a mere rewording"),
        (Some(one), _) => format!("gains from {one}"),
        (None, Some(other)) => format!("gains from {other} for a mere rewording only"),
        (None, None) => "no gain".to_owned(),
    };
    format!(
        "the gate is sample: {tasks} gate tasks, of which {failing} fail, show {gains}; {needs}; more tasks show \
         smaller gains, more runs of the same tasks hardly do"
    )
}

/// The minimum detectable gain of each category that an edit targets.
fn targets(found: &GatePreview) -> Option<String> {
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
    (!seen.is_empty()).then(|| format!("smallest detectable gain: {}", seen.join(", ")))
}

fn warning(edit: &EditPreview) -> Option<String> {
    let (target, advice) = (whole(edit.target.as_deref()), edit.advice.as_ref()?);
    (edit.can_be_seen == Some(false)).then(|| format!("{target}: {advice}"))
}

/// Why the gate cannot detect an edit that reaches no task of its target.
pub(super) fn nothing_reached(found: &EditPreview) -> String {
    match found.reaches {
        0 => "it changes no request of any gate task, so the gate cannot detect it".to_owned(),
        reaches => format!(
            "it changes no request of {}, although it reaches {} elsewhere: it would be rejected without a run",
            whole(found.target.as_deref()),
            tasks(reaches)
        ),
    }
}

/// Why the gate cannot detect the hoped-for gain, and what would help, the most useful first.
pub(super) fn advice(context: &PreviewContext, found: &EditPreview, chances: &[f64]) -> String {
    match context.mode {
        Mode::Sequential | Mode::Sample if context.alpha <= 0.0 => {
            "the error budget of this session is spent; `kaizen run --new` starts a session with a new one".to_owned()
        }
        Mode::Sequential => by_bets(context, found, chances),
        Mode::Sample if found.hoped > 0.0 => by_test(context, found),
        _ if found.hoped <= 0.0 => "no task fails there, so there is nothing to gain".to_owned(),
        _ => {
            let enough = (0.5 / found.hoped).ceil() as usize;
            format!(
                "the hoped-for gain is {} points, which is less than one task is worth; with {} there, it could be \
                 detected",
                points(found.hoped),
                tasks(enough.max(found.reaches_target + 1))
            )
        }
    }
}

fn by_test(context: &PreviewContext, found: &EditPreview) -> String {
    let power = context.power();
    let least = match power.visible {
        Some(least) => format!("gains from {:.0} points", 100.0 * least),
        None => "no gain".to_owned(),
    };
    format!(
        "the hoped-for gain is {} points, and {} show {least}; more gate tasks, fewer edits or a larger alpha_session \
         would help",
        points(found.hoped),
        tasks(power.tasks)
    )
}

fn by_bets(context: &PreviewContext, found: &EditPreview, chances: &[f64]) -> String {
    let game = context.game(chances);
    let settings = &game.settings;
    let (hoped, delta_min) = (points(found.hoped), points(settings.delta_min));
    if found.hoped <= 0.0 {
        return "no task fails there, so there is nothing to gain".to_owned();
    }
    let played = game.play(found.hoped);
    let remedy = remedy(&game, found.hoped, context.input.budget.alpha_session);
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
            .map(|least| format!("a gain of {} points", points(least))),
    );
    help.extend(
        remedy
            .alone
            .then(|| "a plan with fewer edits, which share the error budget".to_owned()),
    );
    let why = match game.headroom() < settings.delta_min {
        true => format!(
            "delta_min of {delta_min} points is larger than the {} that can be gained, so the edit is dropped as \
             futile by design",
            points(game.headroom())
        ),
        false => format!(
            "the hoped-for gain is {hoped} points, which {}",
            ends(&played, &delta_min)
        ),
    };
    let help = match help.is_empty() {
        true => format!("a delta_min below {hoped} points, and more tasks of other kinds, may help"),
        false => format!("it could be detected with {}", help.join("; or ")),
    };
    format!("{why}; {help}")
}

/// How most simulated games end for an edit with the hoped-for gain.
fn ends(played: &GameResults, delta_min: &str) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let accepted = percent(played.accepted);
    match played.futile > (1.0 - played.accepted) / 2.0 {
        true => format!(
            "is accepted {accepted} of the time and dropped as futile {}, with delta_min at {delta_min} points",
            percent(played.futile)
        ),
        false => {
            format!(
                "is accepted {accepted} of the time; otherwise its pairs usually run out before the evidence suffices"
            )
        }
    }
}

/// Remarks that do not concern one edit.
pub(super) fn remarks(found: &GatePreview, input: &PreviewInput) -> Vec<String> {
    let mut remarks = Vec::new();
    if found.mode == Mode::Rule {
        remarks.push(by_means(found, input));
    }
    if found.noise.unscored > 0 {
        remarks.push(format!(
            "{} could not be scored and cannot contribute evidence",
            tasks(found.noise.unscored)
        ));
    }
    if found.population == Population::Sample && found.mode == Mode::Sequential {
        remarks.push("the tasks are a sample: each runs once, so more tasks help, but more runs of them do not".into());
    }
    remarks
}

/// What a comparison of means can detect.
fn by_means(found: &GatePreview, input: &PreviewInput) -> String {
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
            points(input.rule.max_regression)
        )
    });
    let noise = match (found.noise.compared, found.noise.differing) {
        (0, _) => "; `kaizen plan-gate` measures how noisy the student is".to_owned(),
        (_, 0) => String::new(),
        (compared, differing) => format!(
            "; {differing} of {compared} tasks differ between two runs of the same harness, which makes the comparison \
             a coin toss: mode = \"auto\" distinguishes change from chance"
        ),
    };
    format!("the gate compares the means of one run per harness{worth}{noise}")
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
    target.unwrap_or("the overall score")
}
