//! Decides from a checkpoint and the present digests whether a phase is fresh, stale (with reasons), kept, or blocked.
//!
//! A change in the second column makes a phase stale, a change in the third does not:
//!
//! | input | counts | does not count |
//! |---|---|---|
//! | definition | stanza, settings that affect the phase, engine identity, revision | kaizen's version, credentials, host: they do not affect the result |
//! | a file that it reads | its bytes | times, modes |
//! | a folder that it reads | names and bytes | hidden files, order |
//! | `pending_review/` | the decisions | the questions: `execute` writes them itself |
//! | `@traces` | ids and contents, until the session is ready; then the pin in `readiness.json` | traces that arrive later: the agent keeps running |
//! | `@train`, `@gate` | task rows | the files that contain them |
//! | `@harness` | relative paths and bytes at the commit that the session builds on | the session's own commits |
//! | `@ledger` | which edits of this session are in git, and which were reverted | all other commits |
//! | a file that it writes | that it exists | its bytes: a hand-edited output is an input of later phases |
//! | a folder that it writes | names and bytes, unless a person may write there | |
//!
//! Once a session has an outcome, only its own files count; if a run would resume it, also its ledger and the settings of
//! `execute`. `state` applies this rule.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::artifact::checkpoint::Checkpoint;
use crate::digest::Digest;

/// The present digests of a phase's definition, reads and writes; `None` if a read or write does not exist.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PhaseDigests {
    /// Digest of the definition.
    pub definition: Digest,
    /// Digests of the reads.
    pub reads: BTreeMap<String, Option<Digest>>,
    /// Digests of the writes.
    pub writes: BTreeMap<String, Option<Digest>>,
}

/// Why a phase is stale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum StaleReason {
    /// It has never completed, or its checkpoint was removed.
    NeverFinished,
    /// Its stanza, settings or engine changed.
    DefinitionChanged {
        /// The digest in the checkpoint.
        was: Digest,
        /// The present digest.
        now: Digest,
    },
    /// One of its reads changed.
    ReadChanged {
        /// The read.
        name: String,
        /// The digest in the checkpoint.
        was: Option<Digest>,
        /// The present digest.
        now: Option<Digest>,
    },
    /// One of its writes is missing.
    WriteMissing {
        /// The write.
        name: String,
    },
}

impl StaleReason {
    /// Whether an input of the workspace changed, rather than a file or setting of the session.
    pub(crate) fn is_about_the_workspace(&self) -> bool {
        matches!(self, Self::ReadChanged { name, .. } if name.starts_with('@'))
    }
}

/// The state of a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Freshness {
    /// It does not have to run.
    Fresh {
        /// Outputs that a person has edited since it ran.
        edited: Vec<String>,
    },
    /// It has to run.
    Stale {
        /// Why it is stale.
        reasons: Vec<StaleReason>,
    },
    /// It would be stale, but a person edited its output, so it runs only on request.
    Kept {
        /// Why it would be stale.
        reasons: Vec<StaleReason>,
        /// Outputs that a person has edited.
        edited: Vec<String>,
    },
    /// It cannot run yet.
    Blocked {
        /// Reads that do not exist.
        missing: Vec<String>,
    },
}

/// Compares a checkpoint with the present digests. `editable` says whether a person may write the phase's output.
pub(crate) fn freshness(checkpoint: Option<&Checkpoint>, present: &PhaseDigests, editable: bool) -> Freshness {
    let missing: Vec<String> = absent(&present.reads);
    if !missing.is_empty() {
        return Freshness::Blocked { missing };
    }
    let Some(checkpoint) = checkpoint else {
        return Freshness::Stale {
            reasons: vec![StaleReason::NeverFinished],
        };
    };
    let edited = edited(checkpoint, present);
    // A changed folder may lack a file, because the checkpoint has only one digest for it. The phase runs again and
    // keeps the files that exist.
    let folders = edited.iter().filter(|name| !editable && name.ends_with('/')).cloned();
    let gone: Vec<StaleReason> = absent(&present.writes)
        .into_iter()
        .chain(folders)
        .map(|name| StaleReason::WriteMissing { name })
        .collect();
    let reasons: Vec<StaleReason> = definition(checkpoint, present)
        .into_iter()
        .chain(reads(checkpoint, present))
        .collect();
    match (
        reasons.is_empty() && gone.is_empty(),
        editable && gone.is_empty() && !edited.is_empty(),
    ) {
        (true, _) => Freshness::Fresh { edited },
        (false, true) => Freshness::Kept { reasons, edited },
        (false, false) => Freshness::Stale {
            reasons: reasons.into_iter().chain(gone).collect(),
        },
    }
}

