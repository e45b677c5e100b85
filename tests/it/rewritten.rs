//! Histories that people changed without a word to kaizen: lines removed or restored in ordinary commits, reverts with
//! messages of their own, squash merges, and merges of one branch's records with the other's files.

use serde_json::Value;

use crate::space::{Said, Space};

/// The line that `bold` changes, before and after it.
const BEFORE: &str = "refuse_below = 0.9 # too shy";
const AFTER: &str = "refuse_below = 0.0 # too shy";

/// The executed space with the session's commits squashed into one, as a forge does with a pull request.
fn squashed() -> Space {
    let space = Space::executed();
    let start = space.git(&["rev-list", "--max-parents=0", "HEAD"]);
    space.git(&["checkout", "-q", "-b", "squashed", start.trim()]);
    space.git(&["merge", "-q", "--squash", "main"]);
    space.git(&["commit", "-q", "-m", "Work of a week (#12)"]);
    space
}

fn bold(space: &Space) -> Value {
    let outcomes = space.outcomes().into_iter();
    let mut bold = outcomes.filter(|outcome| outcome["edit_id"] == "bold");
    bold.next().unwrap()
}

fn change(space: &Space, from: &str, to: &str) -> String {
    space.replace("config.toml", from, to);
    space.commit_all("mine");
    space.git(&["rev-parse", "HEAD"]).trim().to_owned()
}

fn pruned(space: &Space) -> Vec<String> {
    let said = space
        .kaizen(&["prune", "--older-than", "0", "--format", "json"])
        .exits(0);
    let events = said.events().into_iter();
    let labels = events.filter_map(|event| event["edit"].as_str().map(str::to_owned));
    labels.collect()
}

fn dry_run(space: &Space) -> Said {
    space.kaizen(&["revert", "bold", "--dry-run"])
}

#[test]
fn an_edit_that_an_ordinary_commit_removed_is_rolled_back() {
    for space in [Space::executed(), squashed()] {
        let commit = change(&space, AFTER, BEFORE);
        let said = space.kaizen(&["verify"]).exits(1);
        assert!(said.out.contains(&commit), "{}", said.out);
        let said = dry_run(&space).exits(0);
        assert!(said.out.contains("already reverted in git"), "{}{}", said.out, said.err);
        assert_eq!(pruned(&space), Vec::<String>::new());
        space.run(&[]).exits(3);
        let outcome = bold(&space);
        assert_eq!(
            (
                &outcome["status"],
                &outcome["rolled_back_by"],
                &outcome["rolled_back"]["commit"]
            ),
            (&"rolled_back".into(), &"git".into(), &commit.as_str().into())
        );
        assert!(space.read("config.toml").contains(BEFORE));
        space.kaizen(&["verify"]).exits(0);
        assert_eq!(space.run(&[]).exits(3).phases(), Vec::<String>::new());
        // The same commit taken back brings the edit back.
        space.git(&["revert", "--no-edit", &commit]);
        space.run(&[]).exits(3);
        assert_eq!(bold(&space)["status"], "applied");
        assert!(bold(&space)["gate"].is_object(), "the evidence stays");
        space.kaizen(&["verify"]).exits(0);
    }
}

#[test]
fn a_changed_value_stays_applied_and_a_deleted_one_does_not() {
    for (to, status) in [("refuse_below = 0.5 # too shy", "applied"), ("", "rolled_back")] {
        let space = Space::executed();
        change(&space, AFTER, to);
        space.run(&[]).exits(3);
        assert_eq!(bold(&space)["status"], status, "{to}");
        space.kaizen(&["verify"]).exits(0);
    }
}

