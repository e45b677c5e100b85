//! `kaizen egress`: lists what was sent to language models, and prints exact texts. It only reads records.

mod limits;
mod records;
mod request;
mod view;

use clap::Args;

use self::records::Records;
use super::Setting;
use super::exit::{Code, CommandFailure};
use crate::ledger::{Git, Policy};
use crate::sys::disk::Root;
use crate::workspace::intake::refuse_tracked_state;
use crate::workspace::{session, session_branch};

/// Show what was sent to language models, and its exact text
#[derive(Clone, Debug, Default, Args)]
#[command(
    after_help = "Without an argument, the command covers all sessions. It reads the records of this folder and needs neither \
trust nor a writable workspace. A clone includes the records of sessions; the records of requests outside sessions, and all \
exact texts, stay in `.kaizen/` on the machine that sent them. Requests that programs (students, teachers, scorers, phases) \
send without kaizen are in no record. An exact text is printed byte for byte into a pipe or a file; on a terminal, control \
characters are shown as visible symbols."
)]
pub(crate) struct EgressArgs {
    /// The first digits of a request's digest: print the exact text, or else its record
    #[arg(value_name = "DIGEST")]
    digest: Option<String>,
    /// Show only what this session sent
    #[arg(long, value_name = "SESSION", conflicts_with = "digest")]
    session: Option<String>,
    /// Show what was sent outside of sessions, for example by `kaizen eval`
    #[arg(long, conflicts_with_all = ["session", "digest"])]
    outside: bool,
}

/// Runs the command.
///
/// # Errors
/// A record cannot be read, or there is no such session or digest.
pub(crate) fn egress(command: &EgressArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let root = Root::open(&setting.root()?)?;
    // Skipped if git is missing or cannot read the repository.
    let git = Git::open(&root, Policy::default());
    let prefix = git.as_ref().map(|git| git.place().1.to_owned()).unwrap_or_default();
    if let Ok(git) = git {
        refuse_tracked_state(&root, &git)?;
        git.check_not_left_out(&session::is_in_session)?;
    }
    if let Some(digits) = &command.digest {
        request::show(&root, &prefix, digits, setting)?;
        return Ok(Code::Settled);
    }
    let records = match &command.session {
        Some(id) if session::is_id(id) && root.join(session::FOLDER).join(id).is_dir() => {
            Records::of_session(&root, id)?
        }
        Some(id) if let Some(there) = session_branch::root_of(&root, &prefix, id)? => Records::of_session(&there, id)?,
        Some(id) => {
            return Err(CommandFailure::usage(format!("there is no session `{id}` here"))
                .hint("`kaizen egress` covers all sessions"));
        }
        None if command.outside => Records::outside(&root)?,
        None => Records::of_sessions(&root, &prefix)?,
    };
    match setting.is_json() {
        true => view::json(&records),
        false => view::text(&records, &root)?,
    }
    Ok(Code::Settled)
}
