//! kaizen in the user's repository: identity, hooks, subject lines, ignore rules, detached and unborn branches, lock files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::fixture::{CONFIG, MANIFEST, PROMPT};
use crate::space::{KAIZEN, Said, Space, bold, names};

/// A hook that formats and stages what is committed, as lint-staged does.
const FORMATS: &str = "git diff --cached --name-only --diff-filter=ACM | grep -E '\\.(toml|json)$' | \
                       while read f; do sed -i 's/[ \\t]*$//; s/^\\[agent\\]$/[agent] /' \"$f\"; git add \"$f\"; done";

fn hook(space: &Space, name: &str, script: &str) {
    let path = space.root.join(".git/hooks").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The files that git says are changed, other than the manifest.
fn dirty(space: &Space) -> String {
    space.git(&["status", "--porcelain", "--", ".", ":!kaizen.toml", ":!.kaizen"])
}

/// A session with one good edit in its plan.
fn one_edit() -> Space {
    let space = Space::planned();
    space.plan(&[bold()]);
    space
}

#[test]
fn the_environment_says_who_commits_and_how_git_is_set() {
    let space = Space::new();
    space.write("kaizen.toml", "");
    fs::remove_file(space.home.join(".gitconfig")).unwrap();
    let adopt = |number: usize, variables: &[(&str, &str)]| {
        space.write("config.toml", &format!("{CONFIG}# {number}\n"));
        let mut command = space.command(KAIZEN, &["run", "--new", "--adopt", "--until", "baseline"]);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env_remove(format!("GIT_{who}_NAME"));
            command.env_remove(format!("GIT_{who}_EMAIL"));
        }
        // As inside a hook: these belong to another repository.
        command
            .env("GIT_DIR", "/nowhere")
            .env("GIT_INDEX_FILE", "/nowhere/index");
        Said::of(command.envs(variables.iter().copied()).output().unwrap())
    };
    let who = || space.git(&["log", "-1", "--format=%an/%cn"]);
    adopt(0, &[])
        .exits(1)
        .says(&["git does not know who you are", "GIT_COMMITTER_NAME"]);
    let names = [
        ("GIT_AUTHOR_NAME", "Builder"),
        ("GIT_AUTHOR_EMAIL", "b@example.org"),
        ("GIT_COMMITTER_NAME", "Robot"),
        ("GIT_COMMITTER_EMAIL", "r@example.org"),
    ];
    adopt(1, &names).exits(0);
    assert_eq!(who(), "Builder/Robot\n");
    let counted = [
        ("GIT_CONFIG_COUNT", "2"),
        ("GIT_CONFIG_KEY_0", "user.name"),
        ("GIT_CONFIG_VALUE_0", "Counted"),
        ("GIT_CONFIG_KEY_1", "user.email"),
        ("GIT_CONFIG_VALUE_1", "c@example.org"),
    ];
    adopt(2, &counted).exits(0);
    assert_eq!(who(), "Counted/Counted\n");
    let global = space.home.join("ci.gitconfig");
    fs::write(&global, "[user]\nname = Global\nemail = g@example.org\n").unwrap();
    adopt(3, &[("GIT_CONFIG_GLOBAL", global.to_str().unwrap())]).exits(0);
    assert_eq!(who(), "Global/Global\n");
}

