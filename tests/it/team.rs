//! Team mode: a session works on a branch of its own, in a worktree beside the checkout, until the branch is merged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::mcp::{Client, diagnosis};
use crate::notify;
use crate::space::{Said, Space, bold, first_plan, names, sums};

/// The tiny workspace with `[ledger] mode = "branch"`, committed. Its traces are not in git, as in most repositories.
pub fn team() -> Space {
    let space = Space::new();
    space.replace("kaizen.toml", "[ledger]", "[ledger]\nmode = \"branch\"");
    space.write(".gitignore", "traces/\n");
    space.git(&["rm", "-rq", "--cached", "traces"]);
    space.commit_all("team mode");
    space
}

/// The worktrees of the sessions, oldest first.
pub fn worktrees(space: &Space) -> Vec<PathBuf> {
    let folder = space.root.join(".kaizen/worktrees");
    names(&folder).iter().map(|name| folder.join(name)).collect()
}

fn newest(space: &Space) -> PathBuf {
    worktrees(space).pop().unwrap()
}

fn id(worktree: &Path) -> String {
    worktree.file_name().unwrap().to_str().unwrap().to_owned()
}

pub fn branch(worktree: &Path) -> String {
    format!("kaizen/{}", id(worktree))
}

pub fn folder(worktree: &Path) -> PathBuf {
    worktree.join("sessions").join(id(worktree))
}

pub fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .unwrap()
}

/// The statuses of a session's edits, by label.
pub fn statuses(session: &Path) -> BTreeMap<String, String> {
    let outcomes = session.join("outcomes");
    let one = |name: &String| {
        let outcome = read(&outcomes.join(name));
        let text = |key: &str| outcome[key].as_str().unwrap().to_owned();
        (text("edit_id"), text("status"))
    };
    names(&outcomes).iter().map(one).collect()
}

/// Begins a session on a branch, with these planned edits, which nothing has run yet.
pub fn planned(space: &Space, arguments: &[&str], edits: &[Value]) -> PathBuf {
    let begins = [&["run", "--until", "plan"], arguments].concat();
    space.kaizen(&begins).exits(0);
    let worktree = newest(space);
    let plan = folder(&worktree).join("plan.json");
    let mut text = read(&plan);
    text["edits"] = edits.into();
    fs::write(&plan, serde_json::to_string_pretty(&text).unwrap()).unwrap();
    worktree
}

/// Begins a session on a branch, and runs it with these edits.
fn session_with(space: &Space, arguments: &[&str], edits: &[Value]) -> PathBuf {
    let worktree = planned(space, arguments, edits);
    let said = space.kaizen(&["run"]);
    assert!(matches!(said.code, Some(0 | 3)), "{}{}", said.out, said.err);
    worktree
}

/// What must stay as it is in the checkout.
pub fn checkout(space: &Space) -> [String; 3] {
    ["status", "rev-parse", "branch"].map(|command| match command {
        "status" => space.git(&["status", "--porcelain"]),
        "rev-parse" => space.git(&["rev-parse", "HEAD"]),
        _ => space.git(&["branch", "--show-current"]),
    })
}

fn in_worktree(space: &Space, worktree: &Path, arguments: &[&str]) -> String {
    let place = worktree.to_str().unwrap();
    space.git(&[&["-C", place], arguments].concat())
}

fn kaizen_says(space: &Space, arguments: &[&str], words: &[&str]) -> Said {
    let said = space.kaizen(arguments);
    for word in words {
        assert!(
            said.out.contains(word),
            "no {word:?} in {arguments:?}: {}{}",
            said.out,
            said.err
        );
    }
    said
}

