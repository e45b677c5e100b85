//! The command-line program.

use std::process::ExitCode;

/// Runs before Rust opens `/dev/null` in place of a closed stdout or stderr, after which a loss of output would go
/// unnoticed. Code runs that early only from this section of the program, and naming a section counts as unsafe.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
#[unsafe(link_section = ".init_array")]
#[used]
static BEFORE_RUST: extern "C" fn() = kaizen::note_closed_streams;

fn main() -> ExitCode {
    kaizen::main()
}
