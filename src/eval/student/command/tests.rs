//! Tests of the command student, with real programs.

use tempfile::TempDir;

use super::*;
use crate::artifact::Money;
use crate::artifact::egress::LlmRole;
use crate::llm::client;
use crate::manifest::Manifest;
use crate::sys::clock::Clock;
use crate::sys::disk::{OWN_FOLDER, Root};

/// A workspace with a program, and the student that runs it.
pub(super) struct Place {
    pub(super) folder: TempDir,
    manifest: Manifest,
}

impl Place {
    pub(super) fn new(run: &[&str], more: &str) -> Self {
        let text = format!(
            "[student]\nengine = \"command\"\ntimeout_seconds = 1\nrun = {}\n{more}",
            json!(run)
        );
        Self {
            folder: tempfile::tempdir().unwrap(),
            manifest: Manifest::parse("kaizen.toml".as_ref(), &text).unwrap(),
        }
    }

    fn sh(script: &str) -> Self {
        Self::new(&["sh", "-c", script], "")
    }

    pub(super) fn student(&self) -> CommandStudent {
        let calls = LlmClient::new(
            &self.manifest,
            crate::llm::redact::Redactor::default(),
            &Root::open(self.folder.path()).unwrap(),
            Clock::from_environment().unwrap(),
            crate::sys::consent::Approvals::of_a_test(),
        );
        let section = self.manifest.student.clone();
        let root = Root::open(self.folder.path()).unwrap();
        let foundation = section.sandbox.clone().map(|sandbox| {
            let rule = crate::manifest::sandbox::BaseRule::new(&self.manifest).unwrap();
            SandboxFoundation::new(sandbox, rule, self.manifest.benchmark.files.clone(), root.clone())
        });
        let withheld = self.manifest.withheld(&section.env);
        CommandStudent::new(section, Layout::default(), root, withheld, calls, foundation)
    }

    pub(super) fn attempt(&self, query: &str) -> Attempt {
        self.student()
            .prepare(&harness())
            .attempt(&task(query), Draw::first(1 << 40 | 5))
    }

    pub(super) fn answer(&self, query: &str) -> String {
        answer_of(self.attempt(query))
    }
}

pub(super) fn answer_of(attempt: Attempt) -> String {
    match attempt {
        Attempt::Answered { answer, .. } => answer,
        other => panic!("{other:?}"),
    }
}

pub(super) fn harness() -> Harness {
    Harness::default().with("agents/a/system_prompt.md", "Be kind.")
}

pub(super) fn task(query: &str) -> Task {
    serde_json::from_value(json!({"task_id": "t", "query": query, "reference_answer": "secret"})).unwrap()
}

#[test]
fn it_is_asked_and_finds_the_candidate() {
    let asked: Value = serde_json::from_str(&Place::sh("cat").answer("why?")).unwrap();
    assert_eq!(asked, json!({"task_id": "t", "query": "why?", "agent": "a", "seed": 5}));
    let place = Place::sh("cat \"$KAIZEN_HARNESS/agents/a/system_prompt.md\"; pwd -P; echo $KAIZEN_WORKSPACE");
    let root = place.folder.path().canonicalize().unwrap();
    let said = place.answer("");
    let mut lines = said.lines();
    assert_eq!(lines.next().unwrap(), format!("Be kind.{}", root.display()));
    assert_eq!(lines.next().unwrap(), place.folder.path().display().to_string());
    let left = std::fs::read_dir(place.folder.path().join(".kaizen/scratch")).unwrap();
    assert_eq!(left.count(), 0, "the folder goes with the candidate");
}

#[test]
fn the_query_can_stand_in_an_argument_and_is_never_a_script() {
    let place = Place::new(&["sh", "-c", "cat; echo \"$0\"", "<{query}>"], "");
    assert_eq!(
        place.answer("$(id); `id` \"' {harness}\0"),
        "<$(id); `id` \"' {harness}>"
    );
    let place = Place::new(&["cat", "{harness}/agents/a/system_prompt.md"], "");
    assert_eq!(place.answer("x"), "Be kind.");
}

#[test]
fn who_is_to_blame() {
    let failed = |script: &str| match Place::sh(script).attempt("x") {
        Attempt::Failed { reason } => reason,
        other => panic!("{other:?}"),
    };
    assert!(failed("echo no luck >&2; exit 1").contains("no luck"));
    assert!(failed("sleep 9").contains("longer than 1 s"));
    assert!(failed("kill -9 $$").contains("signal"));
    let infra = |place: Place| assert!(matches!(place.attempt("x"), Attempt::Infra { .. }));
    infra(Place::sh("exit 75"));
    let missing = Place::new(&["./no-such-program"], "");
    let problem = missing.student().check(&harness(), &[]).unwrap_err();
    assert!(
        problem.contains("[student]") && problem.contains("no-such-program"),
        "{problem}"
    );
    infra(missing);
    assert_eq!(Place::sh("").student().check(&harness(), &[]), Ok(()));
}

#[test]
fn what_it_is_and_what_it_reads_are_known() {
    let place = Place::new(&["sh", "agent.sh"], "");
    let before = place.student().identity();
    std::fs::write(place.folder.path().join("agent.sh"), "echo 1").unwrap();
    assert_ne!(place.student().identity(), before);
    let footprint = |harness: &Harness| place.student().prepare(harness).footprint(&task("x"));
    assert_ne!(footprint(&harness()), footprint(&harness().with("other", "")));
}

#[test]
fn what_it_spends_is_counted() {
    let place = Place::new(
        &["echo", r#"{"answer": "x", "total_cost_usd": 0.4, "model": "big"}"#],
        "[session]\nmax_cost_usd = 1.0",
    );
    let prepared = place.student().prepare(&harness());
    for _ in 0..2 {
        assert!(matches!(
            prepared.attempt(&task("x"), Draw::default()),
            Attempt::Answered { .. }
        ));
    }
    let Attempt::Infra { reason } = prepared.attempt(&task("x"), Draw::default()) else {
        panic!("over budget");
    };
    assert!(reason.contains("max_cost_usd"), "{reason}");
    let lines = client::spent(&Root::open(place.folder.path()).unwrap(), OWN_FOLDER.as_ref()).unwrap();
    assert_eq!(
        (lines.len(), lines[0].role, lines[0].cost_usd),
        (2, LlmRole::Student, Money::from_usd(0.4))
    );
    assert_eq!(lines[0].model, "big");
}

#[test]
fn attempts_at_once_share_a_folder_and_processes_do_not() {
    let place = Place::sh("echo $KAIZEN_HARNESS");
    let (one, two) = (place.student().prepare(&harness()), place.student().prepare(&harness()));
    let said = |prepared: &dyn PreparedStudent| answer_of(prepared.attempt(&task("x"), Draw::default()));
    let all: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| said(one.as_ref()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(all.iter().all(|said| *said == all[0]));
    assert_ne!(said(two.as_ref()), all[0]);
}
