//! Drift: a language model behind a real server that changes, or does not, between its first answers and a session.

use serde_json::Value;

use crate::server::{Reply, Server};
use crate::space::Space;
use crate::students::{benchmark, chat, eval, task};

/// A workspace in which the ten gate tasks were answered before the first session.
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
        .says(&["drifted", "10 repeated tasks", "worse"]);
    let baseline = space.artifact("baseline.json");
    assert_eq!(baseline["epoch"], 1);
    assert_eq!(
        (&baseline["drift"]["tasks"], &baseline["drift"]["dropped"]),
        (&10.into(), &true.into())
    );
    assert_eq!(baseline["evaluation"]["overall_score"], 0.0);
    assert_eq!(
        server.received().len(),
        30,
        "ten before, ten to check, ten for the baseline"
    );
    assert_eq!(
        eval(&space, 0)["overall_score"],
        0.0,
        "the new epoch applies from now on"
    );
    assert_eq!(server.received().len(), 30);
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
    assert_eq!(
        server.received().len(),
        20,
        "ten before, ten to check; the baseline is known"
    );
}
