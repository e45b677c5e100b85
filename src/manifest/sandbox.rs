//! `[student.sandbox]`: a folder outside the workspace for each attempt of a program.

use std::path::Path;

use globset::GlobSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::membership::{Membership, reserved};
use super::student::StudentSection;
use super::{FILE, Manifest, globs};

/// `[student.sandbox]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxSection {
    /// An absolute path of the folder for sandboxes; empty: the system's folder for temporary files.
    pub place: String,
    /// What a sandbox contains besides the agent's files.
    pub base: SandboxBase,
    /// Whether the agent's files are committed to a git repository of the sandbox. Programs that look for files in parent
    /// folders stop at its root.
    pub git: bool,
    /// Programs that prepare the base, without the agent's files. They run once; every sandbox gets a copy of the result.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<Vec<String>>,
    /// Programs that run in a sandbox after its attempt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teardown: Vec<Vec<String>>,
    /// Words before the command line of every program that runs in a sandbox, such as those of `bwrap`. `{sandbox}` is the
    /// sandbox, `{home}` the user's home folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wrap: Vec<String>,
    /// Which sandboxes are kept in `.kaizen/kept/` after their attempts.
    pub keep: SandboxKeep,
    /// Timeout of one program of `setup` or `teardown` in seconds.
    pub setup_timeout_seconds: u64,
    /// Maximum output of an attempt on stdout, and on stderr, in MiB.
    pub max_output_mib: u64,
    /// Maximum memory of all processes of an attempt together, in MiB.
    pub max_memory_mib: u64,
    /// Maximum number of processes of an attempt at the same time.
    pub max_processes: u64,
    /// Maximum size of a sandbox in MiB.
    pub max_disk_mib: u64,
}

/// What a sandbox contains besides the agent's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SandboxBase {
    /// Nothing.
    #[default]
    Empty,
    /// The files of the last commit, except kaizen's own, tasks and traces, and folders that a task names.
    Workspace,
}

/// Which sandboxes are kept after their attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SandboxKeep {
    /// None.
    #[default]
    Never,
    /// Those of attempts that gave no answer.
    Failed,
    /// All.
    All,
}

impl Default for SandboxSection {
    fn default() -> Self {
        Self {
            place: String::new(),
            base: SandboxBase::Empty,
            git: true,
            setup: Vec::new(),
            teardown: Vec::new(),
            wrap: Vec::new(),
            keep: SandboxKeep::Never,
            setup_timeout_seconds: 600,
            max_output_mib: 64,
            max_memory_mib: 4096,
            max_processes: 512,
            max_disk_mib: 1024,
        }
    }
}

impl SandboxSection {
    /// The words before a command line, with the placeholders filled in.
    pub(crate) fn wrapping(&self, sandbox: &Path, home: &Path) -> Vec<String> {
        let (sandbox, home) = (sandbox.to_string_lossy(), home.to_string_lossy());
        let word = move |word: &String| word.replace("{sandbox}", &sandbox).replace("{home}", &home);
        self.wrap.iter().map(word).collect()
    }

