//! kaizen improves an LLM agent from its own traces: it diagnoses failures, plans typed edits to the agent's files,
//! keeps an edit only when a held-out benchmark shows that it helps, and commits it to git.
//!
//! It is a pipeline of files. A *phase* reads artifacts from a session directory and writes artifacts; content hashes
//! are the checkpoints; what runs next is computed from files alone.
//!
//! Each folder is a capability: its types, its pure rules, its trait and its engines together. The modules below stand
//! in one order, and a module imports only modules above it:
//!
//! | module | what it holds |
//! |---|---|
//! | [`digest`] | the identity of bytes and values |
//! | [`sys`] | files, processes, clock, signals: no other module touches them |
//! | [`artifact`] | the files of a session, one type each |
//! | [`manifest`] | `kaizen.toml`, and what it asks the user to trust |
//! | [`llm`] | language models: messages, providers, redaction, the client with its budget and records |
//! | [`harness`] | the agent's files as a value, and the ops that edit them |
//! | [`trace`] | trace formats, the import, the stores |
//! | [`eval`] | tasks, scorers, students, evaluation runs |
//! | [`gate`] | whether an edit is kept |
//! | [`teacher`] | who diagnoses and plans: rules, a language model, a program, a person |
//! | [`ledger`] | git |
//! | [`workspace`] | what one process holds open, and the user's approvals |
//! | [`pipeline`] | freshness, phases, and the step that publishes their files |
//! | [`maintenance`] | loop, audit, prune, revert, refresh |
//! | [`watch`] | the file watcher |
//! | [`cli`] | the commands |
//!
//! Language models are reached by [`llm::client`] alone, which redacts, counts, remembers, and keeps within the budget.
//!
//! The gate runs before anything is written, so there is no rollback code; nothing a teacher says is executed or used as
//! a path.
//!
//! The [`guide`] holds the pages for users: sessions, the gate, teachers, students, the manifest, and others.
//!
//! A workspace may be a stranger's. Files in it are reached through [`sys::disk::Root`] alone, which follows no link.
//! Starting a program or sending a request takes a [`sys::consent::Consent`], which only a check of the user's
//! approvals gives.

pub mod artifact;
pub mod cli;
pub mod digest;
pub mod eval;
pub mod gate;
pub mod harness;
pub mod ledger;
pub mod llm;
pub mod maintenance;
pub mod manifest;
pub mod pipeline;
pub mod sys;
pub mod teacher;
pub mod trace;
pub mod watch;
pub mod workspace;

pub mod guide;
