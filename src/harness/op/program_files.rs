//! Files that start something: programs, and files from which a build server, git or a host starts programs.

use crate::harness::Harness;

/// Extensions of programs.
const EXTENSIONS: [&str; 51] = [
    "applescript",
    "awk",
    "bash",
    "bat",
    "c",
    "cc",
    "cjs",
    "clj",
    "cmd",
    "command",
    "cpp",
    "cs",
    "csh",
    "cts",
    "dll",
    "dylib",
    "exe",
    "exs",
    "fish",
    "go",
    "gradle",
    "groovy",
    "ipynb",
    "jar",
    "java",
    "jl",
    "js",
    "jsx",
    "ksh",
    "kts",
    "lua",
    "mjs",
    "mk",
    "mts",
    "nix",
    "nu",
    "php",
    "pl",
    "pm",
    "ps1",
    "psm1",
    "py",
    "pyw",
    "rb",
    "rs",
    "sh",
    "so",
    "swift",
    "ts",
    "tsx",
    "zsh",
];

/// Extensions of texts and data. A file of this kind is no program, even if its mode says that it can be executed: programs
/// that copy files often set that mode for all of them.
const DATA: [&str; 19] = [
    "adoc", "csv", "html", "j2", "jinja", "jinja2", "json", "jsonc", "jsonl", "md", "mdc", "mdx", "prompt", "rst",
    "toml", "tsv", "txt", "yaml", "yml",
];

/// Names of files that build programs, build servers or shells execute.
const NAMES: [&str; 46] = [
    ".appveyor.yml",
    ".bash_login",
    ".bash_profile",
    ".bashrc",
    ".drone.yml",
    ".envrc",
    ".gitattributes",
    ".gitconfig",
    ".gitlab-ci.yaml",
    ".gitlab-ci.yml",
    ".gitmodules",
    ".justfile",
    ".lefthook.yml",
    ".mise.toml",
    ".npmrc",
    ".pre-commit-config.yaml",
    ".profile",
    ".travis.yml",
    ".woodpecker.yaml",
    ".woodpecker.yml",
    ".zprofile",
    ".zshenv",
    ".zshrc",
    "appveyor.yml",
    "azure-pipelines.yaml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "cargo.toml",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    "containerfile",
    "docker-compose.yaml",
    "docker-compose.yml",
    "dockerfile",
    "gnumakefile",
    "jenkinsfile",
    "justfile",
    "lefthook.yml",
    "makefile",
    "mise.toml",
    "package.json",
    "procfile",
    "rakefile",
    "taskfile.yaml",
    "taskfile.yml",
    "vagrantfile",
];

/// Folders whose files build servers, git or editors execute.
const FOLDERS: [&str; 9] = [
    ".buildkite",
    ".circleci",
    ".devcontainer",
    ".githooks",
    ".husky",
    ".teamcity",
    ".tekton",
    ".woodpecker",
    "git-hooks",
];

/// Folders and files within a folder from which build servers, editors and hosts start programs.
const PLACES: [(&str, &str); 16] = [
    (".cargo", "config"),
    (".cargo", "config.toml"),
    (".claude", "launch.json"),
    (".codex", "environments"),
    (".cursor", "environment.json"),
    (".forgejo", "workflows"),
    (".gitea", "workflows"),
    (".github", "actions"),
    (".github", "workflows"),
    (".idea", "runconfigurations"),
    (".opencode", "plugin"),
    (".opencode", "plugins"),
    (".vscode", "launch.json"),
    (".vscode", "settings.json"),
    (".vscode", "tasks.json"),
    (".zed", "tasks.json"),
];

/// Folders of a skill with its programs.
const OF_SKILL: [&str; 2] = ["bin", "scripts"];