fn absent(digests: &BTreeMap<String, Option<Digest>>) -> Vec<String> {
    digests
        .iter()
        .filter(|(_, digest)| digest.is_none())
        .map(|(name, _)| name.clone())
        .collect()
}

fn edited(checkpoint: &Checkpoint, present: &PhaseDigests) -> Vec<String> {
    let differs = |name: &str, now: &Digest| checkpoint.writes.get(name).is_some_and(|was| was != now);
    let changed = present
        .writes
        .iter()
        .filter(|(name, now)| now.is_some_and(|now| differs(name, &now)));
    changed.map(|(name, _)| name.clone()).collect()
}

fn definition(checkpoint: &Checkpoint, present: &PhaseDigests) -> Option<StaleReason> {
    let (was, now) = (checkpoint.definition, present.definition);
    (was != now).then_some(StaleReason::DefinitionChanged { was, now })
}

fn reads(checkpoint: &Checkpoint, present: &PhaseDigests) -> Vec<StaleReason> {
    let mut names: Vec<&String> = checkpoint.reads.keys().chain(present.reads.keys()).collect();
    names.sort();
    names.dedup();
    let changed = |name: &String| {
        let (was, now) = (
            checkpoint.reads.get(name).copied(),
            present.reads.get(name).copied().flatten(),
        );
        (was != now).then(|| StaleReason::ReadChanged {
            name: name.clone(),
            was,
            now,
        })
    };
    names.into_iter().filter_map(changed).collect()
}

impl fmt::Display for StaleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |digest: &Option<Digest>| digest.map_or("absent".to_owned(), |digest| digest.short());
        match self {
            StaleReason::NeverFinished => write!(f, "it has not completed"),
            StaleReason::DefinitionChanged { was, now } => {
                write!(f, "its definition changed: was {}, now {}", was.short(), now.short())
            }
            StaleReason::ReadChanged { name, was, now } => {
                write!(f, "{name} changed: was {}, now {}", short(was), short(now))
            }
            StaleReason::WriteMissing { name } if name.ends_with('/') => {
                write!(f, "a file in {name} is missing or was changed")
            }
            StaleReason::WriteMissing { name } => write!(f, "{name} is missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::of_bytes(text.as_bytes())
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            version: 1,
            phase: "plan".into(),
            definition: digest("definition"),
            reads: [("diagnosis.md".to_owned(), digest("read"))].into(),
            writes: [("plan.json".to_owned(), digest("write"))].into(),
            extra: Default::default(),
        }
    }

    fn present(definition: &str, read: Option<&str>, write: Option<&str>) -> PhaseDigests {
        PhaseDigests {
            definition: digest(definition),
            reads: [("diagnosis.md".to_owned(), read.map(digest))].into(),
            writes: [("plan.json".to_owned(), write.map(digest))].into(),
        }
    }

    fn state(present: &PhaseDigests, editable: bool) -> &'static str {
        match freshness(Some(&checkpoint()), present, editable) {
            Freshness::Fresh { edited } if edited.is_empty() => "fresh",
            Freshness::Fresh { .. } => "fresh, edited",
            Freshness::Stale { .. } => "stale",
            Freshness::Kept { .. } => "kept",
            Freshness::Blocked { .. } => "blocked",
        }
    }

    #[test]
    fn each_ingredient_counts_and_hand_edits_are_input() {
        for (definition, read, write, editable, expected) in [
            ("definition", Some("read"), Some("write"), true, "fresh"),
            ("definition", Some("read"), Some("edited"), true, "fresh, edited"),
            ("definition", Some("other"), Some("write"), true, "stale"),
            ("other", Some("read"), Some("write"), true, "stale"),
            ("definition", Some("read"), None, true, "stale"),
            ("definition", Some("other"), Some("edited"), true, "kept"),
            ("other", Some("read"), Some("edited"), true, "kept"),
            ("definition", Some("other"), Some("edited"), false, "stale"),
            ("definition", None, Some("write"), true, "blocked"),
        ] {
            let present = present(definition, read, write);
            assert_eq!(
                state(&present, editable),
                expected,
                "{definition} {read:?} {write:?} {editable}"
            );
        }
    }

    #[test]
    fn without_a_checkpoint_it_has_not_finished() {
        let stale = freshness(None, &present("definition", Some("read"), Some("write")), true);
        assert_eq!(
            stale,
            Freshness::Stale {
                reasons: vec![StaleReason::NeverFinished]
            }
        );
    }
}
