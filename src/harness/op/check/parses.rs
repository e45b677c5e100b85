//! Checks that a file can be read in its format after an edit, with every line of its front matter.

use crate::harness::format::all_values::all_values;
use crate::harness::format::error::FormatError;
use crate::harness::op::inapplicable::Inapplicable;
use crate::manifest::surface::SurfaceFormat;

/// Refuses a text that cannot be read in its format. What hosts may read in different ways stays only as it was.
pub(super) fn check(path: &str, format: SurfaceFormat, old: &str, new: &str) -> Result<(), Inapplicable> {
    let refused = |problem: FormatError| Inapplicable::Format {
        path: path.to_owned(),
        problem,
    };
    // A template of YAML is no YAML, before and after an edit.
    let is_template = format == SurfaceFormat::Yaml && all_values(format, old).is_err();
    let found = match all_values(format, new) {
        Err(FormatError::Keyless) => return Ok(()),
        Err(_) if is_template => return Ok(()),
        found => found.map_err(refused)?,
    };
    let known = all_values(format, old).unwrap_or_default().unread;
    let is_known = |text: &str| known.iter().any(|member| member.text == text);
    match found.unread.into_iter().find(|member| !is_known(&member.text)) {
        Some(member) => Err(refused(member.problem)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::surface::SurfaceFormat::{FrontMatter, Json, Jsonl, Text, Toml, Yaml};

    #[test]
    fn a_broken_file_is_refused_with_its_line() {
        for (format, old, new, line) in [
            (Toml, "", "a = 1\nb = \n", Some("line 2")),
            (Json, "", "{\"a\": 1,}", Some("line 1")),
            (Json, "{}", "{}\n", None),
            (Jsonl, "", "{}\n{\n", Some("line 2")),
            (Yaml, "", "a: \"b\n", Some("line 1")),
            (Text, "", "{", None),
            (FrontMatter, "", "---\nname: x\n", Some("line 1")),
            (FrontMatter, "", "---\nname: x\nprose\n---\n", Some("line 3")),
            (FrontMatter, "---\nprose\n---\n", "---\nprose\n---\nMore.\n", None),
            (FrontMatter, "", "---\nname: \"x\n---\n", Some("line 2")),
            (
                FrontMatter,
                "---\na: b: c\n  d\n---\n",
                "---\na: b: c\n  d\n---\nMore.\n",
                None,
            ),
            (
                FrontMatter,
                "---\na: b: c\n  d\n---\n",
                "---\na: b: c\n  e\n---\n",
                Some("line 2"),
            ),
            (FrontMatter, "", "No head.\n", None),
            (FrontMatter, "", "---\na: 1\na: 2\n---\n", Some("line 3")),
            (
                FrontMatter,
                "---\na: 1\na: 2\n---\n",
                "---\na: 1\na: 2\n---\nMore.\n",
                None,
            ),
            (Yaml, "", "a:\n  b: 1\n  b: 1\n", Some("line 3")),
            (Json, "", "{\"a\": 1, \"a\": 1}", Some("line 1")),
            (
                Yaml,
                "{% if x %}\na: 1\n{% endif %}\n",
                "{% if x %}\na: 2\n{% endif %}\n",
                None,
            ),
            (Yaml, "a: 1\n", "{% if x %}\na: 2\n{% endif %}\n", Some("line 1")),
        ] {
            let found = check("f", format, old, new).map_err(|reason| reason.to_string());
            match line {
                None => assert_eq!(found, Ok(()), "{new}"),
                Some(line) => assert!(found.clone().unwrap_err().contains(line), "{new}: {found:?}"),
            }
        }
    }
}
