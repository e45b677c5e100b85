//! The text of a new `kaizen.toml`: the common settings, each with its default and an explanation.

use super::bubblewrap::bubblewrap;
use super::placeholder::PlaceholderKind;
use super::protected_files::ProtectedFiles;
use super::surface::{CreateTier, Surface};

/// A manifest with the given settings, as `(section, key, TOML value)`. `mentioned` lines are appended as comments.
pub(crate) fn manifest_text(settings: &[(&str, &str, String)], mentioned: &[String]) -> String {
    let mut text = TEMPLATE.to_owned();
    for (section, key, value) in settings {
        text = with(&text, section, key, value);
    }
    if !mentioned.is_empty() {
        text += "\n# From [learning.spec_search]; kaizen has no such settings yet:\n";
        text.extend(mentioned.iter().map(|line| format!("# {line}\n")));
    }
    text
}

/// A manifest whose first line names its schema, for editors.
pub(crate) fn with_schema(text: &str) -> String {
    format!("#:schema ./schemas/manifest.schema.json\n{text}")
}

/// A manifest for the homes of other hosts: their layouts, the globs of files that no edit changes, the surfaces, and what
/// the user's own layouts protect.
pub(crate) fn with_surfaces(
    text: &str,
    layouts: &[String],
    files: &[String],
    surfaces: &[Surface],
    protected: &[ProtectedFiles],
) -> String {
    let mut section = format!(
        "# The layouts that `kaizen init` found; see `kaizen layouts`.\nlayouts = {}\n",
        list(layouts)
    );
    if !files.is_empty() {
        section += "# Other files of the agent: it and the teacher see them, and no edit changes them.\n";
        section += &format!("files = {}\n", list(files));
    }
    section += "\n# What edits may change: the first surface whose `path` matches a file has it. `body` is the text, under a front\n\
         # matter if there is one, `keys` are single values, `fills` the placeholders that edits keep, and `create` allows new\n\
         # files. auto: the gate decides; review: you review each edit.\n";
    let surfaces: Vec<String> = surfaces.iter().map(entry).collect();
    section += &surfaces.join("\n");
    if !protected.is_empty() {
        section += "\n# What your own layouts protect, besides what kaizen's protect: no edit changes these files, or these keys.\n";
        section += &protected.iter().map(protected_entry).collect::<Vec<_>>().join("\n");
    }
    let (before, rest) = text.split_once(DEFAULT_FILES).unwrap_or((text, ""));
    format!("{before}{section}{rest}")
}

/// A manifest with lines of comments in the section of the student, whose attempts run in a sandbox.
pub(crate) fn with_student(text: &str, lines: &[String], program: Option<&str>) -> String {
    let comments: String = lines.iter().map(|line| format!("# {line}\n")).collect();
    let text = text.replacen("[student]\n", &format!("[student]\n{comments}"), 1);
    let sandbox = "# Each attempt of a program runs in a fresh folder outside the workspace, with nothing but the agent's files.\n\
         [student.sandbox]\n";
    let wrap = program.map_or(String::new(), |program| {
        format!(
            "# With bubblewrap on Linux, the program reaches neither your files nor the answers of tasks:\n# wrap = {}\n",
            broken_list(&bubblewrap(program)).replace('\n', "\n# ")
        )
    });
    text.replacen("\n[teacher]\n", &format!("\n{sandbox}{wrap}\n[teacher]\n"), 1)
}

/// A list of strings: on one line if it is short.
fn list(items: &[String]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    let line = quoted.join(", ");
    match line.len() < LONGEST_LIST {
        true => format!("[{line}]"),
        false => format!("[\n  {},\n]", quoted.join(",\n  ")),
    }
}

/// A list of many short strings, several on a line.
fn broken_list(items: &[String]) -> String {
    let mut text = String::from("[");
    let mut width = LONGEST_LIST;
    for item in items.iter().map(|item| quoted(item)) {
        let is_full = width + item.len() + 2 > LONGEST_LIST;
        text += if is_full { "\n  " } else { " " };
        width = if is_full { 0 } else { width } + item.len() + 2;
        text += &format!("{item},");
    }
    text + "\n]"
}

fn quoted(text: &str) -> String {
    let is_plain = !text.contains(['"', '\\']) && !text.contains(char::is_control);
    match is_plain {
        true => format!("\"{text}\""),
        false => toml::Value::String(text.to_owned()).to_string(),
    }
}

