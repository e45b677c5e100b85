//! The levels that an audit compares: the mean score before and after, of the tasks that ran under both harnesses.

use serde::Serialize;

use crate::artifact::gate::record::Pair;
use crate::gate::evidence::interval;

/// A mean score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ScoreLevel {
    /// The mean, 0 to 1.
    pub mean: f64,
    /// Its confidence interval.
    pub interval: [f64; 2],
}

/// The mean scores of the same tasks under two harnesses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ScoreLevels {
    /// With the earlier harness.
    pub before: ScoreLevel,
    /// With the present one.
    pub after: ScoreLevel,
}

/// The levels of the pairs that were not lost, at confidence 1 - `gamma`; `None` if every pair was lost.
pub(super) fn levels<'p>(pairs: impl Iterator<Item = &'p Pair>, gamma: f64) -> Option<ScoreLevels> {
    let (after, before): (Vec<f64>, Vec<f64>) = pairs.filter_map(|pair| pair.x.zip(pair.y)).unzip();
    (!after.is_empty()).then(|| ScoreLevels {
        before: level(&before, gamma),
        after: level(&after, gamma),
    })
}

fn level(scores: &[f64], gamma: f64) -> ScoreLevel {
    // The interval is for values from -1 to 1.
    let centred: Vec<f64> = scores.iter().map(|score| 2.0 * score - 1.0).collect();
    ScoreLevel {
        mean: scores.iter().sum::<f64>() / scores.len().max(1) as f64,
        interval: interval(&centred, gamma).map(|end| f64::midpoint(end, 1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::gate::numbers::GAMMA;

    #[test]
    fn levels_are_means_of_the_pairs_with_both_scores() {
        let pair = |x: Option<f64>, y: Option<f64>| Pair {
            task: "t".to_owned(),
            run: 0,
            x,
            y,
            confirmations: Vec::new(),
        };
        let pairs: Vec<Pair> = (0..40)
            .map(|at| {
                pair(
                    Some(f64::from(u8::from(at % 4 > 0))),
                    Some(f64::from(u8::from(at % 4 == 0))),
                )
            })
            .chain([pair(None, Some(1.0))])
            .collect();
        let found = levels(pairs.iter(), GAMMA).unwrap();
        assert_eq!((found.before.mean, found.after.mean), (0.25, 0.75));
        for level in [&found.before, &found.after] {
            let [low, high] = level.interval;
            assert!(
                0.0 <= low && low < level.mean && level.mean < high && high <= 1.0,
                "{level:?}"
            );
        }
        assert!(found.before.interval[1] < found.after.interval[0]);
        assert_eq!(levels([pair(None, None)].iter(), GAMMA), None);
    }
}
