//! The command line: arguments and dispatch. Each command has its own file; `exit` maps failures to exit codes.

#[macro_use]
pub(crate) mod terminal;

pub(crate) mod accept;
pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod blame;
pub(crate) mod brief;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod egress;
pub(crate) mod eval;
pub(crate) mod exit;
pub(crate) mod explain;
pub(crate) mod found_student;
mod found_traces;
pub(crate) mod help;
mod host_student;
pub(crate) mod init;
mod init_home;
pub(crate) mod init_homes;
pub(crate) mod init_openjarvis;
mod init_report;
pub(crate) mod init_skill;
pub(crate) mod init_tasks;
pub(crate) mod interrupt;
pub(crate) mod layouts;
#[cfg(any(feature = "serve", feature = "top"))]
pub(crate) mod live;
pub(crate) mod log;
pub(crate) mod looping;
pub(crate) mod man;
mod markdown_text;
pub(crate) mod mcp;
pub(crate) mod number;
mod offered;
pub(crate) mod pause;
#[cfg(feature = "report")]
pub(crate) mod pr;
pub(crate) mod preview;
pub(crate) mod prune;
pub(crate) mod recompute;
pub(crate) mod release;
pub(crate) mod render;
#[cfg(feature = "report")]
pub(crate) mod report;
pub(crate) mod revert;
pub(crate) mod review;
pub(crate) mod run;
pub(crate) mod schema;
#[cfg(feature = "serve")]
pub(crate) mod serve;
mod session_workspace;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod style;
#[cfg(feature = "top")]
pub(crate) mod top;
pub(crate) mod traces;
pub(crate) mod trigger;
pub(crate) mod trust;
pub(crate) mod undecided;
pub(crate) mod verify;
pub(crate) mod visible;
pub(crate) mod watch;

#[cfg(test)]
mod guide_tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use self::exit::CommandFailure;
pub use self::terminal::note_closed_streams;
use crate::digest::Digest;
use crate::ledger;
use crate::sys::clock::Clock;
use crate::sys::disk::ErrorWithRemedy;
use crate::workspace::consent;

/// Improve an LLM agent from its own traces, with gated edits that become git commits
#[derive(Debug, Parser)]
#[command(
    name = "kaizen",
    version,
    after_help = "Exit codes: 0 settled, 1 failed, 2 wrong arguments or manifest, 3 waiting for a person, 4 not ready or not trusted, 5 worse (kaizen check)"
)]
pub(crate) struct CliArgs {
    /// Work in this directory instead of the current one
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Print text, or one JSON object per line
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
    /// Use programs, servers and keys only if their list has this digest; `kaizen trust --digest` prints it
    #[arg(long, global = true, value_name = "DIGEST")]
    trust: Option<Digest>,
    /// Commit even if no branch is checked out (detached HEAD)
    #[arg(long, global = true)]
    detached: bool,
    /// Log more on stderr (can be repeated)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: CliCommand,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[default]
    Text,
    /// One JSON object per line
    Json,
    /// A Markdown text, from `kaizen check`
    Markdown,
    /// A JUnit file, from `kaizen check`
    Junit,
    /// A SARIF file, from `kaizen check`
    Sarif,
}

impl Format {
    /// Whether only `kaizen check` prints it.
    fn is_of_check(self) -> bool {
        matches!(self, Self::Markdown | Self::Junit | Self::Sarif)
    }
}

