//! The ops that create and remove a file of a surface.

use schemars::JsonSchema;
use serde::Deserialize;

use super::target::SurfaceTarget;
use crate::harness::Harness;
use crate::harness::op::OpContext;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::op::originals::restored;
use crate::manifest::surface::CreateTier;

/// Arguments of `create_file`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct NewFile {
    /// The path of the new file, which a surface with `create` must match.
    pub path: String,
    /// The whole text of the file, with its front matter if it needs one.
    pub content: String,
}

/// Arguments of `remove_file`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct OldFile {
    /// The path of the file, which a surface with `create` must match.
    pub path: String,
}

pub(in crate::harness::op) fn create(payload: &NewFile, context: &OpContext) -> Result<Harness, Inapplicable> {
    let target = opened(&payload.path, context)?;
    if payload.content.trim().is_empty() {
        return Err(Inapplicable::Payload {
            problem: "`content` is empty; write the whole file".into(),
        });
    }
    if let Some(old) = target.text {
        return match old == with_end(&restored(&payload.content, old, false)?) {
            true => Ok(context.harness.clone()),
            false => Err(Inapplicable::Exists { path: target.path }),
        };
    }
    let others = context.harness.files().map(|(path, _)| path);
    let same = others.into_iter().find(|path| path.eq_ignore_ascii_case(&target.path));
    if let Some(same) = same {
        return Err(Inapplicable::Forbidden {
            reason: format!("{same} has this path in another case; choose another name"),
            path: target.path,
        });
    }
    let content = restored(&payload.content, "", false)?;
    Ok(context.harness.clone().with(target.path, with_end(&content)))
}

pub(in crate::harness::op) fn remove(payload: &OldFile, context: &OpContext) -> Result<Harness, Inapplicable> {
    let target = opened(&payload.path, context)?;
    Ok(context.harness.clone().without(&target.path))
}

/// The file at a path, if its surface lets edits create and remove files.
fn opened<'a>(path: &str, context: &'a OpContext) -> Result<SurfaceTarget<'a>, Inapplicable> {
    let target = SurfaceTarget::of(path, context)?;
    match target.surface.create {
        CreateTier::Review => Ok(target),
        CreateTier::Off => Err(Inapplicable::NoCreation {
            path: target.path,
            surface: target.surface.name.clone(),
        }),
    }
}

/// A text with a line end after its last line.
fn with_end(text: &str) -> String {
    match text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    }
}
