//! Estimates the noise of a student from two runs of each task, and from that the pass probability of each task.

use std::collections::BTreeMap;

/// Two runs of a task. A score is `None` if the run has no score or was not made; without a probe there is no second
/// run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RunPair<'a> {
    /// The task's category.
    pub category: &'a str,
    /// Score of the first run, 0 to 1.
    pub first: Option<f64>,
    /// Score of the second run, 0 to 1.
    pub second: Option<f64>,
}

/// The noise estimated from two runs of a benchmark.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Noise {
    /// The pass probability or mean score of each task, in the order of the input; `None` if no run was scored.
    pub chances: Vec<Option<f64>>,
    /// The deviation of a run from its mean, relative to that of a pass-or-fail score; 1 for pass-or-fail scores.
    pub spread: f64,
    /// The number of tasks with a score in both runs.
    pub compared: usize,
    /// The number of tasks whose two scores differ.
    pub differing: usize,
    /// The variance of one run of a task, averaged over tasks: half the mean squared difference.
    pub variance: f64,
}

/// The largest share of the variance that may be noise; a larger one would make all tasks of a category equal.
const STRONGEST: f64 = 0.95;

/// Estimates the pass probabilities. Two runs say little about one task, so its estimate is shrunk towards the mean of
/// its category, by the strength that the noise over all tasks implies: under a Beta prior with mean m and strength s,
/// the variance of a run is m (1 - m) s / (s + 1). Without noise there is no shrinkage, and each task keeps its score.
/// The estimates are then used as if they were known. That overstates the noise by up to a third, so a change that the
/// forecast calls detectable is detectable. Graded scores are not shrunk: a task has its mean score, and its runs
/// deviate from it as much as the measured noise. A task with only one run keeps its score.
pub(crate) fn noise(runs: &[RunPair]) -> Noise {
    let differences: Vec<f64> = runs.iter().filter_map(|run| Some(run.second? - run.first?)).collect();
    let squares: f64 = differences.iter().map(|difference| difference * difference).sum();
    let variance = squares / (2 * differences.len().max(1)) as f64;
    let means = means(runs);
    let mean = |run: &RunPair| means.get(run.category).copied().unwrap_or_default();
    let is_graded = runs.iter().flat_map(scores).any(|score| score > 0.0 && score < 1.0);
    let pull = match is_graded {
        true => 0.0,
        false => strength(variance, average(runs.iter().map(|run| of_coin(mean(run))))),
    };
    let chance = |run: &RunPair| {
        let (sum, count) = scores(run).fold((0.0, 0.0), |(sum, count), score| (sum + score, count + 1.0));
        (count > 0.0).then(|| ((sum + pull * mean(run)) / (count + pull)).clamp(0.0, 1.0))
    };
    let chances: Vec<Option<f64>> = runs.iter().map(chance).collect();
    let most = average(chances.iter().flatten().map(|chance| of_coin(*chance)));
    let spread = match is_graded {
        true if most > 0.0 => (variance / most).min(1.0).sqrt(),
        true => 0.0,
        false => 1.0,
    };
    Noise {
        chances,
        spread,
        compared: differences.len(),
        differing: differences.iter().filter(|difference| **difference != 0.0).count(),
        variance,
    }
}

fn scores(run: &RunPair) -> impl Iterator<Item = f64> + use<> {
    [run.first, run.second].into_iter().flatten()
}

fn means<'a>(runs: &[RunPair<'a>]) -> BTreeMap<&'a str, f64> {
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for run in runs {
        for score in scores(run) {
            let sum = sums.entry(run.category).or_default();
            *sum = (sum.0 + score, sum.1 + 1.0);
        }
    }
    sums.into_iter()
        .map(|(name, (sum, count))| (name, sum / count))
        .collect()
}

fn strength(variance: f64, most: f64) -> f64 {
    if most <= 0.0 {
        return 0.0;
    }
    let share = (variance / most).min(STRONGEST);
    share / (1.0 - share)
}

/// The variance of a pass-or-fail score.
fn of_coin(chance: f64) -> f64 {
    chance * (1.0 - chance)
}

/// The mean; 0 if there are no values.
pub(crate) fn average(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0_f64), |(sum, count), value| (sum + value, count + 1.0));
    sum / count.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(scores: &[(f64, f64)]) -> Vec<RunPair<'static>> {
        let one = |(first, second): &(f64, f64)| RunPair {
            category: "c",
            first: Some(*first),
            second: Some(*second),
        };
        scores.iter().map(one).collect()
    }

    #[test]
    fn without_noise_a_task_is_what_it_was_and_with_some_it_is_drawn_to_the_mean() {
        let still = noise(&runs(&[(0.0, 0.0), (1.0, 1.0)]));
        assert_eq!(still.chances, [Some(0.0), Some(1.0)]);
        assert_eq!((still.differing, still.variance), (0, 0.0));
        // Mean 1/2, variance 1/8: strength 1, the arcsine prior.
        let noisy = noise(&runs(&[
            (0.0, 0.0),
            (1.0, 1.0),
            (0.0, 1.0),
            (0.0, 0.0),
            (1.0, 1.0),
            (1.0, 0.0),
            (0.0, 0.0),
            (1.0, 1.0),
        ]));
        assert_eq!((noisy.compared, noisy.differing, noisy.spread), (8, 2, 1.0));
        let expected = [1.0 / 6.0, 5.0 / 6.0, 0.5];
        for (chance, expected) in noisy.chances.iter().zip(expected) {
            assert!((chance.unwrap() - expected).abs() < 1e-12, "{chance:?}");
        }
    }

    #[test]
    fn one_run_is_taken_as_it_is_and_no_run_is_no_task() {
        let one = |category, first| RunPair {
            category,
            first,
            second: None,
        };
        let noise = noise(&[one("a", Some(1.0)), one("a", Some(0.25)), one("b", None)]);
        assert_eq!(noise.chances, [Some(1.0), Some(0.25), None]);
        assert_eq!((noise.compared, noise.spread), (0, 0.0));
    }

    #[test]
    fn graded_scores_stray_as_far_as_the_noise_says() {
        let noise = noise(&runs(&[(0.4, 0.6), (0.6, 0.4)]));
        assert_eq!(noise.chances, [Some(0.5), Some(0.5)]);
        assert!((noise.variance - 0.02).abs() < 1e-12);
        assert!((noise.spread * noise.spread * 0.25 - 0.02).abs() < 1e-12);
    }
}
