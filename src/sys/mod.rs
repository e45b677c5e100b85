//! The operating system: files, processes, clock and signals. Nothing else reads or writes a file, or starts a program.

pub mod clock;
pub mod consent;
pub mod disk;
pub mod output;
pub mod process;
pub mod signal;