#[test]
fn a_session_works_beside_the_checkout_whose_commands_open_it() {
    let space = team();
    let before = checkout(&space);
    space.write("config.toml", &format!("{}\n# mine\n", space.read("config.toml")));
    let said = space.kaizen(&["run", "--until", "plan"]).exits(0);
    said.says(&[
        "uncommitted changes in config.toml stay in the checkout",
        "works on branch kaizen/session-",
    ]);
    space.git(&["checkout", "config.toml"]);
    let worktree = newest(&space);
    let mut plan = read(&folder(&worktree).join("plan.json"));
    plan["edits"] = first_plan().into();
    fs::write(folder(&worktree).join("plan.json"), plan.to_string()).unwrap();
    space.kaizen(&["run"]).exits(3);

    assert_eq!(checkout(&space), before, "the checkout is as it was");
    assert!(!space.root.join("sessions").exists());
    assert!(!worktree.join(".kaizen/cache").exists(), "the cache is the checkout's");
    let log = space.git(&["log", "--format=%s%n%b", &format!("main..{}", branch(&worktree))]);
    assert!(
        log.contains("Edit-ID: bold") && log.contains(&format!("kaizen: record {}", id(&worktree))),
        "{log}"
    );
    let (id, branch) = (id(&worktree), branch(&worktree));
    kaizen_says(
        &space,
        &["status"],
        &[&id, &format!("on branch {branch}"), "kaizen review"],
    );
    kaizen_says(
        &space,
        &["log"],
        &[&id, &format!("on branch {branch}"), "kaizen: set_model_param"],
    );
    kaizen_says(&space, &["show"], &[&id]);
    kaizen_says(&space, &["show", "bold"], &["applied"]);
    kaizen_says(&space, &["diff"], &["+++ b/config.toml"]);
    kaizen_says(&space, &["explain"], &["execute is fresh"]);
    kaizen_says(&space, &["recompute"], &["0 do not follow"]);
    kaizen_says(&space, &["verify"], &["1 session checked: 0 failures"]).exits(0);
    kaizen_says(&space, &["report"], &[".kaizen/report.html"]).exits(0);
    assert!(space.read(".kaizen/report.html").contains(&id));
    kaizen_says(
        &space,
        &["status", "--porcelain"],
        &[&format!("session {id}"), "waiting 1"],
    );

    kaizen_says(&space, &["review"], &["shots"]).exits(3);
    space.kaizen(&["accept", "shots"]).exits(0);
    space.kaizen(&["run"]).exits(0);
    assert_eq!(statuses(&folder(&worktree))["shots"], "applied");
    kaizen_says(&space, &["run"], &["Nothing is stale"]).exits(0);
    kaizen_says(&space, &["status"], &["kaizen pr"]);
    kaizen_says(&space, &["revert", "shots"], &["shots"]).exits(0);
    assert_eq!(statuses(&folder(&worktree))["shots"], "rolled_back");
    assert_eq!(checkout(&space), before);
    assert_eq!(worktrees(&space).len(), 1);
}

#[test]
fn the_checkout_gives_traces_and_ignored_tasks_and_the_branch_gives_the_rest() {
    let space = team();
    space.write(".gitignore", "traces/\nbenchmark/private.jsonl\n");
    let own = "{\"task_id\": \"p1\", \"query\": \"private one\", \"reference_answer\": \"x\", \"category\": \"c\", \"split\": \"gate\"}\n";
    space.write("benchmark/private.jsonl", own);
    space.commit_all("a private task");
    space.kaizen(&["run", "--until", "baseline"]).exits(0);
    let worktree = newest(&space);
    assert!(!worktree.join("traces").exists() && !worktree.join("benchmark/private.jsonl").exists());
    let tasks = read(&folder(&worktree).join("baseline.json"))["evaluation"].to_string();
    assert!(tasks.contains("\"p1\""), "the checkout's task counts: {tasks}");
    // A tracked task that is gone from the branch does not come back from the checkout.
    in_worktree(&space, &worktree, &["rm", "-q", "benchmark/tasks.jsonl"]);
    let said = space.kaizen(&["plan-gate"]);
    assert!(
        said.code != Some(0) || !said.out.contains("20 tasks"),
        "{}{}",
        said.out,
        said.err
    );
}

#[test]
fn what_a_branch_would_lack_is_named_before_anything_is_made() {
    let space = team();
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}\n[gate]\nmax_pairs = 3\n"));
    space
        .kaizen(&["run"])
        .exits(4)
        .says(&["kaizen.toml is not committed as here", "commit it first"]);
    space.write("kaizen.toml", &manifest);
    space.write(
        "benchmark/tasks.jsonl",
        &format!("{}\n", space.read("benchmark/tasks.jsonl")),
    );
    space
        .kaizen(&["run"])
        .exits(4)
        .says(&["benchmark/tasks.jsonl is not committed as here"]);
    space.git(&["checkout", "benchmark/tasks.jsonl"]);
    let program = "[student]\nengine = \"command\"\nrun = [\"sh\", \"agent.sh\"]\n";
    space.write("kaizen.toml", &format!("{manifest}\n{program}"));
    space.git(&["add", "kaizen.toml"]);
    space.git(&["commit", "-qm", "a program"]);
    space.write("agent.sh", "cat\n");
    space
        .kaizen(&["run"])
        .exits(4)
        .says(&["agent.sh is not committed as here"]);
    space.write(
        "kaizen.toml",
        &manifest.replace("[ledger]", "[ledger]\ncommit_sessions = false"),
    );
    space
        .kaizen(&["status"])
        .exits(2)
        .says(&["needs commit_sessions = true"]);
    assert_eq!(worktrees(&space), Vec::<PathBuf>::new());
    space.write("kaizen.toml", &manifest);
    for command in [&["loop"][..], &["prune", "--apply"]] {
        space.kaizen(command).exits(2).says(&["[ledger] mode is \"branch\""]);
    }
    // A run that is refused for another reason leaves no branch either.
    space.git(&["checkout", "-q", "kaizen.toml"]);
    space.git(&["reset", "-q", "--hard", "HEAD~1"]);
    space.write("agents/assistant/few_shot.json", "no json");
    space.commit_all("broken");
    space.kaizen(&["run"]).exits(1);
    assert_eq!(
        (worktrees(&space), space.git(&["branch", "--format=%(refname:short)"])),
        (vec![], "main\n".into())
    );
}

