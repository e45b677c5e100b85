//! Internals for benches and tests. Not part of the public API; they may change without notice.
#![allow(missing_docs)]

use crate::artifact::task::Task;
use crate::gate::check::CheckMargins;
use crate::gate::check::run::CheckSpec;
use crate::harness::Harness;

pub use crate::artifact::egress::LlmRole;
pub use crate::artifact::gate::budget::level;
pub use crate::artifact::gate::numbers::Tally;
pub use crate::artifact::gate::reason::GateReason;
pub use crate::artifact::gate::record::AlphaGrant;
pub use crate::artifact::gate::sample::SampleSettings;
pub use crate::artifact::gate::settings::{BudgetMode, GateSettings, Mode, Preset};
pub use crate::artifact::gate::verdict::{GateDecision, GateRule, RuleKind};
pub use crate::eval::memo::{DiskMemo, Forgetful, Memo};
pub use crate::eval::run::{AttemptGauge, EvaluationHalted, Evaluator, evaluate, evaluate_run};
pub use crate::eval::score::score;
pub use crate::eval::student::chat::{ChatStudent, Toolbox};
pub use crate::eval::student::nearest::Nearest;
pub use crate::gate::decide;
pub use crate::gate::evidence::Wealth;
pub use crate::gate::exact::{Confirmation, Exact, ExactDesign, FallRule};
pub use crate::gate::order::shuffled;
pub use crate::gate::sample::screen::{lead, passes};
pub use crate::gate::sample::sign_flip::{binomial_tail, p_value};
pub use crate::gate::sample::{Sample, SampleDesign};
pub use crate::gate::sequential::{PairedRun, Sequential, SequentialDesign};
pub use crate::gate::trial::{Trial, TrialSpec};
pub use crate::harness::starter::harness as starter;
pub use crate::llm::client::LlmClient;
pub use crate::llm::redact::Redactor;
pub use crate::llm::redact::kinds::{PlantedSecret, kinds};
pub use crate::manifest::{GateSection, Manifest, TriggersSection};
pub use crate::sys::clock::Clock;
pub use crate::sys::disk::Root;
pub use crate::trace::store::trace_store::open as open_traces;
pub use crate::workspace::consent::{ApprovalStore, Permission};

/// The result of a check: its verdict in words, and the attempts that it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckOutcome {
    pub verdict: &'static str,
    pub attempts: usize,
}

/// The verdict of a check with the usual settings.
pub fn check_verdict(evaluator: &Evaluator, before: &Harness, after: &Harness, tasks: &[Task]) -> CheckOutcome {
    let manifest = Manifest::default();
    let run = crate::gate::check::run::check(
        evaluator,
        &CheckSpec {
            before,
            after,
            tasks,
            mode: manifest.gate.mode,
            settings: manifest.gate.settings(evaluator.student.shares_chance()),
            noisy: None,
            margins: CheckMargins {
                whole: manifest.check.margin,
                category: manifest.check.category_margin,
            },
            most_attempts: None,
            progress: &|_, _| {},
        },
    );
    CheckOutcome {
        verdict: run.verdict.words(),
        attempts: run.attempts,
    }
}

/// The number of files in a folder that have an editable part, as `kaizen init` finds them without git.
///
/// # Errors
/// The folder cannot be read.
#[cfg(feature = "cli")]
pub fn editable_files(root: &std::path::Path) -> Result<usize, Box<dyn std::error::Error>> {
    let table = crate::harness::layout::table::LayoutTable::built_in()?;
    let homes = crate::cli::init_homes::FoundHomes::find(&Root::open(root)?, &table, None);
    Ok(homes.map_err(|failure| failure.message)?.found.files.len())
}
