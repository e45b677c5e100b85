//! A teacher outside kaizen: a person, an agent or a program that writes the diagnosis and the plan as files.

use std::path::Path;

use serde_json::{Value, json};

use crate::artifact::diagnosis::FailureCluster;
use crate::manifest::TeacherSection;
use crate::sys::process;
use crate::teacher::{Briefing, Teacher, TeacherDiagnosis, TeacherFailure, TeacherPlan};

/// An external teacher, with its identity.
pub(crate) struct ExternalTeacher(Value);

impl ExternalTeacher {
    /// The teacher `files`: the identity does not depend on who writes the files.
    pub(crate) fn files() -> Self {
        Self(json!({"engine": "files"}))
    }

    /// The teacher `command`: the identity contains everything that can change the program's output.
    pub(crate) fn program(teacher: &TeacherSection, root: &Path) -> Self {
        Self(json!({"engine": "command", "program": process::identity(&teacher.run, root)}))
    }
}

impl Teacher for ExternalTeacher {
    fn identity(&self) -> Value {
        self.0.clone()
    }

    fn diagnose(&self, _: &Briefing) -> Result<TeacherDiagnosis, TeacherFailure> {
        Err(not_asked("diagnosis.md"))
    }

    fn plan(&self, _: &Briefing, _: &str, _: &[FailureCluster]) -> Result<TeacherPlan, TeacherFailure> {
        Err(not_asked("plan.json"))
    }
}

fn not_asked(file: &str) -> TeacherFailure {
    format!("this teacher cannot be asked: somebody has to write {file}").into()
}
