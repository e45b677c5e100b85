//! The manifest: `kaizen.toml`, parsed and checked. Every key has a default; an unknown one is an error.

pub mod layout;
pub mod phases;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::layout::Layout;
use self::phases::Stanza;
use crate::artifact::edit::{Op, RiskTier};
use crate::route::Autonomy;

/// The manifest's file name.
pub const FILE: &str = "kaizen.toml";

/// `kaizen.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Manifest {
    /// Format version; 1.
    pub version: u32,
    /// The files that make the agent what it is.
    pub harness: HarnessSection,
    /// Evidence of past runs.
    pub traces: TracesSection,
    /// Scored questions.
    pub benchmark: BenchmarkSection,
    /// The agent under improvement.
    pub student: StudentSection,
    /// Whatever writes the diagnosis and the plan.
    pub teacher: TeacherSection,
    /// How a session goes.
    pub session: SessionSection,
    /// When an edit is kept.
    pub gate: GateSection,
    /// How git is used.
    pub ledger: LedgerSection,
    /// Phases: the built-in ones with other programs, and further ones.
    pub phase: BTreeMap<String, Stanza>,
}

/// `[harness]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HarnessSection {
    /// The files that edits may touch, as globs relative to the workspace.
    pub files: Vec<String>,
    /// Where each op lands.
    pub layout: Layout,
    /// Ops whose risk tier is raised.
    pub tiers: BTreeMap<Op, RiskTier>,
}

/// `[traces]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TracesSection {
    /// JSON Lines files and OpenJarvis databases, as globs relative to the workspace.
    pub files: Vec<String>,
    /// How many of the newest usable traces the teacher may read.
    pub most: usize,
}

/// `[benchmark]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BenchmarkSection {
    /// JSON Lines files of tasks, as globs relative to the workspace.
    pub files: Vec<String>,
    /// How many gate tasks a session uses, drawn by its id; 0 for all.
    pub subsample: usize,
    /// Seed of a noisy student.
    pub seed: u64,
    /// The program behind scorer `command`: JSON on stdin, `{"score": x}` on stdout.
    pub scorer_command: Vec<String>,
}

/// `[student]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StudentSection {
    /// `nearest`: the embedded student.
    pub engine: StudentEngine,
    /// Attempts at once; 0 for one a core.
    pub concurrency: usize,
}

/// Which student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StudentEngine {
    /// The embedded one: nearest example, with tools.
    Nearest,
}

/// `[teacher]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TeacherSection {
    /// `rules`: the embedded optimizer.
    pub engine: TeacherEngine,
    /// Edits in a plan, at most.
    pub max_edits: usize,
}

/// Which teacher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeacherEngine {
    /// The embedded one: proposes what gains most on train tasks.
    Rules,
}

/// `[session]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionSection {
    /// `auto`, `tiered` or `manual`.
    pub autonomy: Autonomy,
    /// Usable traces without which no session is held.
    pub min_traces: usize,
}

/// `[gate]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GateSection {
    /// `overall` or `target`.
    pub rule: crate::gate::RuleKind,
    /// The gain must be larger than this, 0 to 1.
    pub min_improvement: f64,
    /// No other category may fall by more than this, 0 to 1. Absent: 0.05 for `overall`, 0.01 for `target`.
    pub max_regression: Option<f64>,
    /// Above this share of infrastructure errors the verdict is undecided, 0 to 1.
    pub max_infra_share: f64,
}

/// `[ledger]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LedgerSection {
    /// Whether the repository's hooks run on kaizen's commits.
    pub hooks: bool,
    /// Whether commits are signed; absent: as git is configured.
    pub sign: Option<bool>,
    /// `Name <address>` of kaizen's commits; absent: as git is configured.
    pub author: Option<String>,
    /// Seconds to wait for somebody else's index lock.
    pub lock_wait_seconds: u64,
    /// Whether a settled session's directory is committed.
    pub commit_sessions: bool,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            version: 1,
            harness: HarnessSection::default(),
            traces: TracesSection::default(),
            benchmark: BenchmarkSection::default(),
            student: StudentSection::default(),
            teacher: TeacherSection::default(),
            session: SessionSection::default(),
            gate: GateSection::default(),
            ledger: LedgerSection::default(),
            phase: BTreeMap::new(),
        }
    }
}

