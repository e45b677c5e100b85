//! Which files of a home its host reads, and when.

use std::collections::BTreeMap;

use super::HostLayout;
use super::detect::{Detection, HomeFile, detect};
use super::listing::WorkspaceListing;
use super::table::LayoutTable;
use crate::harness::Harness;
use crate::manifest::relative_path::folder_of;

/// The files of a home by the time at which its host reads them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadOrder<'f> {
    /// Those that it reads when it starts in the folder of the home, in its order. It reads imports with the file that imports
    /// them.
    pub at_start: Vec<&'f str>,
    /// Those that it reads when it needs them.
    pub when_needed: Vec<&'f str>,
    /// Those that it does not read, each with the file of the same folder that it reads instead.
    pub replaced: BTreeMap<&'f str, &'f str>,
}

impl<'f> ReadOrder<'f> {
    /// The order for the home of a layout in a folder, which is empty for the workspace itself.
    pub(crate) fn of(layout: &HostLayout, folder: &str, found: &'f Detection) -> Self {
        let is_own = |file: &HomeFile| file.home.layout.name == layout.name && file.home.folder == folder;
        let own = || found.files.iter().filter(|(_, file)| is_own(file));
        let of_surface = |name: &str| {
            let files = own().filter(|(_, file)| file.surface.name == name);
            let mut files: Vec<_> = files.collect();
            files.sort_by_key(|(_, file)| file.order);
            files.into_iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>()
        };
        let mut replaced: BTreeMap<&str, &str> = BTreeMap::new();
        let mut first: BTreeMap<&str, &str> = BTreeMap::new();
        for path in layout.one_per_folder.iter().flat_map(|name| of_surface(name)) {
            let read = *first.entry(folder_of(path)).or_insert(path);
            if read != path {
                replaced.insert(path, read);
            }
        }
        let names = layout.at_start.iter().map(String::as_str);
        let is_in_place = |name: &str, path: &str| !layout.is_anywhere(name) || folder_of(path) == folder;
        let starts = names.flat_map(|name| of_surface(name).into_iter().filter(move |path| is_in_place(name, path)));
        let mut at_start: Vec<&str> = Vec::new();
        for path in starts.filter(|path| !replaced.contains_key(path) && !found.matched.contains(*path)) {
            add_with_imports(path, found, &is_own, &mut at_start);
        }
        let rest = own().map(|(path, _)| path.as_str());
        let when_needed = rest.filter(|path| !at_start.contains(path) && !replaced.contains_key(path));
        Self {
            when_needed: when_needed.collect(),
            at_start,
            replaced,
        }
    }
}

/// Adds a file and then those that it imports, in the order of its text, each with its own imports.
fn add_with_imports<'f>(
    path: &'f str,
    found: &'f Detection,
    is_own: &impl Fn(&HomeFile) -> bool,
    order: &mut Vec<&'f str>,
) {
    if order.contains(&path) {
        return;
    }
    order.push(path);
    for import in found.imported.get(path).into_iter().flatten() {
        let file = found.files.get_key_value(import);
        if let Some((import, _)) = file.filter(|(_, file)| is_own(file)) {
            add_with_imports(import, found, is_own, order);
        }
    }
}

impl HostLayout {
    /// Whether a surface has the files of a name in every folder, of which a host reads at first only those where it starts.
    fn is_anywhere(&self, surface: &str) -> bool {
        let mut named = self.named_files.iter();
        named.any(|named| named.anywhere && named.surface == surface)
    }
}

/// The files of a harness by the time at which hosts read them that start in the folder of the workspace.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HarnessOrder {
    /// Those that some host reads when it starts.
    pub at_start: Vec<String>,
    /// Those that no host reads because it reads another one, which is named.
    pub replaced: BTreeMap<String, String>,
}

