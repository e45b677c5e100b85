//! Rules that the compiler does not check: the order of modules, effects at the edges, sizes, names, and prose.
#![allow(clippy::too_many_lines)] // tables

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::{LazyLock, Mutex};

use regex::Regex;

/// The modules in their order: each imports only those before it. A new module has to be added here first.
const ORDER: [&str; 16] = [
    "digest",
    "sys",
    "artifact",
    "manifest",
    "llm",
    "harness",
    "trace",
    "eval",
    "gate",
    "teacher",
    "ledger",
    "workspace",
    "pipeline",
    "maintenance",
    "watch",
    "cli",
];

/// Files and folders that may opt out of the ban on effects.
const EDGES: &[&str] = &[
    "src/sys/",
    "src/llm/client/",
    "src/trace/evidence.rs",
    "src/trace/import/",
    "src/trace/store/",
    "src/eval/student/command/",
    "src/ledger/",
    "src/workspace/consent/",
    "src/workspace/inbox.rs",
    "src/watch/",
    "src/cli/",
    "src/main.rs",
];

/// Maximum number of lines of a file, without its tests. Most files have fewer than 300.
const MOST_LINES: usize = 400;

/// Whether a source file holds tests only.
fn is_of_tests(path: &str) -> bool {
    path.ends_with("tests.rs") || path.contains("/tests/") || path.contains("_tests/")
}

/// A source file, as text.
struct Source {
    /// Relative to the crate root, with `/`.
    path: String,
    text: String,
    /// The text without tests; comments and literals are blanked, and lines keep their numbers.
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let code = if is_of_tests(path) {
            String::new()
        } else {
            without_tests(&blanked(text)).to_owned()
        };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
        }
    }

    /// Module names from the crate root: `["eval", "memo"]` for `src/eval/memo.rs`.
    fn module(&self) -> Vec<&str> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        path.trim_end_matches("/mod").split('/').collect()
    }

    /// `file:line: message`, for a byte offset in the code.
    fn at(&self, offset: usize, message: &str) -> String {
        let line = self.code[..offset].matches('\n').count() + 1;
        format!("{}:{line}: {message}", self.path)
    }

    /// The comments and inner attributes before the first item.
    fn top(&self) -> String {
        let of_top = |line: &&str| line.is_empty() || line.starts_with("//") || line.starts_with("#![");
        self.text.lines().take_while(of_top).collect::<Vec<_>>().join("\n")
    }
}

/// Compiles a pattern once, since each rule is applied to hundreds of files.
fn regex(pattern: &str) -> Regex {
    static COMPILED: LazyLock<Mutex<BTreeMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().expect("no rule panics while it compiles a pattern");
    let new = || Regex::new(pattern).expect("the pattern is constant");
    compiled.entry(pattern.to_owned()).or_insert_with(new).clone()
}

/// Replaces every byte of comments, strings and characters with a blank, except newlines.
fn blanked(text: &str) -> String {
    let literal = regex(concat!(
        r"//[^\n]*|/\*(?s:.*?)\*/",
        r###"|\br##"(?s:.*?)"##|\br#"(?s:.*?)"#|\br"[^"]*""###,
        r#"|"(?:[^"\\]|\\(?s:.))*""#,
        r"|'(?:[^'\\\n]|\\(?:u\{[^}]*\}|x..|.))'",
    ));
    let blank = |found: &regex::Captures| -> String {
        found[0]
            .bytes()
            .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
            .collect()
    };
    literal.replace_all(text, blank).into_owned()
}

/// Removes the `#[cfg(test)] mod … {` at the end of a file.
fn without_tests(code: &str) -> &str {
    let tests = regex(r"(?m)^#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*mod \w+ \{");
    tests.find(code).map_or(code, |found| &code[..found.start()])
}

/// The source files, read and blanked once for all rules.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(sources);

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join("src"), &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "no sources under {}", root.display());
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a source is readable");
        let relative = path.strip_prefix(root).expect("a source is under the root");
        Source::new(&relative.to_string_lossy().replace('\\', "/"), &text)
    };
    paths.iter().map(read).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a source folder is readable") {
        let path = entry.expect("an entry is readable").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Applies one rule to every source file, and reports all violations.
fn check(rule: fn(&Source) -> Vec<String>) {
    let broken: Vec<String> = SOURCES.iter().flat_map(rule).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// The position of a module in the order.
fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == module)
}

