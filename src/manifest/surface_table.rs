//! The surfaces of a manifest: their checks, and the surface of a file.

use std::collections::BTreeSet;

use globset::GlobMatcher;

use super::layout::{DEFAULT_LAYOUT, Layout};
use super::protected_files::ProtectedFiles;
use super::surface::{Surface, SurfaceFormat, compiled};
use super::{HarnessSection, Misfit, Op, RiskTier};

/// The surfaces of a manifest, ready to be compared with paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct SurfaceTable {
    rows: Vec<(Surface, GlobMatcher)>,
}

impl SurfaceTable {
    /// The surfaces of a section that was checked. A malformed one is left out.
    pub(crate) fn of(section: &HarnessSection) -> Self {
        let row = |surface: &Surface| Some((surface.clone(), compiled(&surface.glob()).ok()?.compile_matcher()));
        Self {
            rows: section.surface.iter().filter_map(row).collect(),
        }
    }

    /// The surface of a file: the first that matches.
    pub(crate) fn find(&self, path: &str) -> Option<&Surface> {
        let row = self.rows.iter().find(|(_, glob)| glob.is_match(path));
        row.map(|(surface, _)| surface)
    }

    /// Whether a file of a surface is text for the model, apart from a front matter.
    pub(crate) fn is_prose(&self, path: &str) -> bool {
        self.find(path)
            .is_some_and(|surface| surface.format_of(path).is_prose())
    }

    /// All surfaces, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Surface> {
        self.rows.iter().map(|(surface, _)| surface)
    }
}

impl HarnessSection {
    /// The globs of all files of the harness.
    pub(crate) fn globs(&self) -> Vec<String> {
        let surfaces = self.surface.iter().map(Surface::glob);
        self.files.iter().cloned().chain(surfaces).collect()
    }

    /// The risk tier of an op, without that of the surface that it changes.
    pub(crate) fn tier(&self, op: Op) -> RiskTier {
        self.tiers.get(&op).copied().unwrap_or_default().max(op.tier())
    }

    /// Surfaces replace the default files and the default layout. Unless the manifest text sets `files`, only the surfaces
    /// select files; unless it sets `layout`, a named op applies only where a surface contains its file, and not if `layouts` names
    /// other hosts only.
    pub(super) fn settle(&mut self, text: &str) {
        if self.surface.is_empty() {
            return;
        }
        let stated = toml::from_str::<toml::Table>(text).unwrap_or_default();
        let states = |key: &str| stated.get("harness").and_then(|harness| harness.get(key)).is_some();
        if !states("files") {
            self.files.clear();
        }
        if !states("layout") {
            // A host that reads other files may have some at the same paths, such as `agents/NAME/system_prompt.md`.
            let is_of_another_host =
                !self.layouts.is_empty() && !self.layouts.iter().any(|name| name == DEFAULT_LAYOUT);
            let table = SurfaceTable::of(self);
            self.layout
                .retain(|path| !is_of_another_host && table.find(&sample_of(path)).is_some());
        }
    }

    /// Checks the constraints that the types do not express.
    ///
    /// # Errors
    /// The problem, and the remedy.
    pub(super) fn check(&self) -> Result<(), Misfit> {
        let mut names = BTreeSet::new();
        for surface in &self.surface {
            check_surface(surface)?;
            if !names.insert(surface.name.as_str()) {
                let problem = format!("two surfaces have the name `{}`; rename one", surface.name);
                return Err(misfit(&surface.name, problem));
            }
        }
        self.protected.iter().try_for_each(ProtectedFiles::check)?;
        check_layout(&self.layout)?;
        match (1.0..=1000.0).contains(&self.max_growth) {
            true => Ok(()),
            false => Err(misfit("max_growth", "[harness] max_growth must be between 1 and 1000")),
        }
    }
}

fn misfit(value: &str, problem: impl Into<String>) -> Misfit {
    Misfit {
        value: value.to_owned(),
        problem: problem.into(),
    }
}

/// A path with a name in place of each placeholder.
fn sample_of(template: &str) -> String {
    let mut pieces = template.split('{');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |path, piece| {
        path + "x" + piece.split_once('}').map_or("", |(_, rest)| rest)
    })
}

fn check_surface(surface: &Surface) -> Result<(), Misfit> {
    let Surface { name, path, .. } = surface;
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if name.is_empty() || !name.chars().all(is_letter) {
        let problem = "the name of a surface has only letters, digits, `_`, `-`, `.` and `/`; rename it";
        return Err(misfit(name, problem));
    }
    compiled(&surface.glob()).map_err(|problem| misfit(path, format!("[[harness.surface]] {problem}")))?;
    if !surface.keys.is_empty() && !surface.format().has_keys() {
        let problem = format!(
            "surface `{name}` has `keys`, but {} is read as {}, which has none; state its `format` (toml, yaml, json, jsonc or \
             front_matter), or remove `keys`",
            surface.path,
            surface.format().name()
        );
        return Err(misfit(path, problem));
    }
    if let Some(key) = surface.text.iter().find(|key| !surface.keys.contains_key(*key)) {
        let problem = format!("`{key}` of surface `{name}` is in `text`, but not in `keys`; add it to `keys`");
        return Err(misfit(key, problem));
    }
    match surface.keys.keys().find(|key| key.split('.').any(str::is_empty)) {
        Some(key) => Err(misfit(
            key,
            format!("`{key}` of surface `{name}` is not a key; write names with `.` between them"),
        )),
        None => Ok(()),
    }
}

