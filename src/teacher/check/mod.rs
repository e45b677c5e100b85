//! Checks of submitted diagnoses and plans, with the reports that people read.

pub mod diagnosis;
pub mod plan;
pub mod report;
pub mod secret;
