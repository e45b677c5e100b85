//! Confinement: whatever a workspace contains, nothing outside it is read or written, and no command hangs.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::space::{Said, Space, bold, edit, helping};

const PRECIOUS: &str = "my own words, in no format of kaizen's\n";

/// A folder of the user outside the workspace.
fn outside(space: &Space) -> PathBuf {
    let folder = space.home.join("mine");
    fs::create_dir_all(folder.join("sub")).unwrap();
    fs::write(folder.join("words"), PRECIOUS).unwrap();
    folder
}

fn is_untouched(folder: &Path) -> bool {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    names == ["sub", "words"]
        && fs::read_dir(folder.join("sub")).unwrap().count() == 0
        && fs::read_to_string(folder.join("words")).unwrap() == PRECIOUS
}

/// Replaces a file or folder with a link.
fn replace_by_link(space: &Space, name: &str, target: &Path) {
    let path = space.root.join(name);
    match path.is_dir() {
        true => fs::remove_dir_all(&path).unwrap(),
        false => drop(fs::remove_file(&path)),
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink(target, path).unwrap();
}

pub fn fifo(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn a_link_in_the_place_of_any_file_of_a_session_is_an_error_that_names_it() {
    let files = [
        "trigger.json",
        "readiness.json",
        "baseline.json",
        "diagnosis.md",
        "plan.json",
        "session.json",
        "evidence.jsonl",
        "after.json",
        "budget.json",
        "checkpoints/execute.json",
        "attic/0000000000000000000000000000000000000000",
        "teacher/plan.jsonl",
        "notes.txt",
    ];
    let folders = [
        "outcomes",
        "pending_review",
        "checkpoints",
        "attic",
        "teacher",
        "briefing",
    ];
    let executed = Space::executed();
    for (name, is_folder) in files
        .map(|name| (name, false))
        .into_iter()
        .chain(folders.map(|name| (name, true)))
    {
        let space = executed.copy();
        let mine = outside(&space);
        let target = if is_folder {
            mine.join("sub")
        } else {
            mine.join("words")
        };
        let link = format!("{}/{name}", space.session());
        replace_by_link(&space, &link, &target);
        for command in [&["run"][..], &["run", "--redo", "execute"], &["verify"]] {
            let said = space.kaizen(command);
            assert_ne!(said.code, Some(0), "{name} {command:?}: {}", said.out);
            assert!(is_untouched(&mine), "{name} {command:?}");
        }
        space.kaizen(&["run"]).exits(1).says(&[&link, "symbolic link"]);
    }
}

#[test]
fn a_link_in_the_place_of_a_folder_of_kaizens_is_an_error_that_names_it() {
    for (name, command) in [
        ("sessions", &["run"][..]),
        (".kaizen", &["run"]),
        (".kaizen/cache", &["eval"]),
        (".kaizen/cache/memo.db", &["eval"]),
        (".kaizen/lock", &["run"]),
        ("triggers", &["trigger"]),
        ("benchmark/consultations.jsonl", &["run"]),
        ("schemas", &["init"]),
        ("kaizen.toml", &["status"]),
    ] {
        let space = Space::new();
        let mine = outside(&space);
        let is_file =
            name.contains("memo.db") || name.ends_with("lock") || name.contains(".jsonl") || name.contains(".toml");
        let target = if is_file { mine.join("words") } else { mine.join("sub") };
        replace_by_link(&space, name, &target);
        let said = space.kaizen(command);
        assert!(is_untouched(&mine), "{name}: {}", said.err);
        if name == "schemas" {
            continue;
        }
        // kaizen works without a cache that it cannot use.
        if name.contains("cache") {
            continue;
        }
        // The manifest is the user's to correct.
        let code = if name.contains("kaizen.toml") { 2 } else { 1 };
        said.exits(code).says(&[name, "symbolic link"]);
    }
    let space = Space::executed();
    let mine = outside(&space);
    let whole = space.session();
    fs::rename(space.root.join(&whole), space.root.join("elsewhere")).unwrap();
    symlink(&mine, space.root.join(&whole)).unwrap();
    space.kaizen(&["run"]).exits(1).says(&[&whole, "symbolic link"]);
    assert!(is_untouched(&mine));
}

#[test]
fn a_pipe_is_an_error_at_once_and_holds_no_lock() {
    for (name, command) in [
        ("benchmark/f.jsonl", &["run"][..]),
        ("benchmark/f.jsonl", &["eval"]),
        ("traces/f.jsonl", &["traces", "list"]),
        ("agents/other/system_prompt.md", &["eval"]),
        ("plan.json", &["run"]),
        ("plan.json", &["explain"]),
        ("plan.json", &["verify"]),
        ("session.json", &["status"]),
    ] {
        let space = Space::executed();
        let path = match name.contains('/') {
            true => space.root.join(name),
            false => space.root.join(space.session()).join(name),
        };
        let _ = fs::remove_file(&path);
        fifo(&path);
        let file = path.file_name().unwrap().to_str().unwrap();
        let said = space.kaizen(command);
        let told = format!("{}{}", said.out, said.err);
        assert_ne!(said.code, Some(0), "{name} {command:?}: {told}");
        assert!(
            told.contains(file) && told.contains("pipe"),
            "{name} {command:?}: {told}"
        );
    }
}

/// A workspace in which all files belong to the harness, with the few-shot file in a hidden folder.
fn hidden() -> Space {
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    let sections = "[harness]\nfiles = [\"**\"]\n[harness.layout]\nfew_shot = \".agents/{agent}/few_shot.json\"\n";
    space.write("kaizen.toml", &format!("{manifest}{sections}"));
    fs::create_dir_all(space.root.join(".agents/assistant")).unwrap();
    fs::rename(
        space.root.join("agents/assistant/few_shot.json"),
        space.root.join(".agents/assistant/few_shot.json"),
    )
    .unwrap();
    space.write("node_modules/x/notes.md", "part of it");
    space.commit_all("hidden");
    space
}

#[test]
fn hidden_folders_belong_to_the_harness_on_disk_as_in_a_commit() {
    let space = hidden();
    space.kaizen(&["run", "--until", "plan", "--autonomy", "auto"]).exits(0);
    let exemplars = json!([{"input": "book me a train to town", "output": "trip_book"}]);
    let payload = json!({"agent": "assistant", "exemplars": exemplars});
    let shots = helping(
        "trip",
        edit("shots", "edit_few_shot_exemplars", "agents.assistant.few_shot", payload),
    );
    space.plan(&[bold(), shots]);
    space.kaizen(&["run", "--autonomy", "auto"]).exits(0);
    assert_eq!(space.statuses()["shots"], "applied");
    assert!(space.read(".agents/assistant/few_shot.json").contains("trip_book"));
    let before = space.artifact("after.json")["evaluation"]["overall_score"]
        .as_f64()
        .unwrap();
    let said = Said::of(
        space
            .command(crate::space::KAIZEN, &["eval", "--split", "gate", "--format", "json"])
            .output()
            .unwrap(),
    );
    let now = said.events().pop().unwrap()["overall_score"].as_f64().unwrap();
    assert!((now - before).abs() < 1e-9, "{now} on disk, {before} in the commit");
}

#[test]
fn an_ignored_file_is_left_out_where_a_wildcard_matches_it_and_stops_where_it_is_named() {
    let space = Space::new();
    space.write(".gitignore", "agents/draft/\n");
    space.write("agents/draft/system_prompt.md", "not for anybody");
    space.commit_all("ignore");
    let said = space.kaizen(&["eval"]).exits(0);
    let left_out = "agents/draft/system_prompt.md is left out of the harness: git ignores it";
    assert!(format!("{}{}", said.out, said.err).contains(left_out), "{}", said.err);
    let said = space.kaizen(&["run", "--until", "baseline"]).exits(0);
    assert!(format!("{}{}", said.out, said.err).contains(left_out), "{}", said.err);
    let space = Space::new();
    space.git(&["rm", "-q", "--cached", "tools/descriptions.toml"]);
    space.write(".gitignore", "tools/\n");
    space.commit_all("ignore");
    let before = fs::read_dir(&space.root).unwrap().count();
    space
        .kaizen(&["run"])
        .exits(2)
        .says(&["tools/descriptions.toml", "git ignores", ".gitignore"][..2]);
    assert!(!space.root.join("sessions").exists(), "no session began");
    assert!(fs::read_dir(&space.root).unwrap().count() <= before + 1);
}

#[test]
fn what_cannot_be_the_agents_is_refused_when_the_manifest_is_read() {
    for (sections, part) in [
        ("[harness]\nfiles = [\"kaizen.toml\"]\n", "kaizen.toml"),
        ("[harness]\nfiles = [\"sessions/x/plan.json\"]\n", "sessions"),
        ("[harness.layout]\nprompt = \".git/hooks/{agent}\"\n", ".git/hooks"),
        (
            "[harness.layout]\nprompt = \"../{agent}.md\"\n",
            "outside the workspace",
        ),
        ("[harness.layout]\nfew_shot = \"/tmp/{agent}.json\"\n", "absolute"),
    ] {
        let space = Space::new();
        let manifest = space.read("kaizen.toml");
        space.write("kaizen.toml", &format!("{manifest}{sections}"));
        space.kaizen(&["status"]).exits(2).says(&["kaizen.toml", part]);
    }
}

#[test]
fn oversized_files_are_errors() {
    let space = Space::executed();
    let grow = |name: &str, bytes: u64| {
        let file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(space.root.join(name))
            .unwrap();
        file.set_len(bytes).unwrap();
    };
    grow("agents/assistant/system_prompt.md", 9 << 20);
    space
        .kaizen(&["eval"])
        .exits(1)
        .says(&["system_prompt.md", "larger than the limit of 8 MiB"]);
    space.git(&["checkout", "-q", "--", "agents"]);
    let plan = format!("{}/plan.json", space.session());
    grow(&plan, 65 << 20);
    space
        .kaizen(&["run"])
        .exits(1)
        .says(&["plan.json", "larger than the limit of 64 MiB"]);
    fs::write(space.root.join("benchmark/long.jsonl"), vec![b'x'; 65 << 20]).unwrap();
    space.kaizen(&["eval"]).exits(1).says(&["long.jsonl:1", "64 MiB"]);
}

#[test]
fn hidden_links_and_links_that_nothing_reads_are_errors_too() {
    for name in [
        "triggers/x.json",
        "pending_review",
        "pending_review/x",
        ".kaizen/.gitignore",
        ".kaizen/cache/memo.db",
        "sessions/.hidden",
        "SESSION/.hidden",
    ] {
        let space = Space::executed();
        let mine = outside(&space);
        let link = name.replace("SESSION", &space.session());
        replace_by_link(&space, &link, &mine.join("words"));
        space.kaizen(&["verify"]).exits(1).says(&[&link, "symbolic link"]);
        space.kaizen(&["run"]).exits(1).says(&[&link, "symbolic link"]);
        assert!(is_untouched(&mine), "{name}");
    }
}

#[test]
fn a_pipe_that_is_called_like_the_manifest_stops_the_search() {
    let space = Space::new();
    fs::create_dir_all(space.root.join("inner")).unwrap();
    fifo(&space.root.join("inner/kaizen.toml"));
    space
        .kaizen(&["-C", "inner", "status"])
        .exits(2)
        .says(&["inner/kaizen.toml", "pipe"]);
}
