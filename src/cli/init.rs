//! `kaizen init`: creates a workspace in an agent's home or around task files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::exit::{Code, CommandFailure};
use super::init_homes::HomeTexts;
use super::init_tasks::{labels, read_all};
use super::render::Renderer;
use super::visible::visible;
use super::{Setting, found_student, init_homes, init_openjarvis, init_skill, render, traces};
use crate::artifact::counted;
use crate::artifact::task::{Split, Task};
use crate::harness::agents::new_name_problem;
use crate::harness::home::ParsedHome;
use crate::harness::layout::detect::Detection;
use crate::harness::{Harness, starter};
use crate::ledger::message::message;
use crate::ledger::port::{Ledger, LedgerError};
use crate::ledger::{Git, Policy};
use crate::manifest::layout::Layout;
use crate::manifest::suggested_student::{COST_LIMIT, SuggestedStudent};
use crate::manifest::{self, Manifest, template};
use crate::pipeline::phase::readiness::{UsableTraces, readiness};
use crate::pipeline::student_choice;
use crate::sys::disk::Root;
use crate::teacher::schemas;
use crate::workspace::Workspace;
use crate::workspace::consent::layout_table;
use crate::workspace::inputs::Inputs;

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
    let table = layout_table(root)?;
    let found = init_homes::homes(root, &table, keyless())?;
    init_homes::show(&found, setting);
    let home = InitialHome::read(root, &found, !tasks.is_empty())?;
    let mut files = agent_files(root, command, &tasks, &home)?;
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
    let workspace = commit(root, &files, setting)?;
    // The built-in student would not read the texts of another host.
    if !tasks.is_empty() && home.texts.is_none() {
        let made = traces::collect(&workspace, traces::DEFAULT_LIMIT, &Renderer::new(setting.format))?;
        let collected = counted(made.collected, "trace");
        say(
            setting,
            &format!("collected {collected} by running the agent on train tasks"),
        );
        if let Some(failure) = made.failure() {
            err!("note: {}", failure.message);
        }
    }
    if let Some(texts) = &home.texts {
        let others = counted(texts.paths.len() - 1, "other text");
        say(
            setting,
            &format!(
                "kaizen can edit {} now; the agent's files are this one and {others}",
                texts.main
            ),
        );
    }
    finish(setting, &workspace, &tasks, home.student.as_ref())
}

fn say(setting: &Setting, text: &str) {
    if !setting.is_json() {
        out!("{text}");
    }
}

type InitialFiles = Vec<(String, Vec<u8>)>;

/// What `init` finds in a folder.
struct InitialHome {
    /// Whether there is an agent.
    has_agent: bool,
    /// The texts of a host other than OpenJarvis.
    texts: Option<HomeTexts>,
    /// Settings of `config.toml` that the manifest keeps.
    kept: init_openjarvis::ImportedSettings,
    /// The student to suggest; `None` if the built-in student was chosen.
    student: Option<SuggestedStudent>,
}

impl InitialHome {
    /// Reads a home. With tasks, the built-in student is chosen for an agent in the default layout.
    fn read(root: &Root, found: &Detection, has_tasks: bool) -> Result<Self, CommandFailure> {
        let is_other = !found.files.is_empty() && found.layouts().iter().all(|layout| layout.name != "openjarvis");
        if is_other {
            return Self::of_host(root, found);
        }
        let config = root.read_text("config.toml")?;
        let has_agent = config.is_some() || root.join("agents").is_dir();
        if !has_agent && !has_tasks {
            return Err(CommandFailure::usage("there is no agent here: `kaizen layouts` lists the homes that it finds")
                .hint("`kaizen init --tasks FILE` creates a starter agent for tasks; `kaizen demo DIR` creates a complete example"));
        }
        let model = config.as_deref().and_then(model_of);
        let kept = config.map(|text| init_openjarvis::kept(&text)).transpose();
        let mut kept = kept
            .map_err(|error| CommandFailure::usage(format!("{}: {error}", root.join("config.toml").display())))?
            .unwrap_or_default();
        let student = match has_tasks {
            true => None,
            false => found_student::found_student(model),
        };
        kept.settings.extend(match &student {
            _ if has_tasks => vec![("student", "engine", "\"nearest\"".to_owned())],
            Some(student) if student.is_certain => found_student::settings(student),
            _ => Vec::new(),
        });
        Ok(Self {
            has_agent,
            texts: None,
            kept,
            student,
        })
    }

    /// The home of a host other than OpenJarvis. Its student is the host, which the user approves first.
    fn of_host(root: &Root, found: &Detection) -> Result<Self, CommandFailure> {
        let Some(texts) = HomeTexts::of(found, root) else {
            let names: Vec<&str> = found.layouts().iter().map(|layout| layout.name.as_str()).collect();
            let problem = format!(
                "found {}, but kaizen cannot edit any of its files yet: none is a text without front matter",
                names.join(", ")
            );
            return Err(CommandFailure::usage(problem).hint("add an AGENTS.md or a prompt file that the agent reads"));
        };
        Ok(Self {
            has_agent: true,
            texts: Some(texts),
            kept: init_openjarvis::ImportedSettings::default(),
            student: None,
        })
    }
}

/// The language model that `config.toml` names, unless it is one of the built-in student.
fn model_of(config: &str) -> Option<String> {
    let harness = Harness::new([("config.toml".to_owned(), config.as_bytes().to_vec())]);
    student_choice::foreign_model(&ParsedHome::new(&harness, &Layout::default()))
}

/// The manifest and the schemas, and a starter agent if there is no agent yet.
fn agent_files(
    root: &Root,
    command: &InitArgs,
    tasks: &[Task],
    home: &InitialHome,
) -> Result<InitialFiles, CommandFailure> {
    let InitialHome { has_agent, kept, .. } = home;
    let text = template::manifest_text(&kept.settings, &kept.mentioned);
    let text = match &home.texts {
        Some(texts) => template::with_texts(&text, &texts.paths, &texts.main),
        None => text,
    };
    let mut files: InitialFiles = vec![(manifest::FILE.into(), text.into_bytes())];
    for (path, bytes) in schemas::files() {
        if !root.is_taken(&path)? {
            files.push((path, bytes));
        }
    }
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

/// Commits the files that init wrote. If there is no repository, creates one and commits the agent's files as well.
fn commit(root: &Root, files: &InitialFiles, setting: &Setting) -> Result<Workspace, CommandFailure> {
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
    match workspace.ledger.commit(
        &paths,
        &message(
            workspace.ledger.subject(),
            "begin",
            "The manifest, its schemas, and the agent as it is.",
            &[],
        ),
    ) {
        Ok(_) if fresh => say(
            setting,
            "created a git repository and committed the agent; keep it private if config.toml contains keys",
        ),
        Ok(_) => say(setting, "committed the files that init wrote, and no others"),
        Err(error) => err!("note: nothing was committed yet: {error}"),
    }
    Ok(workspace)
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
            &serde_json::json!({"workspace": workspace.root.to_path_buf(), "train": train, "gate": gate, "test": test, "reserve": reserve,
                "student": student.map(|student| serde_json::json!({"reason": student.reason, "lines": student.lines(), "written": student.is_certain}))}),
        );
        return Ok(Code::Settled);
    }
    out!("wrote {} for {}", manifest::FILE, workspace.root.display());
    if let Some(student) = student {
        show_student(student);
    }
    let files = &workspace.manifest.benchmark.files;
    if tasks.is_empty() && !workspace.evidence_files(files)?.is_empty() {
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
            out!("student: {reason}. To improve the agent with its model, put these lines into kaizen.toml:{lines}")
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
