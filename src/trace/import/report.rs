//! Report: what became of a file, what of it is usable, and what is missing.

use serde::Serialize;

use crate::artifact::trace::Trace;
use crate::digest::Digest;
use crate::trace::format::Skipped;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Its new traces are in the workspace.
    Imported,
    /// They would be.
    WouldImport,
    /// All its traces were there, or it holds none.
    NothingNew,
    /// The same bytes were imported before.
    AlreadyImported,
    /// A link in a folder.
    NotFollowed,
    /// It cannot be read, or nobody knows what it is.
    Failed,
}

/// New traces with what an improvement needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Usable {
    /// They say what was asked: without it a trace is no evidence.
    pub with_query: usize,
    /// They say what was answered.
    pub with_result: usize,
    /// They say what was asked, and whether it went well: an outcome or feedback.
    pub judged: usize,
}

/// New traces without a fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the names say it
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

/// Why something was skipped, how often, and the first places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ImportReason {
    /// Why.
    pub reason: String,
    /// Whether something may be missed.
    pub is_loss: bool,
    /// How often.
    pub count: usize,
    /// The first places.
    pub places: Vec<String>,
}

/// So many places of each reason are named.
const PLACES: usize = 5;
/// So many reasons are told apart; the rest are one.
const REASONS: usize = 50;

/// What became of a file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FileReport {
    /// The file, as it was named.
    pub file: String,
    /// What became of it.
    pub status: Status,
    /// What it is.
    pub dialect: Option<&'static str>,
    /// The digest of its bytes.
    pub digest: Option<Digest>,
    /// Where its traces are, relative to the workspace.
    pub written: Option<String>,
    /// Traces in it.
    pub read: usize,
    /// Those that the workspace did not have.
    pub new: usize,
    /// Those that it had.
    pub duplicates: usize,
    /// Those of them of which it had another version, which stays.
    pub changed: usize,
    /// What of the new ones is usable.
    pub usable: Usable,
    /// What the new ones do not say.
    pub missing: Missing,
    /// What became no trace.
    pub skipped: Vec<ImportReason>,
    /// Why it failed.
    pub error: Option<String>,
}

impl FileReport {
    /// A report on a file of which nothing is known.
    pub(crate) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            status: Status::NothingNew,
            dialect: None,
            digest: None,
            written: None,
            read: 0,
            new: 0,
            duplicates: 0,
            changed: 0,
            usable: Usable::default(),
            missing: Missing::default(),
            skipped: Vec::new(),
            error: None,
        }
    }

    /// Counts a new trace.
    pub(crate) fn count(&mut self, trace: &Trace) {
        self.new += 1;
        let has_query = !trace.query.trim().is_empty();
        let is_judged = trace.outcome.is_some() || trace.feedback.is_some();
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

    /// Notes what was skipped.
    pub(crate) fn skip(&mut self, skipped: &Skipped) {
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