/// The top-level modules that the code names, each with its byte offset.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let depth = source.module().len();
    let path = regex(r"\b(crate::|(?:super::)+)(\w+|\{)");
    let mut found = Vec::new();
    for captures in path.captures_iter(&source.code) {
        let (prefix, head) = (&captures[1], captures.get(2).expect("the group always takes part"));
        let from_root = match prefix {
            "crate::" => true,
            supers => supers.matches("super::").count() >= depth,
        };
        if from_root && head.as_str() == "{" {
            found.extend(group(&source.code, head.end()));
        } else if from_root {
            found.push((head.start(), head.as_str().to_owned()));
        }
    }
    found
}

/// The first name of each path in a `{…}` whose inside starts at `start`.
fn group(code: &str, start: usize) -> Vec<(usize, String)> {
    let mut depth = 1;
    let mut expecting = true;
    let mut found = Vec::new();
    for token in regex(r"\w+|[{},]").find_iter(&code[start..]) {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," => expecting |= depth == 1,
            name if expecting && depth == 1 => {
                found.push((start + token.start(), name.to_owned()));
                expecting = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

fn against_the_order(source: &Source) -> Vec<String> {
    let module = source.module()[0];
    let own = match module {
        // The list of modules, the program, the pages for users, and the re-exports for benches and tests.
        "lib" | "main" | "guide" | "internals" => return Vec::new(),
        _ => match rank(module) {
            Some(own) => own,
            None => {
                return vec![format!(
                    "{}:1: module `{module}` has no place in the order",
                    source.path
                )];
            }
        },
    };
    let judge = |(offset, name): (usize, String)| match rank(&name) {
        None => Some(source.at(offset, &format!("`{name}` has no place in the order"))),
        Some(other) if other > own => Some(source.at(
            offset,
            &format!("`{module}` may not import `{name}`, which comes after it"),
        )),
        Some(_) => None,
    };
    imports(source).into_iter().filter_map(judge).collect()
}

fn says_nothing(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let says = first
        .strip_prefix("//! ")
        .is_some_and(|words| words.split_whitespace().count() >= 3);
    let broken = format!(
        "{}:1: open with one `//!` sentence that says what the file is for",
        source.path
    );
    if says { Vec::new() } else { vec![broken] }
}

fn stray_effects(source: &Source) -> Vec<String> {
    let top = source.top();
    let is_edge = top.contains("#![allow(clippy::disallowed_methods)]");
    let may = EDGES.iter().any(|edge| source.path.starts_with(edge));
    match (is_edge, may) {
        // Tests read real files.
        (true, false) if is_of_tests(&source.path) => Vec::new(),
        (true, true) if top.contains("edge: ") => Vec::new(),
        (true, true) => vec![format!(
            "{}:1: say why it is an edge, as `// edge: …` at the opt-out",
            source.path
        )],
        (true, false) => vec![format!(
            "{}:1: only edges may opt out of the ban on effects",
            source.path
        )],
        (false, _) => effects(source),
    }
}

fn effects(source: &Source) -> Vec<String> {
    let effect = regex(
        r"\b(?:std::fs\b|fs::\w+|File::(?:open|create)|process::Command|Command::new|SystemTime::now|Instant::now|Utc::now|Local::now|env::vars?)",
    );
    let broken = |found: regex::Match| source.at(found.start(), &format!("`{}` outside an edge", found.as_str()));
    effect.find_iter(&source.code).map(broken).collect()
}

fn unsafe_code(source: &Source) -> Vec<String> {
    if source.path == "src/main.rs" {
        return Vec::new();
    }
    let broken = |found: regex::Match| source.at(found.start(), "only src/main.rs may allow unsafe code");
    regex(r"\bunsafe(?:_code)?\b")
        .find_iter(&source.code)
        .map(broken)
        .collect()
}

fn too_long(source: &Source) -> Vec<String> {
    let lines = source.code.lines().count();
    let broken = format!(
        "{}:{lines}: over {MOST_LINES} lines; split it by type or operation",
        source.path
    );
    if lines > MOST_LINES { vec![broken] } else { Vec::new() }
}

/// Only the last word counts: `common_prefix` is a prefix, but `PlanHandler` says nothing.
fn vague_names(source: &Source) -> Vec<String> {
    let declared = regex(r"\b(?:mod|struct|enum|trait|type|fn)\s+(\w+)");
    let vague = regex(
        r"^(?:.*_)?(?i:manager|helper|util|common|misc|handler)s?$|(?:Manager|Helper|Util|Common|Misc|Handler)s?$",
    );
    let names = declared
        .captures_iter(&source.code)
        .filter_map(|captures| captures.get(1));
    let broken = |name: regex::Match| {
        source.at(
            name.start(),
            &format!("`{}` says nothing; name what it does", name.as_str()),
        )
    };
    names.filter(|name| vague.is_match(name.as_str())).map(broken).collect()
}

/// The types that a file defines, each with its byte offset. Associated types are indented, so they do not count.
fn type_names(source: &Source) -> Vec<(usize, &str)> {
    let defined = regex(r"(?m)\b(?:struct|enum|trait) (\w+)|^(?:pub(?:\([^)]*\))? )?type (\w+)");
    let name = |captures: regex::Captures| {
        let name = captures.get(1).or(captures.get(2)).expect("one group takes part");
        (name.start(), &source.code[name.range()])
    };
    defined.captures_iter(&source.code).map(name).collect()
}

/// The type names that several files may define: each op has a `Payload`, and the modules distinguish them.
const SHARED_NAMES: [&str; 1] = ["Payload"];

fn defined_twice(sources: &[Source]) -> Vec<String> {
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    let mut broken = Vec::new();
    for source in sources {
        for (offset, name) in type_names(source) {
            if let Some(other) = first.get(name).filter(|_| !SHARED_NAMES.contains(&name)) {
                broken.push(source.at(offset, &format!("`{name}` is also the name of a type in {other}")));
            }
            first.entry(name).or_insert_with(|| source.path.clone());
        }
    }
    broken
}

/// A participle does not say what a type is: `Planned` may be a plan, an edit or a task.
fn participles(source: &Source) -> Vec<String> {
    let participle = regex(concat!(
        "^(?:[A-Z][a-z]+ed|Begun|Broken|Chosen|Done|Drawn|Driven|Found|Given|Gone|Heard|Held|Kept|Known|Left|Lost|Made",
        "|Meant|Met|Paid|Put|Rang|Read|Run|Said|Seen|Sent|Shown|Spent|Spoken|Taken|Told|Understood|Withdrawn|Won|Worn",
        "|Written)$",
    ));
    type_names(source)
        .into_iter()
        .filter(|(_, name)| participle.is_match(name))
        .map(|(offset, name)| source.at(offset, &format!("`{name}` is a participle; name the thing")))
        .collect()
}

/// The only module that prints, because it escapes characters that would control the terminal.
const DOOR: &str = "src/cli/terminal.rs";

fn prints(source: &Source) -> Vec<String> {
    let printing = regex(r"\be?print(?:ln)?!|\banstream::|\bio::std(?:out|err)\b");
    let broken = |found: regex::Match| {
        source.at(
            found.start(),
            &format!(
                "`{}` outside of {DOOR}; use `out!`, `err!` or its functions",
                found.as_str()
            ),
        )
    };
    match source.path == DOOR {
        true => Vec::new(),
        false => printing.find_iter(&source.code).map(broken).collect(),
    }
}

/// The only file that names concrete students and teachers, besides their own folders.
const ENGINES: &str = "src/workspace/engines.rs";

fn engines_elsewhere(source: &Source) -> Vec<String> {
    let engine = regex(
        r"\b(eval::student::(?:\{[^}]*\b)?(?:chat|command|nearest)|teacher::(?:\{[^}]*\b)?(?:chat|rules|files))\b",
    );
    // `internals` re-exports them for benches and tests.
    let own = ["src/eval/student/", "src/teacher/", "src/internals.rs"];
    let broken = |found: regex::Match| {
        source.at(
            found.start(),
            &format!("`{}` is a concrete engine; only {ENGINES} names those", found.as_str()),
        )
    };
    match source.path == ENGINES || own.iter().any(|folder| source.path.starts_with(folder)) {
        true => Vec::new(),
        false => engine.find_iter(&source.code).map(broken).collect(),
    }
}

/// The files that may create a proof of consent; all other code requests one.
const PROVES: [&str; 2] = ["src/sys/consent.rs", "src/workspace/consent/mod.rs"];

fn unproven(source: &Source) -> Vec<String> {
    let made = regex(r"\bof_approved\b");
    let broken = |found: regex::Match| source.at(found.start(), "only the check of approvals makes a `Consent`");
    match PROVES.contains(&source.path.as_str()) {
        true => Vec::new(),
        false => made.find_iter(&source.code).map(broken).collect(),
    }
}

/// Phrases that a native-speaking engineer would not write, each with a better one.
const PHRASES: &[(&str, &str)] = &[
    (r"\banew\b", "again"),
    (r"\bgo(?:es|ne)? on with\b", "resume, continue"),
    (r"\b(?:it|that|this|which|what|one) is none\b", "there is no …"),
    (r"\bstands? (?:in|at|behind|beside|before)\b", "is in"),
    (
        r"\bno more than so many\b|\bat most so many\b|\bafter so many\b|\bso many of\b",
        "the number of …",
    ),
    (r"\b(?:said|says) no\b", "refuses, fails"),
    (r"\bthe very\b", "exactly the"),
    (r"\bis dear\b", "is expensive"),
    (r"\b(?:is|are|was|were|be|been) told\b", "is reported, learns"),
    (r"\btak(?:e|es|en|ing) back\b|\btook back\b", "revert"),
    (r"\bput(?:s|ting)? aside\b", "postpone, move to the attic"),
    (r"\bthe same again\b", "again, unchanged"),
    (r"\bby itself\b", "automatically, alone"),
    (r"\bnothing of (?:it|them)\b", "none of …"),
    (r"\blies below\b", "is under"),
];

/// Comments and string literals: the text that people read.
fn prose(source: &Source) -> String {
    let blank = blanked(&source.text);
    let pairs = source.text.bytes().zip(blank.bytes());
    let bytes = pairs.map(|(own, blank)| if own == blank && own != b'\n' { b' ' } else { own });
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}

fn odd_phrases(path: &str, text: &str) -> Vec<String> {
    static ODD: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let compiled = |(pattern, better): &(&str, &'static str)| (regex(&format!("(?i){pattern}")), *better);
        PHRASES.iter().map(compiled).collect()
    });
    let mut broken = Vec::new();
    for (pattern, better) in ODD.iter() {
        for found in pattern.find_iter(text) {
            let line = text[..found.start()].matches('\n').count() + 1;
            broken.push(format!("{path}:{line}: `{}`; better: {better}", found.as_str()));
        }
    }
    broken
}

fn translated(source: &Source) -> Vec<String> {
    odd_phrases(&source.path, &prose(source))
}

fn loose_ends(source: &Source) -> Vec<String> {
    let left = regex(r"\b(?:todo!|unimplemented!|dbg!)|\b(?:FIXME|XXX)\b");
    let broken = |(index, line): (usize, &str)| {
        left.find(line)
            .map(|found| format!("{}:{}: `{}` is a loose end", source.path, index + 1, found.as_str()))
    };
    source.text.lines().enumerate().filter_map(broken).collect()
}

#[test]
fn every_file_says_what_it_is_for() {
    check(says_nothing);
}

#[test]
fn modules_import_only_what_comes_before_them() {
    check(against_the_order);
}

#[test]
fn effects_live_in_edges() {
    check(stray_effects);
}

#[test]
fn only_the_main_file_is_unsafe() {
    check(unsafe_code);
}

#[test]
fn files_are_short() {
    check(too_long);
}

#[test]
fn names_say_something() {
    check(vague_names);
}

#[test]
fn a_type_name_is_defined_once() {
    let broken = defined_twice(&SOURCES);
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn types_are_named_by_nouns() {
    check(participles);
}

#[test]
fn only_one_module_prints() {
    check(prints);
}

#[test]
fn only_one_file_names_engines() {
    check(engines_elsewhere);
}

#[test]
fn only_the_check_of_approvals_makes_a_proof() {
    check(unproven);
}

#[test]
fn prose_is_plain_english() {
    check(translated);
}

#[test]
fn documents_are_plain_english() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join(".github/CONTRIBUTING.md")];
    let guide = std::fs::read_dir(root.join("src/guide")).expect("the guide is readable");
    pages.extend(guide.map(|entry| entry.expect("an entry is readable").path()));
    let mut broken = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("a page is readable");
        broken.extend(odd_phrases(&page.to_string_lossy(), &text));
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_files_that_the_library_page_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let page = std::fs::read_to_string(root.join("lib.rs")).expect("lib.rs is readable");
    let named = regex(r"`([a-z_/]+\.rs)`");
    let missing = |found: regex::Captures| (!root.join(&found[1]).is_file()).then(|| found[1].to_owned());
    assert!(named.captures_iter(&page).count() > 5);
    assert_eq!(named.captures_iter(&page).find_map(missing), None);
}

#[test]
fn nothing_is_left_undone() {
    check(loose_ends);
}

/// Each rule, with a file that follows it (no message) or breaks it (the beginning of the message).
#[test]
fn the_rules_can_fail() {
    type Rule = fn(&Source) -> Vec<String>;
    let edge = "//! A thing.\n#![allow(clippy::disallowed_methods)] // edge: reads.\nuse std::fs;\n";
    let cases: &[(Rule, &str, &str, &[&str])] = &[
        (says_nothing, "src/gate.rs", "//! The rule of acceptance.", &[]),
        (says_nothing, "src/gate.rs", "//! placeholder", &["src/gate.rs:1: "]),
        (
            against_the_order,
            "src/gate.rs",
            "use crate::eval::A;\nuse crate::digest::B;",
            &[],
        ),
        (
            against_the_order,
            "src/gate.rs",
            "\nlet a = crate::ledger::read();",
            &["src/gate.rs:2: `gate` may not import `ledger`, which comes after it"],
        ),
        (
            against_the_order,
            "src/gate.rs",
            "use crate::{\n    eval::{A, cli},\n    pipeline,\n};",
            &["src/gate.rs:3: "],
        ),
        (
            against_the_order,
            "src/gate.rs",
            "use super::cli;",
            &["src/gate.rs:1: "],
        ),
        (
            against_the_order,
            "src/eval/mod.rs",
            "use super::cli;",
            &["src/eval/mod.rs:1: "],
        ),
        (
            against_the_order,
            "src/eval/a.rs",
            "use super::cli;\nuse super::super::cli;",
            &["src/eval/a.rs:2: "],
        ),
        (
            against_the_order,
            "src/gate.rs",
            "// crate::cli\nlet a = \"crate::cli\";\n#[cfg(test)]\nmod tests {\n    use crate::cli;",
            &[],
        ),
        (
            against_the_order,
            "src/novel.rs",
            "",
            &["src/novel.rs:1: module `novel` has no place in the order"],
        ),
        (stray_effects, "src/sys/disk.rs", edge, &[]),
        (stray_effects, "src/gate.rs", edge, &["src/gate.rs:1: only edges"]),
        (
            stray_effects,
            "src/sys/disk.rs",
            "//! A.\nfn f() { Utc::now() }",
            &["src/sys/disk.rs:2: `Utc::now`"],
        ),
        (
            too_long,
            "src/gate.rs",
            &"fn f();\n".repeat(MOST_LINES + 1),
            &["src/gate.rs:401: "],
        ),
        (
            vague_names,
            "src/gate.rs",
            "fn common_prefix() {}\nstruct PlanHandler;\nmod utils;",
            &["src/gate.rs:2: ", "src/gate.rs:3: "],
        ),
        (
            |source| defined_twice(slice::from_ref(source)),
            "src/gate.rs",
            "struct Payload;\nimpl A for Payload {\n    type Plan = B;\n}\nstruct Payload;\nenum Plan {}\npub type Plan = B;",
            &["src/gate.rs:7: `Plan` is also"],
        ),
        (
            participles,
            "src/gate.rs",
            "enum Planned {}\nstruct PlannedEdit;\ntrait Told {}\nstruct Plan;",
            &["src/gate.rs:1: ", "src/gate.rs:3: "],
        ),
        (prints, "src/cli/log.rs", "fn f() { out!(\"{a}\") }", &[]),
        (prints, "src/cli/terminal.rs", "fn f() { anstream::stdout() }", &[]),
        (
            prints,
            "src/cli/log.rs",
            "\neprintln!();\nanstream::print!();\nio::stderr();",
            &[
                "src/cli/log.rs:2: `eprintln!`",
                "src/cli/log.rs:3: `anstream::`",
                "src/cli/log.rs:3: `print!`",
                "src/cli/log.rs:4: ",
            ],
        ),
        (
            engines_elsewhere,
            "src/workspace/engines.rs",
            "use crate::teacher::rules::Rules;",
            &[],
        ),
        (
            engines_elsewhere,
            "src/pipeline/step.rs",
            "use crate::teacher::rules::A;\nuse crate::teacher::{brief, chat};\n",
            &["src/pipeline/step.rs:1: ", "src/pipeline/step.rs:2: "],
        ),
        (
            unproven,
            "src/workspace/consent/mod.rs",
            "Consent::of_approved(digest)",
            &[],
        ),
        (
            unproven,
            "src/llm/client/http.rs",
            "\nConsent::of_approved(digest)",
            &["src/llm/client/http.rs:2: "],
        ),
        (loose_ends, "src/gate.rs", "\ntodo!()", &["src/gate.rs:2: "]),
        (translated, "src/gate.rs", "let anew = 1;\n// Again.\n", &[]),
        (
            translated,
            "src/gate.rs",
            "// It runs anew.\nlet a = \"an edit is taken back\";",
            &["src/gate.rs:1: `anew`", "src/gate.rs:2: `taken back`"],
        ),
    ];
    for (rule, path, text, expected) in cases {
        let messages = rule(&Source::new(path, text));
        let agree = messages.len() == expected.len()
            && messages
                .iter()
                .zip(*expected)
                .all(|(is, begins)| is.starts_with(begins));
        assert!(agree, "{path}: {text}\nexpected {expected:?}\nfound {messages:?}");
    }
}