#[test]
fn the_worktree_goes_when_its_branch_is_merged_or_deleted_unless_it_has_changes() {
    let space = team();
    let worktree = session_with(&space, &[], &[bold()]);
    let (name, place) = (branch(&worktree), worktree.display().to_string());
    fs::write(worktree.join("notes.txt"), "mine\n").unwrap();
    space.git(&["merge", "-q", "--no-edit", &name]);
    kaizen_says(
        &space,
        &["status"],
        &["merged; the next `kaizen run` removes its worktree"],
    );
    let said = space.kaizen(&["run", "--until", "readiness"]).exits(0);
    said.says(&[
        "has uncommitted changes",
        &format!("git worktree remove --force {place}"),
    ]);
    assert!(worktree.join("notes.txt").exists());
    let second = newest(&space);
    assert_ne!(id(&second), id(&worktree), "the run begins another session");
    fs::remove_file(worktree.join("notes.txt")).unwrap();
    space
        .kaizen(&["run", "--until", "readiness"])
        .exits(0)
        .says(&["its worktree was removed"]);
    assert!(!worktree.exists());
    assert!(
        second.join("sessions").join(id(&worktree)).exists(),
        "the new branch has the merged session"
    );

    let third = session_with(&space, &["--new"], &[]);
    space.git(&["update-ref", "-d", &format!("refs/heads/{}", branch(&third))]);
    kaizen_says(&space, &["status"], &["its branch was deleted"]);
    space
        .kaizen(&["run", "--until", "readiness"])
        .says(&["was deleted; its worktree was removed"]);
    assert_eq!(worktrees(&space), [second]);
}

