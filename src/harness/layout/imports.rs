//! Finds the files that a text imports as `@path`.

use super::listing::resolved;

/// The paths that a file imports, relative to the workspace. As in the hosts, code does not import, and neither does a
/// word with `@` inside. Paths that lead outside the workspace are left out.
pub(super) fn imports(path: &str, text: &str) -> Vec<String> {
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

fn of_words<'t>(path: &'t str, text: &'t str) -> impl Iterator<Item = String> + 't {
    text.split_whitespace().filter_map(move |word| {
        let word = word.trim_start_matches(['(', '"', '\'', '*', '_']);
        let target = word.strip_prefix('@')?;
        let target = target.trim_end_matches(['.', ',', ';', ':', ')', '"', '\'', '*', '_', '!', '?']);
        (!target.is_empty()).then(|| resolved(path, target)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_at_are_imports_outside_of_code() {
        let text = "See @README.md and @./docs/a.md, or (@../b.txt).\n`@no.md` me@example.org @~/mine.md @/etc/passwd\n```sh\n@fenced.md\n```\n- @last.md\n";
        assert_eq!(
            imports("sub/CLAUDE.md", text),
            ["sub/README.md", "sub/docs/a.md", "b.txt", "sub/last.md"]
        );
    }
}
