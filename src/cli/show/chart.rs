//! Draws a gate decision as text: wins, losses and ties, the interval, and the evidence against its threshold.

use crate::artifact::counted;
use crate::artifact::gate::numbers::{Numbers, Tally};
use crate::artifact::gate::record::{CompleteRun, GateEvidence, GateRecord, StagedEvidence};
use crate::artifact::gate::sample::SampleEvidence;
use crate::artifact::gate::settings::Mode;
use crate::cli::visible::visible;
use crate::gate::sample::words::chance;
use crate::gate::words::{change, mode, points};

/// Width of a bar and of the axis from -100 to +100 points.
const WIDTH: usize = 41;

/// Maximum number of tasks listed.
const MOST_TASKS: usize = 12;

/// The lines of a decision.
pub(crate) fn drawn(record: &GateRecord) -> Vec<String> {
    let mut lines = vec![
        format!("why        {}", visible(&record.why)),
        format!("gate       {}{}", mode(record.mode), stake(record)),
        format!("reach      {}", reach(record)),
        format!(
            "runs       {} with the edit, {} without it; cached runs cost nothing",
            record.calls.edited, record.calls.baseline
        ),
    ];
    match &record.evidence {
        GateEvidence::Staged(staged) => lines.extend(staged_lines(record, staged)),
        GateEvidence::Sample(sample) => lines.extend(sample_lines(sample)),
    }
    if let Some(complete) = &record.completed {
        let CompleteRun {
            wins,
            losses,
            ties,
            gain,
            interval,
            ..
        } = *complete;
        lines.push(String::new());
        lines.push(format!("complete run: {}", change(gain, interval)));
        lines.push(format!("  {}", bar(&Tally { wins, losses, ties })));
    }
    lines.extend(categories(record));
    lines.extend(tasks(record));
    lines
}

/// Wins and losses, the interval, and the p value against its level.
fn sample_lines(sample: &SampleEvidence) -> Vec<String> {
    let SampleEvidence {
        wins,
        losses,
        ties,
        n,
        of,
        ..
    } = *sample;
    let tally = Tally { wins, losses, ties };
    let mut lines = match sample.interval {
        Some(interval) => arm("all tasks", &tally, interval),
        None => Vec::new(),
    };
    match (sample.gain, sample.p) {
        (Some(gain), Some(p)) => {
            lines.push(format!("gain       {:+.1} points", 100.0 * gain));
            let level = match sample.level {
                0.0 => String::new(),
                level => format!(", at most {} is accepted", chance(level)),
            };
            lines.push(format!("p          {}{level}", chance(p)));
        }
        _ => lines.push(format!("stopped    after {n} of {of}")),
    }
    lines
}

fn staged_lines(record: &GateRecord, staged: &StagedEvidence) -> Vec<String> {
    let numbers = &staged.numbers;
    let target = visible(record.target.as_deref().unwrap_or("all tasks"));
    let mut lines = arm(&target, &numbers.target, numbers.interval_target);
    if numbers.other.pairs() > 0 {
        lines.extend(arm("others", &numbers.other, numbers.interval_other));
    }
    if numbers.dropped > 0 {
        lines.push(format!(
            "lost       {} to infrastructure failures",
            counted(numbers.dropped, "pair")
        ));
    }
    match record.mode {
        Mode::Exact => lines.push(format!(
            "beyond     log e {:.2}: evidence that similar tasks would gain too (4.6 is evidence at 1 %)",
            numbers.log_e
        )),
        _ => lines.extend(evidence(numbers)),
    }
    lines
}

fn stake(record: &GateRecord) -> String {
    let Some(stake) = &record.stake else {
        return String::new();
    };
    let paid = match &stake.session {
        Some(session) => format!(", paid by {session}"),
        None => format!(", slot {} of the session's budget", stake.slot),
    };
    let again = match record.staged().map_or(0, |staged| staged.gone_on) {
        0 => String::new(),
        1 => ", continued once".to_owned(),
        times => format!(", continued {times} times"),
    };
    format!(", alpha {:.4}{paid}{again}", stake.alpha)
}

fn arm(name: &str, tally: &Tally, interval: [f64; 2]) -> Vec<String> {
    let Tally { wins, losses, ties } = tally;
    vec![
        String::new(),
        format!(
            "{name}: {}, {}, {}",
            counted(*wins, "win"),
            counted(*losses, "loss"),
            counted(*ties, "tie")
        ),
        format!("  {}", bar(tally)),
        format!("  {}  {} points at 90 %", axis(interval), points(interval)),
    ]
}

