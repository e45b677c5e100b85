//! `.kaizen/cache/seals`: what the commands need to know about settled sessions, so that they need not read them again.
//!
//! A seal is a memory, never an authority. It holds the digest of the stamps of what changes when a session does: its
//! folders, which change when a file comes, goes or is replaced, and the files that a person edits in place. A command takes
//! the facts of a seal only while the digest is the same; in any doubt it reads the session. A file of another version, a line that
//! cannot be read, and a file that cannot be written cost time and nothing else. Processes replace the file as a whole, so
//! the last one wins, and all of them are right.
//!
//! Nothing that decides about edits reads it: only lists (`status`, `log`, `blame`, `report`) and the quick `verify`. git
//! ignores the file, and kaizen refuses a clone that brings its own. Somebody who can write it can also write the sessions:
//! stamps contain the time of the last change of anything, which no program can set, so a planted seal does not fit the
//! files that come with it. `kaizen verify --full` ignores it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Workspace;
use super::session::{CHECKPOINTS, FOLDER, OUTCOMES, PENDING};
use crate::artifact::summary::{AppliedOutcome, SessionSummary};
use crate::digest::Digest;
use crate::sys::disk::{FileStamp, Root, StampTime};

/// The file, relative to the workspace.
const FILE: &str = ".kaizen/cache/seals";
/// The version of its form and of the rules by which facts are derived.
const VERSION: u32 = 1;
/// What is stamped in each session, besides questions: its folders, and the files that a person edits in place.
const WATCHED: [&str; 5] = ["", CHECKPOINTS, OUTCOMES, "plan.json", "diagnosis.md"];
/// Separates the parts of a line. JSON does not contain it.
const SEPARATOR: char = '\t';

/// The first line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct SealHeading {
    version: u32,
    kaizen: String,
    /// The digest of the phases of the manifest.
    phases: Digest,
}

impl SealHeading {
    fn new(phases: Digest) -> Self {
        Self {
            version: VERSION,
            kaizen: env!("CARGO_PKG_VERSION").to_owned(),
            phases,
        }
    }
}

/// What is known about a settled session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionFacts {
    /// The session in one line.
    pub summary: SessionSummary,
    /// The edits that were applied at some time.
    pub applied: Vec<AppliedOutcome>,
}

/// The stamps of a session at the moment before it is read.
pub(crate) struct SessionStamps {
    stamps: Vec<(String, FileStamp)>,
    at: StampTime,
}

impl SessionStamps {
    /// Takes the stamps of a session. `None` if it has no folder, or anything in it is neither a plain file nor a folder.
    pub(crate) fn of(root: &Root, id: &str) -> Option<Self> {
        let at = StampTime::now();
        let folder = format!("{FOLDER}/{id}");
        let stamps = root.stamps_below(&folder)?;
        Some(Self { stamps, at })
    }

    /// The stamps, if nothing changed so recently that another change may leave them as they are.
    pub(crate) fn calm(self) -> Option<Vec<(String, FileStamp)>> {
        let is_calm = self.stamps.iter().all(|(_, stamp)| stamp.is_calm(self.at));
        is_calm.then_some(self.stamps)
    }

    /// The seal of a session that was read since then. `None` if it changed so recently that another change may leave the
    /// stamps as they are.
    pub(crate) fn seal(self, id: &str, facts: &SessionFacts) -> Option<SessionSeal<'static>> {
        let stamps = self.calm()?;
        let questions = stamps
            .iter()
            .map(|(path, _)| path.as_str())
            .filter(|path| path.starts_with(PENDING));
        let questions: Vec<&str> = questions.collect();
        let stamp = |path: &str| stamps.iter().find(|(other, _)| other == path).map(|(_, stamp)| *stamp);
        Some(SessionSeal {
            id: id.to_owned().into(),
            digest: digest(&questions, &stamp).to_string().into(),
            questions: serde_json::to_string(&questions).ok()?.into(),
            facts: serde_json::to_string(facts).ok()?.into(),
        })
    }
}

/// The digest of the stamps of a session's watched paths and questions.
fn digest(questions: &[&str], stamp: &dyn Fn(&str) -> Option<FileStamp>) -> Digest {
    let mut bytes = Vec::with_capacity(256);
    for path in WATCHED.iter().chain(questions) {
        match stamp(path) {
            Some(stamp) => <[i64; 4]>::from(stamp)
                .iter()
                .for_each(|part| bytes.extend(part.to_le_bytes())),
            None => bytes.push(0),
        }
    }
    Digest::of_bytes(&bytes)
}

/// A settled session, as a line of the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SessionSeal<'t> {
    /// The name of the session.
    pub id: Cow<'t, str>,
    /// The digest of its stamps.
    digest: Cow<'t, str>,
    /// The paths of its questions, as JSON.
    questions: Cow<'t, str>,
    /// What is known about it, as JSON: most commands need it of a few sessions.
    facts: Cow<'t, str>,
}

impl<'t> SessionSeal<'t> {
    fn of_line(line: &'t str) -> Option<Self> {
        let mut parts = line.split(SEPARATOR).map(Cow::Borrowed);
        let seal = Self {
            id: parts.next()?,
            digest: parts.next()?,
            questions: parts.next()?,
            facts: parts.next()?,
        };
        parts.next().is_none().then_some(seal)
    }

