//! A teacher that is not asked: its diagnosis and its plan come as files, from a person, an agent or a program.

use crate::artifact::cluster::FailureCluster;
use crate::port::{Briefing, Diagnosed, Planned, Teacher, TeacherFailure};

/// What identifies it.
pub struct Elsewhere(pub serde_json::Value);

impl Teacher for Elsewhere {
    fn identity(&self) -> serde_json::Value {
        self.0.clone()
    }

    fn diagnose(&self, _: &Briefing) -> Result<Diagnosed, TeacherFailure> {
        Err(not_asked("diagnosis.md"))
    }

    fn plan(&self, _: &Briefing, _: &str, _: &[FailureCluster]) -> Result<Planned, TeacherFailure> {
        Err(not_asked("plan.json"))
    }
}

fn not_asked(file: &str) -> TeacherFailure {
    format!("nobody can be asked here: {file} comes as a file").into()
}
