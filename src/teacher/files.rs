//! A teacher that is not asked: its diagnosis and its plan come as files, from a person, an agent or a program.

use std::path::Path;

use serde_json::{Value, json};

use crate::artifact::cluster::FailureCluster;
use crate::manifest::TeacherSection;
use crate::sys::process;
use crate::teacher::{Briefing, Diagnosed, Planned, Teacher, TeacherFailure};

/// What identifies it.
pub(crate) struct ExternalTeacher(Value);

impl ExternalTeacher {
    /// Files are what counts, and not who writes them.
    pub(crate) fn files() -> Self {
        Self(json!({"engine": "files"}))
    }

    /// A program: everything that can change what it says.
    pub(crate) fn program(teacher: &TeacherSection, root: &Path) -> Self {
        Self(json!({"engine": "command", "program": process::identity(&teacher.run, root)}))
    }
}

impl Teacher for ExternalTeacher {
    fn identity(&self) -> Value {
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
