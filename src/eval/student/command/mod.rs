//! The command student: a program that runs once per attempt, with the harness as files in a scratch folder.
#![allow(clippy::disallowed_methods)] // edge: processes, the file system

mod answer;
mod attempt_result;
mod base;
mod candidate_files;
mod copied_home;
mod git;
mod hidden_tests;
mod sandbox;
mod sandboxed_program;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use self::answer::ProgramAnswer;
use self::attempt_result::attempt_of;
pub(crate) use self::base::SandboxFoundation;
use self::candidate_files::CandidateFiles;
use self::sandboxed_program::{HARNESS, SandboxedProgram};
use crate::artifact::egress::LlmRole;
use crate::artifact::evaluation::{Attempt, AttemptUsage};
use crate::artifact::task::{Scorer, Task};
use crate::digest::Digest;
use crate::eval::student::{Draw, PreparedStudent, Student};
use crate::harness::Harness;
use crate::harness::agents::default_agent;
use crate::llm::client::{LlmClient, ReportedUsage};
use crate::manifest::StudentSection;
use crate::manifest::layout::Layout;
use crate::manifest::sandbox::SandboxKeep;
use crate::sys::consent::Consent;
use crate::sys::disk::{Root, folder_digest};
use crate::sys::process;
use crate::sys::process::{Program, ProgramFailure, ProgramOutput};

/// Increment this when the same program would get other input.
const REVISION: u32 = 1;
/// The most attempts at one task while its service fails; agents themselves try several times.
const MOST_ATTEMPTS: u32 = 3;

/// A program as the student.
pub(crate) struct CommandStudent(Arc<CommandContext>);

/// The parts that every attempt needs.
struct CommandContext {
    section: StudentSection,
    layout: Layout,
    root: Root,
    withheld: Vec<String>,
    calls: Arc<LlmClient>,
    /// What sandboxes contain besides the agent's files.
    foundation: Option<SandboxFoundation>,
    /// Digests of folders that tasks name.
    folders: Mutex<BTreeMap<String, Option<Digest>>>,
}

/// A harness, with a folder of its files that is written at the first attempt.
struct Candidate {
    harness: Harness,
    digest: Digest,
    default_agent: String,
    files: CandidateFiles,
    context: Arc<CommandContext>,
}

impl CommandStudent {
    /// The program from the manifest, which runs in `root`, without the environment variables in `withheld`.
    pub(crate) fn new(
        section: StudentSection,
        layout: Layout,
        root: Root,
        withheld: Vec<String>,
        calls: Arc<LlmClient>,
        foundation: Option<SandboxFoundation>,
    ) -> Self {
        Self(Arc::new(CommandContext {
            section,
            layout,
            root,
            withheld,
            calls,
            foundation,
            folders: Mutex::default(),
        }))
    }
}

impl CommandContext {
    /// The environment variables of the programs of an attempt.
    fn variables(&self, folder: &Path) -> Vec<(&str, OsString)> {
        let own = [
            (HARNESS, folder.into()),
            ("KAIZEN_WORKSPACE", self.root.as_os_str().to_owned()),
        ];
        let set = self.section.set.iter();
        let set = set.map(|(name, value)| (name.as_str(), placed(value, folder).into()));
        own.into_iter().chain(set).collect()
    }

    /// The programs that run in a sandbox; `None` without the section.
    fn sandboxed<'a>(&'a self, folder: &'a Path) -> Option<SandboxedProgram<'a>> {
        Some(SandboxedProgram {
            section: self.section.sandbox.as_ref()?,
            folder,
            withheld: &self.withheld,
            variables: self.variables(folder),
        })
    }

    /// Judges what the agent left, and runs `teardown`.
    fn after_program(&self, consent: &Consent, folder: &Path, task: &Task, attempt: Attempt) -> Attempt {
        let Some(sandboxed) = self.sandboxed(folder) else {
            return attempt;
        };
        let attempt = match attempt {
            Attempt::Answered {
                answer,
                model,
                tool,
                used,
            } if task.scorer == Scorer::Run => {
                match hidden_tests::judged(&sandboxed, consent, (task, &self.root), answer, self.timeout(task)) {
                    Err(reason) => Attempt::Infra { reason },
                    Ok(judged) => Attempt::Answered {
                        answer: judged.text(),
                        model,
                        tool,
                        used,
                    },
                }
            }
            attempt => attempt,
        };
        if let Err(problem) = sandboxed.teardown(consent) {
            self.calls.warn_once(&problem);
        }
        attempt
    }

