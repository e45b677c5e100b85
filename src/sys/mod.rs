//! The operating system: files, processes, clock and signals. Nothing else reads or writes a file, or starts a program.

pub(crate) mod clock;
pub(crate) mod consent;
pub(crate) mod disk;
pub(crate) mod output;
pub(crate) mod process;
#[cfg(feature = "cli")]
pub(crate) mod signal;
