//! `[student] speaks`: the form of a program's output.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The form in which a program prints its answer. A program's plain text is the answer in each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgramDialect {
    /// Claude Code: `--output-format json` or `stream-json`.
    Claude,
    /// Codex: `exec --json`.
    Codex,
    /// Gemini CLI: `--output-format json` or `stream-json`.
    Gemini,
    /// OpenCode: `run --format json`.
    Opencode,
    /// Amp: `--stream-json`.
    Amp,
    /// aider: the text of `--message`.
    Aider,
    /// goose: the text of `run`, or `--output-format json` or `stream-json`.
    Goose,
    /// An object with `answer` or `result`.
    Json,
    /// All that it prints is the answer.
    Text,
}

/// Programs and packages, by the beginning of their names; programs of other makers that print what Claude Code prints are
/// among them.
const NAMES: [(&str, ProgramDialect); 14] = [
    ("claude", ProgramDialect::Claude),
    ("codex", ProgramDialect::Codex),
    ("gemini", ProgramDialect::Gemini),
    ("gemini-cli", ProgramDialect::Gemini),
    ("opencode", ProgramDialect::Opencode),
    ("opencode-ai", ProgramDialect::Opencode),
    ("amp", ProgramDialect::Amp),
    ("aider", ProgramDialect::Aider),
    ("aider-chat", ProgramDialect::Aider),
    ("goose", ProgramDialect::Goose),
    ("claude-code", ProgramDialect::Claude),
    ("cursor-agent", ProgramDialect::Claude),
    ("droid", ProgramDialect::Claude),
    ("qwen", ProgramDialect::Claude),
];

/// Programs that start the one which is named after them.
const STARTERS: [&str; 7] = ["env", "npx", "bunx", "uvx", "timeout", "nice", "command"];

impl ProgramDialect {
    /// The form that the program of a command line prints, by its name; `None` if it is not known.
    pub(crate) fn of_program(run: &[String]) -> Option<Self> {
        let is_started = |word: &&String| {
            let is_setting = word.contains('=') || word.starts_with('-');
            let is_number = word.starts_with(|letter: char| letter.is_ascii_digit());
            !is_setting && !is_number && !STARTERS.contains(&name_of(word))
        };
        let name = name_of(run.iter().find(is_started)?);
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, dialect)| *dialect)
    }
}

/// The name of a program without its folder or scope, its version and its extension.
fn name_of(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let name = name.split('@').find(|part| !part.is_empty()).unwrap_or(name);
    let endings = [".exe", ".cmd", ".js", ".py", ".sh"];
    endings
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name() {
        for (run, expected) in [
            ("claude -p {query}", Some(ProgramDialect::Claude)),
            ("/usr/local/bin/claude -p x", Some(ProgramDialect::Claude)),
            ("bin/codex.sh exec --json x", Some(ProgramDialect::Codex)),
            ("npx -y @anthropic-ai/claude-code -p x", Some(ProgramDialect::Claude)),
            ("npx @openai/codex@0.140.0 exec x", Some(ProgramDialect::Codex)),
            ("npx --yes @google/gemini-cli@latest -p x", Some(ProgramDialect::Gemini)),
            ("env CODEX_HOME={harness} codex exec x", Some(ProgramDialect::Codex)),
            ("timeout 60 opencode run x", Some(ProgramDialect::Opencode)),
            ("C:\\tools\\aider.exe --message x", Some(ProgramDialect::Aider)),
            ("python3 claude.py", None),
            ("my-claude x", None),
            ("sh -c claude", None),
            ("", None),
        ] {
            let run: Vec<String> = run.split_whitespace().map(str::to_owned).collect();
            assert_eq!(ProgramDialect::of_program(&run), expected, "{run:?}");
        }
    }
}
