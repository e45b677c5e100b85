//! Tests of mode `rule`.

use proptest::prelude::*;

use super::*;

fn evaluation(scores: &[(&str, Option<f64>)]) -> Evaluation {
    let task = |(at, (category, score)): (usize, &(&str, Option<f64>))| TaskScore {
        task_id: format!("t{at}"),
        category: (*category).to_owned(),
        score: *score,
        unscored: None,
        failed: None,
    };
    Evaluation::of(scores.iter().enumerate().map(task).collect())
}

#[test]
fn equal_drops_are_treated_equally() {
    let rule = GateRule::default();
    for (before, after) in [(0.75, 0.70), (0.50, 0.45)] {
        let one = evaluation(&[("a", Some(before)), ("b", Some(0.0)), ("b", Some(0.0))]);
        let two = evaluation(&[("a", Some(after)), ("b", Some(1.0)), ("b", Some(1.0))]);
        assert_eq!(decide(&one, &two, &rule, None).decision, GateDecision::Accept);
    }
}

#[test]
fn invalid_scores_are_dropped_from_both_arms() {
    let one = evaluation(&[("a", Some(0.0)), ("a", Some(1.0))]);
    for bad in [None, Some(f64::NAN), Some(7.0)] {
        let two = evaluation(&[("a", Some(1.0)), ("a", bad)]);
        let verdict = decide(&one, &two, &GateRule::default(), None);
        assert_eq!(
            (verdict.decision, verdict.dropped, verdict.tasks),
            (GateDecision::Undecided, 1, 1)
        );
        let patient = GateRule {
            max_infra_share: 0.5,
            ..GateRule::default()
        };
        assert_eq!(decide(&one, &two, &patient, None).decision, GateDecision::Accept);
    }
    let nothing = Evaluation::default();
    assert_eq!(
        decide(&nothing, &nothing, &GateRule::default(), None).decision,
        GateDecision::Undecided
    );
}

#[test]
fn the_target_must_gain_and_an_unknown_target_falls_back() {
    let rule = GateRule {
        kind: RuleKind::Target,
        max_regression: 0.01,
        ..GateRule::default()
    };
    let one = evaluation(&[("t", Some(0.4)), ("o", Some(0.6))]);
    let two = evaluation(&[("t", Some(0.4)), ("o", Some(0.7))]);
    assert_eq!(decide(&one, &two, &rule, Some("t")).decision, GateDecision::Reject);
    let verdict = decide(&one, &two, &rule, Some("nowhere"));
    assert_eq!(verdict.decision, GateDecision::Accept);
    assert!(verdict.reason.contains("nowhere"));
}

proptest! {
    #[test]
    fn a_verdict_can_be_recomputed_and_nothing_beats_itself(
        scores in prop::collection::vec((prop::sample::select(vec!["a", "b"]), 0.0..=1.0, 0.0..=1.0), 1..20)
    ) {
        let one = evaluation(&scores.iter().map(|(name, before, _)| (*name, Some(*before))).collect::<Vec<_>>());
        let two = evaluation(&scores.iter().map(|(name, _, after)| (*name, Some(*after))).collect::<Vec<_>>());
        let rule = GateRule::default();
        let verdict = decide(&one, &two, &rule, None);
        prop_assert_eq!(recompute(&verdict, &rule, None).decision, verdict.decision);
        prop_assert_eq!(verdict.wins + verdict.losses + verdict.ties, scores.len());
        prop_assert_eq!(decide(&one, &one, &rule, None).decision, GateDecision::Reject);
    }
}
