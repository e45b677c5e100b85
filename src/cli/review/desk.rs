//! The `Desk` for a real terminal: reads keys, prints to stderr, and writes answers to disk.

use std::path::Path;

use console::{Key, Term};

use super::ask::{Desk, HandEdit};
use super::edited_text::{self, Against};
use super::evidence::{self, EditEvidence};
use super::queue::{self, QueueEntry};
use super::screen::Page;
use super::{editor, staleness, verdict};
use crate::artifact::Artifact;
use crate::artifact::decision::ReviewAnswer;
use crate::artifact::edit::Edit;
use crate::artifact::gate::verdict::Verdict;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::cli::accept::GivenAnswer;
use crate::cli::exit::CommandFailure;
use crate::cli::visible::visible;
use crate::cli::{accept, terminal};
use crate::harness::op;
use crate::workspace::session::PENDING;
use crate::workspace::{Workspace, schema_line};

/// Minimum width of the layout; a narrower terminal wraps the lines.
const NARROWEST: usize = 40;

/// A terminal and a workspace.
pub(crate) struct Terminal<'a> {
    /// Receives the answers.
    pub workspace: &'a Workspace,
    /// Shows the questions.
    pub term: Term,
}

impl Desk for Terminal<'_> {
    fn key(&mut self) -> Option<Key> {
        // An error means that the terminal is gone.
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

    fn evidence(&mut self, entry: &QueueEntry) -> EditEvidence {
        evidence::evidence(self.workspace, &entry.pending.edit.references)
    }

    fn answer(&mut self, entry: &QueueEntry, answer: ReviewAnswer) -> Result<(), CommandFailure> {
        let question = queue::question(&entry.session, &entry.pending.edit_digest)?;
        accept::write(self.workspace, &entry.session, question, GivenAnswer::plain(answer), "")?;
        Ok(())
    }

    fn update(&mut self, entry: &QueueEntry) -> Result<QueueEntry, CommandFailure> {
        let question = queue::question(&entry.session, &entry.pending.edit_digest)?;
        let (harness, rules) = (self.workspace.harness()?, self.workspace.rules());
        let refused = |reason: String| CommandFailure::failed(format!("it cannot be applied now: {reason}"));
        let diff = staleness::diff_of(&question.edit, &harness, &rules).map_err(refused)?;
        let after = op::apply(&question.edit, &harness, &rules).map_err(|reason| refused(reason.to_string()))?;
        let remarks = op::losses(&question.edit, &harness, &after, &rules);
        let inapplicable = None;
        self.publish(
            entry,
            PendingReview {
                diff,
                inapplicable,
                remarks,
                ..question
            },
        )
    }

    fn verdict(&mut self, entry: &QueueEntry) -> Result<Verdict, CommandFailure> {
        verdict::verdict(self.workspace, entry)
    }

    fn edit(&mut self, entry: &QueueEntry) -> Result<HandEdit, CommandFailure> {
        let name = format!("edit-{}.json", entry.pending.edit_digest.short());
        let path = self.workspace.own(&name);
        let edited = self.edit_in(entry, &path)?;
        self.workspace.root.remove(&path)?;
        Ok(edited)
    }
}

impl Terminal<'_> {
    /// Writes a pending review and compares it with the current harness. The previous file goes to the attic.
    fn publish(&self, entry: &QueueEntry, question: PendingReview) -> Result<QueueEntry, CommandFailure> {
        let name = format!("{PENDING}{}.json", question.edit_digest);
        entry.session.publish(&name, &question.to_text())?;
        entry.asked(question, self.workspace, &self.workspace.harness()?)
    }

    /// Opens the editor until the edit is valid or the user drops the change.
    fn edit_in(&mut self, entry: &QueueEntry, path: &Path) -> Result<HandEdit, CommandFailure> {
        let was = entry.pending.edit_digest;
        let planned = self.plan(entry)?.edits.into_iter().find(|edit| edit.digest() == was);
        let original = edited_text::text(&planned.ok_or_else(left_the_plan)?);
        let original = schema_line::stored(&self.workspace.root, &original)?.into_owned();
        self.workspace.root.publish(path, original.as_bytes())?;
        loop {
            editor::run(&editor::command(), path, &self.workspace.manifest.withheld(&[]))?;
            let text = self.workspace.root.read_text(path)?.unwrap_or_default();
            if text == original || text.trim().is_empty() {
                return Ok(HandEdit::Unchanged);
            }
            match self.checked(entry, path, &text)? {
                Ok(edit) => return self.put(entry, edit),
                Err(problem) if self.wants_again(&problem) => {}
                Err(_) => return Ok(HandEdit::Unchanged),
            }
        }
    }

    fn plan(&self, entry: &QueueEntry) -> Result<Plan, CommandFailure> {
        entry.session.read("plan.json")?.ok_or_else(left_the_plan)
    }

    fn checked(&self, entry: &QueueEntry, path: &Path, text: &str) -> Result<Result<Edit, String>, CommandFailure> {
        let against = Against {
            harness: &self.workspace.harness()?,
            rules: &self.workspace.rules(),
            manifest: &self.workspace.manifest,
            plan: &self.plan(entry)?,
            was: entry.pending.edit_digest,
        };
        Ok(edited_text::read(path, text, &against))
    }

    fn wants_again(&mut self, problem: &str) -> bool {
        self.say(&format!("{}\n", visible(problem)));
        loop {
            self.say("e edit again, d discard the change: ");
            let key = self.key();
            self.say("\n");
            match key {
                Some(Key::Char('e')) => return true,
                Some(Key::Char('d' | 'q' | '\u{3}' | '\u{4}') | Key::CtrlC) | None => return false,
                Some(_) => {}
            }
        }
    }

    /// Puts the changed edit into the plan. The previous plan goes to the attic.
    fn put(&self, entry: &QueueEntry, edit: Edit) -> Result<HandEdit, CommandFailure> {
        let was = entry.pending.edit_digest;
        let plan = edited_text::replaced(self.plan(entry)?, was, &edit).ok_or_else(left_the_plan)?;
        entry.session.publish("plan.json", &plan.to_text())?;
        if edit.digest() != was {
            return Ok(HandEdit::Replaced);
        }
        let question = queue::question(&entry.session, &was)?;
        let reworded = self.publish(entry, PendingReview { edit, ..question })?;
        Ok(HandEdit::Reworded(Box::new(reworded)))
    }
}

fn left_the_plan() -> CommandFailure {
    CommandFailure::failed("the edit is no longer in the plan").hint("`kaizen run` follows the plan")
}
