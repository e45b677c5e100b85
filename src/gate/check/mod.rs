//! The verdict of a check: whether a harness is worse than another one, from pairs of runs in a random order. Pure.
//!
//! The tasks count as a sample of those that matter. Each kind of wrong verdict has an error of at most 5 %: *worse*
//! although nothing fell (half of the error for the whole, half shared by the categories), and *better* or *no worse*
//! although the whole fell by the margin or a large category by that of categories. For the latter, every large category has
//! to be above its margin at 5 %: if one is not, its own test errs, so the errors do not add up.

pub(crate) mod aa;
mod change_test;
pub(crate) mod run;

use std::collections::BTreeMap;

use serde::Serialize;

use self::change_test::ChangeTest;

/// The error of each kind of verdict.
const ERROR: f64 = 0.05;

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
    whole: ChangeTest,
    categories: BTreeMap<String, ChangeTest>,
}

impl Check {
    /// Before the first pair. `sizes`: the number of tasks by category; `reached`: the category of each task whose request
    /// differs.
    pub(crate) fn new(sizes: &BTreeMap<String, usize>, reached: &[&str], margins: CheckMargins) -> Self {
        let in_category = |name: &str| reached.iter().filter(|of| **of == name).count();
        let category = |(name, tasks): (&String, &usize)| {
            let test = ChangeTest::new(*tasks, in_category(name), margins.category);
            (name.clone(), test)
        };
        Self {
            whole: ChangeTest::new(sizes.values().sum(), reached.len(), margins.whole),
            categories: sizes.iter().map(category).collect(),
        }
    }

    /// Adds the difference of the next task, -1 to 1; `None` if its pair was lost.
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
        if self.whole.fell(ERROR / 2.0) || !self.fallen().is_empty() {
            return Some(CheckVerdict::Worse);
        }
        let is_spared = |test: &ChangeTest| match test.tasks() >= LARGE_CATEGORY {
            true => test.is_above_floor(ERROR),
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

    /// How many tasks more would show that the harness is no worse, if they were like these; `None` if no number would.
    pub(crate) fn tasks_missing(&self) -> Option<usize> {
        let all = self.whole.tasks() as f64;
        let large = self.categories.values().filter(|test| test.tasks() >= LARGE_CATEGORY);
        let needed = std::iter::once(&self.whole).chain(large).map(|test| {
            let growth = test.tasks_needed(ERROR)? as f64 / test.tasks().max(1) as f64;
            Some((growth * all).ceil() as usize)
        });
        let needed = needed.collect::<Option<Vec<usize>>>()?.into_iter().max()?;
        Some(needed.saturating_sub(self.whole.tasks()).max(1))
    }

    /// The change of all tasks.
    pub(crate) fn whole(&self) -> ChangeSoFar {
        so_far(&self.whole, self.whole.fell(ERROR / 2.0))
    }

    /// The change by category.
    pub(crate) fn categories(&self) -> BTreeMap<String, ChangeSoFar> {
        let fallen = self.fallen();
        let one = |(name, test): (&String, &ChangeTest)| {
            let fell = fallen.contains(&name.as_str());
            (name.clone(), so_far(test, fell))
        };
        self.categories.iter().map(one).collect()
    }
}

fn so_far(test: &ChangeTest, fell: bool) -> ChangeSoFar {
    ChangeSoFar {
        tasks: test.tasks(),
        mean: test.mean(),
        interval: test.interval(INTERVAL_ERROR),
        fell,
    }
}

#[cfg(test)]
mod tests;
