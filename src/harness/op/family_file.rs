//! New files of a family, such as agents and skills: an edit gives them no key that it could not set in their siblings, no
//! name that another file has, and no more rights than what they replace.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::inapplicable::Inapplicable;
use super::protected::bare;
use super::protected_keys::FileSettings;
use super::stricter::{is_stricter, restricts};
use super::{OpRules, surface, tool_list};
use crate::harness::Harness;
use crate::harness::skills::is_skill;
use crate::manifest::surface::Surface;

/// Keys of a whole file that only describe it. They are compared without case, `-` and `_`.
const DESCRIBING: [&str; 17] = [
    "argumenthint",
    "author",
    "authors",
    "category",
    "color",
    "compatibility",
    "description",
    "displayname",
    "icon",
    "license",
    "metadata",
    "mode",
    "name",
    "tags",
    "title",
    "version",
    "whentouse",
];

/// A file of a family.
struct FamilyFile<'h> {
    path: &'h str,
    surface: &'h Surface,
    settings: FileSettings<'h>,
}

impl<'h> FamilyFile<'h> {
    /// The file at a path; `None` if no surface with keys has it.
    fn of(path: &'h str, harness: &'h Harness, rules: &'h OpRules) -> Option<Self> {
        let surface = rules.surfaces.find(path)?;
        let format = surface.format_of(path);
        let is_unit = format.has_keys() && !surface.keys.is_empty() && surface.path.contains('{');
        let text = harness.text(path).filter(|_| is_unit)?;
        Some(Self {
            path,
            surface,
            settings: FileSettings::of(path, Some(format), text),
        })
    }

    /// All files of families in a harness.
    fn all(harness: &'h Harness, rules: &'h OpRules) -> impl Iterator<Item = Self> {
        harness.files().filter_map(|(path, _)| Self::of(path, harness, rules))
    }

    /// What a host keeps apart from other families: its folder, and what the files are, such as agents.
    fn family(&self) -> (&str, &str) {
        let folders = self.surface.path.match_indices('/').map(|(at, _)| at);
        let mut starts = std::iter::once(0).chain(folders.map(|at| at + 1));
        let hidden = starts.find(|at| self.surface.path[*at..].starts_with('.'));
        let home = hidden.and_then(|at| {
            self.surface.path[at..]
                .find('/')
                .map(|length| &self.surface.path[..at + length])
        });
        let kind = self.surface.path.rsplit('{').next().unwrap_or_default();
        (home.unwrap_or_default(), kind.split('}').next().unwrap_or_default())
    }

    /// The names by which a host may know the file: that of the file, and the one that it states.
    fn names(&self) -> BTreeSet<String> {
        let mut parts = self.path.rsplit('/');
        let file = parts.next().unwrap_or_default();
        let stem = match is_skill(self.path) {
            true => parts.next().unwrap_or_default(),
            false => file.split('.').next().unwrap_or_default(),
        };
        let stated = self.value("name").and_then(Json::as_str);
        let names = std::iter::once(stem).chain(stated);
        names.map(|name| name.trim().to_lowercase()).collect()
    }

    fn value(&self, name: &str) -> Option<&Json> {
        let mut values = self.settings.values();
        values.find(|(keys, _)| keys == &[name]).map(|(_, value)| value)
    }

    fn has_tools(&self) -> bool {
        tool_list::has_tools(&self.settings)
    }
}

/// Checks the files that an edit creates.
///
/// # Errors
/// A file has a key that no edit may set there, the name of another file, or more rights than the one that it replaces.
pub(super) fn check(before: &Harness, after: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
    let changes = before.changes(after);
    let created = || changes.iter().filter(|change| change.before.is_none());
    for unit in created().filter_map(|change| FamilyFile::of(&change.path, after, rules)) {
        check_keys(&unit, before, rules)?;
        check_name(&unit, before, after, rules)?;
        check_tools(&unit)?;
        check_replaced(&unit, before, after, rules)?;
    }
    Ok(())
}

/// Checks that a created file has no more rights than one with its name that an earlier harness had.
///
/// # Errors
/// It has.
pub(super) fn check_returned(
    earlier: &Harness,
    before: &Harness,
    after: &Harness,
    rules: &OpRules,
) -> Result<(), Inapplicable> {
    for change in before.changes(after).iter().filter(|change| change.before.is_none()) {
        let Some(unit) = FamilyFile::of(&change.path, after, rules) else {
            continue;
        };
        for gone in namesakes(&unit, earlier, rules).filter(|gone| after.get(gone.path).is_none()) {
            check_restrictions(&gone, &unit)?;
        }
    }
    Ok(())
}

