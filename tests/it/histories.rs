//! Random histories of two people who share a repository: sessions, reverts, changes by hand, merges, squash merges,
//! cherry-picks and rebases. People revert with the message of git or with one of their own, and they revert kaizen's
//! reverts too. Each edit adds one line that nothing else adds, so the file shows the true state of the
//! edit, and everything that kaizen says about it is compared with the file.
//!
//! A plain run plays 4 histories, `KAIZEN_FULL=1` plays 200; `KAIZEN_SEED=48` leaves out those before number 48. The
//! number in a failure is that seed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::interleavings::random::Random;
use crate::space::{Said, Space, names};

/// The branches of the two people.
const BRANCHES: [&str; 2] = ["main", "other"];
/// Number of agents; each has a prompt of its own.
const AGENTS: usize = 6;
const DIAGNOSIS: &str = "Agents do not know their lines.\n\n```json\n[{\"id\": \"c1\", \"description\": \"unknown lines\", \
\"sample_trace_ids\": [\"run-000\"], \"student_failure_rate\": 1.0, \"teacher_success_rate\": 1.0, \"skill_gap\": \"lines\"}]\n```\n";

/// An edit that some session applied.
#[derive(Clone, Debug)]
struct LineEdit {
    session: String,
    digest: String,
    prompt: String,
    line: String,
    commit: String,
}

struct TwoPeople {
    seed: u64,
    space: Space,
    random: Random,
    edits: Vec<LineEdit>,
    /// Commits that removed an edit or brought it back: reverts, also those of kaizen, and changes by hand.
    reverts: Vec<String>,
    log: Vec<String>,
    hours: usize,
}

impl TwoPeople {
    fn new(seed: u64) -> Self {
        let space = Space::new();
        for agent in 0..AGENTS {
            space.write(&prompt(agent), &format!("You are agent {agent}.\n"));
        }
        space.write(
            "kaizen.toml",
            "[ledger]\nauthor = \"t <t@t>\"\n[teacher]\nengine = \"files\"\n",
        );
        space.commit_all("agents");
        space.git(&["branch", "other"]);
        Self {
            seed,
            space,
            random: Random::new(seed),
            edits: Vec::new(),
            reverts: Vec::new(),
            log: Vec::new(),
            hours: 0,
        }
    }

    /// Runs the program at a time of its own, so that sessions on two branches have different names.
    fn kaizen(&mut self, arguments: &[&str]) -> Said {
        self.hours += 1;
        let now = format!("2026-03-{:02}T{:02}:00:00Z", 1 + self.hours / 24, self.hours % 24);
        self.space.kaizen_with("KAIZEN_NOW", &now, arguments)
    }

    /// Runs git; undoes a merge, a cherry-pick, a revert or a rebase that ends in a conflict. Says whether it worked.
    fn git(&self, arguments: &[&str]) -> bool {
        let done = self.space.bare("git", arguments).output().unwrap().status.success();
        if !done {
            for what in ["merge", "cherry-pick", "revert", "rebase"] {
                let _ = self.space.bare("git", &[what, "--abort"]).output().unwrap();
            }
            self.space.git(&["reset", "-q", "--hard"]);
        }
        done
    }

