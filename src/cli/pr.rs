//! `kaizen pr`: writes the description of a pull request for a session's branch, and pushes the branch only on request.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, STRONG};
use super::report::request::{RequestText, request};
use super::session_workspace::{branches, open};
use super::visible::visible;
use crate::ledger::port::LedgerError;
use crate::ledger::worktree::WorktreeState;
use crate::manifest::programs::REQUESTERS;
use crate::pipeline::branch::{BranchFate, fate};
use crate::sys::consent::Consent;
use crate::sys::process;
use crate::workspace::Workspace;
use crate::workspace::consent::ConsentError;
use crate::workspace::session_branch::SessionBranch;

/// How long a program may take to open a request.
const PATIENCE: Duration = Duration::from_secs(120);

/// The folder of the descriptions, in kaizen's own folder.
const FOLDER: &str = "pull-requests";

/// Describe a session's branch for a pull request; push it on demand
///
/// For `[ledger] mode = "branch"`. The description comes from the report: it counts gate tasks and shows none of them, and
/// its texts are redacted. Without --push, nothing leaves the machine: the command prints the `git push` that is needed.
/// Once the branch is pushed, `gh` or `glab` opens the request, if it is installed and `kaizen trust` approved it.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PrArgs {
    /// Describe the branch of this session instead of the newest one
    #[arg(value_name = "SESSION")]
    session: Option<String>,
    /// Push the branch, then open the request
    #[arg(long)]
    push: bool,
    /// The branch to merge into; the default is the one that is checked out
    #[arg(long, value_name = "BRANCH")]
    base: Option<String>,
    /// The remote to push to; the default is that of the base branch
    #[arg(long, value_name = "REMOTE")]
    remote: Option<String>,
}

/// A request that is ready to be opened.
struct PullRequest {
    session: String,
    branch: String,
    base: String,
    /// `None` if the repository has no remote.
    remote: Option<String>,
    text: RequestText,
    /// The file with the description.
    file: PathBuf,
}

/// A program that opens requests.
struct Requester {
    /// The program and its arguments.
    run: Vec<String>,
    /// Its standard input.
    input: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no such session on a branch of its own, it is not settled, or the push fails.
pub(crate) fn pr(command: &PrArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let checkout = setting.workspace()?;
    let branch = chosen(&checkout, command.session.as_deref())?;
    let there = open(&checkout, &branch)?;
    let made = prepared(command, &checkout, &there, &branch)?;
    let pushed = match (command.push, &made.remote) {
        (true, Some(remote)) => {
            checkout.ledger.push(remote, &made.branch)?;
            true
        }
        (true, None) => {
            return Err(CommandFailure::failed("the repository has no remote to push to")
                .hint("`git remote add origin URL` adds one"));
        }
        (false, Some(remote)) => {
            let tip = checkout.ledger.branch_tip(&made.branch)?;
            tip.is_some() && checkout.ledger.remote_tip(remote, &made.branch)? == tip
        }
        (false, None) => false,
    };
    let opened = match pushed {
        true => made.open(&checkout)?,
        false => OpenedRequest::Not(None),
    };
    tell(&made, pushed, command.push, &opened, setting);
    Ok(Code::Settled)
}

/// The session to describe.
fn chosen(checkout: &Workspace, name: Option<&str>) -> Result<SessionBranch, CommandFailure> {
    let mut all = branches(checkout)?;
    let found = match name {
        Some(name) => all.into_iter().find(|branch| branch.session.id == name),
        None => all.pop(),
    };
    found.ok_or_else(|| {
        let what = name.map_or("no session works".to_owned(), |name| {
            format!("there is no session `{name}`")
        });
        CommandFailure::usage(format!("{what} on a branch of its own"))
            .hint("with `[ledger] mode = \"branch\"`, `kaizen run` begins one; `kaizen status` lists them")
    })
}

fn prepared(
    command: &PrArgs,
    checkout: &Workspace,
    there: &Workspace,
    open: &SessionBranch,
) -> Result<PullRequest, CommandFailure> {
    let id = &open.session.id;
    let branch = match fate(checkout, open)? {
        BranchFate::Open { branch: Some(branch) } => branch,
        BranchFate::Open { branch: None } => {
            let problem = format!("no branch is checked out in {}", open.folder.display());
            return Err(
                CommandFailure::failed(problem).hint(format!("`git -C {} switch BRANCH` does", open.folder.display()))
            );
        }
        BranchFate::Merged => return Err(CommandFailure::usage(format!("the branch of {id} is merged already"))),
        BranchFate::Deleted => return Err(CommandFailure::usage(format!("the branch of {id} was deleted"))),
    };
    let is_settled = open.session.record()?.is_some_and(|record| record.status.is_settled());
    if !is_settled || there.ledger.worktree_state()? == WorktreeState::Changed {
        let problem = format!("{id} is not settled, or its worktree has changes that no commit has");
        return Err(CommandFailure::not_ready(problem).hint(format!("`kaizen run {id}` settles and commits it")));
    }
    let text = request(there, &open.session)?;
    if text.applied == 0 {
        return Err(
            CommandFailure::usage(format!("{id} has no applied edit, so there is nothing to merge"))
                .hint("`kaizen status` says how to discard its branch"),
        );
    }
    let base = match &command.base {
        Some(base) => base.clone(),
        None => checkout.ledger.branch()?.ok_or_else(|| {
            CommandFailure::usage("no branch is checked out to merge into").hint("name it with `--base BRANCH`")
        })?,
    };
    let remote = match &command.remote {
        Some(remote) => Some(remote.clone()),
        None => checkout.ledger.remote_of(&base)?,
    };
    let file = checkout.shared(FOLDER).join(format!("{id}.md"));
    checkout.checkout.publish(&file, text.body.as_bytes())?;
    Ok(PullRequest {
        session: id.clone(),
        branch,
        base,
        remote,
        text,
        file,
    })
}

/// What became of opening a request.
enum OpenedRequest {
    /// What the program printed, such as the address of the request.
    Yes(String),
    /// Why not, if there is a reason that a person should know.
    Not(Option<String>),
}

impl PullRequest {
    /// Opens the request with an installed program that is approved.
    fn open(&self, checkout: &Workspace) -> Result<OpenedRequest, CommandFailure> {
        let Some(requester) = self.requester(checkout)? else {
            return Ok(OpenedRequest::Not(None));
        };
        let consent = match checkout.permission.check_all() {
            Ok(consent) => consent,
            Err(ConsentError::Untrusted(_)) => {
                let why = format!("`kaizen trust` lets kaizen open the request with {}", requester.run[0]);
                return Ok(OpenedRequest::Not(Some(why)));
            }
            Err(error) => return Err(error.into()),
        };
        run(&requester, &consent, checkout).map(OpenedRequest::Yes)
    }

