//! Tests of `screen`.

use console::{measure_text_width, strip_ansi_codes};
use serde_json::json;

use super::super::fixture::entry;
use super::*;

const DIFF: &str = "--- a/p.md\n+++ b/p.md\n@@ -1 +1 @@\n-old\n+new\n";

fn evidence() -> EditEvidence {
    let seen = |number: usize| RedactedTrace {
        id: format!("run-{number}"),
        query: "please switch the lamp on in the kitchen, and then in the hall, and then everywhere".into(),
        result: "none".into(),
    };
    EditEvidence {
        found: (1..=5).map(seen).collect(),
        missing: vec!["run-gone".into()],
        ..EditEvidence::default()
    }
}

fn page(width: usize, height: usize) -> Page {
    let whole = false;
    Page { width, height, whole }
}

fn plain(entry: &QueueEntry, page: &Page) -> String {
    strip_ansi_codes(&screen(entry, (2, 7), &evidence(), page)).into_owned()
}

#[test]
fn one_page_says_it_all() {
    let mut entry = entry("e1", DIFF, json!({}));
    entry.examples = Some("3 new, 1 kept, 1 removed".into());
    let text = plain(&entry, &page(80, 24));
    let wanted = "\
[2/7] e1: replace_system_prompt agents.assistant.system_prompt
review tier, session-20260301T100000_00000000, digest 0000000000
why       It helps.
evidence  run-1  please switch the lamp on in the kitchen, and then in t… → none
          run-2  please switch the lamp on in the kitchen, and then in t… → none
          run-3  please switch the lamp on in the kitchen, and then in t… → none
          … 2 more traces: d
          not in the trace store: run-gone
cluster   home: Lamps stay dark (the student fails 50 % of its train tasks, the
          teacher solves 100 %)
examples  3 new, 1 kept, 1 removed

--- a/p.md
+++ b/p.md
@@ -1 +1 @@
-old
+new
";
    assert_eq!(text, wanted);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let long = "A very long reason, with awordthatnobodycanbreakbutwemust".repeat(9);
    let diff = format!("{DIFF}+{}\n", "x".repeat(500));
    let entry = entry(&"long-label-".repeat(20), &diff, json!({"rationale": long}));
    for width in [40, 80, 200] {
        let text = plain(&entry, &page(width, 60));
        for line in text.lines() {
            assert!(measure_text_width(line) <= width, "{width}: {line}");
        }
    }
    let whole = Page {
        whole: true,
        ..page(80, 24)
    };
    let shown = plain(&entry, &whole).matches('x').count();
    assert_eq!(shown, 500, "nothing of the diff is left out");
}

#[test]
fn a_long_diff_is_cut_at_the_page_and_says_so() {
    let lines: String = (0..100).map(|number| format!("+line {number}\n")).collect();
    let entry = entry("e1", &format!("{DIFF}{lines}"), json!({}));
    let text = plain(&entry, &page(80, 40));
    assert!(text.contains("more lines of the diff (+101 −1 in all): d"), "{text}");
    assert!(text.lines().count() < 40, "the question line fits as well: {text}");
    let whole = Page {
        whole: true,
        ..page(80, 40)
    };
    assert!(plain(&entry, &whole).contains("+line 99"));
}

#[test]
fn nothing_but_our_own_colours_reaches_the_terminal() {
    let evil = "\u{1b}[2J\u{1b}]52;c;aGk=\u{7}ok\u{202e}\r";
    let diff = format!("{DIFF}+{evil}\n");
    let more = json!({"rationale": evil, "target": format!("agents.{evil}")});
    let mut hostile = entry(evil, &diff, more);
    hostile.staleness = Staleness::Stale(evil.into());
    if let Some(cluster) = &mut hostile.pending.cluster {
        cluster.description = evil.into();
        cluster.id = evil.into();
    }
    let mut seen = evidence();
    seen.missing = vec![evil.into()];
    seen.problem = Some(evil.into());
    seen.found = vec![RedactedTrace {
        id: evil.into(),
        query: evil.into(),
        result: evil.into(),
    }];
    let ours = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    for whole in [true, false] {
        let page = Page { whole, ..page(80, 24) };
        let text = screen(&hostile, (1, 1), &seen, &page);
        let bare = anstream::adapter::strip_str(&text).to_string();
        assert!(!bare.chars().any(|c| c.is_control() && c != '\n'), "{bare:?}");
        let left = ours.replace_all(&text, "");
        assert!(!left.contains('\u{1b}'), "{left:?}");
        assert!(
            left.contains("␛[2J") && left.contains("<U+202E>"),
            "it is shown: {left}"
        );
    }
}

#[test]
fn a_stale_question_says_why() {
    let mut stale = entry("e1", DIFF, json!({}));
    stale.staleness = Staleness::Stale("p.md changed".into());
    assert!(plain(&stale, &page(80, 24)).contains("stale     p.md changed; u shows"));
    stale.staleness = Staleness::Inapplicable("no such file".into());
    assert!(plain(&stale, &page(80, 24)).contains("cannot be applied now: no such file"));
}

#[test]
fn a_verdict_names_what_falls() {
    let verdict: Verdict =
        serde_json::from_value(json!({"decision": "reject", "reason": "regression in clusters: office",
        "overall_delta": 0.044, "cluster_deltas": {"home": 0.1, "office": -0.143}, "before": 0.5, "after": 0.544,
        "tasks": 90, "wins": 6, "losses": 2, "ties": 82, "dropped": 0, "changed": [], "categories": {}}))
        .unwrap();
    let text = strip_ansi_codes(&super::verdict(&verdict, &page(80, 24))).into_owned();
    let wanted = "\
gate      the gate would reject it: 50.0 % → 54.4 %, +4.4 points
          6 wins, 2 losses of 90 tasks
          falls in office -14.3 points
          regression in clusters: office";
    assert_eq!(text, wanted);
}
