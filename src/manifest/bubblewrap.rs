//! The line for `wrap` with which bubblewrap (`bwrap`) keeps an agent's program in its sandbox.

/// Folders of the system, which are read-only inside.
const SYSTEM: [&str; 9] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix",
];
/// Folders in the user's home where programs are installed, with what they need to run.
const PROGRAMS: [&str; 3] = [".local/bin", ".local/share/claude", ".nvm"];

/// The files in the user's home folder with the login and the configuration of an agent's program. Files with instructions
/// for the agent are not among them.
const LOGINS: [(&str, &[&str]); 12] = [
    ("claude", &[".claude.json", ".claude/.credentials.json"]),
    ("codex", &[".codex/auth.json", ".codex/config.toml"]),
    (
        "gemini",
        &[
            ".gemini/oauth_creds.json",
            ".gemini/google_accounts.json",
            ".gemini/settings.json",
        ],
    ),
    ("qwen", &[".qwen/oauth_creds.json", ".qwen/settings.json"]),
    (
        "opencode",
        &[".local/share/opencode/auth.json", ".config/opencode/opencode.json"],
    ),
    ("goose", &[".config/goose/config.yaml", ".config/goose/secrets.yaml"]),
    ("copilot", &[".copilot/config.json", ".config/gh/hosts.yml"]),
    ("cursor-agent", &[".cursor/cli-config.json", ".config/cursor/auth.json"]),
    ("amp", &[".config/amp/settings.json", ".local/share/amp/secrets.json"]),
    ("aider", &[".aider.conf.yml", ".env"]),
    ("cn", &[".continue/config.yaml", ".continue/auth.json"]),
    ("droid", &[".factory/auth.json", ".factory/settings.json"]),
];

/// The words of `wrap` for a program: the system and the program's login are read-only, the home folder is empty, and of
/// all other files only the sandbox exists. Processes see only each other, and end with the program.
pub(crate) fn bubblewrap(program: &str) -> Vec<String> {
    let mut words: Vec<String> = vec!["bwrap".to_owned()];
    let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
    for folder in SYSTEM {
        add(&["--ro-bind-try", folder, folder]);
    }
    add(&[
        "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "{home}",
    ]);
    let logins = LOGINS.iter().find(|(name, _)| *name == program);
    for path in PROGRAMS.iter().chain(logins.map_or(&[][..], |(_, paths)| paths)) {
        let path = format!("{{home}}/{path}");
        add(&["--ro-bind-try", &path, &path]);
    }
    add(&["--bind", "{sandbox}", "{sandbox}", "--chdir", "{sandbox}"]);
    // The agent needs the network, to reach its model.
    add(&[
        "--unshare-all",
        "--share-net",
        "--new-session",
        "--die-with-parent",
        "--",
    ]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_bound_for_its_own_program_only() {
        let line = |program| bubblewrap(program).join(" ");
        let claude = "{home}/.claude/.credentials.json";
        assert!(line("claude").contains(&format!("--ro-bind-try {claude} {claude}")));
        assert!(!line("codex").contains(claude) && !line("other").contains(claude));
        for program in ["claude", "other"] {
            let line = line(program);
            let at = |part: &str| line.find(part).unwrap();
            assert!(at("--tmpfs {home}") < at("--ro-bind-try {home}"), "{line}");
            assert!(at("--tmpfs /tmp") < at("--bind {sandbox}"), "{line}");
        }
    }
}
