//! The manifest, `kaizen.toml`: parsing and checks. Every key has a default; an unknown key is an error.

pub(crate) mod bubblewrap;
pub(crate) mod chat;
mod gate;
pub(crate) mod layout;
pub(crate) mod membership;
mod models;
mod notify;
pub(crate) mod phase_files;
pub(crate) mod phases;
pub(crate) mod placeholder;
mod privacy;
pub(crate) mod programs;
pub(crate) mod protected_files;
pub(crate) mod range;
pub(crate) mod relative_path;
pub(crate) mod sandbox;
mod sections;
pub(crate) mod speaks;
mod student;
pub(crate) mod suggested_student;
pub(crate) mod surface;
pub(crate) mod surface_table;
mod teacher;
pub(crate) mod template;
pub(crate) mod triggers;
pub(crate) mod trust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::chat::{ChatSettings, NetworkSection, Price};
pub use self::gate::GateSection;
pub(crate) use self::notify::NotifySection;
use self::phases::Stanza;
pub(crate) use self::privacy::{PersonalKind, PrivacySection};
pub(crate) use self::sections::{
    BenchmarkSection, CheckSection, HarnessSection, Hold, LedgerMode, LedgerSection, LoopSection, SessionSection,
    TracesSection,
};
pub(crate) use self::student::{StudentEngine, StudentSection, StudentTool};
pub(crate) use self::teacher::{TeacherEngine, TeacherSection};
pub use self::triggers::TriggersSection;
use crate::artifact::edit::{Op, RiskTier};
use crate::artifact::gate::settings::Mode;
use crate::artifact::nearest::nearest;

/// The manifest's file name.
pub(crate) const FILE: &str = "kaizen.toml";

/// `kaizen.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Manifest {
    /// Format version; 1.
    pub version: u32,
    /// The agent's files that edits may change.
    pub harness: HarnessSection,
    /// Traces of past runs, as evidence.
    pub traces: TracesSection,
    /// The scored tasks.
    pub benchmark: BenchmarkSection,
    /// The agent under improvement.
    pub student: StudentSection,
    /// The author of diagnosis and plan.
    pub teacher: TeacherSection,
    /// The language model behind scorer `judge`; without `model`, the teacher's is used.
    pub judge: ChatSettings,
    /// Prices in dollars per million tokens, by model; they override the built-in prices.
    pub prices: BTreeMap<String, Price>,
    /// Timeouts and retries of calls to servers.
    pub network: NetworkSection,
    /// How sessions run.
    pub session: SessionSection,
    /// When an edit is accepted.
    pub gate: GateSection,
    /// What `kaizen check` calls no worse.
    pub check: CheckSection,
    /// When `kaizen loop` stops.
    #[serde(rename = "loop")]
    pub looping: LoopSection,
    /// When `kaizen watch` starts sessions.
    pub triggers: TriggersSection,
    /// How kaizen uses git.
    pub ledger: LedgerSection,
    /// Who learns when a session needs a person.
    pub notify: NotifySection,
    /// Which traces may be evidence, and what is redacted.
    pub privacy: PrivacySection,
    /// Changes to built-in phases, and additional phases.
    pub phase: BTreeMap<String, Stanza>,
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
            judge: ChatSettings::default(),
            prices: BTreeMap::new(),
            network: NetworkSection::default(),
            session: SessionSection::default(),
            gate: GateSection::default(),
            check: CheckSection::default(),
            looping: LoopSection::default(),
            triggers: TriggersSection::default(),
            ledger: LedgerSection::default(),
            notify: NotifySection::default(),
            privacy: PrivacySection::default(),
            phase: BTreeMap::new(),
        }
    }
}

/// A value that is not allowed, with the text by which to find its line, and the remedy.
struct Misfit {
    value: String,
    problem: String,
}

/// The first line of a text that has a value, from 1.
fn line_of(text: &str, value: &str) -> Option<usize> {
    let found = text.lines().position(|line| line.contains(value) && !value.is_empty());
    found.map(|line| line + 1)
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The parser's message with line and column, and the most similar key.
        message: String,
    },
    /// A value that is not allowed.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The problem and its remedy.
        problem: String,
    },
}