fn reach(record: &GateRecord) -> String {
    let (reached, all) = (record.reached.len(), record.tasks());
    match record.unreached() {
        0 => format!("all {all} gate tasks"),
        others => format!(
            "{reached} of {all} gate tasks; the edit does not change the requests of the other {others}, which cost nothing"
        ),
    }
}

/// Wins, ties and losses as parts of one bar.
fn bar(tally: &Tally) -> String {
    let all = tally.pairs().max(1);
    let part = |count: usize| (count * WIDTH).div_ceil(all).min(WIDTH);
    let (wins, losses) = (part(tally.wins), part(tally.losses));
    let ties = WIDTH.saturating_sub(wins + losses);
    format!("{}{}{}", "+".repeat(wins), "·".repeat(ties), "-".repeat(losses))
}

/// The interval on an axis from -100 to +100 points, with its zero.
fn axis([low, high]: [f64; 2]) -> String {
    let column = |value: f64| ((value + 1.0) / 2.0 * (WIDTH - 1) as f64).round() as usize;
    let (low, high, zero) = (column(low), column(high), column(0.0));
    let mark = |at: usize| match at {
        at if at == low => '[',
        at if at == high => ']',
        at if at == zero => '0',
        at if at > low && at < high => '=',
        _ => '·',
    };
    (0..WIDTH).map(mark).collect()
}

fn evidence(numbers: &Numbers) -> Vec<String> {
    let mut lines = vec![String::new()];
    if let Some(needed) = numbers.log_e_needed {
        lines.push(format!("gain       {}", gauge(numbers.log_e, needed)));
    }
    if let (Some(log_e), Some(needed)) = (numbers.log_e_overall, numbers.log_e_overall_needed) {
        lines.push(format!("whole      {}", gauge(log_e, needed)));
    }
    lines.push(format!("futility   log e {:+.2}", numbers.log_e_futility));
    lines.push(format!("harm       log e {:+.2}", numbers.log_e_harm));
    lines
}

/// A gauge of the evidence, with the threshold that it had to cross.
fn gauge(log_e: f64, needed: f64) -> String {
    let line = WIDTH * 2 / 3;
    let filled = (log_e / needed * line as f64).round().clamp(0.0, WIDTH as f64) as usize;
    let mark = |at: usize| match at {
        at if at == line => '|',
        at if at < filled => '#',
        _ => '·',
    };
    let drawn: String = (0..WIDTH).map(mark).collect();
    format!("{drawn}  log e {log_e:+.2}, threshold {needed:.2}")
}

fn categories(record: &GateRecord) -> Vec<String> {
    let mut lines = vec![String::new()];
    let deltas = record.category_deltas();
    let line = |(name, delta): (&String, &f64)| {
        let change = match record.category_interval(name) {
            Some(interval) => format!("{} points at 90 %", points(interval)),
            None => format!("{:+.1} points", 100.0 * delta),
        };
        format!("  {:<20} {change}", visible(name))
    };
    lines.extend(deltas.iter().map(line));
    lines
}

/// The changed tasks, each with its wins and losses.
fn tasks(record: &GateRecord) -> Vec<String> {
    let mut changed: std::collections::BTreeMap<&str, (usize, usize)> = std::collections::BTreeMap::new();
    for (task, difference) in record.differences().filter(|(_, difference)| *difference != 0.0) {
        let counts = changed.entry(task).or_default();
        *(if difference > 0.0 { &mut counts.0 } else { &mut counts.1 }) += 1;
    }
    let line =
        |(task, (wins, losses)): (&&str, &(usize, usize))| format!("  task {}: +{wins} -{losses}", visible(task));
    let mut lines: Vec<String> = changed.iter().take(MOST_TASKS).map(line).collect();
    if let Some(more) = changed.len().checked_sub(MOST_TASKS).filter(|more| *more > 0) {
        lines.push(format!("  and {more} more tasks changed"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_and_an_axis_show_what_the_numbers_say() {
        let tally = Tally {
            wins: 10,
            losses: 0,
            ties: 10,
        };
        let drawn = bar(&tally);
        assert_eq!(drawn.chars().filter(|mark| *mark == '+').count(), 21);
        assert!(!drawn.contains('-'));
        let drawn = axis([0.2, 0.6]);
        let place = |mark: char| drawn.chars().position(|found| found == mark);
        assert!(place('0') < place('[') && place('[') < place(']'));
        assert!(gauge(5.0, 4.6).contains('#') && !gauge(-2.0, 4.6).contains('#'));
    }
}
