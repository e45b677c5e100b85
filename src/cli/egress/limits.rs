//! Texts about the limits of the records: what they cannot show, and why they may be empty.

use super::records::{Records, Scope};
use crate::artifact::{counted, egress};
use crate::cli::exit::CommandFailure;
use crate::llm::client;
use crate::sys::disk::Root;
use crate::workspace::{OWN_FOLDER, session};

/// The text if the records contain no request. It never claims that nothing was sent, because records can be missing.
pub(crate) fn none(records: &Records) -> String {
    let folder = session::FOLDER;
    match &records.scope {
        Scope::Sessions if records.sessions == 0 => {
            format!("There is no session in {folder}/ here, so there is no record of a request.")
        }
        Scope::Sessions => format!("No request is recorded in {}.", counted(records.sessions, "session")),
        Scope::Session(id) => format!("No request is recorded in {folder}/{id}."),
        Scope::Outside if records.has_file => format!("No request is recorded in {OWN_FOLDER}/{}.", egress::FILE),
        Scope::Outside => format!(
            "There is no record here: {OWN_FOLDER}/{} is missing, as in a clone or after `{OWN_FOLDER}` was deleted. Requests outside \
             sessions cannot be listed from this folder.",
            egress::FILE
        ),
    }
}

/// Describes what this view cannot show, one line each.
///
/// # Errors
/// A record cannot be read.
pub(crate) fn limits(records: &Records, root: &Root) -> Result<Vec<String>, CommandFailure> {
    let mut limits = Vec::new();
    if records.scope != Scope::Outside {
        limits.push(outside(root)?);
    }
    if records.scope == Scope::Sessions {
        limits.push(format!(
            "sessions that were deleted or are not checked out; `git log -- {}` lists them",
            session::FOLDER
        ));
    }
    limits.push(texts(root));
    limits.push(
        "requests that programs send themselves: students, teachers, scorers and phases that are commands".to_owned(),
    );
    Ok(limits)
}

fn outside(root: &Root) -> Result<String, CommandFailure> {
    let outside = Records::outside(root)?;
    let file = format!("{OWN_FOLDER}/{}", egress::FILE);
    Ok(match (outside.has_file, outside.sent.len()) {
        (true, count) => format!(
            "requests outside sessions, for example by `kaizen eval`: {file} has {count}; `kaizen egress --outside` lists them"
        ),
        (false, _) => format!(
            "requests outside sessions, for example by `kaizen eval`: {file} is missing, as before the first such request, in a clone, or after `{OWN_FOLDER}` was deleted"
        ),
    })
}

fn texts(root: &Root) -> String {
    let file = client::STORE.to_owned();
    match root.join(&file).is_file() {
        true => format!("exact texts: {file} contains those sent from this machine; `kaizen egress DIGEST` prints one"),
        false => format!("exact texts: they are in {file} on the machine that sent them; that file is not here"),
    }
}
