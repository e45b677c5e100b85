//! Engines: the student and the teacher that a manifest names; adding one touches this table.

use std::path::Path;
use std::sync::Arc;

use crate::calls::Calls;
use crate::engine::elsewhere::Elsewhere;
use crate::engine::nearest::Nearest;
use crate::engine::rules::{Rules, Settings};
use crate::manifest::{Manifest, StudentEngine, TeacherEngine};
use crate::port::{Student, Teacher};

use super::by_files;
use super::run_phase::by_command;

/// The agent under improvement.
pub(super) fn student(manifest: &Manifest, _root: &Path, _calls: &Arc<Calls>) -> Box<dyn Student> {
    let layout = manifest.harness.layout.clone();
    match manifest.student.engine {
        StudentEngine::Nearest | StudentEngine::Chat | StudentEngine::Command => Box::new(Nearest::new(layout)),
    }
}

/// Whatever proposes edits.
pub(super) fn teacher(manifest: &Manifest, root: &Path, _calls: &Arc<Calls>) -> Box<dyn Teacher> {
    let layout = manifest.harness.layout.clone();
    match manifest.teacher.engine {
        TeacherEngine::Files => Box::new(Elsewhere(by_files::identity())),
        TeacherEngine::Command => Box::new(Elsewhere(by_command::identity(&manifest.teacher, root))),
        TeacherEngine::Rules | TeacherEngine::Chat => {
            let settings = Settings {
                max_edits: manifest.teacher.max_edits,
                ..Settings::default()
            };
            Box::new(Rules::new(layout, settings))
        }
    }
}
