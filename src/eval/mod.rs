//! Evaluation: tasks, scorers, students, and what runs them against a harness.

pub mod benchmark;
pub mod cache;
pub mod held_out;
pub mod held_out_queries;
pub mod holdout;
pub mod judge;
pub mod memo;
pub mod refresh;
pub mod run;
pub mod score;
pub mod scorer_program;
pub mod student;
pub mod synth;
