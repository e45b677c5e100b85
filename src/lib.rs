//! kaizen improves an LLM agent from its own traces: it diagnoses failures, plans typed edits to the agent's files,
//! keeps an edit only when a held-out benchmark shows that it helps, and commits it to git.
//!
//! It is a pipeline of files. A *phase* reads artifacts from a session directory and writes artifacts. Checkpoints are
//! content hashes, so the files alone determine which phase runs next.
//!
//! # Run a session
//!
//! [`Workspace::open`] opens a directory with a `kaizen.toml`. [`advance`] starts or resumes a session and runs each
//! phase whose inputs changed. This example runs one session in the demo workspace:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use kaizen::{RunOptions, advance, demo};
//!
//! let folder = tempfile::tempdir()?;
//! let workspace = demo(folder.path())?;
//! let result = advance(&workspace, &RunOptions::default(), &|_event| {})?;
//! for outcome in result.session.outcomes()?.values() {
//!     println!("{}: {}", outcome.edit_id, outcome.status.words());
//! }
//! let score = |snapshot: &Option<kaizen::artifact::Snapshot>| snapshot.as_ref().map(|s| s.overall_score);
//! assert!(score(&result.record.benchmark_after) > score(&result.record.benchmark_before));
//! # Ok(())
//! # }
//! ```
//!
//! # Bring your own agent
//!
//! The agent under improvement is a [`Student`]; the author of the diagnosis and the plan is a [`Teacher`]. A manifest
//! selects one of the built-in engines; [`Workspace::with_student`] and [`Workspace::with_teacher`] replace them. This
//! student looks up its answers in a table, which is one of the agent's files:
//!
//! ```
//! use kaizen::artifact::{Attempt, Task};
//! use kaizen::{Digest, Draw, Harness, PreparedStudent, Student};
//!
//! struct Table;
//! struct Answers(serde_json::Value);
//!
//! impl Student for Table {
//!     fn identity(&self) -> serde_json::Value {
//!         serde_json::json!({"engine": "table"})
//!     }
//!     fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent> {
//!         let text = harness.text("answers.json").unwrap_or("{}");
//!         Box::new(Answers(serde_json::from_str(text).unwrap_or_default()))
//!     }
//! }
//!
//! impl PreparedStudent for Answers {
//!     fn footprint(&self, task: &Task) -> Digest {
//!         Digest::of_value(&self.0[&task.query])
//!     }
//!     fn attempt(&self, task: &Task, _draw: Draw) -> Attempt {
//!         let answer = self.0[&task.query].as_str().unwrap_or_default().to_owned();
//!         Attempt::Answered { answer, model: None, tool: None, used: None }
//!     }
//! }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//!
//! let folder = tempfile::tempdir()?;
//! let workspace = kaizen::demo(folder.path())?.with_student(Box::new(Table));
//! # let _ = workspace;
//! # Ok(())
//! # }
//! ```
//!
//! # The modules
//!
//! Each folder is one capability: its types, its pure rules, its trait and its engines. The folders have a fixed order,
//! and a module imports only modules above it:
//!
//! | module | contents |
//! |---|---|
//! | `digest` | the identity of bytes and values |
//! | `sys` | files, processes, clock, signals; other modules reach them through it, except for the edges that the architecture test lists |
//! | `artifact` | the files of a session, one type each |
//! | `manifest` | `kaizen.toml`, and the list that the user approves |
//! | `llm` | language models: messages, providers, redaction, the client with its budget and records |
//! | `harness` | the agent's files as a value, and the ops that edit them |
//! | `trace` | trace formats, the import, the stores |
//! | `eval` | tasks, scorers, students, evaluation runs |
//! | `gate` | the evidence and the rules that keep an edit; `pipeline::execute::verdict` chooses the rule and derives the outcome |
//! | `teacher` | who diagnoses and plans: rules, a language model, a program, a person |
//! | `ledger` | git |
//! | `workspace` | everything that one process has open, and the user's approvals |
//! | `pipeline` | freshness, phases, and the step that publishes their files |
//! | `maintenance` | loop, audit, prune, revert, refresh |
//! | `watch` | the file watcher |
//! | `cli` | the commands; feature `cli` |
//!
//! Where is it decided?
//!
//! | question | file |
//! |---|---|
//! | whether a phase runs | `pipeline/freshness.rs`; `pipeline/state.rs` reads its inputs, `pipeline/next.rs` picks the phase |
//! | whether an edit is kept | `pipeline/execute/verdict.rs`; the criteria are in `gate/sample/`, `gate/rule.rs`, `gate/exact.rs` and `gate/sequential.rs` |
//! | where an op writes | `harness/op/edit_location.rs` for the file and key |
//! | how a value in a TOML, YAML, JSON or Markdown file is read and changed | `harness/format/mod.rs`; a reader and a writer for each format |
//! | whose failure a failed call is | `llm/failure.rs` for services, `eval/student/program_failure.rs` for programs |
//! | which names are side files of editors and sync programs | `sys/disk/side_file.rs` |
//! | what a person sees of a run | `workspace/running.rs` for the present state, `workspace/event_log.rs` for what happened |
//! | which files a watcher checks | `watch/paths.rs` |
//! | what leaves the machine | `llm/client/metered.rs` redacts and asks for consent, `llm/client/mod.rs` records before sending |
//! | what a report may show | `cli/report/veil.rs`: pages take only texts that it made |
//! | what follows a killed run | `workspace/transaction.rs` for files, `pipeline/execute/reconcile.rs` for edits, `pipeline/begin.rs` for sessions |
//!
//! Four rules hold throughout:
//!
//! - Only `llm::client` calls language models. It redacts requests, counts and caches calls, and enforces the budget. A
//!   program that the manifest names calls its models itself.
//! - The gate runs before anything is written, so there is no rollback code; only an interrupted write is undone.
//! - Nothing that a teacher returns is executed or used as a path.
//! - A workspace may come from a stranger. Its files are accessed only through `sys::disk::Root`, which follows no
//!   links. Starting a program or sending a request requires a `Consent`, which only a check of the user's approvals
//!   creates.
//!
//! The [`guide`] holds the pages for users: sessions, the gate, teachers, students, the manifest, and others.
// Some functions are called only by the commands, so they are unused without the features of these.
#![cfg_attr(not(all(feature = "serve", feature = "top")), allow(dead_code, unused_imports))]
// Only the module `internals` exports some `pub` items, so they are unreachable without that feature.
#![cfg_attr(not(feature = "internals"), allow(unreachable_pub))]

