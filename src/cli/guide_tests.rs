//! Tests of the README and the guide: commands parse, TOML is a manifest, JSON is valid, links have targets.
#![allow(clippy::disallowed_methods)] // edge: reads the pages from the source folder

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use regex::Regex;
use serde_json::Value;

use super::CliArgs;
use crate::artifact::task::Task;
use crate::artifact::trace::Trace;
use crate::artifact::trigger::Trigger;
use crate::digest::Digest;
use crate::manifest::Manifest;
use crate::workspace::consent::UserConfig;

const README: &str = "README.md";
const MOST_LINES_OF_README: usize = 250;
const MOST_COLUMNS: usize = 130;
/// The first line of a `toml` block that is not a `kaizen.toml`.
const USER_CONFIG: &str = "# ~/.config/kaizen/config.toml";

struct Page {
    /// Relative to the crate.
    path: String,
    text: String,
}

/// A fenced block of a page.
struct Block {
    /// `page:line` of its fence.
    place: String,
    language: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> Page {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let path = path.to_owned();
    Page { path, text }
}

fn names() -> BTreeSet<String> {
    let folder = std::fs::read_dir(root().join("src/guide")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".md")).collect()
}

fn pages() -> Vec<Page> {
    let guide = names().into_iter().map(|name| read(&format!("src/guide/{name}")));
    std::iter::once(read(README)).chain(guide).collect()
}

impl Page {
    /// The fenced blocks, and the text without them. Both keep the page's line numbers.
    fn parts(&self) -> (Vec<Block>, String) {
        let (mut blocks, mut prose) = (Vec::<Block>::new(), String::new());
        let mut is_open = false;
        for (index, line) in self.text.lines().enumerate() {
            match line.strip_prefix("```") {
                Some(_) if is_open => is_open = false,
                Some(language) => {
                    is_open = true;
                    blocks.push(Block {
                        place: format!("{}:{}", self.path, index + 1),
                        language: language.to_owned(),
                        text: String::new(),
                    });
                }
                None if is_open => blocks.last_mut().unwrap().text += &format!("{line}\n"),
                None => prose += line,
            }
            prose.push('\n');
        }
        assert!(!is_open, "{}: the last block is not closed", self.path);
        (blocks, prose)
    }
}

fn blocks(language: &str) -> Vec<Block> {
    let all = pages().into_iter().flat_map(|page| page.parts().0);
    all.filter(|block| block.language == language).collect()
}

/// Splits a shell line at `;`, `|` and `&` into commands, and these into words. Drops comments and quotes.
fn shell_commands(line: &str) -> Vec<Vec<String>> {
    let (mut commands, mut word, mut quote) = (vec![Vec::new()], String::new(), None);
    for character in line.chars().chain([' ']) {
        match (character, quote) {
            (_, Some(open)) if character == open => quote = None,
            (_, Some(_)) => word.push(character),
            ('"' | '\'', None) => quote = Some(character),
            ('#', None) if word.is_empty() => break,
            (' ' | ';' | '|' | '&', None) => {
                if !word.is_empty() {
                    commands.last_mut().unwrap().push(std::mem::take(&mut word));
                }
                if character != ' ' {
                    commands.push(Vec::new());
                }
            }
            _ => word.push(character),
        }
    }
    commands
}

/// The arguments of `kaizen`, if the command starts it. Replaces placeholders by values.
fn arguments(command: &[String]) -> Option<Vec<String>> {
    let is_variable = |word: &&String| word.contains('=') && !word.starts_with('-');
    let command: Vec<&String> = command.iter().skip_while(is_variable).collect();
    let words = match command.as_slice() {
        [first, rest @ ..] if *first == "kaizen" => rest,
        [cargo, run, rest @ ..] if *cargo == "cargo" && *run == "run" => {
            let start = rest.iter().position(|word| *word == "--")?;
            &rest[start + 1..]
        }
        _ => return None,
    };
    let value = |word: &&String| match word.as_str() {
        "DIGEST" => Digest::of_bytes(b"a list").to_string(),
        word => word.replace(['<', '>', '[', ']'], ""),
    };
    Some(words.iter().map(value).collect())
}

fn parse(arguments: &[String]) -> Result<(), clap::Error> {
    let all = std::iter::once("kaizen").chain(arguments.iter().map(String::as_str));
    CliArgs::try_parse_from(all).map(|_| ())
}

#[test]
fn commands_in_shell_blocks_parse() {
    let mut count = 0;
    for block in blocks("sh") {
        for line in block.text.lines() {
            for command in shell_commands(line) {
                let Some(arguments) = arguments(&command) else { continue };
                count += 1;
                if let Err(error) = parse(&arguments) {
                    panic!("{}: {line}\n{error}", block.place);
                }
            }
        }
    }
    assert!(count > 60, "only {count} commands were found");
}

/// Whether an option or a subcommand does not exist. Missing values and conflicting options are allowed in text.
fn is_unknown(arguments: &[String]) -> bool {
    let kind = parse(arguments).err().map(|error| error.kind());
    matches!(kind, Some(ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand))
}