#[test]
fn a_hook_that_refuses_is_shown_and_a_subject_that_it_takes_can_be_set() {
    let space = one_edit();
    hook(
        &space,
        "commit-msg",
        "head -1 \"$1\" | grep -qE '^(feat|chore)(\\(.+\\))?: ' || { echo 'subject must follow type: text' >&2; exit 1; }",
    );
    let refused = space.kaizen(&["run"]).exits(1);
    refused.says(&[
        "a hook (commit-msg) refused",
        "subject must follow type: text",
        "[ledger] subject",
        "[ledger] hooks",
    ]);
    assert_eq!(space.read("config.toml"), CONFIG);
    let changes = space.git(&["status", "--porcelain", "--", "config.toml"]);
    assert_eq!(changes, "", "file and index are as they were");

    space.write(
        "kaizen.toml",
        &format!("{MANIFEST}subject = \"chore(agent): {{summary}} [skip ci]\"\n"),
    );
    space.kaizen(&["run"]).exits(0);
    let subjects = space.subjects();
    assert!(
        subjects[0].starts_with("chore(agent): record session-") && subjects[0].ends_with(" [skip ci]"),
        "{subjects:?}"
    );
    assert!(
        subjects[1].starts_with("chore(agent): set_model_param "),
        "{subjects:?}"
    );
    // Commits are recognised by their trailers, whatever their subject.
    assert_eq!(space.statuses()["bold"], "applied");
    space.kaizen(&["revert", "bold"]).exits(0);
    assert_eq!(space.read("config.toml"), CONFIG);
    assert!(
        space.subjects()[1].starts_with("chore(agent): revert bold"),
        "{:?}",
        space.subjects()
    );
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn a_hook_that_formats_and_stages_leaves_index_files_and_head_alike() {
    let space = one_edit();
    hook(&space, "pre-commit", FORMATS);
    let said = space.kaizen(&["run"]).exits(0);
    said.says(&["bold: its commit holds more than the edit, perhaps by a hook; the gate judged the committed files"]);
    assert_eq!(space.statuses()["bold"], "applied");
    assert!(space.read("config.toml").contains("[agent] \n"));
    assert_eq!(dirty(&space), "");
    let commits = space.subjects().len();
    space.kaizen(&["run"]).exits(0);
    assert_eq!((dirty(&space).as_str(), space.subjects().len()), ("", commits));
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn a_hook_that_changes_a_file_at_each_commit_is_not_adopted_for_ever() {
    let space = one_edit();
    hook(&space, "pre-commit", "echo '# touched' >> config.toml");
    space.write("agents/echo/system_prompt.md", "Mine.\n");
    let before = space.subjects().len();
    space
        .kaizen(&["run", "--new", "--adopt"])
        .exits(4)
        .says(&["uncommitted changes", "config.toml"]);
    // Once before the session begins, and once when it judges.
    assert_eq!(space.subjects().len(), before + 2);
}

#[test]
fn a_commit_that_fails_after_a_hook_changed_files_leaves_them_as_they_were() {
    let space = one_edit();
    hook(&space, "pre-commit", "echo '# touched' >> config.toml");
    space.git(&["config", "commit.gpgsign", "true"]);
    space.git(&["config", "gpg.program", "/bin/false"]);
    space.kaizen(&["run"]).exits(1).says(&["cannot be signed"]);
    assert_eq!(space.read("config.toml"), CONFIG);
    space.git(&["config", "commit.gpgsign", "false"]);
    std::fs::remove_file(space.root.join(".git/hooks/pre-commit")).unwrap();
    space.kaizen(&["run"]).exits(0);
    assert_eq!(space.statuses()["bold"], "applied");
}

#[test]
fn an_edit_that_a_hook_spoils_is_judged_as_it_was_committed_and_reverted() {
    let space = one_edit();
    // It undoes the edit and adds a line instead.
    hook(
        &space,
        "pre-commit",
        "git diff --cached --name-only | grep -q config.toml || exit 0\n\
         git show HEAD:config.toml > config.toml; echo '# formatted' >> config.toml; git add config.toml",
    );
    let said = space.kaizen(&["run"]).exits(0);
    said.says(&["the gate refuses the committed files, and the commit was reverted"]);
    assert_eq!(space.statuses()["bold"], "rejected_by_gate");
    assert_eq!(space.read("config.toml"), CONFIG);
    assert_eq!(dirty(&space), "");
    space.kaizen(&["run"]).exits(0);
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn a_hook_that_formats_and_refuses_leaves_the_files_as_they_were() {
    let space = one_edit();
    hook(
        &space,
        "pre-commit",
        "git diff --cached --name-only | grep -q config.toml || exit 0\necho '# formatted' >> config.toml; echo files were modified; exit 1",
    );
    space
        .kaizen(&["run"])
        .exits(1)
        .says(&["a hook (pre-commit) refused", "files were modified", "attic/"]);
    assert_eq!(space.read("config.toml"), CONFIG);
    assert_eq!(space.git(&["status", "--porcelain", "--", "config.toml"]), "");
    fs::remove_file(space.root.join(".git/hooks/pre-commit")).unwrap();
    space.kaizen(&["run"]).exits(0);
}

#[test]
fn records_keep_their_bytes_when_a_hook_formats_them() {
    let space = one_edit();
    hook(
        &space,
        "pre-commit",
        "for f in $(git diff --cached --name-only --diff-filter=ACM | grep json$); do sed -i 's/$/  /' $f; git add $f; done",
    );
    space.kaizen(&["run"]).exits(0);
    assert_eq!(dirty(&space), "");
    assert!(
        !space
            .read(&format!("{}/session.json", space.session()))
            .contains("  \n")
    );
    space.kaizen(&["run"]).exits(0);
    space.kaizen(&["verify"]).exits(0);
}

#[test]
fn nothing_is_committed_on_a_detached_head_unless_asked_for() {
    let space = one_edit();
    space.git(&["checkout", "-q", "--detach"]);
    let before = space.subjects();
    space
        .kaizen(&["run"])
        .exits(4)
        .says(&["no branch is checked out", "--detached"]);
    space.kaizen(&["run", "--new"]).exits(4).says(&["--detached"]);
    assert_ne!(space.kaizen(&["status"]).code, Some(4));
    space.kaizen(&["eval"]).exits(0);
    assert_eq!(space.subjects(), before);
    assert_eq!(fs::read_dir(space.root.join("sessions")).unwrap().count(), 1);
    space.kaizen(&["run", "--detached"]).exits(0);
    assert_eq!(space.statuses()["bold"], "applied");
    space.kaizen(&["run"]).exits(0);
    space.kaizen(&["revert", "bold"]).exits(4).says(&["--detached"]);
    assert_eq!(
        space.artifact("plan.json")["edits"].as_array().unwrap().len(),
        1,
        "nothing was begun"
    );
    space.kaizen(&["prune", "--older-than", "0"]).exits(0);
    space.kaizen(&["prune", "--older-than", "0", "--apply"]).exits(4);
    space.kaizen(&["loop"]).exits(4);
    space.kaizen(&["watch"]).exits(4);
    space.kaizen(&["bench", "refresh", "--share", "0.1"]).exits(4);
}

#[test]
fn the_first_commit_of_a_repository_is_asked_for() {
    let space = Space::new();
    fs::remove_dir_all(space.root.join(".git")).unwrap();
    space.git(&["init", "-q", "-b", "main"]);
    space
        .kaizen(&["run"])
        .exits(4)
        .says(&["uncommitted changes", "--adopt"]);
    let said = space.kaizen(&["run", "--adopt", "--until", "baseline"]).exits(0);
    said.says(&["your changes were committed as"]);
    assert!(space.session().starts_with("sessions/"));
    assert_eq!(space.artifact("baseline.json")["version"], 1);
    let listing = space.git(&["ls-tree", "-r", "--name-only", "HEAD"]);
    for path in [
        "config.toml",
        "kaizen.toml",
        "benchmark/tasks.jsonl",
        "agents/assistant/system_prompt.md",
    ] {
        assert!(listing.lines().any(|line| line == path), "{path} in {listing}");
    }
    assert!(!listing.contains("traces/"), "evidence is private");

    let space = Space::executed();
    space.git(&["checkout", "-q", "--orphan", "other"]);
    space.git(&["rm", "-rq", "--cached", "."]);
    let said = space.kaizen(&["run"]);
    assert_eq!(said.code, Some(4), "{}{}", said.out, said.err);
    assert!(!said.out.contains("Nothing is stale"), "{}", said.out);
}

#[test]
fn a_rule_that_hides_a_part_of_the_record_is_named_before_anything_runs() {
    let space = Space::new();
    space.write(".gitignore", "*.jsonl\n*.json\n");
    let said = space.kaizen(&["run"]).exits(4);
    said.says(&[
        "git ignores sessions/session-",
        "trigger.json",
        "line 2 of .gitignore: `*.json`",
        "commit_sessions",
    ]);
    assert!(!space.root.join("sessions").exists(), "no session was begun");
    space.write(".gitignore", "*.jsonl\n*.json\n!/sessions/\n!/sessions/**\n");
    space.kaizen(&["run", "--until", "readiness"]).exits(0);
    // The same in a session that has begun.
    space.write(".gitignore", "evidence.jsonl\n");
    space.kaizen(&["run"]).exits(4).says(&["evidence.jsonl"]);
    for name in ["after.json", "budget.json", "checkpoints/", "pending_review/"] {
        space.write(".gitignore", &format!("{name}\n"));
        space.kaizen(&["run"]).exits(4).says(&[name]);
    }
    space.write("kaizen.toml", &format!("{MANIFEST}commit_sessions = false\n"));
    space.kaizen(&["run", "--until", "baseline"]).exits(0);
}

#[test]
fn a_lock_that_our_own_killed_git_left_is_removed_and_no_other() {
    let space = one_edit();
    space.write("kaizen.toml", &format!("{MANIFEST}lock_wait_seconds = 0\n"));
    // git's parent is kaizen.
    hook(
        &space,
        "pre-commit",
        "kaizen=$(cut -d' ' -f4 /proc/$PPID/stat); kill -9 $kaizen $PPID",
    );
    assert_eq!(space.kaizen(&["run"]).code, None, "it was killed");
    let lock = space.root.join(".git/index.lock");
    assert!(lock.exists(), "git left its lock");
    fs::remove_file(space.root.join(".git/hooks/pre-commit")).unwrap();
    space.kaizen(&["run"]).exits(0);
    let own = |name: &str| name.ends_with(".lock") || name.starts_with("kaizen-");
    let entries = fs::read_dir(space.root.join(".git")).unwrap();
    let names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!names.iter().any(|name| own(name)), "{names:?}");

    // git alone is killed, and kaizen lives on to remove the lock.
    let space = one_edit();
    hook(&space, "pre-commit", "kill -9 $PPID");
    space.kaizen(&["run"]).exits(1);
    assert!(!space.root.join(".git/index.lock").exists(), "kaizen saw its git die");
    fs::remove_file(space.root.join(".git/hooks/pre-commit")).unwrap();
    space.kaizen(&["run"]).exits(0);

    let space = one_edit();
    space.write("kaizen.toml", &format!("{MANIFEST}lock_wait_seconds = 0\n"));
    let lock = space.root.join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    space.kaizen(&["run"]).exits(1).says(&[
        "index.lock, ",
        "old, is the lock of another git process",
        "remove that file",
    ]);
    assert!(lock.exists());
}

#[test]
fn temporary_files_of_dead_processes_and_copies_that_nobody_needs_are_removed() {
    let space = Space::new();
    let mut child = space.bare("true", &[]).spawn().unwrap();
    child.wait().unwrap();
    // Without the name of a boot, the process may be one of another machine or container: only age counts.
    let [fresh, old, copy, kept] = [
        format!(".kaizen/.kaizen-{}-0", child.id()),
        format!(".kaizen/.kaizen-{}-1", child.id()),
        format!(".kaizen/mounted/{}", "0a".repeat(20)),
        format!(".kaizen/mounted/{}.kept", "0a".repeat(20)),
    ];
    for name in [&fresh, &old, &copy, &kept] {
        space.write(name, "half");
    }
    let file = fs::File::open(space.root.join(&old)).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    space.kaizen(&["run", "--until", "readiness"]).exits(0);
    let stands = |name: &String| space.root.join(name).exists();
    assert!(stands(&fresh) && stands(&kept));
    assert!(!stands(&old) && !stands(&copy));
}

#[test]
fn a_session_settles_in_a_sparse_checkout_without_sessions() {
    let space = one_edit();
    space.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/sessions/*"]);
    space.kaizen(&["run"]).exits(0);
    assert!(
        space
            .git(&["ls-tree", "-r", "--name-only", "HEAD"])
            .contains("/session.json")
    );
    assert_eq!(dirty(&space), "");
}

#[test]
fn blame_works_without_the_list_of_revisions_that_git_is_set_to_ignore() {
    let space = Space::new();
    space.git(&["config", "blame.ignoreRevsFile", ".git-blame-ignore-revs"]);
    let said = space.kaizen(&["blame", "config.toml"]).exits(0);
    assert!(said.out.contains("refuse_below"), "{}", said.out);
    // A list that exists is used.
    space.write("config.toml", &CONFIG.replace("k = 1", "k = 2"));
    space.commit_all("reformat");
    let newest = space.git(&["rev-parse", "HEAD"]);
    space.write("agents/assistant/system_prompt.md", PROMPT);
    space.write("revisions", &newest);
    space.git(&["config", "--add", "blame.ignoreRevsFile", "revisions"]);
    let said = space.kaizen(&["blame", "config.toml"]).exits(0);
    assert!(!said.out.contains("reformat"), "{}", said.out);
}

/// Two people change the same file of a session, and git cannot merge it.
#[test]
fn conflict_markers_are_named_with_the_way_out() {
    let space = Space::executed();
    space.git(&["add", "-A"]);
    space.git(&["commit", "-q", "--allow-empty", "-m", "rest"]);
    let folder = space.session();
    let pending = names(&space.root.join(&folder).join("pending_review")).remove(0);
    let files = [
        format!("{folder}/plan.json"),
        format!("{folder}/session.json"),
        format!("{folder}/pending_review/{pending}"),
        "kaizen.toml".to_owned(),
        "benchmark/tasks.jsonl".to_owned(),
    ];
    let start = space.git(&["rev-parse", "HEAD"]);
    for file in &files {
        space.git(&["reset", "-q", "--hard", start.trim()]);
        let text = space.read(file);
        for (branch, end) in [("theirs", "\n\n  "), ("main", "\n    ")] {
            space.git(&["checkout", "-q", "-B", branch, start.trim()]);
            space.write(file, &text.replacen('\n', end, 1));
            space.commit_all(branch);
        }
        let merge = Said::of(space.command("git", &["merge", "theirs"]).output().unwrap());
        assert_eq!(merge.code, Some(1), "{file}: {}", merge.out);
        let said = space.kaizen(&["status"]);
        let said = if said.code == Some(0) {
            space.kaizen(&["run"])
        } else {
            said
        };
        assert_ne!(said.code, Some(0), "{file}");
        said.says(&[
            file,
            "has the conflict markers of git: a merge is not finished",
            "`git checkout --ours ",
            "`git merge --continue`",
        ]);
        space.git(&["checkout", "--ours", file]);
        space.git(&["add", file]);
        space.git(&["commit", "-q", "-m", "merged"]);
        space.kaizen(&["status"]).exits(0);
    }
    // Markers that somebody committed: git has no better version.
    space.write(&files[0], "<<<<<<< HEAD\n{\n=======\n[\n>>>>>>> theirs\n");
    space.commit_all("oops");
    let said = space
        .kaizen(&["run"])
        .exits(1)
        .says(&["conflict markers", "delete the lines that begin with"]);
    assert!(
        !said.err.contains("git restore") && !said.err.contains("checkout --ours"),
        "{}",
        said.err
    );
}

/// The variables that kaizen sets for its own git are not those of the user's hooks.
#[test]
fn a_hook_may_use_patterns() {
    let space = one_edit();
    hook(&space, "pre-commit", "git ls-files '*.toml' > .git/seen");
    space.kaizen(&["run"]).exits(0);
    let seen = space.read(".git/seen");
    assert!(seen.lines().any(|line| line == "config.toml"), "{seen}");
}

#[test]
fn an_edit_whose_lines_a_hook_formatted_can_be_reverted() {
    for stays in [false, true] {
        let space = one_edit();
        hook(
            &space,
            "pre-commit",
            "sed -i 's/^refuse_below = /refuse_below=/' config.toml; git add config.toml",
        );
        space.kaizen(&["run"]).exits(0);
        assert!(space.read("config.toml").contains("refuse_below=0.0"));
        if !stays {
            fs::remove_file(space.root.join(".git/hooks/pre-commit")).unwrap();
        }
        space.kaizen(&["revert", "bold", "--dry-run"]).exits(0);
        space.kaizen(&["revert", "bold"]).exits(0);
        let formatted = CONFIG.replace("refuse_below = ", "refuse_below=");
        assert_eq!(space.read("config.toml"), if stays { &formatted } else { CONFIG });
        assert_eq!(space.statuses()["bold"], "rolled_back");
        assert_eq!(dirty(&space), "");
        space.kaizen(&["verify"]).exits(0);
    }
}

#[test]
fn a_revert_that_a_hook_refuses_changes_nothing() {
    for formats in ["", "echo '# formatted' >> config.toml; "] {
        let space = Space::executed();
        hook(
            &space,
            "pre-commit",
            &format!("{formats}echo no commits on Friday; exit 1"),
        );
        let files = || -> Vec<(String, String)> {
            let listing = space.git(&["ls-files", "--cached", "--others", "--", ".", ":!.kaizen"]);
            let own = |path: &&str| !path.contains("/attic/");
            listing
                .lines()
                .filter(own)
                .map(|path| (path.to_owned(), space.read(path)))
                .collect()
        };
        let (before, commits) = (files(), space.subjects());
        for what in ["revert", "revert"] {
            let said = space.kaizen(&[what, "bold"]).exits(1);
            said.says(&["a hook (pre-commit) refused", "no commits on Friday"]);
            assert_eq!(files(), before);
            assert_eq!(space.subjects(), commits);
        }
        if formats.is_empty() {
            assert_eq!(dirty(&space), "");
        }
        space.kaizen(&["verify"]).exits(0);
        fs::remove_file(space.root.join(".git/hooks/pre-commit")).unwrap();
        space.kaizen(&["revert", "bold"]).exits(0);
        assert_eq!(space.read("config.toml"), CONFIG);
    }
}

/// The hook formats every record on disk, also those that are not in the commit, and stages nothing.
#[test]
fn a_formatter_that_stages_nothing_leaves_the_records_as_they_are() {
    let space = one_edit();
    hook(
        &space,
        "pre-commit",
        "find sessions -name '*.json' -exec sed -i 's/\"status\"/\"st\\\\u0061tus\"/' {} +\n\
         find sessions -name '*.md' -exec sed -i 's/^\\*/-/; s/$/ /' {} +",
    );
    space.kaizen(&["run"]).exits(0);
    assert_eq!(dirty(&space), "");
    let record = space.read(&format!("{}/session.json", space.session()));
    assert!(record.contains("\"status\""), "{record}");
    space.kaizen(&["verify"]).exits(0);
    assert_eq!(space.run(&[]).exits(0).phases(), Vec::<String>::new());
    space.kaizen(&["revert", "bold"]).exits(0);
    assert_eq!(dirty(&space), "");
}

#[test]
fn verify_remarks_on_what_git_does_not_report() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let space = Space::executed();
        let record = format!("{}/session.json", space.session());
        space.git(&["update-index", flag, "config.toml", &record, "kaizen.toml"]);
        let before = space.kaizen(&["verify"]).exits(0).out;
        assert!(!before.contains("git reports no change"), "{before}");
        space.write("config.toml", &format!("{}# mine\n", space.read("config.toml")));
        space.write(&record, &format!("{}\n", space.read(&record)));
        let said = space.kaizen(&["verify"]).exits(0).out;
        for path in ["config.toml", &record] {
            let remark =
                format!("remark: {path}: on disk is not what git checks out at HEAD, although git reports no change");
            assert!(said.contains(&remark), "{said}");
        }
        assert!(said.contains(&format!("--no-{}", &flag[2..])), "{said}");
        assert!(!said.contains("kaizen.toml"), "{said}");
    }
}
