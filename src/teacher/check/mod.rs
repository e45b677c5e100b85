//! Checks of submitted diagnoses and plans, with the reports that people read.

pub(crate) mod diagnosis;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod secret;
