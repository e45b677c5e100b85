//! The first words to the model: what there is to look at, and the files of the harness.

use crate::harness::op;
use crate::teacher::Briefing;

/// Characters of one file that are shown.
const MOST_OF_A_FILE: usize = 20_000;
/// Characters of all files that are shown.
const MOST: usize = 80_000;

/// What a diagnosis begins with.
pub(super) fn diagnosis(briefing: &Briefing) -> String {
    let failures = briefing
        .traces
        .iter()
        .filter(|trace| trace.outcome.as_deref() == Some("failure"))
        .count();
    let files: Vec<&str> = briefing.harness.files().map(|(path, _)| path).collect();
    format!(
        "Session {}. There are {} traces ({failures} of them failures) and {} train tasks. The student's files: {}. Find out why it \
         fails.",
        briefing.session,
        briefing.traces.len(),
        briefing.train.len(),
        files.join(", ")
    )
}

/// What a plan begins with.
pub(super) fn plan(briefing: &Briefing, diagnosis: &str, max_edits: usize) -> String {
    format!(
        "Session {}. Plan at most {max_edits} edits.\n\n# Operations\n\n{}\n# The student's files\n\n{}\n# The diagnosis\n\n{}\n",
        briefing.session,
        operations(briefing),
        files(briefing),
        diagnosis.trim_end()
    )
}

/// Each operation that has a home here, with its target and the form of its payload.
fn operations(briefing: &Briefing) -> String {
    let one = |op: &crate::artifact::edit::Op| {
        let payload = serde_json::to_string(&op::payload_schema(*op)).unwrap_or_default();
        let target = op::usual_target(*op);
        format!("- `{}`, target `{target}`, payload {payload}\n", op.name())
    };
    briefing.ops.iter().map(one).collect()
}

/// Every text file between lines that name it.
fn files(briefing: &Briefing) -> String {
    let mut shown = String::new();
    for (path, bytes) in briefing.harness.files() {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
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
