//! What a run tells other processes: since when it runs, its phase, its progress and its load. It is in a locked file, so
//! it counts only while the process that wrote it holds the lock.

use serde::{Deserialize, Serialize};

use super::load::WorkLoad;
use super::notice_board;
use super::progress::WorkProgress;
use super::transaction::LOCK;
use super::{OWN_FOLDER, Workspace};
use crate::gate::trial::TrialLook;

/// What a run tells about itself, in one line of JSON after the line that names its process.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RunNotice {
    /// When the run began, as RFC 3339.
    pub since: String,
    /// Whether it looks for requests to pause.
    pub pauses: bool,
    /// The session that it works on.
    pub session: Option<String>,
    /// The phase that runs.
    pub phase: Option<String>,
    pub progress: Option<WorkProgress>,
    /// The edits that have an outcome, and all edits of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edits: Option<(usize, usize)>,
    /// The evidence about the edit at the gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<TrialLook>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<WorkLoad>,
}

/// A run of another process.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OtherRun {
    /// The command and the process: `kaizen run, process 26816`.
    pub process: String,
    #[serde(flatten)]
    notice: RunNotice,
    /// The time that the work at hand will take, in seconds, if it is known.
    seconds_left: Option<f64>,
}

impl OtherRun {
    /// The run that holds the lock of a workspace; `None` if no process works there, or that is unknown.
    pub(crate) fn of(workspace: &Workspace) -> Option<Self> {
        let text = workspace
            .checkout
            .lock_holder(workspace.checkout.join(OWN_FOLDER).join(LOCK))
            .ok()??;
        Some(Self::read(&text))
    }

    /// The commands that work beside the holder of the lock, such as `kaizen audit`.
    pub(crate) fn beside(workspace: &Workspace) -> Vec<Self> {
        notice_board::beside(workspace)
            .iter()
            .map(|text| Self::read(text))
            .collect()
    }

    fn read(text: &str) -> Self {
        let (process, rest) = text.split_once('\n').unwrap_or((text, ""));
        // An older version writes no second line.
        let notice: RunNotice = serde_json::from_str(rest).unwrap_or_default();
        Self {
            process: process.trim().to_owned(),
            seconds_left: notice.progress.as_ref().and_then(WorkProgress::seconds_left),
            notice,
        }
    }

    /// Whether it runs this phase of this session.
    pub(crate) fn runs(&self, session: &str, phase: &str) -> bool {
        self.works_on(session) && self.notice.phase.as_deref() == Some(phase)
    }

    /// Whether it works on this session.
    pub(crate) fn works_on(&self, session: &str) -> bool {
        self.notice.session.as_deref() == Some(session)
    }

    /// Whether it looks for requests to pause. Commands that run no session do not.
    pub(crate) fn can_pause(&self) -> bool {
        self.notice.pauses
    }

    /// The session that it works on.
    pub(crate) fn session(&self) -> Option<&str> {
        self.notice.session.as_deref()
    }

    /// The work at hand, if it makes attempts.
    pub(crate) fn what(&self) -> Option<&str> {
        self.notice.progress.as_ref().map(|progress| progress.what.as_str())
    }

    /// When it began, in this form; empty if it does not say.
    pub(crate) fn since(&self, form: &str) -> String {
        chrono::DateTime::parse_from_rfc3339(&self.notice.since)
            .map(|since| since.format(form).to_string())
            .unwrap_or_default()
    }

    /// The phase that it runs.
    pub(crate) fn phase(&self) -> Option<&str> {
        self.notice.phase.as_deref()
    }

    /// Finished attempts of the work at hand, and all of them.
    pub(crate) fn attempts(&self) -> Option<(usize, usize)> {
        self.notice
            .progress
            .as_ref()
            .map(|progress| (progress.done, progress.of))
    }

    /// New attempts per second.
    pub(crate) fn pace(&self) -> Option<f64> {
        self.notice.progress.as_ref()?.rate
    }

    /// The time that the work at hand will take, in seconds.
    pub(crate) fn seconds_left(&self) -> Option<f64> {
        self.seconds_left
    }

    /// The progress of the work at hand, if it makes attempts.
    pub(crate) fn progress(&self) -> Option<String> {
        self.notice.progress.as_ref().map(WorkProgress::words)
    }

    /// The evidence about the edit at the gate.
    pub(crate) fn evidence(&self) -> Option<&TrialLook> {
        self.notice.evidence.as_ref()
    }

    /// The edits that have an outcome, and all edits of the plan.
    pub(crate) fn edits(&self) -> Option<(usize, usize)> {
        self.notice.edits
    }

    /// Attempts in flight, failures and spending.
    pub(crate) fn load(&self) -> WorkLoad {
        self.notice.load.unwrap_or_default()
    }

    /// The evidence about the edit at the gate and the load, in one line; `None` if there is nothing to tell.
    pub(crate) fn details(&self) -> Option<String> {
        let (evidence, load) = (self.evidence().map(TrialLook::words), self.load().words());
        let parts: Vec<String> = evidence
            .into_iter()
            .chain(Some(load).filter(|load| !load.is_empty()))
            .collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// One line: the process, when it began, and its progress.
    pub(crate) fn words(&self) -> String {
        let since = self.since(" since %Y-%m-%d %H:%M UTC");
        let work = match (&self.notice.progress, &self.notice.phase) {
            (Some(progress), _) => format!(": {}, {}", progress.what, progress.words()),
            (None, Some(phase)) => format!(": {phase}"),
            (None, None) => String::new(),
        };
        format!("running{since} ({}){work}", self.process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_shown_with_what_it_contains() {
        for (text, words) in [
            ("kaizen run, process 7", "running (kaizen run, process 7)"),
            (
                "kaizen run, process 7\n{\"since\":\"2026-11-3",
                "running (kaizen run, process 7)",
            ),
            (
                "kaizen loop, process 7\n{\"since\":\"2026-11-30T07:08:09Z\",\"session\":\"s\",\"phase\":\"baseline\"}\n",
                "running since 2026-11-30 07:08 UTC (kaizen loop, process 7): baseline",
            ),
            (
                "kaizen run, process 7\n{\"since\":\"2026-11-30T07:08:09Z\",\"phase\":\"execute\",\
                 \"progress\":{\"what\":\"edit `a`\",\"done\":107,\"of\":192,\"rate\":0.5}}\n",
                "running since 2026-11-30 07:08 UTC (kaizen run, process 7): edit `a`, 107 of 192 attempts, \
                 0.5 per second, about 3 min left",
            ),
        ] {
            assert_eq!(OtherRun::read(text).words(), words);
        }
    }
}
