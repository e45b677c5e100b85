//! Reads single values from a harness by the templates of the layout.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::Harness;
use crate::manifest::layout::Layout;
use crate::sys::disk::{is_utf16, without_mark};

/// The reason why an agent cannot run. The message names the file or key and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AgentError(pub String);

/// A harness whose TOML files are parsed once.
pub(crate) struct ParsedHome<'a> {
    harness: Cow<'a, Harness>,
    layout: Cow<'a, Layout>,
    documents: BTreeMap<String, Result<Value, AgentError>>,
}

/// The values for the placeholders of a template, as (name, value).
pub(crate) type Names<'n> = [(&'n str, &'n str)];

impl<'a> ParsedHome<'a> {
    /// Parses all TOML files. A malformed file only causes an error when a value is looked up in it.
    pub(crate) fn new(harness: &'a Harness, layout: &'a Layout) -> Self {
        Self {
            harness: Cow::Borrowed(harness),
            layout: Cow::Borrowed(layout),
            documents: documents(harness),
        }
    }

    /// The same for a home that outlives the harness it was read from.
    pub(crate) fn owned(harness: &Harness, layout: &Layout) -> ParsedHome<'static> {
        ParsedHome {
            harness: Cow::Owned(harness.clone()),
            layout: Cow::Owned(layout.clone()),
            documents: documents(harness),
        }
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All paths of the harness.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.harness.files().map(|(path, _)| path)
    }

    /// The value at a `path#key` template; `None` if the template has no key, or the file or key is absent.
    ///
    /// # Errors
    /// The file is not TOML.
    pub(crate) fn value(&self, template: &str, names: &Names) -> Result<Option<&Value>, AgentError> {
        let Some((path, key)) = template.split_once('#') else {
            return Ok(None);
        };
        let Some(document) = self.documents.get(filled(path, names).as_str()) else {
            return Ok(None);
        };
        let root = document.as_ref().map_err(AgentError::clone)?;
        Ok(key.split('.').try_fold(root, |at, part| at.get(filled(part, names))))
    }

    /// The table at the part of a template before `placeholder`, whose keys are the values of the placeholder.
    ///
    /// # Errors
    /// The file is not TOML.
    pub(crate) fn table_above(
        &self,
        template: &str,
        placeholder: &str,
        names: &Names,
    ) -> Result<Option<&Value>, AgentError> {
        let above = template
            .split_once(placeholder)
            .map(|(above, _)| above.trim_end_matches('.'));
        above.map_or(Ok(None), |above| self.value(above, names))
    }

    /// The model for a query class in the routing table, otherwise `[intelligence] default_model`.
    ///
    /// # Errors
    /// The file is not TOML, or the model is not a string.
    pub(crate) fn routed(&self, class: &str) -> Result<Option<String>, AgentError> {
        let routed = self.value(&self.layout.query_class, &[("query_class", class)])?;
        match routed {
            None => self.default_model(),
            Some(Value::String(model)) => Ok(Some(model.clone())),
            Some(other) => Err(AgentError(format!("the model for `{class}` is {other}; use a string"))),
        }
    }

    /// The model of `[intelligence] default_model`.
    ///
    /// # Errors
    /// The file is not TOML, or the model is not a string.
    pub(crate) fn default_model(&self) -> Result<Option<String>, AgentError> {
        let file = self.layout.model_param.split('#').next().unwrap_or_default();
        match self.value(&format!("{file}#intelligence.default_model"), &[])? {
            None => Ok(None),
            Some(Value::String(model)) => Ok(Some(model.clone())),
            Some(other) => Err(AgentError(format!("default_model is {other}; use a string"))),
        }
    }

    /// The path and text of the file at a path template, without a byte order mark; `None` if it is absent.
    ///
    /// # Errors
    /// The file is not UTF-8.
    pub(crate) fn text(&self, template: &str, names: &Names) -> Result<Option<(String, &str)>, AgentError> {
        let path = filled(template, names);
        let Some(bytes) = self.harness.get(&path) else {
            return Ok(None);
        };
        let text = text_of(&path, bytes)?;
        Ok(Some((path, text)))
    }
}

/// The text of a file, without a byte order mark.
fn text_of<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, AgentError> {
    if is_utf16(bytes) {
        return Err(AgentError(format!("{path}: it is UTF-16 text; save it as UTF-8")));
    }
    std::str::from_utf8(without_mark(bytes)).map_err(|error| AgentError(format!("{path}: {error}; save it as UTF-8")))
}

fn documents(harness: &Harness) -> BTreeMap<String, Result<Value, AgentError>> {
    let toml_files = harness.files().filter(|(path, _)| path.ends_with(".toml"));
    toml_files
        .map(|(path, bytes)| (path.to_owned(), parse(path, bytes)))
        .collect()
}

fn parse(path: &str, bytes: &[u8]) -> Result<Value, AgentError> {
    let text = text_of(path, bytes)?;
    toml::from_str(text).map_err(|error| AgentError(format!("{path}: {}", error.to_string().trim())))
}

/// A template with its placeholders replaced.
pub(crate) fn filled(template: &str, names: &Names) -> String {
    names.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}
