//! Ask: the questions one after another, one key press each. What it needs of the world is a `Desk`.

use console::Key;

use super::evidence::Evidence;
use super::keys::{self, Action};
use super::queue::Entry;
use super::screen::{self, Page};
use super::standing::Standing;
use crate::artifact::decision::Answer;
use crate::artifact::gate::verdict::Verdict;
use crate::cli::exit::Failure;
use crate::cli::visible::visible;

/// Keys, a place to write, and the effects of answers.
pub(crate) trait Desk {
    /// The next key press; `None` when there will be no more.
    fn key(&mut self) -> Option<Key>;
    /// Writes text as it is.
    fn say(&mut self, text: &str);
    /// The size of the terminal now.
    fn page(&self) -> Page;
    /// The traces that the edit refers to.
    fn evidence(&mut self, entry: &Entry) -> Evidence;
    /// Writes an answer down.
    ///
    /// # Errors
    /// The question is not open any more, or the disk says no.
    fn answer(&mut self, entry: &Entry, answer: Answer) -> Result<(), Failure>;
    /// Writes the question anew, with what the edit would change today.
    ///
    /// # Errors
    /// It cannot be applied today.
    fn update(&mut self, entry: &Entry) -> Result<Entry, Failure>;
    /// Asks the gate.
    ///
    /// # Errors
    /// The edit cannot be applied today, or nothing can be scored.
    fn judge(&mut self, entry: &Entry) -> Result<Verdict, Failure>;
    /// Lets the person change the edit.
    ///
    /// # Errors
    /// There is no editor, or the plan cannot be written.
    fn edit(&mut self, entry: &Entry) -> Result<Edited, Failure>;
}

/// What came of changing an edit by hand.
#[derive(Debug)]
pub(crate) enum Edited {
    /// It is what it was.
    Unchanged,
    /// Only words about it changed; the question is the same.
    Reworded(Box<Entry>),
    /// It is another edit now, which the next run asks about.
    Replaced,
}

/// What was done about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// It was accepted.
    Accepted,
    /// It was rejected.
    Rejected,
    /// Another edit stands in its place.
    Replaced,
}

/// Where an entry leads.
enum Turn {
    /// To the next.
    Next(Option<Done>),
    /// To the same answer for it and all that follow.
    All(Answer),
    /// To the end.
    Quit,
}

