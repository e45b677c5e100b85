//! An inverted index over examples, with precomputed weights.

use std::collections::BTreeMap;

use super::words::features;
use crate::harness::agent_settings::{ModelSettings, Weighting};
use crate::harness::examples::Example;

/// The parameter k1 of BM25, which limits the effect of repeated terms.
const SATURATION: f64 = 1.2;
/// The parameter b of BM25, which sets the effect of the length.
const LENGTH_SHARE: f64 = 0.75;

/// The rarity of a feature and the examples that contain it, as (example, weight).
#[derive(Default)]
struct Postings {
    rarity: f64,
    examples: Vec<(u32, f64)>,
}

/// An index of examples that finds those most similar to a query.
pub(crate) struct Index {
    settings: ModelSettings,
    count: usize,
    mean_length: f64,
    // Only looked up by key, never iterated, after the index is built.
    postings: BTreeMap<u64, Postings>,
}

impl Index {
    /// Indexes the inputs of the examples.
    pub(crate) fn new(examples: &[Example], settings: &ModelSettings) -> Self {
        let counted: Vec<_> = examples
            .iter()
            .map(|example| counts(&example.input, settings))
            .collect();
        let total: u64 = counted
            .iter()
            .flat_map(BTreeMap::values)
            .map(|count| u64::from(*count))
            .sum();
        let mut index = Self {
            settings: settings.clone(),
            count: examples.len(),
            mean_length: (total as f64 / examples.len().max(1) as f64).max(1.0),
            postings: BTreeMap::new(),
        };
        for feature in counted.iter().flat_map(BTreeMap::keys) {
            index.postings.entry(*feature).or_default().rarity += 1.0;
        }
        for postings in index.postings.values_mut() {
            postings.rarity = rarity(settings.weighting, examples.len(), postings.rarity);
        }
        for (example, counts) in counted.iter().enumerate() {
            index.add(example as u32, counts);
        }
        index
    }

    /// The `count` examples most similar to the query, as (example, similarity from 0 to 1), best first, in their
    /// original order on a tie. Examples that share no feature with the query are left out.
    pub(crate) fn nearest(&self, query: &str, count: usize) -> Vec<(usize, f64)> {
        let counts = counts(query, &self.settings);
        let length = self.norm(&counts);
        let mut similarities = vec![0.0; self.count];
        for (feature, count) in &counts {
            let Some(postings) = self.postings.get(feature) else {
                continue;
            };
            let weight = self.query_weight(*count, postings.rarity) / length;
            for (example, own) in &postings.examples {
                similarities[*example as usize] += weight * own;
            }
        }
        best(&similarities, count)
    }

    fn add(&mut self, example: u32, counts: &BTreeMap<u64, u32>) {
        let norm = match self.settings.weighting {
            Weighting::Bm25 => 1.0,
            _ => self.norm(counts),
        };
        let length = total(counts);
        for (feature, count) in counts {
            if let Some(postings) = self.postings.get_mut(feature) {
                let weight = weight(&self.settings, *count, postings.rarity, length / self.mean_length) / norm;
                postings.examples.push((example, weight));
            }
        }
    }

    /// The weight of a feature of the query. In BM25, the rarity is only part of the example's weight.
    fn query_weight(&self, count: u32, rarity: f64) -> f64 {
        match self.settings.weighting {
            Weighting::Bm25 => 1.0,
            _ => weight(&self.settings, count, rarity, 1.0),
        }
    }

    /// The divisor of similarities: the length of the vector or, in BM25, the query's score against itself. Features
    /// that occur in no example count as the rarest.
    fn norm(&self, counts: &BTreeMap<u64, u32>) -> f64 {
        let unseen = rarity(self.settings.weighting, self.count, 0.0);
        let relative = total(counts) / self.mean_length;
        let weights = counts.iter().map(|(feature, count)| {
            let rarity = self.postings.get(feature).map_or(unseen, |postings| postings.rarity);
            weight(&self.settings, *count, rarity, relative)
        });
        let norm = match self.settings.weighting {
            Weighting::Bm25 => weights.sum::<f64>(),
            _ => weights.map(|weight| weight * weight).sum::<f64>().sqrt(),
        };
        norm.max(f64::MIN_POSITIVE)
    }
}

fn counts(text: &str, settings: &ModelSettings) -> BTreeMap<u64, u32> {
    features(text, settings.ngrams, settings.char_ngrams)
}

fn total(counts: &BTreeMap<u64, u32>) -> f64 {
    counts.values().map(|count| f64::from(*count)).sum()
}

/// The inverse document frequency, if the weighting uses it, otherwise 1.
fn rarity(weighting: Weighting, examples: usize, holding: f64) -> f64 {
    let examples = examples as f64;
    match weighting {
        Weighting::Count | Weighting::Binary => 1.0,
        Weighting::Tfidf => ((1.0 + examples) / (1.0 + holding)).ln() + 1.0,
        Weighting::Bm25 => ((examples - holding + 0.5) / (holding + 0.5) + 1.0).ln(),
    }
}

fn weight(settings: &ModelSettings, count: u32, rarity: f64, relative_length: f64) -> f64 {
    let count = f64::from(count);
    match settings.weighting {
        Weighting::Count => count,
        Weighting::Binary => 1.0,
        Weighting::Tfidf => count * rarity,
        Weighting::Bm25 => {
            let length = 1.0 - LENGTH_SHARE + LENGTH_SHARE * relative_length;
            rarity * count * (SATURATION + 1.0) / (count + SATURATION * length)
        }
    }
}

fn best(similarities: &[f64], count: usize) -> Vec<(usize, f64)> {
    let mut best: Vec<(usize, f64)> = Vec::with_capacity(count + 1);
    for (example, similarity) in similarities.iter().copied().enumerate() {
        let worst = best.last().map_or(0.0, |last| last.1);
        if similarity <= 0.0 || (best.len() == count && similarity <= worst) {
            continue;
        }
        let place = best.partition_point(|(_, other)| *other >= similarity);
        best.insert(place, (example, similarity.min(1.0)));
        best.truncate(count);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(weighting: Weighting, query: &str) -> Vec<(usize, f64)> {
        let settings = ModelSettings {
            weighting,
            ngrams: 1,
            char_ngrams: 0,
            k: 1,
            refuse_below: 0.0,
            temperature: 0.0,
        };
        let inputs = ["where is my card", "where is my my my bank", "freeze card"];
        let examples = inputs.map(|input| Example {
            input: input.into(),
            output: String::new(),
        });
        Index::new(&examples, &settings).nearest(query, 2)
    }

    #[test]
    fn an_example_is_most_like_itself_in_every_weighting() {
        for weighting in [Weighting::Count, Weighting::Binary, Weighting::Tfidf, Weighting::Bm25] {
            let found = nearest(weighting, "freeze card");
            assert_eq!(found[0].0, 2);
            assert!((found[0].1 - 1.0).abs() < 1e-9, "{weighting:?} {found:?}");
            assert!(found[1].1 < found[0].1);
        }
    }

    #[test]
    fn strangers_are_left_out_and_unknown_words_lower_similarity() {
        for weighting in [Weighting::Count, Weighting::Binary, Weighting::Tfidf, Weighting::Bm25] {
            assert!(nearest(weighting, "elephant").is_empty());
            assert!(nearest(weighting, "").is_empty());
            assert!(nearest(weighting, "freeze card elephant")[0].1 < 1.0 - 1e-6);
        }
    }
}
