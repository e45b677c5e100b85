//! Sessions that were in order when `verify` last checked them: whether their files are as they were, and whether commits
//! since then can change what git says about their edits.

use std::collections::{BTreeMap, BTreeSet};

use super::VerifyFinding;
use crate::artifact::outcome::OutcomeStatus;
use crate::cli::exit::CommandFailure;
use crate::digest::Digest;
use crate::ledger::extent::CloneExtent;
use crate::ledger::port::LedgerEntry;
use crate::pipeline::survey::in_parallel;
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;
use crate::workspace::seal_book::SessionStamps;
use crate::workspace::session::{Session, is_in_session};
use crate::workspace::verified_book::{self, LedgerInterest, VerifiedHeading, VerifiedSession};

/// A session that was in order, with the remarks on it.
pub(super) type KnownSession = VerifiedSession<VerifyFinding>;

/// The number of lines that a thread takes at once.
const SHARE: usize = 64;
/// The most commits of people whose files are looked up.
const MOST_COMMITS: usize = 100;

/// What the commits since the last check touch.
#[derive(Debug, Default)]
struct LaterCommits {
    /// The sessions that they name.
    named: BTreeSet<String>,
    /// Whether people changed files of the harness or of sessions, or reverted a commit.
    by_people: bool,
    /// Whether anybody changed files of the harness.
    in_harness: bool,
}

impl LaterCommits {
    fn concern(&self, session: &KnownSession) -> bool {
        let is_touched = match session.interest {
            LedgerInterest::Named => false,
            LedgerInterest::People => self.by_people,
            LedgerInterest::Harness => self.in_harness || self.by_people,
        };
        is_touched || self.named.contains(&session.id)
    }
}

/// The sessions that need not be read again.
pub(super) struct KnownSessions {
    heading: VerifiedHeading,
    /// Whether the file has exactly these sessions, compared with this HEAD.
    is_current: bool,
    still: BTreeMap<String, KnownSession>,
}

impl KnownSessions {
    /// Reads them; `is_full` forgets all of them.
    ///
    /// # Errors
    /// git fails.
    pub(super) fn read(
        workspace: &Workspace,
        inputs: &Inputs,
        entries: &[LedgerEntry],
        is_full: bool,
    ) -> Result<Self, CommandFailure> {
        let heading = VerifiedHeading::new(basis(workspace), inputs.head()?.cloned());
        let none = Self {
            heading: heading.clone(),
            is_current: false,
            still: BTreeMap::new(),
        };
        if is_full || workspace.ledger.is_shallow() {
            return Ok(none);
        }
        let Some((found, text)) = verified_book::read(&workspace.root, &heading) else {
            return Ok(none);
        };
        let Some(later) = later_commits(workspace, inputs, entries, found.head.as_deref())? else {
            return Ok(none);
        };
        let lines: Vec<&str> = text.lines().collect();
        let shares: Vec<&[&str]> = lines.chunks(SHARE).collect();
        let same = in_parallel(&shares, &|lines| verified_book::unchanged(&workspace.root, lines));
        let still: BTreeMap<String, KnownSession> = same
            .into_iter()
            .flatten()
            .filter(|session| !later.concern(session))
            .map(|session| (session.id.clone(), session))
            .collect();
        Ok(Self {
            is_current: found == heading && still.len() == lines.len(),
            heading,
            still,
        })
    }

    /// Whether a session need not be read again.
    pub(super) fn has(&self, id: &str) -> bool {
        self.still.contains_key(id)
    }

    /// A session that need not be read again.
    pub(super) fn take(&mut self, id: &str) -> Option<KnownSession> {
        self.still.remove(id)
    }

    /// Notes the sessions that are in order now, oldest first; `is_new` says whether any of them was read.
    ///
    /// # Errors
    /// git fails.
    pub(super) fn note(
        &self,
        workspace: &Workspace,
        sessions: &[KnownSession],
        is_new: bool,
    ) -> Result<(), CommandFailure> {
        // What a clone that is not complete shows depends on what git can fetch.
        if (is_new || !self.is_current) && workspace.ledger.extent()? == CloneExtent::Whole {
            verified_book::write(workspace, &self.heading, sessions);
        }
        Ok(())
    }
}

/// The digest of what the checks depend on besides the sessions and git.
fn basis(workspace: &Workspace) -> Digest {
    let manifest = workspace
        .root
        .read(crate::manifest::FILE)
        .ok()
        .flatten()
        .unwrap_or_default();
    let engines = workspace.engines();
    Digest::of_value(&(
        Digest::of_bytes(&manifest),
        engines.student,
        engines.teacher,
        engines.judge,
    ))
}

/// A session that was just read, if it is settled and need not be read again while its files stay as they are.
pub(super) fn in_order(
    session: &Session,
    stamps: Option<SessionStamps>,
    found: &[VerifyFinding],
) -> Option<KnownSession> {
    let is_settled = session.record().ok()??.status.is_settled();
    if !is_settled || found.iter().any(VerifyFinding::is_failure) {
        return None;
    }
    let statuses: Vec<OutcomeStatus> = session
        .outcomes()
        .ok()?
        .values()
        .map(|outcome| outcome.status)
        .collect();
    let is_gone = |status: &OutcomeStatus| status.was_applied() && *status != OutcomeStatus::Applied;
    let interest = match statuses.iter().any(is_gone) {
        true => LedgerInterest::Harness,
        false if statuses.contains(&OutcomeStatus::Applied) => LedgerInterest::People,
        false => LedgerInterest::Named,
    };
    VerifiedSession::of(&session.id, stamps?, interest, found.to_vec())
}

/// The commits since `from`; `None` if HEAD did not come from there by commits of one parent each.
fn later_commits(
    workspace: &Workspace,
    inputs: &Inputs,
    entries: &[LedgerEntry],
    from: Option<&str>,
) -> Result<Option<LaterCommits>, CommandFailure> {
    let mut later = LaterCommits::default();
    if from == inputs.head()?.map(String::as_str) {
        return Ok(Some(later));
    }
    let line = from.map(|from| Ok::<_, CommandFailure>(inputs.graph()?.line_since(from)));
    let Some(line) = line.transpose()?.flatten() else {
        return Ok(None);
    };
    let entry: BTreeMap<&str, &LedgerEntry> = entries.iter().map(|entry| (entry.commit.as_str(), entry)).collect();
    let mut of_people = Vec::new();
    for commit in line {
        later.by_people |= !commit.reverts.is_empty();
        let entry = entry.get(commit.id.as_str());
        later
            .named
            .extend(entry.and_then(|entry| entry.trailer("Session-ID")).map(str::to_owned));
        match entry.is_some_and(|entry| entry.is_of_kaizen()) {
            true => later.in_harness = true,
            false => of_people.push(commit.id.as_str()),
        }
    }
    let counts = |path: &String| workspace.selects(path) || is_in_session(path);
    later.by_people |= of_people.len() > MOST_COMMITS || workspace.ledger.paths_in(&of_people)?.iter().any(counts);
    Ok(Some(later))
}
