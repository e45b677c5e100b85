//! The report on an imported file: its status, its usable traces, the missing fields, and the skipped parts.

use serde::Serialize;

use crate::artifact::trace::Trace;
use crate::digest::Digest;
use crate::trace::format::{Dialect, SkippedPart};

/// The status of a file after an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportStatus {
    /// Its new traces were added to the workspace.
    Imported,
    /// A dry run: its new traces would be added.
    WouldImport,
    /// The workspace has all its traces.
    NothingNew,
    /// The same bytes were imported before.
    AlreadyImported,
    /// It is a link in a folder, which is not followed.
    NotFollowed,
    /// It cannot be read or written, its format is unknown, or it contains no trace.
    Failed,
}

/// The number of new traces that have the fields that a diagnosis needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct UsableCounts {
    /// Traces with a query. A trace without a query is not used as evidence.
    pub with_query: usize,
    /// Traces with a result.
    pub with_result: usize,
    /// Traces with a query and with an outcome or feedback.
    pub judged: usize,
}

/// The number of new traces without a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the names are clear
pub(crate) struct Missing {
    pub query: usize,
    pub result: usize,
    pub outcome: usize,
    pub feedback: usize,
    pub time: usize,
    pub agent: usize,
    pub model: usize,
    pub tokens: usize,
}

/// A reason for skipping parts of files, with the number of parts and the first locations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ImportReason {
    pub reason: String,
    /// Whether content may be lost; false for bookkeeping of the other program.
    pub is_loss: bool,
    /// The number of skipped parts.
    pub count: usize,
    pub places: Vec<String>,
}

/// The maximum number of locations listed for each reason.
const PLACES: usize = 5;
/// The maximum number of separate reasons; further ones are counted together.
const REASONS: usize = 50;

/// The result of importing one file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FileReport {
    /// The file, as the user named it.
    pub file: String,
    /// The status after the import.
    pub status: ImportStatus,
    /// The dialect of its traces, if it was recognised.
    pub dialect: Option<Dialect>,
    /// The digest of the file's bytes.
    pub digest: Option<Digest>,
    /// The path of its traces, relative to the workspace.
    pub written: Option<String>,
    /// The number of traces in it.
    pub read: usize,
    /// Traces that the workspace did not have.
    pub new: usize,
    /// Traces that the workspace already had.
    pub duplicates: usize,
    /// Duplicates by id whose content differs; the trace in the workspace stays.
    pub changed: usize,
    /// How many new traces are usable.
    pub usable: UsableCounts,
    /// How many new traces lack each field.
    pub missing: Missing,
    /// Parts of the file that were not imported, by reason.
    pub skipped: Vec<ImportReason>,
    /// The reason for a failure.
    pub error: Option<String>,
}

impl FileReport {
    /// An empty report on a file.
    pub(crate) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            status: ImportStatus::NothingNew,
            dialect: None,
            digest: None,
            written: None,
            read: 0,
            new: 0,
            duplicates: 0,
            changed: 0,
            usable: UsableCounts::default(),
            missing: Missing::default(),
            skipped: Vec::new(),
            error: None,
        }
    }

    /// Whether the file holds at least one trace, new or known.
    pub(crate) fn has_traces(&self) -> bool {
        self.read > 0 || self.status == ImportStatus::AlreadyImported
    }

    /// Why a file of a known dialect has no trace, with the most frequent reason for which a part was left out.
    pub(crate) fn why_no_trace(&self) -> String {
        let words = self.dialect.map_or("a file of traces", Dialect::words);
        let most = self.skipped.iter().max_by_key(|reason| (reason.is_loss, reason.count));
        let why = most.map(|most| format!(": {} ({}: {})", most.reason, most.count, most.places.join(", ")));
        format!(
            "it looks like {words}, but it contains no trace{}",
            why.unwrap_or_default()
        )
    }

    /// Counts a new trace.
    pub(crate) fn count(&mut self, trace: &Trace) {
        self.new += 1;
        let has_query = !trace.query.trim().is_empty();
        let is_judged = trace.outcome.is_some() || trace.rating().is_some();
        self.usable.with_query += usize::from(has_query);
        self.usable.with_result += usize::from(trace.result.is_some());
        self.usable.judged += usize::from(has_query && is_judged);
        let missing = &mut self.missing;
        missing.query += usize::from(!has_query);
        missing.result += usize::from(trace.result.is_none());
        missing.outcome += usize::from(trace.outcome.is_none());
        missing.feedback += usize::from(trace.feedback.is_none());
        missing.time += usize::from(trace.started_at.is_none());
        missing.agent += usize::from(trace.agent.is_none());
        missing.model += usize::from(trace.model.is_none());
        missing.tokens += usize::from(trace.total_tokens.is_none());
    }

    /// Counts a skipped part.
    pub(crate) fn skip(&mut self, skipped: &SkippedPart) {
        let reason = match self.skipped.len() < REASONS {
            true => skipped.reason.as_str(),
            false => "other reasons",
        };
        let same = |noted: &&mut ImportReason| noted.reason == skipped.reason || noted.reason == reason;
        if let Some(noted) = self.skipped.iter_mut().find(same) {
            noted.count += 1;
            noted.is_loss |= skipped.is_loss;
            if noted.places.len() < PLACES {
                noted.places.push(skipped.place.to_string());
            }
            return;
        }
        self.skipped.push(ImportReason {
            reason: reason.to_owned(),
            is_loss: skipped.is_loss,
            count: 1,
            places: vec![skipped.place.to_string()],
        });
    }
}