/// Asks about every entry; returns what was done, by the place in the queue.
pub(crate) fn ask(desk: &mut dyn Desk, queue: &mut [Entry]) -> Vec<(usize, Done)> {
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

fn turn(desk: &mut dyn Desk, entry: &mut Entry, place: (usize, usize)) -> Turn {
    show(desk, entry, place, false);
    loop {
        desk.say(&keys::prompt(entry.standing == Standing::Fresh));
        let Some(key) = desk.key() else {
            desk.say("\n");
            return Turn::Quit;
        };
        let action = keys::action(&key);
        desk.say(&format!(
            "{}\n",
            action.map_or("no such key; ? explains them", Action::word)
        ));
        if let Some(turn) = action.and_then(|action| act(desk, entry, place, action)) {
            desk.say("\n");
            return turn;
        }
    }
}

fn show(desk: &mut dyn Desk, entry: &Entry, place: (usize, usize), whole: bool) {
    let evidence = desk.evidence(entry);
    let page = Page { whole, ..desk.page() };
    desk.say(&format!("{}\n", screen::screen(entry, place, &evidence, &page)));
}

/// Does what was asked; `None` when the question stands.
fn act(desk: &mut dyn Desk, entry: &mut Entry, place: (usize, usize), action: Action) -> Option<Turn> {
    match action {
        Action::Accept => accept(desk, entry),
        Action::Reject => answer(desk, entry, Answer::Reject),
        Action::Skip => Some(Turn::Next(None)),
        Action::Quit => Some(Turn::Quit),
        Action::AcceptAll => confirm(desk, "Accept", place, Answer::Accept),
        Action::RejectAll => confirm(desk, "Reject", place, Answer::Reject),
        Action::Help => {
            desk.say(&keys::help());
            None
        }
        Action::Whole => {
            show(desk, entry, place, true);
            None
        }
        Action::Judge => judge(desk, entry),
        Action::Update => update(desk, entry, place),
        Action::Edit => edit(desk, entry, place),
    }
}

/// An acceptance is for what was shown: a stale question shows something else.
fn accept(desk: &mut dyn Desk, entry: &Entry) -> Option<Turn> {
    match &entry.standing {
        Standing::Fresh => answer(desk, entry, Answer::Accept),
        Standing::Stale(_) => {
            desk.say("It would change something else today than is shown here: press u first.\n");
            None
        }
        Standing::Inapplicable(_) => {
            desk.say("It cannot be applied today: change it (e), reject it (r), or leave it for later (s).\n");
            None
        }
    }
}

fn answer(desk: &mut dyn Desk, entry: &Entry, answer: Answer) -> Option<Turn> {
    match desk.answer(entry, answer) {
        Ok(()) => Some(Turn::Next(Some(done(answer)))),
        Err(failure) => failed(desk, &failure),
    }
}

fn done(answer: Answer) -> Done {
    match answer {
        Answer::Accept => Done::Accepted,
        Answer::Reject => Done::Rejected,
    }
}

/// What the world says no to is said, and the question stands.
fn failed(desk: &mut dyn Desk, failure: &Failure) -> Option<Turn> {
    let hint = failure
        .hint
        .as_ref()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    desk.say(&format!("{}{}\n", visible(&failure.message), visible(&hint)));
    None
}

fn confirm(desk: &mut dyn Desk, word: &str, (number, of): (usize, usize), answer: Answer) -> Option<Turn> {
    let count = of + 1 - number;
    desk.say(&format!("{word} this and all that follow, {count} in all? y or n: "));
    let sure = matches!(desk.key(), Some(Key::Char('y' | 'Y')));
    desk.say(if sure { "yes\n" } else { "no\n" });
    sure.then_some(Turn::All(answer))
}

/// One answer for many; those that cannot take it stay pending.
fn all(desk: &mut dyn Desk, entries: &[Entry], answer: Answer) -> Vec<(usize, Done)> {
    let mut results = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let name = visible(&entry.pending.edit.id).into_owned();
        if answer == Answer::Accept && entry.standing != Standing::Fresh {
            desk.say(&format!("{name} is left pending: it is stale\n"));
            continue;
        }
        match desk.answer(entry, answer) {
            Ok(()) => results.push((at, done(answer))),
            Err(failure) => desk.say(&format!("{name} is left pending: {}\n", visible(&failure.message))),
        }
    }
    results
}

fn judge(desk: &mut dyn Desk, entry: &Entry) -> Option<Turn> {
    match desk.judge(entry) {
        Ok(verdict) => {
            let page = desk.page();
            desk.say(&format!("{}\n", screen::verdict(&verdict, &page)));
            None
        }
        Err(failure) => failed(desk, &failure),
    }
}

fn update(desk: &mut dyn Desk, entry: &mut Entry, place: (usize, usize)) -> Option<Turn> {
    if entry.standing == Standing::Fresh {
        desk.say("It is up to date: this is what the edit would change today.\n");
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

fn edit(desk: &mut dyn Desk, entry: &mut Entry, place: (usize, usize)) -> Option<Turn> {
    match desk.edit(entry) {
        Ok(Edited::Replaced) => {
            desk.say("The changed edit stands in plan.json; `kaizen run` asks about it.\n");
            Some(Turn::Next(Some(Done::Replaced)))
        }
        Ok(Edited::Reworded(reworded)) => {
            *entry = *reworded;
            desk.say("Only words about the edit changed; the question is the same.\n\n");
            show(desk, entry, place, false);
            None
        }
        Ok(Edited::Unchanged) => {
            desk.say("The edit is as it was.\n");
            None
        }
        Err(failure) => failed(desk, &failure),
    }
}

#[cfg(test)]
#[path = "ask_tests.rs"]
mod tests;
