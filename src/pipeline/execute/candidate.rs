//! The harness after an edit, and the reasons to ask a person again before it is tried.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle;
use super::elsewhere::ask_once;
use super::head::SessionHead;
use super::{ExecuteContext, ExecuteInput, outcome};
use crate::artifact::edit::{Edit, Op};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::harness::{Harness, op};
use crate::ledger::port::{Ledger, LedgerError};
use crate::llm::redact::Redactor;
use crate::pipeline::held_out_examples;
use crate::workspace::error::RunError;

/// The maximum number of lines that a message quotes.
const MOST_QUOTED: usize = 3;

/// The harness with an edit; otherwise the reason why it cannot be applied.
pub(super) fn candidate(
    edit: &Edit,
    harness: &Harness,
    input: &ExecuteInput,
    execution: &ExecuteContext,
) -> Result<Result<Harness, String>, RunError> {
    match input.base.apply(edit, harness, &input.rules) {
        Err(reason) => Ok(Err(reason.to_string())),
        Ok(after) => Ok(
            match held_out_examples::refusal(execution.context, edit, harness, &input.rules)? {
                Some(reason) => Err(reason),
                None => match bundle::refusal(edit, input, execution)? {
                    Some(reason) => Err(reason),
                    None => Ok(after),
                },
            },
        ),
    }
}

/// Asks a person about an edit, unless that is useless.
pub(super) fn propose(
    edit: &Edit,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &SessionHead,
) -> Result<Outcome, RunError> {
    match hopeless(edit, &head.harness, input, execution)? {
        None => ask_once(edit, input, execution, head),
        Some(reason) => Ok(Outcome {
            error: Some(reason),
            ..outcome(edit, OutcomeStatus::Inapplicable)
        }),
    }
}

/// Why it is useless to ask a person about an edit: it cannot be applied, neither now nor after the edits before it
/// that wait too.
fn hopeless(
    edit: &Edit,
    harness: &Harness,
    input: &ExecuteInput,
    execution: &ExecuteContext,
) -> Result<Option<String>, RunError> {
    let Err(reason) = candidate(edit, harness, input, execution)? else {
        return Ok(None);
    };
    let waits = |one: &&Edit| {
        let outcome = input.reconcile.outcomes.get(&one.digest());
        outcome.is_none_or(|outcome| outcome.status == OutcomeStatus::PendingReview)
    };
    let earlier = input
        .reconcile
        .plan
        .edits
        .iter()
        .take_while(|one| one.digest() != edit.digest());
    let built = earlier.filter(waits).fold(harness.clone(), |built, one| {
        op::apply(one, &built, &input.rules).unwrap_or(built)
    });
    Ok(candidate(edit, &built, input, execution)?.err().map(|_| reason))
}

/// The lines that a replacement would remove although they came after it was proposed; empty if a person saw them when
/// accepting it. Whoever wrote them did not know of the edit, and the teacher did not know of them.
pub(super) fn overwritten(
    edit: &Edit,
    before: &Harness,
    after: &Harness,
    input: &ExecuteInput,
    execution: &ExecuteContext,
) -> Result<Vec<String>, RunError> {
    if !edit.ops().into_iter().any(Op::replaces) {
        return Ok(Vec::new());
    }
    let accepted = input
        .reconcile
        .pending
        .get(&edit.digest())
        .filter(|asked| asked.decision.is_some());
    let shown: BTreeSet<&str> = accepted
        .iter()
        .flat_map(|asked| asked.diff.lines())
        .filter_map(|line| line.strip_prefix('-'))
        .collect();
    let base = match execution
        .ledger()
        .harness_at(&input.gate.baseline.harness_commit, input.select)
    {
        // Without the files that the teacher knew, nothing may go but what a person saw.
        Err(LedgerError::Shallow(_) | LedgerError::NoCommit(_) | LedgerError::Partial) => Harness::default(),
        base => base?,
    };
    let redactor = Redactor::default().keys_only();
    let mut lines = Vec::new();
    for change in before.changes(after) {
        let (known, present) = (
            base.text(&change.path).unwrap_or_default(),
            input.head.text(&change.path),
        );
        let known: BTreeSet<&str> = known.lines().map(str::trim).collect();
        let present: BTreeSet<&str> = present.unwrap_or_default().lines().collect();
        let new = removed(before.text(&change.path), after.text(&change.path));
        let new = new
            .into_iter()
            .filter(|line| present.contains(line) && !known.contains(line.trim()));
        let redacted = new.map(|line| redactor.text(line).into_owned());
        lines.extend(redacted.filter(|line| !shown.contains(line.as_str())));
    }
    Ok(lines)
}

/// The lines that a text no longer has, blank ones left out.
fn removed<'a>(before: Option<&'a str>, after: Option<&str>) -> Vec<&'a str> {
    let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
    for line in after.unwrap_or_default().lines() {
        *kept.entry(line).or_default() += 1;
    }
    let goes = |line: &&str| match kept.get_mut(*line) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => !line.trim().is_empty(),
    };
    before.unwrap_or_default().lines().filter(goes).collect()
}

/// Why a person is asked again.
pub(super) fn asked_again(lines: &[String]) -> String {
    let quoted: Vec<String> = lines
        .iter()
        .take(MOST_QUOTED)
        .map(|line| format!("`{}`", line.trim()))
        .collect();
    let more = match lines.len() > MOST_QUOTED {
        true => format!(" and {} more", lines.len() - MOST_QUOTED),
        false => String::new(),
    };
    format!(
        "it would remove lines that were added after it was proposed: {}{more}; accept it again if they may go",
        quoted.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_lines_are_counted() {
        assert_eq!(removed(Some("a\nb\n\na\n"), Some("a\nc\n")), ["b", "a"]);
        assert_eq!(removed(None, Some("a")), [""; 0]);
        let lines: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).into();
        assert!(asked_again(&lines).contains("`a`, `b`, `c` and 1 more"));
    }
}
