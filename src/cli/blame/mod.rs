//! `kaizen blame`: from the lines of a file to the edits, and their evidence, that stand behind them.

mod rows;
mod story;

use clap::Args;

use super::Setting;
use super::exit::{Code, Failure};
use crate::ledger::{BlamedLine, FileState};
use crate::workspace::Workspace;

/// Show which edit wrote each line of a file, and on what evidence
#[derive(Clone, Debug, Args)]
pub(crate) struct Blame {
    /// A file of the workspace; with a line number, everything known about that line
    #[arg(value_name = "FILE[:LINE]")]
    place: String,
}

/// Runs the command.
///
/// # Errors
/// There is no such file or line, or git does not know it.
pub(crate) fn blame(command: &Blame, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    let (path, line) = locate(setting, &workspace, &command.place)?;
    let lines = blamed(&workspace, &path)?;
    match line {
        None => rows::show(&workspace, &path, &lines, setting)?,
        Some(number) => {
            let line = number.checked_sub(1).and_then(|at| lines.get(at));
            let line = line.ok_or_else(|| no_line(&path, number, lines.len()))?;
            story::show(&workspace, &path, number, line, setting)?;
        }
    }
    Ok(Code::Settled)
}

fn no_line(path: &str, number: usize, count: usize) -> Failure {
    let problem = format!("{path} has {count} lines, and no line {number}");
    Failure::usage(problem).hint(format!("`kaizen blame {path}` shows them with their numbers"))
}

/// The file relative to the workspace, and the line. A file whose own name ends like a line number is that file.
fn locate(setting: &Setting, workspace: &Workspace, place: &str) -> Result<(String, Option<usize>), Failure> {
    let with_line = || {
        let (file, line) = place.rsplit_once(':')?;
        Some((file, line.parse::<usize>().ok()?))
    };
    let exists = setting.directory.join(place).exists();
    let (file, line) = match with_line().filter(|_| !exists) {
        Some((file, line)) => (file, Some(line)),
        None => (place, None),
    };
    let full = setting.directory.join(file);
    let found = full.canonicalize();
    let found = found.map_err(|_| {
        Failure::usage(format!("there is no file {file} in {}", setting.directory.display()))
            .hint("give a path relative to here, with a line or without: config.toml:12")
    })?;
    let root = workspace
        .root
        .canonicalize()
        .unwrap_or_else(|_| workspace.root.to_path_buf());
    let outside = || {
        Failure::usage(format!("{file} is outside of the workspace {}", root.display()))
            .hint("kaizen edits nothing there; `git blame` says who did")
    };
    let inside = found.strip_prefix(&root).map_err(|_| outside())?;
    if found.is_dir() {
        return Err(Failure::usage(format!("{file} is a folder")).hint("name one of its files"));
    }
    Ok((inside.to_string_lossy().replace('\\', "/"), line))
}

fn blamed(workspace: &Workspace, path: &str) -> Result<Vec<BlamedLine>, Failure> {
    let unknown = || {
        Failure::usage(format!(
            "git does not know {path}: nobody can say where its lines come from"
        ))
        .hint(format!("`git add {path}` and `git commit` begin its history"))
    };
    let status = workspace.ledger.status(&[path.to_owned()])?;
    if status.iter().any(|file| file.state != FileState::Changed) {
        return Err(unknown());
    }
    workspace.ledger.blame(path)?.ok_or_else(unknown)
}
