//! Known: how much the records of a workspace can tell, in words.

use super::records::{Records, Scope};
use crate::artifact::egress;
use crate::cli::exit::Failure;
use crate::cli::render::counted;
use crate::llm::client;
use crate::sys::disk::Root;
use crate::workspace::{OWN_FOLDER, session};

/// What the view says when its records name no request. It never says that nothing was sent: records can be gone.
pub(crate) fn none(records: &Records) -> String {
    let folder = session::FOLDER;
    match &records.scope {
        Scope::Sessions if records.sessions == 0 => {
            format!("There is no session in {folder}/ here, and so no record of a request.")
        }
        Scope::Sessions => format!("No request is noted in {}.", counted(records.sessions, "session")),
        Scope::Session(id) => format!("No request is noted in {folder}/{id}."),
        Scope::Outside if records.has_file => format!("No request is noted in {OWN_FOLDER}/{}.", egress::FILE),
        Scope::Outside => format!(
            "There is no record here: {OWN_FOLDER}/{} is missing, as it is in a clone and after `{OWN_FOLDER}` was deleted. What was \
             sent outside sessions cannot be known from this folder.",
            egress::FILE
        ),
    }
}

/// What this view cannot show, a line each.
///
/// # Errors
/// A record cannot be read.
pub(crate) fn limits(records: &Records, root: &Root) -> Result<Vec<String>, Failure> {
    let mut limits = Vec::new();
    if records.scope != Scope::Outside {
        limits.push(outside(root)?);
    }
    if records.scope == Scope::Sessions {
        limits.push(format!(
            "sessions that were deleted, or that are not checked out: `git log -- {}` names them",
            session::FOLDER
        ));
    }
    limits.push(texts(root));
    limits.push("what programs send themselves: students, teachers, scorers and phases that are commands".to_owned());
    Ok(limits)
}

fn outside(root: &Root) -> Result<String, Failure> {
    let outside = Records::outside(root)?;
    let file = format!("{OWN_FOLDER}/{}", egress::FILE);
    Ok(match (outside.has_file, outside.sent.len()) {
        (true, count) => format!(
            "requests outside sessions, as by `kaizen eval`: {file} notes {count}; `kaizen egress --outside` lists them"
        ),
        (false, _) => format!(
            "requests outside sessions, as by `kaizen eval`: there is no {file} here, as in a clone and after `{OWN_FOLDER}` was deleted"
        ),
    })
}

fn texts(root: &Root) -> String {
    let file = client::STORE.to_owned();
    match root.join(&file).is_file() {
        true => format!("exact texts: {file} holds those that were sent from here; `kaizen egress DIGEST` prints one"),
        false => format!("exact texts: they stay in {file} on the machine that sent them, and it is not here"),
    }
}
