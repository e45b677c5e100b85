//! Locates the file and key that an op changes, by filling a layout template with checked names.

use serde_json::Value as Json;

use super::inapplicable::{Inapplicable, TomlProblem, shortened};
use super::toml_text::{lookup, parse, set};
use super::{OpContext, OpRules, existing, toml_list};
use crate::artifact::edit::Op;
use crate::artifact::key_path::{KeyPath, Segment};
use crate::harness::Harness;
use crate::harness::format::error::FormatError;
use crate::harness::format::list::edit_list;
use crate::harness::format::{self, set_value};
use crate::manifest::layout::Layout;
use crate::manifest::membership::reserved;
use crate::manifest::surface::SurfaceFormat;
use crate::sys::disk::is_utf16;

/// The maximum length of a name, in characters.
const LONGEST_NAME: usize = 128;

/// The maximum length of a file name on common file systems, in bytes.
const LONGEST_PART: usize = 255;

/// The maximum length of a path below the workspace, in bytes.
const LONGEST_PATH: usize = 1000;

/// The templates of the file and key that an op changes, as in the layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayoutTarget {
    /// The path template, relative to the harness root.
    pub path: String,
    /// The dotted key template; `None` if the op changes the whole file.
    pub key: Option<String>,
}

/// The home of an op in a layout; `None` if the layout has none for it.
pub(crate) fn home(op: Op, layout: &Layout) -> Option<LayoutTarget> {
    let template = template(op, layout);
    let (path, key) = match template.split_once('#') {
        Some((path, key)) => (path, Some(key.to_owned())),
        None => (template, None),
    };
    (!path.is_empty()).then(|| LayoutTarget {
        path: path.to_owned(),
        key,
    })
}

fn template(op: Op, layout: &Layout) -> &str {
    match op {
        Op::SetModelForQueryClass => &layout.query_class,
        Op::SetModelParam => &layout.model_param,
        Op::PatchSystemPrompt | Op::ReplaceSystemPrompt => &layout.prompt,
        Op::SetAgentClass => &layout.agent_class,
        Op::SetAgentParam => &layout.agent_param,
        Op::EditFewShotExemplars => &layout.few_shot,
        Op::AddToolToAgent | Op::RemoveToolFromAgent => &layout.agent_tools,
        Op::EditToolDescription => &layout.tool_description,
        _ => "",
    }
}

/// A location in a harness: a file, or a key of a TOML file.
#[derive(Debug)]
pub(super) struct EditLocation {
    /// The checked path, relative to the harness root.
    pub path: String,
    /// The keys; empty for the whole file.
    pub keys: Vec<String>,
}

impl EditLocation {
    /// Fills the op's template with `(placeholder, name)` pairs and checks that the file may be edited.
    pub(crate) fn of(context: &OpContext, names: &[(&str, &str)]) -> Result<Self, Inapplicable> {
        let no_home = |problem: String| Inapplicable::NoHome {
            op: context.op.name(),
            problem,
        };
        let home = home(context.op, &context.rules.layout)
            .ok_or_else(|| no_home("the layout has no template for it".into()))?;
        for (what, name) in names {
            check_name(what, name, home.path.contains(&format!("{{{what}}}")))?;
        }
        let fill = |part: &str| {
            fill(part, names).ok_or_else(|| no_home(format!("the op has no value for a placeholder in `{part}`")))
        };
        let path = fill(&home.path)?;
        let keys = home
            .key
            .iter()
            .flat_map(|key| key.split('.'))
            .map(fill)
            .collect::<Result<_, _>>()?;
        check_path(&path, context.harness, context.rules)?;
        existing::check(context, template(context.op, &context.rules.layout), names)?;
        let file = context.target.split('#').next().unwrap_or_default();
        if file != path && context.harness.get(file).is_some() {
            return Err(Inapplicable::Target {
                target: context.target.to_owned(),
                named: format!("the file {file}"),
                changed: path,
            });
        }
        Ok(Self { path, keys })
    }

