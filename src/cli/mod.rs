//! The command line: arguments and dispatch. Each command has its own file; `exit` maps failures to exit codes.

#[macro_use]
pub(crate) mod terminal;

pub(crate) mod accept;
pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod blame;
pub(crate) mod brief;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod egress;
pub(crate) mod eval;
pub(crate) mod exit;
pub(crate) mod explain;
pub(crate) mod help;
pub(crate) mod init;
pub(crate) mod init_openjarvis;
pub(crate) mod init_skill;
pub(crate) mod log;
pub(crate) mod looping;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod plan_gate;
pub(crate) mod prune;
pub(crate) mod recompute;
pub(crate) mod release;
pub(crate) mod render;
pub(crate) mod revert;
pub(crate) mod review;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod style;
pub(crate) mod traces;
pub(crate) mod trigger;
pub(crate) mod trust;
pub(crate) mod verify;
pub(crate) mod visible;
pub(crate) mod watch;

#[cfg(test)]
mod guide_tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use self::exit::Failure;
use crate::digest::Digest;
use crate::workspace::consent;

/// Improve an LLM agent from its own traces, with gated edits that become git commits
#[derive(Debug, Parser)]
#[command(
    name = "kaizen",
    version,
    after_help = "Exit codes: 0 settled, 1 failed, 2 wrong arguments or manifest, 3 waiting for a person, 4 not ready or not trusted"
)]
pub(crate) struct Arguments {
    /// Work in this directory instead of the current one
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Print text, or one JSON object per line
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
    /// Use programs, servers and keys only if their list has this digest; `kaizen trust --digest` prints it
    #[arg(long, global = true, value_name = "DIGEST")]
    trust: Option<Digest>,
    /// Log more on stderr (can be repeated)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

// The structs of the arguments carry the help texts.
#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Init(init::Init),
    Run(run::Run),
    Watch(watch::Watch),
    Loop(looping::Loop),
    Trust(trust::Trust),
    Status(status::Status),
    Explain(explain::Explain),
    Show(show::Show),
    Log(log::Log),
    Brief(brief::Brief),
    Diff(diff::Diff),
    Blame(blame::Blame),
    Egress(egress::ShowEgress),
    Eval(eval::Eval),
    PlanGate(plan_gate::PlanGate),
    Review(review::Review),
    Accept(accept::Accept),
    Reject(accept::Reject),
    Release(release::Release),
    Trigger(trigger::Ask),
    Mcp(mcp::Mcp),
    Revert(revert::Revert),
    Audit(audit::Audit),
    Prune(prune::Prune),
    Traces(traces::Traces),
    Bench(bench::Bench),
    Recompute(recompute::Recompute),
    Verify(verify::Verify),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Options that every command gets.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The directory to work in.
    pub directory: PathBuf,
    /// How to print.
    pub format: Format,
}

impl Setting {
    /// Opens the workspace in this directory or the nearest one above it.
    ///
    /// # Errors
    /// No such directory has a manifest, or the manifest is invalid.
    pub(crate) fn workspace(&self) -> Result<crate::workspace::Workspace, Failure> {
        let workspace = crate::workspace::Workspace::open(&self.root()?)?;
        if consent::only_digest().is_some() {
            workspace.permission.check_all()?;
        }
        for link in workspace.permission.closed_links()? {
            err!(
                "note: {} links to {}, outside the workspace; it is not read until `kaizen trust` approves it",
                link.path,
                link.target.display()
            );
        }
        Ok(workspace)
    }

    /// The root of the workspace, without opening it.
    ///
    /// # Errors
    /// Neither this directory nor one above it has a `kaizen.toml`.
    pub(crate) fn root(&self) -> Result<PathBuf, Failure> {
        crate::workspace::find(&self.directory).ok_or_else(|| {
            Failure::usage(format!("no kaizen.toml in {} or above", self.directory.display()))
                .hint("`kaizen init` creates one here; `kaizen demo DIR` shows how kaizen works")
        })
    }

    /// Whether to print JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }
}

