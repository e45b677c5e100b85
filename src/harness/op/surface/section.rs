//! The ops that insert and remove a section of a text.

use schemars::JsonSchema;
use serde::Deserialize;

use super::target::list;
use super::text_place::{TextAddress, TextPlace};
use crate::artifact::nearest::nearest;
use crate::harness::Harness;
use crate::harness::format::error::FormatError;
use crate::harness::format::section::{section, section_names, with_new_section, with_section, without_section};
use crate::harness::op::OpContext;
use crate::harness::op::inapplicable::Inapplicable;
use crate::harness::op::originals::restored;

/// Arguments of `insert_section`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct NewSection {
    /// The text.
    #[serde(flatten)]
    pub address: TextAddress,
    /// The heading of the new section; absent: `content` begins with it.
    #[serde(default)]
    pub section: Option<String>,
    /// The new section: a Markdown heading and the text under it.
    pub content: String,
    /// The heading of the section after which it is inserted, or the name of a section between comments; absent: at the end.
    #[serde(default)]
    pub after: Option<String>,
}

/// Arguments of `delete_section`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::harness::op) struct OldSection {
    /// The text.
    #[serde(flatten)]
    pub address: TextAddress,
    /// The heading of the section, or its name between comments `<!-- NAME -->` and `<!-- /NAME -->`.
    pub section: String,
}

pub(in crate::harness::op) fn insert(payload: &NewSection, context: &OpContext) -> Result<Harness, Inapplicable> {
    let place = TextPlace::of(&payload.address, context)?;
    let text = &place.text;
    let content = restored(&payload.content, text, false)?;
    let content = content.trim_matches(['\n', '\r']);
    if let Some(name) = payload.section.as_deref().filter(|name| is_between_marks(text, name)) {
        let present = section(text, name).map_err(|problem| refused(&place, problem))?;
        return match text[present.text].trim() {
            present if present == content.trim() => Ok(context.harness.clone()),
            "" => {
                let changed = with_section(text, name, content);
                place.with(&changed.map_err(|problem| refused(&place, problem))?, context.harness)
            }
            _ => Err(occupied(&place, name)),
        };
    }
    let content = with_heading(payload, content)?;
    let title = content.lines().next().unwrap_or_default();
    if let Ok(present) = section(text, title) {
        return match text[present.whole].trim() == content.trim() {
            true => Ok(context.harness.clone()),
            false => Err(occupied(&place, title)),
        };
    }
    let changed = with_new_section(text, payload.after.as_deref(), &content);
    place.with(&changed.map_err(|problem| refused(&place, problem))?, context.harness)
}

pub(in crate::harness::op) fn delete(payload: &OldSection, context: &OpContext) -> Result<Harness, Inapplicable> {
    let place = TextPlace::of(&payload.address, context)?;
    match without_section(&place.text, &payload.section) {
        Err(FormatError::Section { count: 0, .. }) => {
            let title = payload.section.trim_start_matches('#').trim();
            let names = section_names(&place.text);
            let near = |name: &&String| strsim::levenshtein(name.trim_start_matches('#').trim(), title) < 3;
            // A name that is nearly one of the text is a typing error; otherwise the section was removed already.
            match names.iter().find(near) {
                Some(near) => Err(Inapplicable::Section {
                    path: place.path().to_owned(),
                    problem: format!(
                        "there is no section `{}`; the nearest is `{}`",
                        payload.section,
                        near.trim_start_matches('#').trim()
                    ),
                }),
                None => Ok(context.harness.clone()),
            }
        }
        Ok(rest) if rest.trim().is_empty() => Err(Inapplicable::Section {
            path: place.path().to_owned(),
            problem: "it would have no text any more; use replace_text to write another one".to_owned(),
        }),
        changed => place.with(&changed.map_err(|problem| refused(&place, problem))?, context.harness),
    }
}

/// The refusal of a section that is not there, or there more than once.
fn refused(place: &TextPlace, problem: FormatError) -> Inapplicable {
    let FormatError::Section { name, count } = &problem else {
        return Inapplicable::Format {
            path: place.path().to_owned(),
            problem,
        };
    };
    let names = section_names(&place.text);
    let known = names.iter().map(String::as_str);
    let title = |name: &str| name.trim_start_matches('#').trim().to_owned();
    let titles: Vec<String> = names.iter().map(|name| title(name)).collect();
    let problem = match (count, nearest(&title(name), titles.iter().map(String::as_str))) {
        (0, Some(nearest)) => format!("there is no section `{name}`; the nearest is `{nearest}`"),
        (0, None) if names.is_empty() => format!("there is no section `{name}`; the text has none"),
        (0, None) => format!("there is no section `{name}`; there are {}", list(known)),
        (count, _) => format!("{count} sections are named `{name}`; use patch_text"),
    };
    Inapplicable::Section {
        path: place.path().to_owned(),
        problem,
    }
}

fn occupied(place: &TextPlace, name: &str) -> Inapplicable {
    Inapplicable::Section {
        path: place.path().to_owned(),
        problem: format!("there is a section `{name}` already; change it with patch_text"),
    }
}

/// Whether a text has a section with this name between comments.
fn is_between_marks(text: &str, name: &str) -> bool {
    section_names(text).iter().any(|known| known == name) && !name.starts_with('#')
}

/// The content with a heading: its own, or that of the payload at the level of the section before it.
fn with_heading(payload: &NewSection, content: &str) -> Result<String, Inapplicable> {
    if content.trim_start().starts_with('#') {
        return Ok(content.trim_start().to_owned());
    }
    let Some(title) = payload
        .section
        .as_deref()
        .map(str::trim)
        .filter(|title| !title.is_empty())
    else {
        return Err(Inapplicable::Payload {
            problem: "`content` must begin with a heading, such as `## Rules`, or `section` must name one".into(),
        });
    };
    let title = match title.starts_with('#') {
        true => title.to_owned(),
        false => format!("## {title}"),
    };
    Ok(format!("{title}\n\n{content}"))
}
