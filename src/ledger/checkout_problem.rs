//! Why a harness file cannot be judged: a filter does not give its content, or its content on disk is not what git would
//! check out.

use std::fmt;
use std::path::PathBuf;

/// A file that cannot be judged as it is; paths are relative to the workspace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckoutProblem {
    /// The attributes name a filter that the git configuration does not define.
    #[error(
        "{path} has the git filter `{filter}`, which the git configuration does not define here, so the file may not be \
         what the agent is meant to read"
    )]
    Undefined {
        /// The file.
        path: String,
        /// The filter.
        filter: String,
    },
    /// The program of a filter failed.
    #[error("the git filter `{filter}` failed for {path}: {}", message.trim_start_matches("fatal: "))]
    Failed {
        /// The file.
        path: String,
        /// The filter.
        filter: String,
        /// The last line that git or the program printed.
        message: String,
    },
    /// A sparse checkout leaves out tracked files that kaizen reads.
    #[error(
        "this sparse checkout ({}) leaves out {}, without which kaizen would forget what they record",
        if patterns.is_empty() { "git sparse-checkout list" } else { patterns.as_str() }, left_out(path, *others)
    )]
    LeftOut {
        /// The first file.
        path: String,
        /// The number of further files.
        others: usize,
        /// The folders or patterns of the checkout.
        patterns: String,
        /// The top of the work tree and the workspace relative to it, if they differ.
        top: Option<(PathBuf, String)>,
    },
    /// git reports no change, but the file is not what git would check out.
    #[error("{path} on disk is not what git checks out at HEAD, although git reports no change: {cause}")]
    Differs {
        /// The file.
        path: String,
        /// Why git reports no change.
        cause: HiddenChange,
    },
}

/// The folder of sessions, which is needed as a whole.
const SESSIONS: &str = "sessions";

/// The files that a sparse checkout leaves out, for messages.
fn left_out(path: &str, others: usize) -> String {
    match others {
        0 => path.to_owned(),
        1 => format!("{path} and 1 more file"),
        _ => format!("{path} and {others} more files"),
    }
}

/// Why git reports no change of a file that differs from its checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HiddenChange {
    /// The index says that git need not look at the file.
    AssumeUnchanged,
    /// The index says that git must not touch the file.
    SkipWorktree,
    /// A sparse checkout leaves the file out.
    Sparse,
    /// A filter's two programs are not the inverse of each other, or the file was written before the filter was set.
    Filter(String),
    /// git converts line ends.
    LineEnds,
    /// Attribute `ident` or `working-tree-encoding` converts the content.
    Attribute(&'static str),
    /// The file is inside another repository, such as a submodule.
    OtherRepository,
    /// git compares size and time only.
    Unnoticed,
}

impl CheckoutProblem {
    /// The file.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Undefined { path, .. }
            | Self::Failed { path, .. }
            | Self::Differs { path, .. }
            | Self::LeftOut { path, .. } => path,
        }
    }

    /// What to do about it.
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::Undefined { path, filter } => match filter.as_str() {
                "lfs" => "install git-lfs, then run `git lfs install` and `git lfs pull`".to_owned(),
                "git-crypt" => "run `git-crypt unlock`".to_owned(),
                _ => format!(
                    "configure `filter.{filter}.clean` and `.smudge`, or end the filter with the line \"{path} -filter\" \
                     in .git/info/attributes"
                ),
            },
            Self::Failed { filter, .. } => match filter.as_str() {
                "lfs" => {
                    "`git lfs pull` gets the content of HEAD, `git lfs fetch --all` that of all commits".to_owned()
                }
                "git-crypt" => "run `git-crypt unlock`".to_owned(),
                _ => format!("`git config --get-regexp '^filter\\.{filter}\\.'` shows its programs"),
            },
            Self::LeftOut { path, top, .. } => {
                let folder = match path.split_once('/') {
                    Some((SESSIONS, _)) => SESSIONS,
                    _ => path.rsplit_once('/').map_or(path.as_str(), |(folder, _)| folder),
                };
                let (place, prefix) = match top {
                    Some((top, prefix)) => (format!(" -C {}", top.display()), prefix.as_str()),
                    None => (String::new(), ""),
                };
                format!(
                    "`git{place} sparse-checkout add {prefix}{folder}` brings them back; among patterns of your own (no cone \
                     mode), `git{place} sparse-checkout add '/{prefix}{folder}/**'` does"
                )
            }
            Self::Differs { path, cause } => cause.remedy(path),
        }
    }
}

impl HiddenChange {
    fn remedy(&self, path: &str) -> String {
        let again = format!("`rm {path} && git checkout -- {path}` writes it as git does");
        match self {
            Self::AssumeUnchanged => {
                format!("`git update-index --no-assume-unchanged {path}` shows the change; then commit or undo it")
            }
            Self::SkipWorktree => {
                format!("`git update-index --no-skip-worktree {path}` shows the change; then commit or undo it")
            }
            Self::Sparse => format!("`git sparse-checkout add` the folder of {path}, or `git sparse-checkout disable`"),
            Self::LineEnds => {
                format!("{again}; or set the line ends of {path} in .gitattributes, for example `eol=lf`")
            }
            Self::Filter(_) | Self::Attribute(_) => again,
            Self::OtherRepository => {
                format!("remove {path} from [harness] in kaizen.toml, or run kaizen in that repository")
            }
            Self::Unnoticed => format!("`touch {path}` makes git look again; then commit or undo the change"),
        }
    }
}

impl fmt::Display for HiddenChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AssumeUnchanged => f.write_str("it is marked assume-unchanged"),
            Self::SkipWorktree => f.write_str("it is marked skip-worktree"),
            Self::Sparse => f.write_str("a sparse checkout leaves it out"),
            Self::Filter(name) => write!(f, "the filter `{name}` would write other content"),
            Self::LineEnds => f.write_str("git converts line ends (core.autocrlf, or the attributes text and eol)"),
            Self::Attribute(name) => write!(f, "the attribute {name} converts it"),
            Self::OtherRepository => f.write_str("it is inside another repository, such as a submodule"),
            Self::Unnoticed => f.write_str("git compares only size and time, and both are the same"),
        }
    }
}
