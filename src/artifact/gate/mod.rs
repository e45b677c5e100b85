//! What the gate writes into artifacts: settings, records, verdicts and their reasons.

pub mod budget;
pub mod numbers;
pub mod reason;
pub mod record;
pub mod settings;
pub mod verdict;