/// Whether the path of a file says that it starts something.
pub(crate) fn is_program_path(path: &str) -> bool {
    let lower = path.to_lowercase();
    let parts: Vec<&str> = lower.split('/').collect();
    let Some((name, folders)) = parts.split_last() else {
        return false;
    };
    let is_place = |pair: &[&str]| PLACES.contains(&(pair[0], pair[1]));
    extension(name).is_some_and(|extension| EXTENSIONS.contains(&extension))
        || NAMES.contains(name)
        || folders.iter().any(|folder| FOLDERS.contains(folder))
        || parts.windows(2).any(is_place)
        || is_of_skill(folders)
}

/// Whether a file of a harness starts something, by its path, its first characters or its mode.
pub(crate) fn is_program(path: &str, harness: &Harness) -> bool {
    let is_script = || harness.get(path).is_some_and(|bytes| is_script(path, bytes));
    is_program_path(path) || is_script() || harness.is_executable(path) && !is_data(path)
}

/// Whether a file begins with the name of its interpreter. A text may begin with `#!` and a word.
fn is_script(path: &str, bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let Some(rest) = start.strip_prefix(b"#!") else {
        return false;
    };
    rest.trim_ascii_start().starts_with(b"/") || !is_data(path)
}

/// Whether a file holds text or data, by its name. Names such as `.cursorrules` have no extension.
fn is_data(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
    match extension(&name) {
        Some(extension) => DATA.contains(&extension),
        None => name.starts_with('.'),
    }
}

/// Whether one of the folders holds the programs of a skill.
fn is_of_skill(folders: &[&str]) -> bool {
    let skill = folders.iter().position(|folder| *folder == "skills");
    let below = skill.and_then(|at| folders.get(at + 2..)).unwrap_or_default();
    below.iter().any(|folder| OF_SKILL.contains(folder))
}

fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty()).then_some(extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_programs_are_known() {
        for path in [
            "a/run.py",
            "x.SH",
            "skills/s/run.py",
            "skills/s/scripts/notes.md",
            ".claude/skills/s/bin/run",
            ".claude/statusline.sh",
            ".github/workflows/ci.yml",
            "sub/.github/Workflows/agent.md",
            ".github/actions/setup/action.yml",
            ".husky/pre-commit",
            ".gitlab-ci.yml",
            ".pre-commit-config.yaml",
            ".vscode/tasks.json",
            ".vscode/settings.json",
            ".bashrc",
            "home/.zshrc",
            ".cargo/config.toml",
            ".cursor/environment.json",
            ".codex/environments/environment.toml",
            "Makefile",
            "docker/Dockerfile",
            "package.json",
        ] {
            assert!(is_program_path(path), "{path}");
        }
        for path in [
            "CLAUDE.md",
            "py.md",
            ".cursorrules",
            ".py",
            ".github/copilot-instructions.md",
            ".github/agents/workflows.md",
            "workflows/a.md",
            "scripts/prompts/a.md",
            "skills/scripts/SKILL.md",
            ".vscode/extensions.json",
            "cargo.md",
            "prompts/tasks.json",
        ] {
            assert!(!is_program_path(path), "{path}");
        }
    }

    #[test]
    fn interpreters_and_modes_mark_programs_but_a_mode_alone_no_text() {
        let mut harness = Harness::default()
            .with("s/run", "#!/bin/sh\necho\n")
            .with("s/other", "#! /usr/bin/env python3\n")
            .with("s/title.md", "#!important\n")
            .with("s/relative", "#!python\n")
            .with("s/tool", "echo\n")
            .with("CLAUDE.md", "Be brief.\n")
            .with(".cursorrules", "Be brief.\n")
            .with("s/text", "Be brief.\n");
        for path in ["s/tool", "CLAUDE.md", ".cursorrules"] {
            harness.mark_executable(path);
        }
        for (path, expected) in [
            ("s/run", true),
            ("s/other", true),
            ("s/tool", true),
            ("s/title.md", false),
            ("s/relative", true),
            ("CLAUDE.md", false),
            (".cursorrules", false),
            ("s/text", false),
            ("absent", false),
        ] {
            assert_eq!(is_program(path, &harness), expected, "{path}");
        }
    }
}