/// The code spans of a line.
fn spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn commands_and_options_in_text_exist() {
    for page in pages() {
        for line in page.parts().1.lines() {
            let commands = spans(line).into_iter().filter(|span| span.starts_with("kaizen "));
            let commands: Vec<Vec<String>> = commands
                .filter(|span| !span.starts_with("kaizen COMMAND"))
                .filter_map(|span| arguments(&shell_commands(&span.replace('…', ""))[0]))
                .collect();
            for command in &commands {
                assert!(!is_unknown(command), "{}: {line}", page.path);
            }
            // In a table of commands, the options in a row belong to its command.
            let Some(command) = commands.first().filter(|_| line.starts_with("| `kaizen ")) else {
                continue;
            };
            for option in spans(line).into_iter().filter(|span| span.starts_with("--")) {
                let words = option.split(' ').map(str::to_owned);
                let all: Vec<String> = command.iter().cloned().chain(words).collect();
                assert!(!is_unknown(&all), "{}: {option} in {line}", page.path);
            }
        }
    }
}

#[test]
fn every_command_is_in_a_table() {
    let page = read("src/guide/sessions.md").text;
    for command in CliArgs::command().get_subcommands() {
        let name = command.get_name();
        let ways = [" ", "`"].map(|after| format!("`kaizen {name}{after}"));
        assert!(ways.iter().any(|way| page.contains(way)), "kaizen {name} is missing");
    }
}