impl Manifest {
    /// Parses and checks a manifest; `path` is used in error messages only.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ManifestError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let malformed = |error: toml::de::Error| ManifestError::Malformed {
            path: path.to_owned(),
            message: explain(&error),
        };
        let mut manifest: Manifest = toml::from_str(text).map_err(malformed)?;
        manifest.harness.settle(text);
        let invalid = |problem| ManifestError::Invalid {
            path: path.to_owned(),
            problem,
        };
        let in_line = |Misfit { value, problem }: Misfit| match line_of(text, &value) {
            Some(line) => format!("line {line}: {problem}"),
            None => problem,
        };
        manifest.harness.check().map_err(in_line).map_err(invalid)?;
        manifest.check().map_err(invalid)?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if self.version != 1 {
            return Err(format!(
                "version = {} is newer than this kaizen can read (1); upgrade kaizen",
                self.version
            ));
        }
        range::check(self)?;
        self.gate.check()?;
        self.check.check()?;
        self.gate.check_sample(self.is_sampled())?;
        self.check_models()?;
        self.triggers.check()?;
        self.looping.check()?;
        self.ledger.check()?;
        self.notify.check()?;
        self.privacy.check()?;
        let lowered = self.harness.tiers.iter().find(|(op, tier)| **tier < op.tier());
        if let Some((op, tier)) = lowered {
            return Err(format!(
                "[harness.tiers] {} = {tier:?} is lower than {:?}; a tier can only be raised",
                op.name(),
                op.tier()
            ));
        }
        let files = self.harness.globs();
        globs(files.iter().chain(&self.traces.files).chain(&self.benchmark.files))?;
        membership::Membership::new(self)?;
        self.check_programs()?;
        phases::graph(&self.phases()).map(|_| ())
    }

    /// Whether the gate judges all tasks together, in mode `sample`, as far as the manifest says: the built-in student at
    /// a temperature also has that mode.
    pub(crate) fn is_sampled(&self) -> bool {
        let auto = self.gate.mode == Mode::Auto && self.student.engine() != StudentEngine::Nearest;
        auto || self.gate.mode == Mode::Sample
    }

    /// All phases: the built-in ones with this manifest's changes, and the additional ones.
    pub(crate) fn phases(&self) -> BTreeMap<String, Stanza> {
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

/// Compiles globs; `*` does not match `/`.
///
/// # Errors
/// A pattern that is not a glob, or that could match outside the workspace.
pub(crate) fn globs<'a>(patterns: impl IntoIterator<Item = &'a String>) -> Result<globset::GlobSet, String> {
    let mut set = globset::GlobSetBuilder::new();
    for pattern in patterns {
        if pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
            return Err(format!(
                "`{pattern}` points outside the workspace; paths are relative to kaizen.toml"
            ));
        }
        let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| format!("`{pattern}` is not a glob: {}", error.kind()))?);
    }
    set.build().map_err(|error| error.to_string())
}

/// The parser's message; for an unknown key, with the most similar key.
pub(crate) fn explain(error: &toml::de::Error) -> String {
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
            ("[ledger]\nsubject = \"chore: edit\"", "must contain {summary}"),
            ("[ledger]\nsubject = \"{summary} {id}\"", "no braces but"),
            ("[ledger]\nsubject = \"a\\n{summary}\"", "one line"),
            ("[gate]\nmax_regression = 7.0", "between 0 and 1"),
            ("[harness.tiers]\nreplace_system_prompt = \"auto\"", "only be raised"),
            ("[harness]\nfiles = [\"../x\"]", "outside the workspace"),
            ("[privacy]\nredact = [\"(a\"]", "[privacy] redact[0]"),
            ("[privacy]\nexempt = [\"teachr\"]", "did you mean `teacher`"),
            ("[phase.execute]\nrun = [\"true\"]", "execute"),
            (
                "[phase.mine]\nreads = [\"mine.json\"]\nwrites = [\"mine.json\"]\nrun = [\"true\"]",
                "cycle",
            ),
            ("[phase.mine]\nwrites = [\"plan.json\"]\nrun = [\"true\"]", "plan.json"),
            ("[phase.mine]\nwrites = [\"../x\"]\nrun = [\"true\"]", "../x"),
            ("[phase.\"../x\"]\nwrites = [\"x\"]\nrun = [\"true\"]", "rename it"),
            ("[phase.plan]\nrun = [\"true\"]\ntimeout_seconds = 0", "between 1 and"),
            ("[phase.plan]\ntimeout_seconds = 9", "with `run`"),
            ("[phase.diagnos]\nrun = [\"true\"]", "did you mean [phase.diagnose]?"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn a_tier_can_be_raised() {
        let manifest = parse("[harness.tiers]\nset_agent_param = \"manual\"").unwrap();
        assert_eq!(manifest.harness.tier(Op::SetAgentParam), RiskTier::Manual);
        assert_eq!(manifest.harness.tier(Op::SetModelParam), RiskTier::Auto);
    }
}
