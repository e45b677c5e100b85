//! What language models took: the lines of `spending.jsonl` and `egress.jsonl` against each other and against the record.

use super::{Finding, Kind, finding};
use crate::artifact::egress::{self, Role};
use crate::artifact::record::Record;
use crate::artifact::spending::{self, Spending, Spent};
use crate::cli::exit::Failure;
use crate::llm::client;
use crate::workspace::session::Session;

const RESTORE: &str = "restore it with git; what was paid for stands in .kaizen/calls.db as well";

/// Checks the lines of one session.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn check(session: &Session) -> Result<Vec<Finding>, Failure> {
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
                "{} of its {written} lines cannot be read, as after a crash",
                written - read
            );
            found.push(finding(Kind::Information, session, file, problem, RESTORE));
        }
    }
    let requests: std::collections::BTreeSet<_> = sent.iter().map(|line| line.request).collect();
    // What a program sent by itself is not seen here.
    let unseen = |line: &&Spending| line.role != Role::Student && !requests.contains(&line.request);
    if let Some(line) = spent.iter().find(unseen) {
        let problem = format!("nothing was sent of what was paid for as {}", line.request.short());
        found.push(finding(Kind::Failure, session, egress::FILE, problem, RESTORE));
    }
    let missing = session.record()?.and_then(|record| missing(&record, &spent));
    found.extend(missing.map(|problem| finding(Kind::Failure, session, spending::FILE, problem, RESTORE)));
    Ok(found)
}

/// What the record counts and no line tells of. More lines than the record counts are no fault: a question of a person's,
/// such as `kaizen brief`, may have come after it.
fn missing(record: &Record, spent: &[Spending]) -> Option<String> {
    let sums = spending::sums(spent);
    let less = |(role, counted): (&Role, &Spent)| {
        let told = sums.get(role).map_or(0, |sum| sum.calls);
        let name = role.name();
        (told < counted.calls).then(|| {
            format!(
                "session.json counts {} calls of {name}, and {told} are told here",
                counted.calls
            )
        })
    };
    record.spending.iter().find_map(less)
}
