//! The review loop: asks about one edit after another. All input and output go through a [`Desk`].

use console::Key;

use super::evidence::EditEvidence;
use super::keys::{self, Action};
use super::queue::QueueEntry;
use super::screen::{self, Page};
use super::staleness::Staleness;
use crate::artifact::decision::ReviewAnswer;
use crate::artifact::gate::verdict::Verdict;
use crate::cli::exit::CommandFailure;
use crate::cli::visible::visible;

/// Input, output and the effects of answers; tests replace it by a script.
pub(crate) trait Desk {
    /// The next key press; `None` if there are no more.
    fn key(&mut self) -> Option<Key>;
    /// Prints text.
    fn say(&mut self, text: &str);
    /// The current size of the terminal.
    fn page(&self) -> Page;
    /// The traces that the edit refers to.
    fn evidence(&mut self, entry: &QueueEntry) -> EditEvidence;
    /// Records an answer.
    ///
    /// # Errors
    /// The edit no longer waits for an answer, or the file cannot be written.
    fn answer(&mut self, entry: &QueueEntry, answer: ReviewAnswer) -> Result<(), CommandFailure>;
    /// Replaces the proposed diff with the current one.
    ///
    /// # Errors
    /// The edit cannot be applied now.
    fn update(&mut self, entry: &QueueEntry) -> Result<QueueEntry, CommandFailure>;
    /// Gets the gate's verdict.
    ///
    /// # Errors
    /// The edit cannot be applied now, or nothing can be scored.
    fn verdict(&mut self, entry: &QueueEntry) -> Result<Verdict, CommandFailure>;
    /// Lets the user change the edit in an editor.
    ///
    /// # Errors
    /// The editor cannot be run, or the plan cannot be written.
    fn edit(&mut self, entry: &QueueEntry) -> Result<HandEdit, CommandFailure>;
}

/// The result of changing an edit by hand.
#[derive(Debug)]
pub(crate) enum HandEdit {
    /// It did not change.
    Unchanged,
    /// Only its description changed; the digest is the same.
    Reworded(Box<QueueEntry>),
    /// It is a different edit now; the next run asks about it.
    Replaced,
}

/// The result of asking about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReviewResult {
    /// It was accepted.
    Accepted,
    /// It was rejected.
    Rejected,
    /// It was replaced by another edit.
    Replaced,
}

/// How the loop continues after an entry.
enum Turn {
    /// Go to the next entry.
    Next(Option<ReviewResult>),
    /// Give this answer to this entry and all that follow.
    All(ReviewAnswer),
    /// Stop.
    Quit,
}

/// Asks about every entry. Returns the results with their index in the queue.
pub(crate) fn ask(desk: &mut dyn Desk, queue: &mut [QueueEntry]) -> Vec<(usize, ReviewResult)> {
    let of = queue.len();
    let mut done = Vec::new();
    for at in 0..of {
        match turn(desk, &mut queue[at], (at + 1, of)) {
            Turn::Next(result) => done.extend(result.map(|result| (at, result))),
            Turn::All(answer) => {
                done.extend(
                    all(desk, &queue[at..], answer)
                        .into_iter()
                        .map(|(next, result)| (at + next, result)),
                );
                break;
            }
            Turn::Quit => break,
        }
    }
    done
}

fn turn(desk: &mut dyn Desk, entry: &mut QueueEntry, place: (usize, usize)) -> Turn {
    show(desk, entry, place, false);
    loop {
        desk.say(&keys::prompt(entry.staleness == Staleness::Fresh));
        let Some(key) = desk.key() else {
            desk.say("\n");
            return Turn::Quit;
        };
        let action = keys::action(&key);
        desk.say(&format!(
            "{}\n",
            action.map_or("no such key; ? lists the keys", Action::word)
        ));
        if let Some(turn) = action.and_then(|action| act(desk, entry, place, action)) {
            desk.say("\n");
            return turn;
        }
    }
}

fn show(desk: &mut dyn Desk, entry: &QueueEntry, place: (usize, usize), whole: bool) {
    let evidence = desk.evidence(entry);
    let page = Page { whole, ..desk.page() };
    desk.say(&format!("{}\n", screen::screen(entry, place, &evidence, &page)));
}

/// Performs an action; `None` if the question remains open.
fn act(desk: &mut dyn Desk, entry: &mut QueueEntry, place: (usize, usize), action: Action) -> Option<Turn> {
    match action {
        Action::Accept => accept(desk, entry),
        Action::Reject => answer(desk, entry, ReviewAnswer::Reject),
        Action::Skip => Some(Turn::Next(None)),
        Action::Quit => Some(Turn::Quit),
        Action::AcceptAll => confirm(desk, "Accept", place, ReviewAnswer::Accept),
        Action::RejectAll => confirm(desk, "Reject", place, ReviewAnswer::Reject),
        Action::Help => {
            desk.say(&keys::help());
            None
        }
        Action::Whole => {
            show(desk, entry, place, true);
            None
        }
        Action::Verdict => show_verdict(desk, entry),
        Action::Update => update(desk, entry, place),
        Action::Edit => edit(desk, entry, place),
    }
}