/// The order in which the hosts of these layouts read a harness. `name` is that of the workspace's folder.
///
/// # Errors
/// A malformed glob in a layout; parsing the layouts rules that out.
pub(crate) fn read_order(harness: &Harness, name: &str, table: &LayoutTable) -> Result<HarnessOrder, String> {
    let links = harness.links().map(|(link, target)| (link.to_owned(), target));
    let listing = WorkspaceListing {
        name: table.folder_of_host(name),
        files: harness.files().map(|(path, _)| path.to_owned()).collect(),
        links: links.collect(),
        ..WorkspaceListing::default()
    };
    let found = detect(table, &listing, &|path| harness.text(path).map(str::to_owned))?;
    let mut order = HarnessOrder::default();
    for layout in found.layouts() {
        let own = ReadOrder::of(layout, "", &found);
        order.at_start.extend(own.at_start.into_iter().map(str::to_owned));
        let replaced = own.replaced.into_iter();
        order
            .replaced
            .extend(replaced.map(|(path, read)| (path.to_owned(), read.to_owned())));
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(layouts: &[&str], files: &[(&str, &str)]) -> HarnessOrder {
        let files = files.iter();
        let files = files.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let mut table = LayoutTable::built_in().unwrap();
        table.keep(&layouts.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        read_order(&Harness::new(files), "demo", &table).unwrap()
    }

    #[test]
    fn what_is_nested_or_used_later_is_not_read_at_first_but_imports_are() {
        let files = [
            ("CLAUDE.md", "@docs/a.md\n"),
            ("docs/a.md", "@b.md\n"),
            ("docs/b.md", "b\n"),
            ("docs/c.md", "c\n"),
            ("api/CLAUDE.md", "@d.md\n"),
            ("api/d.md", "d\n"),
            (".claude/rules/a.md", "x\n"),
            (".claude/agents/b.md", "x\n"),
            ("GEMINI.md", "x\n"),
        ];
        let found = order(&["claude_code"], &files);
        assert_eq!(
            found.at_start,
            ["CLAUDE.md", "docs/a.md", "docs/b.md", ".claude/rules/a.md"]
        );
        assert_eq!(order(&[], &files), HarnessOrder::default());
    }

    #[test]
    fn imports_and_named_files_are_read_in_the_order_of_their_texts() {
        let files = [
            ("CLAUDE.md", "@z.md then @a.md\n"),
            ("z.md", "@m.md and @a.md\n"),
            ("a.md", "a\n"),
            ("m.md", "m\n"),
            (".claude/settings.json", "{\"model\": \"m\"}"),
            (".aider.conf.yml", "read: [two.md, one.md]\n"),
            ("one.md", "1\n"),
            ("two.md", "2\n"),
        ];
        let found = order(&["claude_code"], &files);
        assert_eq!(
            found.at_start,
            ["CLAUDE.md", "z.md", "m.md", "a.md", ".claude/settings.json"]
        );
        let found = order(&["aider"], &files);
        assert_eq!(found.at_start[..2], ["two.md", "one.md"]);
    }

    #[test]
    fn what_a_host_reads_only_if_it_matches_is_not_read_at_first() {
        let head = |line: &str| format!("---\n{line}\n---\nx\n");
        let paths = head("paths: \"src/**\"");
        let (on, off) = (head("alwaysApply: true"), head("alwaysApply: false"));
        let (trigger_on, trigger_off) = (head("trigger: always_on"), head("trigger: model_decision"));
        let (type_on, type_off) = (head("type: always_apply"), head("type: agent_requested"));
        let (list, globs) = (head("paths: [\"src/**\"]"), head("globs: \"*.ts\""));
        let (everywhere, some) = (head("applyTo: \"**\""), head("applyTo: \"*.ts\""));
        let files = [
            ("CLAUDE.md", "x\n"),
            (".claude/rules/a.md", "x\n"),
            (".claude/rules/b.md", paths.as_str()),
            (".cursor/rules/a.mdc", on.as_str()),
            (".cursor/rules/b.mdc", off.as_str()),
            (".github/instructions/a.instructions.md", everywhere.as_str()),
            (".github/instructions/b.instructions.md", some.as_str()),
            (".roo/rules/a.md", "x\n"),
            (".roo/rules-rev/b.md", "x\n"),
            (".agent/rules/a.md", trigger_on.as_str()),
            (".agent/rules/b.md", trigger_off.as_str()),
            (".agents/rules/c.md", trigger_off.as_str()),
            (".clinerules/a.md", paths.as_str()),
            (".clinerules/b.md", list.as_str()),
            (".continue/rules/a.md", on.as_str()),
            (".continue/rules/b.md", off.as_str()),
            (".continue/rules/c.md", globs.as_str()),
            (".continue/rules/d.md", "x\n"),
            (".kilocode/rules/a.md", off.as_str()),
            (".kilocode/rules-code/b.md", "x\n"),
            (".augment/rules/a.md", type_on.as_str()),
            (".augment/rules/b.md", type_off.as_str()),
        ];
        for (layout, wanted) in [
            ("claude_code", &["CLAUDE.md", ".claude/rules/a.md"][..]),
            ("cursor", &[".cursor/rules/a.mdc"]),
            ("copilot", &[".github/instructions/a.instructions.md"]),
            ("roo", &[".roo/rules/a.md"]),
            ("antigravity", &[".agent/rules/a.md"]),
            ("cline", &[".clinerules/a.md"]),
            ("continue", &[".continue/rules/a.md", ".continue/rules/d.md"]),
            ("kilo", &[".kilocode/rules/a.md"]),
            ("augment", &[".augment/rules/a.md"]),
        ] {
            assert_eq!(order(&[layout], &files).at_start, wanted, "{layout}");
        }
    }

    #[test]
    fn codex_reads_one_file_of_a_folder() {
        let files = [
            (
                ".codex/config.toml",
                "project_doc_fallback_filenames = [\"RULES.md\"]\n",
            ),
            (".codex/AGENTS.md", "global\n"),
            ("AGENTS.override.md", "one\n"),
            ("AGENTS.md", "two\n"),
            ("RULES.md", "three\n"),
            ("api/RULES.md", "four\n"),
            ("web/AGENTS.md", "five\n"),
        ];
        let found = order(&["codex"], &files);
        assert_eq!(
            found.at_start,
            [".codex/AGENTS.md", "AGENTS.override.md", ".codex/config.toml"]
        );
        let replaced = [("AGENTS.md", "AGENTS.override.md"), ("RULES.md", "AGENTS.override.md")];
        let replaced = replaced.map(|(path, read)| (path.to_owned(), read.to_owned()));
        assert_eq!(found.replaced, replaced.into());
        let without: Vec<(&str, &str)> = files
            .into_iter()
            .filter(|(path, _)| !path.starts_with("AGENTS"))
            .collect();
        assert_eq!(
            order(&["codex"], &without).at_start,
            [".codex/AGENTS.md", "RULES.md", ".codex/config.toml"]
        );
    }
}