// The structs of the arguments carry the help texts.
#[derive(Debug, Subcommand)]
enum CliCommand {
    Demo(demo::DemoArgs),
    Init(init::InitArgs),
    Layouts(layouts::LayoutsArgs),
    Run(run::RunArgs),
    Watch(watch::WatchArgs),
    Loop(looping::LoopArgs),
    Doctor(doctor::DoctorArgs),
    Trust(trust::TrustArgs),
    Status(status::StatusArgs),
    #[cfg(feature = "top")]
    Top(top::TopArgs),
    #[cfg(feature = "serve")]
    Serve(serve::ServeArgs),
    Explain(explain::ExplainArgs),
    Show(show::ShowArgs),
    Log(log::LogArgs),
    Brief(brief::BriefArgs),
    Diff(diff::DiffArgs),
    #[cfg(feature = "report")]
    Report(report::ReportArgs),
    #[cfg(feature = "report")]
    Pr(pr::PrArgs),
    Blame(blame::BlameArgs),
    Egress(egress::EgressArgs),
    Eval(eval::EvalArgs),
    #[command(visible_alias = "preview")]
    PlanGate(preview::PreviewArgs),
    Review(review::ReviewArgs),
    Accept(accept::AcceptArgs),
    Reject(accept::RejectArgs),
    Release(release::ReleaseArgs),
    Stop(pause::StopArgs),
    Hold(pause::HoldArgs),
    Trigger(trigger::TriggerArgs),
    Mcp(mcp::McpArgs),
    Revert(revert::RevertArgs),
    Audit(audit::AuditArgs),
    Check(check::CheckArgs),
    Prune(prune::PruneArgs),
    Traces(traces::TracesArgs),
    Bench(bench::BenchArgs),
    Recompute(recompute::RecomputeArgs),
    Verify(verify::VerifyArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl CliCommand {
    /// Whether it installs its own handlers. In `review`, signals belong to the editor that has the terminal.
    fn handles_signals(&self) -> bool {
        #[cfg(feature = "serve")]
        if matches!(self, Self::Serve(_)) {
            return true;
        }
        matches!(self, Self::Watch(_) | Self::Mcp(_) | Self::Review(_))
    }
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
    pub(crate) fn workspace(&self) -> Result<crate::workspace::Workspace, CommandFailure> {
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
    pub(crate) fn root(&self) -> Result<PathBuf, CommandFailure> {
        crate::workspace::find(&self.directory).ok_or_else(|| {
            CommandFailure::usage(format!("no kaizen.toml in {} or above", self.directory.display()))
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
    terminal::adapt();
    let arguments = match help::parse() {
        Ok(arguments) => arguments,
        Err(said) => {
            terminal::usage(&said);
            return exit::ended(match said.use_stderr() {
                true => exit::Code::Usage,
                false => exit::Code::Settled,
            });
        }
    };
    log_to_stderr(arguments.verbose);
    let farewell = interrupt::line(&arguments.command, std::env::args_os().skip(1));
    let farewell = move |_: &str| {
        render::clear_progress();
        #[cfg(feature = "top")]
        top::restore();
        if let Some(line) = farewell {
            err!("{line}");
        }
    };
    if !arguments.command.handles_signals()
        && let Err(error) = crate::sys::signal::with_programs(farewell)
    {
        tracing::warn!(%error, "cannot handle signals: child processes will not be stopped");
    }
    let result = setting(&arguments).and_then(|setting| dispatch(arguments.command, &setting));
    exit::ended(result.unwrap_or_else(|failure| exit::report(&failure)))
}

fn setting(arguments: &CliArgs) -> Result<Setting, CommandFailure> {
    let here = PathBuf::from(".");
    Clock::from_environment()?;
    if arguments.format.is_of_check() && !matches!(arguments.command, CliCommand::Check(_)) {
        return Err(
            CommandFailure::usage("only `kaizen check` prints this format").hint("use `--format text` or `json`")
        );
    }
    if let Some(digest) = arguments.trust {
        consent::only(digest);
    }
    if arguments.detached {
        ledger::allow_detached();
    }
    let directory = arguments.directory.clone().unwrap_or(here);
    let found = directory.canonicalize();
    let directory = found.map_err(|error| {
        CommandFailure::usage(format!(
            "cannot work in {}: {}",
            directory.display(),
            ErrorWithRemedy(&error)
        ))
    })?;
    Ok(Setting {
        directory,
        format: arguments.format,
    })
}

fn dispatch(command: CliCommand, setting: &Setting) -> Result<exit::Code, CommandFailure> {
    match command {
        CliCommand::Demo(command) => demo::demo(&command, setting),
        CliCommand::Init(command) => init::init(&command, setting),
        CliCommand::Layouts(command) => layouts::layouts(&command, setting),
        CliCommand::Run(command) => run::run(&command, setting),
        CliCommand::Watch(command) => watch::watch(&command, setting),
        CliCommand::Loop(command) => looping::looping(&command, setting),
        CliCommand::Doctor(command) => doctor::doctor(&command, setting),
        CliCommand::Trust(command) => trust::trust(&command, setting),
        CliCommand::Status(command) => status::status(&command, setting),
        #[cfg(feature = "top")]
        CliCommand::Top(command) => top::top(&command, setting),
        #[cfg(feature = "serve")]
        CliCommand::Serve(command) => serve::serve(&command, setting),
        CliCommand::Explain(command) => explain::explain(&command, setting),
        CliCommand::Show(command) => show::show(&command, setting),
        CliCommand::Log(command) => log::log(&command, setting),
        CliCommand::Brief(command) => brief::brief(&command, setting),
        CliCommand::Diff(command) => diff::diff(&command, setting),
        #[cfg(feature = "report")]
        CliCommand::Report(command) => report::report(&command, setting),
        #[cfg(feature = "report")]
        CliCommand::Pr(command) => pr::pr(&command, setting),
        CliCommand::Blame(command) => blame::blame(&command, setting),
        CliCommand::Egress(command) => egress::egress(&command, setting),
        CliCommand::Eval(command) => eval::eval(&command, setting),
        CliCommand::PlanGate(command) => preview::preview(&command, setting),
        CliCommand::Review(command) => review::review(&command, setting),
        CliCommand::Accept(command) => accept::accept(&command, setting),
        CliCommand::Reject(command) => accept::reject(&command, setting),
        CliCommand::Release(command) => release::release(&command, setting),
        CliCommand::Stop(command) => pause::stop(&command, setting),
        CliCommand::Hold(command) => pause::hold(&command, setting),
        CliCommand::Trigger(command) => trigger::trigger(&command, setting),
        CliCommand::Mcp(command) => mcp::mcp(&command, setting),
        CliCommand::Revert(command) => revert::revert(&command, setting),
        CliCommand::Audit(command) => audit::audit(&command, setting),
        CliCommand::Check(command) => check::check(&command, setting),
        CliCommand::Prune(command) => prune::prune(&command, setting),
        CliCommand::Traces(command) => traces::traces(&command, setting),
        CliCommand::Bench(command) => bench::bench(&command, setting),
        CliCommand::Recompute(command) => recompute::recompute(&command, setting),
        CliCommand::Verify(command) => verify::verify(&command, setting),
        CliCommand::Schema(command) => schema::schema(&command, setting),
        CliCommand::Completions(command) => completions::completions(&command, setting),
        CliCommand::Man(command) => man::man(&command, setting),
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
        .with_writer(|| terminal::LogWriter)
        .without_time()
        .with_target(false)
        .with_ansi(false);
    let only_ours = tracing_subscriber::filter::Targets::new().with_target("kaizen", level);
    // A second call, as in tests, keeps the first logger.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(only_ours))
        .try_init();
}
