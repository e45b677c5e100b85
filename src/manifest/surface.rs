//! A surface: a file or a family of files of an agent's home, and what may be edited in it.

use std::collections::BTreeMap;

use globset::{Glob, GlobBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::placeholder::PlaceholderKind;
use crate::artifact::edit::RiskTier;

/// A file or a family of files, with the parts that edits may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// The name by which edits address it; unique.
    pub name: String,
    /// A glob relative to the workspace, or in a layout to the home, in which `{name}` matches like `*` and captures a name.
    pub path: String,
    /// The format; absent: by the extension of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<SurfaceFormat>,
    /// Who decides on edits of the body: the whole of a text, or the text under the front matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyTier>,
    /// The editable keys, as dotted paths in which `*` is any key and `[*]` any item of a list. No other key is editable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, RiskTier>,
    /// Keys among them whose values are text for the host, also where they look like another type, such as
    /// `argument-hint: [issue]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<String>,
    /// The placeholders that the host or a program fills in, which edits keep; absent: those of the host whose layout has
    /// the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fills: Option<Vec<PlaceholderKind>>,
    /// Whether edits may create and remove files of the family.
    #[serde(default)]
    pub create: CreateTier,
}

/// How the values of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurfaceFormat {
    /// Text without keys.
    Text,
    /// Markdown, optionally with front matter.
    FrontMatter,
    /// Text under keys that end with a line `---`. A line `---` may also begin them.
    Preamble,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
    /// JSON Lines.
    Jsonl,
}

/// Who decides on edits of the body of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyTier {
    /// Edits apply without a person.
    Auto,
    /// A person reviews them.
    Review,
    /// The body is not editable.
    Off,
}

impl BodyTier {
    /// Its name in a layout.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Review => "review",
            Self::Off => "off",
        }
    }
}

/// Who decides on new files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreateTier {
    /// Files cannot be created.
    #[default]
    Off,
    /// A person reviews them.
    Review,
}

impl CreateTier {
    /// Its name in a layout.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Review => "review",
        }
    }
}

impl SurfaceFormat {
    /// The format of a file by its extension.
    pub(crate) fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("md" | "mdc") => Self::FrontMatter,
            Some("toml") => Self::Toml,
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json,
            Some("jsonc") => Self::Jsonc,
            Some("jsonl") => Self::Jsonl,
            _ => Self::Text,
        }
    }

    /// Whether files of this format have keys.
    pub(crate) fn has_keys(self) -> bool {
        !matches!(self, Self::Text | Self::Jsonl)
    }

    /// Its name in a manifest.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::FrontMatter => "front_matter",
            Self::Preamble => "preamble",
            Self::Toml => "toml",
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Jsonc => "jsonc",
            Self::Jsonl => "jsonl",
        }
    }

    /// Whether the text of the file may have keys above it.
    pub(crate) fn is_headed(self) -> bool {
        matches!(self, Self::FrontMatter | Self::Preamble)
    }

    /// Whether the file is text for the model, apart from the keys above it.
    pub(super) fn is_prose(self) -> bool {
        self == Self::Text || self.is_headed()
    }
}

impl Surface {
    /// A surface of text files that other files name. No host reads a front matter in them.
    pub(crate) fn of_named_files(name: &str, path: &str) -> Self {
        let is_headed = SurfaceFormat::of(path) == SurfaceFormat::FrontMatter;
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            format: is_headed.then_some(SurfaceFormat::Text),
            body: Some(BodyTier::Review),
            keys: BTreeMap::new(),
            text: Vec::new(),
            fills: None,
            create: CreateTier::Off,
        }
    }

    /// The format of a file of this surface.
    pub(crate) fn format(&self) -> SurfaceFormat {
        self.format.unwrap_or_else(|| SurfaceFormat::of(&self.path))
    }

    /// Who decides on edits of the body: by default a person, and in files with keys only the keys are editable.
    pub(crate) fn body(&self) -> BodyTier {
        self.body_in(self.format())
    }

    /// The same for a file of a format.
    fn body_in(&self, format: SurfaceFormat) -> BodyTier {
        let default = match format.is_prose() {
            true => BodyTier::Review,
            false => BodyTier::Off,
        };
        self.body.unwrap_or(default)
    }

    /// The format of a file of this surface, by its own extension if the surface states none.
    pub(crate) fn format_of(&self, path: &str) -> SurfaceFormat {
        self.format.unwrap_or_else(|| SurfaceFormat::of(path))
    }

    /// Who decides on edits of the body of a file of this surface.
    pub(crate) fn body_of(&self, path: &str) -> BodyTier {
        self.body_in(self.format_of(path))
    }

    /// The glob of the path, in which placeholders match like `*`.
    pub(crate) fn glob(&self) -> String {
        let mut glob = String::new();
        let mut rest = self.path.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((_, behind)) = after.split_once('}') else {
                break;
            };
            glob += before;
            glob.push('*');
            rest = behind;
        }
        glob + rest
    }
}

/// Compiles a glob of a layout; `*` does not match `/`.
///
/// # Errors
/// It is not a glob that names files of the home.
pub(crate) fn compiled(glob: &str) -> Result<Glob, String> {
    let is_outside = glob.starts_with(['/', '~']) || glob.split('/').any(|part| part == "..");
    if is_outside || glob.is_empty() || glob.contains(['\\', '{', '}']) || glob.get(1..2) == Some(":") {
        return Err(format!(
            "`{glob}` must be a path inside the home, with `/`, `*` and `{{name}}`"
        ));
    }
    let built = GlobBuilder::new(glob).literal_separator(true).build();
    built.map_err(|error| format!("`{glob}` is not a glob: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_match_within_one_folder() {
        let surface = Surface::of_named_files("agents", "a/{agent}/**/{file}.md");
        assert_eq!(surface.glob(), "a/*/**/*.md");
        let glob = compiled(&surface.glob()).unwrap().compile_matcher();
        assert!(glob.is_match("a/b/c.md") && glob.is_match("a/b/d/c.md") && !glob.is_match("a/c.md"));
    }

    #[test]
    fn a_glob_stays_inside_the_home() {
        for bad in [
            "/etc/*",
            "../x",
            "a/../../x",
            "~/x",
            "C:/x",
            "a\\b",
            "",
            "{x",
            "a[",
            "{a,b}.md",
        ] {
            assert!(compiled(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_body_of_a_file_with_keys_is_closed_unless_opened() {
        let body = |path: &str| {
            Surface {
                body: None,
                ..Surface::of_named_files("x", path)
            }
            .body()
        };
        assert_eq!(body("x.md"), BodyTier::Review);
        assert_eq!(body(".cursorrules"), BodyTier::Review);
        assert_eq!(body("x.toml"), BodyTier::Off);
        assert_eq!(body("x.jsonc"), BodyTier::Off);
    }
}
