//! The operating system: files, processes, clock and signals. Only the edges that the architecture test lists bypass it.

pub(crate) mod boot;
pub(crate) mod clock;
pub(crate) mod consent;
pub(crate) mod disk;
pub(crate) mod kept_answers;
pub(crate) mod output;
pub(crate) mod process;
#[cfg(feature = "cli")]
pub(crate) mod signal;