    /// The limits, each with its key.
    fn limits(&self) -> [(&'static str, u64); 5] {
        [
            ("setup_timeout_seconds", self.setup_timeout_seconds),
            ("max_output_mib", self.max_output_mib),
            ("max_memory_mib", self.max_memory_mib),
            ("max_processes", self.max_processes),
            ("max_disk_mib", self.max_disk_mib),
        ]
    }

    fn check(&self) -> Result<(), String> {
        if !self.place.is_empty() && !Path::new(&self.place).is_absolute() {
            return Err(format!(
                "[student.sandbox] place = \"{}\" must be an absolute path",
                self.place
            ));
        }
        if let Some((key, value)) = self.limits().iter().find(|(_, value)| !LIMITS.contains(value)) {
            return Err(format!(
                "[student.sandbox] {key} = {value} must be between {} and {}",
                LIMITS.start(),
                LIMITS.end()
            ));
        }
        for (key, commands) in [("setup", &self.setup), ("teardown", &self.teardown)] {
            if let Some(at) = commands.iter().position(|run| run.first().is_none_or(String::is_empty)) {
                return Err(format!(
                    "[student.sandbox] {key}[{at}] names no program; write a list such as [\"uv\", \"sync\"]"
                ));
            }
        }
        if !self.wrap.is_empty() && !self.wrap.iter().any(|word| word.contains("{sandbox}")) {
            return Err(
                "[student.sandbox] wrap does not contain `{sandbox}`, so the program could not reach its folder; add it, \
                 such as [\"bwrap\", \"--bind\", \"{sandbox}\", \"{sandbox}\"]"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// The range of the limits.
const LIMITS: std::ops::RangeInclusive<u64> = 1..=1 << 20;

/// Decides which files of the workspace a sandbox contains.
#[derive(Clone, Debug, Default)]
pub(crate) struct BaseRule {
    agent: Membership,
    evidence: GlobSet,
}

impl BaseRule {
    /// The rule of a manifest.
    ///
    /// # Errors
    /// A malformed pattern.
    pub(crate) fn new(manifest: &Manifest) -> Result<Self, String> {
        Ok(Self {
            agent: Membership::new(manifest)?,
            evidence: globs(manifest.traces.files.iter().chain(&manifest.benchmark.files))?,
        })
    }

    /// Whether sandboxes contain this file. Files of the agent come from the candidate. `hidden` are the folders that
    /// tasks name.
    pub(crate) fn includes(&self, path: &str, hidden: &[String]) -> bool {
        let is_hidden = |folder: &String| {
            path.strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        path != FILE
            && reserved(path).is_none()
            && !self.evidence.is_match(path)
            && !self.agent.selects(path)
            && !hidden.iter().any(is_hidden)
    }
}

/// Names of variables that a program gets from kaizen.
const OWN: [&str; 2] = ["KAIZEN_HARNESS", "KAIZEN_WORKSPACE"];

/// Checks the sandbox and the variables of a student.
///
/// # Errors
/// One of them cannot be used; the message names the key and the remedy.
pub(super) fn check(student: &StudentSection) -> Result<(), String> {
    if let Some(name) = student.set.keys().find(|name| !is_variable(name)) {
        return Err(format!(
            "[student] set: `{name}` cannot be set; use letters, digits and `_`, and none of {}",
            OWN.join(" and ")
        ));
    }
    if student.sandbox.is_none() && student.set.values().any(|value| value.contains("{sandbox}")) {
        return Err("[student] set: `{sandbox}` needs a section [student.sandbox]".to_owned());
    }
    student.sandbox.as_ref().map_or(Ok(()), SandboxSection::check)
}

fn is_variable(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty()
        && name.chars().all(is_letter)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !OWN.contains(&name)
}

#[cfg(test)]
mod tests {
    use crate::manifest::Manifest;

    #[test]
    fn what_cannot_be_used_is_refused_with_a_remedy() {
        for (text, part) in [
            ("[student.sandbox]\nplace = \"tmp\"", "absolute path"),
            ("[student.sandbox]\nbase = \"home\"", "unknown variant"),
            ("[student.sandbox]\nwraps = []", "unknown field"),
            ("[student.sandbox]\nbase = \"workspace\"\nwrap = []\nkeep = \"all\"", ""),
            ("[student.sandbox]\nsetup = [[\"uv\"], []]", "setup[1] names no program"),
            ("[student.sandbox]\nteardown = [[\"\"]]", "teardown[0] names no program"),
            ("[student.sandbox]\nwrap = [\"bwrap\"]", "does not contain `{sandbox}`"),
            (
                "[student.sandbox]\nmax_processes = 0",
                "max_processes = 0 must be between 1",
            ),
            (
                "[student.sandbox]\nmax_disk_mib = 9999999",
                "max_disk_mib = 9999999 must be",
            ),
            ("[student.set]\nA = \"{sandbox}/x\"", "needs a section"),
            ("[student.set]\n\"A=B\" = \"x\"", "letters, digits"),
            ("[student.set]\nKAIZEN_HARNESS = \"x\"", "cannot be set"),
            ("[student.sandbox]\n[student.set]\nA = \"{sandbox}/x\"", ""),
        ] {
            let parsed = Manifest::parse("kaizen.toml".as_ref(), text).map_err(|error| error.to_string());
            let message = parsed.map(|_| String::new()).unwrap_or_else(|message| message);
            assert!(
                message.contains(part) && message.is_empty() == part.is_empty(),
                "{text}: {message}"
            );
        }
    }

    #[test]
    fn the_base_has_neither_kaizen_s_files_nor_the_agent_s_nor_any_answer() {
        let text =
            "[harness]\nfiles = [\"AGENTS.md\"]\n[benchmark]\nfiles = [\"qa/*.jsonl\"]\n[traces]\nfiles = [\"logs/*\"]";
        let manifest = Manifest::parse("kaizen.toml".as_ref(), text).unwrap();
        let rule = super::BaseRule::new(&manifest).unwrap();
        let hidden = ["hidden/roman".to_owned()];
        for (path, is_in) in [
            ("src/lib.rs", true),
            ("hidden/romanesque", true),
            ("sub/kaizen.toml", true),
            ("kaizen.toml", false),
            ("benchmark/x.md", false),
            ("sessions/1/plan.json", false),
            ("schemas/a.json", false),
            (".kaizen/cache", false),
            ("qa/a.jsonl", false),
            ("logs/a", false),
            ("AGENTS.md", false),
            ("hidden/roman/test.py", false),
        ] {
            assert_eq!(rule.includes(path, &hidden), is_in, "{path}");
        }
    }
}
