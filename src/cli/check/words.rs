//! The sentence that says what a check found.

use crate::artifact::counted;
use crate::gate::check::run::CheckEnd;
use crate::gate::check::{ChangeSoFar, CheckVerdict};
use crate::gate::words::points;
use crate::maintenance::check::CheckReport;

/// Why a check ended if the server refuses the change. Its words may hold the text of a task.
const REFUSED: &str = "the server refuses the changed requests, but not those of the base";

/// The verdict with its reason.
pub(super) fn sentence(found: &CheckReport) -> String {
    let run = &found.run;
    let reason = match run.verdict {
        _ if run.reached == 0 => "no request changed, so no call was made".to_owned(),
        CheckVerdict::Better => format!("{}, and no category fell", whole(found)),
        CheckVerdict::NoWorse => format!(
            "{}, above {}, and no category fell",
            whole(found),
            floor(found.margins.whole)
        ),
        CheckVerdict::Worse if run.end == CheckEnd::Refused => REFUSED.to_owned(),
        CheckVerdict::Worse => fallen(found),
        CheckVerdict::CannotTell => format!("{}; {}", whole(found), missing(found)),
    };
    format!("{}: {reason}", run.verdict.words())
}

/// A change with its interval, in points.
pub(super) fn change(change: &ChangeSoFar) -> String {
    match change.mean {
        Some(mean) => format!("{:+.1} points (90 %: {})", 100.0 * mean, points(change.interval)),
        None => "unknown".to_owned(),
    }
}

fn whole(found: &CheckReport) -> String {
    format!("the change of the whole is {}", change(&found.run.whole))
}

fn floor(margin: f64) -> String {
    format!("{:+.1}", -100.0 * margin)
}

fn fallen(found: &CheckReport) -> String {
    let categories = found.run.categories.iter().filter(|(_, change)| change.fell);
    let mut parts: Vec<String> = categories
        .map(|(name, one)| format!("`{name}` {}", change(one)))
        .collect();
    if found.run.whole.fell {
        parts.insert(0, format!("the whole {}", change(&found.run.whole)));
    }
    parts.join(" and ")
}

/// What would let the check tell.
fn missing(found: &CheckReport) -> String {
    let run = &found.run;
    if let Some(stopped) = &found.stopped {
        let price = found.price_left.map(|price| format!(", about {price} USD"));
        return format!(
            "{stopped}, and {} left{}",
            match run.attempts_left {
                1 => "1 attempt is".to_owned(),
                count => format!("{} are", counted(count, "attempt")),
            },
            price.unwrap_or_default()
        );
    }
    match run.tasks_missing {
        Some((verdict, more)) => format!(
            "every gate task ran; about {} would show that it is {}, if they were like these",
            counted(more, "more gate task"),
            verdict.words()
        ),
        None => "every gate task ran; the change is so close to a margin that more tasks would hardly help".to_owned(),
    }
}