/// Accepts the edit, but only if the diff that was shown is the one that would be applied.
fn accept(desk: &mut dyn Desk, entry: &QueueEntry) -> Option<Turn> {
    match &entry.staleness {
        Staleness::Fresh => answer(desk, entry, ReviewAnswer::Accept),
        Staleness::Stale(_) => {
            desk.say("It would now make a different change than the one shown: press u first.\n");
            None
        }
        Staleness::Inapplicable(_) => {
            desk.say("It cannot be applied now: edit it (e), reject it (r), or skip it (s).\n");
            None
        }
    }
}

fn answer(desk: &mut dyn Desk, entry: &QueueEntry, answer: ReviewAnswer) -> Option<Turn> {
    match desk.answer(entry, answer) {
        Ok(()) => Some(Turn::Next(Some(done(answer)))),
        Err(failure) => failed(desk, &failure),
    }
}

fn done(answer: ReviewAnswer) -> ReviewResult {
    match answer {
        ReviewAnswer::Accept => ReviewResult::Accepted,
        ReviewAnswer::Reject => ReviewResult::Rejected,
    }
}

/// Prints a failure; the question remains open.
fn failed(desk: &mut dyn Desk, failure: &CommandFailure) -> Option<Turn> {
    let hint = failure
        .hint
        .as_ref()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    desk.say(&format!("{}{}\n", visible(&failure.message), visible(&hint)));
    None
}

fn confirm(desk: &mut dyn Desk, word: &str, (number, of): (usize, usize), answer: ReviewAnswer) -> Option<Turn> {
    let count = of + 1 - number;
    desk.say(&format!("{word} this and all that follow, {count} in all? (y/n) "));
    let sure = matches!(desk.key(), Some(Key::Char('y' | 'Y')));
    desk.say(if sure { "yes\n" } else { "no\n" });
    sure.then_some(Turn::All(answer))
}

/// Gives one answer to all entries. Entries that cannot be answered stay pending, with a message.
fn all(desk: &mut dyn Desk, entries: &[QueueEntry], answer: ReviewAnswer) -> Vec<(usize, ReviewResult)> {
    let mut results = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let name = visible(&entry.pending.edit.id).into_owned();
        if answer == ReviewAnswer::Accept && entry.staleness != Staleness::Fresh {
            desk.say(&format!("{name} stays pending: it is stale\n"));
            continue;
        }
        match desk.answer(entry, answer) {
            Ok(()) => results.push((at, done(answer))),
            Err(failure) => desk.say(&format!("{name} stays pending: {}\n", visible(&failure.message))),
        }
    }
    results
}

fn show_verdict(desk: &mut dyn Desk, entry: &QueueEntry) -> Option<Turn> {
    match desk.verdict(entry) {
        Ok(verdict) => {
            let page = desk.page();
            desk.say(&format!("{}\n", screen::verdict(&verdict, &page)));
            None
        }
        Err(failure) => failed(desk, &failure),
    }
}

fn update(desk: &mut dyn Desk, entry: &mut QueueEntry, place: (usize, usize)) -> Option<Turn> {
    if entry.staleness == Staleness::Fresh {
        desk.say("The diff is up to date.\n");
        return None;
    }
    match desk.update(entry) {
        Ok(updated) => {
            *entry = updated;
            desk.say("\n");
            show(desk, entry, place, false);
            None
        }
        Err(failure) => failed(desk, &failure),
    }
}

fn edit(desk: &mut dyn Desk, entry: &mut QueueEntry, place: (usize, usize)) -> Option<Turn> {
    match desk.edit(entry) {
        Ok(HandEdit::Replaced) => {
            desk.say("The changed edit is in plan.json; `kaizen run` asks about it.\n");
            Some(Turn::Next(Some(ReviewResult::Replaced)))
        }
        Ok(HandEdit::Reworded(reworded)) => {
            *entry = *reworded;
            desk.say("Only the description changed; the edit is the same.\n\n");
            show(desk, entry, place, false);
            None
        }
        Ok(HandEdit::Unchanged) => {
            desk.say("The edit is unchanged.\n");
            None
        }
        Err(failure) => failed(desk, &failure),
    }
}

#[cfg(test)]
#[path = "ask_tests.rs"]
mod tests;
