//! The verdict of a check: whether a harness is worse than another one, from pairs of runs in a random order. Pure.
//!
//! The tasks count as a sample of those that matter. *Worse* although nothing fell has an error of at most 5 %, half of it for
//! the whole and half shared by the categories. *Better* or *no worse* although the whole fell by the margin has one of 5 %,
//! and although a large category fell by that of categories, one of 10 %: every large category has to be shown to be above its
//! margin. If one is not, its own test errs, so the errors of the categories do not add up.

pub(crate) mod aa;
mod bound;
mod change_test;
pub(crate) mod run;

use std::collections::BTreeMap;

use serde::Serialize;

use self::change_test::ChangeTest;

/// The error of each kind of verdict.
const ERROR: f64 = 0.05;

/// The error of each large category's test of being above its margin. Stricter ones hardly ever pass for all categories of a
/// student whose answers vary much.
const CATEGORY_ERROR: f64 = 0.10;

/// The error of the reported interval.
const INTERVAL_ERROR: f64 = 0.10;

/// The number of tasks from which a category has to be shown to be above its margin. In a smaller one, a fall by the usual
/// margin hardly differs from chance.
pub(crate) const LARGE_CATEGORY: usize = 100;

/// Whether the harness is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckVerdict {
    /// The whole rose, and no category fell.
    Better,
    /// The whole did not fall by more than the margin, and no category fell.
    NoWorse,
    /// The whole or a category fell.
    Worse,
    /// The runs do not show it.
    CannotTell,
}

impl CheckVerdict {
    /// The verdict in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::NoWorse => "no worse",
            Self::Worse => "worse",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// The falls that do not matter, as shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct CheckMargins {
    /// Of all tasks.
    pub whole: f64,
    /// Of a category with [`LARGE_CATEGORY`] tasks or more.
    pub category: f64,
}

/// The change of all tasks or of a category, as far as the runs go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ChangeSoFar {
    /// The number of tasks.
    pub tasks: usize,
    /// The mean change; null before the first pair.
    pub mean: Option<f64>,
    /// Its 90 % interval.
    pub interval: [f64; 2],
    /// Whether the change is shown to be a fall.
    pub fell: bool,
}

/// A check in progress.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    is_reached: bool,
    whole: ChangeTest,
    categories: BTreeMap<String, ChangeTest>,
}

impl Check {
    /// Before the first task. `sizes`: the number of tasks by category; `is_reached`: whether any request differs.
    pub(crate) fn new(sizes: &BTreeMap<String, usize>, is_reached: bool, margins: CheckMargins) -> Self {
        let category = |(name, tasks): (&String, &usize)| (name.clone(), ChangeTest::new(*tasks, margins.category));
        Self {
            is_reached,
            whole: ChangeTest::new(sizes.values().sum(), margins.whole),
            categories: sizes.iter().map(category).collect(),
        }
    }

    /// Adds the difference of the next task, -1 to 1: 0 if its request is the same, `None` if its pair was lost.
    pub(crate) fn feed(&mut self, category: &str, difference: Option<f64>) {
        let tests = std::iter::once(&mut self.whole).chain(self.categories.get_mut(category));
        for test in tests {
            match difference {
                Some(difference) => test.add(difference),
                None => test.lose(),
            }
        }
    }

    /// The verdict; `None` while further runs may show more.
    pub(crate) fn verdict(&self) -> Option<CheckVerdict> {
        if !self.is_reached {
            // The same requests have the same answers, on these tasks and as far as they tell.
            return Some(CheckVerdict::NoWorse);
        }
        if self.whole.fell(ERROR / 2.0) || !self.fallen().is_empty() {
            return Some(CheckVerdict::Worse);
        }
        let is_spared = |test: &ChangeTest| match test.tasks() >= LARGE_CATEGORY {
            true => test.is_above_floor(CATEGORY_ERROR),
            false => test.is_complete(),
        };
        let are_spared = self.categories.values().all(is_spared);
        match are_spared {
            true if self.whole.rose(ERROR) => Some(CheckVerdict::Better),
            true if self.whole.is_above_floor(ERROR) => Some(CheckVerdict::NoWorse),
            _ => self.whole.is_complete().then_some(CheckVerdict::CannotTell),
        }
    }

    /// The categories that fell.
    pub(crate) fn fallen(&self) -> Vec<&str> {
        let level = ERROR / 2.0 / self.categories.len().max(1) as f64;
        let fell = self.categories.iter().filter(|(_, test)| test.fell(level));
        fell.map(|(name, _)| name.as_str()).collect()
    }

    /// What more tasks would show, and how many more, if they were like these; `None` if the change is too close to a margin.
    pub(crate) fn tasks_missing(&self) -> Option<(CheckVerdict, usize)> {
        let level = ERROR / 2.0 / self.categories.len().max(1) as f64;
        let large = self.categories.values().filter(|test| test.tasks() >= LARGE_CATEGORY);
        let tests = || {
            std::iter::once((&self.whole, ERROR, ERROR / 2.0))
                .chain(large.clone().map(|test| (test, CATEGORY_ERROR, level)))
        };
        let in_all = |test: &ChangeTest, needed: usize| {
            let growth = needed as f64 / test.tasks().max(1) as f64;
            let all = (growth * self.whole.tasks() as f64).ceil() as usize;
            all.saturating_sub(self.whole.tasks()).max(1)
        };
        let clear: Option<Vec<usize>> = tests()
            .map(|(test, error, _)| Some(in_all(test, test.tasks_to_clear(error)?)))
            .collect();
        if let Some(most) = clear.and_then(|counts| counts.into_iter().max()) {
            return Some((CheckVerdict::NoWorse, most));
        }
        let not_clear = tests().filter(|(test, error, _)| test.tasks_to_clear(*error).is_none());
        let fall = not_clear.filter_map(|(test, _, level)| Some(in_all(test, test.tasks_to_fall(level)?)));
        fall.min().map(|least| (CheckVerdict::Worse, least))
    }

    /// The change of all tasks.
    pub(crate) fn whole(&self) -> ChangeSoFar {
        self.so_far(&self.whole, self.whole.fell(ERROR / 2.0))
    }

    /// The change by category.
    pub(crate) fn categories(&self) -> BTreeMap<String, ChangeSoFar> {
        let fallen = self.fallen();
        let one = |(name, test): (&String, &ChangeTest)| {
            let fell = fallen.contains(&name.as_str());
            (name.clone(), self.so_far(test, fell))
        };
        self.categories.iter().map(one).collect()
    }
}

impl Check {
    fn so_far(&self, test: &ChangeTest, fell: bool) -> ChangeSoFar {
        ChangeSoFar {
            tasks: test.tasks(),
            mean: if self.is_reached { test.mean() } else { Some(0.0) },
            interval: if self.is_reached {
                test.interval(INTERVAL_ERROR)
            } else {
                [0.0, 0.0]
            },
            fell,
        }
    }
}

#[cfg(test)]
mod tests;
