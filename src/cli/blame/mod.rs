//! `kaizen blame`: shows which edits wrote the lines of a file, and on what evidence.

pub(crate) mod history;
mod rows;
mod squashed;
pub(crate) mod story;

use clap::Args;

use self::history::BlameHistory;
use self::story::FilePast;
use super::Setting;
use super::exit::{Code, CommandFailure};
use super::show::edit::{self, EditDetails};
use crate::digest::Digest;
use crate::ledger::{BlamedLine, FileState};
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// Show which edit wrote each line of a file, and on what evidence
#[derive(Clone, Debug, Args)]
pub(crate) struct BlameArgs {
    /// A file of the workspace; with a line number, all details of that line
    #[arg(value_name = "FILE[:LINE]")]
    place: String,
}

/// Runs the command.
///
/// # Errors
/// There is no such file or line, or git does not track the file.
pub(crate) fn blame(command: &BlameArgs, setting: &Setting) -> Result<Code, CommandFailure> {
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
    workspace.keep_history();
    Ok(Code::Settled)
}

fn no_line(path: &str, number: usize, count: usize) -> CommandFailure {
    let problem = format!("{path} has no line {number}, only {count} lines");
    CommandFailure::usage(problem).hint(format!("`kaizen blame {path}` shows them with their numbers"))
}

/// The path relative to the workspace, and the line. `name:12` means the file `name:12` if it exists.
fn locate(setting: &Setting, workspace: &Workspace, place: &str) -> Result<(String, Option<usize>), CommandFailure> {
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
        CommandFailure::usage(format!("there is no file {file} in {}", setting.directory.display()))
            .hint("give a path relative to this directory, with or without a line, such as config.toml:12")
    })?;
    let root = workspace
        .root
        .canonicalize()
        .unwrap_or_else(|_| workspace.root.to_path_buf());
    let outside = || {
        CommandFailure::usage(format!("{file} is outside the workspace {}", root.display()))
            .hint("kaizen edits nothing there; use `git blame`")
    };
    let inside = found.strip_prefix(&root).map_err(|_| outside())?;
    if found.is_dir() {
        return Err(CommandFailure::usage(format!("{file} is a folder")).hint("give one of its files"));
    }
    Ok((inside.to_string_lossy().replace('\\', "/"), line))
}

/// The lines of a file with their origins.
///
/// # Errors
/// git fails, or does not track the file.
pub(crate) fn blamed(workspace: &Workspace, path: &str) -> Result<Vec<BlamedLine>, CommandFailure> {
    let unknown = || {
        CommandFailure::usage(format!(
            "git does not track {path}, so the origin of its lines is unknown"
        ))
        .hint(format!("`git add {path}` and `git commit` start its history"))
    };
    let status = workspace.ledger.status(&[path.to_owned()])?;
    if status.iter().any(|file| file.state != FileState::Changed) {
        return Err(unknown());
    }
    workspace.ledger.blame(path)?.ok_or_else(unknown)
}

/// The first line of a file, from a line on, that an edit wrote, and the label of the edit.
///
/// # Errors
/// git fails, or the sessions cannot be listed.
pub(super) fn first_edited(
    workspace: &Workspace,
    inputs: &Inputs,
    path: &str,
    from: usize,
) -> Result<Option<(usize, String)>, CommandFailure> {
    let Some(lines) = workspace.ledger.blame(path)? else {
        return Ok(None);
    };
    let history = BlameHistory::new(workspace, inputs)?;
    let past = FilePast::of(&history, path, &lines)?;
    let numbered = (1..).zip(&lines).skip(from.saturating_sub(1));
    let mut edited = numbered.filter_map(|(number, line)| Some((number, past.commit(line).edit_id?)));
    Ok(edited.next())
}

/// What a session knows about an edit; `None` if the session cannot be read, which `verify` reports.
fn details(workspace: &Workspace, session: &str, digest: Digest) -> Option<EditDetails> {
    let mut known = edit::known(&Session::at(&workspace.root, session)).ok()?;
    known.remove(&digest)
}
