//! Protects settings that widen an agent's permissions: no op may change them, in any layout or manifest.
//!
//! The check compares the protected settings of each changed file before and after an op, whether the op sets one key
//! or replaces a whole text.

use super::inapplicable::Inapplicable;
use super::protected_keys::settings;
use crate::harness::Harness;

/// A pattern for keys, the kind of setting, and the hosts that have it. Keys are compared without case, `-` and `_`. A
/// pattern matches anywhere in the path of a key, so everything under it is protected too; with `!` at its end, it only
/// matches the end of the path. `.` separates keys, `*` at the start or end of a key matches any text, and `*` alone
/// matches any key.
type ProtectedPattern = (&'static str, &'static str, &'static str);

const SANDBOX: &str = "sandboxing";
const APPROVAL: &str = "approvals and permissions";
const HOOKS: &str = "programs that run automatically";
const SERVERS: &str = "MCP servers and plugins";
const ENVIRONMENT: &str = "environment variables";
const SECRETS: &str = "keys, passwords and the servers that receive them";

const KEYS: [ProtectedPattern; 95] = [
    ("sandbox*", SANDBOX, "Codex, Claude Code, Gemini"),
    ("writableroots", SANDBOX, "Codex"),
    ("networkaccess", SANDBOX, "Codex"),
    ("additionaldirectories", SANDBOX, "Claude Code"),
    ("includedirectories", SANDBOX, "Gemini"),
    ("adddir", SANDBOX, "Codex, Claude Code"),
    ("allowloginshell", SANDBOX, "Codex"),
    ("allowcodeexecution", SANDBOX, "CrewAI"),
    ("codeexecutionmode", SANDBOX, "CrewAI"),
    ("dangerous*", APPROVAL, "Codex, Claude Code"),
    ("bypass*", APPROVAL, "Claude Code, Codex"),
    ("skipdangerous*", APPROVAL, "Claude Code"),
    ("skippermission*", APPROVAL, "Claude Code"),
    ("fullauto", APPROVAL, "Codex"),
    ("approvalpolicy", APPROVAL, "Codex"),
    ("approvalsreviewer", APPROVAL, "Codex"),
    ("approvalmode", APPROVAL, "Gemini, Cursor"),
    ("defaultapprovalmode", APPROVAL, "Gemini"),
    ("approvals", APPROVAL, "various"),
    ("askforapproval", APPROVAL, "Codex"),
    ("requireapproval", APPROVAL, "OpenAI"),
    ("trustlevel", APPROVAL, "Codex"),
    ("permission", APPROVAL, "opencode"),
    ("permissions", APPROVAL, "Claude Code, Codex"),
    ("permissionmode", APPROVAL, "Claude Code"),
    ("permissionprompttool", APPROVAL, "Claude Code"),
    ("defaultpermissions", APPROVAL, "Codex"),
    ("defaultmode", APPROVAL, "Claude Code"),
    ("allowedtools", APPROVAL, "Claude Code, Gemini"),
    ("disallowedtools", APPROVAL, "Claude Code"),
    ("coretools", APPROVAL, "Gemini"),
    ("excludetools", APPROVAL, "Gemini"),
    ("tools.allowed", APPROVAL, "Gemini"),
    ("tools.core", APPROVAL, "Gemini"),
    ("tools.exclude", APPROVAL, "Gemini"),
    ("autoaccept*", APPROVAL, "Gemini"),
    ("autoapprov*", APPROVAL, "Cline, VS Code"),
    ("alwaysallow*", APPROVAL, "Cline, Roo"),
    ("alwaysapprove*", APPROVAL, "various"),
    ("autorun*", APPROVAL, "Cursor"),
    ("yolo*", APPROVAL, "Gemini, Cursor"),
    ("yesalways", APPROVAL, "aider"),
    ("confirmationmode", APPROVAL, "OpenHands"),
    ("humaninputmode", APPROVAL, "AutoGen"),
    ("needsapproval", APPROVAL, "OpenAI Agents"),
    ("goosemode", APPROVAL, "Goose"),
    ("commands.allowlist", APPROVAL, "Amp"),
    ("trustedcommands", APPROVAL, "Kiro"),
    ("agent.mode!", APPROVAL, "mini-swe-agent"),
    ("codeexecutionconfig", SANDBOX, "AutoGen"),
    ("filesuggestion", HOOKS, "Claude Code"),
    ("extensions.*.cmd", SERVERS, "Goose"),
    ("trust!", APPROVAL, "Gemini"),
    ("foldertrust*", APPROVAL, "Gemini"),
    ("trustedfolders", APPROVAL, "Gemini"),
    ("security.auth", APPROVAL, "Gemini"),
    ("security.disableyolomode", APPROVAL, "Gemini"),
    ("security.enablepermanenttoolapproval", APPROVAL, "Gemini"),
    ("custommodes.*.groups", APPROVAL, "Roo"),
    ("hooks", HOOKS, "Codex, Claude Code, Gemini, Cursor"),
    ("disableallhooks", HOOKS, "Claude Code"),
    ("allowedhttphookurls", HOOKS, "Claude Code"),
    ("notify!", HOOKS, "Codex"),
    ("statusline", HOOKS, "Claude Code"),
    ("awsauthrefresh", HOOKS, "Claude Code"),
    ("awscredentialexport", HOOKS, "Claude Code"),
    ("otelheadershelper", HOOKS, "Claude Code"),
    ("proxyauthhelper", HOOKS, "Claude Code"),
    ("testcmd", HOOKS, "aider"),
    ("lintcmd", HOOKS, "aider"),
    ("tooldiscoverycommand", HOOKS, "Gemini"),
    ("toolcallcommand", HOOKS, "Gemini"),
    ("tools.discoverycommand", HOOKS, "Gemini"),
    ("tools.callcommand", HOOKS, "Gemini"),
    ("formatter.*.command", HOOKS, "opencode"),
    ("lsp.*.command", HOOKS, "opencode"),
    ("mcp", SERVERS, "Gemini, opencode"),
    (
        "mcpserver*",
        SERVERS,
        "Codex, Claude Code, Gemini, opencode, Cursor, Copilot, Continue",
    ),
    ("*mcpservers", SERVERS, "Claude Code, Gemini"),
    ("*mcpjsonservers", SERVERS, "Claude Code"),
    ("plugin!", SERVERS, "opencode"),
    ("enabledplugins", SERVERS, "Claude Code"),
    ("extraknownmarketplaces", SERVERS, "Claude Code"),
    ("env", ENVIRONMENT, "Claude Code, Codex"),
    ("environment", ENVIRONMENT, "opencode, mini-swe-agent"),
    ("environmentvariables", ENVIRONMENT, "various"),
    ("setenv", ENVIRONMENT, "aider"),
    ("shellenvironmentpolicy", ENVIRONMENT, "Codex"),
    ("modelproviders", SECRETS, "Codex"),
    ("*baseurl", SECRETS, "Codex, Claude Code, opencode"),
    ("apibase", SECRETS, "Continue, aider"),
    ("*apikey*", SECRETS, "Continue, opencode, aider"),
    ("*password", SECRETS, "various"),
    ("*secret", SECRETS, "various"),
    ("token!", SECRETS, "various"),
];

/// Endings of keys that are secrets. The ending `token` alone is not one: `stop_token` is an ordinary parameter.
const SECRET_ENDINGS: [&str; 9] = [
    "accesstoken",
    "authtoken",
    "apitoken",
    "bearertoken",
    "refreshtoken",
    "authorization",
    "privatekey",
    "credential",
    "credentials",
];

/// The names of files that contain only protected settings, or programs that run automatically.
const FILES: [&str; 9] = [
    ".mcp.json",
    "mcp.json",
    "mcp_config.json",
    "hooks.json",
    "auth.json",
    "credentials.json",
    "trustedfolders.json",
    ".netrc",
    ".env",
];

/// Refuses a change of a protected setting or of a protected file.
///
/// # Errors
/// [`Inapplicable::Protected`], with the file and the setting, or [`Inapplicable::ProtectedFile`].
pub(super) fn check(before: &Harness, after: &Harness) -> Result<(), Inapplicable> {
    let paths = after.files().map(|(path, _)| path);
    for path in paths.filter(|path| before.get(path) != after.get(path)) {
        if is_protected_file(path) {
            return Err(Inapplicable::ProtectedFile { path: path.to_owned() });
        }
        let text = |harness: &Harness| {
            harness
                .get(path)
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        let settings =
            |harness: &Harness| settings(path, &text(harness).unwrap_or_default(), &|keys| kind(keys).is_some());
        let (old, new) = (settings(before), settings(after));
        let differing = old.iter().find(|(key, value)| new.get(*key) != Some(value));
        let differing = differing.or_else(|| new.iter().find(|(key, _)| !old.contains_key(*key)));
        if let Some((key, _)) = differing {
            let keys: Vec<String> = key.split('.').map(str::to_owned).collect();
            return Err(Inapplicable::Protected {
                path: path.to_owned(),
                key: without_place(key).to_owned(),
                kind: kind(&keys).unwrap_or(APPROVAL),
            });
        }
    }
    Ok(())
}

/// A key without the number that distinguishes lines with the same key.
fn without_place(key: &str) -> &str {
    let is_number = |place: &str| place.bytes().all(|byte| byte.is_ascii_digit());
    match key.rsplit_once('.') {
        Some((key, place)) if is_number(place) => key,
        _ => key,
    }
}

/// Whether a file contains only protected settings, or programs that run automatically.
pub(crate) fn is_protected_file(path: &str) -> bool {
    let lower = path.to_lowercase();
    let mut folders = lower.split('/');
    let name = folders.next_back().unwrap_or_default();
    FILES.contains(&name)
        || name.starts_with(".env.")
        || name.ends_with(".rules")
        || folders.any(|folder| folder == "hooks")
}

/// The kind of the protected setting at a path of keys; `None` for an ordinary setting.
pub(crate) fn kind(keys: &[String]) -> Option<&'static str> {
    // Some hosts write a path as one key, such as "chat.tools.autoApprove".
    let keys: Vec<String> = keys.iter().flat_map(|key| key.split('.')).map(bare).collect();
    if let Some((_, kind, _)) = KEYS.iter().find(|(pattern, _, _)| matches_anywhere(pattern, &keys)) {
        return Some(kind);
    }
    let is_secret = |key: &String| SECRET_ENDINGS.iter().any(|ending| key.ends_with(ending));
    keys.iter().any(is_secret).then_some(SECRETS)
}

fn bare(key: &str) -> String {
    key.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn matches_anywhere(pattern: &str, keys: &[String]) -> bool {
    let is_last = pattern.ends_with('!');
    let parts: Vec<&str> = pattern.trim_end_matches('!').split('.').collect();
    let matches = |keys: &[String]| keys.iter().zip(&parts).all(|(key, part)| matches(part, key));
    match is_last {
        true => keys.len() >= parts.len() && matches(&keys[keys.len() - parts.len()..]),
        false => keys.windows(parts.len()).any(matches),
    }
}

fn matches(part: &str, key: &str) -> bool {
    match (part.strip_prefix('*'), part.strip_suffix('*')) {
        _ if part == "*" => true,
        (Some(rest), Some(_)) => key.contains(rest.trim_end_matches('*')),
        (Some(ending), None) => key.ends_with(ending),
        (None, Some(beginning)) => key.starts_with(beginning),
        (None, None) => key == part,
    }
}

#[cfg(test)]
#[path = "protected_tests.rs"]
mod tests;
