//! The command line: one file a command, arguments here, failures to exit codes in `exit`.

#[macro_use]
pub(crate) mod terminal;

pub(crate) mod accept;
pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod blame;
pub(crate) mod brief;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod egress;
pub(crate) mod eval;
pub(crate) mod exit;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod init_openjarvis;
pub(crate) mod init_skill;
pub(crate) mod log;
pub(crate) mod looping;
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

/// Improve an LLM agent from its own traces: gated, committed edits, every step a file
#[derive(Debug, Parser)]
#[command(
    name = "kaizen",
    version,
    after_help = "Exit codes: 0 settled, 1 failed, 2 usage or manifest, 3 waiting for a person, 4 not ready or not trusted"
)]
pub(crate) struct Arguments {
    /// Work in this directory instead of the present one
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// How to print: for people, or one JSON object a line
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
    /// Use programs, servers and keys only if the list of them has this digest; `kaizen trust --digest` prints it
    #[arg(long, global = true, value_name = "DIGEST")]
    trust: Option<Digest>,
    /// Say more on stderr (can be repeated)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a small workspace with an agent, tasks and traces, and run one session in it
    Demo(demo::Demo),
    /// Make a workspace here: in an agent's home, or around task files
    Init(init::Init),
    /// Start or resume a session, and stop when nothing is stale
    Run(run::Run),
    /// Run sessions whenever files ask for it: dropped triggers, saved plans, decisions, a schedule
    Watch(watch::Watch),
    /// Hold one session after another until the gate score stands still
    Loop(looping::Loop),
    /// Show what this workspace would start, send and read, and approve it
    Trust(trust::Trust),
    /// Show where the sessions stand
    Status(status::Status),
    /// Say why each phase of a session is fresh or stale
    Explain(explain::Explain),
    /// Show a session, or one edit with its evidence
    Show(show::Show),
    /// List sessions and the commits that they made
    Log(log::Log),
    /// Write a folder with all that a person or an agent needs to diagnose and plan
    Brief(brief::Brief),
    /// Show what a session changed in the harness
    Diff(diff::Diff),
    /// Tell which edit, on what evidence, stands behind each line of a file
    Blame(blame::Blame),
    /// Show what was sent to language models, in all sessions, and its exact text
    Egress(egress::ShowEgress),
    /// Score the harness as it is
    Eval(eval::Eval),
    /// Say what the gate can see of the plan, and what trying it takes, before it is tried
    PlanGate(plan_gate::PlanGate),
    /// Review the edits that wait, one after another
    Review(review::Review),
    /// Accept an edit that waits for review
    Accept(accept::Accept),
    /// Reject an edit that waits for review
    Reject(accept::Reject),
    /// Let a held plan run
    Release(release::Release),
    /// Ask for a session, by a file that `kaizen watch` finds
    Trigger(trigger::Ask),
    /// Serve this workspace to a coding agent, over the Model Context Protocol on stdin and stdout
    Mcp(mcp::Mcp),
    /// Take back an applied edit, or all of a session's
    Revert(revert::Revert),
    /// Compare the harness as it is with an earlier state of it, over all tasks of a split
    Audit(audit::Audit),
    /// Ask the gate whether old edits still help, and propose to take back those that do not
    Prune(prune::Prune),
    /// Collect, import, list, show and search traces
    Traces(traces::Traces),
    /// Make a benchmark, or exchange worn gate tasks
    Bench(bench::Bench),
    /// Make every recorded decision of the gate again, from its own list of pairs
    Recompute(recompute::Recompute),
    /// Check every artifact against its schema, every checkpoint against its bytes, and the ledger against the outcomes
    Verify(verify::Verify),
    /// Print a schema, or write them all
    Schema(schema::Schema),
}

/// What every command is given.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The directory to work in.
    pub directory: PathBuf,
    /// How to print.
    pub format: Format,
}

impl Setting {
    /// Opens the workspace here or above.
    ///
    /// # Errors
    /// No folder here or above has a manifest, or the manifest is not usable.
    pub(crate) fn workspace(&self) -> Result<crate::workspace::Workspace, Failure> {
        let workspace = crate::workspace::Workspace::open(&self.root()?)?;
        if consent::only_digest().is_some() {
            workspace.permission.check_all()?;
        }
        for link in workspace.permission.closed_links()? {
            err!(
                "note: {} leads to {}, outside of the workspace; it is not read before `kaizen trust` approves it",
                link.path,
                link.target.display()
            );
        }
        Ok(workspace)
    }

    /// The workspace's folder, here or above, without looking into it.
    ///
    /// # Errors
    /// Neither this folder nor one above it has a `kaizen.toml`.
    pub(crate) fn root(&self) -> Result<PathBuf, Failure> {
        crate::workspace::find(&self.directory).ok_or_else(|| {
            Failure::usage(format!("no kaizen.toml in {} or above", self.directory.display()))
                .hint("`kaizen init` makes one here, `kaizen demo DIR` shows how it works")
        })
    }

    /// Whether output is for programs.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }
}

/// Parses the arguments, runs the command, and turns its result into an exit code.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(terminal::panicked));
    let arguments = match Arguments::try_parse() {
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
    // The others listen to signals by themselves; an editor in `review` has the terminal, and its signals.
    if !matches!(
        arguments.command,
        Command::Watch(_) | Command::Mcp(_) | Command::Review(_)
    ) && let Err(error) = crate::sys::signal::with_programs()
    {
        tracing::warn!(%error, "programs that are started will not end with a signal");
    }
    let result = setting(&arguments).and_then(|setting| dispatch(arguments.command, &setting));
    match result {
        Ok(_) if terminal::has_lost() => {
            exit::report(&Failure::failed("stdout did not take everything that was printed"))
        }
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
    }
}

/// Logs are for developers and go to stderr: stdout is data.
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
    // A second call, as in tests, leaves the first logger in place.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(only_ours))
        .try_init();
}
