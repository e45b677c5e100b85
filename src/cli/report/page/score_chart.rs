//! The chart of the score over sessions and commits.

use std::collections::BTreeSet;
use std::fmt::Write;

use maud::{Markup, html};

use super::number::{day, percent, place};
use crate::cli::report::facts::edit::EditAnchor;
use crate::cli::report::facts::score::{ScoreEvent, ScoreHistory, ScorePoint};
use crate::cli::report::veil::ShownText;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 280.0;
/// Space around the plot: left, right, top, bottom.
const MARGINS: [f64; 4] = [52.0, 16.0, 14.0, 40.0];
/// The maximum number of points that are drawn as such, with their intervals.
const MOST_MARKS: usize = 150;
/// The maximum number of points with a label.
const MOST_LABELS: usize = 16;
/// The maximum number of characters of a label.
const LABEL: usize = 14;
/// The maximum number of rows of the table.
const MOST_ROWS: usize = 200;
/// The minimum distance of two dates.
const DATE: f64 = 84.0;

/// Where values are in the chart.
struct ScoreAxes {
    /// The lowest and the highest score.
    range: [f64; 2],
    points: usize,
}

impl ScoreAxes {
    fn of(points: &[ScorePoint]) -> Self {
        let ends = points.iter().flat_map(|point| point.interval.into_iter().flatten());
        let all = points.iter().map(|point| point.score).chain(ends);
        let (low, high) = all.fold((1.0f64, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
        let low = (low * 10.0 - 0.2).floor() / 10.0;
        let high = (high * 10.0 + 0.2).ceil() / 10.0;
        Self {
            range: [low.max(0.0), high.min(1.0).max(low.max(0.0) + 0.1)],
            points: points.len(),
        }
    }

    fn x(&self, at: usize) -> f64 {
        let width = WIDTH - MARGINS[0] - MARGINS[1];
        match self.points {
            0 | 1 => MARGINS[0] + width / 2.0,
            points => MARGINS[0] + 12.0 + (width - 24.0) * at as f64 / (points - 1) as f64,
        }
    }

    fn y(&self, score: f64) -> f64 {
        let [low, high] = self.range;
        let height = HEIGHT - MARGINS[2] - MARGINS[3];
        MARGINS[2] + height * (1.0 - (score - low) / (high - low))
    }

    /// The scores with a line across the chart.
    fn grid(&self) -> Vec<f64> {
        let [low, high] = self.range;
        let tenths = ((high - low) * 10.0).round() as usize;
        let step = if tenths > 5 { 2 } else { 1 };
        (0..=tenths)
            .step_by(step)
            .map(|tenth| low + tenth as f64 / 10.0)
            .collect()
    }
}

/// The chart, and its numbers as a table. `shown` are the edits of the page.
pub(super) fn score_chart(history: &ScoreHistory, shown: &BTreeSet<&EditAnchor>) -> Markup {
    let points = &history.points;
    if points.is_empty() {
        return html! { p.empty { "No session has measured a score yet." } };
    }
    let axes = ScoreAxes::of(points);
    let (first, last) = (points[0].score, points[points.len() - 1].score);
    let label = format!(
        "Gate score from {} to {} over {} points",
        percent(first),
        percent(last),
        points.len()
    );
    html! {
        figure.chart {
            div.scroll tabindex="0" role="group" aria-label="Chart of the score, can be scrolled" {
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="group" aria-label=(label) {
                    (grid(&axes))
                    (dates(points, &axes))
                    @for line in lines(points, &axes) { polyline.score points=(line) {} }
                    @if points.len() <= MOST_MARKS {
                        @for (at, point) in points.iter().enumerate() { (mark(point, at, &axes, shown)) }
                    }
                }
            }
            figcaption {
                span.key { span.dot.hollow {} "session begins" }
                span.key { span.dot {} "edit kept, with the 90 % interval of its change" }
                span.key { span.dot.square {} "session ends" }
            }
        }
        (table(points))
    }
}

fn grid(axes: &ScoreAxes) -> Markup {
    html! {
        @for score in axes.grid() {
            @let y = place(axes.y(score));
            line.grid x1=(MARGINS[0]) x2=(WIDTH - MARGINS[1]) y1=(y) y2=(y) {}
            text.axis x=(MARGINS[0] - 8.0) y=(place(axes.y(score) + 4.0)) text-anchor="end" { (format!("{:.0} %", 100.0 * score)) }
        }
    }
}

/// The day of each session that has place for it, and a line where the tasks change.
fn dates(points: &[ScorePoint], axes: &ScoreAxes) -> Markup {
    let mut next = 0.0;
    let mut labels = Vec::new();
    for (at, point) in points
        .iter()
        .enumerate()
        .filter(|(_, point)| point.event == ScoreEvent::Begin)
    {
        let x = axes.x(at);
        if x >= next {
            labels.push((
                x.clamp(MARGINS[0] + 30.0, WIDTH - MARGINS[1] - 34.0),
                day(&point.started_at),
            ));
            next = x + DATE;
        }
    }
    let bottom = HEIGHT - MARGINS[3];
    let renewed = points.iter().enumerate().filter(|(_, point)| point.is_new_benchmark);
    html! {
        @for (x, day) in labels {
            text.axis x=(place(x)) y=(bottom + 22.0) text-anchor="middle" { (day) }
        }
        @for (at, _) in renewed {
            line.renewed x1=(place(axes.x(at))) x2=(place(axes.x(at))) y1=(MARGINS[2]) y2=(bottom) {
                title { "other gate tasks from here on" }
            }
        }
    }
}

/// The points of each line: scores on other tasks are not connected.
fn lines(points: &[ScorePoint], axes: &ScoreAxes) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (at, point) in points.iter().enumerate() {
        if at == 0 || point.is_new_benchmark {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            // Writing to a string cannot fail.
            let _ = write!(line, "{},{} ", place(axes.x(at)), place(axes.y(point.score)));
        }
    }
    lines
}

fn mark(point: &ScorePoint, at: usize, axes: &ScoreAxes, shown: &BTreeSet<&EditAnchor>) -> Markup {
    let (x, y) = (axes.x(at), axes.y(point.score));
    let title = format!("{} {}: {}", what(point), point.session, percent(point.score));
    match &point.event {
        ScoreEvent::Begin => html! {
            circle.begin cx=(place(x)) cy=(place(y)) r="4" { title { (title) } }
        },
        ScoreEvent::End => html! {
            rect.end x=(place(x - 4.0)) y=(place(y - 4.0)) width="8" height="8" { title { (title) } }
        },
        ScoreEvent::Edit(label, anchor) => {
            let drawn = html! {
                @if let Some([low, high]) = point.interval {
                    line.whisker x1=(place(x)) x2=(place(x)) y1=(place(axes.y(low))) y2=(place(axes.y(high))) {}
                }
                @if axes.points <= MOST_LABELS {
                    @let top = point.interval.map_or(point.score, |[_, high]| high);
                    text.axis x=(place(x)) y=(place(axes.y(top) - 10.0)) text-anchor="middle" { (short(label)) }
                }
                circle.edit cx=(place(x)) cy=(place(y)) r="5" { title { (label) " of " (title) } }
            };
            html! {
                @if shown.contains(anchor) {
                    a href=(format!("#{}", anchor.id())) aria-label=(format!("{} of {title}", label.as_str())) { (drawn) }
                } @else { (drawn) }
            }
        }
    }
}

fn short(label: &ShownText) -> String {
    match label.as_str().chars().count() {
        count if count > LABEL => label.as_str().chars().take(LABEL - 1).chain(['…']).collect(),
        _ => label.as_str().to_owned(),
    }
}

fn what(point: &ScorePoint) -> &'static str {
    match point.event {
        ScoreEvent::Begin => "begin of",
        ScoreEvent::Edit(..) => "edit of",
        ScoreEvent::End => "end of",
    }
}

fn table(points: &[ScorePoint]) -> Markup {
    let left_out = points.len().saturating_sub(MOST_ROWS);
    html! {
        details.numbers {
            summary { "The numbers" }
            @if left_out > 0 { p.note { "The newest " (MOST_ROWS) " of " (points.len()) " points." } }
            div.scroll tabindex="0" role="group" aria-label="Table of the score, can be scrolled" {
                table {
                    thead { tr { th scope="col" { "session" } th scope="col" { "event" } th.num scope="col" { "score" } th.num scope="col" { "90 % interval" } } }
                    tbody {
                        @for point in &points[left_out..] {
                            tr {
                                td { (point.session) }
                                td { @match &point.event {
                                    ScoreEvent::Begin => "begins",
                                    ScoreEvent::Edit(label, _) => (label),
                                    ScoreEvent::End => "ends",
                                } }
                                td.num { (percent(point.score)) }
                                td.num { @if let Some([low, high]) = point.interval { (percent(low)) " to " (percent(high)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
