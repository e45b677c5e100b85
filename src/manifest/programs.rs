//! The programs and language models that a manifest uses, each with its section.

use serde::Serialize;

use super::chat::ChatSettings;
use super::membership::Membership;
use super::relative_path::within;
use super::{LedgerMode, Manifest, StudentEngine, TeacherEngine};

/// The programs with which `kaizen pr` opens a request, with their first arguments.
pub(crate) const REQUESTERS: [[&str; 3]; 2] = [["gh", "pr", "create"], ["glab", "mr", "create"]];

/// A part of the manifest that uses a program or a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub enum ManifestPart {
    /// `[student]`.
    Student,
    /// `setup` and `teardown` of `[student.sandbox]`.
    Sandbox,
    /// `setup` and `test` of tasks.
    Tasks,
    /// `[student.tools.<name>]`.
    Tool(String),
    /// `[benchmark] scorer_command`.
    Scorer,
    /// `[judge]`.
    Judge,
    /// `[teacher]`.
    Teacher,
    /// `[phase.<name>]`.
    Phase(String),
    /// `[notify]`.
    Notify,
    /// `[ledger] mode`.
    Ledger,
}

/// A program from the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ManifestProgram {
    /// The section that names the program.
    pub part: ManifestPart,
    /// The program and its arguments.
    pub run: Vec<String>,
    /// The number of words of `wrap` at the start of `run`.
    pub wrapping: usize,
    /// Environment variables with keys that the program inherits.
    pub env: Vec<String>,
    /// Further environment variables, as `NAME=value`.
    pub set: Vec<String>,
    /// The working directory, relative to the workspace.
    pub folder: String,
    /// Files that kaizen puts into the working directory; folders end in `/`.
    pub given: Vec<String>,
}

impl ManifestProgram {
    /// Whether the program is looked up in the workspace rather than in PATH.
    pub(crate) fn is_a_path(&self) -> bool {
        self.part == ManifestPart::Teacher || self.run[0].contains('/')
    }

    /// The names of the programs: the first word, and the first one after `wrap`.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let second = (self.wrapping > 0).then(|| self.run.get(self.wrapping)).flatten();
        self.run.first().into_iter().chain(second).map(String::as_str)
    }

    /// The given file that `name` refers to, if any.
    pub(crate) fn given(&self, name: &str) -> Option<String> {
        provided_file(&self.given, name)
    }
}

/// The normalized name, if it is one of these files or is in one of these folders.
pub(crate) fn provided_file(given: &[String], name: &str) -> Option<String> {
    let name = within("", name)?;
    let is_it = |one: &String| *one == name || one.ends_with('/') && name.starts_with(one.as_str());
    given.iter().any(is_it).then_some(name)
}

/// The parts of the briefing for a teacher's program that kaizen did not write itself.
pub(crate) fn files_for_teacher() -> Vec<String> {
    ["harness/", "diagnosis.md"].map(str::to_owned).to_vec()
}

/// The names under which a phase's program finds its reads.
pub(crate) fn files_for_phase(reads: &[String]) -> Vec<String> {
    let name = |read: &String| match read.as_str() {
        "@harness" => Some("harness/".to_owned()),
        "@traces" => Some("traces.jsonl".to_owned()),
        "@train" => Some("train.jsonl".to_owned()),
        input if input.starts_with('@') => None,
        file => Some(file.to_owned()),
    };
    reads.iter().filter_map(name).collect()
}

impl std::fmt::Display for ManifestPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ManifestPart::Student => f.write_str("[student]"),
            ManifestPart::Tasks => f.write_str("[benchmark] tasks"),
            ManifestPart::Sandbox => f.write_str("[student.sandbox]"),
            ManifestPart::Tool(name) => write!(f, "[student.tools.{name}]"),
            ManifestPart::Scorer => f.write_str("[benchmark] scorer_command"),
            ManifestPart::Judge => f.write_str("[judge]"),
            ManifestPart::Teacher => f.write_str("[teacher]"),
            ManifestPart::Phase(name) => write!(f, "[phase.{name}]"),
            ManifestPart::Notify => f.write_str("[notify]"),
            ManifestPart::Ledger => f.write_str("[ledger] mode"),
        }
    }
}

impl From<ManifestPart> for String {
    fn from(part: ManifestPart) -> Self {
        part.to_string()
    }
}

impl Manifest {
    /// The programs of this manifest, in the order of their sections.
    pub(crate) fn programs(&self) -> Vec<ManifestProgram> {
        let (student, teacher) = (&self.student, &self.teacher);
        let program = |part, run: &[String], env: &[String]| ManifestProgram {
            part,
            run: run.to_vec(),
            wrapping: 0,
            env: env.to_vec(),
            set: Vec::new(),
            folder: String::new(),
            given: Vec::new(),
        };
        let mut all = Vec::new();
        match student.engine() {
            StudentEngine::Command => {
                let wrapping = student.sandbox.as_ref().map_or(0, |sandbox| sandbox.wrap.len());
                let set = student.set.iter().map(|(name, value)| format!("{name}={value}"));
                all.push(ManifestProgram {
                    wrapping,
                    set: set.collect(),
                    ..program(ManifestPart::Student, &student.wrapped(&student.run), &student.env)
                });
                let sandbox = student.sandbox.iter();
                let around = sandbox.flat_map(|sandbox| sandbox.setup.iter().chain(&sandbox.teardown));
                all.extend(around.map(|run| ManifestProgram {
                    wrapping,
                    ..program(ManifestPart::Sandbox, &student.wrapped(run), &student.env)
                }));
            }
            StudentEngine::Chat => all.extend(
                student
                    .tools
                    .iter()
                    .map(|(name, tool)| program(ManifestPart::Tool(name.clone()), &tool.run, &student.env)),
            ),
            StudentEngine::Nearest => {}
        }
        all.push(program(ManifestPart::Scorer, &self.benchmark.scorer_command, &[]));
        if teacher.engine == TeacherEngine::Command {
            all.push(ManifestProgram {
                given: files_for_teacher(),
                ..program(ManifestPart::Teacher, &teacher.run, &teacher.env)
            });
        }
        all.extend(self.phases().into_iter().map(|(name, stanza)| ManifestProgram {
            folder: format!(".kaizen/scratch/phase-{name}"),
            given: files_for_phase(&stanza.reads),
            ..program(ManifestPart::Phase(name), &stanza.run, &[])
        }));
        all.push(program(ManifestPart::Notify, &self.notify.run, &self.notify.env));
        if self.ledger.mode == LedgerMode::Branch {
            let words = |run: [&str; 3]| run.map(str::to_owned);
            all.extend(REQUESTERS.map(|run| program(ManifestPart::Ledger, &words(run), &[])));
        }
        all.retain(|program| !program.run.is_empty());
        all
    }