    /// The time limit of the agent and of the test of a task.
    fn timeout(&self, task: &Task) -> Duration {
        Duration::from_secs(task.world.timeout_seconds.unwrap_or(self.section.timeout_seconds))
    }

    /// The digests of the folders that a task names.
    fn folders_digest(&self, task: &Task) -> Digest {
        let digest = |path: &String| {
            let mut known = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = known.entry(path.clone());
            *entry.or_insert_with(|| folder_digest(&self.root.join(path)).ok())
        };
        Digest::of_value(&task.world.folders().map(digest).collect::<Vec<_>>())
    }

    /// Keeps a sandbox for the user, if the manifest says so.
    fn keep(&self, folder: &Path, task: &Task, seed: u64, attempt: &Attempt) {
        let keep = self
            .section
            .sandbox
            .as_ref()
            .map_or(SandboxKeep::Never, |sandbox| sandbox.keep);
        let is_kept = match keep {
            SandboxKeep::Never => false,
            SandboxKeep::Failed => !matches!(attempt, Attempt::Answered { .. }),
            SandboxKeep::All => true,
        };
        if is_kept && let Err(problem) = sandbox::keep(&self.root, folder, &task.task_id, seed) {
            self.calls.warn_once(&format!("[student.sandbox] keep: {problem}"));
        }
    }
}

impl Student for CommandStudent {
    fn identity(&self) -> Value {
        let CommandContext {
            section, layout, root, ..
        } = self.0.as_ref();
        let mut identity = json!({
            "engine": "command", "revision": REVISION, "program": process::identity(&section.run, root),
            "env": section.env, "timeout_seconds": section.timeout_seconds, "layout": layout
        });
        if !section.set.is_empty() {
            identity["set"] = json!(section.set);
        }
        if let Some(dialect) = section.dialect() {
            identity["speaks"] = json!(dialect);
        }
        if let Some(foundation) = &self.0.foundation {
            identity["sandbox"] = foundation.identity();
        }
        identity
    }

    fn check(&self, _: &Harness, _: &[&Task]) -> Result<(), String> {
        let name = self.0.section.run.first().map_or("", String::as_str);
        let found = process::find(name, &self.0.root);
        let place = self.0.section.sandbox.as_ref().map(sandbox::place).transpose();
        let problem = found.map(drop).and_then(|()| place.map(drop));
        problem.map_err(|problem| format!("[student]: {problem}"))
    }

    fn is_expensive(&self) -> bool {
        true
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent> {
        Box::new(Candidate {
            digest: digest_of_copy(harness),
            default_agent: default_agent(harness, &self.0.layout),
            harness: harness.clone(),
            files: CandidateFiles::default(),
            context: Arc::clone(&self.0),
        })
    }
}

/// The digest of all that a copy of a harness has: of the harness and, if there are any, of the programs that can be executed.
fn digest_of_copy(harness: &Harness) -> Digest {
    let programs: Vec<&str> = harness.executables().collect();
    match programs.is_empty() {
        true => harness.digest(),
        false => Digest::of_value(&(harness.digest(), programs)),
    }
}

impl PreparedStudent for Candidate {
    /// The digest of the whole harness, because the program can read every file, and of the task's world, if it has one.
    fn footprint(&self, task: &Task) -> Digest {
        match task.world.is_empty() && task.scorer != Scorer::Run {
            true => self.digest,
            false => Digest::of_value(&(self.digest, &task.world, self.context.folders_digest(task), task.scorer)),
        }
    }

