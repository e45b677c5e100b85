//! Decides which of the user's environment variables git gets: its identity and configuration, but nothing that binds it
//! to another repository or changes the output that we read.

/// The variables that `git rev-parse --local-env-vars` lists: they belong to one repository, and git sets them for its
/// hooks. With `GIT_INDEX_FILE`, as inside a hook, a commit would drop every file but ours. `GIT_CONFIG_COUNT` and
/// `GIT_CONFIG_PARAMETERS` are listed too, but containers set `safe.directory` with them.
const LOCAL: [&str; 14] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Whether git must not get a variable of the user.
pub(super) fn is_dropped(name: &str) -> bool {
    LOCAL.contains(&name)
        || ["GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS"].contains(&name)
        || name.starts_with("GIT_TRACE")
        || (name.starts_with("GIT_") && name.ends_with("_PATHSPECS"))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // tests: the real git
mod tests {
    use super::*;

    #[test]
    fn identity_and_configuration_pass_and_what_is_local_does_not() {
        for name in [
            "GIT_AUTHOR_NAME",
            "GIT_COMMITTER_EMAIL",
            "GIT_CONFIG_GLOBAL",
            "GIT_CONFIG_SYSTEM",
            "GIT_CONFIG_NOSYSTEM",
            "GIT_CONFIG_COUNT",
            "GIT_CONFIG_KEY_0",
            "GIT_CONFIG_VALUE_0",
            "GIT_CONFIG_PARAMETERS",
            "GIT_SSH_COMMAND",
            "GIT_CEILING_DIRECTORIES",
            "HOME",
        ] {
            assert!(!is_dropped(name), "{name}");
        }
        for name in [
            "GIT_DIR",
            "GIT_INDEX_FILE",
            "GIT_ICASE_PATHSPECS",
            "GIT_TRACE2_EVENT",
            "GIT_EXTERNAL_DIFF",
            "GIT_DIFF_OPTS",
        ] {
            assert!(is_dropped(name), "{name}");
        }
    }

    #[test]
    fn the_installed_git_lists_no_other_variables() {
        let listing = std::process::Command::new("git")
            .args(["rev-parse", "--local-env-vars"])
            .output()
            .unwrap();
        let listing = String::from_utf8(listing.stdout).unwrap();
        assert!(listing.contains("GIT_DIR"), "{listing}");
        for name in listing.lines() {
            let passes = ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"].contains(&name);
            assert_eq!(is_dropped(name), !passes, "{name}");
        }
    }
}
