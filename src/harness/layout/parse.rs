//! Reads a layout from TOML and checks it. Errors name the file, the line and the remedy.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{HostLayout, Protection};
use crate::harness::format::key_pattern::{covers, parts};
use crate::harness::op::protected_kind;
use crate::harness::skills::{DATA_FOLDERS, SKILL_FILE};
use crate::manifest;
use crate::manifest::surface::{BodyTier, CreateTier, Surface, SurfaceFormat, compiled};

/// A layout that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub(crate) struct LayoutError {
    /// The file.
    pub path: PathBuf,
    /// The problem with its line, and the remedy.
    pub problem: String,
}

/// A value of a layout that is wrong, with the text by which to find its line, and the remedy.
struct LayoutMisfit {
    value: String,
    problem: String,
}

fn misfit(value: &str, problem: impl Into<String>) -> LayoutMisfit {
    LayoutMisfit {
        value: value.to_owned(),
        problem: problem.into(),
    }
}

impl HostLayout {
    /// Parses and checks a layout.
    ///
    /// # Errors
    /// It is not TOML, has an unknown key, or a value that cannot be used.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, LayoutError> {
        let layout = Self::read(path, text)?;
        match layout.check() {
            Ok(()) => Ok(layout.with_skill_files()),
            Err(LayoutMisfit { value, problem }) => Err(LayoutError {
                path: path.to_owned(),
                problem: match line_of(text, &value) {
                    Some(line) => format!("line {line}: {problem}"),
                    None => problem,
                },
            }),
        }
    }

    /// Parses a built-in layout without checking it: a test does that, so that commands start faster.
    ///
    /// # Errors
    /// It is not TOML, or has an unknown key.
    pub(super) fn built_in(path: &Path, text: &str) -> Result<Self, LayoutError> {
        Ok(Self::read(path, text)?.with_skill_files())
    }

    fn read(path: &Path, text: &str) -> Result<Self, LayoutError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        toml::from_str(text).map_err(|error| LayoutError {
            path: path.to_owned(),
            problem: manifest::explain(&error),
        })
    }

    /// Adds what every host reads of skills.
    fn with_skill_files(self) -> Self {
        self.with_small_letters().with_data_of_skills()
    }

    /// Adds surfaces for the data in the folders of skills, such as tables: a text, whatever its extension.
    fn with_data_of_skills(mut self) -> Self {
        let of = |surface: &Surface, data: &str| {
            let folder = surface.path.strip_suffix(SKILL_FILE)?;
            (!folder.contains("**")).then(|| Surface {
                name: format!("{data}_of_{}", surface.name),
                path: format!("{folder}{data}/**"),
                format: Some(SurfaceFormat::Text),
                body: Some(BodyTier::Review),
                keys: BTreeMap::new(),
                text: Vec::new(),
                fills: None,
                create: CreateTier::Off,
            })
        };
        let all = self.surfaces.iter();
        let data: Vec<Surface> = all
            .flat_map(|surface| DATA_FOLDERS.iter().filter_map(move |data| of(surface, data)))
            .collect();
        // The surfaces of the layout come first, so that they keep their files.
        self.surfaces.extend(data);
        self
    }

    /// Adds a surface for the skills whose file is called `skill.md`, which hosts read like `SKILL.md`.
    fn with_small_letters(mut self) -> Self {
        let twin = |surface: &Surface| {
            let folder = surface.path.strip_suffix(SKILL_FILE)?;
            Some(Surface {
                name: format!("small_{}", surface.name),
                path: format!("{folder}{}", SKILL_FILE.to_ascii_lowercase()),
                create: CreateTier::Off,
                ..surface.clone()
            })
        };
        let both = |surface: Surface| {
            let small = twin(&surface);
            std::iter::once(surface).chain(small)
        };
        self.surfaces = self.surfaces.into_iter().flat_map(both).collect();
        self
    }

    fn check(&self) -> Result<(), LayoutMisfit> {
        let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        if self.name.is_empty() || !self.name.chars().all(is_letter) {
            return Err(misfit(
                &self.name,
                "a layout's name has only a-z, 0-9, `_` and `-`; rename it",
            ));
        }
        if self.markers.is_empty() {
            return Err(misfit(
                "markers",
                "a layout needs a marker; add the path of a file that every home has",
            ));
        }
        self.check_names()?;
        self.check_globs()?;
        self.check_keys()
    }

    fn check_names(&self) -> Result<(), LayoutMisfit> {
        let mut names = BTreeSet::new();
        for surface in &self.surfaces {
            if !names.insert(surface.name.as_str()) {
                return Err(misfit(
                    &surface.name,
                    format!("two surfaces have the name `{}`; rename one", surface.name),
                ));
            }
        }
        names.extend(self.named_files.iter().map(|named| named.surface.as_str()));
        let unknown = self
            .at_start
            .iter()
            .chain(&self.main)
            .chain(&self.one_per_folder)
            .chain(&self.importing)
            .chain(&self.marked)
            .chain(self.read_when.iter().map(|condition| &condition.surface))
            .find(|name| !names.contains(name.as_str()));
        match unknown {
            Some(name) => Err(misfit(
                name,
                format!("there is no surface `{name}`; name one of this layout"),
            )),
            None => Ok(()),
        }
    }

    fn check_globs(&self) -> Result<(), LayoutMisfit> {
        let markers = self.markers.iter().map(|marker| &marker.path);
        let conditions = self.read_when.iter().filter_map(|condition| condition.path.as_ref());
        let plain = markers
            .chain(&self.shown)
            .chain(&self.protected.files)
            .chain(conditions);
        for path in plain {
            compiled(path).map_err(|problem| misfit(path, problem))?;
        }
        for surface in &self.surfaces {
            compiled(&surface.glob()).map_err(|problem| misfit(&surface.path, problem))?;
        }
        Ok(())
    }

    fn check_keys(&self) -> Result<(), LayoutMisfit> {
        for surface in &self.surfaces {
            if !surface.keys.is_empty() && !surface.format().has_keys() {
                let problem = format!(
                    "`{}` has no keys in its format; state `format`, or remove `keys`",
                    surface.path
                );
                return Err(misfit(&surface.path, problem));
            }
            if let Some(key) = surface.keys.keys().find(|key| self.protected.covers_key(key)) {
                let problem = format!("`{key}` of surface `{}` is protected; remove it", surface.name);
                return Err(misfit(&surface.name, problem));
            }
        }
        Ok(())
    }

    /// Checks that a user's layout opens nothing that the layout it replaces protects.
    ///
    /// # Errors
    /// A surface offers a protected key.
    pub(super) fn check_against(&self, path: &Path, protected: &Protection) -> Result<(), LayoutError> {
        let keys = self
            .surfaces
            .iter()
            .flat_map(|surface| surface.keys.keys().map(move |key| (surface, key)));
        match keys.into_iter().find(|(_, key)| protected.covers_key(key)) {
            Some((surface, key)) => Err(LayoutError {
                path: path.to_owned(),
                problem: format!(
                    "`{key}` of surface `{}` is protected in the built-in layout; remove it",
                    surface.name
                ),
            }),
            None => Ok(()),
        }
    }
}

impl Protection {
    /// Whether a key or a pattern of keys is protected, here or in every layout.
    pub(crate) fn covers_key(&self, key: &str) -> bool {
        let names: Vec<String> = parts(key).map(str::to_owned).collect();
        self.keys.iter().any(|protected| covers(protected, key)) || protected_kind(&names).is_some()
    }
}

/// The first line that holds a value as a TOML string, or sets it as a key.
fn line_of(text: &str, value: &str) -> Option<usize> {
    let quoted = [format!("\"{value}\""), format!("'{value}'")];
    let is_key = |line: &str| {
        line.strip_prefix(value)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let holds = |line: &str| quoted.iter().any(|quoted| line.contains(quoted)) || is_key(line);
    text.lines().position(holds).map(|index| index + 1)
}
