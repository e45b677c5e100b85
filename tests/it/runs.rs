//! Runs of a language model behind a real server: which are asked, which are replayed, and what drift does to them.

use std::sync::Arc;

use kaizen::artifact::egress::Role;
use kaizen::artifact::task::Task;
use kaizen::eval::memo::Forgetful;
use kaizen::eval::run::{Evaluator, Run, attempt_runs};
use kaizen::eval::student::chat::{ChatStudent, Toolbox};
use kaizen::harness::Harness;
use kaizen::llm::client::LlmClient;
use kaizen::llm::redact::Redactor;
use kaizen::manifest::Manifest;
use kaizen::sys::clock::Clock;
use kaizen::workspace::consent::{Permission, Store};
use kaizen::workspace::session::Session;
use kaizen::workspace::{Workspace, cache_epoch};
use serde_json::Value;

use crate::server::{Reply, Server};
use crate::space::Space;
use crate::students::{benchmark, chat, eval, task};

/// A student behind the server, with a store of its own.
struct Place {
    folder: tempfile::TempDir,
    manifest: Manifest,
    calls: Arc<LlmClient>,
    permission: Arc<Permission>,
}

impl Place {
    fn new(server: &Server) -> Self {
        let text = format!(
            "[student]\nengine = \"chat\"\nmodel = \"m\"\nbase_url = \"{}\"\n[student.tools.clock]\nrun = [\"echo\", \"noon\"]\n",
            server.url()
        );
        let folder = crate::space::folder();
        let manifest = Manifest::parse("kaizen.toml".as_ref(), &text).unwrap();
        let root = kaizen::sys::disk::Root::open(folder.path()).unwrap();
        let approvals = Store::at(&folder.path().join("approvals"));
        let permission = Arc::new(Permission::new(&root, &manifest, None, Some(approvals)));
        permission.approve(&permission.list().unwrap(), String::new()).unwrap();
        let clock = Clock::from_environment();
        let calls = LlmClient::new(&manifest, Redactor::default(), &root, clock, permission.approvals());
        Self {
            folder,
            manifest,
            calls,
            permission,
        }
    }

    /// Scores of runs of one task. No attempt is remembered, so that only the store of calls can spare one.
    fn runs(&self, harness: &Harness, numbers: &[u32]) -> Vec<Option<f64>> {
        let section = self.manifest.student.clone();
        let permission = Arc::clone(&self.permission);
        let toolbox = Toolbox::new(
            section.clone(),
            self.folder.path().to_owned(),
            Vec::new(),
            permission.approvals(),
        );
        let model = Box::new(self.calls.model(Role::Student, section.chat()));
        let student = ChatStudent::new(model, section, self.manifest.harness.layout.clone(), toolbox);
        let task: Task = serde_json::from_value(task("t", "is it noon", "yes", "exact")).unwrap();
        let runs: Vec<Run> = numbers
            .iter()
            .map(|number| Run {
                task: &task,
                number: *number,
            })
            .collect();
        let evaluator = Evaluator {
            student: &student,
            memo: &Forgetful,
            score: &|task, answer| kaizen::eval::score::score(task, answer).map_err(|error| error.to_string()),
            seed: 0,
            epoch: 0,
            concurrency: 1,
            progress: &|_, _| {},
            halted: &|| None,
        };
        let attempted = attempt_runs(&evaluator, harness, &runs);
        attempted.iter().map(|attempted| attempted.score).collect()
    }
}

fn harness(max_turns: u32) -> Harness {
    let config = format!(
        "[agent]\ndefault_agent = \"a\"\n[agent.a]\nclass = \"react\"\ntools = [\"clock\"]\nmax_turns = {max_turns}\n"
    );
    Harness::default()
        .with("config.toml", config)
        .with(
            "tools/descriptions.toml",
            "[clock]\ndescription = \"Tells the time.\"\n",
        )
        .with("agents/a/system_prompt.md", "Answer yes or no.\n")
}

#[test]
fn a_run_is_a_call_of_its_own_even_at_temperature_0() {
    let server = Server::start();
    server.on("", Reply::says("yes").times(1)).on("", Reply::says("no"));
    let place = Place::new(&server);
    assert_eq!(place.runs(&harness(2), &[0]), [Some(1.0)]);
    assert_eq!(
        place.runs(&harness(2), &[0, 1]),
        [Some(1.0), Some(0.0)],
        "noise is seen"
    );
    assert_eq!((server.received().len(), place.calls.replayed()), (2, 1));
    let [first, second] = &server.received()[..] else {
        panic!()
    };
    assert_eq!(first.body, second.body, "the number is not sent");
    assert_eq!(place.runs(&harness(2), &[0, 1]), [Some(1.0), Some(0.0)]);
    assert_eq!((server.received().len(), place.calls.replayed()), (2, 3));
}

