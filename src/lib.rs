//! kaizen improves an LLM agent from its own traces: it diagnoses failures, plans typed edits to the agent's files,
//! keeps an edit only when a held-out benchmark says that it helps, and commits it to git.
//!
//! It is a pipeline of files. A *phase* reads artifacts from a session directory and writes artifacts; content hashes
//! are the checkpoints; what runs next is computed from files alone. Imports point one way:
//!
//! ```text
//! words  ←  decisions  ←  port  ←  evaluate, phase  ←  pipeline  ←  cli
//!   ↑                      ↑                              ↓
//!   └──────────────────────┴──  edges: disk, consent, session, ledger, calls, engine, external, imports, output, …
//! ```
//!
//! Language models are reached by `calls` alone, which redacts, counts, remembers, and keeps within the budget; `wire` knows
//! the providers' formats, and `teaching` what a model is told, both without effects.
//!
//! What is absent matters most: decisions and phases reach no file, clock, process or environment; the gate runs before
//! anything is written, so there is no rollback code; nothing a teacher says is executed or used as a path.
//!
//! A workspace may be a stranger's. Files in it are reached through `disk::Root` alone, which follows no link. Starting a
//! program or sending a request takes a `consent::Consent`, which only a check of the user's approvals gives.

// Words: plain data.
pub mod artifact;
pub mod chat;
pub mod digest;
pub mod harness;
pub mod manifest;

// Decisions: pure functions.
pub mod bench_refresh;
pub mod bench_synth;
pub mod cold_start;
pub mod commit_message;
pub mod diagnosis_check;
pub mod eligible;
pub mod estimate;
pub mod freshness;
pub mod gate;
pub mod half_typed;
pub mod held_out;
pub mod held_out_queries;
pub mod judge;
pub mod loop_stop;
pub mod op;
pub mod plan_check;
pub mod price;
pub mod reconcile;
pub mod redact;
pub mod reply;
pub mod retry;
pub mod route;
pub mod schemas;
pub mod score;
pub mod secret_check;
pub mod trace_import;
pub mod trigger_rules;
pub mod trust;
pub mod wear;
pub mod wire;

// The pipeline.
pub mod cli;
pub mod diagnostic;
pub mod evaluate;
pub mod phase;
pub mod pipeline;
pub mod port;
pub mod teaching;

// Edges: the only modules with effects.
pub mod benchmark;
pub mod calls;
pub mod clock;
pub mod consent;
pub mod demo;
pub mod disk;
pub mod engine;
pub mod external;
pub mod imports;
pub mod inbox;
pub mod ledger;
pub mod output;
pub mod session;
pub mod starter;
pub mod stop;
pub mod watch;
