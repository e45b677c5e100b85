//! Small charts: shares of wins and losses, an interval on an axis, evidence against its threshold, a change of a score.

use maud::{Markup, html};

use super::number::{percent, place, signed};
use crate::artifact::gate::numbers::Tally;

const WIDTH: f64 = 240.0;
/// The radius of a point, for which each end of an axis has place.
const RADIUS: f64 = 5.0;
/// The place of the threshold on a gauge.
const THRESHOLD: f64 = WIDTH * 2.0 / 3.0;

/// Wins, ties and losses as parts of one bar.
pub(super) fn tally_bar(tally: &Tally, label: &str) -> Markup {
    let all = tally.pairs().max(1) as f64;
    let width = |count: usize| WIDTH * count as f64 / all;
    let (wins, losses) = (width(tally.wins), width(tally.losses));
    html! {
        svg.bar viewBox="0 0 240 12" role="img" aria-label=(label) {
            rect.ties x="0" y="0" width=(WIDTH) height="12" rx="3" {}
            @if tally.wins > 0 { rect.wins x="0" y="0" width=(place(wins)) height="12" rx="3" {} }
            @if tally.losses > 0 { rect.losses x=(place(WIDTH - losses)) y="0" width=(place(losses)) height="12" rx="3" {} }
        }
    }
}

/// A change and its interval on an axis from `-scale` to `scale`, with its zero.
pub(super) fn change_bar(change: Option<f64>, interval: Option<[f64; 2]>, scale: f64) -> Markup {
    let x = |value: f64| WIDTH / 2.0 + (WIDTH / 2.0 - RADIUS) * (value / scale).clamp(-1.0, 1.0);
    let class = change.map_or("even", direction);
    html! {
        svg.bar.(class) viewBox="0 0 240 14" role="img" aria-label=(change_words(change, interval)) {
            line.track x1="0" x2=(WIDTH) y1="7" y2="7" {}
            line.zero x1="120" x2="120" y1="0" y2="14" {}
            @if let Some([low, high]) = interval {
                rect.interval x=(place(x(low))) y="4" width=(place((x(high) - x(low)).max(1.0))) height="6" rx="3" {}
            }
            @if let Some(change) = change { circle.point cx=(place(x(change))) cy="7" r="4.5" {} }
        }
    }
}

/// The class that gives a change its colour.
pub(super) fn direction(change: f64) -> &'static str {
    match change {
        change if change < 0.0 => "down",
        change if change > 0.0 => "up",
        _ => "even",
    }
}

/// A change with its interval in words.
pub(super) fn change_words(change: Option<f64>, interval: Option<[f64; 2]>) -> String {
    let ends = interval.map(|[low, high]| format!("{} to {}", signed(low), signed(high)));
    match (change, ends) {
        (Some(change), Some(ends)) => format!("{} points, {ends} at 90 %", signed(change)),
        (Some(change), None) => format!("{} points", signed(change)),
        (None, Some(ends)) => format!("{ends} points at 90 %"),
        (None, None) => "not measured".to_owned(),
    }
}

/// The end of a symmetrical axis that has place for all these values: a round number of points.
pub(super) fn scale(values: impl IntoIterator<Item = f64>) -> f64 {
    let most = values.into_iter().fold(0.0f64, |most, value| most.max(value.abs()));
    let steps = [0.05, 0.1, 0.2, 0.3, 0.5];
    steps.into_iter().find(|step| most <= *step).unwrap_or(1.0)
}

/// Evidence as a share of the threshold that it had to cross.
pub(super) fn gauge(share: f64, label: &str) -> Markup {
    let filled = (share * THRESHOLD).clamp(0.0, WIDTH);
    let class = if share >= 1.0 { "up" } else { "even" };
    html! {
        svg.bar.(class) viewBox="0 0 240 16" role="img" aria-label=(label) {
            rect.ties x="0" y="3" width=(WIDTH) height="10" rx="3" {}
            @if filled > 0.0 { rect.filled x="0" y="3" width=(place(filled)) height="10" rx="3" {} }
            line.threshold x1=(THRESHOLD) x2=(THRESHOLD) y1="0" y2="16" {}
        }
    }
}

/// A score before and after, on an axis from 0 to 100 %.
pub(super) fn score_bar(before: Option<f64>, after: Option<f64>) -> Markup {
    let x = |score: f64| RADIUS + (WIDTH - 2.0 * RADIUS) * score.clamp(0.0, 1.0);
    let class = before
        .zip(after)
        .map_or("even", |(before, after)| direction(after - before));
    let words = |score: Option<f64>| score.map_or_else(|| "not measured".to_owned(), percent);
    html! {
        svg.bar.(class) viewBox="0 0 240 14" role="img" aria-label=(format!("{} before, {} after", words(before), words(after))) {
            line.track x1=(RADIUS) x2=(WIDTH - RADIUS) y1="7" y2="7" {}
            @if let (Some(before), Some(after)) = (before, after) {
                line.moved x1=(place(x(before))) x2=(place(x(after))) y1="7" y2="7" {}
            }
            @if let Some(before) = before { circle.begin cx=(place(x(before))) cy="7" r="4" {} }
            @if let Some(after) = after { circle.point cx=(place(x(after))) cy="7" r="4.5" {} }
        }
    }
}
