//! Benchmark of the search for agent homes.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use kaizen::internals::editable_files;

use crate::fixture::write;
use crate::measure::{Outcome, median, row, timed};

/// A repository of 5,000 files with homes of several hosts; the search should take less than 100 ms.
pub fn homes() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    for at in 0..5000 {
        let ending = ["rs", "py", "json", "yaml", "md"][at % 5];
        let text = format!("{{\"name\": \"{at}\", \"values\": [{at}]}}\n").repeat(20);
        write(
            &root.join(format!("packages/p{}/src/f{at}.{ending}", at % 100)),
            text.as_bytes(),
        )?;
    }
    let homes = [
        "CLAUDE.md",
        "AGENTS.md",
        ".claude/agents/a.md",
        ".cursor/rules/b.mdc",
        "packages/p7/CLAUDE.md",
    ];
    homes
        .iter()
        .try_for_each(|path| write(&root.join(path), b"Be brief.\n"))?;
    let search = || -> Outcome<()> {
        let found = editable_files(root)?;
        if found == homes.len() {
            Ok(())
        } else {
            Err(format!("found {found} files").into())
        }
    };
    row("find the agent homes among 5,000 files", median(|| timed(search))?);
    Ok(())
}
