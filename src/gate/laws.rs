//! Properties of the gate that hold for any design and any pairs.

use proptest::prelude::*;

use super::exact::{self, Exact};
use super::sequential::{PairedRun, Sequential, SequentialDesign};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::settings::{GateSettings, Preset};
use crate::artifact::gate::verdict::{GateDecision, RuleKind};

fn design(categories: Vec<usize>, target: Option<usize>, seed: u64) -> SequentialDesign {
    SequentialDesign {
        categories,
        target,
        seed,
        edit: 1,
        alpha: 0.05,
        settings: GateSettings {
            max_pairs: 30,
            guard_rounds: 2,
            ..GateSettings::of(Preset::Default)
        },
    }
}

/// Plays a game to its end; the scores are used in turn.
fn play(design: SequentialDesign, scores: &[(f64, f64)]) -> Sequential {
    let mut game = Sequential::new(design);
    let mut at = 0;
    while let Some(task) = game.upcoming(1).first().copied() {
        let (x, y) = scores[at % scores.len()];
        game.feed(PairedRun { task, x, y });
        at += 1;
    }
    game
}

fn score() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![0.0, 0.25, 0.5, 1.0])
}

fn categories() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..4usize, 1..20)
}

#[test]
fn one_lost_task_never_vetoes_and_two_of_a_small_category_do() {
    let decided = |losses: usize| {
        let mut exact = Exact::new(exact::ExactDesign {
            categories: vec![0, 1, 1, 1],
            baseline: vec![0.0, 1.0, 1.0, 1.0],
            sizes: [(0, 1), (1, 3)].into(),
            rule: RuleKind::Target,
            target: Some(0),
            min_improvement: 0.0,
            fall: exact::FallRule::ByTasks,
        });
        while let Some(task) = exact.upcoming(1).first().copied() {
            exact.feed(task, if task == 0 || task > losses { 1.0 } else { 0.0 }, &[]);
        }
        exact.decided()
    };
    assert_eq!(decided(1), Some(GateReason::Improved));
    assert_eq!(decided(2), Some(GateReason::Regression));
}

proptest! {
    #[test]
    fn a_game_ends_and_looks_no_further_ahead_than_it_plays(
        categories in categories(), target in prop::option::of(0..4usize), seed in any::<u64>(),
        scores in prop::collection::vec((score(), score()), 1..60),
    ) {
        let mut game = Sequential::new(design(categories, target, seed));
        let mut at = 0;
        while game.decided().is_none() {
            let (ahead, soonest) = (game.upcoming(5), game.soonest(5));
            prop_assert!(!ahead.is_empty() && soonest >= 1);
            // No decision comes before all guaranteed tasks are fed.
            for (fed, task) in ahead.iter().take(soonest).enumerate() {
                prop_assert!(game.decided().is_none() || fed == soonest);
                prop_assert_eq!(game.upcoming(1), vec![*task]);
                let (x, y) = scores[at % scores.len()];
                game.feed(PairedRun { task: *task, x, y });
                at += 1;
            }
            prop_assert!(at < 200);
        }
    }

    #[test]
    fn ties_alone_never_accept(categories in categories(), target in prop::option::of(0..4usize), seed in any::<u64>(), tie in score()) {
        let game = play(design(categories, target, seed), &[(tie, tie)]);
        prop_assert_ne!(game.decided().map(GateReason::decision), Some(GateDecision::Accept));
    }

    #[test]
    fn a_tie_is_never_what_moves_a_target_over_the_line(
        categories in categories(), seed in any::<u64>(), scores in prop::collection::vec((score(), score()), 1..40),
    ) {
        let mut game = Sequential::new(design(categories, None, seed));
        for (x, y) in scores {
            let mut tied = game.clone();
            if let Some(task) = tied.upcoming(1).first().copied() {
                tied.feed(PairedRun { task, x, y: x });
                prop_assert_ne!(tied.decided(), Some(GateReason::Improved));
                game.feed(PairedRun { task, x, y });
            }
        }
    }

    #[test]
    fn a_better_edit_never_has_less_evidence(
        categories in categories(), seed in any::<u64>(), scores in prop::collection::vec((score(), score()), 1..40),
    ) {
        let design = design(categories, None, seed);
        let better: Vec<(f64, f64)> = scores.iter().map(|(_, y)| (1.0, *y)).collect();
        let (worse, better) = (play(design.clone(), &scores), play(design, &better));
        if worse.decided() == Some(GateReason::Improved) {
            prop_assert_eq!(better.decided(), Some(GateReason::Improved));
        }
    }

    #[test]
    fn exact_decides_as_the_plain_rule_does_over_all_tasks(
        tasks in prop::collection::vec((0..3usize, score(), score()), 1..16),
        target in prop::option::of(0..3usize), eps in prop::sample::select(vec![None, Some(0.0), Some(0.05), Some(0.3)]),
    ) {
        let mut sizes = std::collections::BTreeMap::new();
        tasks.iter().for_each(|(category, _, _)| *sizes.entry(*category).or_insert(0) += 1);
        let mut exact = Exact::new(exact::ExactDesign {
            categories: tasks.iter().map(|task| task.0).collect(),
            baseline: tasks.iter().map(|task| task.1).collect(),
            sizes: sizes.clone(),
            rule: RuleKind::Target,
            target,
            min_improvement: 0.0,
            fall: eps.map_or(exact::FallRule::ByTasks, exact::FallRule::Tolerance),
        });
        while let Some(task) = exact.upcoming(1).first().copied() {
            exact.feed(task, tasks[task].2, &[]);
        }
        let sum = |wanted: Option<usize>| -> f64 {
            let of = tasks.iter().filter(|task| wanted.is_none_or(|wanted| task.0 == wanted));
            of.map(|(_, before, after)| after - before).sum()
        };
        let lead = |wanted: usize| -> i64 {
            let of = tasks.iter().filter(|task| task.0 == wanted);
            of.map(|(_, before, after)| i64::from(after > before) - i64::from(after < before)).sum()
        };
        let holds = |(category, size): (&usize, &usize)| {
            let mean = sum(Some(*category)) / *size as f64;
            let fell = match eps {
                Some(eps) => mean < -eps - 1e-9,
                None => mean <= -exact::FALL + 1e-9 && lead(*category) <= -2,
            };
            Some(*category) == target || !fell
        };
        let plain = sum(target) > 1e-9 && sizes.iter().all(holds);
        prop_assert_eq!(exact.decided() == Some(GateReason::Improved), plain);
    }
}
