//! `kaizen egress DIGEST`: prints the exact text of a request if this machine has it, or else its records.

use std::collections::BTreeSet;

use serde_json::json;

use super::records::{PaidAnswer, Records, SentRequest};
use super::view::row;
use crate::artifact::egress;
use crate::cli::exit::CommandFailure;
use crate::cli::{Setting, render, terminal};
use crate::digest::Digest;
use crate::llm::client;
use crate::sys::disk::Root;
use crate::workspace::OWN_FOLDER;

/// The shortest digest prefix to accept; shorter ones match too much.
const FEWEST_DIGITS: usize = 4;

/// Shows the request whose digest starts with these digits. `prefix` is the workspace in its work tree.
///
/// # Errors
/// No request or several match, or a record cannot be read.
pub(crate) fn show(root: &Root, prefix: &str, digits: &str, setting: &Setting) -> Result<(), CommandFailure> {
    let digits = digits.to_lowercase();
    if digits.len() < FEWEST_DIGITS || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(CommandFailure::usage(format!(
            "`{digits}` is not a digest: give at least {FEWEST_DIGITS} hexadecimal digits"
        )));
    }
    let (sent, paid) = noted(root, prefix, &digits)?;
    // If the store of exact texts cannot be read, the records are shown anyway.
    let (texts, problem) = match client::texts(root, &digits) {
        Ok(texts) => (texts, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    let requests = sent.iter().map(|sent| sent.line.request);
    let requests = requests.chain(paid.iter().map(|paid| paid.line.request));
    let request = only(
        requests.chain(texts.iter().map(|(request, _)| *request)).collect(),
        &digits,
    )?;
    let text = texts.into_iter().next().map(|(_, text)| text);
    match text {
        _ if setting.is_json() => render::json(&json!({"request": request, "text": text, "sent": sent, "paid": paid})),
        // Exact, so that a copy is what the server received.
        Some(text) => terminal::exact(&format!("{text}\n")),
        None => tell(request, &sent, &paid),
    }
    if let Some(problem) = problem {
        err!("note: exact texts cannot be read: {problem}");
    }
    Ok(())
}

/// The records of matching requests, in all sessions and outside of them.
fn noted(root: &Root, prefix: &str, digits: &str) -> Result<(Vec<SentRequest>, Vec<PaidAnswer>), CommandFailure> {
    let (mut sent, mut paid) = (Vec::new(), Vec::new());
    for records in [Records::of_sessions(root, prefix)?, Records::outside(root)?] {
        let fits = |request: &Digest| request.to_string().starts_with(digits);
        sent.extend(records.sent.into_iter().filter(|sent| fits(&sent.line.request)));
        paid.extend(records.paid.into_iter().filter(|paid| fits(&paid.line.request)));
    }
    Ok((sent, paid))
}

fn only(found: BTreeSet<Digest>, digits: &str) -> Result<Digest, CommandFailure> {
    let mut all = found.iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(*one),
        (None, _) => Err(CommandFailure::usage(format!("no recorded request has the digest {digits}")).hint(format!(
            "`kaizen egress` lists the recorded ones; a request outside sessions is recorded only in {OWN_FOLDER}/ on the machine that sent it"
        ))),
        _ => Err(CommandFailure::usage(format!("{digits} matches {} digests; give more digits", found.len()))),
    }
}

fn tell(request: Digest, sent: &[SentRequest], paid: &[PaidAnswer]) {
    out!(
        "The exact text of {request} is only on the machine that sent it, in {} there.",
        client::STORE
    );
    let place = |session: &Option<String>| session.clone().unwrap_or_else(|| "outside sessions".to_owned());
    for one in sent {
        out!("  sent  {}  {}", row(&one.line), place(&one.session));
    }
    for one in paid {
        let cost = one
            .line
            .cost_usd
            .map_or("an unknown cost".to_owned(), |cost| format!("{cost} USD"));
        out!(
            "  paid  {}  {cost} to {}  {}",
            one.line.at,
            one.line.model,
            place(&one.session)
        );
    }
    if sent.is_empty() {
        out!(
            "  It is not in {}: a program sent it itself, or lines are missing.",
            egress::FILE
        );
    }
}
