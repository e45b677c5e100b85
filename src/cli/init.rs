//! `kaizen init`: creates a workspace in an agent's home or around task files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::exit::{Code, CommandFailure};
use super::init_home::{InitialHome, check_files};
use super::init_homes::{self, FoundHomes};
use super::init_tasks::{labels, read_all};
use super::offered::OfferedEdits;
use super::render::Renderer;
use super::visible::visible;
use super::{Setting, init_report, init_skill, render, traces};
use crate::artifact::counted;
use crate::artifact::task::{Split, Task};
use crate::harness::agents::new_name_problem;
use crate::harness::layout::entries::ManifestEntries;
use crate::harness::starter;
use crate::ledger::message::message;
use crate::ledger::port::{Ledger, LedgerError};
use crate::ledger::{Git, Policy};
use crate::manifest::suggested_student::{COST_LIMIT, SuggestedStudent};
use crate::manifest::{self, Manifest, template};
use crate::pipeline::phase::readiness::{UsableTraces, readiness};
use crate::sys::disk::Root;
use crate::workspace::Workspace;
use crate::workspace::consent::layout_table;
use crate::workspace::inputs::Inputs;
use crate::workspace::schema_line;

/// Create a workspace in an agent's home, or around task files
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct InitArgs {
    /// Tasks in JSON Lines. They are gate tasks if --train or --test is given; otherwise, tasks that state no split are
    /// divided between train and gate
    #[arg(long, value_name = "FILE")]
    pub(crate) tasks: Option<PathBuf>,
    /// Tasks that the teacher may see
    #[arg(long, value_name = "FILE", requires = "tasks")]
    pub(crate) train: Option<PathBuf>,
    /// Sealed tasks, which only `--split test` of `kaizen eval` and `kaizen audit` opens
    #[arg(long, value_name = "FILE", requires = "tasks")]
    pub(crate) test: Option<PathBuf>,
    /// Use only this layout of `kaizen layouts`
    #[arg(long, value_name = "NAME")]
    layout: Option<String>,
    /// The name of the starter agent
    #[arg(long, default_value = "assistant")]
    agent: String,
    /// Only write a skill into this directory; the skill teaches a coding agent to diagnose and plan here
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = init_skill::FOLDER, conflicts_with = "tasks")]
    skill: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// There already is a workspace, or a task file is invalid.
pub(crate) fn init(command: &InitArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let root = &Root::open(&setting.directory)?;
    if let Some(folder) = &command.skill {
        return init_skill::write(&root.join(folder), setting);
    }
    if root.join(manifest::FILE).exists() {
        let message = format!("{} already exists", root.join(manifest::FILE).display());
        return Err(
            CommandFailure::usage(message).hint("edit it, or remove it to start over; sessions/ is not touched")
        );
    }
    let tasks = read_all(command)?;
    let table = init_homes::chosen(layout_table(root)?, command.layout.as_deref())?;
    let git = match Git::open(root, keyless()) {
        Err(LedgerError::NoRepository(_)) => None,
        git => Some(git?),
    };
    let mut homes = FoundHomes::find(root, &table, git.as_ref())?;
    let home = homes
        .check_links()
        .and_then(|()| InitialHome::read(root, &homes, !tasks.is_empty()));
    let home = home.inspect_err(|_| init_report::show(&homes.found, None, setting))?;
    let mut files = agent_files(root, command, &tasks, &home)?;
    let manifest = files.iter().find(|(path, _)| path == manifest::FILE);
    let manifest = manifest
        .map(|(_, bytes)| String::from_utf8_lossy(bytes))
        .unwrap_or_default();
    check_files(root, &manifest, home.is_of_host, git.as_ref())?;
    if !tasks.is_empty() {
        let rows: String = tasks
            .iter()
            .map(|task| format!("{}\n", serde_json::to_string(task).unwrap_or_default()))
            .collect();
        files.push(("benchmark/tasks.jsonl".into(), rows.into_bytes()));
        // Traces are private, so they stay out of the repository.
        files.push(("traces/.gitignore".into(), b"*\n".to_vec()));
    }
    refuse_to_overwrite(root, &files)?;
    write(root, &files)?;
    let (workspace, committed) = commit(root, &files)?;
    report(&workspace, &mut homes, setting);
    if let Some(words) = committed {
        say(setting, words);
    }
    // The built-in student would not read the texts of another host.
    if !tasks.is_empty() && !home.is_of_host {
        let made = traces::collect(
            &workspace,
            traces::DEFAULT_LIMIT,
            &Renderer::beside(setting.format, &workspace, "kaizen init"),
        )?;
        let collected = counted(made.collected, "trace");
        say(
            setting,
            &format!("collected {collected} by running the agent on train tasks"),
        );
        if let Some(failure) = made.failure() {
            err!("note: {}", failure.message);
        }
    }
    finish(setting, &workspace, &tasks, home.student.as_ref())
}

