//! Evaluation: the benchmark, the students, the scorers, and the code that runs and scores a harness.

pub(crate) mod benchmark;
pub(crate) mod held_out;
pub(crate) mod held_out_queries;
pub(crate) mod holdout;
pub(crate) mod judge;
pub(crate) mod memo;
pub(crate) mod refresh;
pub(crate) mod run;
pub(crate) mod score;
pub(crate) mod student;
pub(crate) mod synth;