    /// The location of an op that must have a key.
    pub(crate) fn key_of(context: &OpContext, names: &[(&str, &str)]) -> Result<Self, Inapplicable> {
        let place = Self::of(context, names)?;
        if place.keys.is_empty() {
            let problem = "its template has a file but no `#key`".into();
            return Err(Inapplicable::NoHome {
                op: context.op.name(),
                problem,
            });
        }
        Ok(place)
    }

    /// The text at this location; `None` if the file or the key is missing.
    pub(crate) fn text(&self, harness: &Harness) -> Result<Option<String>, Inapplicable> {
        let text = self.file(harness)?;
        if self.keys.is_empty() {
            return Ok(harness.get(&self.path).map(|_| text.to_owned()));
        }
        if let Some(format) = self.other_format() {
            let value = format::value(format, text, &self.key_path());
            return match value {
                Ok(value) => Ok(value.as_str().map(str::to_owned)),
                Err(FormatError::Absent { .. }) => Ok(None),
                Err(problem) => Err(self.unreadable(problem)),
            };
        }
        let document = parse(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|problem| self.toml(problem))?;
        let found = lookup(&document, &self.keys).map_err(|problem| self.toml(problem))?;
        Ok(found.and_then(|value| value.as_str().map(str::to_owned)))
    }

    /// The harness with this text at the location.
    pub(crate) fn with_text(&self, harness: &Harness, text: &str) -> Result<Harness, Inapplicable> {
        if self.keys.is_empty() {
            return Ok(harness.clone().with(&self.path, text));
        }
        self.with_value(harness, &text.into())
    }

    /// The harness with this TOML value at the key.
    pub(crate) fn with_value(&self, harness: &Harness, value: &Json) -> Result<Harness, Inapplicable> {
        match self.other_format() {
            Some(format) => self.reformat(harness, |text| set_value(format, text, &self.key_path(), value)),
            None => self.rewrite(harness, |text| set(text, &self.keys, value)),
        }
    }

    /// The harness with a name added to the list at the key, or removed from it.
    pub(crate) fn with_name(&self, harness: &Harness, name: &str, is_added: bool) -> Result<Harness, Inapplicable> {
        let name_of = |wanted: bool| if wanted { vec![Json::from(name)] } else { Vec::new() };
        let (add, remove) = (name_of(is_added), name_of(!is_added));
        match (self.other_format(), is_added) {
            (Some(format), _) => {
                self.reformat(harness, |text| edit_list(format, text, &self.key_path(), &add, &remove))
            }
            (None, true) => self.rewrite(harness, |text| toml_list::append(text, &self.keys, name)),
            (None, false) => self.rewrite(harness, |text| toml_list::remove(text, &self.keys, name)),
        }
    }

    /// The format of a file with keys that is not TOML.
    fn other_format(&self) -> Option<SurfaceFormat> {
        let format = SurfaceFormat::of(&self.path);
        (format != SurfaceFormat::Toml && format.has_keys()).then_some(format)
    }

    fn key_path(&self) -> KeyPath {
        KeyPath {
            segments: self.keys.iter().cloned().map(Segment::Name).collect(),
        }
    }

    fn unreadable(&self, problem: FormatError) -> Inapplicable {
        Inapplicable::Format {
            path: self.path.clone(),
            problem,
        }
    }

    /// The harness with the file rewritten by `change`, in a format that is not TOML.
    fn reformat(
        &self,
        harness: &Harness,
        change: impl FnOnce(&str) -> Result<String, FormatError>,
    ) -> Result<Harness, Inapplicable> {
        let text = self.file(harness)?;
        let changed = change(text).map_err(|problem| self.unreadable(problem))?;
        Ok(match changed == text {
            true => harness.clone(),
            false => harness.clone().with(&self.path, changed),
        })
    }

    /// The harness with the TOML file rewritten by `change`. An absent file is only created if it gets content.
    fn rewrite(
        &self,
        harness: &Harness,
        change: impl FnOnce(&str) -> Result<String, TomlProblem>,
    ) -> Result<Harness, Inapplicable> {
        let text = self.file(harness)?;
        let changed = change(text).map_err(|problem| self.toml(problem))?;
        Ok(if changed == text {
            harness.clone()
        } else {
            harness.clone().with(&self.path, changed)
        })
    }