#[test]
fn what_a_person_brings_back_after_a_revert_by_kaizen_stays() {
    let space = Space::executed();
    space.kaizen(&["revert", "bold"]).exits(0);
    let reverted = bold(&space);
    let commit = reverted["rolled_back"]["commit"].as_str().unwrap();
    space.git(&["revert", "--no-edit", commit]);
    space.git(&["commit", "-q", "--amend", "-m", "We want that after all"]);
    let said = space.kaizen(&["revert", "bold"]).exits(4);
    said.says(&["its record says that it was reverted", "kaizen run --session"]);
    let said = space.kaizen(&["verify"]).exits(1);
    assert!(
        said.out.contains("a person brought the edit back") && !said.out.contains("repair"),
        "{said:?}"
    );
    let said = space.run(&[]).exits(3);
    assert!(said.out.contains("brought back in git"), "{}", said.out);
    assert!(space.read("config.toml").contains(AFTER));
    let outcome = bold(&space);
    assert_eq!(outcome["status"], "applied");
    for kept in ["rolled_back", "rolled_back_by", "gate", "benchmark_delta"] {
        assert_eq!(outcome[kept], reverted[kept], "{kept}");
    }
    space.kaizen(&["verify"]).exits(0);
    assert_eq!(space.run(&[]).exits(3).phases(), Vec::<String>::new());
    // It can be reverted again.
    space.kaizen(&["revert", "bold"]).exits(0);
    assert!(space.read("config.toml").contains(BEFORE));
    assert_ne!(bold(&space)["rolled_back"]["commit"], commit);
}

/// A revert by kaizen, which people take back, repeat, take back, …; with git's message or with one of their own.
#[test]
fn every_command_says_the_same_about_reverts_of_reverts() {
    let (git, own) = ([None; 5], [Some("Changed my mind"); 5]);
    let mixed = [None, Some("Changed my mind"), None, Some("Again"), Some("And again")];
    for (messages, settles) in [(git, true), (git, false), (own, true), (own, false), (mixed, false)] {
        let space = Space::executed();
        space.kaizen(&["revert", "bold"]).exits(0);
        let mut commit = bold(&space)["rolled_back"]["commit"].as_str().unwrap().to_owned();
        for (message, is_there) in messages.into_iter().zip([true, false, true, false, true]) {
            space.git(&["revert", "--no-edit", &commit]);
            message.map(|message| space.git(&["commit", "-q", "--amend", "-m", message]));
            commit = space.git(&["rev-parse", "HEAD"]).trim().to_owned();
            agree(&space, is_there, &commit);
            if settles {
                let code = space.kaizen(&["verify"]).code;
                assert_eq!(code, Some(1), "the record is older");
                space.run(&[]).exits(3);
                let said = space.kaizen(&["verify"]).exits(0);
                assert!(!said.out.contains("outcomes/"), "{}", said.out);
                assert_eq!(bold(&space)["status"], if is_there { "applied" } else { "rolled_back" });
                let named = match is_there {
                    true => &bold(&space)["commit"],
                    false => &bold(&space)["rolled_back"]["commit"],
                };
                assert_eq!(*named, commit.as_str());
                agree(&space, is_there, &commit);
            }
        }
    }
}

/// Whether the files, `blame` and `log` agree that a person's commit brought edit `bold` back, or removed it.
fn agree(space: &Space, is_there: bool, commit: &str) {
    assert_eq!(space.read("config.toml").contains(AFTER), is_there);
    let rows = space
        .kaizen(&["blame", "config.toml", "--format", "json"])
        .exits(0)
        .events();
    let own: Vec<&Value> = rows.iter().filter(|row| row["edit_id"] == "bold").collect();
    assert_eq!(own.len(), usize::from(is_there), "{rows:?}");
    for row in own {
        assert_eq!((&row["commit"], &row["lines"][0]), (&commit.into(), &AFTER.into()));
    }
    let listed = space.kaizen(&["log", "--format", "json"]).exits(0).events();
    let commits = listed[0]["commits"].as_array().unwrap();
    let named = commits.iter().filter(|one| one["edit_id"] == "bold");
    // The first is kaizen's own commit of the edit.
    let brought: Vec<&Value> = named.map(|one| &one["commit"]).filter(|one| **one == commit).collect();
    assert_eq!(brought.len(), usize::from(is_there), "{commits:?}");
}