pub mod artifact;
#[cfg(feature = "cli")]
mod cli;
mod digest;
mod eval;
mod gate;
pub mod guide;
mod harness;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod ledger;
mod llm;
mod maintenance;
mod manifest;
mod pipeline;
mod sys;
mod teacher;
mod trace;
mod watch;
mod workspace;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub use cli::{main, note_closed_streams};
pub use digest::Digest;
pub use eval::student::{Draw, PreparedStudent, Student};
pub use gate::trial::TrialLook;
pub use harness::Harness;
pub use manifest::layout::Layout;
pub use pipeline::advance::advance;
pub use pipeline::options::{RunOptions, RunResult, WaitingFor};
pub use teacher::{Briefing, RejectedEdit, Teacher, TeacherDiagnosis, TeacherFailure, TeacherPlan};
pub use workspace::Workspace;
pub use workspace::demo::demo;
pub use workspace::error::RunError;
pub use workspace::event::{Event, Listener};
pub use workspace::load::WorkLoad;
pub use workspace::session::{Session, SessionError};

/// The errors inside [`RunError`], and what a run may wait for.
pub mod errors {
    pub use crate::eval::benchmark::{BadLine, BenchmarkError};
    pub use crate::eval::run::EvaluationHalted;
    pub use crate::harness::rederive::{Conflict, Later};
    pub use crate::ledger::checkout_problem::{CheckoutProblem, HiddenChange};
    pub use crate::ledger::extent::CloneExtent;
    pub use crate::ledger::port::LedgerError;
    pub use crate::manifest::ManifestError;
    pub use crate::manifest::trust::TrustList;
    pub use crate::pipeline::unmet::Unmet;
    pub use crate::sys::disk::{DiskError, LockError, StoredForm};
    pub use crate::sys::output::OutputError;
    pub use crate::trace::TraceError;
    pub use crate::workspace::consent::ConsentError;
}