impl Default for HarnessSection {
    fn default() -> Self {
        let files = [
            "config.toml",
            "agents/*/system_prompt.md",
            "agents/*/few_shot.json",
            "tools/descriptions.toml",
        ];
        Self {
            files: files.map(str::to_owned).to_vec(),
            layout: Layout::default(),
            tiers: BTreeMap::new(),
        }
    }
}

impl Default for TracesSection {
    fn default() -> Self {
        Self {
            files: vec!["traces/*.jsonl".into(), "traces.db".into()],
            most: 2000,
        }
    }
}

impl Default for BenchmarkSection {
    fn default() -> Self {
        Self {
            files: vec!["benchmark/*.jsonl".into()],
            subsample: 0,
            seed: 0,
            scorer_command: Vec::new(),
        }
    }
}

impl Default for StudentSection {
    fn default() -> Self {
        Self {
            engine: StudentEngine::Nearest,
            concurrency: 0,
        }
    }
}

impl Default for TeacherSection {
    fn default() -> Self {
        Self {
            engine: TeacherEngine::Rules,
            max_edits: 10,
        }
    }
}

impl Default for SessionSection {
    fn default() -> Self {
        Self {
            autonomy: Autonomy::Tiered,
            min_traces: 20,
        }
    }
}

impl Default for GateSection {
    fn default() -> Self {
        Self {
            rule: crate::gate::RuleKind::Overall,
            min_improvement: 0.0,
            max_regression: None,
            max_infra_share: 0.05,
        }
    }
}

impl Default for LedgerSection {
    fn default() -> Self {
        Self {
            hooks: true,
            sign: None,
            author: None,
            lock_wait_seconds: 10,
            commit_sessions: true,
        }
    }
}

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The parser's message with line and column, and the nearest key.
        message: String,
    },
    /// The right shape, and a value that cannot be.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the remedy.
        problem: String,
    },
}

impl Manifest {
    /// Parses and checks a manifest; `path` only serves the message.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ManifestError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let malformed = |error: toml::de::Error| ManifestError::Malformed {
            path: path.to_owned(),
            message: explain(&error),
        };
        let manifest: Manifest = toml::from_str(text).map_err(malformed)?;
        let invalid = |problem| ManifestError::Invalid {
            path: path.to_owned(),
            problem,
        };
        manifest.check().map_err(invalid)?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if self.version != 1 {
            return Err(format!(
                "version = {} is newer than this kaizen reads (1); upgrade kaizen",
                self.version
            ));
        }
        let gate = [
            ("min_improvement", Some(self.gate.min_improvement)),
            ("max_regression", self.gate.max_regression),
            ("max_infra_share", Some(self.gate.max_infra_share)),
        ];
        for (key, value) in gate.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("[gate] {key} = {value} must lie between 0 and 1"));
            }
        }
        let lowered = self.harness.tiers.iter().find(|(op, tier)| **tier < op.tier());
        if let Some((op, tier)) = lowered {
            return Err(format!(
                "[harness.tiers] {} = {tier:?} is lower than {:?}; a tier can only be raised",
                op.name(),
                op.tier()
            ));
        }
        globs(
            self.harness
                .files
                .iter()
                .chain(&self.traces.files)
                .chain(&self.benchmark.files),
        )?;
        phases::graph(&self.phases()).map(|_| ())
    }

    /// The tier of an op here.
    pub fn tier(&self, op: Op) -> RiskTier {
        self.harness.tiers.get(&op).copied().unwrap_or_default().max(op.tier())
    }

    /// All phases: the built-in ones, each with what this manifest changes, and further ones.
    pub fn phases(&self) -> BTreeMap<String, Stanza> {
        let mut all = phases::built_in();
        for (name, stanza) in &self.phase {
            let merged = all
                .get(name)
                .map_or_else(|| stanza.clone(), |base| base.overridden(stanza));
            all.insert(name.clone(), merged);
        }
        all
    }
}

