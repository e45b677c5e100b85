//! What a program's end means: an answer, or whose failure it was.

use super::answer::ProgramAnswer;
use crate::artifact::evaluation::{Attempt, AttemptUsage};
use crate::eval::student::program_failure::{Blame, reported};
use crate::sys::process::{ProgramFailure, ProgramOutput};

/// The attempt for a program's result, and whether a further one may succeed.
pub(super) fn attempt_of(
    output: Result<ProgramOutput, ProgramFailure>,
    answer: ProgramAnswer,
    used: AttemptUsage,
) -> (Attempt, bool) {
    let output = match output {
        Ok(output) => output,
        Err(problem) => {
            let reason = problem.to_string();
            let attempt = match problem {
                ProgramFailure::NotStarted { .. } | ProgramFailure::NotEnded { .. } => Attempt::Infra { reason },
                ProgramFailure::TimedOut { .. } | ProgramFailure::TooMuch { .. } | ProgramFailure::Exceeded { .. } => {
                    Attempt::Failed { reason }
                }
            };
            return (attempt, false);
        }
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let report = reported(output.status.code(), &text(&output.stdout), &text(&output.stderr));
    let Some(report) = report else {
        let answered = Attempt::Answered {
            answer: answer.answer,
            model: answer.model,
            tool: answer.tool,
            used: used.known(),
        };
        return (answered, false);
    };
    let reason = match output.status.success() {
        true => report.words,
        false => format!("{}: {}", output.status, report.words),
    };
    let attempt = match report.blame {
        Blame::Agent => Attempt::Failed { reason },
        Blame::Passing | Blame::Service => Attempt::Infra { reason },
        Blame::Refused => Attempt::Refused { reason },
    };
    (attempt, report.blame == Blame::Passing)
}