fn manifest(place: &str, text: &str) -> Manifest {
    Manifest::parse(Path::new(place), text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Variants of the text, each with one commented option or section enabled; a section with all its keys.
fn variants(text: &str) -> Vec<String> {
    let option = Regex::new(r#"^# (?:[a-z_]+|"[^"]+") = "#).unwrap();
    let section = Regex::new(r"^# \[\[?[a-z._-]+\]\]?").unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut variants = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let further = lines[at + 1..].iter().take_while(|line| option.is_match(line)).count();
        let count = match lines[at] {
            line if section.is_match(line) => 1 + further,
            line => usize::from(option.is_match(line)),
        };
        let chosen = at..at + count;
        if count > 0 {
            let shown = |(index, line): (usize, &&str)| match chosen.contains(&index) {
                true => line.trim_start_matches("# ").to_owned(),
                false => (*line).to_owned(),
            };
            let all: Vec<String> = lines.iter().enumerate().map(shown).collect();
            variants.push(all.join("\n"));
        }
        at += count.max(1);
    }
    variants
}

#[test]
fn toml_blocks_are_manifests_with_their_commented_options_too() {
    let mut count = 0;
    for block in blocks("toml") {
        if block.text.starts_with(USER_CONFIG) {
            assert!(toml::from_str::<UserConfig>(&block.text).is_ok(), "{}", block.place);
            continue;
        }
        manifest(&block.place, &block.text);
        for variant in variants(&block.text) {
            count += 1;
            manifest(&block.place, &variant);
        }
    }
    assert!(count > 40, "only {count} commented options were found");
}

/// The reference of all keys.
fn reference() -> String {
    let blocks = read("src/guide/manifest.md").parts().0;
    let reference = blocks.into_iter().find(|block| block.text.starts_with("version = 1\n"));
    reference.unwrap().text
}

#[test]
fn the_reference_shows_the_defaults() {
    let mut defaults = Manifest::default();
    defaults.student.engine = Some(defaults.student.engine());
    assert_eq!(manifest("manifest.md", &reference()), defaults);
}

#[test]
fn the_reference_shows_every_key() {
    let reference = reference();
    let sections = serde_json::to_value(Manifest::default()).unwrap();
    // The user chooses the keys of these sections, or they have the keys of another section.
    let free = ["version", "prices", "phase", "judge"];
    for (name, section) in sections.as_object().unwrap() {
        if free.contains(&name.as_str()) {
            continue;
        }
        let start = reference
            .find(&format!("[{name}]"))
            .unwrap_or_else(|| panic!("[{name}]"));
        let text = &reference[start..];
        let is_next = |found: &(usize, &str)| !text[found.0 + 2..].starts_with(&format!("{name}."));
        let end = text
            .match_indices("\n[")
            .find(is_next)
            .map_or(text.len(), |(end, _)| end);
        let text = &text[..end];
        for key in section.as_object().unwrap().keys() {
            let ways = ["\n", "\n# "].map(|before| format!("{before}{key} = "));
            let tables = ["[", "# ["].map(|before| format!("\n{before}{name}.{key}"));
            let is_shown = ways.iter().chain(&tables).any(|way| text.contains(way));
            assert!(is_shown, "[{name}] {key} is missing");
        }
    }
}

/// Checks a value against the type that its fields imply.
fn check_type(value: Value) -> Result<(), serde_json::Error> {
    match &value {
        value if value.get("task_id").is_some() => serde_json::from_value::<Task>(value.clone()).map(|_| ()),
        value if value.get("trigger").is_some() => serde_json::from_value::<Trigger>(value.clone()).map(|_| ()),
        value if value.get("trace_id").is_some() => serde_json::from_value::<Trace>(value.clone()).map(|_| ()),
        _ => Ok(()),
    }
}

#[test]
fn json_blocks_are_json_or_json_lines() {
    for block in blocks("json") {
        let whole = serde_json::from_str::<Value>(&block.text).map(|value| vec![value]);
        let lines = || block.text.lines().map(serde_json::from_str::<Value>).collect();
        let values: Result<Vec<Value>, _> = whole.or_else(|_| lines());
        for value in values.unwrap_or_else(|error| panic!("{}: {error}", block.place)) {
            check_type(value).unwrap_or_else(|error| panic!("{}: {error}", block.place));
        }
    }
}

#[test]
fn every_block_has_a_language_that_is_not_compiled() {
    let known = ["sh", "toml", "json", "text", "ini", "xml", "yaml"];
    for block in pages().into_iter().flat_map(|page| page.parts().0) {
        assert!(known.contains(&block.language.as_str()), "{}", block.place);
    }
}

/// The anchor that GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let kept = |character: &char| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_');
    heading
        .to_lowercase()
        .chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}

fn anchors(page: &Page) -> BTreeSet<String> {
    let prose = page.parts().1;
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

/// The targets of a page's links: those in the text, and those that its labels stand for.
fn targets(page: &Page) -> Vec<String> {
    let link = Regex::new(r"(?m)\]\(([^)\s]*)\)|^\[[^\]]+\]: (\S+)$").unwrap();
    let prose = page.parts().1;
    let found = link.captures_iter(&prose);
    found
        .map(|found| found.iter().skip(1).flatten().next().unwrap().as_str().to_owned())
        .collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    for page in pages() {
        let folder = Path::new(&page.path).parent().unwrap().to_owned();
        for target in targets(&page) {
            if target.starts_with("https://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let path = match file {
                "" => page.path.clone(),
                _ => folder.join(file).to_string_lossy().into_owned(),
            };
            assert!(root().join(&path).is_file(), "{}: {target}", page.path);
            assert!(
                heading.is_empty() || anchors(&read(&path)).contains(heading),
                "{}: {target}",
                page.path
            );
        }
    }
}

/// In rustdoc, each label of the guide leads to the same page and heading as in the repository.
#[test]
fn labels_lead_to_the_same_place_in_rustdoc() {
    let definition = Regex::new(r"(?m)^\[([^\]]+)\]: (\S+)$").unwrap();
    let used = Regex::new(r"\]\[([^\]]+)\]").unwrap();
    let of = |text: &str| -> BTreeMap<String, String> {
        let found = definition.captures_iter(text);
        found.map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
    };
    let in_rustdoc = of(&read("src/guide/links.txt").text);
    let mut all = BTreeSet::new();
    for page in pages().iter().filter(|page| page.path != README) {
        let own = of(&page.text);
        let labels: BTreeSet<String> = used
            .captures_iter(&page.parts().1)
            .map(|found| found[1].to_owned())
            .collect();
        assert_eq!(labels, own.keys().cloned().collect(), "{}", page.path);
        for (label, target) in own {
            let expected = format!("../{}", target.replace(".md", "/index.html"));
            assert_eq!(in_rustdoc.get(&label), Some(&expected), "{}: {label}", page.path);
            all.insert(label);
        }
        let direct = page.parts().1.contains(".md)");
        assert!(
            !direct,
            "{}: a link to a page without a label is dead in rustdoc",
            page.path
        );
    }
    assert_eq!(all, in_rustdoc.into_keys().collect());
}

#[test]
fn pages_are_listed_where_readers_look() {
    let (readme, module) = (read(README).text, read("src/guide/mod.rs").text);
    for name in names() {
        assert!(
            readme.contains(&format!("(src/guide/{name})")),
            "{name} is not in the README"
        );
        assert!(
            module.contains(&format!("include_str!(\"{name}\")")),
            "{name} is not a module"
        );
    }
}

#[test]
fn pages_are_short_and_narrow() {
    let lines = read(README).text.lines().count();
    assert!(lines <= MOST_LINES_OF_README, "the README has {lines} lines");
    for page in pages() {
        for (index, line) in page.text.lines().enumerate() {
            let columns = line.chars().count();
            let place = format!("{}:{}", page.path, index + 1);
            assert!(columns <= MOST_COLUMNS, "{place} has {columns} columns");
        }
    }
}

#[test]
fn shell_lines_are_parted_into_commands() {
    let found = shell_commands("A=1 kaizen show e1; kaizen accept e1 --why \"a # b\" | cat   # then");
    let expected: [&[&str]; 3] = [
        &["A=1", "kaizen", "show", "e1"],
        &["kaizen", "accept", "e1", "--why", "a # b"],
        &["cat"],
    ];
    assert_eq!(found, expected);
    assert_eq!(arguments(&found[0]).unwrap(), ["show", "e1"]);
    assert_eq!(arguments(&found[2]), None);
    assert_eq!(variants("a = 1\n# b = 2\n# prose\n# [c]\n# d = 1").len(), 2);
}
