//! Shows progress: as a bar on a terminal, and as a line now and then in a log.
#![allow(clippy::disallowed_methods)] // edge: the environment, the clock

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::terminal;
use crate::cli::visible::visible;
use crate::workspace::event::Event;
use crate::workspace::progress::{LOG_INTERVAL, ProgressMeter, WorkProgress};

/// The variable that sets the shortest time between two lines of a log, in seconds.
const INTERVAL: &str = "KAIZEN_PROGRESS_SECONDS";

/// Shows how far the work of a command has come.
pub(super) struct ProgressDisplay {
    begun: Instant,
    meter: Mutex<ProgressMeter>,
    bar: Mutex<Option<ProgressBar>>,
}

impl ProgressDisplay {
    /// A display for work that begins now.
    pub(super) fn new() -> Self {
        let seconds = std::env::var(INTERVAL).ok().and_then(|text| text.parse().ok());
        Self {
            begun: Instant::now(),
            meter: Mutex::new(ProgressMeter::new(seconds.map_or(LOG_INTERVAL, Duration::from_secs))),
            bar: Mutex::new(None),
        }
    }

    /// Notes an event; returns the progress if it is one.
    pub(super) fn hear(&self, event: &Event) -> Option<WorkProgress> {
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        meter.hear(self.begun.elapsed(), event)
    }

    /// Whether a log should get a line about this progress now.
    pub(super) fn is_due(&self, progress: &Option<WorkProgress>) -> bool {
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        progress
            .as_ref()
            .is_some_and(|progress| meter.is_due(self.begun.elapsed(), progress))
    }

    /// Shows progress on stderr.
    pub(super) fn show(&self, progress: &Option<WorkProgress>) {
        let Some(now) = progress else { return };
        match terminal::has_moving_lines() {
            true => self.draw(now),
            false if self.is_due(progress) => err!("  {}: {}", visible(&now.what), now.words()),
            false => {}
        }
    }

    fn draw(&self, progress: &WorkProgress) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(new_bar);
        bar.set_length(progress.of as u64);
        bar.set_position(progress.done as u64);
        let what = visible(&progress.what).replace('\n', " ");
        bar.set_message(format!("{} ({what})", progress.words()));
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

/// The progress bar on the terminal, for [`clear_progress`].
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Removes the progress bar of any renderer, for the end by a signal.
pub(crate) fn clear_progress() {
    if let Ok(mut shown) = SHOWN.lock()
        && let Some(bar) = shown.take()
    {
        bar.finish_and_clear();
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(mut shown) = SHOWN.lock() {
        *shown = Some(bar.clone());
    }
    if let Ok(style) = ProgressStyle::with_template("  {bar:20} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
