//! The reasons why an edit cannot be applied, which become the edit's outcome rather than an error of the session.

use crate::harness::format::error::FormatError;

/// A pronoun for names with commas between them.
fn them(names: &str) -> &'static str {
    match names.contains("`, `") {
        true => "them",
        false => "it",
    }
}

/// The reason why an edit cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Inapplicable {
    /// A payload key is missing or has the wrong type.
    #[error("payload: {problem}")]
    Payload {
        /// The problem, with the name of the key.
        problem: String,
    },
    /// A payload value is larger than an edit may carry.
    #[error("payload: `{key}` is larger than {limit} bytes; shorten it")]
    TooLarge {
        key: String,
        /// The maximum number of bytes.
        limit: usize,
    },
    /// A payload value contains a NUL byte.
    #[error("payload: `{key}` contains a NUL byte; remove it")]
    Nul { key: String },
    /// A name that is not allowed in a path or key.
    #[error("`{name}` is not a valid name for {what}: {problem}")]
    BadName {
        /// The kind of name: agent, model, tool, …
        what: String,
        /// The name, shortened.
        name: String,
        /// The problem with the name.
        problem: &'static str,
    },
    /// The agent is not in the harness, and other agents are.
    #[error("there is no agent `{agent}`; the harness has {known}; correct the name, or create the agent by hand")]
    NoAgent {
        agent: String,
        /// The first agents of the harness.
        known: String,
    },
    /// The target names something that exists, and the payload changes something else.
    #[error("the target `{target}` names {named}, but the payload changes {changed}; make them agree")]
    Target {
        target: String,
        named: String,
        changed: String,
    },
    /// The layout has no location for the op.
    #[error("`{op}` has no location in this harness: {problem}; see [harness.layout] in the manifest")]
    NoHome { op: &'static str, problem: String },
    /// The file is not one that the manifest allows edits of.
    #[error("{path}: not part of the harness; add it to [harness] files in kaizen.toml to allow it")]
    NotEditable { path: String },
    /// The path leads out of the harness, or through something that is not a folder.
    #[error("{path}: {reason}")]
    Forbidden { path: String, reason: String },
    /// The manifest has no surfaces, so that no generic op applies.
    #[error(
        "{path}: kaizen.toml has no [[harness.surface]], so no file can be named; use an op of [harness.layout], or add one"
    )]
    NoSurfaces { path: String },
    /// No file of a surface has this path.
    #[error("{path}: no such file; {known}; correct the path, or use create_file")]
    NoFile {
        path: String,
        /// The files that may be meant.
        known: String,
    },
    /// No new file may be made at the path.
    #[error("{path}: create_file makes no file there; {places}")]
    NoPlace {
        path: String,
        /// Where it may.
        places: String,
    },
    /// The file belongs to the harness, but to no surface.
    #[error(
        "{path}: no edit may change this file; a [[harness.surface]] in kaizen.toml opens files that are not protected"
    )]
    Closed { path: String },
    /// The surface does not open the text of the file.
    #[error("{path}: its text is not editable; {keys}")]
    BodyClosed {
        path: String,
        /// What is editable instead.
        keys: String,
    },
    /// The surface does not open the key.
    #[error("{path}: `{key}` is not editable; {known}")]
    KeyClosed {
        path: String,
        key: String,
        /// The keys that may be meant.
        known: String,
    },
    /// The file has no such key.
    #[error("{path}: there is no `{key}`; {known}")]
    NoKey {
        path: String,
        key: String,
        /// The keys that may be meant.
        known: String,
    },
    /// The surface lets no edit create or remove its files.
    #[error(
        "{path}: edits may not create or remove files of surface `{surface}`; `create = \"review\"` in kaizen.toml allows it"
    )]
    NoCreation { path: String, surface: String },
    /// The file that an edit creates exists.
    #[error("{path}: the file exists; use replace_text or patch_text")]
    Exists { path: String },
    /// The text has no such section, or one already.
    #[error("{path}: {problem}")]
    Section { path: String, problem: String },
    /// The edit drops placeholders.
    #[error("{path}: the new text drops {placeholders}, which the host fills in; keep {}", them(.placeholders))]
    Lost { path: String, placeholders: String },
    /// A link leads to a file that is not there.
    #[error("{path}: it links to {target}, which is not there; correct the link, or create the file in the same edit")]
    Link { path: String, target: String },
    /// The edit makes the host insert something that is not part of the workspace.
    #[error(
        "{path}: it would add `{reference}`, for which the host inserts {inserted}: no edit may add that; leave it out"
    )]
    Outside {
        path: String,
        reference: String,
        /// What it is.
        inserted: &'static str,
    },
    /// The edit makes the host start a program when it reads the file.
    #[error(
        "{path}: it would add `{command}`, which the host runs as a program when it reads the file: no edit may add or \
         change that; describe it for a person"
    )]
    StartsProgram { path: String, command: String },
    /// The host does not read the file as it would be.
    #[error("{path}: {problem}")]
    Limit { path: String, problem: String },
    /// The text would grow beyond its cap.
    #[error("{path}: it would have {size} bytes, and at most {cap} are allowed ([harness] max_growth); shorten it")]
    Growth { path: String, size: usize, cap: usize },
    /// The edit empties a list of tools, removes it, or opens it to tools that it does not name.
    #[error("{path}: `{key}` {problem}")]
    Tools { path: String, key: String, problem: String },
    /// The edit gives a new file a key that no edit may set in it.
    #[error(
        "{path}: `{key}` is not for edits to set; a new file may have {open}, and keys that describe it, such as `name`"
    )]
    NewKey {
        path: String,
        key: String,
        /// The keys that edits may set in the files of the surface.
        open: String,
    },
    /// A new file replaces another one, and is less restricted.
    #[error("{path}: `{key}` restricts {other}, which this file replaces; keep it as it is there")]
    Restriction { path: String, key: String, other: String },
    /// The edit makes promptfoo start something else than a model.
    #[error("{path}: `{value}` is not allowed: {problem}")]
    NotAModel {
        path: String,
        value: String,
        problem: &'static str,
    },
    /// The file cannot be read or written in its format.
    #[error("{path}: {problem}")]
    Format {
        path: String,
        /// The problem, with the line or key.
        problem: FormatError,
    },
    /// The file is not UTF-8.
    #[error("{path}: {encoding}; convert the file first")]
    NotUtf8 { path: String, encoding: &'static str },
    /// The file does not exist, and the op needs it.
    #[error("{path}: no such file; create it, or use replace_system_prompt")]
    Absent { path: String },
    /// The TOML file cannot be edited.
    #[error("{path}: {problem}")]
    Toml {
        path: String,
        /// The problem, with the line or key.
        problem: TomlProblem,
    },
    /// The diff does not apply.
    #[error("{path}: the diff is refused: {refusal}")]
    Diff {
        path: String,
        refusal: super::diff_refusal::Refusal,
    },
    /// The edit changes a setting that widens what the agent may do.
    #[error("{path}: `{key}` is a protected setting ({kind}): no edit may change it, in any layout; change it by hand")]
    Protected {
        path: String,
        key: String,
        kind: &'static str,
    },
    /// The edit changes a file that contains only such settings, or a program that runs automatically.
    #[error("{path}: a protected file (permissions, hooks, servers or keys): no edit may change it; change it by hand")]
    ProtectedFile { path: String },
    /// The file is a program, or one that makes another program start.
    #[error(
        "{path}: a program, or a file that starts one (script, hook, workflow of a build server): no edit may change it; \
         describe the change for a person"
    )]
    Program { path: String },
    /// The value behind a mark in the payload is not certain.
    #[error(
        "payload: the value behind `{mark}` is not certain, because {problem}; leave its line as it is in the file"
    )]
    Mark { mark: String, problem: &'static str },
    /// A member of `several` cannot be applied after those before it.
    #[error("edits[{at}] ({op}): {reason}")]
    Member {
        /// Its place among the members, from 0.
        at: usize,
        op: &'static str,
        reason: Box<Inapplicable>,
    },
    /// The op `lora_finetune` is not implemented.
    #[error("lora_finetune is refused until a trainer is configured")]
    NoTrainer,
}

/// A problem with a TOML file, or with a change to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TomlProblem {
    /// The text does not parse.
    #[error("line {line}: not TOML: {message}; correct the file first")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// The parser's message.
        message: String,
    },
    /// The key has a value that the op cannot change.
    #[error("`{key}` is {found}; change it by hand")]
    Shape {
        key: String,
        /// The kind of value that was found.
        found: &'static str,
    },
    /// TOML cannot express the value.
    #[error("`{key}`: TOML cannot express {found}")]
    Value {
        key: String,
        /// The kind of value in the payload.
        found: &'static str,
    },
    /// The change would break the file, so it is refused.
    #[error("`{key}` cannot be changed without breaking the file; change it by hand")]
    Unsafe { key: String },
}

/// The beginning of a name, with special characters escaped, for a message.
pub(super) fn shortened(name: &str) -> String {
    name.chars().take(40).flat_map(char::escape_debug).collect()
}