fn say(setting: &Setting, text: &str) {
    if !setting.is_json() {
        out!("{text}");
    }
}

/// Prints what was found, and what edits may change in it.
fn report(workspace: &Workspace, homes: &mut FoundHomes, setting: &Setting) {
    let offered = OfferedEdits::of(workspace);
    // If the harness cannot be read, the row of the ops says why.
    if let Ok(offered) = &offered {
        homes.keep_editable(&workspace.root, offered);
    }
    init_report::show(&homes.found, Some(&offered), setting);
}

type InitialFiles = Vec<(String, Vec<u8>)>;

/// The manifest, and a starter agent if there is no agent yet.
fn agent_files(
    root: &Root,
    command: &InitArgs,
    tasks: &[Task],
    home: &InitialHome,
) -> Result<InitialFiles, CommandFailure> {
    let InitialHome { has_agent, kept, .. } = home;
    let text = template::manifest_text(&kept.settings, &kept.mentioned);
    let text = match &home.entries {
        Some(ManifestEntries {
            layouts,
            files,
            surfaces,
            protected,
        }) => template::with_surfaces(&text, layouts, files, surfaces, protected),
        None => text,
    };
    let text = match home.is_of_host {
        true => template::with_student(&text, &home.advice, home.program.as_deref()),
        false => text,
    };
    let text = match root.join(schema_line::FOLDER).is_dir() {
        true => template::with_schema(&text),
        false => text,
    };
    let mut files: InitialFiles = vec![(manifest::FILE.into(), text.into_bytes())];
    if !has_agent {
        if let Some(problem) = new_name_problem(&command.agent, &BTreeSet::new()) {
            let name = command.agent.escape_debug();
            return Err(CommandFailure::usage(format!(
                "`{name}` is not a valid name for a new agent: {problem}"
            )));
        }
        let starter = starter::harness(&labels(tasks), &command.agent);
        files.extend(starter.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())));
    }
    Ok(files)
}

fn refuse_to_overwrite(root: &Root, files: &InitialFiles) -> Result<(), CommandFailure> {
    for (path, _) in files {
        // Fails on a symlink in the path, before anything is written.
        root.read(path)?;
    }
    for (path, _) in files {
        if root.is_taken(path)? {
            let path = root.join(path);
            let taken = format!("{} already exists, and kaizen did not write it", path.display());
            return Err(CommandFailure::usage(taken).hint("move it away, then run this again"));
        }
    }
    Ok(())
}

fn write(root: &Root, files: &[(String, Vec<u8>)]) -> Result<(), CommandFailure> {
    files
        .iter()
        .try_for_each(|(path, bytes)| Ok(root.publish(path, bytes)?))
}

/// Commits the files that init wrote. If there is no repository, creates one and commits the agent's files as well. Returns
/// what to say about it, unless git refused.
fn commit(root: &Root, files: &InitialFiles) -> Result<(Workspace, Option<&'static str>), CommandFailure> {
    let mut paths: Vec<String> = files
        .iter()
        .map(|(path, _)| path.clone())
        .filter(|path| !path.starts_with("traces/"))
        .collect();
    let fresh = matches!(Git::open(root, keyless()), Err(LedgerError::NoRepository(_)));
    if fresh {
        Git::init(root)?;
        if !root.is_taken(".gitignore")? {
            root.publish(
                ".gitignore",
                b"# Evidence and keys are private.\n*.db\n*.db-*\n.env\ntraces/\n",
            )?;
            paths.push(".gitignore".into());
        }
    }
    let workspace = Workspace::open(root)?;
    if fresh {
        let harness = workspace.harness()?;
        paths.extend(harness.files().map(|(path, _)| path.to_owned()));
        paths.sort();
        paths.dedup();
    }
    let committed = workspace.ledger.commit(
        &paths,
        &message(
            workspace.ledger.subject(),
            "begin",
            "The manifest, and the agent as it is.",
            &[],
        ),
    );
    let words = match committed {
        Ok(_) if fresh => {
            Some("created a git repository and committed the agent; keep it private if its files contain keys")
        }
        Ok(_) => Some("committed the files that init wrote, and no others"),
        Err(error) => {
            err!("note: nothing was committed yet: {error}");
            None
        }
    };
    Ok((workspace, words))
}