    /// The file's text; empty if it is absent.
    fn file<'a>(&self, harness: &'a Harness) -> Result<&'a str, Inapplicable> {
        utf8(&self.path, harness.get(&self.path).unwrap_or_default())
    }

    fn toml(&self, problem: TomlProblem) -> Inapplicable {
        Inapplicable::Toml {
            path: self.path.clone(),
            problem,
        }
    }
}

/// The text of a file.
pub(super) fn utf8<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, Inapplicable> {
    std::str::from_utf8(bytes).map_err(|_| Inapplicable::NotUtf8 {
        path: path.to_owned(),
        encoding: if is_utf16(bytes) {
            "UTF-16, not UTF-8"
        } else {
            "not UTF-8"
        },
    })
}

/// Replaces the placeholders of one part of a template in one pass, so that placeholders inside a name stay as they
/// are.
fn fill(part: &str, names: &[(&str, &str)]) -> Option<String> {
    let Some((before, rest)) = part.split_once('{') else {
        return Some(part.to_owned());
    };
    let (what, rest) = rest.split_once('}')?;
    let (_, name) = names.iter().find(|(known, _)| *known == what)?;
    Some(format!("{before}{name}{}", fill(rest, names)?))
}

/// The file that an op on an agent writes, if the layout has one.
pub(super) fn agent_file(op: Op, layout: &Layout, agent: &str) -> Option<String> {
    fill(&home(op, layout)?.path, &[("agent", agent)])
}

/// Checks that a name is one part of a path, or one key. The name of a model may contain `/` if it is only in a key.
fn check_name(what: &str, name: &str, in_path: bool) -> Result<(), Inapplicable> {
    let separators: &[char] = if what == "model" && !in_path {
        &['\\']
    } else {
        &['/', '\\']
    };
    let problem = match name {
        "" => "it is empty",
        _ if name.chars().count() > LONGEST_NAME => "it has more than 128 characters",
        _ if name.chars().any(char::is_control) => "it has a control character",
        _ if name.contains(separators) => "it has a path separator",
        _ if name.contains("..") => "it has `..`",
        _ if name.starts_with(['.', '~', '/']) => "it starts with `.`, `~` or `/`",
        _ if name.trim() != name => "it starts or ends with white space",
        _ => return Ok(()),
    };
    Err(Inapplicable::BadName {
        what: what.to_owned(),
        name: shortened(name),
        problem,
    })
}

/// Why no file can have a path: file systems and git refuse it.
fn impossible(path: &str) -> Option<&'static str> {
    if path.chars().any(char::is_control) {
        return Some("the path has a control character; choose another name");
    }
    if path.split('/').any(|part| part.len() > LONGEST_PART) {
        return Some("a name in the path has more than 255 bytes; choose a shorter one");
    }
    (path.len() > LONGEST_PATH).then_some("the path has more than 1,000 bytes; choose a shorter one")
}

/// Checks that a path is one of a file that edits may change.
pub(super) fn check_path(path: &str, harness: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
    let forbidden = |reason: &str| Inapplicable::Forbidden {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    if path.contains(['\\', '\0']) || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(forbidden(
            "no path inside the harness, because it has an empty part, `.`, `..` or `\\`; correct the path",
        ));
    }
    if let Some(reason) = impossible(path) {
        return Err(Inapplicable::Forbidden {
            path: shortened(path),
            reason: reason.to_owned(),
        });
    }
    if let Some(target) = harness.followed(path) {
        return Err(forbidden(&format!("a symbolic link to {target}; name that file")));
    }
    if let Some(reason) = harness.forbidden(path) {
        return Err(forbidden(reason));
    }
    let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    if folders.into_iter().any(|folder| harness.get(folder).is_some()) {
        return Err(forbidden("a folder of the path is a file"));
    }
    let below = format!("{path}/");
    if harness.files().any(|(file, _)| file.starts_with(&below)) {
        return Err(forbidden("a folder"));
    }
    match rules.membership.selects(path) {
        true => Ok(()),
        false => Err(match reserved(path) {
            Some(reason) => forbidden(&format!("no edit may change it: {reason}")),
            None => Inapplicable::NotEditable { path: path.to_owned() },
        }),
    }
}
