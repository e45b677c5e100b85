//! Prints requests: sums by server and role, then each request, then what the records cannot show.

use std::collections::BTreeMap;

use super::limits;
use super::records::{Records, Scope, SentRequest};
use crate::artifact::counted;
use crate::artifact::egress::{Egress, LlmRole};
use crate::cli::exit::CommandFailure;
use crate::cli::render::{self, STRONG};
use crate::cli::visible::visible;
use crate::sys::disk::Root;

/// Requests of one role to one server.
#[derive(Debug, PartialEq)]
struct RequestGroup<'a> {
    requests: usize,
    bytes: u64,
    first: &'a str,
    last: &'a str,
}

/// Prints one object per request. Doubts about the records go to stderr.
pub(crate) fn json(records: &Records) {
    records.sent.iter().for_each(render::json);
    records.doubts.iter().for_each(|doubt| err!("note: {doubt}"));
    if records.scope == Scope::Outside && !records.has_file {
        err!("note: {}", limits::none(records));
    }
}

/// Prints the view as text.
///
/// # Errors
/// A record cannot be read.
pub(crate) fn text(records: &Records, root: &Root) -> Result<(), CommandFailure> {
    match records.sent.is_empty() {
        true => out!("{}", limits::none(records)),
        false => sent(records),
    }
    for doubt in &records.doubts {
        out!("{STRONG}incomplete{STRONG:#}: {doubt}");
    }
    out!("\n{STRONG}Not in this view{STRONG:#}");
    for limit in limits::limits(records, root)? {
        out!("  {limit}");
    }
    Ok(())
}

fn sent(records: &Records) {
    let bytes = |sent: &[&SentRequest]| sent.iter().map(|sent| sent.line.bytes).sum::<u64>();
    let all: Vec<&SentRequest> = records.sent.iter().collect();
    let place = match records.scope {
        Scope::Sessions => format!(" in {}", counted(records.sessions, "session")),
        Scope::Session(_) => String::new(),
        Scope::Outside => " outside sessions".to_owned(),
    };
    out!(
        "{STRONG}{}, {} bytes{place}{STRONG:#}",
        counted(all.len(), "request"),
        bytes(&all)
    );
    let groups = groups(&records.sent);
    let width = groups
        .keys()
        .map(|(to, _)| visible(to).chars().count())
        .max()
        .unwrap_or(0);
    for ((to, role), group) in &groups {
        out!(
            "  {:<width$}  {:<12}  {:>12}  {:>12} bytes  {} to {}",
            visible(to),
            role.name(),
            counted(group.requests, "request"),
            group.bytes,
            second(group.first),
            second(group.last)
        );
    }
    let mut session = None;
    for one in &records.sent {
        if session != Some(&one.session) {
            session = Some(&one.session);
            out!(
                "\n{STRONG}{}{STRONG:#}",
                one.session.as_deref().unwrap_or("outside sessions")
            );
        }
        out!("  {}", row(&one.line));
    }
}

fn groups(sent: &[SentRequest]) -> BTreeMap<(&str, LlmRole), RequestGroup<'_>> {
    let mut groups: BTreeMap<(&str, LlmRole), RequestGroup> = BTreeMap::new();
    for SentRequest { line, .. } in sent {
        let group = groups.entry((&line.to, line.role)).or_insert(RequestGroup {
            requests: 0,
            bytes: 0,
            first: &line.at,
            last: &line.at,
        });
        group.requests += 1;
        group.bytes += line.bytes;
        // Times are RFC 3339 in UTC, so text order is time order.
        group.first = group.first.min(&line.at);
        group.last = group.last.max(&line.at);
    }
    groups
}

/// Formats a request as one line.
pub(crate) fn row(line: &Egress) -> String {
    format!(
        "{}  {:<12}  {}  {:>8} bytes  {} at {}",
        second(&line.at),
        line.role.name(),
        line.request.short(),
        line.bytes,
        visible(&line.model),
        visible(&line.to)
    )
}

/// A time, cut to seconds.
fn second(at: &str) -> String {
    at.chars().take(19).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn requests_are_summed_by_server_and_role() {
        let sent = |to: &str, role, at: &str, bytes| SentRequest {
            session: None,
            line: Egress {
                at: at.into(),
                role,
                to: to.into(),
                model: "m".into(),
                request: Digest::of_bytes(b""),
                bytes,
                max_tokens: None,
                estimated_usd: None,
            },
        };
        let all = [
            sent("a", LlmRole::Student, "2026-01-02", 10),
            sent("a", LlmRole::Student, "2026-01-01", 5),
            sent("a", LlmRole::Judge, "2026-01-03", 1),
            sent("b", LlmRole::Student, "2026-01-03", 1),
        ];
        let groups = groups(&all);
        assert_eq!(groups.len(), 3);
        let wanted = RequestGroup {
            requests: 2,
            bytes: 15,
            first: "2026-01-01",
            last: "2026-01-02",
        };
        assert_eq!(groups[&("a", LlmRole::Student)], wanted);
    }
}
