//! Finds the commit that each line of a file comes from, including uncommitted lines.

use std::collections::BTreeMap;

use super::Git;
use super::commit::below_workspace;
use super::log::is_full_id;
use crate::ledger::port::{CommitId, LedgerError};

/// One line of a file as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlamedLine {
    /// The text without its line end.
    pub text: String,
    /// The commit that the line comes from.
    pub origin: Origin,
}

/// The origin of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The commit; `None` for lines that are not committed yet.
    pub commit: Option<CommitId>,
    /// The author of the commit.
    pub author: String,
    /// The time of the commit, RFC 3339, UTC.
    pub written_at: String,
    /// The subject line.
    pub subject: String,
    /// Whether the history of this clone ends at the commit, so that the lines may be older.
    pub is_cut: bool,
}

impl Git {
    /// The lines of a file, each with its commit; `None` if HEAD does not have the file.
    ///
    /// # Errors
    /// See [`LedgerError`]; a path that leads out of the workspace is an error too.
    pub(crate) fn blame(&self, path: &str) -> Result<Option<Vec<BlamedLine>>, LedgerError> {
        below_workspace(&[path.to_owned()])?;
        let lists = self.usable_ignore_lists()?;
        let mut arguments = vec!["blame", "--porcelain"];
        arguments.extend(lists.iter().flatten().map(String::as_str));
        arguments.extend(["--", path]);
        match self.read(&arguments, &[]) {
            Ok(text) => Ok(Some(parse(&String::from_utf8_lossy(&text), self.is_shallow()))),
            Err(LedgerError::Git { message, .. }) if is_unknown(&message) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Git {
    /// The options that replace `blame.ignoreRevsFile` if it names a file that this repository does not have; `None`
    /// without such a file. Many people set it for all their repositories, and git then refuses to work.
    fn usable_ignore_lists(&self) -> Result<Option<Vec<String>>, LedgerError> {
        let set = self.ask(&["config", "--path", "-z", "--get-all", "blame.ignoreRevsFile"], &[])?;
        let set = String::from_utf8_lossy(&set.stdout);
        // Relative to the top of the work tree. An empty value discards the earlier ones.
        let top = self.top();
        let exists = |name: &str| name.is_empty() || top.join(name).is_file();
        let names: Vec<&str> = set.split_terminator('\0').collect();
        if names.iter().all(|name| exists(name)) {
            return Ok(None);
        }
        let usable = names.into_iter().filter(|name| exists(name));
        let options = usable.map(|name| format!("--ignore-revs-file={name}"));
        Ok(Some(
            std::iter::once("--no-ignore-revs-file".to_owned())
                .chain(options)
                .collect(),
        ))
    }
}

fn is_unknown(message: &str) -> bool {
    let words = ["no such path", "no such ref: HEAD", "cannot stat path"];
    words.iter().any(|words| message.contains(words))
}

/// Parses porcelain output: each line has a header, and the details of a commit follow only its first header. The
/// boundaries of a shallow clone are the commits at which its history ends.
fn parse(text: &str, is_shallow: bool) -> Vec<BlamedLine> {
    let mut known: BTreeMap<&str, Origin> = BTreeMap::new();
    let (mut lines, mut id) = (Vec::new(), "");
    for line in text.split('\n') {
        if let Some(text) = line.strip_prefix('\t') {
            lines.push(BlamedLine {
                text: text.strip_suffix('\r').unwrap_or(text).to_owned(),
                origin: known.get(id).cloned().unwrap_or_default(),
            });
            continue;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if is_full_id(word) {
            id = word;
            known.entry(id).or_insert_with(|| Origin {
                commit: (!id.bytes().all(|byte| byte == b'0')).then(|| id.to_owned()),
                ..Origin::default()
            });
        } else if let Some(origin) = known.get_mut(id) {
            match word {
                "boundary" => origin.is_cut = is_shallow,
                _ => note(origin, word, rest),
            }
        }
    }
    lines
}

fn note(origin: &mut Origin, word: &str, rest: &str) {
    match word {
        "author" => origin.author = rest.to_owned(),
        "author-time" => {
            let time = rest
                .parse()
                .ok()
                .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
            origin.written_at = time.map_or_else(String::new, |time| {
                time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            });
        }
        "summary" => origin.subject = rest.to_owned(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_told_once_and_meant_often() {
        let (a, none) = ("a".repeat(40), "0".repeat(40));
        let text = format!(
            "{a} 1 1 2\nauthor A U Thor\nauthor-time 1760000000\nsummary kaizen: x\nboundary\nfilename f\n\tk = 1\r\n{none} 2 2 1\nauthor Not Committed Yet\n\
             author-time 1760000001\nsummary Version of f\n\t\tmine\n{a} 2 3 1\n\tauthor liar\n"
        );
        let lines = parse(&text, true);
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["k = 1", "\tmine", "author liar"]);
        let (first, mine) = (&lines[0].origin, &lines[1].origin);
        // The first commit of a repository is a boundary too.
        let whole = parse(&text, false);
        assert!(first.is_cut && !mine.is_cut && !whole[0].origin.is_cut);
        assert_eq!(first, &lines[2].origin);
        assert_eq!((first.commit.as_ref(), mine.commit.as_ref()), (Some(&a), None));
        assert_eq!(
            (&*first.author, &*first.written_at, &*first.subject),
            ("A U Thor", "2025-10-09T08:53:20Z", "kaizen: x")
        );
    }
}
