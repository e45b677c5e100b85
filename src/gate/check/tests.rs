//! Verdicts of checks, and how often they are wrong.

use super::*;
use crate::gate::order::{mixed, shuffled};

const MARGINS: CheckMargins = CheckMargins {
    whole: 0.02,
    category: 0.10,
};

/// Feeds one difference after the other until there is a verdict; the category of task `at` is `at % categories`.
fn checked(tasks: usize, categories: usize, differences: &[f64], seed: u64) -> (CheckVerdict, usize) {
    let name = |at: usize| format!("c{}", at % categories);
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    (0..tasks).for_each(|at| *sizes.entry(name(at)).or_default() += 1);
    let mut check = Check::new(&sizes, !differences.is_empty(), MARGINS);
    let places: Vec<usize> = (0..tasks).collect();
    let mut runs = 0;
    for (fed, at) in shuffled(&places, seed, 0, 0).into_iter().enumerate() {
        if fed % 50 == 0
            && let Some(verdict) = check.verdict()
        {
            return (verdict, runs);
        }
        runs += usize::from(at < differences.len());
        check.feed(&name(at), Some(differences.get(at).copied().unwrap_or_default()));
    }
    (check.verdict().expect("every task ran"), runs)
}

/// Differences of pass or fail scores: each task is lost or won with these probabilities.
fn drawn(tasks: usize, seed: u64, chance: impl Fn(usize) -> (f64, f64)) -> Vec<f64> {
    let one = |at: usize| {
        let uniform = mixed(seed.wrapping_mul(1_000_003).wrapping_add(at as u64)) as f64 / u64::MAX as f64;
        let (lost, won) = chance(at);
        match uniform {
            uniform if uniform < lost => -1.0,
            uniform if uniform < lost + won => 1.0,
            _ => 0.0,
        }
    };
    (0..tasks).map(one).collect()
}

/// How many of the sessions end with each of the verdicts.
fn verdicts(wanted: &[CheckVerdict], sessions: u64, chance: impl Fn(usize) -> (f64, f64) + Copy) -> usize {
    let of = |seed| checked(1500, 10, &drawn(1500, seed, chance), seed).0;
    (0..sessions).filter(|seed| wanted.contains(&of(*seed))).count()
}

#[test]
fn unchanged_requests_are_no_worse_without_a_run() {
    assert_eq!(checked(300, 3, &[], 0), (CheckVerdict::NoWorse, 0));
}

#[test]
fn few_changed_requests_are_no_proof_for_all_tasks() {
    // Two tasks of 100 have other requests, and both stay right: a sample of 100 may miss a change of 3 % of the tasks.
    assert_eq!(checked(100, 1, &[0.0; 2], 1), (CheckVerdict::CannotTell, 2));
    assert_eq!(checked(400, 1, &[0.0; 2], 1).0, CheckVerdict::NoWorse);
}

#[test]
fn clear_changes_stop_early_or_need_every_task() {
    let (worse, runs) = checked(300, 3, &[-1.0; 300], 1);
    assert!(worse == CheckVerdict::Worse && runs <= 50, "{worse:?} {runs}");
    let (better, runs) = checked(300, 3, &[1.0; 300], 1);
    assert!(better == CheckVerdict::Better && runs <= 150, "{better:?} {runs}");
    assert_eq!(
        checked(300, 30, &[1.0; 300], 1),
        (CheckVerdict::Better, 300),
        "small categories run to the end"
    );
    assert_eq!(
        checked(40, 2, &[0.0; 40], 1),
        (CheckVerdict::CannotTell, 40),
        "40 ties may hide a fall of 2 points"
    );
}

#[test]
fn a_category_that_fell_is_worse_whatever_the_rest_gained() {
    let differences: Vec<f64> = (0..300).map(|at| if at % 3 == 0 { -1.0 } else { 1.0 }).collect();
    assert_eq!(checked(300, 3, &differences, 2).0, CheckVerdict::Worse);
}

#[test]
fn wrong_verdicts_are_rare() {
    use CheckVerdict::{Better, NoWorse, Worse};
    // 5 % of 60 sessions are 3, and 10 % are 6; more than 8, or 12, have a probability below 1 %.
    let harmless = verdicts(&[Worse], 60, |_| (0.05, 0.05));
    assert!(harmless <= 8, "{harmless} of 60 harmless changes are called worse");
    let one_category = |at: usize| {
        if at.is_multiple_of(10) {
            (0.15, 0.05)
        } else {
            (0.05, 0.05)
        }
    };
    let missed = verdicts(&[Better, NoWorse], 60, one_category);
    assert!(
        missed <= 12,
        "{missed} of 60 falls of a category by 10 points are missed"
    );
    let by_margin = verdicts(&[Better, NoWorse], 60, |_| (0.06, 0.04));
    assert!(
        by_margin <= 8,
        "{by_margin} of 60 falls by the margin are called no worse"
    );
}

#[test]
fn clear_verdicts_are_common() {
    use CheckVerdict::{NoWorse, Worse};
    let harmless = verdicts(&[NoWorse], 20, |_| (0.01, 0.01));
    assert!(harmless >= 16, "{harmless} of 20 harmless changes are called no worse");
    let worse = verdicts(&[Worse], 20, |_| (0.10, 0.04));
    assert!(worse >= 16, "{worse} of 20 falls by 6 points are called worse");
}

#[test]
fn what_is_missing_is_a_number_of_tasks() {
    let sizes = BTreeMap::from([("a".to_owned(), 100)]);
    let mut check = Check::new(&sizes, true, MARGINS);
    let difference = |at: usize| match at {
        0..5 => 1.0,
        5..10 => -1.0,
        _ => 0.0,
    };
    (0..100).for_each(|at| check.feed("a", Some(difference(at))));
    assert_eq!(check.verdict(), Some(CheckVerdict::CannotTell));
    let (verdict, more) = check.tasks_missing().unwrap();
    assert!(
        verdict == CheckVerdict::NoWorse && (800..1_000).contains(&more),
        "{more}"
    );
    let mut fallen = Check::new(&sizes, true, MARGINS);
    (0..100).for_each(|at| fallen.feed("a", Some(if at < 4 { -1.0 } else { 0.0 })));
    assert_eq!(fallen.verdict(), Some(CheckVerdict::CannotTell));
    let (verdict, more) = fallen.tasks_missing().unwrap();
    assert!(verdict == CheckVerdict::Worse && more < 200, "{verdict:?} {more}");
    let mut lost = Check::new(&sizes, true, MARGINS);
    (0..100).for_each(|at| lost.feed("a", (at > 60).then_some(0.0)));
    assert_eq!(lost.verdict(), Some(CheckVerdict::CannotTell));
}