    fn head(&self) -> String {
        self.space.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn contains(&self, edit: &LineEdit) -> bool {
        self.space.read(&edit.prompt).lines().any(|line| line == edit.line)
    }

    /// An edit whose session is on the present branch, and whose line is in the file.
    fn present(&mut self) -> Option<LineEdit> {
        let here = |edit: &&LineEdit| self.has_session(edit) && self.contains(edit);
        let all: Vec<LineEdit> = self.edits.iter().filter(here).cloned().collect();
        self.random.one(&all)
    }

    fn has_session(&self, edit: &LineEdit) -> bool {
        self.space
            .root
            .join("sessions")
            .join(&edit.session)
            .join("session.json")
            .exists()
    }

    fn status(&self, edit: &LineEdit) -> String {
        let path = format!("sessions/{}/outcomes/{}.json", edit.session, edit.digest);
        let outcome: Value = serde_json::from_str(&self.space.read(&path)).unwrap();
        outcome["status"].as_str().unwrap().to_owned()
    }

    /// A step of a random person.
    fn step(&mut self) {
        let branch = self.random.below(2);
        self.space.git(&["checkout", "-q", BRANCHES[branch]]);
        let other = BRANCHES[1 - branch];
        let (name, done) = match self.random.below(12) {
            0..4 => ("session", self.session(branch)),
            4 => ("kaizen revert", self.revert_with_kaizen()),
            5 => ("git revert", self.revert_with_git()),
            6 => ("revert of a revert", self.revert_a_revert()),
            7 => ("by hand", self.change_by_hand()),
            8 => ("merge", self.git(&["merge", "-q", "--no-edit", other])),
            9 => ("squash merge", self.squash(other)),
            10 => ("cherry-pick", self.cherry_pick()),
            _ => ("rebase", self.rebase(other)),
        };
        self.log.push(format!("{} {name} {done}", BRANCHES[branch]));
    }

    /// A session that adds a line to a prompt: at the end, or after the first line. The people use different agents.
    fn session(&mut self, person: usize) -> bool {
        let prompt = prompt(2 * self.random.below(AGENTS / 2) + person);
        let length = self.space.read(&prompt).lines().count();
        let at = if self.random.once_in(3) { 1 } else { length };
        self.add_line(&prompt, at, &format!("Line {}.", self.edits.len()));
        true
    }

    /// A session that adds a line to a prompt after the line with number `at`.
    fn add_line(&mut self, prompt: &str, at: usize, line: &str) {
        let number = self.edits.len();
        let text = self.space.read(prompt);
        let lines: Vec<&str> = text.lines().collect();
        let diff = format!("--- a\n+++ b\n@@ -{at},1 +{at},2 @@\n {}\n+{line}\n", lines[at - 1]);
        let agent = prompt.split('/').nth(1).unwrap();
        let edit = json!({"id": format!("edit-{number}"), "pillar": "agent", "op": "patch_system_prompt",
            "target": format!("agents.{agent}.system_prompt"), "payload": {"agent": agent, "diff": diff},
            "rationale": "because", "expected_improvement": "c1"});
        let before = self.sessions();
        self.kaizen(&["run", "--new", "--autonomy", "manual"]).exits(3);
        let session = self.sessions().difference(&before).next().unwrap().clone();
        self.space.write(&format!("sessions/{session}/diagnosis.md"), DIAGNOSIS);
        let plan = json!({"session_id": session, "edits": [edit]});
        self.kaizen(&["run", "--session", &session]).exits(3);
        self.space
            .write(&format!("sessions/{session}/plan.json"), &plan.to_string());
        self.kaizen(&["run", "--session", &session]).exits(3);
        self.kaizen(&[
            "accept",
            "--skip-gate",
            &format!("edit-{number}"),
            "--session",
            &session,
        ])
        .exits(0);
        self.kaizen(&["run", "--session", &session]).exits(0);
        let digest = names(&self.space.root.join(format!("sessions/{session}/outcomes"))).remove(0);
        let commit = self
            .space
            .git(&["log", "-1", "--format=%H", "--", prompt])
            .trim()
            .to_owned();
        self.edits.push(LineEdit {
            session,
            digest: digest.trim_end_matches(".json").to_owned(),
            prompt: prompt.to_owned(),
            line: line.to_owned(),
            commit,
        });
    }

    fn sessions(&self) -> BTreeSet<String> {
        names(&self.space.root.join("sessions")).into_iter().collect()
    }

    fn revert_with_kaizen(&mut self) -> bool {
        let Some(edit) = self.present() else { return false };
        let before = self.head();
        let said = self.kaizen(&["revert", &edit.digest, "--session", &edit.session]);
        // After a squash or a cherry-pick it may refuse; then it leaves everything as it is.
        let done = said.code == Some(0);
        assert!(
            !done || !self.contains(&edit),
            "{self}: {edit:?} is still there: {said:?}"
        );
        assert_eq!(self.space.git(&["status", "--porcelain"]), "", "{self}: {said:?}");
        let range = format!("{before}..HEAD");
        let reverts = self
            .space
            .git(&["log", "--format=%H", "--grep=^kaizen: revert", &range]);
        self.reverts.extend(reverts.lines().map(str::to_owned));
        done
    }

    fn revert_with_git(&mut self) -> bool {
        let Some(edit) = self.present() else { return false };
        self.git_revert(&edit.commit)
    }

    fn revert_a_revert(&mut self) -> bool {
        let commit = self.random.one(&self.reverts);
        commit.is_some_and(|commit| self.git_revert(&commit))
    }

    fn git_revert(&mut self, commit: &str) -> bool {
        let ancestry = ["merge-base", "--is-ancestor", commit, "HEAD"];
        let is_here = self.space.bare("git", &ancestry).output().unwrap().status.success();
        let done = is_here && self.git(&["revert", "--no-edit", commit]);
        if done {
            if self.random.once_in(2) {
                self.space.git(&["commit", "-q", "--amend", "-m", "Take that out"]);
            }
            self.reverts.push(self.head());
        }
        done
    }

    /// Removes a line of an edit, or adds one that is no edit.
    fn change_by_hand(&mut self) -> bool {
        let edit = self.present().filter(|_| self.random.once_in(2));
        let path = match &edit {
            Some(edit) => edit.prompt.clone(),
            None => prompt(self.random.below(AGENTS)),
        };
        let text = self.space.read(&path);
        let text = match &edit {
            Some(edit) => text.replace(&format!("{}\n", edit.line), ""),
            None => format!("{text}By hand {}.\n", self.log.len()),
        };
        self.space.write(&path, &text);
        self.space.commit_all("by hand");
        if edit.is_some() {
            self.reverts.push(self.head());
        }
        true
    }

    fn squash(&mut self, other: &str) -> bool {
        let messages = self
            .space
            .git(&["log", "--reverse", "--format=* %B", &format!("HEAD..{other}")]);
        if !self.git(&["merge", "-q", "--squash", other]) {
            return false;
        }
        // A forge lists the messages of all commits.
        let message = [
            "Work of a week".to_owned(),
            format!("Work of a week (#12)\n\n{messages}"),
        ];
        let message = &message[self.random.below(2)];
        self.space
            .bare("git", &["commit", "-q", "-m", message])
            .output()
            .unwrap()
            .status
            .success()
    }

    fn cherry_pick(&mut self) -> bool {
        let all = self.edits.clone();
        let edit = self.random.one(&all).filter(|edit| !self.contains(edit));
        edit.is_some_and(|edit| self.git(&["cherry-pick", &edit.commit]))
    }

    /// Rebases the present branch, if nobody has merged it.
    fn rebase(&mut self, other: &str) -> bool {
        let merges = self
            .space
            .git(&["rev-list", "--merges", "--count", &format!("{other}..HEAD")]);
        merges.trim() == "0" && self.git(&["rebase", "-q", other])
    }

    /// Compares everything that kaizen says on the present branch with the files, before and after it settles.
    fn check(&mut self) {
        self.check_verify();
        for edit in self.here() {
            self.check_dry_run(&edit);
            self.check_blame(&edit);
        }
        for edit in self.here() {
            let was = self.contains(&edit);
            let said = self.kaizen(&["run", "--session", &edit.session]);
            assert!(matches!(said.code, Some(0 | 3)), "{self}: {said:?}");
            let (status, is) = (self.status(&edit), self.contains(&edit));
            assert_eq!(was, is, "{self}: {edit:?} {said:?}");
            assert_eq!(
                status == "applied",
                is,
                "{self}: {edit:?} is {status}, and its line is there: {is}. {said:?}"
            );
        }
        assert_eq!(self.failures(), Vec::<String>::new(), "{self}");
    }

    fn here(&self) -> Vec<LineEdit> {
        self.edits
            .iter()
            .filter(|edit| self.has_session(edit))
            .cloned()
            .collect()
    }

    /// Exactly the records that differ from the files are failures.
    fn check_verify(&mut self) {
        let failures = self.failures();
        for edit in self.here() {
            let is_failure = failures.iter().any(|file| file.contains(&edit.digest));
            let is_false = (self.status(&edit) == "applied") != self.contains(&edit);
            assert_eq!(
                is_failure,
                is_false,
                "{self}: {edit:?} is {}: {failures:?}",
                self.status(&edit)
            );
        }
    }

    /// The files of which `verify` says that they are wrong.
    fn failures(&mut self) -> Vec<String> {
        let events = self.kaizen(&["verify", "--format", "json"]).events().into_iter();
        let failures = events.filter(|event| event["kind"] == "failure");
        failures
            .map(|event| event["file"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// A dry run removes exactly the line, or refuses; it never says that a line is gone which is there.
    fn check_dry_run(&mut self, edit: &LineEdit) {
        let arguments = ["revert", &edit.digest, "--session", &edit.session, "--dry-run"];
        let said = self.kaizen(&[&arguments[..], &["--format", "json"]].concat());
        let Some(event) = said
            .out
            .lines()
            .last()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
        else {
            assert!(said.code != Some(0), "{self}: {said:?}");
            return;
        };
        let diff = event["diff"].as_str().unwrap_or_default();
        let changed = |sign: char| -> Vec<&str> {
            let lines = diff.lines().filter(|line| line.starts_with(sign));
            lines
                .filter(|line| !line.starts_with("---") && !line.starts_with("+++"))
                .collect()
        };
        if self.contains(edit) && self.status(edit) == "applied" {
            let removed = format!("-{}", edit.line);
            assert!(
                said.code != Some(0) || changed('-') == [removed],
                "{self}: {edit:?} {said:?}"
            );
        }
        if !self.contains(edit) {
            assert!(changed('-').is_empty(), "{self}: {edit:?} {said:?}");
        }
        assert!(changed('+').is_empty(), "{self}: {edit:?} {said:?}");
    }

    /// A line is attributed to its own edit, or to the person who squashed or rewrote the commit.
    fn check_blame(&mut self, edit: &LineEdit) {
        let said = self.kaizen(&["blame", &edit.prompt, "--format", "json"]).exits(0);
        for row in said.events() {
            for line in row["lines"].as_array().unwrap() {
                let named = row["edit_digest"].as_str();
                let own = self.edits.iter().find(|edit| line == edit.line.as_str());
                let right = named.is_none_or(|named| own.is_some_and(|edit| named == edit.digest));
                assert!(right, "{self}: {line} {row}");
            }
        }
    }
}

impl std::fmt::Display for TwoPeople {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "history {} in {}: {}",
            self.seed,
            self.space.root.display(),
            self.log.join(", ")
        )
    }
}

fn prompt(agent: usize) -> String {
    format!("agents/e{agent}/system_prompt.md")
}

/// The workspace's session in a clone of limited depth, as CI systems make it.
#[test]
fn a_shallow_clone_does_not_know_less_than_its_files_show() {
    let space = Space::executed();
    let clone = Space::empty();
    let url = format!("file://{}", space.root.display());
    clone.git(&["clone", "-q", "--depth", "1", &url, "."]);
    let before = clone.state();
    clone.kaizen(&["verify"]).exits(0);
    clone.kaizen(&["run"]).exits(3);
    clone.kaizen(&["explain"]).exits(0);
    assert_eq!(clone.state(), before);
    assert_eq!(clone.statuses()["bold"], "applied");
    // Without the parent of the commit, nobody knows what the edit changed.
    clone.kaizen(&["revert", "bold"]).exits(4).says(&["--unshallow"]);
    assert_eq!(clone.state(), before);
    clone.git(&["fetch", "-q", "--unshallow"]);
    clone.kaizen(&["revert", "bold"]).exits(0);
    assert!(clone.read("config.toml").contains("refuse_below = 0.9 # too shy"));
    let rolled_back = clone
        .outcomes()
        .into_iter()
        .find(|outcome| outcome["edit_id"] == "bold")
        .unwrap();
    assert_eq!(rolled_back["rolled_back_by"], "revert");
    assert_eq!(
        rolled_back["rolled_back"]["commit"],
        clone.git(&["log", "-1", "--format=%H", "--", "config.toml"]).trim()
    );
    assert!(
        rolled_back["gate"].is_object() && rolled_back["benchmark_delta"].is_number(),
        "{rolled_back}"
    );
}

/// Both people's sessions append to the log of the gate tasks.
#[test]
fn two_sessions_on_two_branches_merge_without_a_conflict() {
    let space = Space::planned();
    space.commit_all("planned");
    space.git(&["checkout", "-q", "-b", "other"]);
    space.kaizen(&["run"]).exits(3);
    space.git(&["checkout", "-q", "main"]);
    space.git(&["reset", "-q", "--hard", "HEAD~1"]);
    space
        .kaizen_with("KAIZEN_NOW", "2026-03-02T10:00:00Z", &["run", "--new"])
        .exits(3);
    space.git(&["merge", "-q", "--no-edit", "other"]);
    let log = space.read("benchmark/consultations.jsonl");
    let sessions: BTreeSet<String> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["session_id"].to_string())
        .collect();
    assert_eq!(sessions.len(), 2, "{log}");
}

/// As the guide says: keep one side of the session, and let kaizen compare it with the files.
#[test]
fn a_session_that_both_branches_answered_is_merged_by_keeping_one_side() {
    let space = Space::executed();
    let answer = |now: &str| {
        space.kaizen(&["accept", "shots"]).exits(0);
        space.kaizen_with("KAIZEN_NOW", now, &["run"]).exits(0);
    };
    space.git(&["checkout", "-q", "-b", "other"]);
    answer("2026-03-02T10:00:00Z");
    space.git(&["checkout", "-q", "main"]);
    answer("2026-03-03T10:00:00Z");
    let merge = space
        .command("git", &["merge", "-q", "--no-edit", "other"])
        .output()
        .unwrap();
    assert!(!merge.status.success(), "both branches wrote the session's results");
    let unmerged = space.git(&["diff", "--name-only", "--diff-filter=U"]);
    assert!(unmerged.lines().all(|path| path.starts_with("sessions/")), "{unmerged}");
    space.git(&["checkout", "-q", "--ours", "sessions"]);
    space.git(&["add", "sessions"]);
    space.git(&["commit", "-q", "--no-edit"]);
    let id = space.session().replace("sessions/", "");
    space.kaizen(&["run", "--session", &id]).exits(0);
    assert_eq!(space.statuses()["shots"], "applied");
    space.kaizen(&["verify"]).exits(0);
    let said = space.kaizen(&["run", "--session", &id]).exits(0).out;
    assert!(said.contains("Nothing is stale"), "{said}");
    assert_eq!(space.git(&["status", "--porcelain"]), "");
}

/// A person took a revert back, and another session wrote a line between the edit's line and its context.
#[test]
fn a_line_that_came_back_is_seen_below_the_line_of_a_later_edit() {
    for (message, merge) in [
        (None, "--squash"),
        (Some("After all"), "--squash"),
        (Some("After all"), "--no-edit"),
    ] {
        let mut history = TwoPeople::new(0);
        history.space.git(&["checkout", "-q", "other"]);
        history.add_line(&prompt(1), 1, "Line 0.");
        let edit = history.edits[0].clone();
        history.kaizen(&["revert", &edit.digest]).exits(0);
        let revert = history.space.git(&["log", "-1", "--format=%H", "--", &edit.prompt]);
        assert!(history.git_revert(revert.trim()), "{history}");
        message.map(|message| history.space.git(&["commit", "-q", "--amend", "-m", message]));
        history.add_line(&prompt(1), 1, "Line 1.");
        history.space.git(&["checkout", "-q", "main"]);
        history.space.git(&["merge", "-q", merge, "other"]);
        let _ = history
            .space
            .bare("git", &["commit", "-q", "-m", "Work of a week"])
            .output()
            .unwrap();
        assert!(history.contains(&edit));
        history.check_verify();
        history.check();
        assert_eq!(history.status(&edit), "applied");
    }
}

/// The line of an edit that was reverted is no evidence if another edit wrote the same line.
#[test]
fn an_edit_is_not_back_because_another_one_wrote_its_line() {
    let mut history = TwoPeople::new(0);
    history.space.git(&["checkout", "-q", "other"]);
    history.add_line(&prompt(1), 1, "Line 0.");
    let edit = history.edits[0].clone();
    history.kaizen(&["revert", &edit.digest]).exits(0);
    history.add_line(&prompt(1), 1, "Line 1.");
    history.add_line(&prompt(1), 2, "Line 0.");
    history.space.git(&["checkout", "-q", "main"]);
    assert!(history.squash("other"), "{history}");
    let said = history.kaizen(&["verify"]).exits(0);
    assert!(!said.out.contains("brought"), "{said:?}");
    history.kaizen(&["run", "--session", &edit.session]).exits(0);
    assert_eq!(history.status(&edit), "rolled_back");
}

/// What came with the same commit explains all lines, so nobody reworded the line that is missing.
#[test]
fn an_edit_that_was_undone_before_a_squash_is_gone_although_it_built_on_another() {
    let mut history = TwoPeople::new(0);
    history.space.git(&["checkout", "-q", "other"]);
    history.add_line(&prompt(1), 1, "Line 0.");
    history.add_line(&prompt(1), 2, "Line 1.");
    let edit = history.edits[1].clone();
    history.space.replace(&prompt(1), "Line 1.\n", "");
    history.space.commit_all("Not that");
    history.space.git(&["checkout", "-q", "main"]);
    assert!(history.squash("other"), "{history}");
    history.check_verify();
    history.check();
    assert_eq!(history.status(&edit), "rolled_back");
}

/// Both people write a line after the same line, and the one who merges keeps both.
#[test]
fn both_lines_of_a_conflict_stay_applied() {
    let mut history = TwoPeople::new(0);
    for branch in BRANCHES {
        history.space.git(&["checkout", "-q", branch]);
        history.add_line(&prompt(1), 1, &format!("Line of {branch}."));
    }
    assert!(
        !history
            .space
            .bare("git", &["merge", "-q", "main"])
            .output()
            .unwrap()
            .status
            .success()
    );
    let text = "You are agent 1.\nLine of main.\nLine of other.\n";
    history.space.write(&prompt(1), text);
    history.space.commit_all("both");
    history.check_verify();
    history.check();
    assert!(history.edits.iter().all(|edit| history.status(edit) == "applied"));
}

fn play(seed: u64) {
    let mut history = TwoPeople::new(seed);
    for _ in 0..10 {
        history.step();
    }
    for branch in BRANCHES {
        history.space.git(&["checkout", "-q", branch]);
        history.check();
    }
    println!("{history}");
}

#[test]
fn what_is_said_about_an_edit_agrees_with_the_files() {
    let count = if std::env::var_os("KAIZEN_FULL").is_some() {
        200
    } else {
        4
    };
    let first = std::env::var("KAIZEN_SEED").map_or(0, |seed| seed.parse().unwrap());
    let next = std::sync::atomic::AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
                    && seed < count
                {
                    play(seed);
                }
            });
        }
    });
}
