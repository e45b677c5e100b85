//! The smaller sections of `kaizen.toml`, with their defaults.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::protected_files::ProtectedFiles;
use super::surface::Surface;
use crate::artifact::Money;
use crate::artifact::edit::{Op, RiskTier};
use crate::artifact::record::Autonomy;

/// `[harness]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HarnessSection {
    /// The files of the agent, as globs relative to the workspace. With surfaces, further files that edits do not change.
    pub files: Vec<String>,
    /// The layouts of agent homes that `kaizen init` found. What they protect stays protected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layouts: Vec<String>,
    /// The files and keys that edits may change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub surface: Vec<Surface>,
    /// Files and keys that no edit changes, besides those that the built-in layouts protect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<ProtectedFiles>,
    /// The file and key that each named op changes; with surfaces, only what they contain unless it is stated.
    pub layout: Layout,
    /// Higher risk tiers for ops.
    pub tiers: BTreeMap<Op, RiskTier>,
    /// How many times its size in the last commit that kaizen did not make a text of a surface may reach; at least 1.
    #[serde(skip_serializing_if = "is_usual_growth")]
    pub max_growth: f64,
}

/// The default of `max_growth`.
const USUAL_GROWTH: f64 = 1.5;

fn is_usual_growth(growth: &f64) -> bool {
    (growth - USUAL_GROWTH).abs() < f64::EPSILON
}

/// `[traces]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TracesSection {
    /// JSON Lines files and OpenJarvis databases, as globs relative to the workspace.
    pub files: Vec<String>,
    /// Number of usable traces that the teacher may read; the newest are taken.
    pub most: usize,
}

/// `[benchmark]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BenchmarkSection {
    /// JSON Lines files of tasks, as globs relative to the workspace.
    pub files: Vec<String>,
    /// Number of gate tasks that a session uses, chosen by the session's id; 0 for all.
    pub subsample: usize,
    /// Random seed of a noisy student.
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
    /// Minimum number of usable traces for a session.
    pub min_traces: usize,
    /// Where a session stops until a person releases it; `plan`: after planning, until `"released": true` in plan.json.
    pub hold: Option<Hold>,
    /// Maximum cost in dollars of all language models in one session; absent: no limit.
    pub max_cost_usd: Option<Money>,
}

/// Where a session stops until a person releases it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// After planning.
    Plan,
}

/// `[check]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CheckSection {
    /// The largest fall of the overall score that `kaizen check` calls no worse, above 0 and at most 1.
    pub margin: f64,
    /// The largest fall of a category with 100 tasks or more that it calls no worse, above 0 and at most 1.
    pub category_margin: f64,
}

impl CheckSection {
    /// Checks the ranges.
    pub(super) fn check(&self) -> Result<(), String> {
        let margins = [("margin", self.margin), ("category_margin", self.category_margin)];
        match margins
            .into_iter()
            .find(|(_, margin)| !(*margin > 0.0 && *margin <= 1.0))
        {
            Some((key, margin)) => Err(format!("[check] {key} = {margin} must be greater than 0 and at most 1")),
            None => Ok(()),
        }
    }
}

impl Default for CheckSection {
    fn default() -> Self {
        Self {
            margin: 0.02,
            category_margin: 0.10,
        }
    }
}

/// `[ledger]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LedgerSection {
    /// Where sessions commit: `direct`, on the branch that is checked out, or `branch`, each on a branch of its own.
    #[serde(skip_serializing_if = "LedgerMode::is_direct")]
    pub mode: LedgerMode,
    /// Whether the repository's hooks run on kaizen's commits.
    pub hooks: bool,
    /// Whether commits are signed; absent: according to git's configuration.
    pub sign: Option<bool>,
    /// Author of kaizen's commits, as `Name <address>`; absent: according to git's configuration.
    pub author: Option<String>,
    /// The form of the subject lines of kaizen's commits; `{summary}` stands for what the commit does.
    pub subject: String,
    /// Seconds to wait while another process has locked git's index.
    pub lock_wait_seconds: u64,
    /// Whether the directory of a settled session is committed.
    pub commit_sessions: bool,
}

/// Where sessions commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LedgerMode {
    /// On the branch that is checked out.
    #[default]
    Direct,
    /// Each on its own branch, in a worktree of its own.
    Branch,
}

impl LedgerMode {
    fn is_direct(&self) -> bool {
        *self == Self::Direct
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
            layouts: Vec::new(),
            surface: Vec::new(),
            protected: Vec::new(),
            layout: Layout::default(),
            tiers: BTreeMap::new(),
            max_growth: USUAL_GROWTH,
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
            mode: LedgerMode::Direct,
            hooks: true,
            sign: None,
            author: None,
            subject: "kaizen: {summary}".to_owned(),
            lock_wait_seconds: 10,
            commit_sessions: true,
        }
    }
}

/// The most characters of a subject line besides the summary.
const MOST_SUBJECT: usize = 40;

impl LedgerSection {
    /// Checks the constraints that the types do not express.
    ///
    /// # Errors
    /// The problem, and the remedy.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.mode == LedgerMode::Branch && !self.commit_sessions {
            return Err("[ledger] mode = \"branch\" needs commit_sessions = true: \
                        a branch that is reviewed and merged carries the session's files"
                .to_owned());
        }
        let rest = self.subject.replacen("{summary}", "", 1);
        let problem = match () {
            () if rest == self.subject => "must contain {summary}",
            () if rest.contains(['{', '}']) => "must contain no braces but one {summary}",
            () if rest.contains(char::is_control) => "must be one line without control characters",
            () if rest.chars().count() > MOST_SUBJECT => "must have at most 40 characters besides {summary}",
            () => return Ok(()),
        };
        Err(format!(
            "[ledger] subject {problem}, as in \"chore(agent): {{summary}}\""
        ))
    }
}

/// `[loop]`: when `kaizen loop` stops.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoopSection {
    /// A session counts as stagnant unless it raises the best gate score by more than this, 0 to 1.
    pub stagnation_eps: f64,
    /// The loop stops after this many stagnant sessions in a row; at least 1.
    pub stagnation_k: usize,
    /// The loop stops when its cost reaches this many dollars; more than 0.
    pub max_total_cost_usd: Money,
}

impl LoopSection {
    /// Checks the constraints that the types do not express.
    ///
    /// # Errors
    /// The problem, and the allowed values.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.stagnation_k == 0 {
            return Err("[loop] stagnation_k must be >= 1".into());
        }
        if self.max_total_cost_usd == Money::ZERO {
            return Err("[loop] max_total_cost_usd must be > 0".into());
        }
        if !(0.0..=1.0).contains(&self.stagnation_eps) {
            return Err("[loop] stagnation_eps must be between 0 and 1".into());
        }
        Ok(())
    }
}

impl Default for LoopSection {
    fn default() -> Self {
        Self {
            stagnation_eps: 0.001,
            stagnation_k: 5,
            max_total_cost_usd: Money::of_whole_dollars(50),
        }
    }
}
