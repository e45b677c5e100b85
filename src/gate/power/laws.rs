//! Properties of the forecast.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::calls::{self, ExactComparison};
use super::play::Game;
use super::visible::{remedy, smallest, smallest_exact};
use crate::artifact::gate::settings::{GateSettings, Preset};

fn game(chances: &[f64]) -> Game<'_> {
    Game {
        chances,
        spread: 1.0,
        settings: GateSettings::of(Preset::Default),
        one_pass: false,
        alpha: 0.01,
        shares_chance: false,
    }
}

/// From the study: an edit that gains 40 points in a category of twelve tasks is detected; a small one is dropped as
/// futile.
#[test]
fn a_strong_change_is_seen_and_one_below_delta_min_is_not() {
    let chances = [0.1, 0.2, 0.3, 0.5, 0.5, 0.6, 0.1, 0.2, 0.3, 0.5, 0.5, 0.6];
    let game = game(&chances);
    assert!(game.play(0.4).accepted >= 0.95, "{:?}", game.play(0.4));
    let small = game.play(0.05);
    assert!(small.accepted < 0.3 && small.futile > 0.6, "{small:?}");
    let seen = smallest(&game).unwrap();
    assert!((0.1..0.4).contains(&seen), "{seen}");
    assert_eq!(smallest(&game), Some(seen), "the same question has the same answer");
    let nothing = game.play(0.0);
    assert!(nothing.accepted <= 0.02, "{nothing:?}");
}

#[test]
fn what_is_out_of_reach_is_none_and_patience_is_a_remedy() {
    assert_eq!(smallest(&game(&[])), None);
    assert_eq!(smallest(&game(&[1.0; 12])), None, "nothing fails");
    let nearly = [0.93; 12];
    assert_eq!(smallest(&game(&nearly)), None, "the headroom is less than delta_min");
    let chances = [0.5; 12];
    let found = remedy(&game(&chances), 0.14, 0.1);
    assert_eq!((found.tasks, found.preset), (None, Some(Preset::Thorough)), "{found:?}");
    let few = Game {
        one_pass: true,
        ..game(&[0.0; 6])
    };
    assert_eq!(smallest(&few), None, "six wins are fewer than ten");
    let found = remedy(&few, 1.0, 0.01);
    assert_eq!(
        (found.tasks, found.preset, found.alone),
        (Some(12), None, false),
        "{found:?}"
    );
}

#[test]
fn one_task_flipped_for_good_is_seen_exactly() {
    assert_eq!(smallest_exact(&[0.0, 1.0, 1.0, 1.0], 0.0), Some(0.25));
    assert_eq!(smallest_exact(&[0.0, 0.0, 1.0, 1.0], 0.25), Some(0.5));
    assert_eq!(smallest_exact(&[0.0, 1.0, 1.0, 1.0], 0.25), None);
    assert_eq!(smallest_exact(&[1.0; 4], 0.0), None);
    assert_eq!(smallest_exact(&[], 0.0), None);
}

/// Cases x01 and x02 of the study: an edit without effect costs one attempt per failing task of the target.
#[test]
fn an_exact_comparison_stops_as_soon_as_it_can() {
    let compared = ExactComparison {
        target: &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0],
        others: vec![(1, 0.0), (1, 1.0), (1, 1.0)],
        sizes: BTreeMap::from([(0, 6), (1, 3)]),
        settings: GateSettings::of(Preset::Default),
    };
    let cost = calls::exact(&compared, 0.2);
    assert_eq!((cost.nothing.edited, cost.nothing.sum()), (3, 3));
    // Three failing and three passing target tasks, and two other tasks that can lose; one flip, confirmed twice per
    // arm.
    assert_eq!((cost.hoped.edited, cost.hoped.sum()), (8 + 2, 8 + 4));
    assert_eq!(cost.most.sum(), 9 + 9 * 4);
}

#[test]
fn what_is_remembered_is_not_counted_and_the_most_is_the_most() {
    let chances = [0.5; 10];
    let game = game(&chances);
    let cost = calls::sequential(&game, 0.4, 5, 2);
    let settings = game.settings;
    let pairs = settings.max_pairs + 5 * settings.guard_rounds + 10 * (settings.guard_rounds - 1);
    assert_eq!(cost.most.edited, pairs);
    assert_eq!(cost.most.sum(), pairs + 2 * pairs - 15 * 2);
    for less in [&cost.nothing, &cost.hoped] {
        assert!(0 < less.sum() && less.sum() < cost.most.sum() / 2, "{less:?}");
    }
    let alone = calls::sequential(&game, 0.4, 0, 2);
    assert_eq!(
        alone.most.edited, settings.max_pairs,
        "without other tasks there is nothing to guard"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_larger_change_is_seen_wherever_a_smaller_one_is(
        chances in prop::collection::vec(0.0..=1.0f64, 1..12), small in 0.0..0.5f64, more in 0.0..0.5f64,
        shares_chance: bool, one_pass: bool
    ) {
        let game = Game { shares_chance, one_pass, ..game(&chances) };
        prop_assert!(game.play(small + more).accepted >= game.play(small).accepted);
    }

    /// In one pass, more tasks mean longer games, which detect at least as much, apart from chance.
    #[test]
    fn more_tasks_never_see_less(chances in prop::collection::vec(0.0..=1.0f64, 4..10), change in 0.2..0.6f64) {
        let few = Game { one_pass: true, ..game(&chances) };
        let many = chances.repeat(3);
        let many = Game { chances: &many, ..few.clone() };
        prop_assert!(many.play(change).accepted >= few.play(change).accepted - 0.1);
    }
}
