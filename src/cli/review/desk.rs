//! The desk of a person at a terminal: keys from it, words to stderr, answers to the disk.

use std::path::Path;

use console::{Key, Term};

use super::ask::{Desk, Edited};
use super::changed::{self, Against};
use super::evidence::{self, Evidence};
use super::queue::{self, Entry};
use super::screen::Page;
use super::{editor, judge, standing};
use crate::artifact::Artifact;
use crate::artifact::decision::Answer;
use crate::artifact::edit::Edit;
use crate::artifact::gate::verdict::Verdict;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::cli::exit::Failure;
use crate::cli::visible::visible;
use crate::cli::{accept, terminal};
use crate::workspace::Workspace;
use crate::workspace::session::PENDING;

/// Columns below which lines are left to the terminal to break.
const NARROWEST: usize = 40;

/// A terminal, and the workspace that answers go to.
pub(crate) struct Terminal<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The terminal.
    pub term: Term,
}

impl Desk for Terminal<'_> {
    fn key(&mut self) -> Option<Key> {
        // A terminal that went away has no more keys, and no more to tell.
        self.term.read_key_raw().ok()
    }

    fn say(&mut self, text: &str) {
        terminal::err(format_args!("{text}"));
    }

    fn page(&self) -> Page {
        let (height, width) = self.term.size();
        Page {
            width: usize::from(width).max(NARROWEST),
            height: height.into(),
            whole: false,
        }
    }

    fn evidence(&mut self, entry: &Entry) -> Evidence {
        evidence::evidence(self.workspace, &entry.pending.edit.references)
    }

    fn answer(&mut self, entry: &Entry, answer: Answer) -> Result<(), Failure> {
        let question = queue::question(&entry.session, &entry.pending.edit_digest)?;
        accept::write(self.workspace, &entry.session, question, (answer, false), "")?;
        Ok(())
    }

    fn update(&mut self, entry: &Entry) -> Result<Entry, Failure> {
        let question = queue::question(&entry.session, &entry.pending.edit_digest)?;
        let diff = standing::diff_of(&question.edit, &self.workspace.harness()?, &self.workspace.rules())
            .map_err(|reason| Failure::failed(format!("it cannot be applied today: {reason}")))?;
        let inapplicable = None;
        self.publish(
            entry,
            PendingReview {
                diff,
                inapplicable,
                ..question
            },
        )
    }

    fn judge(&mut self, entry: &Entry) -> Result<Verdict, Failure> {
        judge::judge(self.workspace, entry)
    }

    fn edit(&mut self, entry: &Entry) -> Result<Edited, Failure> {
        let name = format!("edit-{}.json", entry.pending.edit_digest.short());
        let path = self.workspace.own(&name);
        let edited = self.edit_in(entry, &path)?;
        self.workspace.root.remove(&path)?;
        Ok(edited)
    }
}

impl Terminal<'_> {
    /// Writes a question, and looks at it anew; what stood there goes to the attic.
    fn publish(&self, entry: &Entry, question: PendingReview) -> Result<Entry, Failure> {
        let name = format!("{PENDING}{}.json", question.edit_digest);
        entry.session.publish(&name, &question.to_text())?;
        entry.asked(question, self.workspace, &self.workspace.harness()?)
    }

    /// Lets the person edit until the edit is in order, or dropped.
    fn edit_in(&mut self, entry: &Entry, path: &Path) -> Result<Edited, Failure> {
        let was = entry.pending.edit_digest;
        let standing = self.plan(entry)?.edits.into_iter().find(|edit| edit.digest() == was);
        let original = changed::text(&standing.ok_or_else(left_the_plan)?);
        self.workspace.root.publish(path, original.as_bytes())?;
        loop {
            editor::run(&editor::words(), path, &self.workspace.manifest.withheld(&[]))?;
            let text = self.workspace.root.read_text(path)?.unwrap_or_default();
            if text == original || text.trim().is_empty() {
                return Ok(Edited::Unchanged);
            }
            match self.checked(entry, path, &text)? {
                Ok(edit) => return self.put(entry, edit),
                Err(problem) if self.wants_again(&problem) => {}
                Err(_) => return Ok(Edited::Unchanged),
            }
        }
    }

    fn plan(&self, entry: &Entry) -> Result<Plan, Failure> {
        entry.session.read("plan.json")?.ok_or_else(left_the_plan)
    }

    fn checked(&self, entry: &Entry, path: &Path, text: &str) -> Result<Result<Edit, String>, Failure> {
        let against = Against {
            harness: &self.workspace.harness()?,
            rules: &self.workspace.rules(),
            manifest: &self.workspace.manifest,
            plan: &self.plan(entry)?,
            was: entry.pending.edit_digest,
        };
        Ok(changed::read(path, text, &against))
    }

    fn wants_again(&mut self, problem: &str) -> bool {
        self.say(&format!("{}\n", visible(problem)));
        loop {
            self.say("e edit again, d drop the change: ");
            let key = self.key();
            self.say("\n");
            match key {
                Some(Key::Char('e')) => return true,
                Some(Key::Char('d' | 'q' | '\u{3}' | '\u{4}') | Key::CtrlC) | None => return false,
                Some(_) => {}
            }
        }
    }

    /// Puts the changed edit into the plan; the plan as it was goes to the attic.
    fn put(&self, entry: &Entry, edit: Edit) -> Result<Edited, Failure> {
        let was = entry.pending.edit_digest;
        let plan = changed::replaced(self.plan(entry)?, was, &edit).ok_or_else(left_the_plan)?;
        entry.session.publish("plan.json", &plan.to_text())?;
        if edit.digest() != was {
            return Ok(Edited::Replaced);
        }
        let question = queue::question(&entry.session, &was)?;
        let reworded = self.publish(entry, PendingReview { edit, ..question })?;
        Ok(Edited::Reworded(Box::new(reworded)))
    }
}

fn left_the_plan() -> Failure {
    Failure::failed("the edit has left the plan meanwhile").hint("`kaizen run` follows the plan")
}