    /// The installed program that fits the remote.
    fn requester(&self, checkout: &Workspace) -> Result<Option<Requester>, LedgerError> {
        let url = match &self.remote {
            Some(remote) => checkout.ledger.remote_url(remote)?,
            None => String::new(),
        };
        let mut all = REQUESTERS;
        if url.contains("gitlab") {
            all.reverse();
        }
        let installed = all.iter().find(|run| process::find(run[0], &checkout.root).is_ok());
        Ok(installed.map(|run| self.with(run)))
    }

    /// The command line of a program.
    fn with(&self, run: &[&str; 3]) -> Requester {
        let title = self.text.title.as_str();
        let rest: Vec<&str> = match run[0] {
            "gh" => vec![
                "--head",
                &self.branch,
                "--base",
                &self.base,
                "--title",
                title,
                "--body-file",
                "-",
            ],
            _ => vec![
                "--source-branch",
                &self.branch,
                "--target-branch",
                &self.base,
                "--title",
                title,
                "--description",
                &self.text.body,
                "--yes",
            ],
        };
        Requester {
            run: run.iter().chain(&rest).map(|word| (*word).to_owned()).collect(),
            input: (run[0] == "gh").then(|| self.text.body.clone()),
        }
    }

    fn push_command(&self) -> String {
        format!(
            "git push -u {} {}",
            self.remote.as_deref().unwrap_or("REMOTE"),
            self.branch
        )
    }
}

fn run(requester: &Requester, consent: &Consent, checkout: &Workspace) -> Result<String, CommandFailure> {
    let withheld = checkout.manifest.withheld(&[]);
    let program = process::Program {
        consent,
        run: &requester.run,
        folder: &checkout.root,
        withheld: &withheld,
        variables: Vec::new(),
        timeout: Some(PATIENCE),
        bounds: None,
    };
    let hint = "the branch is pushed; if its request is open already, the push has updated it";
    let failed = |problem: String| CommandFailure::failed(problem).hint(hint);
    let output = program
        .run(requester.input.as_deref().map(str::as_bytes))
        .map_err(|error| failed(error.to_string()))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(failed(format!(
            "`{}` failed: {}",
            requester.run[..3].join(" "),
            output.complaint()
        ))),
    }
}

fn tell(made: &PullRequest, pushed: bool, was_asked: bool, opened: &OpenedRequest, setting: &Setting) {
    let url = match opened {
        OpenedRequest::Yes(url) => Some(url),
        OpenedRequest::Not(_) => None,
    };
    if setting.is_json() {
        return render::json(&json!({
            "session": made.session, "branch": made.branch, "base": made.base, "remote": made.remote,
            "title": made.text.title, "file": made.file, "push": made.push_command(), "pushed": pushed,
            "opened": url.is_some(), "request": url
        }));
    }
    out!("{STRONG}{}{STRONG:#}", visible(&made.text.title));
    out!("  from {} into {}", visible(&made.branch), visible(&made.base));
    out!("  described in {}", visible(&made.file.display().to_string()));
    match (pushed, was_asked) {
        (true, true) => out!("  pushed"),
        (true, false) => out!("  pushed before"),
        (false, _) => {
            out!("\n{STRONG}Next{STRONG:#}");
            out!("  {}   # or: kaizen pr --push", visible(&made.push_command()));
            out!("  then open the request with the title and the description above");
        }
    }
    match opened {
        OpenedRequest::Yes(url) => out!("  opened {}", visible(url)),
        OpenedRequest::Not(Some(why)) => out!("  not opened: {why}"),
        OpenedRequest::Not(None) if pushed => out!("  open the request with the title and the description above"),
        OpenedRequest::Not(None) => {}
    }
}
