//! Computes the true probability that each task succeeds with a home. The built-in student is simple enough for an
//! exact computation, which is checked against draws of the student.

use std::collections::{BTreeMap, BTreeSet};

use kaizen::Layout;
use kaizen::artifact::Attempt;
use kaizen::artifact::Task;
use kaizen::internals::Nearest;
use kaizen::{Draw, Student};

use crate::workspace::{Home, Shot};

/// Number of neighbours that vote.
pub const VOTERS: usize = 3;

/// Number of neighbours among which noise chooses.
const POOL: usize = 10;

/// The words of texts, numbered.
#[derive(Default)]
pub struct Lexicon {
    texts: BTreeMap<String, Vec<usize>>,
    words: BTreeMap<String, usize>,
}

impl Lexicon {
    /// Adds a text.
    pub fn learn(&mut self, text: &str) {
        let lower = text.to_lowercase().replace(['\'', '’'], "");
        let words = lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let mut numbers = BTreeSet::new();
        for word in words {
            let next = self.words.len();
            numbers.insert(*self.words.entry(word.to_owned()).or_insert(next));
        }
        self.texts.insert(text.to_owned(), numbers.into_iter().collect());
    }

    /// The words of an added text.
    pub fn of(&self, text: &str) -> &[usize] {
        self.texts.get(text).map_or(&[], Vec::as_slice)
    }

    /// The probability that each task succeeds with a home.
    pub fn chances(&self, home: &Home, tasks: &[Task]) -> Vec<f64> {
        let known = self.shots(home);
        tasks
            .iter()
            .map(|task| self.standing(home, &known, task).chance)
            .collect()
    }

    /// The examples of a home with their words.
    pub fn shots<'h>(&'h self, home: &'h Home) -> Vec<(&'h Shot, &'h [usize])> {
        home.shots.iter().map(|shot| (shot, self.of(&shot.input))).collect()
    }

    /// Computes the standing of a task with a home.
    pub fn standing(&self, home: &Home, shots: &[(&Shot, &[usize])], task: &Task) -> Standing {
        let query = self.of(&task.query);
        let own = |shot: &Shot| task.agent.as_ref() == Some(&shot.agent);
        let mut near: Vec<(f64, &Shot)> = Vec::new();
        let mut count = 0;
        for (shot, words) in shots.iter().filter(|(shot, _)| own(shot)) {
            count += 1;
            let similarity = similarity(query, words);
            if similarity > 0.0 {
                near.push((similarity, shot));
            }
        }
        near.sort_by(|one, other| other.0.total_cmp(&one.0));
        near.truncate(POOL);
        Standing {
            chance: right_share(&votes(&near, count), home.temperature, task.reference_answer.as_str()),
            floor: near.get(POOL - 1).map_or(0.0, |last| last.0),
        }
    }
}

/// The probability of success of a task with a home, and the least similarity that matters.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The probability of success.
    pub chance: f64,
    /// Examples less similar to the task than this do not affect the probability.
    pub floor: f64,
}

/// The cosine similarity of two texts, summed in the same order as the student does.
pub fn similarity(query: &[usize], words: &[usize]) -> f64 {
    let norm = |words: &[usize]| (words.len() as f64).sqrt();
    let each = (1.0 / norm(query)) * (1.0 / norm(words));
    let mut rest = words;
    let mut sum = 0.0;
    for word in query {
        let at = rest.partition_point(|other| other < word);
        rest = &rest[at..];
        if rest.first() == Some(word) {
            sum += each;
        }
    }
    sum
}

fn votes<'s>(near: &[(f64, &'s Shot)], examples: usize) -> Vec<(&'s str, f64)> {
    let voters = VOTERS.min(examples).max(1) as f64;
    let mut votes: Vec<(&str, f64)> = Vec::new();
    for (rank, (similarity, shot)) in near.iter().enumerate() {
        let worth = if rank < VOTERS { similarity / voters } else { 0.0 };
        match votes.iter_mut().find(|vote| vote.0 == shot.output) {
            Some(vote) => vote.1 += worth,
            None => votes.push((&shot.output, worth)),
        }
    }
    votes
}

/// The probability of the right label: a softmax over votes, or at temperature 0 the first label with most votes.
fn right_share(votes: &[(&str, f64)], temperature: f64, right: &str) -> f64 {
    let highest = votes.iter().map(|vote| vote.1).fold(0.0, f64::max);
    if temperature == 0.0 {
        let winner = votes.iter().find(|vote| vote.1 >= highest);
        return f64::from(u8::from(winner.is_some_and(|winner| winner.0 == right)));
    }
    let odds = |vote: &(&str, f64)| ((vote.1 - highest) / temperature).exp();
    let all: f64 = votes.iter().map(odds).sum();
    let right: f64 = votes.iter().filter(|vote| vote.0 == right).map(odds).sum();
    if all > 0.0 { right / all } else { 0.0 }
}

/// The share of successes of each task in `draws` draws of the student.
pub fn drawn(home: &Home, tasks: &[Task], draws: u64) -> Vec<f64> {
    let prepared = Nearest::new(Layout::default()).prepare(&home.harness());
    let succeeds = |task: &Task, draw: u64| match prepared.attempt(task, Draw::first(draw)) {
        Attempt::Answered { answer, .. } => answer == task.reference_answer.as_str(),
        _ => false,
    };
    let share = |task| (0..draws).filter(|draw| succeeds(task, *draw)).count() as f64 / draws as f64;
    tasks.iter().map(share).collect()
}

/// The mean; 0 for no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
