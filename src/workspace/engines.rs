//! Creates the engines that the manifest selects: student, teacher and judge. New engines are added here. A session may
//! take its diagnosis and plan from files instead of the teacher.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::artifact::diagnosis;
use crate::artifact::egress::LlmRole;
use crate::artifact::record::SessionRecord;
use crate::eval::judge::ask;
use crate::eval::student::Student;
use crate::eval::student::chat::{ChatStudent, Toolbox};
use crate::eval::student::command::{CommandStudent, SandboxFoundation};
use crate::eval::student::nearest::Nearest;
use crate::eval::student::skill_choice::SkillChooser;
use crate::llm::client::LlmClient;
use crate::llm::model::Model;
use crate::manifest::sandbox::BaseRule;
use crate::manifest::{Manifest, StudentEngine, TeacherEngine};
use crate::sys::disk::Root;
use crate::teacher::Teacher;
use crate::teacher::chat::{ChatTeacher, Compare};
use crate::teacher::files::ExternalTeacher;
use crate::teacher::rules::{RaceSettings, RulesSettings, RulesTeacher};
use crate::workspace::consent::Permission;

/// The key in a trigger that overrides the teacher of the manifest.
const TEACHER: &str = "teacher";
const FILES: &str = "files";

/// Creates the student, the agent under improvement.
pub(crate) fn student(
    manifest: &Manifest,
    root: &Root,
    calls: &Arc<LlmClient>,
    permission: &Arc<Permission>,
) -> Box<dyn Student> {
    let layout = manifest.harness.layout.clone();
    let section = manifest.student.clone();
    let withheld = manifest.withheld(&section.env);
    match section.engine() {
        StudentEngine::Nearest => Box::new(SkillChooser::comparing(Box::new(Nearest::new(layout)))),
        StudentEngine::Command => {
            let foundation = section.sandbox.clone().map(|sandbox| {
                let rule = BaseRule::new(manifest).expect("the patterns of a manifest are checked when it is read");
                SandboxFoundation::new(sandbox, rule, manifest.benchmark.files.clone(), root.clone())
            });
            let program = CommandStudent::new(section, layout, root.clone(), withheld, Arc::clone(calls), foundation);
            Box::new(SkillChooser::asking(Box::new(program)))
        }
        StudentEngine::Chat => {
            let model = Box::new(calls.model(LlmRole::Student, section.chat()));
            let permission = Arc::clone(permission);
            let toolbox = Toolbox::new(section.clone(), root.to_path_buf(), withheld, permission.approvals());
            let student = ChatStudent::new(model, section, layout, toolbox);
            Box::new(SkillChooser::asking(Box::new(student)))
        }
    }
}

/// Creates the teacher, which proposes edits.
pub(crate) fn teacher(manifest: &Manifest, root: &Path, calls: &Arc<LlmClient>) -> Box<dyn Teacher> {
    let section = &manifest.teacher;
    match section.engine {
        TeacherEngine::Chat => Box::new(ChatTeacher {
            model: Box::new(calls.model(LlmRole::Teacher, section.chat())),
            own: Box::new(calls.model(LlmRole::TeacherTask, section.chat())),
            compare: comparing(manifest, calls),
            candidates: candidates(manifest),
            redactor: calls.redactor().clone(),
            max_turns: section.max_turns,
            max_edits: section.max_edits,
        }),
        TeacherEngine::Files => Box::new(ExternalTeacher::files()),
        TeacherEngine::Command => Box::new(ExternalTeacher::program(section, root)),
        TeacherEngine::Rules => Box::new(rules(manifest)),
    }
}

/// The built-in teacher.
fn rules(manifest: &Manifest) -> RulesTeacher {
    let settings = RulesSettings {
        max_edits: manifest.teacher.max_edits,
        race: race(manifest),
        ..RulesSettings::default()
    };
    RulesTeacher::new(manifest.harness.layout.clone(), settings)
}

/// The built-in teacher whose measured edits the briefing of another teacher contains, if it does.
pub(crate) fn candidates(manifest: &Manifest) -> Option<RulesTeacher> {
    manifest.teacher.shows_candidates().then(|| rules(manifest))
}

/// How the built-in teacher works with the student: within a number of attempts, if the manifest or the student sets one.
fn race(manifest: &Manifest) -> Option<RaceSettings> {
    let student = &manifest.student;
    Some(RaceSettings {
        max_student_calls: manifest.student_calls()?,
        api: (student.engine() == StudentEngine::Chat).then_some(student.api),
        temperature: student.temperature,
    })
}

/// The function with which the teacher compares two outputs; `None` without a judge.
pub(crate) fn comparing(manifest: &Manifest, calls: &Arc<LlmClient>) -> Option<Compare> {
    let model = judge(manifest, calls)?;
    Some(Box::new(move |student, teacher, query| {
        let compared = ask::compare(model.as_ref(), query, student, teacher)?;
        Ok((compared.student_score, compared.teacher_score, compared.reasoning))
    }))
}

/// Creates the language model of scorer `judge`, if there is one.
pub(crate) fn judge(manifest: &Manifest, calls: &Arc<LlmClient>) -> Option<Box<dyn Model>> {
    let settings = manifest.judge()?;
    Some(Box::new(calls.model(LlmRole::Judge, settings)))
}

/// The identities of the engines.
pub(crate) struct Engines {
    /// The student's identity.
    pub student: Value,
    /// The teacher's identity.
    pub teacher: Value,
    /// The judge's identity, if there is a judge.
    pub judge: Option<Value>,
}

impl Engines {
    /// The same engines with teacher `files`.
    pub(crate) fn taught_by_files(&self) -> Self {
        Self {
            student: self.student.clone(),
            teacher: ExternalTeacher::files().identity(),
            judge: self.judge.clone(),
        }
    }
}

/// The metadata of a trigger that makes a session use teacher `files`, regardless of the manifest.
pub(crate) fn files_metadata() -> Map<String, Value> {
    Map::from_iter([(TEACHER.to_owned(), FILES.into())])
}

/// Whether a session takes its diagnosis and plan from files.
pub(crate) fn by_files(manifest: &Manifest, record: Option<&SessionRecord>) -> bool {
    manifest.teacher.engine == TeacherEngine::Files || is_marked(record)
}

/// The engines of a session, whose trigger may override the teacher.
pub(crate) fn for_session(engines: &Engines, record: Option<&SessionRecord>) -> Option<Engines> {
    is_marked(record).then(|| engines.taught_by_files())
}

/// The file for which a phase waits, if somebody has to write it.
pub(crate) fn awaited(manifest: &Manifest, record: Option<&SessionRecord>, phase: &str) -> Option<&'static str> {
    let file = match phase {
        "diagnose" => diagnosis::FILE,
        "plan" => "plan.json",
        _ => return None,
    };
    let program = manifest.phase.get(phase).is_some_and(|stanza| !stanza.run.is_empty());
    (!program && by_files(manifest, record)).then_some(file)
}

fn is_marked(record: Option<&SessionRecord>) -> bool {
    record.is_some_and(|record| {
        record
            .trigger_metadata
            .get(TEACHER)
            .is_some_and(|teacher| teacher == FILES)
    })
}
