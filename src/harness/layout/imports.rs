//! Finds the files that a text imports as `@path`.

use super::listing::resolved;

/// An import of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextImport {
    /// The file as it is written.
    pub name: String,
    /// Its path relative to the workspace; `None` if it is outside.
    pub path: Option<String>,
}

impl TextImport {
    /// Whether the text is surely meant as a file. Names of people and of packages are written with `@` as well.
    pub(super) fn is_certain(&self) -> bool {
        is_text(&self.name)
            || ["./", "../", "~/", "/"]
                .iter()
                .any(|start| self.name.starts_with(start))
    }
}

/// Endings of files that texts import.
const TEXTS: [&str; 8] = [".json", ".md", ".mdc", ".rst", ".toml", ".txt", ".yaml", ".yml"];

/// Whether a path has the ending of a text.
pub(crate) fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    TEXTS.iter().any(|end| name.ends_with(end))
}

/// The files that a text imports. As in the hosts, code does not import, and neither does a word with `@` inside.
pub(super) fn imports(path: &str, text: &str) -> Vec<TextImport> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let start = line.trim_start();
        let marks = ["```", "~~~"].into_iter().find(|marks| start.starts_with(marks));
        match (marks, fence) {
            (Some(marks), None) => fence = Some(marks),
            (Some(marks), Some(open)) if marks == open => fence = None,
            (None, None) => found.extend(outside_code(line).flat_map(|text| of_words(path, text))),
            _ => {}
        }
    }
    found
}

/// The parts of a line that are not between backticks.
fn outside_code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').step_by(2)
}

fn of_words<'t>(path: &'t str, text: &'t str) -> impl Iterator<Item = TextImport> + 't {
    text.split_whitespace().filter_map(move |word| {
        let word = word.trim_start_matches(['(', '"', '\'', '*', '_']);
        let target = word.strip_prefix('@')?;
        let target = target.trim_end_matches(['.', ',', ';', ':', ')', '"', '\'', '*', '_', '!', '?']);
        (!target.is_empty()).then(|| TextImport {
            name: target.to_owned(),
            path: resolved(path, target),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_at_are_imports_outside_of_code() {
        let text = "See @README.md and @./docs/a.md, or (@../b.txt).\n`@no.md` me@example.org @~/mine.md @/etc/passwd\n```sh\n@fenced.md\n```\n- @last.md\n";
        let found = imports("sub/CLAUDE.md", text);
        let found: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|import| (import.name.as_str(), import.path.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                ("README.md", Some("sub/README.md")),
                ("./docs/a.md", Some("sub/docs/a.md")),
                ("../b.txt", Some("b.txt")),
                ("~/mine.md", None),
                ("/etc/passwd", None),
                ("last.md", Some("sub/last.md")),
            ]
        );
    }

    #[test]
    fn people_and_packages_are_no_files() {
        for (name, is_certain) in [
            ("x.md", true),
            ("docs/a.TXT", true),
            ("./run", true),
            ("~/x", true),
            ("octocat", false),
            ("scope/package", false),
            ("example.org", false),
        ] {
            let import = TextImport {
                name: name.to_owned(),
                path: None,
            };
            assert_eq!(import.is_certain(), is_certain, "{name}");
        }
    }
}
