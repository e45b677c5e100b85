//! A text that the model reads, in a file of a surface: the file, the body under its front matter, or a string under a key.

use schemars::JsonSchema;
use serde::Deserialize;

use super::document::Document;
use super::key::{KeyArgument, SurfaceKey};
use super::target::{SurfaceTarget, list};
use crate::artifact::key_path::KeyPath;
use crate::harness::Harness;
use crate::harness::format::error::FormatError;
use crate::harness::format::front_matter;
use crate::harness::op::OpContext;
use crate::harness::op::inapplicable::Inapplicable;
use crate::manifest::surface::BodyTier;

/// Names a text.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct TextAddress {
    /// The file.
    pub path: String,
    /// The key of the text; absent: the text of the file, under its front matter.
    #[serde(default)]
    pub key: Option<KeyArgument>,
}

/// A text at its place.
pub(in crate::harness::op) struct TextPlace<'a> {
    target: SurfaceTarget<'a>,
    whole: &'a str,
    key: Option<KeyPath>,
    /// The present text.
    pub text: String,
}

impl<'a> TextPlace<'a> {
    /// Finds a text.
    ///
    /// # Errors
    /// There is no such file, or the text is not editable.
    pub(in crate::harness::op) fn of(address: &TextAddress, context: &'a OpContext) -> Result<Self, Inapplicable> {
        let (target, whole) = SurfaceTarget::existing(&address.path, context)?;
        let (key, text) = match &address.key {
            None => {
                check_body(&target)?;
                (None, body(&target, whole)?.to_owned())
            }
            Some(key) => {
                let document = Document::of(&target, whole)?;
                let key = SurfaceKey::of(&target, key, &document)?;
                let text = key.text(&target, &document)?;
                (Some(key.path), text)
            }
        };
        Ok(Self {
            target,
            whole,
            key,
            text,
        })
    }

    /// The path of the file.
    pub(in crate::harness::op) fn path(&self) -> &str {
        &self.target.path
    }

    /// The harness with another text at this place.
    ///
    /// # Errors
    /// The file cannot hold the text there.
    pub(in crate::harness::op) fn with(&self, text: &str, harness: &Harness) -> Result<Harness, Inapplicable> {
        if text == self.text {
            return Ok(harness.clone());
        }
        let changed = match &self.key {
            None => match self.target.format() {
                format if format.is_headed() => front_matter::with_body(format, self.whole, text)
                    .map_err(|problem| unreadable(&self.target, problem))?,
                _ => text.to_owned(),
            },
            Some(key) => Document::of(&self.target, self.whole)?.set(key, &text.into())?,
        };
        Ok(harness.clone().with(&self.target.path, changed))
    }

    /// How to change the key of a line that is in the front matter above the text; `None` if the line is not there.
    pub(super) fn head_line(&self, line: &str) -> Option<String> {
        let body = body(&self.target, self.whole).ok().filter(|_| self.key.is_none())?;
        let head = self.whole[..self.whole.len() - body.len()].lines();
        let mut key = None;
        for known in head {
            let name = known.split_once(':').map(|(name, _)| name);
            key = name
                .filter(|name| !name.is_empty() && !name.starts_with([' ', '-', '#']))
                .or(key);
            if known.trim() != line {
                continue;
            }
            let (surface, key) = (self.target.surface, key?);
            return Some(match surface.keys.contains_key(key) {
                true => format!(
                    "change `{key}` of surface `{}` with set_key, or with edit_list if it is a list",
                    surface.name
                ),
                false => format!("no edit changes `{key}` of surface `{}`", surface.name),
            });
        }
        None
    }

    /// A new text without the front matter of the file, which a model may have repeated.
    ///
    /// # Errors
    /// It has another front matter.
    pub(super) fn without_head<'t>(&self, new: &'t str) -> Result<&'t str, Inapplicable> {
        if self.key.is_some() {
            return Ok(new);
        }
        let (body, own) = (body(&self.target, self.whole)?, body(&self.target, new)?);
        let head = |text: &str, body: &str| text[..text.len() - body.len()].trim().to_owned();
        if head(new, own).is_empty() || head(new, own) == head(self.whole, body) {
            return Ok(own);
        }
        Err(Inapplicable::Payload {
            problem: "the new text changes the front matter; leave that out, and change its keys with set_key".into(),
        })
    }
}

/// The text of a file under its front matter.
fn body<'t>(target: &SurfaceTarget, text: &'t str) -> Result<&'t str, Inapplicable> {
    front_matter::body(target.format(), text).map_err(|problem| unreadable(target, problem))
}

fn unreadable(target: &SurfaceTarget, problem: FormatError) -> Inapplicable {
    Inapplicable::Format {
        path: target.path.clone(),
        problem,
    }
}

pub(super) fn check_body(target: &SurfaceTarget) -> Result<(), Inapplicable> {
    let surface = target.surface;
    if surface.body_of(&target.path) != BodyTier::Off {
        return Ok(());
    }
    let keys = match surface.keys.is_empty() {
        true => "nothing in it is".to_owned(),
        false => format!("its keys are: {}", list(surface.keys.keys().map(String::as_str))),
    };
    Err(Inapplicable::BodyClosed {
        path: target.path.clone(),
        keys,
    })
}