#[test]
fn an_edit_replays_the_baseline_until_the_first_request_that_differs() {
    let server = Server::start();
    for _ in 0..2 {
        server.on("is it noon", Reply::calls("clock", "{}").times(2));
    }
    server.on("", Reply::says("yes"));
    let place = Place::new(&server);
    // Two runs of two turns each: the clock, and the clock again.
    assert_eq!(
        place.runs(&harness(2), &[0, 1]),
        [Some(0.0); 2],
        "no turn is left to answer in"
    );
    assert_eq!((server.received().len(), place.calls.replayed()), (4, 0));
    assert_eq!(place.runs(&harness(3), &[0]), [Some(1.0)]);
    assert_eq!(
        (server.received().len(), place.calls.replayed()),
        (5, 2),
        "only the third turn is asked"
    );
    let prompted = harness(3).with("agents/a/system_prompt.md", "Answer no or yes.\n");
    place.runs(&prompted, &[0]);
    assert_eq!(
        (server.received().len(), place.calls.replayed()),
        (6, 2),
        "nothing fits another prompt"
    );
}

/// A workspace whose ten gate tasks were answered before its first session.
fn answered(server: &Server) -> Space {
    server.on("", Reply::says("yes"));
    let space = chat(server, "");
    let mut tasks: Vec<Value> = (0..11)
        .map(|at| task(&format!("t{at}"), &format!("is it {at}"), "yes", "exact"))
        .collect();
    tasks[10]["split"] = "train".into();
    benchmark(&space, &tasks);
    space.commit_all("tasks");
    assert_eq!(eval(&space, 0)["overall_score"], 1.0);
    assert_eq!(server.received().len(), 10);
    space
}

#[test]
fn a_student_that_drifted_is_asked_anew() {
    let server = Server::start();
    let space = answered(&server);
    server.forget_rules();
    server.on("", Reply::says("no"));
    space
        .kaizen(&["run", "--until", "baseline"])
        .exits(0)
        .says(&["drifted", "10 tasks", "worse"]);
    let baseline = space.artifact("baseline.json");
    assert_eq!(baseline["epoch"], 1);
    assert_eq!(
        (&baseline["drift"]["tasks"], &baseline["drift"]["dropped"]),
        (&10.into(), &true.into())
    );
    assert_eq!(baseline["evaluation"]["overall_score"], 0.0);
    assert_eq!(server.received().len(), 40, "ten to check, ten anew, and ten once more");
    assert_eq!(eval(&space, 0)["overall_score"], 0.0, "the new epoch holds from now on");
    assert_eq!(server.received().len(), 40);
}

#[test]
fn a_student_that_is_the_same_is_not() {
    let server = Server::start();
    let space = answered(&server);
    space.kaizen(&["run", "--until", "baseline"]).exits(0);
    let baseline = space.artifact("baseline.json");
    assert_eq!(
        (&baseline["drift"]["tasks"], &baseline["drift"]["dropped"]),
        (&10.into(), &false.into())
    );
    assert_eq!(baseline.get("epoch"), None);
    assert_eq!(server.received().len(), 30, "ten to check, and ten once more");
}

#[test]
fn a_session_has_the_epoch_of_its_baseline_or_of_the_newest_before_it_with_its_student() {
    let space = Space::planned();
    let own = space.session().replace("sessions/", "");
    let mut baseline = space.artifact("baseline.json");
    // Names are in the order of time: the first is the oldest, and ours lies between the second and the third.
    for (name, epoch, layout) in [
        ("session-0", 4, None),
        ("session-3", 2, None),
        ("session-4", 7, Some("other")),
    ] {
        baseline["epoch"] = epoch.into();
        if let Some(layout) = layout {
            baseline["student"]["layout"] = layout.into();
        }
        space.write(&format!("sessions/{name}/trigger.json"), "{}");
        space.write(&format!("sessions/{name}/baseline.json"), &baseline.to_string());
    }
    let workspace = Workspace::open(&space.root).unwrap();
    let student = workspace.student.identity();
    let root = &workspace.root;
    let of = |id: &str| cache_epoch::of(root, &student, &Session::at(root, id));
    assert_eq!(of(&own), 0, "its own baseline says so");
    assert_eq!(of("session-1"), 4, "nothing of its own yet");
    assert_eq!(of("session-4"), 2, "another student's baseline says nothing");
    assert_eq!(cache_epoch::newest(root, &student), 2);
    assert_eq!(of("session-"), 0, "nothing before it");
}
