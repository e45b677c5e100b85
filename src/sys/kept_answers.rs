//! The last answers of a pure function that is asked the same questions again and again, for all threads of the process.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// The number of answers that are kept. Then all of them are forgotten.
const MOST: usize = 20_000;
/// The longest question whose answer is kept, in bytes.
const LONGEST: usize = 1_000;

/// Answers by question.
pub(crate) struct KeptAnswers<A>(RwLock<BTreeMap<String, A>>);

impl<A: Copy> KeptAnswers<A> {
    /// Nothing is known yet.
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }

    /// The answer to a question, which must depend on nothing else.
    pub(crate) fn answer(&self, question: &str, work_out: impl FnOnce(&str) -> A) -> A {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(question) {
            return *known;
        }
        let answer = work_out(question);
        if question.len() <= LONGEST {
            let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST {
                kept.clear();
            }
            kept.insert(question.to_owned(), answer);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_short_question_is_worked_out_once_and_the_number_is_bounded() {
        let answers = KeptAnswers::new();
        let times = Cell::new(0);
        let length = |question: &str| {
            times.set(times.get() + 1);
            question.len()
        };
        assert_eq!((answers.answer("ab", length), answers.answer("ab", length)), (2, 2));
        assert_eq!(times.get(), 1);
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(
            (answers.answer(&long, length), answers.answer(&long, length)),
            (1001, 1001)
        );
        assert_eq!(times.get(), 3);
        for number in 0..MOST {
            answers.answer(&number.to_string(), length);
        }
        assert!(answers.0.read().unwrap().len() <= MOST);
        assert_eq!(answers.answer("ab", length), 2);
    }
}