    fn words(&self, _: &Task) -> Option<String> {
        Some(format!("the program {}", self.context.section.run.join(" ")))
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        let infra = |reason| Attempt::Infra { reason };
        let consent = match self.context.calls.consent() {
            Ok(consent) => consent,
            Err(problem) => return infra(problem),
        };
        let calls = &self.context.calls;
        let mut number = 1;
        loop {
            let (attempt, may_pass) = match self.attempt_once(&consent, task, draw.seed) {
                Ok(attempted) => attempted,
                Err(problem) => return infra(problem),
            };
            let pause = calls
                .pause_after(None, number)
                .filter(|_| may_pass && number < MOST_ATTEMPTS);
            let Some(pause) = pause else {
                calls.note_attempt(match &attempt {
                    Attempt::Infra { reason } => Err(reason.clone()),
                    _ => Ok(()),
                });
                return attempt;
            };
            std::thread::sleep(pause);
            number += 1;
        }
    }
}

impl Candidate {
    /// Runs the program once, and charges what it reports. Returns whether a further attempt may succeed.
    ///
    /// # Errors
    /// The attempt may exceed the budget.
    fn attempt_once(&self, consent: &Consent, task: &Task, seed: u64) -> Result<(Attempt, bool), String> {
        let files = self.files.folder(&self.context, &self.harness, &task.world, consent)?;
        let calls = &self.context.calls;
        let name = self.context.section.run.first().map_or("", String::as_str);
        let reserved = calls.begin_attempt(name).map_err(|problem| problem.to_string())?;
        let begun = calls.clock().now();
        let output = self.run(consent, task, seed, files.path());
        let seconds = calls.clock().seconds_since(begun);
        let sandboxed = self.context.sandboxed(files.path());
        let not_wrapped = sandboxed.and_then(|sandboxed| sandboxed.not_wrapped(&output));
        let answer = output
            .as_ref()
            .map(|output| ProgramAnswer::read(self.context.section.dialect(), &output.stdout))
            .unwrap_or_default();
        if let Some(problem) = &answer.problem {
            calls.warn_once(&format!("[student] `{name}`: {problem}"));
        }
        let usage = ReportedUsage {
            model: answer.model.clone().unwrap_or_else(|| name.to_owned()),
            request: Digest::of_value(&(self.digest, &task.query, &task.agent, seed)),
            usage: answer.usage,
            cost_usd: answer.cost_usd,
        };
        let used = AttemptUsage {
            seconds,
            tokens: usage.usage,
            cost_usd: calls.end_attempt(LlmRole::Student, usage, reserved),
        };
        let (attempt, may_pass) = match not_wrapped {
            Some(reason) => (Attempt::Infra { reason }, false),
            None => attempt_of(output, answer, used),
        };
        self.context.keep(files.path(), task, seed, &attempt);
        let attempt = self.context.after_program(consent, files.path(), task, attempt);
        Ok((attempt, may_pass))
    }

    fn run(&self, consent: &Consent, task: &Task, seed: u64, folder: &Path) -> Result<ProgramOutput, ProgramFailure> {
        let section = &self.context.section;
        let is_filled = |word: &String| word.contains("{query}");
        let mut filled: Vec<String> = section.run.iter().map(|word| fill(word, task, folder)).collect();
        let root = &self.context.root;
        let sandboxed = self.context.sandboxed(folder);
        let is_own = sandboxed.is_some();
        // A program of the workspace is not in the sandbox.
        if let Some(name) = filled.first_mut().filter(|name| is_own && name.contains('/')) {
            *name = root.join(&*name).to_string_lossy().into_owned();
        }
        let agent = task.agent.as_ref().unwrap_or(&self.default_agent);
        // Many programs read the seed as a signed 32-bit number.
        let question =
            json!({"task_id": task.task_id, "query": task.query, "agent": agent, "seed": seed & 0x7fff_ffff});
        // If the query is an argument, standard input is empty, because agents would append it to the query.
        let question = (!section.run.iter().any(is_filled)).then(|| question.to_string());
        let timeout = self.context.timeout(task);
        let question = question.as_deref().map(str::as_bytes);
        if let Some(sandboxed) = &sandboxed {
            let wrapped = sandboxed.wrapped(&filled);
            return sandboxed.program(consent, &wrapped, timeout).run(question);
        }
        let program = Program {
            consent,
            run: &filled,
            folder: root,
            withheld: &self.context.withheld,
            variables: self.context.variables(folder),
            timeout: Some(timeout),
            bounds: None,
        };
        program.run(question)
    }
}

/// Replaces the placeholders for the folder with the agent's files.
fn placed(word: &str, folder: &Path) -> String {
    let path = folder.to_string_lossy();
    word.replace("{harness}", &path).replace("{sandbox}", &path)
}

/// Replaces the placeholders for the folder and the query in an argument. The query comes last, so that
/// placeholders in its text stay. Removes zero bytes, which an argument cannot contain.
fn fill(word: &str, task: &Task, folder: &Path) -> String {
    placed(word, folder).replace("{query}", &task.query.replace('\0', ""))
}

#[cfg(test)]
#[cfg(unix)]
mod sandbox_tests;
#[cfg(test)]
mod tests;
