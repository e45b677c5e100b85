//! The texts for the model: the instructions of each step, and the first message of a diagnosis and of a plan.

use crate::artifact::edit::{Edit, Op};
use crate::harness::op::offers::OpOffer;
use crate::harness::{op, shown};
use crate::teacher::{Briefing, rejected};

/// The instructions for a diagnosis.
pub(super) const DIAGNOSE: &str = include_str!("prompt/diagnose.md");
/// The instructions for a plan.
pub(super) const PLAN: &str = include_str!("prompt/plan.md");
/// The request for a diagnosis when no turns are left.
pub(super) const NO_TURNS: &str = include_str!("prompt/no_turns.md");
/// The request for clusters if those of a diagnosis could not be read, because of `{problem}`.
pub(super) const REPAIR_DIAGNOSIS: &str = include_str!("prompt/repair_diagnosis.md");
/// The request for a second plan if the first could not be read, because of `{problem}`.
pub(super) const REPAIR_PLAN: &str = include_str!("prompt/repair_plan.md");

/// All instructions, for the teacher's identity.
pub(super) const ALL: [&str; 5] = [DIAGNOSE, PLAN, NO_TURNS, REPAIR_DIAGNOSIS, REPAIR_PLAN];

/// The largest number of characters shown of one file.
const MOST_OF_A_FILE: usize = 20_000;
/// The largest number of characters shown of all files.
const MOST: usize = 80_000;

/// The payload of `several`, in short.
const SEVERAL: &str = r#"{"edits": [{"op": "…", "target": "…", "payload": {}}, …]}"#;
/// The largest number of places shown for one op.
const MOST_PLACES: usize = 40;

/// The first message of a diagnosis.
pub(super) fn diagnosis(briefing: &Briefing) -> String {
    let failures = briefing
        .traces
        .iter()
        .filter(|trace| trace.outcome.as_deref() == Some("failure"))
        .count();
    let files: Vec<&str> = briefing.harness.files().map(|(path, _)| path).collect();
    format!(
        "Session {}. There are {} traces ({failures} of them failures) and {} train tasks. The student's files: {}. Find out why it \
         fails.{}",
        briefing.session,
        briefing.traces.len(),
        briefing.train.len(),
        files.join(", "),
        rejected::section(briefing.rejected)
    )
}

/// The first message of a plan.
pub(super) fn plan(briefing: &Briefing, diagnosis: &str, max_edits: usize, candidates: &[Edit]) -> String {
    format!(
        "Session {}. Plan at most {max_edits} edits.\n\n# Operations\n\n{}\n# The student's files\n\n{}\n# The diagnosis\n\n{}\n{}{}",
        briefing.session,
        operations(briefing),
        files(briefing),
        diagnosis.trim_end(),
        measured(candidates),
        rejected::section(briefing.rejected)
    )
}

/// The edits that the built-in teacher has measured; empty without any. Very long ones are left out.
fn measured(candidates: &[Edit]) -> String {
    let texts = candidates.iter().filter_map(|edit| serde_json::to_string(edit).ok());
    let lines: String = texts
        .filter(|text| text.len() <= MOST_OF_A_FILE)
        .map(|text| format!("{text}\n"))
        .collect();
    match lines.is_empty() {
        true => lines,
        false => format!(
            "\n# Measured candidates\n\nEdits derived from the train tasks without a model, each with what it gained on train \
             tasks on top of those before it. Use, change or ignore them.\n\n{lines}"
        ),
    }
}

/// Each op that applies, and `several`, with its target, the schema of its payload, an example, and the places that it can
/// change.
fn operations(briefing: &Briefing) -> String {
    let one = |op: &Op| {
        let payload = match op {
            // Its members obey the schemas of the other ops.
            Op::Several => SEVERAL.to_owned(),
            _ => serde_json::to_string(&op::payload_schema(*op)).unwrap_or_default(),
        };
        let target = op::usual_target(*op);
        let offers: Vec<&OpOffer> = briefing.offers.iter().filter(|offer| offer.op == *op).collect();
        let example = offers
            .first()
            .map(|offer| format!(", example {}", offer.example))
            .unwrap_or_default();
        let places = if op.is_generic() {
            places(&offers)
        } else {
            String::new()
        };
        format!(
            "- `{}`, target `{target}`, payload {payload}{example}\n{places}",
            op.name()
        )
    };
    briefing.ops.iter().chain(&[Op::Several]).map(one).collect()
}

/// The files and keys that a generic op can change.
fn places(offers: &[&OpOffer]) -> String {
    let place = |offer: &&OpOffer| match &offer.key {
        Some(key) => format!("  - {}, key {key}\n", offer.path),
        None => format!("  - {}\n", offer.path),
    };
    let more = offers.len().saturating_sub(MOST_PLACES);
    let rest = if more > 0 {
        format!("  - and {more} more of the same kinds\n")
    } else {
        String::new()
    };
    offers.iter().take(MOST_PLACES).map(place).collect::<String>() + &rest
}

/// Every text file, between lines with its path.
fn files(briefing: &Briefing) -> String {
    let mut shown = String::new();
    for (path, bytes) in briefing.harness.files() {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        let text = &shown::shown(path, briefing.format_of(path), text);
        let room = MOST_OF_A_FILE.min(MOST.saturating_sub(shown.chars().count()));
        let length = text.chars().count();
        let cut = if length > room {
            format!("\n...[{length} characters in all]")
        } else {
            String::new()
        };
        let text: String = text.chars().take(room).collect();
        shown += &format!("<<< {path}\n{text}{cut}\n>>> {path}\n\n");
    }
    shown
}
