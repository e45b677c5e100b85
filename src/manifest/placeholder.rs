//! The kinds of placeholders that a host or a program fills in, so that edits have to keep them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceholderKind {
    /// `{x}`.
    Braces,
    /// `{{x}}`, `{{{x}}}` and `{% x %}`.
    Templates,
    /// `{{args}}`.
    Args,
    /// `$ARGUMENTS` and `$@`.
    Arguments,
    /// `$1` and `${1:-x}`.
    NumberedArguments,
    /// `$FILE`, in capital letters.
    NamedArguments,
    /// `${x}` and `${input:x}`.
    Variables,
    /// `${CLAUDE_SKILL_DIR}` and others of Claude Code.
    HostVariables,
    /// `` !`…` `` and `!{…}`: the output of a command.
    Commands,
    /// `{file:x}` and `{env:X}`.
    Sources,
    /// `@path` and `@{path}`, if `path` is a file.
    Imports,
    /// `#[[file:path]]`, relative to the workspace.
    HashFiles,
    /// Markdown links to files, and `#file:path`.
    FileLinks,
    /// `file://path` as the whole value.
    FileUris,
    /// `{{ env.X }}` and `{{ secrets.X }}`.
    EnvMembers,
    /// `$X` and `${X}`, of the environment.
    EnvNames,
    /// `{{ X }}` in capital letters, of the environment.
    EnvTemplates,
}

impl PlaceholderKind {
    /// The kinds that count in a file of which it is not known who reads it.
    pub(crate) const USUAL: [Self; 7] = [
        Self::Braces,
        Self::Templates,
        Self::Arguments,
        Self::NumberedArguments,
        Self::Commands,
        Self::Sources,
        Self::Imports,
    ];

    /// Its name in a manifest.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Braces => "braces",
            Self::Templates => "templates",
            Self::Args => "args",
            Self::Arguments => "arguments",
            Self::NumberedArguments => "numbered_arguments",
            Self::NamedArguments => "named_arguments",
            Self::Variables => "variables",
            Self::HostVariables => "host_variables",
            Self::Commands => "commands",
            Self::Sources => "sources",
            Self::Imports => "imports",
            Self::HashFiles => "hash_files",
            Self::FileLinks => "file_links",
            Self::FileUris => "file_uris",
            Self::EnvMembers => "env_members",
            Self::EnvNames => "env_names",
            Self::EnvTemplates => "env_templates",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_a_manifest_reads() {
        for kind in PlaceholderKind::USUAL.into_iter().chain([
            PlaceholderKind::Args,
            PlaceholderKind::NamedArguments,
            PlaceholderKind::Variables,
            PlaceholderKind::HostVariables,
            PlaceholderKind::HashFiles,
            PlaceholderKind::FileLinks,
            PlaceholderKind::FileUris,
            PlaceholderKind::EnvMembers,
            PlaceholderKind::EnvNames,
            PlaceholderKind::EnvTemplates,
        ]) {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
