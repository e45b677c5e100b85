//! Evaluation: tasks, scorers, students, and what runs them against a harness.

pub(crate) mod benchmark;
pub(crate) mod cache;
pub(crate) mod held_out;
pub(crate) mod held_out_queries;
pub(crate) mod holdout;
pub(crate) mod judge;
pub(crate) mod memo;
pub(crate) mod refresh;
pub(crate) mod run;
pub(crate) mod score;
pub(crate) mod scorer_program;
pub(crate) mod student;
pub(crate) mod synth;