/// A key in a file that has none would make an op fail each time.
fn check_layout(layout: &Layout) -> Result<(), Misfit> {
    let with_key = layout.templates().filter_map(|(op, template)| {
        let (path, _) = template.split_once('#')?;
        Some((op, template, path))
    });
    for (op, template, path) in with_key {
        let format = SurfaceFormat::of(path);
        if !format.has_keys() {
            let problem = format!(
                "[harness.layout] {op} = \"{template}\" names a key, but {path} is neither TOML, YAML, JSON nor text with front \
                 matter; name another file, or remove `#` and the key"
            );
            return Err(misfit(template, problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;
    use crate::manifest::membership::Membership;

    fn parse(text: &str) -> Result<Manifest, String> {
        Manifest::parse(std::path::Path::new("kaizen.toml"), text).map_err(|error| error.to_string())
    }

    const AGENTS: &str = "[[harness.surface]]\nname = 'agents'\npath = '.claude/agents/{agent}.md'\n";

    #[test]
    fn surfaces_take_the_place_of_the_default_files_and_layout() {
        let harness = parse(AGENTS).unwrap().harness;
        assert_eq!(harness.files, [] as [&str; 0]);
        assert_eq!(harness.layout.paths().count(), 0);
        let stated = format!("[harness]\nfiles = ['x.md']\n[harness.layout]\nprompt = 'p/{{agent}}.md'\n{AGENTS}");
        let harness = parse(&stated).unwrap().harness;
        assert_eq!(
            (harness.files.as_slice(), harness.layout.prompt.as_str()),
            (&["x.md".to_owned()][..], "p/{agent}.md")
        );
        let jarvis = "[[harness.surface]]\nname = 'p'\npath = 'agents/{agent}/system_prompt.md'\n";
        let layout = parse(jarvis).unwrap().harness.layout;
        assert_eq!(layout.paths().map(|(key, _)| key).collect::<Vec<_>>(), ["prompt"]);
    }

    #[test]
    fn files_of_surfaces_belong_to_the_harness_and_credentials_never_do() {
        let manifest = parse(&format!("[harness]\nfiles = ['**']\n{AGENTS}")).unwrap();
        let membership = Membership::new(&manifest).unwrap();
        for (path, is_member) in [
            (".claude/agents/a.md", true),
            (".codex/auth.json", false),
            ("a/.env.local", false),
            ("id.pem", false),
            (".claude/.credentials.json", false),
            ("keys.md", true),
        ] {
            assert_eq!(membership.selects(path), is_member, "{path}");
        }
        assert!(membership.may_hold(".claude/agents"));
    }

    #[test]
    fn the_first_surface_that_matches_has_the_file() {
        let two = format!("{AGENTS}[[harness.surface]]\nname = 'all'\npath = '.claude/**/*.md'\nbody = 'off'\n");
        let table = SurfaceTable::of(&parse(&two).unwrap().harness);
        let name = |path| table.find(path).map(|surface| surface.name.as_str());
        assert_eq!(name(".claude/agents/a.md"), Some("agents"));
        assert_eq!((name(".claude/x/a.md"), name("CLAUDE.md")), (Some("all"), None));
        assert_eq!(table.all().count(), 2);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_line() {
        let surface = |rest: &str| format!("version = 1\n[[harness.surface]]\nname = 'a'\n{rest}");
        for (text, words) in [
            (
                surface("path = '../x.md'"),
                "line 4: [[harness.surface]] `../x.md` must be",
            ),
            (
                surface("path = 'x.txt'\nkeys = { a = 'auto' }"),
                "line 4: surface `a` has `keys`",
            ),
            (surface("path = 'x.md'\nkeys = { 'a..b' = 'auto' }"), "line 5: `a..b`"),
            (surface("path = 'x.md'\nkeys = { a = 'never' }"), "line 5"),
            (
                surface("path = 'x.md'\ntext = ['b']"),
                "line 5: `b` of surface `a` is in `text`",
            ),
            (surface("path = 'x.md'\nkeis = { a = 'auto' }"), "did you mean `keys`"),
            (
                surface(&format!(
                    "path = 'x.md'\n{}",
                    surface("path = 'y.md'").replace("version = 1\n", "")
                )),
                "two surfaces",
            ),
            (
                "[harness.layout]\nagent_param = 'prompt.txt#{param}'".to_owned(),
                "line 2: [harness.layout] agent_param",
            ),
            ("[harness]\nmax_growth = 0.5".to_owned(), "line 2: [harness] max_growth"),
            (
                "[[harness.protected]]\nfiles = ['../x']".to_owned(),
                "line 2: [[harness.protected]] `../x`",
            ),
            (
                "[[harness.protected]]\nfiles = []".to_owned(),
                "line 1: [[harness.protected]] `files`",
            ),
            (
                "[[harness.protected]]\nfiles = ['x']\nkeys = ['a.']".to_owned(),
                "line 3: [[harness.protected]] `a.` is not a key",
            ),
        ] {
            let message = parse(&text).unwrap_err();
            assert!(message.contains(words), "{text}: {message}");
        }
        assert!(parse("[harness.layout]\nagent_param = 'agents/{agent}.md#{param}'").is_ok());
    }
}
