//! Where the pages get their content from: one thread reads the state of the workspace for all of them, and a report is
//! made when a page asks for it and the last one is old.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use super::panel;
use crate::cli::Setting;
use crate::cli::exit::CommandFailure;
use crate::cli::live::LiveState;
use crate::cli::report;
use crate::digest::Digest;
use crate::workspace::Workspace;

/// The interval at which the state is read.
const INTERVAL: Duration = Duration::from_secs(1);

/// What all pages show at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct LiveFrame {
    /// The panel above the report, as HTML.
    pub panel: String,
    /// Names the state of the report; another name means that the report has changed.
    pub report: String,
    /// Why there is no further frame.
    pub ended: Option<String>,
}

impl LiveFrame {
    fn of(state: &LiveState) -> Self {
        Self {
            panel: panel::panel(state).into_string(),
            // The report changes with the sessions, their edits and their phases.
            report: Digest::of_value(&(&state.sessions, &state.edits, &state.phases))
                .short()
                .to_string(),
            ended: None,
        }
    }

    /// The frame as the data of an event.
    pub(super) fn event(&self) -> String {
        format!("data: {}\n\n", json!({"panel": self.panel, "report": self.report}))
    }
}

/// The content of all pages.
pub(super) struct LiveSource {
    setting: Setting,
    frames: watch::Receiver<Arc<LiveFrame>>,
    /// The last page, and the name of its report's state.
    page: Mutex<Option<(String, Arc<str>)>>,
}

impl LiveSource {
    /// Starts to follow a workspace.
    ///
    /// # Errors
    /// The sessions cannot be read.
    pub(super) fn start(setting: &Setting, mut workspace: Workspace) -> Result<Self, CommandFailure> {
        workspace.only_looks = true;
        let first = LiveFrame::of(&LiveState::of(&workspace)?);
        let (sender, frames) = watch::channel(Arc::new(first));
        std::thread::spawn(move || follow(&workspace, &sender));
        Ok(Self {
            setting: setting.clone(),
            frames,
            page: Mutex::new(None),
        })
    }

    /// The frames from now on.
    pub(super) fn frames(&self) -> watch::Receiver<Arc<LiveFrame>> {
        self.frames.clone()
    }

    /// Waits until the workspace cannot be followed any more; returns the reason.
    pub(super) async fn ended(&self) -> String {
        let mut frames = self.frames();
        let ended = frames.wait_for(|frame| frame.ended.is_some()).await;
        let problem = ended.ok().and_then(|frame| frame.ended.clone());
        problem.unwrap_or_else(|| "the workspace cannot be followed any more".to_owned())
    }

    /// The page with the present report. Takes up to seconds.
    ///
    /// # Errors
    /// The report cannot be made; the message is for people.
    pub(super) fn page(&self) -> Result<Arc<str>, String> {
        // One report at a time: the others wait, and most find it made.
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = Arc::clone(&self.frames.borrow());
        if let Some((_, made)) = page.as_ref().filter(|(name, _)| *name == frame.report) {
            return Ok(Arc::clone(made));
        }
        let mut workspace = self.setting.workspace_of(None).map_err(|failure| failure.message)?;
        workspace.only_looks = true;
        let made: Arc<str> = report::live_page(&workspace, &frame.panel, &frame.report)
            .map_err(|failure| failure.message)?
            .into();
        *page = Some((frame.report.clone(), Arc::clone(&made)));
        Ok(made)
    }
}

fn follow(workspace: &Workspace, sender: &watch::Sender<Arc<LiveFrame>>) {
    loop {
        std::thread::sleep(INTERVAL);
        if !workspace.root.is_in_place() {
            let ended = format!("{} was moved, deleted or replaced", workspace.root.display());
            let frame = LiveFrame {
                ended: Some(ended),
                ..LiveFrame::default()
            };
            sender.send_replace(Arc::new(frame));
            return;
        }
        // A file that is being replaced is there a moment later.
        let Ok(state) = LiveState::of(workspace) else { continue };
        let frame = LiveFrame::of(&state);
        sender.send_if_modified(|present| {
            let is_new = present.panel != frame.panel || present.report != frame.report;
            if is_new {
                *present = Arc::new(frame);
            }
            is_new
        });
    }
}
