//! Benchmark of concurrent requests to a language model.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::sync::Arc;
use std::time::Duration;

use kaizen::artifact::Task;
use kaizen::internals::Clock;
use kaizen::internals::DiskMemo;
use kaizen::internals::LlmClient;
use kaizen::internals::LlmRole;
use kaizen::internals::Manifest;
use kaizen::internals::Redactor;
use kaizen::internals::Root;
use kaizen::internals::starter;
use kaizen::internals::{ApprovalStore, Permission};
use kaizen::internals::{ChatStudent, Toolbox};
use kaizen::internals::{Evaluator, evaluate};
use serde_json::json;

use crate::measure::{Outcome, median, row, timed};
use crate::server::{Reply, Server};

/// The model's latency per answer.
const LATENCY: Duration = Duration::from_millis(100);

/// 64 tasks, 16 at once, with a model that takes 100 ms per answer: 400 ms at best.
pub fn students() -> Outcome<()> {
    let server = Server::start();
    server.on("", Reply::says("yes").after(LATENCY));
    let manifest = manifest(&server.url())?;
    let task = |at: usize| {
        serde_json::from_value(
            json!({"task_id": format!("t{at}"), "query": format!("is it {at}"), "reference_answer": "yes"}),
        )
    };
    let tasks = (0..64).map(task).collect::<Result<Vec<Task>, _>>()?;
    let all: Vec<&Task> = tasks.iter().collect();
    let harness = starter(&["yes".to_owned()], "agent").without("config.toml");
    let mut overall = 0.0;
    let time = median(|| {
        let folder = tempfile::tempdir()?;
        let approvals = ApprovalStore::at(&folder.path().join("approvals"));
        let root = Root::open(folder.path())?;
        let permission = Arc::new(Permission::new(&root, &manifest, None, Some(approvals)));
        permission.approve(&permission.list()?, String::new())?;
        let calls = LlmClient::new(
            &manifest,
            Redactor::default(),
            &root,
            Clock::from_environment().expect("KAIZEN_NOW is unset or a time"),
            permission.approvals(),
        );
        let section = manifest.student.clone();
        let toolbox = Toolbox::new(
            section.clone(),
            folder.path().to_owned(),
            Vec::new(),
            permission.approvals(),
        );
        let model = Box::new(calls.model(LlmRole::Student, section.chat()));
        let student = ChatStudent::new(model, section, manifest.harness.layout.clone(), toolbox);
        let memo = DiskMemo::open(&root, "memo.db")?;
        timed(|| {
            let score =
                |task: &Task, answer: &str| kaizen::internals::score(task, answer).map_err(|error| error.to_string());
            let evaluator = Evaluator {
                student: &student,
                memo: &memo,
                score: &score,
                seed: 0,
                epoch: 0,
                concurrency: 16,
                progress: &|_, _| {},
                gauge: &Default::default(),
                halted: &|| None,
            };
            overall = evaluate(&evaluator, &harness, &all)?.overall_score;
            Ok(())
        })
    })?;
    let most = server.received().iter().map(|one| one.at_once).max().unwrap_or(0);
    row(
        &format!("64 tasks, model of 100 ms, 16 at once (score {overall:.1}, {most} seen)"),
        time,
    );
    Ok(())
}

fn manifest(url: &str) -> Outcome<Manifest> {
    let text = format!("[student]\nengine = \"chat\"\nmodel = \"m\"\nbase_url = \"{url}\"");
    Ok(Manifest::parse("kaizen.toml".as_ref(), &text)?)
}