    /// The language models of this manifest.
    pub(crate) fn models(&self) -> Vec<(ManifestPart, ChatSettings)> {
        let student =
            (self.student.engine() == StudentEngine::Chat).then(|| (ManifestPart::Student, self.student.chat()));
        let judge = self.judge().map(|judge| (ManifestPart::Judge, judge));
        let teacher =
            (self.teacher.engine == TeacherEngine::Chat).then(|| (ManifestPart::Teacher, self.teacher.chat()));
        student.into_iter().chain(judge).chain(teacher).collect()
    }

    /// Checks that no program is a file that edits may replace. This depends on names only, not on existing files.
    pub(super) fn check_programs(&self) -> Result<(), String> {
        let harness = Membership::of_files(&self.harness.globs())?;
        for program in self.programs() {
            for name in program.names() {
                // A bare name may be a path of a teacher's program, but only if such a file exists.
                let path = name.contains('/').then(|| within(&program.folder, name)).flatten();
                if path.is_some_and(|path| harness.selects(&path)) {
                    return Err(harness_program(&program.part, name));
                }
                if name.contains('/') && program.given(name).is_some() {
                    return Err(input_program(&program.part, name));
                }
            }
        }
        Ok(())
    }
}

/// The error for a program that belongs to the harness.
pub(crate) fn harness_program(part: &ManifestPart, name: &str) -> String {
    format!(
        "{part} starts `{name}`, which is a harness file, so an edit could replace it; \
         move it, or remove it from [harness] files"
    )
}

/// The error for a program that is one of its own input files.
pub(crate) fn input_program(part: &ManifestPart, name: &str) -> String {
    format!(
        "{part} starts `{name}`, which is one of its input files; use a program of the workspace or of this machine"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest, String> {
        Manifest::parse("kaizen.toml".as_ref(), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_harness_file_is_no_program() {
        let harness = "[harness]\nfiles = [\"bin/*\"]\n";
        for section in [
            "[student]\nengine = \"command\"\nrun = [\"./bin/../bin/agent\"]",
            "[student]\nengine = \"command\"\nrun = [\"bin/agent\"]\n[student.sandbox]\nwrap = [\"bwrap\", \"{sandbox}\"]",
            "[student]\nengine = \"command\"\nrun = [\"a\"]\n[student.sandbox]\nsetup = [[\"bin/agent\"]]",
            "[teacher]\nengine = \"command\"\nrun = [\"bin/teach\"]",
            "[benchmark]\nscorer_command = [\"bin/score\"]",
            "[student]\nengine = \"chat\"\nmodel = \"m\"\n[student.tools.t]\nrun = [\"bin/tool\"]",
            "[phase.lint]\nreads = [\"plan.json\"]\nwrites = [\"lint.md\"]\nrun = [\"../../../bin/lint\"]",
        ] {
            let problem = parse(&format!("{harness}{section}")).unwrap_err();
            assert!(problem.contains("which is a harness file"), "{section}: {problem}");
        }
        for run in ["./plan.json", "harness/agents/a.md"] {
            let section =
                format!("[phase.x]\nreads = [\"plan.json\", \"@harness\"]\nwrites = [\"x.md\"]\nrun = [\"{run}\"]");
            assert!(parse(&section).unwrap_err().contains("one of its input files"), "{run}");
        }
        for section in [
            "[student]\nengine = \"command\"\nrun = [\"python3\", \"bin/agent\"]",
            // Neither starts a harness file.
            "[student]\nrun = [\"bin/agent\"]",
            "[student]\nengine = \"command\"\nrun = [\"bin\"]",
        ] {
            assert_eq!(parse(&format!("{harness}{section}")).err(), None, "{section}");
        }
    }

    #[test]
    fn only_engines_in_use_are_asked() {
        let parts = |text: &str| -> Vec<String> {
            let manifest = parse(text).unwrap();
            let programs = manifest.programs().into_iter().map(|program| program.part.to_string());
            programs
                .chain(manifest.models().into_iter().map(|(part, _)| part.to_string()))
                .collect()
        };
        assert_eq!(parts(""), Vec::<String>::new());
        assert_eq!(
            parts("[teacher]\nengine = \"files\"\nmodel = \"m\"\nrun = [\"x\"]"),
            Vec::<String>::new()
        );
        assert_eq!(
            parts("[teacher]\nengine = \"chat\"\nmodel = \"m\""),
            ["[judge]", "[teacher]"]
        );
        assert_eq!(parts("[judge]\nmodel = \"m\""), ["[judge]"]);
    }
}