#[test]
fn every_command_knows_the_edits_of_a_squash_merge() {
    let space = squashed();
    assert!(pruned(&space).contains(&"bold".to_owned()));
    let commit = space.git(&["rev-parse", "HEAD"]);
    let audited = space
        .kaizen(&["audit", "--since", "HEAD~1", "--format", "json"])
        .exits(0)
        .events();
    let step = &audited.last().unwrap()["steps"][0];
    assert_eq!(
        (&step["commit"], &step["edit"]),
        (&commit.trim().into(), &"bold".into())
    );
    assert!(space.session().ends_with(step["session"].as_str().unwrap()));
    let listed = space.kaizen(&["log", "--format", "json"]).exits(0).events();
    let commits = listed[0]["commits"].as_array().unwrap();
    assert!(
        commits
            .iter()
            .any(|one| one["commit"] == commit.trim() && one["edit_id"] == "bold"),
        "{listed:?}"
    );
    let rows = space
        .kaizen(&["blame", "config.toml", "--format", "json"])
        .exits(0)
        .events();
    for row in rows {
        let wrote = row["lines"].as_array().unwrap().iter().any(|line| line == AFTER);
        assert_eq!(row["edit_id"] == "bold", wrote, "{row}");
    }
}

#[test]
fn what_a_shallow_clone_does_not_show_is_said() {
    let space = squashed();
    space.replace("config.toml", AFTER, "refuse_below = 0.5 # too shy");
    space.commit_all("mine");
    let clone = Space::empty();
    let url = format!("file://{}", space.root.display());
    clone.git(&["clone", "-q", "--depth", "1", "-b", "squashed", &url, "."]);
    for command in [vec!["prune", "--older-than", "0"], vec!["log"]] {
        let said = clone.kaizen(&command).exits(0);
        assert!(
            said.out.contains("git does not show") && said.out.contains("--unshallow"),
            "{said:?}"
        );
    }
    clone.git(&["fetch", "-q", "--unshallow"]);
    // Nothing is missing here.
    for command in [vec!["verify"], vec!["log"], vec!["prune", "--older-than", "0"]] {
        let said = clone.kaizen(&command).exits(0);
        assert!(!said.out.contains("--unshallow"), "{said:?}");
    }
}

/// The executed space with edit `shots` applied too.
fn with_shots() -> Space {
    let space = Space::executed();
    space.kaizen(&["accept", "shots"]).exits(0);
    space.run(&[]).exits(0);
    space
}

fn shallow(space: &Space, depth: &str) -> Space {
    let clone = Space::empty();
    let url = format!("file://{}", space.root.display());
    clone.git(&["clone", "-q", "--depth", depth, &url, "."]);
    clone
}

/// The history of the clone ends at the commit of `shots`, whose files contain `bold` too.
#[test]
fn a_shallow_clone_does_not_call_the_oldest_commit_that_of_another_edit() {
    let clone = shallow(&with_shots(), "2");
    let listed = clone.kaizen(&["log", "--format", "json"]).exits(0).events();
    let commits = listed[0]["commits"].as_array().unwrap();
    let edits: Vec<&Value> = commits.iter().map(|commit| &commit["edit_id"]).collect();
    assert_eq!(edits, [&Value::Null, &Value::from("shots")]);
    assert_eq!(listed[0]["older"][0]["edit"], "bold");
    let said = clone.kaizen(&["log"]).exits(0).out;
    assert!(
        said.contains("the files contain bold, applied before") && said.contains("--unshallow"),
        "{said}"
    );
    for row in clone
        .kaizen(&["blame", "config.toml", "--format", "json"])
        .exits(0)
        .events()
    {
        let wrote = row["lines"].as_array().unwrap().iter().any(|line| line == AFTER);
        assert_eq!(
            (row["edit_id"] == "bold", &row["or_older"]),
            (wrote, &true.into()),
            "{row}"
        );
        assert!(wrote || row["edit_id"].is_null(), "{row}");
    }
    let line = 1 + clone
        .read("config.toml")
        .lines()
        .position(|line| !line.is_empty() && line != AFTER)
        .unwrap();
    for place in ["config.toml", &format!("config.toml:{line}")] {
        let said = clone.kaizen(&["blame", place]).exits(0).out;
        assert!(said.contains("or older") || said.contains("or an older one"), "{said}");
        assert!(said.contains("--unshallow") && !said.contains("shots"), "{said}");
    }
    let said = clone.kaizen(&["verify"]).exits(0).out;
    assert!(
        said.contains("its history ends at") && said.contains("--unshallow"),
        "{said}"
    );
    assert!(!said.contains("came with"), "{said}");
    let said = clone.kaizen(&["diff"]).exits(4).says(&["--unshallow"]);
    assert!(!said.err.contains("rebased"), "{said:?}");
}