/// The entry of a surface.
fn entry(surface: &Surface) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let key = |key: &str| match !key.is_empty() && key.chars().all(is_bare) {
        true => key.to_owned(),
        false => quoted(key),
    };
    let keys = surface.keys.iter();
    let keys: Vec<String> = keys
        .map(|(name, tier)| format!("{} = \"{}\"", key(name), tier.name()))
        .collect();
    let lines = [
        Some(format!("name = {}", quoted(&surface.name))),
        Some(format!("path = {}", quoted(&surface.path))),
        surface.format.map(|format| format!("format = \"{}\"", format.name())),
        surface.body.map(|body| format!("body = \"{}\"", body.name())),
        (!keys.is_empty()).then(|| format!("keys = {{ {} }}", keys.join(", "))),
        (!surface.text.is_empty()).then(|| format!("text = {}", list(&surface.text))),
        surface
            .fills
            .as_ref()
            .map(|fills| format!("fills = {}", list(&names(fills)))),
        (surface.create != CreateTier::Off).then(|| format!("create = \"{}\"", surface.create.name())),
    ];
    let lines: String = lines.into_iter().flatten().map(|line| line + "\n").collect();
    format!("[[harness.surface]]\n{lines}")
}

fn names(kinds: &[PlaceholderKind]) -> Vec<String> {
    kinds.iter().map(|kind| kind.name().to_owned()).collect()
}

/// The entry of protected files.
fn protected_entry(one: &ProtectedFiles) -> String {
    let keys = match one.keys.as_slice() {
        [] => String::new(),
        keys => format!("keys = {}\n", list(keys)),
    };
    format!("[[harness.protected]]\nfiles = {}\n{keys}", list(&one.files))
}

