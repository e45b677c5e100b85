//! A program as the teacher.

use serde_json::json;

use super::files::DIAGNOSIS;
use super::space::{Space, bold, names};

/// A workspace whose teacher is this shell script.
fn taught_by(script: &str, settings: &str) -> Space {
    let space = Space::new();
    let manifest = space.read("kaizen.toml");
    let teacher = format!("[teacher]\nengine = \"command\"\nrun = [\"sh\", \"teach.sh\"]\n{settings}");
    space.write("kaizen.toml", &format!("{manifest}{teacher}"));
    let answers = space.root.join("answers");
    space.write("teach.sh", &script.replace("$ANSWERS", answers.to_str().unwrap()));
    space.write("answers/diagnosis.md", DIAGNOSIS);
    space.write("answers/plan.json", &json!({"edits": [bold()]}).to_string());
    space.commit_all("taught by a program");
    space
}

#[test]
fn what_it_leaves_or_prints_is_taken() {
    let script = "set -e\ntest -s README.md\ntest -s train.jsonl\ntest -d harness\ncat > question.json\n\
        grep -q \"\\\"phase\\\":\\\"$KAIZEN_PHASE\\\"\" question.json\ntest -z \"$OPENAI_API_KEY$KAIZEN_WORKSPACE\"\n\
        case $KAIZEN_PHASE in diagnose) cp \"$ANSWERS/diagnosis.md\" . ;;\n\
        plan) test -s diagnosis.md; cat \"$ANSWERS/plan.json\" ;; esac\n";
    let space = taught_by(script, "");
    space.kaizen_with("OPENAI_API_KEY", "k", &["run"]).exits(0);
    assert_eq!(space.statuses()["bold"], "applied");
    assert_eq!(space.read(&format!("{}/diagnosis.md", space.session())), DIAGNOSIS);
    assert_eq!(space.artifact("plan.json")["teacher_model"], "command");
    // A different program is a different teacher, but only for a session that is not settled.
    assert_eq!(space.run(&[]).exits(0).phases(), Vec::<String>::new());
}

#[test]
fn its_failures_are_told_and_nothing_is_published() {
    for (script, settings, words) in [
        ("echo no tongue >&2; exit 3\n", "", "no tongue"),
        ("sleep 30\n", "timeout_seconds = 1\n", "longer than 1 s"),
        ("true\n", "", "wrote no diagnosis.md"),
        ("echo words\n", "", "one fenced block"),
        ("ln -s /etc/passwd diagnosis.md\n", "", "not a plain file"),
    ] {
        let space = taught_by(script, settings);
        space.kaizen(&["run"]).exits(1).says(&["phase diagnose", words]);
        let session = space.root.join(space.session());
        assert!(!session.join("diagnosis.md").exists() && !session.join("checkpoints/diagnose.json").exists());
        assert_eq!(space.artifact("session.json")["status"], "failed");
    }
    let space = taught_by(
        "case $KAIZEN_PHASE in diagnose) cp \"$ANSWERS/diagnosis.md\" . ;; *) echo '{\"edits\": [{}]}' ;; esac\n",
        "",
    );
    space
        .kaizen(&["run"])
        .exits(1)
        .says(&["phase plan", "plan.json:1:", "missing field"]);
    assert!(!names(&space.root.join(space.session())).contains(&"plan.json".to_owned()));
}
