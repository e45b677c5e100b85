//! User-defined phases: what their programs receive and may write, and reads that nothing provides.

use super::space::{Space, bold, names, shots};

const AUTHOR: &str = "[ledger]\nauthor = \"t <t@t>\"\n";

/// A workspace whose manifest has an additional phase.
fn with_phase(stanza: &str) -> Space {
    let space = Space::new();
    space.write("kaizen.toml", &format!("{AUTHOR}{stanza}"));
    space.commit_all("a phase");
    space
}

#[test]
fn a_phase_that_is_no_phase_of_its_own_is_refused_before_anything_runs() {
    let writes =
        |path: &str| format!("[phase.notes]\nrun = [\"true\"]\nreads = [\"plan.json\"]\nwrites = [{path:?}]\n");
    let mut stanzas: Vec<(String, &str)> = [
        "session.json",
        "./session.json",
        "a/../session.json",
        "Session.json",
        "session.json.",
        "session.json/",
        "pending_review/x.json",
        "pending_review//x.json",
        "pending_review\\x.json",
        "../evil",
        "/tmp/evil",
        "plan.json",
        "checkpoints/notes.json",
        "attic/x",
        "outcomes/x.json",
        "trigger.json",
        "budget.json",
        "teacher/x",
        "ſession.json",
        "nul.txt",
        "release",
        "briefing/README.md",
        "plan.check.md",
        "egress.jsonl",
        "spending.jsonl",
    ]
    .map(|path| (writes(path), "[phase.notes]"))
    .into();
    for name in ["../../../evil", "../session", "a b", "con", "Plan", "1st"] {
        stanzas.push((
            format!("[phase.{name:?}]\nrun = [\"true\"]\nwrites = [\"x\"]\n"),
            "[phase.",
        ));
    }
    let space = Space::new();
    for (stanza, named) in stanzas {
        space.write("kaizen.toml", &format!("{AUTHOR}{stanza}"));
        for command in ["run", "status"] {
            space.kaizen(&[command]).exits(2).says(&[named]);
        }
    }
    assert!(!space.root.join("sessions").exists());
}

#[test]
fn a_read_that_nobody_provides_is_named_with_the_nearest_name() {
    let space = with_phase(
        "[phase.notes]\nrun = [\"sh\", \"-c\", \"cp draft.md out.txt\"]\nreads = [\"draft.md\", \"diagnosys.md\"]\nwrites = [\"out.txt\"]\n",
    );
    for _ in 0..2 {
        let ran = space.kaizen(&["run"]).exits(4);
        ran.says(&[
            "diagnosys.md",
            "did you mean `diagnosis.md`?",
            "hint: correct `reads` of [phase.notes]",
        ]);
    }
    for command in ["status", "explain"] {
        let out = space.kaizen(&[command]).exits(0).out;
        assert!(
            out.contains("diagnosys.md") && out.contains("did you mean `diagnosis.md`?"),
            "{out}"
        );
    }
    // Files from a person are as good as those that a phase writes.
    let session = space.session();
    space.write(&format!("{session}/draft.md"), "mine");
    space.write(&format!("{session}/diagnosys.md"), "mine too");
    assert_ne!(space.kaizen(&["run"]).code, Some(4));
    assert_eq!(space.read(&format!("{session}/out.txt")), "mine");
}

#[test]
fn an_unknown_input_and_a_misspelt_folder_are_named_too() {
    let space = with_phase("[phase.notes]\nrun = [\"true\"]\nreads = [\"@trian\"]\nwrites = [\"out.jsonl\"]\n");
    space
        .kaizen(&["run"])
        .exits(2)
        .says(&["[phase.notes]", "did you mean `@train`?"]);
    space.write(
        "kaizen.toml",
        &format!("{AUTHOR}[phase.notes]\nrun = [\"true\"]\nreads = [\"outcome/\"]\nwrites = [\"out.jsonl\"]\n"),
    );
    space
        .kaizen(&["run"])
        .exits(4)
        .says(&["outcome/", "did you mean `outcomes/`?"]);
}

/// A program receives all files of a session, without the id or query of any gate task.
#[test]
fn no_program_is_given_a_held_out_task() {
    let space = Space::new();
    let keeps = "rm -rf ../../../given && cp -r . ../../../given && touch out.jsonl";
    let reads = "reads = [\"@traces\", \"@train\", \"@gate\", \"after.json\", \"baseline.json\", \"diagnosis.md\", \"evidence.jsonl\", \
        \"outcomes/\", \"pending_review/\", \"plan.json\", \"readiness.json\", \"session.json\", \"teacher/\", \"trigger.json\"]";
    space.write(
        "kaizen.toml",
        &format!("{AUTHOR}[phase.zz]\nrun = [\"sh\", \"-c\", {keeps:?}]\n{reads}\nwrites = [\"out.jsonl\"]\n"),
    );
    space.commit_all("a curious phase");
    space.kaizen(&["run", "--until", "plan"]);
    space.plan(&[bold(), shots()]);
    space.kaizen(&["run"]);
    let given = space.root.join("given");
    assert!(names(&given).contains(&"outcomes".to_owned()), "{:?}", names(&given));
    let benchmark = space.read("benchmark/tasks.jsonl");
    let tasks = benchmark
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let held_out: Vec<serde_json::Value> = tasks.filter(|task| task["split"] != "train").collect();
    assert!(held_out.len() > 3);
    for path in walk(&given) {
        let text = std::fs::read_to_string(&path).unwrap();
        for task in &held_out {
            for part in ["task_id", "query"] {
                let part = task[part].as_str().unwrap();
                assert!(!text.contains(&format!("\"{part}\"")), "{}: {part}", path.display());
            }
        }
        if path.extension().is_some_and(|extension| extension == "json") {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

#[test]
fn what_a_program_leaves_is_limited() {
    for (program, said) in [
        ("truncate -s 300M out/big.txt", ["out/big.txt", "larger than 64 MiB"]),
        (
            "for i in 1 2 3 4 5; do truncate -s 60M out/$i; done",
            ["out/5", "larger than 256 MiB"],
        ),
        ("mkfifo out/pipe", ["out/pipe", "not a plain file"]),
        ("ln -s /etc/hostname out/link", ["out/link", "a link"]),
        ("rmdir out; ln -s /etc out", ["out/", "a link"]),
        ("touch 'out/a b'", ["out/", "use ASCII"]),
        ("seq 1100 | (cd out; xargs touch)", ["out/", "more than 1000 files"]),
    ] {
        let program = format!("mkdir out; {program}");
        let space = with_phase(&format!(
            "[phase.notes]\nrun = [\"sh\", \"-c\", {program:?}]\nreads = [\"trigger.json\"]\nwrites = [\"out/\"]\n"
        ));
        space.kaizen(&["run"]).exits(1).says(&["phase notes"]).says(&said);
        assert!(!space.root.join(space.session()).join("out").exists(), "{program}");
    }
}

#[test]
fn a_program_that_takes_too_long_is_ended() {
    let space = with_phase(
        "[phase.notes]\nrun = [\"sleep\", \"60\"]\ntimeout_seconds = 1\nreads = [\"trigger.json\"]\nwrites = [\"x.jsonl\"]\n",
    );
    space
        .kaizen(&["run"])
        .exits(1)
        .says(&["phase notes", "took longer than 1 s"]);
}
