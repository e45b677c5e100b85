//! The operating system: files, processes, clock and signals. No other module accesses files or starts programs.

pub(crate) mod clock;
pub(crate) mod consent;
pub(crate) mod disk;
pub(crate) mod output;
pub(crate) mod process;
#[cfg(feature = "cli")]
pub(crate) mod signal;
