//! Tests of the commit graph: each history is written as `id: parents`, oldest first.

use std::convert::Infallible;

use super::*;

/// `m: a b` is a merge, `r: a !x` a commit that reverts x.
fn graph(text: &str) -> CommitGraph {
    let commit = |line: &str| {
        let (id, rest) = line.split_once(':').unwrap();
        let (reverts, parents): (Vec<&str>, Vec<&str>) =
            rest.split_whitespace().partition(|word| word.starts_with('!'));
        let reverts = reverts.iter().map(|word| match word[1..].split_once('^') {
            Some((commit, mainline)) => (commit, Some(mainline.to_owned())),
            None => (&word[1..], None),
        });
        GraphCommit {
            id: id.trim().to_owned(),
            parents: parents.into_iter().map(str::to_owned).collect(),
            reverts: reverts
                .map(|(commit, mainline)| RevertedCommit {
                    commit: commit.to_owned(),
                    mainline,
                })
                .collect(),
        }
    };
    CommitGraph::new(text.split(';').map(commit).collect(), BTreeSet::new())
}

/// The commits named `+…` apply the edit, those named `-…` revert it.
fn state_with(text: &str, content: Option<bool>) -> String {
    let graph = graph(text);
    let ids = graph.commits().iter().map(|commit| commit.id.clone());
    let events = ids.filter_map(|id| match id.as_bytes()[0] {
        b'+' => Some((id.clone(), LedgerState::Applied(id))),
        b'-' => Some((id.clone(), LedgerState::Reverted(id))),
        _ => None,
    });
    let state = graph.state::<Infallible>(&events.collect(), &|_| Ok(content)).unwrap();
    match state {
        Some(LedgerState::Applied(commit)) => format!("applied {commit}"),
        Some(LedgerState::Reverted(commit)) => format!("reverted {commit}"),
        Some(LedgerState::Undone(Some(commit))) => format!("undone {commit}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_state_of_an_edit() {
    for (what, history, expected) in [
        ("no commit of the edit", "a:; b: a", "None"),
        ("a line", "a:; +e: a; b: +e", "applied +e"),
        ("reverted by kaizen", "+e:; -r: +e; b: -r", "reverted -r"),
        ("applied again", "+e:; -r: +e; +f: -r", "applied +f"),
        ("reverted by a person", "+e:; r: +e !+e; b: r", "undone r"),
        ("a revert reverted", "+e:; r: +e !+e; s: r !r", "applied s"),
        ("three reverts", "+e:; r: +e !+e; s: r !r; t: s !s", "undone t"),
        (
            "kaizen's revert, reverted by a person",
            "+e:; -r: +e; s: -r !-r",
            "applied s",
        ),
        (
            "a branch with the edit is merged",
            "a:; b: a; +e: a; m: b +e",
            "applied +e",
        ),
        (
            "a branch reverts it, the other does nothing",
            "+e:; b: +e; -r: +e; m: b -r",
            "reverted -r",
        ),
        (
            "the same, the other way round",
            "+e:; -r: +e; b: +e; m: -r b",
            "reverted -r",
        ),
        (
            "a branch reverts and applies again",
            "+e:; b: +e; -r: +e; +f: -r; m: b +f",
            "applied +e",
        ),
        (
            "a cherry-pick on the other branch, reverted there",
            "a:; +e: a; +f: a; r: +f !+f; m: +e r",
            "applied +e",
        ),
        ("both have a cherry-pick", "a:; +e: a; +f: a; m: +e +f", "applied +e"),
        ("both reverted it", "+e:; -r: +e; s: +e !+e; m: -r s", "reverted -r"),
        ("a revert of a merge", "a:; b: a; +e: a; m: b +e; r: m !m^b", "undone r"),
        (
            "a revert of a merge that did not bring the edit",
            "+e:; b: +e; c: +e; m: b c; r: m !m^b",
            "applied +e",
        ),
        ("a revert of an unknown commit", "+e:; r: +e !zzzz", "applied +e"),
        (
            "two branches that merged each other",
            "+e:; -r: +e; b: +e; m: -r b; n: b -r; +f: n; o: m +f",
            "applied +f",
        ),
    ] {
        assert_eq!(state_with(history, None), expected, "{what}: {history}");
    }
}

#[test]
fn the_files_of_a_merge_decide_if_they_show_the_edit() {
    let kept_one_side = "a:; b: a; +e: a; m: b +e";
    assert_eq!(state_with(kept_one_side, Some(false)), "undone m");
    let conflict = "+e:; b: +e; -r: +e; m: b -r";
    assert_eq!(state_with(conflict, Some(true)), "applied +e");
}

#[test]
fn a_path_goes_through_the_branch_of_its_start() {
    let graph = graph("a:; b: a; c: a; d: c; m: b d; n: m");
    assert_eq!(graph.path("c"), ["c", "d", "m", "n"]);
    assert_eq!(graph.path("a"), ["a", "b", "m", "n"]);
    assert!(graph.path("zz").is_empty());
}

#[test]
fn the_commits_since_one_are_all_others_but_its_ancestors() {
    for (history, commit, expected) in [
        ("a:; b: a; c: b", "a", "b c"),
        ("a:; b: a; c: b", "c", ""),
        ("a:; b: a; c: a; m: b c; d: m", "b", "c m d"),
        ("a:; b: a; c: a; m: b c; d: m", "m", "d"),
        ("a:; b: a; c: b; d: b; m: c d", "b", "c d m"),
        ("a:; x:; m: a x; b: m", "a", "x m b"),
        ("a:; x:; m: a x; b: m", "m", "b"),
    ] {
        let graph = graph(history).since(commit).unwrap();
        let ids: Vec<&str> = graph.commits().iter().map(|commit| commit.id.as_str()).collect();
        assert_eq!(ids.join(" "), expected, "{history} since {commit}");
        for (place, id) in ids.iter().enumerate() {
            assert_eq!(graph.place(id), Some(place));
        }
        assert_eq!(
            (graph.place(commit), graph.parent(commit)),
            (None, None),
            "{history} since {commit}"
        );
    }
}

#[test]
fn a_revert_counts_wherever_the_line_begins() {
    for (history, since, expected) in [
        ("a:; +e: a; r: +e !+e; b: r; c: b", "a", Some("r")),
        ("a:; x: a; y: a; m: x y; +e: m; b: +e; r: b !+e", "m", Some("r")),
        ("a:; x: a; y: a; m: x y; +e: m; b: +e", "m", None),
    ] {
        let graph = graph(history).since(since).unwrap();
        let events = BTreeMap::from([("+e".to_owned(), LedgerState::Applied("+e".to_owned()))]);
        let state = graph.state::<Infallible>(&events, &|_| Ok(None)).unwrap().unwrap();
        assert_eq!(state.undone_by().map(String::as_str), expected, "{history}");
    }
}
