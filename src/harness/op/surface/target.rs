//! The file that a generic op changes, and the surface that opens it.

use crate::artifact::edit::Op;
use crate::artifact::nearest::nearest;
use crate::harness::Harness;
use crate::harness::op::edit_location::{check_path, utf8};
use crate::harness::op::inapplicable::{Inapplicable, shortened};
use crate::harness::op::{OpContext, OpRules};
use crate::manifest::surface::{CreateTier, Surface, SurfaceFormat};

/// How many names a message lists.
const MOST_LISTED: usize = 5;

/// A file of a surface.
#[derive(Clone, Debug)]
pub(super) struct SurfaceTarget<'a> {
    /// The checked path, relative to the harness root.
    pub path: String,
    pub surface: &'a Surface,
    /// The text of the file; `None` if the file does not exist.
    pub text: Option<&'a str>,
}

impl<'a> SurfaceTarget<'a> {
    /// The file at a path, which may be absent.
    ///
    /// # Errors
    /// No surface has the file, it is not UTF-8, or its path is not possible.
    pub(super) fn of(path: &str, context: &'a OpContext) -> Result<Self, Inapplicable> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let OpContext { op, harness, rules, .. } = context;
        if harness.followed(path).is_some() {
            check_path(path, harness, rules)?;
        }
        let Some(surface) = rules.surfaces.find(path) else {
            return Err(match op {
                Op::CreateFile if rules.surfaces.all().next().is_some() && harness.get(path).is_none() => {
                    no_place(path, rules)
                }
                _ => unknown(path, harness, rules),
            });
        };
        check_path(path, harness, rules)?;
        if let Some(problem) = harness.unreadable(path) {
            let path = path.to_owned();
            return Err(Inapplicable::Format { path, problem });
        }
        let text = harness.get(path).map(|bytes| utf8(path, bytes)).transpose()?;
        Ok(Self {
            path: path.to_owned(),
            surface,
            text,
        })
    }

    /// The file at a path, with its text.
    ///
    /// # Errors
    /// See [`Self::of`]; or there is no such file.
    pub(super) fn existing(path: &str, context: &'a OpContext) -> Result<(Self, &'a str), Inapplicable> {
        let target = Self::of(path, context)?;
        match target.text {
            Some(text) => Ok((target, text)),
            None => Err(Inapplicable::NoFile {
                known: near_files(&target.path, context.harness, context.rules),
                path: target.path,
            }),
        }
    }

    /// The format of the file.
    pub(super) fn format(&self) -> SurfaceFormat {
        self.surface.format_of(&self.path)
    }
}

/// The reason why no surface has a path: it is a typing error, it is protected, or the manifest does not open it.
fn unknown(path: &str, harness: &Harness, rules: &OpRules) -> Inapplicable {
    if rules.surfaces.all().next().is_none() {
        return Inapplicable::NoSurfaces {
            path: shortened_path(path),
        };
    }
    match harness.get(path) {
        Some(_) => Inapplicable::Closed { path: path.to_owned() },
        None => Inapplicable::NoFile {
            path: shortened_path(path),
            known: near_files(path, harness, rules),
        },
    }
}

/// The reason why no file is made at a path, with the places where one may be.
fn no_place(path: &str, rules: &OpRules) -> Inapplicable {
    let open = rules.surfaces.all();
    let open = open.filter(|surface| surface.create == CreateTier::Review);
    let places = list(open.map(|surface| surface.path.as_str()));
    Inapplicable::NoPlace {
        path: shortened_path(path),
        places: match places.is_empty() {
            true => "no surface in kaizen.toml has `create = \"review\"`".to_owned(),
            false => format!("new files may be {places}"),
        },
    }
}

fn shortened_path(path: &str) -> String {
    match path.chars().count() {
        0..=120 => path.chars().flat_map(char::escape_debug).collect(),
        _ => shortened(path) + "…",
    }
}

/// The editable files that a path may mean, for a message: the nearest one, else those of its surface, else the first.
fn near_files(path: &str, harness: &Harness, rules: &OpRules) -> String {
    let files = || {
        let paths = harness.files().map(|(path, _)| path);
        paths.filter(|path| rules.surfaces.find(path).is_some())
    };
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let same_name = files().find(|file| name(file) == name(path));
    if let Some(nearest) = same_name.or_else(|| nearest(path, files())) {
        return format!("the nearest is {nearest}");
    }
    let surface = rules.surfaces.find(path).map(|surface| surface.name.as_str());
    let is_of_surface = |file: &&str| rules.surfaces.find(file).map(|surface| surface.name.as_str()) == surface;
    let of_surface: Vec<&str> = files().filter(is_of_surface).collect();
    let listed = match of_surface.as_slice() {
        [] => files().collect(),
        _ => of_surface,
    };
    match listed.is_empty() {
        true => "the harness has no editable file".to_owned(),
        false => format!("there are {}", list(listed.into_iter())),
    }
}

/// The first names, for a message.
pub(super) fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.take(MOST_LISTED + 1).collect();
    let shown = names.iter().take(MOST_LISTED).copied().collect::<Vec<_>>().join(", ");
    match names.len() > MOST_LISTED {
        true => shown + ", …",
        false => shown,
    }
}
