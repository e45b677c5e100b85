//! Folders of a workspace that hold other people's homes: vendored code, and the data of tests.

use super::listing::WorkspaceListing;

/// Names of folders with code that others maintain.
const VENDORED: [&str; 11] = [
    "Pods",
    "_vendor",
    "bower_components",
    "node_modules",
    "site-packages",
    "third-party",
    "third_party",
    "thirdparty",
    "vendored",
    "venv",
    ".venv",
];

/// Names of folders with the data of tests.
const FIXTURES: [&str; 9] = [
    "__fixtures__",
    "__snapshots__",
    "fixture",
    "fixtures",
    "test-fixtures",
    "test_fixtures",
    "testdata",
    "test-data",
    "test_data",
];

/// Files beside a folder `vendor` that show that a package manager fills it.
const BESIDE_VENDOR: [&str; 4] = ["go.mod", "composer.json", "Gemfile", "Cargo.toml"];

/// The outermost folder of a path that holds other people's homes, and why. The path is relative to the workspace.
pub(super) fn foreign<'p>(path: &'p str, listing: &WorkspaceListing) -> Option<(&'p str, &'static str)> {
    let ends = path.match_indices('/').map(|(at, _)| at);
    ends.map(|end| &path[..end])
        .find_map(|folder| Some((folder, reason(folder, listing)?)))
}

fn reason(folder: &str, listing: &WorkspaceListing) -> Option<&'static str> {
    let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    let has = |file: &&str| listing.has(&joined(parent, file));
    match name {
        _ if VENDORED.contains(&name) => Some("code that others maintain"),
        "vendor" if parent.is_empty() || BESIDE_VENDOR.iter().any(has) => Some("code that others maintain"),
        _ if FIXTURES.contains(&name) => Some("data of tests"),
        _ => None,
    }
}

/// A path in a folder; the folder of the workspace is empty.
pub(super) fn joined(folder: &str, path: &str) -> String {
    match folder {
        "" => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_folder_counts() {
        let listing = WorkspaceListing {
            files: ["go/go.mod", "x"].map(str::to_owned).into(),
            ..WorkspaceListing::default()
        };
        for (path, folder) in [
            ("libs/node_modules/a/testdata/CLAUDE.md", Some("libs/node_modules")),
            ("vendor/a/CLAUDE.md", Some("vendor")),
            ("go/vendor/a/CLAUDE.md", Some("go/vendor")),
            ("apps/vendor/CLAUDE.md", None),
            ("a/tests/fixtures/b/CLAUDE.md", Some("a/tests/fixtures")),
            ("fixtures", None),
            ("src/CLAUDE.md", None),
        ] {
            assert_eq!(foreign(path, &listing).map(|(folder, _)| folder), folder, "{path}");
        }
    }
}