/// Everything that a run on a branch leaves, besides the files of git itself.
fn whole_state(space: &Space) -> BTreeMap<String, String> {
    let mut state = space.state();
    state.insert(
        "branches".into(),
        space.git(&["branch", "--format=%(refname:short) %(objectname)"]),
    );
    let list = space.git(&["worktree", "list", "--porcelain"]);
    state.insert("worktrees".into(), list.replace(space.root.to_str().unwrap(), "ROOT"));
    state.insert(
        "announced".into(),
        names(&space.root.join(".kaizen/worktrees")).join(" "),
    );
    for worktree in worktrees(space) {
        state.insert(
            "worktree status".into(),
            in_worktree(space, &worktree, &["status", "--porcelain"]),
        );
        for entry in walkdir::WalkDir::new(&worktree).into_iter().map(Result::unwrap) {
            let path = entry.path().strip_prefix(&worktree).unwrap();
            if entry.file_type().is_file() && !path.starts_with(".kaizen") && path != Path::new(".git") {
                state.insert(path.display().to_string(), fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    state
}

#[test]
fn a_crash_anywhere_while_the_worktree_is_made_is_made_good_by_the_next_run() {
    let before = team();
    let run = ["run", "--until", "readiness"];
    let undisturbed = before.copy();
    let log = undisturbed.root.parent().unwrap().join("effects");
    undisturbed
        .kaizen_with("KAIZEN_EFFECTS", log.to_str().unwrap(), &run)
        .exits(0);
    let effects = fs::read_to_string(log).unwrap();
    let effects: Vec<&str> = effects.lines().collect();
    assert!(
        effects.iter().any(|effect| effect.ends_with("git worktree add")),
        "{effects:?}"
    );
    let end = whole_state(&undisturbed);
    for effect in effects {
        let (number, _) = effect.split_once(' ').unwrap();
        let space = before.copy();
        let crashed = space.kaizen_with("KAIZEN_CRASH_BEFORE", number, &run);
        assert_eq!(crashed.code, None, "no crash before {effect}: {}", crashed.err);
        space.kaizen(&run).exits(0);
        let state = whole_state(&space);
        for path in end.keys().chain(state.keys()) {
            assert_eq!(state.get(path), end.get(path), "{path} after a crash before {effect}");
        }
    }
}

#[test]
fn a_crash_while_a_session_works_on_its_branch_is_made_good_by_the_next_run() {
    let before = team();
    before.kaizen(&["run", "--until", "plan"]).exits(0);
    let plan = folder(&newest(&before)).join("plan.json");
    let mut text = read(&plan);
    text["edits"] = vec![bold()].into();
    fs::write(&plan, text.to_string()).unwrap();
    let undisturbed = copy(&before);
    let log = undisturbed.root.parent().unwrap().join("effects");
    undisturbed
        .kaizen_with("KAIZEN_EFFECTS", log.to_str().unwrap(), &["run"])
        .exits(0);
    let (effects, end) = (fs::read_to_string(log).unwrap(), whole_state(&undisturbed));
    let commits = |effect: &&str| effect.ends_with("git commit") || effect.ends_with("publish intent.json");
    assert!(effects.lines().filter(commits).count() > 1, "{effects}");
    let every_sixth = effects
        .lines()
        .enumerate()
        .filter(|(at, effect)| at % 6 == 0 || commits(effect));
    for (_, effect) in every_sixth {
        let (number, _) = effect.split_once(' ').unwrap();
        let space = copy(&before);
        let crashed = space.kaizen_with("KAIZEN_CRASH_BEFORE", number, &["run"]);
        assert_eq!(crashed.code, None, "no crash before {effect}: {}", crashed.err);
        space.kaizen(&["run"]).exits(0);
        let state = whole_state(&space);
        for path in end.keys().chain(state.keys()) {
            assert_eq!(state.get(path), end.get(path), "{path} after a crash before {effect}");
        }
    }
}

#[test]
fn a_worktree_that_git_had_not_finished_is_made_again() {
    let space = team();
    space.kaizen(&["run", "--until", "readiness"]).exits(0);
    let worktree = newest(&space);
    let commit = space.git(&["rev-parse", "main"]);
    // As if kaizen and git were killed during the checkout, and git kept its lock.
    fs::remove_dir_all(worktree.join("sessions")).unwrap();
    fs::remove_file(worktree.join("config.toml")).unwrap();
    in_worktree(
        &space,
        &worktree,
        &[
            "worktree",
            "lock",
            "--reason",
            "initializing",
            worktree.to_str().unwrap(),
        ],
    );
    let announced = serde_json::json!({"session": id(&worktree), "branch": branch(&worktree), "commit": commit.trim(), "begins": true});
    space.write(
        &format!(".kaizen/worktrees/{}.new", id(&worktree)),
        &announced.to_string(),
    );
    space.kaizen(&["run", "--until", "readiness"]).exits(0);
    assert_eq!(worktrees(&space), std::slice::from_ref(&worktree));
    assert!(worktree.join("config.toml").exists() && folder(&worktree).join("readiness.json").exists());
    assert_eq!(
        space.git(&["branch", "--format=%(refname:short)"]),
        format!("{}\nmain\n", branch(&worktree))
    );
}

/// A session with two applied edits on its branch, and its worktree.
fn two_edits() -> (Space, PathBuf) {
    static FIRST: OnceLock<Space> = OnceLock::new();
    let first = FIRST.get_or_init(|| {
        let space = team();
        let worktree = session_with(&space, &[], &[bold(), sums()]);
        let statuses = statuses(&folder(&worktree));
        assert!(statuses.values().all(|status| status == "applied"), "{statuses:?}");
        space
    });
    let space = copy(first);
    let worktree = newest(&space);
    (space, worktree)
}

/// Another space with the same files, whose git knows its worktrees. `git worktree repair` would connect them with the
/// repository of the first space, which is still there.
fn copy(space: &Space) -> Space {
    let copy = space.copy();
    for worktree in worktrees(&copy) {
        let own = copy.root.join(".git/worktrees").join(id(&worktree));
        fs::write(worktree.join(".git"), format!("gitdir: {}\n", own.display())).unwrap();
        fs::write(own.join("gitdir"), format!("{}\n", worktree.join(".git").display())).unwrap();
    }
    copy
}

#[test]
fn a_moved_repository_says_how_to_repair_its_worktrees() {
    let (space, worktree) = two_edits();
    let moved = space.copy();
    let place = newest(&moved);
    fs::remove_dir_all(space.root.join(".git")).unwrap();
    let remedy = format!("git worktree repair {}", place.display());
    moved.kaizen(&["status"]).exits(2).says(&[&remedy]);
    moved.git(&["worktree", "repair", place.to_str().unwrap()]);
    kaizen_says(&moved, &["status"], &[&id(&worktree), "2 applied"]).exits(0);
}

/// A commit of the user on the main branch.
fn main_moves_on(space: &Space) {
    space.write("notes.txt", "mine\n");
    space.commit_all("notes");
}

/// The commit of an edit on a branch.
fn commit_of(space: &Space, branch: &str, label: &str) -> String {
    let commits = space.git(&["log", "--format=%H", &format!("--grep=Edit-ID: {label}"), branch]);
    commits.lines().next().unwrap().to_owned()
}

/// The first word of the heading above a line that `kaizen blame` shows, after commit, date and author.
fn writer(blame: &str, line: &str) -> String {
    let before = &blame[..blame.find(line).unwrap_or_else(|| panic!("no {line} in {blame}"))];
    let heading = before.lines().rfind(|line| !line.starts_with(' ')).unwrap();
    heading.split_whitespace().nth(3).unwrap().to_owned()
}

/// Checks that the checkout tells of a merged session what is true.
fn tells_the_truth(space: &Space, session: &str, how: &str) {
    let said = space.kaizen(&["verify"]);
    assert_eq!(said.code, Some(0), "{how}: {}{}", said.out, said.err);
    let blame = kaizen_says(space, &["blame", "config.toml"], &[]).out;
    assert_eq!(writer(&blame, "refuse_below = 0.0"), "bold", "{how}: {blame}");
    let status = kaizen_says(space, &["status"], &[session]).out;
    assert!(status.contains("2 applied"), "{how}: {status}");
    let log = kaizen_says(space, &["log"], &[session]).out;
    assert!(log.contains("refuse_below") || log.contains("bold"), "{how}: {log}");
}

#[test]
fn after_merge_squash_and_rebase_the_checkout_has_the_session_and_the_next_run_begins_another() {
    for how in ["fast-forward", "merge", "squash", "rebase", "cherry-pick"] {
        let (space, worktree) = two_edits();
        let (name, session) = (branch(&worktree), id(&worktree));
        if how != "fast-forward" {
            main_moves_on(&space);
        }
        match how {
            "fast-forward" => drop(space.git(&["merge", "-q", "--ff-only", &name])),
            "merge" => drop(space.git(&["merge", "-q", "--no-ff", "--no-edit", &name])),
            "squash" => {
                space.git(&["merge", "-q", "--squash", &name]);
                space.git(&["commit", "-q", "-m", "Better answers (#12)"]);
            }
            "rebase" => {
                // As a forge does it: the commits are copied, and the branch stays where it was.
                space.git(&["branch", "copy", &name]);
                space.git(&["rebase", "-q", "main", "copy"]);
                space.git(&["checkout", "-q", "main"]);
                space.git(&["merge", "-q", "--ff-only", "copy"]);
            }
            _ => drop(space.git(&["cherry-pick", &format!("main..{name}")])),
        }
        tells_the_truth(&space, &session, how);
        let said = space.kaizen(&["run", "--until", "readiness"]).exits(0);
        said.says(&["is merged; its worktree was removed"]);
        let next = newest(&space);
        assert_ne!(id(&next), session, "{how}");
        assert_eq!(worktrees(&space).len(), 1, "{how}");
        assert_eq!(space.git(&["status", "--porcelain"]), "", "{how}");
        let own = next.join("sessions").join(&session);
        assert_eq!(statuses(&own)["bold"], "applied", "{how}");
        // Without any worktree, the checkout alone tells the same.
        space.git(&["worktree", "remove", "--force", next.to_str().unwrap()]);
        tells_the_truth(&space, &session, how);
    }
}

#[test]
fn an_edit_that_a_reviewer_drops_or_reverts_on_the_branch_is_rolled_back_and_stays_out() {
    for how in ["drop", "revert"] {
        let (space, worktree) = two_edits();
        let dropped = commit_of(&space, &branch(&worktree), "bold");
        match how {
            "drop" => drop(in_worktree(
                &space,
                &worktree,
                &["rebase", "-q", "--onto", &format!("{dropped}^"), &dropped],
            )),
            _ => drop(in_worktree(&space, &worktree, &["revert", "--no-edit", &dropped])),
        }
        let session = folder(&worktree);
        let (plan, record) = (read(&session.join("plan.json")), read(&session.join("session.json")));
        let said = space.kaizen(&["run"]);
        assert!(matches!(said.code, Some(0 | 3)), "{how}: {}{}", said.out, said.err);
        let now = statuses(&session);
        assert_eq!(
            (now["bold"].as_str(), now["sums"].as_str()),
            ("rolled_back", "applied"),
            "{how}"
        );
        assert_eq!(read(&session.join("plan.json")), plan, "{how}: the plan stays");
        assert_eq!(
            read(&session.join("session.json"))["benchmark_before"],
            record["benchmark_before"],
            "{how}"
        );
        let config = fs::read_to_string(worktree.join("config.toml")).unwrap();
        assert!(config.contains("refuse_below = 0.9"), "{how}: {config}");
        kaizen_says(&space, &["run"], &["Nothing is stale"]).exits(0);
        assert_eq!(statuses(&session), now, "{how}");
        kaizen_says(&space, &["verify"], &["0 failures"]).exits(0);
        space.kaizen(&["pr"]).exits(0);
        let text = space.read(&format!(".kaizen/pull-requests/{}.md", id(&worktree)));
        let words = ["1 edit of", "what was rolled back since still counts", "- bold set"];
        assert!(words.iter().all(|words| text.contains(words)), "{how}: {text}");
        space.git(&["merge", "-q", "--no-edit", &branch(&worktree)]);
        kaizen_says(&space, &["verify"], &["0 failures"]).exits(0);
        assert!(
            !kaizen_says(&space, &["blame", "config.toml"], &[]).out.contains("bold"),
            "{how}"
        );
    }
}

/// Undoes an edit on the main branch.
fn undo(space: &Space, how: &str, bold: &str) {
    match how {
        "reverted" => drop(space.git(&["revert", "--no-edit", bold])),
        "removed by hand" => {
            space.replace(
                "config.toml",
                "refuse_below = 0.0 # too shy",
                "refuse_below = 0.9 # too shy",
            );
            space.commit_all("mine");
        }
        "the merge reverted" => drop(space.git(&["revert", "--no-edit", "-m", "1", "HEAD"])),
        _ => {}
    }
}

#[test]
fn what_is_undone_on_the_main_branch_is_recorded_on_the_next_session_branch() {
    for how in [
        "dropped while merged",
        "reverted",
        "removed by hand",
        "the merge reverted",
    ] {
        let (space, worktree) = two_edits();
        let (name, session) = (branch(&worktree), id(&worktree));
        main_moves_on(&space);
        let bold = commit_of(&space, &name, "bold");
        if how == "dropped while merged" {
            space.git(&["branch", "copy", &name]);
            space.git(&["rebase", "-q", "--onto", &format!("{bold}^"), &bold, "copy"]);
            space.git(&["checkout", "-q", "main"]);
            space.git(&["merge", "-q", "--no-edit", "copy"]);
        } else {
            space.git(&["merge", "-q", "--no-ff", "--no-edit", &name]);
        }
        undo(&space, how, &bold);
        assert!(
            !kaizen_says(&space, &["blame", "config.toml"], &[]).out.contains("bold"),
            "{how}"
        );
        space
            .kaizen_with("KAIZEN_NOW", "2026-03-02T10:00:00Z", &["run", "--until", "plan"])
            .exits(0);
        let next = newest(&space);
        assert_ne!(id(&next), session, "{how}");
        let recorded = statuses(&next.join("sessions").join(&session));
        assert_eq!(recorded["bold"], "rolled_back", "{how}");
        let sums = if how == "the merge reverted" {
            "rolled_back"
        } else {
            "applied"
        };
        assert_eq!(recorded["sums"], sums, "{how}");
        let status = in_worktree(&space, &next, &["status", "--porcelain"]);
        assert!(!status.contains(&session), "{how}: the record is committed: {status}");
        let there = next.to_str().unwrap();
        let said = space.kaizen(&["-C", there, "verify"]);
        assert_eq!(said.code, Some(0), "{how}: {}{}", said.out, said.err);
        assert_eq!(space.git(&["status", "--porcelain"]), "", "{how}");
        assert!(
            fs::read_to_string(next.join("config.toml"))
                .unwrap()
                .contains("refuse_below = 0.9"),
            "{how}"
        );
    }
}

#[test]
fn two_sessions_work_on_branches_side_by_side_and_both_are_merged() {
    let space = team();
    let first = session_with(&space, &[], &[bold()]);
    let second = session_with(&space, &["--new"], &[sums()]);
    assert_eq!(worktrees(&space), [first.clone(), second.clone()]);
    let (one, other) = (id(&first), id(&second));
    kaizen_says(&space, &["status"], &[&one, &other, &format!("kaizen pr {one}")]);
    kaizen_says(&space, &["show", "bold"], &["applied"]);
    kaizen_says(&space, &["show", &one], &[&one]);
    kaizen_says(&space, &["diff", &one], &["config.toml"]);
    kaizen_says(&space, &["verify"], &["2 sessions checked: 0 failures"]).exits(0);
    for worktree in [&first, &second] {
        space.git(&["merge", "-q", "--no-ff", "--no-edit", &branch(worktree)]);
    }
    tells_of_both(&space);
    let said = space.kaizen(&["run", "--until", "readiness"]).exits(0);
    said.says(&[
        &format!("the branch of {one} is merged"),
        &format!("the branch of {other} is merged"),
    ]);
    space.git(&["worktree", "remove", "--force", newest(&space).to_str().unwrap()]);
    tells_of_both(&space);
    let blame = kaizen_says(&space, &["blame", "tools/descriptions.toml"], &[]).out;
    let config = kaizen_says(&space, &["blame", "config.toml"], &["bold"]).out;
    assert!(format!("{blame}{config}").contains("sums"), "{blame}{config}");
}

fn tells_of_both(space: &Space) {
    kaizen_says(space, &["verify"], &["2 sessions checked: 0 failures"]).exits(0);
    let status = kaizen_says(space, &["status", "--all"], &[]).out;
    assert_eq!(status.matches("1 applied").count(), 2, "{status}");
    assert_eq!(
        kaizen_says(space, &["log"], &[]).out.matches("kaizen: record").count(),
        2
    );
}

/// A bare repository beside the workspace, as its remote `origin`.
fn with_remote(space: &Space) -> PathBuf {
    let bare = space.root.parent().unwrap().join("remote.git");
    space.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    space.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
    space.git(&["push", "-q", "-u", "origin", "main"]);
    bare
}

/// A program on `PATH` that writes its arguments and its standard input to files, and prints an address.
#[cfg(unix)]
fn fake(space: &Space, name: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let folder = space.root.parent().unwrap().join(format!("bin-{name}"));
    fs::create_dir_all(&folder).unwrap();
    let place = folder.display();
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > {place}/arguments\ncat > {place}/input\necho https://forge.example/pull/7\n"
    );
    fs::write(folder.join(name), script).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Runs kaizen with only these folders before the usual `PATH`, and without approving anything first.
fn with_path(space: &Space, folder: &Path, arguments: &[&str]) -> Said {
    let usual = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{usual}", folder.display());
    Said::of(
        space
            .bare(crate::space::KAIZEN, arguments)
            .env("PATH", path)
            .output()
            .unwrap(),
    )
}

#[test]
fn a_pull_request_is_described_and_pushed_only_on_request() {
    let (space, worktree) = two_edits();
    let bare = with_remote(&space);
    let name = branch(&worktree);
    let at_remote = || {
        space.git(&[
            "--git-dir",
            bare.to_str().unwrap(),
            "branch",
            "--format=%(refname:short)",
        ])
    };
    let before = checkout(&space);
    kaizen_says(
        &space,
        &["pr"],
        &[
            "kaizen: 2 edits, gate score",
            &format!("git push -u origin {name}"),
            "kaizen pr --push",
        ],
    )
    .exits(0);
    assert_eq!(at_remote(), "main\n", "nothing was pushed");
    let text = space.read(&format!(".kaizen/pull-requests/{}.md", id(&worktree)));
    for words in [
        "| **all tasks** |",
        "#### bold set\\_model\\_param",
        "> because",
        "Commit ",
        "What failed",
        "revert its commit",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    let said = space.kaizen(&["pr", "--push", "--format", "json"]).exits(0);
    let event = &said.events()[0];
    assert_eq!(
        (&event["pushed"], &event["opened"], &event["base"]),
        (&true.into(), &false.into(), &"main".into())
    );
    assert_eq!(at_remote(), format!("{name}\nmain\n"));
    kaizen_says(&space, &["pr"], &["pushed before"]).exits(0);
    assert_eq!(checkout(&space), before);
    space.git(&["merge", "-q", "--no-edit", &name]);
    space.kaizen(&["pr"]).exits(2).says(&["is merged already"]);
}

#[cfg(unix)]
#[test]
fn an_approved_program_opens_the_request_once_the_branch_is_pushed() {
    for (program, words) in [
        ("gh", ["pr", "create", "--head"]),
        ("glab", ["mr", "create", "--source-branch"]),
    ] {
        let (space, worktree) = two_edits();
        with_remote(&space);
        let folder = fake(&space, program);
        let said = with_path(&space, &folder, &["pr"]).exits(0);
        assert!(
            !said.out.contains("opened") && !folder.join("arguments").exists(),
            "{}",
            said.out
        );
        let said = with_path(&space, &folder, &["pr", "--push"]).exits(0);
        assert!(
            said.out
                .contains(&format!("`kaizen trust` lets kaizen open the request with {program}")),
            "{}",
            said.out
        );
        assert!(!folder.join("arguments").exists());
        let said = with_path(&space, &folder, &["trust", "--yes"]).exits(0);
        assert!(
            said.out
                .contains(&format!("starts   {program} {} create  [ledger] mode", words[0])),
            "{}",
            said.out
        );
        let said = with_path(&space, &folder, &["pr"]).exits(0);
        assert!(
            said.out.contains("opened https://forge.example/pull/7"),
            "{}{}",
            said.out,
            said.err
        );
        let arguments = fs::read_to_string(folder.join("arguments")).unwrap();
        let given: Vec<&str> = arguments.lines().collect();
        assert_eq!((&given[..3], given[3]), (&words[..], branch(&worktree).as_str()));
        let body = match program {
            "gh" => fs::read_to_string(folder.join("input")).unwrap(),
            _ => arguments.clone(),
        };
        assert!(body.contains("| **all tasks** |"), "{body}");
        assert!(arguments.contains("kaizen: 2 edits"), "{arguments}");
    }
}

#[test]
fn what_is_not_settled_or_changes_nothing_gets_no_request() {
    let space = team();
    space
        .kaizen(&["pr"])
        .exits(2)
        .says(&["no session works on a branch of its own"]);
    space.kaizen(&["run", "--until", "plan"]).exits(0);
    space.kaizen(&["pr"]).exits(4).says(&["is not settled"]);
    let worktree = session_with(&space, &["--new"], &[]);
    space.kaizen(&["pr"]).exits(2).says(&["has no applied edit"]);
    kaizen_says(
        &space,
        &["status"],
        &["nothing to merge", &format!("git branch -D {}", branch(&worktree))],
    );
}

#[test]
fn a_pull_request_holds_nothing_of_held_out_tasks_and_no_markup_of_others() {
    let space = team();
    crate::report::plant_canaries(&space);
    space.git(&["add", "-A"]);
    space.git(&["commit", "-qm", "canaries"]);
    let mut edits = crate::report::canary_edits();
    let rationale = edits[0]["rationale"].as_str().unwrap().to_owned();
    edits[0]["rationale"] = format!("{rationale}\n@team fixes #1 <img src=x> ![x](http://a.b)").into();
    edits.push(sums());
    let worktree = session_with(&space, &[], &edits);
    space.kaizen(&["pr"]).exits(0);
    let text = space.read(&format!(".kaizen/pull-requests/{}.md", id(&worktree)));
    let said = kaizen_says(&space, &["pr"], &["kaizen: "]).out;
    for text in [&text, &said] {
        assert!(!text.to_lowercase().contains("canary"), "{text}");
    }
    assert!(text.contains("held-out task"), "the rest of the text stays: {text}");
    for markup in ["@team", "#1", "<img", "http://"] {
        assert!(!text.contains(markup), "{markup} in {text}");
    }
}

#[test]
fn a_notice_names_the_workspace_and_not_the_worktree() {
    let space = team();
    notify::with_program(&space);
    space.commit_all("notify");
    let worktree = session_with(&space, &[], &first_plan());
    let told = notify::told(&space);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["workspace"], "work");
    assert_eq!(told[0]["session"], id(&worktree));
    // The worktree goes with its branch, and the memory stays.
    assert_eq!(
        names(&space.root.join(".kaizen/notices")),
        [format!("{}.json", id(&worktree))]
    );
}

#[test]
fn an_mcp_client_works_on_a_branch_and_begins_another_after_the_merge() {
    let space = team();
    let before = checkout(&space);
    let mut client = Client::start(&space);
    client.good("list_traces", serde_json::json!({"limit": 3}));
    client.good("submit_diagnosis", diagnosis());
    client.good("submit_plan", serde_json::json!({"edits": [bold()]}));
    assert_eq!(client.run()["status"], "completed");
    let first = newest(&space);
    assert_eq!(statuses(&folder(&first))["bold"], "applied");
    assert_eq!(checkout(&space), before, "the checkout is as it was");

    space.git(&["merge", "-q", "--no-edit", &branch(&first)]);
    client.good("submit_diagnosis", diagnosis());
    let second = newest(&space);
    assert_ne!(second, first);
    assert!(!first.exists(), "it was merged");
    assert_eq!(
        client.good("session_status", serde_json::json!({}))["session"],
        id(&second).as_str()
    );
    client.good("submit_plan", serde_json::json!({"edits": [bold()]}));
    let said = space.kaizen(&["status"]).exits(0).out;
    assert!(said.contains(&branch(&second)), "{said}");
}