/// Parses the arguments, runs the command, and turns its result into an exit code.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(terminal::panicked));
    let arguments = match help::parse() {
        Ok(arguments) => arguments,
        Err(said) => {
            terminal::usage(&said);
            return if said.use_stderr() {
                exit::Code::Usage
            } else {
                exit::Code::Settled
            }
            .into();
        }
    };
    log_to_stderr(arguments.verbose);
    // `watch` and `mcp` install their own handlers. In `review`, signals belong to the editor that has the terminal.
    if !matches!(
        arguments.command,
        Command::Watch(_) | Command::Mcp(_) | Command::Review(_)
    ) && let Err(error) = crate::sys::signal::with_programs()
    {
        tracing::warn!(%error, "cannot handle signals: child processes will not be stopped");
    }
    let result = setting(&arguments).and_then(|setting| dispatch(arguments.command, &setting));
    match result {
        Ok(_) if terminal::has_lost() => exit::report(&Failure::failed("some output could not be written to stdout")),
        Ok(code) => code.into(),
        Err(failure) => exit::report(&failure),
    }
}

fn setting(arguments: &Arguments) -> Result<Setting, Failure> {
    let here = PathBuf::from(".");
    if let Some(digest) = arguments.trust {
        consent::only(digest);
    }
    let directory = arguments.directory.clone().unwrap_or(here);
    let found = directory.canonicalize();
    let directory =
        found.map_err(|error| Failure::usage(format!("cannot work in {}: {error}", directory.display())))?;
    Ok(Setting {
        directory,
        format: arguments.format,
    })
}

fn dispatch(command: Command, setting: &Setting) -> Result<exit::Code, Failure> {
    match command {
        Command::Demo(command) => demo::demo(&command, setting),
        Command::Init(command) => init::init(&command, setting),
        Command::Run(command) => run::run(&command, setting),
        Command::Watch(command) => watch::watch(&command, setting),
        Command::Loop(command) => looping::looping(&command, setting),
        Command::Trust(command) => trust::trust(&command, setting),
        Command::Status(command) => status::status(&command, setting),
        Command::Explain(command) => explain::explain(&command, setting),
        Command::Show(command) => show::show(&command, setting),
        Command::Log(command) => log::log(&command, setting),
        Command::Brief(command) => brief::brief(&command, setting),
        Command::Diff(command) => diff::diff(&command, setting),
        Command::Blame(command) => blame::blame(&command, setting),
        Command::Egress(command) => egress::egress(&command, setting),
        Command::Eval(command) => eval::eval(&command, setting),
        Command::PlanGate(command) => plan_gate::plan_gate(&command, setting),
        Command::Review(command) => review::review(&command, setting),
        Command::Accept(command) => accept::accept(&command, setting),
        Command::Reject(command) => accept::reject(&command, setting),
        Command::Release(command) => release::release(&command, setting),
        Command::Trigger(command) => trigger::trigger(&command, setting),
        Command::Mcp(command) => mcp::mcp(&command, setting),
        Command::Revert(command) => revert::revert(&command, setting),
        Command::Audit(command) => audit::audit(&command, setting),
        Command::Prune(command) => prune::prune(&command, setting),
        Command::Traces(command) => traces::traces(&command, setting),
        Command::Bench(command) => bench::bench(&command, setting),
        Command::Recompute(command) => recompute::recompute(&command, setting),
        Command::Verify(command) => verify::verify(&command, setting),
        Command::Schema(command) => schema::schema(&command, setting),
        Command::Completions(command) => completions::completions(&command, setting),
        Command::Man(command) => man::man(&command, setting),
    }
}

/// Sends logs to stderr, because stdout is for data.
fn log_to_stderr(verbose: u8) {
    use tracing::Level;
    use tracing_subscriber::prelude::*;
    let level = match verbose {
        0 => Level::WARN,
        1 => Level::INFO,
        2 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(|| terminal::Log)
        .without_time()
        .with_target(false)
        .with_ansi(false);
    let only_ours = tracing_subscriber::filter::Targets::new().with_target("kaizen", level);
    // A second call, as in tests, keeps the first logger.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(only_ours))
        .try_init();
}
