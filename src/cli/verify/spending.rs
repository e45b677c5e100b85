//! Checks `spending.jsonl` and `egress.jsonl` against each other and against the record.

use super::{Severity, VerifyFinding, finding};
use crate::artifact::egress::{self, LlmRole};
use crate::artifact::record::SessionRecord;
use crate::artifact::spending::{self, RoleSpending, Spending};
use crate::cli::exit::CommandFailure;
use crate::llm::client;
use crate::workspace::session::Session;

const RESTORE: &str = "restore it with git; paid answers are in .kaizen/calls.db too";

/// Checks both files of a session.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn check(session: &Session) -> Result<Vec<VerifyFinding>, CommandFailure> {
    let folder = session.path("");
    let (spent, sent) = (
        client::spent(session.root(), &folder)?,
        client::egress(session.root(), &folder)?,
    );
    let mut found = Vec::new();
    for (file, read) in [(spending::FILE, spent.len()), (egress::FILE, sent.len())] {
        let written = session.text(file)?.unwrap_or_default().lines().count();
        if read < written {
            let problem = format!(
                "{} of its {written} lines cannot be parsed, as after a crash",
                written - read
            );
            found.push(finding(Severity::Information, session, file, problem, RESTORE));
        }
    }
    let requests: std::collections::BTreeSet<_> = sent.iter().map(|line| line.request).collect();
    // A student that is a program sends its own requests, which are not in `egress.jsonl`.
    let unseen = |line: &&Spending| line.role != LlmRole::Student && !requests.contains(&line.request);
    if let Some(line) = spent.iter().find(unseen) {
        let problem = format!("request {} was paid for, but is not listed here", line.request.short());
        found.push(finding(Severity::Failure, session, egress::FILE, problem, RESTORE));
    }
    let missing = session.record()?.and_then(|record| missing(&record, &spent));
    found.extend(missing.map(|problem| finding(Severity::Failure, session, spending::FILE, problem, RESTORE)));
    Ok(found)
}

/// The problem if `spending.jsonl` has fewer calls than the record counts. More are allowed, because a later command,
/// such as `kaizen brief`, can add calls.
fn missing(record: &SessionRecord, spent: &[Spending]) -> Option<String> {
    let sums = spending::sums(spent);
    let less = |(role, counted): (&LlmRole, &RoleSpending)| {
        let told = sums.get(role).map_or(0, |sum| sum.calls);
        let name = role.name();
        (told < counted.calls).then(|| {
            format!(
                "session.json counts {} calls of {name}, but only {told} are listed here",
                counted.calls
            )
        })
    };
    record.spending.iter().find_map(less)
}