/// The other files of a family that share a name with a file.
fn namesakes<'h>(
    unit: &FamilyFile<'h>,
    harness: &'h Harness,
    rules: &'h OpRules,
) -> impl Iterator<Item = FamilyFile<'h>> {
    let (path, names) = (unit.path, unit.names());
    let family = unit.family();
    let family = (family.0.to_owned(), family.1.to_owned());
    FamilyFile::all(harness, rules).filter(move |other| {
        let is_family = other.family() == (family.0.as_str(), family.1.as_str());
        is_family && other.path != path && !other.names().is_disjoint(&names)
    })
}

/// A new file may have the keys that edits may set in it, those that describe it, those that only take rights away, and what
/// a file of its surface already has.
fn check_keys(unit: &FamilyFile, before: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
    let siblings: Vec<FamilyFile> = siblings(unit, before, rules).collect();
    let is_known = |keys: &[String], value: &Json| {
        let is_same = |sibling: &FamilyFile| {
            sibling
                .settings
                .values()
                .any(|other| other.0 == keys && other.1 == *value)
        };
        siblings.iter().any(is_same)
    };
    let is_harmless = |keys: &[String], value: &Json| {
        describes(keys, value) || is_stricter(keys, &value.to_string()) || is_known(keys, value)
    };
    // What is inside a harmless value is harmless.
    let mut around: Option<&[String]> = None;
    for (keys, value) in unit.settings.values() {
        if around.is_some_and(|around| keys.starts_with(around)) {
            continue;
        }
        if is_harmless(keys, value) {
            around = Some(keys);
        } else if !surface::opens(unit.surface, keys) {
            return Err(Inapplicable::NewKey {
                path: unit.path.to_owned(),
                key: keys.join("."),
                open: unit.surface.keys.keys().cloned().collect::<Vec<_>>().join(", "),
            });
        }
    }
    Ok(())
}

/// Whether a key only describes a file. `kind: local` is what Gemini assumes without it.
fn describes(keys: &[String], value: &Json) -> bool {
    let Some(key) = keys.first().map(|key| bare(key)) else {
        return true;
    };
    DESCRIBING.contains(&key.as_str()) || key == "kind" && value == "local"
}

fn siblings<'h>(
    unit: &FamilyFile<'h>,
    harness: &'h Harness,
    rules: &'h OpRules,
) -> impl Iterator<Item = FamilyFile<'h>> {
    let (path, surface) = (unit.path, unit.surface);
    FamilyFile::all(harness, rules).filter(move |other| other.path != path && other.surface.name == surface.name)
}

fn check_name(unit: &FamilyFile, before: &Harness, after: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
    for other in namesakes(unit, before, rules) {
        if after.get(other.path).is_some() {
            let shared = other.names().intersection(&unit.names()).next().cloned();
            return Err(Inapplicable::Forbidden {
                path: unit.path.to_owned(),
                reason: format!(
                    "{} already has the name `{}`, and a host would read only one of them; choose another name",
                    other.path,
                    shared.unwrap_or_default()
                ),
            });
        }
        check_restrictions(&other, unit)?;
    }
    Ok(())
}

/// A file that is created where others of its family go has the restrictions of one of them.
fn check_replaced(unit: &FamilyFile, before: &Harness, after: &Harness, rules: &OpRules) -> Result<(), Inapplicable> {
    let family = unit.family();
    let gone =
        FamilyFile::all(before, rules).filter(|other| after.get(other.path).is_none() && other.family() == family);
    let found: Vec<Result<(), Inapplicable>> = gone.map(|other| check_restrictions(&other, unit)).collect();
    match found.iter().any(Result::is_ok) {
        true => Ok(()),
        false => found.into_iter().collect(),
    }
}

/// A file has what restricts another one.
fn check_restrictions(other: &FamilyFile, unit: &FamilyFile) -> Result<(), Inapplicable> {
    let is_kept = |keys: &Vec<String>, value: &Json| {
        let mut own = unit.settings.values().filter(|(key, _)| key == keys);
        own.any(|(keys, own)| own == value || is_stricter(keys, &own.to_string()))
    };
    // A table is compared as a whole.
    let mut restrictions = other
        .settings
        .values()
        .filter(|(keys, _)| keys.len() == 1 && restricts(keys));
    let lost = restrictions.find(|(keys, value)| !is_kept(keys, value));
    let lost = lost.map(|(keys, _)| keys.join("."));
    let lost_tools = || (other.has_tools() && !unit.has_tools()).then(|| "tools".to_owned());
    match lost.or_else(lost_tools) {
        None => Ok(()),
        Some(key) => Err(Inapplicable::Restriction {
            path: unit.path.to_owned(),
            key,
            other: other.path.to_owned(),
        }),
    }
}

/// A list of tools without a tool opens all of them in some hosts.
fn check_tools(unit: &FamilyFile) -> Result<(), Inapplicable> {
    match tool_list::is_empty(&unit.settings) {
        true => Err(Inapplicable::Tools {
            path: unit.path.to_owned(),
            key: "tools".to_owned(),
            problem: "names no tool, which opens all tools in some hosts; name the tools".to_owned(),
        }),
        false => Ok(()),
    }
}
