//! The gate's parts of artifacts: settings, records, verdicts and their reasons.

pub(crate) mod budget;
pub(crate) mod numbers;
pub(crate) mod reason;
pub(crate) mod record;
pub(crate) mod sample;
pub(crate) mod settings;
pub(crate) mod verdict;
