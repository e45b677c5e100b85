//! The table of layouts: the built-in ones, and those of the user.

use std::path::Path;
use std::sync::OnceLock;

use super::{HostLayout, LayoutError};

/// The built-in layouts as (file, text), in the order in which they claim files.
pub(super) const BUILT_IN: [(&str, &str); 29] = [
    ("claude_code.toml", include_str!("data/claude_code.toml")),
    ("codex.toml", include_str!("data/codex.toml")),
    ("gemini.toml", include_str!("data/gemini.toml")),
    ("opencode.toml", include_str!("data/opencode.toml")),
    ("cursor.toml", include_str!("data/cursor.toml")),
    ("copilot.toml", include_str!("data/copilot.toml")),
    ("aider.toml", include_str!("data/aider.toml")),
    ("continue.toml", include_str!("data/continue.toml")),
    ("cline.toml", include_str!("data/cline.toml")),
    ("roo.toml", include_str!("data/roo.toml")),
    ("windsurf.toml", include_str!("data/windsurf.toml")),
    ("kiro.toml", include_str!("data/kiro.toml")),
    ("antigravity.toml", include_str!("data/antigravity.toml")),
    ("kilo.toml", include_str!("data/kilo.toml")),
    ("qwen.toml", include_str!("data/qwen.toml")),
    ("junie.toml", include_str!("data/junie.toml")),
    ("amazon_q.toml", include_str!("data/amazon_q.toml")),
    ("factory.toml", include_str!("data/factory.toml")),
    ("augment.toml", include_str!("data/augment.toml")),
    ("claude_plugin.toml", include_str!("data/claude_plugin.toml")),
    ("openjarvis.toml", include_str!("data/openjarvis.toml")),
    ("promptfoo.toml", include_str!("data/promptfoo.toml")),
    ("crewai.toml", include_str!("data/crewai.toml")),
    ("mini_swe_agent.toml", include_str!("data/mini_swe_agent.toml")),
    ("goose.toml", include_str!("data/goose.toml")),
    ("dspy.toml", include_str!("data/dspy.toml")),
    ("langgraph.toml", include_str!("data/langgraph.toml")),
    ("skills.toml", include_str!("data/skills.toml")),
    ("agents_md.toml", include_str!("data/agents_md.toml")),
];

/// All layouts, in the order in which they claim files.
#[derive(Clone, Debug)]
pub(crate) struct LayoutTable {
    layouts: Vec<TableRow>,
}

/// A layout and its origin.
#[derive(Clone, Debug)]
pub(crate) struct TableRow {
    /// The layout.
    pub layout: HostLayout,
    /// Whether a user added it.
    pub is_users: bool,
}

impl LayoutTable {
    /// The built-in layouts.
    ///
    /// # Errors
    /// One of them is malformed, which a test rules out.
    pub(crate) fn built_in() -> Result<Self, LayoutError> {
        let mut layouts = Vec::new();
        for (file, text) in BUILT_IN {
            let layout = HostLayout::built_in(Path::new(file), text)?;
            layouts.push(TableRow {
                layout,
                is_users: false,
            });
        }
        Ok(Self { layouts })
    }

    /// The built-in layouts, read once; `None` if one of them is malformed.
    pub(crate) fn shared() -> Option<&'static Self> {
        static TABLE: OnceLock<Option<LayoutTable>> = OnceLock::new();
        TABLE.get_or_init(|| Self::built_in().ok()).as_ref()
    }

    /// Adds a layout of the user, before the built-in ones. One with the name of a built-in layout replaces it, but what
    /// that one protects stays protected.
    ///
    /// # Errors
    /// It is malformed, has another name than its file, or offers a protected key.
    pub(crate) fn add(&mut self, path: &Path, text: &str) -> Result<(), LayoutError> {
        let mut layout = HostLayout::parse(path, text)?;
        if path.file_stem().is_none_or(|stem| *stem != *layout.name) {
            return Err(LayoutError {
                path: path.to_owned(),
                problem: format!(
                    "its name is `{0}`; rename the file to {0}.toml, or correct `name`",
                    layout.name
                ),
            });
        }
        if let Some(replaced) = self.layouts.iter().find(|row| row.layout.name == layout.name) {
            let replaced = &replaced.layout.protected;
            layout.check_against(path, replaced)?;
            layout.protected.files.extend(replaced.files.iter().cloned());
            layout.protected.keys.extend(replaced.keys.iter().cloned());
        }
        self.layouts.retain(|row| row.layout.name != layout.name);
        let own = self.layouts.iter().filter(|row| row.is_users).count();
        self.layouts.insert(own, TableRow { layout, is_users: true });
        Ok(())
    }

    /// Keeps only the layout of a name; returns whether there is one.
    pub(crate) fn keep_only(&mut self, name: &str) -> bool {
        self.layouts.retain(|row| row.layout.name == name);
        !self.layouts.is_empty()
    }

    /// Keeps only the layouts of these names.
    pub(crate) fn keep(&mut self, names: &[String]) {
        self.layouts.retain(|row| names.contains(&row.layout.name));
    }

    /// The name of a workspace's folder if it is one of a host, such as `.claude`, else nothing: any other hidden folder is an
    /// ordinary workspace.
    pub(crate) fn folder_of_host(&self, name: &str) -> String {
        let is_inside = |path: &str| path.split_once('/').is_some_and(|(first, _)| first == name);
        let mut layouts = self.layouts.iter().map(|row| &row.layout);
        let is_known = name.starts_with('.')
            && layouts.any(|layout| {
                let markers = layout.markers.iter().map(|marker| marker.path.as_str());
                let surfaces = layout.surfaces.iter().map(|surface| surface.path.as_str());
                markers.chain(surfaces).any(is_inside)
            });
        if is_known { name.to_owned() } else { String::new() }
    }

    /// The layouts, in the order in which they claim files.
    pub(crate) fn rows(&self) -> &[TableRow] {
        &self.layouts
    }
}
