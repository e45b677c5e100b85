//! Protects settings that widen an agent's permissions: no op may change them, in any layout or manifest. A list that holds
//! everywhere comes first; the layouts add what belongs to their hosts.
//!
//! The check compares the protected settings of each changed file before and after an op, whether the op sets one key
//! or replaces a whole text.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::example_data::ExampleData;
use super::inapplicable::{Inapplicable, shortened};
use super::program_files::is_program;
use super::protected_keys::FileSettings;
use super::setting_pattern::SettingPattern;
use super::stricter::is_stricter;
use super::{OpRules, promptfoo, tool_list};
use crate::harness::layout::guard::{FileGuard, is_place};
use crate::harness::{FileChange, Harness};
use crate::manifest::surface::SurfaceFormat;
use crate::sys::kept_answers::KeptAnswers;

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

/// The kind of a setting that only a layout protects.
const OF_LAYOUT: &str = "its host's own setting";
/// The kind of a setting by which a host knows a skill or an agent.
const IDENTITY: &str = "identity";

/// Refuses a change of a protected setting or of a protected file, in the files that an edit changed. `keeps_tools` says
/// that no list of tools may vanish or become empty, because that opens all tools in some hosts.
///
/// # Errors
/// [`Inapplicable::Protected`], with the file and the setting, [`Inapplicable::ProtectedFile`], [`Inapplicable::Program`], or the
/// reason why the settings of a changed file cannot be read.
pub(super) fn check(before: &Harness, after: &Harness, rules: &OpRules, keeps_tools: bool) -> Result<(), Inapplicable> {
    let guards = |path: &str, harness: &Harness| rules.guard.guards(path, harness);
    for change in before.changes(after) {
        let path = &change.path;
        if is_program(path, before) || is_program(path, after) {
            return Err(Inapplicable::Program { path: path.clone() });
        }
        let guards: Vec<FileGuard> = guards(path, before).into_iter().chain(guards(path, after)).collect();
        check_change(&change, &guards, rules, keeps_tools)?;
        promptfoo::check(&change, after, rules)?;
    }
    Ok(())
}

/// Refuses to create a file that an earlier harness had with other protected settings or a list of tools: an edit that
/// removed it must not let another one create it with more rights.
///
/// # Errors
/// As for [`check`].
pub(super) fn check_created(
    earlier: &Harness,
    before: &Harness,
    after: &Harness,
    rules: &OpRules,
) -> Result<(), Inapplicable> {
    let changes = earlier.changes(after).into_iter();
    let is_created = |change: &FileChange| before.get(&change.path).is_none();
    let was_there = |change: &FileChange| change.before.is_some() && change.after.is_some();
    for change in changes.filter(|change| was_there(change) && is_created(change)) {
        check_change(&change, &rules.guard.guards(&change.path, after), rules, true)?;
        promptfoo::check(&change, after, rules)?;
    }
    Ok(())
}

fn check_change(
    change: &FileChange,
    guards: &[FileGuard],
    rules: &OpRules,
    keeps_tools: bool,
) -> Result<(), Inapplicable> {
    let path = &change.path;
    if is_protected_file(path) || guards.iter().any(|guard| guard.is_closed) {
        return Err(Inapplicable::ProtectedFile { path: path.clone() });
    }
    let format = rules.surfaces.find(path).and_then(|surface| surface.format);
    let (old, new) = change.texts();
    check_line_ends(path, &old, &new)?;
    let (old, new) = (
        FileSettings::of(path, format, &old),
        FileSettings::of(path, format, &new),
    );
    let data = ExampleData::of(path, &old, guards);
    let (old, new) = (old.without(&|keys| data.has(keys)), new.without(&|keys| data.has(keys)));
    let is_whole = change.before.is_none() || change.after.is_none();
    if is_whole || !old.is_same_text(&new) {
        if change.after.is_none() && (is_unit(path, format) || guards.iter().any(FileGuard::is_unit)) {
            return Ok(());
        }
        let may_stay = is_plain(guards) || is_template(change, &old);
        if let Some(problem) = new.problem(&old).filter(|_| !may_stay) {
            let (path, problem) = (path.clone(), problem.clone());
            return Err(Inapplicable::Format { path, problem });
        }
        if keeps_tools && change.after.is_some() {
            tool_list::check(path, &old, &new)?;
        }
        check_settings(change, guards, [&old, &new])?;
    }
    Ok(())
}

/// Refuses a new carriage return without a line feed. To some hosts it ends a line, so that what is one line to a check may be
/// a head with settings to them.
fn check_line_ends(path: &str, old: &str, new: &str) -> Result<(), Inapplicable> {
    fn has_lone(line: &str) -> bool {
        line.strip_suffix("\r\n").unwrap_or(line).contains('\r')
    }
    if !new.contains('\r') {
        return Ok(());
    }
    let known: BTreeSet<&str> = old.split_inclusive('\n').filter(|line| has_lone(line)).collect();
    let mut lines = new.split_inclusive('\n').enumerate();
    match lines.find(|(_, line)| has_lone(line) && !known.contains(line)) {
        None => Ok(()),
        Some((at, _)) => Err(Inapplicable::Limit {
            path: path.to_owned(),
            problem: format!(
                "line {} would have a carriage return without a line feed, which ends a line for some programs; use `\\n`",
                at + 1
            ),
        }),
    }
}

