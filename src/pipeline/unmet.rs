//! Finds unmet reads: files that a phase needs and that nothing will write.

use std::collections::BTreeMap;

use super::context::Context;
use super::state::{PhaseState, state};
use crate::manifest::phases::{self, Stanza};
use crate::pipeline::freshness::Freshness;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

/// A phase that cannot run, and the read that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The phase.
    pub phase: String,
    /// The missing read.
    pub read: String,
    /// Whether neither kaizen nor any phase writes it; its name is then probably misspelled.
    pub is_unknown: bool,
    /// The name that was probably meant.
    pub meant: Option<String>,
    /// The session's folder, relative to the workspace.
    folder: String,
}

impl Unmet {
    /// The problem in one line.
    pub(crate) fn words(&self) -> String {
        let Self {
            phase, read, folder, ..
        } = self;
        if !self.is_unknown {
            return format!("[phase.{phase}] did not run: it reads `{read}`, which this session did not produce");
        }
        let meant = self.meant.as_ref();
        let meant = meant
            .map(|name| format!("; did you mean `{name}`?"))
            .unwrap_or_default();
        format!(
            "[phase.{phase}] cannot run: it reads `{read}`, which is not in {folder} and which no phase writes{meant}"
        )
    }

    /// The remedy in one line.
    pub(crate) fn remedy(&self) -> String {
        let Self {
            phase, read, folder, ..
        } = self;
        format!("correct `reads` of [phase.{phase}] in kaizen.toml, or put the file at {folder}/{read}")
    }
}

/// The unmet reads of a session: unknown names at any time, others once no phase is left to run.
pub(crate) fn of(phases: &BTreeMap<String, Stanza>, states: &[PhaseState], session: &Session) -> Vec<Unmet> {
    let is_open = |state: &Freshness| matches!(state, Freshness::Stale { .. });
    let settled = !states.iter().any(|(_, state)| is_open(state));
    let blocked = states.iter().filter_map(|(phase, state)| match state {
        Freshness::Blocked { missing } => Some((phase, missing)),
        _ => None,
    });
    let is_blocked = |name: &str| blocked.clone().any(|(phase, _)| phase == name);
    let comes_later = |read: &str| {
        let writers = phases
            .iter()
            .filter(|(_, stanza)| stanza.writes.iter().any(|write| write == read));
        writers.into_iter().any(|(name, _)| is_blocked(name))
    };
    let all = blocked
        .clone()
        .flat_map(|(phase, missing)| missing.iter().map(move |read| (phase, read)));
    let found = all.filter_map(|(phase, read)| {
        let is_unknown = !phases::is_provided(phases, read);
        (is_unknown || settled && !comes_later(read)).then(|| Unmet {
            phase: phase.clone(),
            read: read.clone(),
            is_unknown,
            meant: phases::nearest_read(phases, read).filter(|_| is_unknown),
            folder: session.relative(),
        })
    });
    found.collect()
}

/// The unmet reads of the context's session. Only phases with programs can have any; without such a phase, no file is
/// read.
///
/// # Errors
/// An input of a phase cannot be read.
pub(crate) fn unmet(context: &Context) -> Result<Vec<Unmet>, RunError> {
    let phases = context.workspace.manifest.phases();
    match phases.values().any(|stanza| !stanza.run.is_empty()) {
        true => Ok(of(&phases, &state(context)?, context.session)),
        false => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(reads: &str, is_settled: bool) -> Vec<(String, bool)> {
        let mut phases = phases::built_in();
        let own = Stanza {
            reads: vec![reads.to_owned()],
            writes: vec!["mine.md".into()],
            run: vec!["true".into()],
            timeout_seconds: None,
        };
        phases.insert("mine".into(), own);
        let rest = match is_settled {
            true => Freshness::Fresh { edited: Vec::new() },
            false => Freshness::Stale { reasons: Vec::new() },
        };
        let missing = vec![reads.to_owned()];
        let states = vec![
            ("plan".to_owned(), rest),
            ("mine".to_owned(), Freshness::Blocked { missing }),
        ];
        let session = Session::at(&crate::sys::disk::Root::open(".".as_ref()).unwrap(), "session-1");
        of(&phases, &states, &session)
            .into_iter()
            .map(|unmet| (unmet.words(), unmet.is_unknown))
            .collect()
    }

    #[test]
    fn a_misspelt_name_is_reported_at_once_and_an_absent_one_at_the_end() {
        for is_settled in [false, true] {
            let [(words, is_unknown)] = found("diagnosys.md", is_settled).try_into().unwrap();
            assert!(is_unknown && words.contains("did you mean `diagnosis.md`?"), "{words}");
        }
        assert_eq!(found("after.json", false), []);
        let [(words, is_unknown)] = found("after.json", true).try_into().unwrap();
        assert!(!is_unknown && words.contains("did not produce"), "{words}");
    }
}
