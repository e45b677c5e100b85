//! Tests of the real program with real git in real folders, one module per topic.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, unreachable_pub)] // edge: processes and files are what is tested here

mod architecture;
mod audit;
mod bench_synth;
mod billing;
mod blame;
mod chat_teacher;
mod check;
mod checkouts;
mod command_teacher;
mod commands;
mod confined;
mod crash;
mod doctor;
mod edits;
mod egress;
mod faults;
mod files;
mod fixture;
mod freshness;
mod gate;
mod gate_numbers;
mod git;
mod half_typed;
mod help;
mod histories;
mod hold;
mod home_files;
mod homes;
mod hostile;
mod import;
mod interleavings;
mod labels;
mod layouts;
mod limits;
mod live;
mod looping;
mod mcp;
mod money;
mod notify;
mod outages;
mod output;
mod outputs;
mod peers;
mod phases;
mod plan_gate;
mod privacy;
mod processes;
mod progress;
mod provenance;
mod proxy;
mod prune;
mod reconcile;
mod refresh;
mod refusals;
mod release;
mod replay;
mod report;
mod revert;
mod review;
mod rewritten;
mod rules_teacher;
mod runs;
mod sample;
mod scoring;
mod seals;
mod secrets;
mod serve;
mod server;
mod several;
mod skills;
mod space;
mod students;
mod surfaces;
mod teacher_edits;
mod team;
mod team_watch;
mod terminal;
mod top;
mod trust;
mod undecided;
mod variants;
mod verify;
mod watch;
mod watch_sees;
mod watcher;

/// Tests in a file without a `mod` line would silently not run.
#[test]
fn every_file_here_is_a_module() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = std::fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.strip_suffix(".rs").unwrap_or(&name);
        assert!(
            ["main", "snapshots"].contains(&module) || main.contains(&format!("mod {module};")),
            "{name}"
        );
    }
}
mod worlds;