/// Whether the hosts of a file read no front matter in it, so that `---` is a thematic break.
fn is_plain(guards: &[FileGuard]) -> bool {
    let mut known = guards.iter().filter_map(FileGuard::is_plain).peekable();
    known.peek().is_some() && known.all(|is_plain| is_plain)
}

/// Whether a file could not be read as YAML before a change either, as is the case for a template. Its lines are compared.
fn is_template(change: &FileChange, old: &FileSettings) -> bool {
    change.before.is_some() && SurfaceFormat::of(&change.path) == SurfaceFormat::Yaml && old.is_unreadable()
}

/// Refuses protected settings that differ.
fn check_settings(change: &FileChange, guards: &[FileGuard], states: [&FileSettings; 2]) -> Result<(), Inapplicable> {
    let is_whole = change.before.is_none() || change.after.is_none();
    let kind = |keys: &[String]| kind_of(keys, guards);
    let [old, new] = states.map(|settings| settings.picked(&|keys| kind(keys).is_some()));
    // A new file has a name, and one that goes loses it. A new agent may have fewer rights than others.
    let is_stricter = |key: &String| new.get(key).is_some_and(|value| is_stricter(&keys_of(key), value));
    let counts = |key: &&String| {
        let is_identity = is_whole && kind(&keys_of(without_place(key))) == Some(IDENTITY);
        let is_allowed = change.before.is_none() && is_stricter(key);
        !is_identity && !is_allowed
    };
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut differing = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    match differing.find(counts) {
        None => Ok(()),
        Some(key) => Err(Inapplicable::Protected {
            path: change.path.clone(),
            key: match without_place(key) {
                // The line could not be read as one key.
                "" => shortened(new.get(key).or_else(|| old.get(key)).map_or("", String::as_str)),
                key => key.to_owned(),
            },
            kind: kind(&keys_of(key)).unwrap_or(APPROVAL),
        }),
    }
}

/// Whether the settings of a file apply only to itself, as in the front matter of a skill, an agent or a command. They may be
/// removed together with the file, because nothing else gains the rights that it had.
fn is_unit(path: &str, format: Option<SurfaceFormat>) -> bool {
    let formats = [Some(SurfaceFormat::of(path)), format];
    let mut formats = formats.into_iter().flatten();
    formats.all(|format| format == SurfaceFormat::FrontMatter)
}

fn keys_of(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

pub(super) fn kind_of(keys: &[String], guards: &[FileGuard]) -> Option<&'static str> {
    let of_layout = || {
        let is_identity = keys
            .first()
            .is_some_and(|key| matches!(key.as_str(), "name" | "license"));
        let is_covered = guards.iter().any(|guard| guard.covers(keys));
        is_covered.then_some(if is_identity { IDENTITY } else { OF_LAYOUT })
    };
    kind(keys).or_else(of_layout)
}

/// A key without the number that distinguishes lines with the same key.
pub(super) fn without_place(key: &str) -> &str {
    match key.rsplit_once('.') {
        Some((key, place)) if is_place(place) => key,
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
    static KINDS: KeptAnswers<Option<&'static str>> = KeptAnswers::new();
    // Some hosts write a path as one key, such as "chat.tools.autoApprove".
    KINDS.answer(&keys.join("."), kind_of_path)
}

/// The same for keys with points between them.
fn kind_of_path(path: &str) -> Option<&'static str> {
    let keys: Vec<String> = path.split('.').map(bare).collect();
    if let Some((_, kind)) = key_patterns().iter().find(|(pattern, _)| pattern.is_in(&keys)) {
        return Some(kind);
    }
    let is_secret = |key: &String| SECRET_ENDINGS.iter().any(|ending| key.ends_with(ending));
    keys.iter().any(is_secret).then_some(SECRETS)
}

/// Whether the value of a key is a secret, rather than a name or an address.
pub(crate) fn is_secret_key(key: &str) -> bool {
    let key = bare(key);
    let is_named = key.contains("apikey") || ["password", "secret"].iter().any(|end| key.ends_with(end));
    is_named || key == "token" || SECRET_ENDINGS.iter().any(|ending| key.ends_with(ending))
}

/// The patterns of [`KEYS`], split once for all keys, with the kind of each.
fn key_patterns() -> &'static [(SettingPattern, &'static str)] {
    static PATTERNS: OnceLock<Vec<(SettingPattern, &'static str)>> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let patterns = KEYS.iter();
        patterns
            .map(|(text, kind, _)| (SettingPattern::of(text), *kind))
            .collect()
    })
}

pub(super) fn bare(key: &str) -> String {
    key.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
#[path = "protected_tests.rs"]
mod tests;