#[test]
fn an_answer_in_a_shallow_clone_has_the_same_outcome() {
    let whole = with_shots();
    for depth in ["1", "2"] {
        let clone = shallow(&Space::executed(), depth);
        clone.kaizen(&["accept", "shots"]).exits(0);
        clone.run(&[]).exits(0);
        let shots = |space: &Space| {
            let outcomes = space.outcomes().into_iter();
            outcomes
                .filter(|outcome| outcome["edit_id"] == "shots")
                .map(|mut outcome| {
                    outcome["commit"] = Value::Null;
                    outcome
                })
                .next()
        };
        assert_eq!(shots(&clone), shots(&whole));
        let after = |space: &Space| space.artifact("session.json")["benchmark_after"].clone();
        assert_eq!(after(&clone), after(&whole));
        clone.kaizen(&["verify"]).exits(0);
    }
}

/// A forge lists the messages of all commits, so the last edit's trailers are those of the squash.
#[test]
fn a_squash_merge_gives_each_edit_its_own_evidence() {
    let space = with_shots();
    let gate = |space: &Space, edit: &str| {
        let listed = space.kaizen(&["log", "--format", "json"]).exits(0).events();
        let commits = listed[0]["commits"].as_array().unwrap().clone();
        let of_edit: Vec<Value> = commits.into_iter().filter(|commit| commit["edit_id"] == edit).collect();
        assert_eq!(of_edit.len(), 1, "{of_edit:?}");
        of_edit[0]["gate"].clone()
    };
    let before = ["bold", "shots"].map(|edit| gate(&space, edit));
    assert_ne!(before[0], before[1]);
    let last = space.git(&["log", "-1", "--format=%B", "--grep=Edit-ID: shots"]);
    let start = space.git(&["rev-list", "--max-parents=0", "HEAD"]);
    space.git(&["checkout", "-q", "-b", "squashed", start.trim()]);
    space.git(&["merge", "-q", "--squash", "main"]);
    space.git(&["commit", "-q", "-m", &format!("Work of a week (#12)\n\n* {last}")]);
    assert_eq!(["bold", "shots"].map(|edit| gate(&space, edit)), before);
}

/// A merge that takes one branch's files and the other's record.
#[test]
fn a_record_that_a_merge_replaced_is_restored_with_its_evidence() {
    let space = Space::executed();
    let before = bold(&space);
    let path = format!(
        "{}/outcomes/{}.json",
        space.session(),
        before["edit_digest"].as_str().unwrap()
    );
    let mut other = before.clone();
    other["status"] = "rejected_by_user".into();
    for gone in ["gate", "verdict", "commit", "applied_at", "benchmark_delta"] {
        other[gone] = Value::Null;
    }
    other["cluster_deltas"] = serde_json::json!({});
    space.write(&path, &other.to_string());
    space.commit_all("merged");
    space.kaizen(&["verify"]).exits(1);
    space.run(&[]).exits(3);
    let restored = bold(&space);
    for field in ["status", "gate", "benchmark_delta", "cluster_deltas", "commit"] {
        assert_eq!(restored[field], before[field], "{field}");
    }
    space.kaizen(&["verify"]).exits(0);
}
