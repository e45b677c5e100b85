//! The command student: a program that is started once a task, with the candidate harness as files in a scratch folder.
#![allow(clippy::disallowed_methods)] // edge: processes, the file system

mod said;

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};

use self::said::Said;
use crate::artifact::egress::Role;
use crate::artifact::evaluation::Attempt;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::student::{Draw, Prepared, Student};
use crate::harness::Harness;
use crate::harness::agents::default_agent;
use crate::llm::client::{LlmClient, Reported};
use crate::manifest::StudentSection;
use crate::manifest::layout::Layout;
use crate::sys::consent::Consent;
use crate::sys::disk::{Root, Scratch};
use crate::sys::process;
use crate::sys::process::{Ended, Program, Unended};

/// Raised by hand whenever the same program would be asked differently.
const REVISION: u32 = 1;
/// EX_TEMPFAIL of `sysexits.h`: the world failed, and another time may fare better.
const PASSING: i32 = 75;

/// A program as the student.
pub(crate) struct CommandStudent(Arc<Means>);

/// What every attempt needs.
struct Means {
    section: StudentSection,
    layout: Layout,
    root: Root,
    withheld: Vec<String>,
    calls: Arc<LlmClient>,
}

/// A harness, and the folder that it stands in once somebody asks.
struct Candidate {
    harness: Harness,
    digest: Digest,
    default_agent: String,
    folder: OnceLock<Result<Scratch, String>>,
    means: Arc<Means>,
}

impl CommandStudent {
    /// The program of the manifest; it works in `root`, without the environment variables that are withheld.
    pub(crate) fn new(
        section: StudentSection,
        layout: Layout,
        root: Root,
        withheld: Vec<String>,
        calls: Arc<LlmClient>,
    ) -> Self {
        Self(Arc::new(Means {
            section,
            layout,
            root,
            withheld,
            calls,
        }))
    }
}

impl Student for CommandStudent {
    fn identity(&self) -> Value {
        let Means {
            section, layout, root, ..
        } = self.0.as_ref();
        json!({
            "engine": "command", "revision": REVISION, "program": process::identity(&section.run, root),
            "env": section.env, "timeout_seconds": section.timeout_seconds, "layout": layout
        })
    }

    fn check(&self, _: &Harness, _: &[&Task]) -> Result<(), String> {
        let name = self.0.section.run.first().map_or("", String::as_str);
        let found = process::find(name, &self.0.root);
        found.map(drop).map_err(|problem| format!("[student]: {problem}"))
    }

    fn is_dear(&self) -> bool {
        true
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn Prepared> {
        Box::new(Candidate {
            digest: harness.digest(),
            default_agent: default_agent(harness, &self.0.layout),
            harness: harness.clone(),
            folder: OnceLock::new(),
            means: Arc::clone(&self.0),
        })
    }
}

impl Prepared for Candidate {
    /// It can read every file.
    fn footprint(&self, _: &Task) -> Digest {
        self.digest
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        let infra = |reason| Attempt::Infra { reason };
        let consent = match self.means.calls.consent() {
            Ok(consent) => consent,
            Err(problem) => return infra(problem),
        };
        let folder = match self.folder.get_or_init(|| self.written()) {
            Ok(folder) => folder.path(),
            Err(problem) => return infra(problem.clone()),
        };
        let calls = &self.means.calls;
        let name = self.means.section.run.first().map_or("", String::as_str);
        let reserved = match calls.begin_attempt(name) {
            Ok(reserved) => reserved,
            Err(problem) => return infra(problem.to_string()),
        };
        let ended = self.run(&consent, task, draw.seed, folder);
        let said = ended
            .as_ref()
            .map(|ended| Said::read(&ended.stdout))
            .unwrap_or_default();
        let reported = Reported {
            model: said.model.clone().unwrap_or_else(|| name.to_owned()),
            request: Digest::of_value(&(self.digest, &task.query, &task.agent, draw.seed)),
            usage: said.usage,
            cost_usd: said.cost_usd,
        };
        calls.end_attempt(Role::Student, reported, reserved);
        judged(ended, said)
    }
}

impl Candidate {
    /// The harness as files, in a folder of this candidate alone.
    fn written(&self) -> Result<Scratch, String> {
        let made = self.means.root.scratch("harness", self.harness.files());
        made.map_err(|error| error.to_string())
    }

    fn run(&self, consent: &Consent, task: &Task, seed: u64, folder: &Path) -> Result<Ended, Unended> {
        let section = &self.means.section;
        let is_filled = |word: &String| word.contains("{query}");
        let filled: Vec<String> = section.run.iter().map(|word| fill(word, task, folder)).collect();
        let agent = task.agent.as_ref().unwrap_or(&self.default_agent);
        // Many programs read a signed number of 32 bits.
        let question =
            json!({"task_id": task.task_id, "query": task.query, "agent": agent, "seed": seed & 0x7fff_ffff});
        // Agents that are given the query as an argument take standard input for a part of it.
        let question = (!section.run.iter().any(is_filled)).then(|| question.to_string());
        let root: OsString = self.means.root.as_os_str().to_owned();
        let program = Program {
            consent,
            run: &filled,
            folder: &self.means.root,
            withheld: &self.means.withheld,
            variables: vec![("KAIZEN_HARNESS", folder.into()), ("KAIZEN_WORKSPACE", root)],
            timeout: Some(Duration::from_secs(section.timeout_seconds)),
        };
        program.run(question.as_deref().map(str::as_bytes))
    }
}

/// An argument with the harness' folder and the query in their places; what the query says is not filled in again, and
/// no argument can hold a zero byte.
fn fill(word: &str, task: &Task, folder: &Path) -> String {
    let word = word.replace("{harness}", &folder.to_string_lossy());
    word.replace("{query}", &task.query.replace('\0', ""))
}

/// What an end is worth: the agent's own failures score 0, the world's have no score.
fn judged(ended: Result<Ended, Unended>, said: Said) -> Attempt {
    match ended {
        Ok(ended) if ended.status.success() => Attempt::Answered {
            answer: said.answer,
            model: said.model,
            tool: said.tool,
        },
        Ok(ended) => {
            let reason = format!("{}: {}", ended.status, ended.complaint());
            match ended.status.code() {
                Some(PASSING) => Attempt::Infra { reason },
                _ => Attempt::Failed { reason },
            }
        }
        Err(problem) => {
            let reason = problem.to_string();
            match problem {
                Unended::NotStarted { .. } => Attempt::Infra { reason },
                Unended::TimedOut { .. } | Unended::TooMuch { .. } => Attempt::Failed { reason },
            }
        }
    }
}

#[cfg(test)]
mod tests;