/// A git policy for before there is a manifest, which could name more keys to withhold.
fn keyless() -> Policy {
    Policy {
        withheld: Manifest::default().withheld(&[]),
        ..Policy::default()
    }
}

fn finish(
    setting: &Setting,
    workspace: &Workspace,
    tasks: &[Task],
    student: Option<&SuggestedStudent>,
) -> Result<Code, CommandFailure> {
    let count = |split| tasks.iter().filter(|task| task.split() == split).count();
    let (train, gate, test) = (count(Split::Train), count(Split::Gate), count(Split::Test));
    let reserve = count(Split::Reserve);
    if setting.is_json() {
        render::json(
            &serde_json::json!({"check": "workspace", "ok": true, "workspace": workspace.root.to_path_buf(), "train": train, "gate": gate, "test": test, "reserve": reserve,
                "student": student.map(|student| serde_json::json!({"reason": student.reason, "lines": student.lines(), "written": student.is_certain}))}),
        );
        return Ok(Code::Settled);
    }
    out!("wrote {} for {}", manifest::FILE, workspace.root.display());
    if let Some(student) = student {
        show_student(student);
    }
    let is_of_host = !workspace.manifest.harness.surface.is_empty() && student.is_none();
    if tasks.is_empty() && (is_of_host || !workspace.task_files()?.is_empty()) {
        out!("Next: `kaizen doctor` says what `kaizen run` still needs");
    } else if tasks.is_empty() {
        out!("Next: put tasks into benchmark/tasks.jsonl, then `kaizen run`");
    } else {
        out!("{train} train, {gate} gate and {test} sealed test tasks in benchmark/tasks.jsonl");
        if reserve > 0 {
            out!("{reserve} more are in reserve until `kaizen bench refresh` draws them");
        }
        next_steps(gate, &missing(workspace)?);
    }
    Ok(Code::Settled)
}

/// Prints the student that was found, and what to do about it.
fn show_student(student: &SuggestedStudent) {
    let lines = student.lines();
    let lines: String = lines.lines().map(|line| format!("\n    {}", visible(line))).collect();
    let reason = visible(&student.reason);
    match student.is_certain {
        true => {
            out!("student: {reason}; kaizen.toml has these lines:{lines}");
            if student.is_paid {
                out!("Its calls cost money, so kaizen.toml also sets [session] max_cost_usd = {COST_LIMIT:?}.");
            }
            out!("`kaizen trust` shows what would be sent where; nothing is sent before you approve it.");
        }
        false => {
            out!(
                "student: {reason}. To improve the agent with its model, put these lines into section [student] of kaizen.toml:{lines}"
            )
        }
    }
}

/// What a session lacks.
fn missing(workspace: &Workspace) -> Result<Vec<String>, CommandFailure> {
    let inputs = Inputs::new(workspace);
    let benchmark = inputs.benchmark()?;
    let usable = UsableTraces {
        count: inputs.usable_traces(0.0)?.usable,
        left_out: 0,
        needed: workspace.manifest.session.min_traces,
    };
    let unscorable = benchmark.unscorable.clone();
    Ok(readiness(usable, inputs.trace_pin()?.clone(), benchmark.pin(), unscorable).missing)
}

fn next_steps(gate: usize, missing: &[String]) {
    let score = match gate {
        0 => "",
        _ => "`kaizen eval --split gate`, then ",
    };
    match missing {
        [] => out!("Next: {score}`kaizen run`"),
        missing => {
            out!("Next: {score}get what a session still needs, then `kaizen run`:");
            missing.iter().for_each(|what| out!("- {what}"));
        }
    }
}
