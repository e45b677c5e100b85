//! Compares kaizen with other tools in one run: OpenJarvis on the same 50 edits, and ninja on an equivalent graph of
//! files.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::measure::{Outcome, median, row, timed};
use crate::{fifty_edits, sessions};

/// Environment variable with the path of a Python that has openjarvis 1.0.4.
const PYTHON: &str = "OPENJARVIS_PYTHON";

/// Runs the comparisons; tools that are not installed are reported and skipped.
pub fn beside() -> Outcome<()> {
    match std::env::var_os(PYTHON) {
        Some(python) => ancestor(Path::new(&python))?,
        None => println!("OpenJarvis: skipped; set {PYTHON} to a Python that has openjarvis 1.0.4"),
    }
    match Command::new("ninja").arg("--version").output() {
        Ok(_) => ninja(),
        Err(_) => {
            println!("ninja: skipped; it is not installed");
            Ok(())
        }
    }
}

fn ancestor(python: &Path) -> Outcome<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/kaizen/ancestor.py");
    let output = Command::new(python).arg(script).output()?;
    let said = serde_json::from_slice::<serde_json::Value>(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let milliseconds = |name: &str| Duration::from_secs_f64(said[name].as_f64().unwrap_or_default() / 1e3);
    let (session, commits) = (milliseconds("session_ms"), milliseconds("checkpoint_ms"));
    row("OpenJarvis: a session of 50 edits, no commit", session);
    row("OpenJarvis: staging, then commit or discard, 50 edits", commits);
    row("OpenJarvis: both", session + commits);
    row("kaizen: the same 50 edits, 25 committed", fifty_edits::whole_process()?);
    Ok(())
}

/// 200 finished sessions of six steps each.
fn ninja() -> Outcome<()> {
    let graph = tempfile::tempdir()?;
    write_graph(graph.path(), 200)?;
    let build = || {
        timed(|| {
            let output = Command::new("ninja").current_dir(graph.path()).output()?;
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            output.status.success().then_some(()).ok_or_else(|| said.into())
        })
    };
    build()?;
    row("ninja: nothing to do in 200 chains of 6 steps", median(build)?);
    let folder = tempfile::tempdir()?;
    sessions::two_hundred(folder.path())?;
    // Files that just changed are read again.
    std::thread::sleep(crate::history::CALM);
    sessions::command(folder.path(), &["run"])?;
    let run = median(|| sessions::command(folder.path(), &["run"]))?;
    row("`kaizen run`: nothing to do, 200 finished sessions", run);
    let status = median(|| sessions::command(folder.path(), &["status"]))?;
    row("`kaizen status` of these sessions", status);
    Ok(())
}

/// Chains of six steps, each the checksum of the previous one.
fn write_graph(folder: &Path, chains: usize) -> Outcome<()> {
    let mut rules = "rule step\n  command = cksum < $in > $out\n".to_owned();
    for chain in 0..chains {
        fs::write(folder.join(format!("{chain}.0")), vec![b'x'; 200])?;
        for step in 0..6 {
            rules.push_str(&format!("build {chain}.{}: step {chain}.{step}\n", step + 1));
        }
    }
    Ok(fs::write(folder.join("build.ninja"), rules)?)
}
