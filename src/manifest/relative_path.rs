//! Paths relative to the workspace, without `.` and `..`.

/// Resolves `.` and `..` of a path in a folder of the workspace; `None` if it is absolute or leads outside.
pub(crate) fn within(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder that holds a path; empty for a path at the root.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The path that `target` means in the file `from`; `None` if it is absolute or leads outside.
pub(crate) fn beside(from: &str, target: &str) -> Option<String> {
    within(folder_of(from), target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_without_dots() {
        for (folder, path, expected) in [
            ("", "x", Some("x")),
            ("", "./x", Some("x")),
            ("", "sub/../x", Some("x")),
            ("", "a//b/", Some("a/b")),
            (".kaizen/scratch/lint", "../../../x", Some("x")),
            ("", "../x", None),
            ("", "/x", None),
        ] {
            assert_eq!(within(folder, path).as_deref(), expected, "{folder} {path}");
        }
    }

    #[test]
    fn a_path_in_a_file_is_relative_to_its_folder() {
        for (from, target, expected) in [
            ("a/b.md", "c.md", Some("a/c.md")),
            ("a/b.md", "./../c.md", Some("c.md")),
            ("b.md", "../c.md", None),
            ("b.md", "/etc/passwd", None),
        ] {
            assert_eq!(beside(from, target).as_deref(), expected, "{from} {target}");
        }
    }
}