    fn line(&self) -> String {
        let parts = [&self.id, &self.digest, &self.questions, &self.facts];
        parts.map(AsRef::<str>::as_ref).join(&SEPARATOR.to_string()) + "\n"
    }

    /// Whether the session is as it was when it was sealed.
    fn holds(&self, root: &Root) -> bool {
        let questions: Vec<&str> = match &*self.questions {
            "[]" => Vec::new(),
            some => match serde_json::from_str(some) {
                Ok(questions) => questions,
                Err(_) => return false,
            },
        };
        let stamp = |name: &str| root.stamp(&format!("{FOLDER}/{}/{name}", self.id));
        digest(&questions, &stamp).to_string() == *self.digest
    }

    /// What is known about the session; `None` if the line is damaged.
    pub(crate) fn facts(&self) -> Option<SessionFacts> {
        serde_json::from_str(&self.facts).ok()
    }
}

/// The seals of a workspace.
#[derive(Debug)]
pub(crate) struct SealBook<'t> {
    heading: SealHeading,
    /// Sorted by session.
    seals: Vec<SessionSeal<'t>>,
}

impl<'t> SealBook<'t> {
    /// The text of the seals; empty if the file is missing or cannot be read.
    pub(crate) fn text(root: &Root) -> String {
        root.read_text(FILE).ok().flatten().unwrap_or_default()
    }

    /// The seals of a text; a text of another version, or about other phases, holds no valid seal.
    pub(crate) fn of_text(text: &'t str, phases: Digest) -> Self {
        let heading = SealHeading::new(phases);
        let mut lines = text.lines();
        let found = lines.next().and_then(|line| serde_json::from_str(line).ok());
        let mut seals: Vec<SessionSeal> = match found {
            Some(found) if heading == found => lines.filter_map(SessionSeal::of_line).collect(),
            _ => Vec::new(),
        };
        // A line that was copied by hand may come twice or at a wrong place.
        seals.sort_by(|one, other| one.id.cmp(&other.id));
        seals.dedup_by(|one, other| one.id == other.id);
        Self { heading, seals }
    }

    /// The number of seals.
    pub(crate) fn count(&self) -> usize {
        self.seals.len()
    }

    /// The seal of a session, if the session is as it was when it was sealed.
    pub(crate) fn valid(&self, root: &Root, id: &str) -> Option<&SessionSeal<'t>> {
        let place = self.seals.binary_search_by(|seal| (*seal.id).cmp(id)).ok()?;
        Some(&self.seals[place]).filter(|seal| seal.holds(root))
    }

    /// Writes a book with exactly these seals, if anything may be written there.
    pub(crate) fn write(&self, workspace: &Workspace, seals: &[&SessionSeal]) {
        let mut text = serde_json::to_string(&self.heading).unwrap_or_default() + "\n";
        text.extend(seals.iter().map(|seal| seal.line()));
        workspace.remember(FILE, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::record::SessionStatus;

    fn phases() -> Digest {
        Digest::of_value(&"phases")
    }

    fn facts() -> SessionFacts {
        SessionFacts {
            summary: SessionSummary {
                status: SessionStatus::Completed,
                score_before: Some(0.1 + 0.2),
                score_after: None,
                unscored: String::new(),
                applied: 1,
                waiting: 0,
                error: Some("a tab\tand a line\n".into()),
            },
            applied: Vec::new(),
        }
    }

    fn text(heading: &SealHeading, ids: &[&str]) -> String {
        let stamps = || SessionStamps {
            stamps: vec![("pending_review/a.json".into(), FileStamp::default())],
            at: StampTime::now(),
        };
        let lines = ids.iter().map(|id| stamps().seal(id, &facts()).unwrap().line());
        serde_json::to_string(heading).unwrap() + "\n" + &lines.collect::<String>()
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let heading = SealHeading::new(phases());
        let whole = text(&heading, &["a", "b"]);
        let other = |change: fn(&mut SealHeading)| {
            let mut heading = SealHeading::new(phases());
            change(&mut heading);
            text(&heading, &["a"])
        };
        for (text, expected) in [
            (whole.clone(), vec!["a", "b"]),
            (whole.replace("\na\t", "\na\t\t"), vec!["b"]),
            (text(&heading, &["b", "a", "b"]), vec!["a", "b"]),
            (String::new(), vec![]),
            ("garbage\n".to_owned() + &whole, vec![]),
            (other(|heading| heading.version += 1), vec![]),
            (other(|heading| heading.kaizen.push('1')), vec![]),
            (other(|heading| heading.phases = Digest::of_value(&"others")), vec![]),
        ] {
            let book = SealBook::of_text(&text, phases());
            let ids: Vec<&str> = book.seals.iter().map(|seal| &*seal.id).collect();
            assert_eq!(ids, expected, "{text}");
        }
        let cut = &whole[..whole.len() - 9];
        let facts_of = |text: &str| {
            SealBook::of_text(text, phases())
                .seals
                .last()
                .and_then(SessionSeal::facts)
        };
        assert_eq!((facts_of(&whole), facts_of(cut)), (Some(facts()), None));
    }
}
