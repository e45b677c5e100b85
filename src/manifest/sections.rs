//! The sections of `kaizen.toml`, each with its defaults.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use crate::artifact::edit::{Op, RiskTier};
use crate::artifact::record::Autonomy;

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

/// `[session]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionSection {
    /// `auto`, `tiered` or `manual`.
    pub autonomy: Autonomy,
    /// Usable traces without which no session is held.
    pub min_traces: usize,
    /// Where a session waits for a person: `plan` waits until plan.json says `"released": true`.
    pub hold: Option<Hold>,
    /// Dollars that one session may spend on language models of every role; absent: no limit.
    pub max_cost_usd: Option<f64>,
}

/// Where a session waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// After planning.
    Plan,
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

impl Default for SessionSection {
    fn default() -> Self {
        Self {
            autonomy: Autonomy::Tiered,
            min_traces: 20,
            hold: None,
            max_cost_usd: None,
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