/// Compiles globs in which `*` stops at `/`.
///
/// # Errors
/// A pattern that is no glob, or that could leave the workspace.
pub fn globs<'a>(patterns: impl IntoIterator<Item = &'a String>) -> Result<globset::GlobSet, String> {
    let mut set = globset::GlobSetBuilder::new();
    for pattern in patterns {
        if pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
            return Err(format!(
                "`{pattern}` leads out of the workspace; paths are relative to kaizen.toml"
            ));
        }
        let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| format!("`{pattern}` is not a glob: {}", error.kind()))?);
    }
    set.build().map_err(|error| error.to_string())
}

/// The parser's message, with the nearest key where a key is unknown.
fn explain(error: &toml::de::Error) -> String {
    let message = error.to_string().trim_end().to_owned();
    let mut quoted = error.message().split('`').skip(1).step_by(2);
    let unknown = error.message().starts_with("unknown");
    match quoted
        .next()
        .filter(|_| unknown)
        .and_then(|found| nearest(found, quoted))
    {
        Some(key) => format!("{message}\ndid you mean `{key}`?"),
        None => message,
    }
}

/// The candidate with the smallest edit distance, when it is near enough to be a slip of the finger.
pub fn nearest<'a>(found: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates
        .map(|candidate| (distance(found, candidate), candidate))
        .min()?;
    (near.0 <= found.len().max(3) / 2).then_some(near.1)
}

/// Levenshtein distance in characters.
fn distance(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, c) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, d) in two.iter().enumerate() {
            let substituted = diagonal + usize::from(c != *d);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest, String> {
        Manifest::parse(Path::new("kaizen.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_manifest_is_the_default() {
        assert_eq!(parse("").unwrap(), Manifest::default());
        assert_eq!(parse("\u{feff}version = 1\r\n").unwrap(), Manifest::default());
    }

    #[test]
    fn a_misspelt_key_names_line_and_nearest_key() {
        let message = parse("version = 1\n[sesion]\nautonomy = \"auto\"\n").unwrap_err();
        assert!(
            message.contains("line 2") && message.contains("did you mean `session`?"),
            "{message}"
        );
        let message = parse("[session]\nautonmy = \"auto\"\n").unwrap_err();
        assert!(
            message.contains("line 2") && message.contains("did you mean `autonomy`?"),
            "{message}"
        );
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (text, part) in [
            ("version = 2", "newer"),
            ("[gate]\nmax_regression = 7.0", "between 0 and 1"),
            ("[harness.tiers]\nreplace_system_prompt = \"auto\"", "only be raised"),
            ("[harness]\nfiles = [\"../x\"]", "out of the workspace"),
            ("[phase.execute]\nrun = [\"true\"]", "execute"),
            (
                "[phase.mine]\nreads = [\"mine.json\"]\nwrites = [\"mine.json\"]\nrun = [\"true\"]",
                "cycle",
            ),
            ("[phase.mine]\nwrites = [\"plan.json\"]\nrun = [\"true\"]", "plan.json"),
            ("[phase.mine]\nwrites = [\"../x\"]\nrun = [\"true\"]", "../x"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn a_tier_can_be_raised() {
        let manifest = parse("[harness.tiers]\nset_agent_param = \"manual\"").unwrap();
        assert_eq!(manifest.tier(Op::SetAgentParam), RiskTier::Manual);
        assert_eq!(manifest.tier(Op::SetModelParam), RiskTier::Auto);
    }
}