/// Replaces the commented-out default of one key with a value.
fn with(text: &str, section: &str, key: &str, value: &str) -> String {
    let mut inside = false;
    let line = |line: &str| {
        if line.starts_with('[') {
            inside = line == format!("[{section}]");
        }
        let default = format!("# {key} = ");
        match line
            .split_once("  # ")
            .filter(|(setting, _)| inside && setting.starts_with(&default))
        {
            Some((_, comment)) => format!("{key} = {value}  # {comment}\n"),
            None => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

/// The longest list on one line, in characters.
const LONGEST_LIST: usize = 100;

/// The lines of the template that surfaces replace.
const DEFAULT_FILES: &str = r#"# The agent's files; edits may change only these.
# files = ["config.toml", "agents/*/system_prompt.md", "agents/*/few_shot.json", "tools/descriptions.toml"]
"#;

const TEMPLATE: &str = r#"# kaizen's manifest. Every key has a default, shown here; uncomment a line to change it.
version = 1

[harness]
# The agent's files; edits may change only these.
# files = ["config.toml", "agents/*/system_prompt.md", "agents/*/few_shot.json", "tools/descriptions.toml"]

[traces]
# files = ["traces/*.jsonl", "traces.db"]  # JSON Lines, and OpenJarvis stores (read only)
# most = 2000  # number of usable traces that the teacher may read; the newest are taken

[benchmark]
# files = ["benchmark/*.jsonl"]  # tasks; the teacher sees split "train" only
# subsample = 0  # number of gate tasks in a session, chosen by its id; 0: all
# seed = 0  # random seed of a noisy student

[student]
# engine = "nearest"  # the built-in student; chat: a language model; command: a program
# concurrency = 0  # concurrent attempts; 0: one per CPU core, or 8 for chat and command
# api = "openai"  # for chat: the format of the server: openai (most servers), anthropic or ollama
# base_url = "url"  # for chat: the server; absent: the provider's
# api_key_env = "NAME"  # for chat: the variable that holds the key; absent: the provider's
# model = "name"  # for chat: the model, unless the harness names one

[teacher]
# engine = "rules"  # the built-in teacher; files: you or a coding agent; command: a program; chat: a language model
# max_edits = 10  # maximum number of edits in a plan
# seed = 0  # the teacher's random seed; absent: derived from the session's id
# model = "name"  # for chat; see also api, base_url and api_key_env (the variable that holds the key)
# max_turns = 30  # for chat: maximum number of turns of a diagnosis

[session]
# autonomy = "tiered"  # auto: the gate decides; tiered: risky edits wait for you; manual: all edits wait for you
# min_traces = 20  # minimum number of usable traces for a session
# hold = "plan"  # a session stops after planning until `kaizen release`
# max_cost_usd = 5.0  # maximum cost of all language models in a session; absent: no limit

[privacy]
# max_age_days = 90  # older traces are not used as evidence; absent: any age
# redact = []  # regular expressions of text to redact, in addition to keys, tokens, addresses and numbers
# keep = []  # kinds of personal data that are not redacted, such as "ip_address"
# redact_student = false  # whether personal data is redacted in requests to the student too

[gate]
# mode = "auto"  # exact for the built-in student at temperature 0, else sample; see also sequential and rule
# preset = "default"  # thrifty, default, patient, thorough, strict, certified: cost and certainty of decisions
# rule = "target"  # target: the edit's own category must gain; overall: the overall score must
# min_improvement = 0.0  # the gain must exceed this
# max_regression = 0.01  # no other category may lose more than this; absent: by the rule of the mode
# screen = 30  # train tasks on which mode sample tries each edit before the gate; 0: none
# worn_after = 50  # consultations of the gate tasks after which kaizen warns of overfitting to them; 0: never
# alpha_session = 0.1  # largest probability that a session accepts any edit that does not help

[triggers]
# schedule = "0 3 * * *"  # when `kaizen watch` starts a session: five cron fields, UTC
# min_new_traces = 20  # with fewer new traces since the last session, a scheduled time is skipped
# user_flag = true  # a trace with "user_flag": true starts a session
# cluster_failures = 0  # failures of one agent and category since the last session that start a new one; 0: never
# cluster_rate = 0.5  # the share of their traces that must have failed
# quiet_ms = 200  # milliseconds without a change after which a file counts as saved
# rescan_seconds = 30  # interval of complete rescans, in case a file event was missed

[check]
# margin = 0.02  # the largest fall of the overall score that `kaizen check` calls no worse
# category_margin = 0.1  # the same for a category with 100 tasks or more

[loop]
# stagnation_eps = 0.001  # a session is stagnant unless it raises the best gate score by more than this
# stagnation_k = 5  # stagnant sessions in a row after which `kaizen loop` stops
# max_total_cost_usd = 50.0  # the loop stops when its cost reaches this

[ledger]
# hooks = true  # the repository's hooks run on kaizen's commits
# author = "Name <address>"  # author of kaizen's commits; absent: according to git's configuration
# lock_wait_seconds = 10  # how long to wait while another process has locked git's index
# commit_sessions = true  # a settled session's directory is committed

[notify]
# run = []  # program that gets a JSON notice on its stdin when a session waits for you or fails, or its budget is spent
# webhook = "url"  # URL to which the same notice is posted
"#;

#[cfg(test)]
mod tests {
    use super::*;

    use crate::artifact::gate::settings::GateSettings;
    use crate::manifest::{GateSection, Manifest};

    #[test]
    fn the_text_is_a_manifest_of_defaults_and_takes_settings() {
        let parse = |text: &str| Manifest::parse(std::path::Path::new("kaizen.toml"), text).unwrap();
        assert_eq!(parse(&manifest_text(&[], &[])), Manifest::default());
        let settings = [
            ("session", "autonomy", "\"manual\"".to_owned()),
            ("gate", "max_regression", "0.01".to_owned()),
        ];
        let text = manifest_text(&settings, &["teacher_model = \"m\"".to_owned()]);
        let manifest = parse(&text);
        assert_eq!(manifest.session.autonomy, crate::artifact::record::Autonomy::Manual);
        assert_eq!(manifest.gate.max_regression, Some(0.01));
        assert!(text.contains("# teacher_model = \"m\""));
    }

    /// Every default in the text is the actual default.
    #[test]
    fn the_shown_defaults_are_true() {
        let uncommented: String = TEMPLATE
            .lines()
            .filter(|line| {
                !line.contains("author =")
                    && !line.contains("teacher's random seed")
                    && !line.contains("hold =")
                    && !line.contains("model =")
                    && !line.contains("base_url =")
                    && !line.contains("api_key_env =")
                    && !line.contains("max_cost_usd =")
                    && !line.contains("max_age_days =")
                    && !line.contains("schedule =")
                    && !line.contains("webhook =")
            })
            .map(|line| {
                line.strip_prefix("# ")
                    .filter(|rest| rest.contains(" = "))
                    .unwrap_or(line)
                    .to_owned()
                    + "\n"
            })
            .collect();
        let shown = Manifest::parse(std::path::Path::new("kaizen.toml"), &uncommented).unwrap();
        let default = Manifest::default();
        assert_eq!(
            Manifest {
                gate: default.gate.clone(),
                student: default.student.clone(),
                ..shown.clone()
            },
            default
        );
        assert_eq!(shown.student.engine(), default.student.engine());
        // A tolerated loss that is set takes the place of the mode's own rule for categories.
        let settings = |gate: &GateSection| GateSettings {
            by_tasks: false,
            ..gate.settings(false)
        };
        assert_eq!(settings(&shown.gate), settings(&default.gate));
    }
}
