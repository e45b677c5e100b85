//! The log of events, `.kaizen/events.jsonl`: what commands did here lately, for people who watch. It is bounded, and no
//! command reads it to decide anything. A line that cannot be written is lost, and the work goes on.
//!
//! The log holds no held-out task and no secret: each event is veiled before it is written.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::Event;
use super::inputs::Inputs;
use super::{OWN_FOLDER, Workspace};
use crate::eval::held_out::HeldOut;
use crate::sys::disk::Root;

/// The name of the file in kaizen's own folder.
const FILE: &str = "events.jsonl";
/// The version of its lines.
const VERSION: u32 = 1;
/// The largest size of the file in bytes; its older half is cut off then.
const LARGEST: u64 = 1 << 20;
/// The longest text in an event, in characters.
const LONGEST_TEXT: usize = 400;

/// A line of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EventLine {
    /// The version of this line's format.
    pub version: u32,
    /// When it happened, as RFC 3339.
    pub at: String,
    /// The command and the process: `kaizen run, process 26816`.
    pub process: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Writes the events of one command.
pub(crate) struct EventLog<'a> {
    workspace: &'a Workspace,
    process: String,
    /// What no line may hold; `None` inside if the benchmark cannot be read.
    veil: OnceLock<Option<HeldOut>>,
}

impl<'a> EventLog<'a> {
    /// The log of a command of this process.
    pub(crate) fn new(workspace: &'a Workspace, process: String) -> Self {
        Self {
            workspace,
            process,
            veil: OnceLock::new(),
        }
    }

    /// Appends an event.
    pub(crate) fn write(&self, event: &Event) {
        if self.workspace.only_looks {
            return;
        }
        let Some(event) = self.veiled(event) else { return };
        let line = EventLine {
            version: VERSION,
            at: self.workspace.clock.stamp(),
            process: self.process.clone(),
            event,
        };
        let path = self.workspace.shared(FILE);
        let text = serde_json::to_string(&line).unwrap_or_default();
        if let Err(error) = self.workspace.checkout.log_line(&path, &text, LARGEST) {
            tracing::debug!(%error, "an event could not be logged");
        }
    }

    /// The event without held-out tasks, secrets and long texts; `None` if it is unknown what is held out.
    pub(super) fn veiled(&self, event: &Event) -> Option<Event> {
        if is_plain(event) {
            return Some(event.clone());
        }
        let held_out = self.veil.get_or_init(|| {
            let inputs = Inputs::new(self.workspace);
            let benchmark = inputs.benchmark().ok()?;
            Some(HeldOut::with_answers(&benchmark.tasks, &self.workspace.redactor))
        });
        let mut value = serde_json::to_value(event).ok()?;
        // An answer may be the name of an event.
        let name = value.get_mut("event").map(Value::take);
        held_out.as_ref()?.value(&mut value);
        self.workspace.redactor.value(&mut value);
        shorten(&mut value);
        value["event"] = name?;
        serde_json::from_value(value).ok()
    }
}

/// Whether all texts of an event are kaizen's own, so that there is nothing to veil.
fn is_plain(event: &Event) -> bool {
    match event {
        Event::WorkStarted | Event::WorkEnded | Event::Load(_) | Event::SessionStarted { .. } => true,
        // Otherwise it is the label of an edit, which a teacher writes.
        Event::Progress { what, .. } => !what.contains(' '),
        _ => false,
    }
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

/// The lines of the log, oldest first. Lines that are cut off, or of another version, are left out.
pub(crate) fn read(root: &Root) -> Vec<EventLine> {
    let path = root.join(OWN_FOLDER).join(FILE);
    let bytes = root.read(&path).ok().flatten().unwrap_or_default();
    parsed(&bytes)
}

fn parsed(bytes: &[u8]) -> Vec<EventLine> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| serde_json::from_slice::<EventLine>(line).ok());
    lines.filter(|line| line.version == VERSION).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Money;
    use crate::artifact::edit::Op;
    use crate::artifact::gate::numbers::Tally;
    use crate::artifact::outcome::OutcomeStatus;
    use crate::gate::trial::TrialLook;
    use crate::workspace::load::WorkLoad;

    fn line(event: Event) -> EventLine {
        EventLine {
            version: VERSION,
            at: "2026-11-30T07:08:09.000Z".into(),
            process: "kaizen run, process 7".into(),
            event,
        }
    }

    fn samples() -> Vec<Event> {
        let session = || "session-1".to_owned();
        vec![
            Event::WorkStarted,
            Event::PhaseStarted {
                session: session(),
                phase: "plan".into(),
                reasons: vec!["never ran".into()],
                is_first: false,
            },
            Event::Progress {
                what: "edit `a`".into(),
                done: 3,
                of: 9,
            },
            Event::Load(WorkLoad {
                in_flight: 8,
                spent_usd: Money::from_usd(0.25).unwrap(),
                ..WorkLoad::default()
            }),
            Event::Evidence {
                session: session(),
                edit: "a".into(),
                look: TrialLook {
                    pairs: 12,
                    tally: Tally {
                        wins: 3,
                        losses: 1,
                        ties: 8,
                    },
                    log_e: Some(1.5),
                    ..TrialLook::default()
                },
            },
            Event::EditSettled {
                session: session(),
                number: 1,
                of: 2,
                edit: "a".into(),
                op: Op::PatchSystemPrompt,
                target: "t".into(),
                status: OutcomeStatus::Applied,
                delta: Some(0.1),
                interval: None,
                reason: None,
                commit: None,
            },
            Event::ManifestLoaded,
            Event::WorkEnded,
        ]
    }

    #[test]
    fn every_kind_of_event_survives_the_way_through_the_file() {
        let events = samples();
        let mut text = String::from("half a line\": 3}\n");
        for event in &events {
            text += &(serde_json::to_string(&line(event.clone())).unwrap() + "\n");
        }
        text +=
            "{\"version\":2,\"at\":\"\",\"process\":\"\",\"event\":\"work_ended\"}\n{\"version\":1,\"event\":\"of a";
        let read = parsed(text.as_bytes());
        let texts = |events: &[Event]| {
            events
                .iter()
                .map(|event| serde_json::to_value(event).unwrap())
                .collect::<Vec<_>>()
        };
        let read: Vec<Event> = read.into_iter().map(|line| line.event).collect();
        assert_eq!(texts(&read), texts(&events));
    }
}
