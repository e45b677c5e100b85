//! The files of the harness line by line, each with the edit or the person that wrote it.

use std::collections::BTreeSet;

use super::edit::{EditAnchor, commit_digits};
use super::source::ReportSource;
use crate::cli::blame::blamed;
use crate::cli::blame::history::BlameHistory;
use crate::cli::blame::story::{CommitStory, FilePast};
use crate::cli::exit::CommandFailure;
use crate::cli::report::veil::ShownText;
use crate::harness::projection::is_partial;
use crate::ledger::{BlamedLine, Origin};
use crate::workspace::session;

/// The maximum number of files whose origin git is asked for; the others are named only.
const MOST_FILES: usize = 60;
/// The maximum size of all lines, in bytes.
const MOST_BYTES: usize = 120_000;
/// What a line costs in addition to its text.
const LINE_ELEMENT: usize = 60;

/// Who wrote some lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineAuthor {
    /// An edit of a session; its label and its place.
    Edit(ShownText, EditAnchor),
    /// A commit of a person, or one without an edit: its first digits, author, day and subject.
    Commit([ShownText; 4]),
    /// Nobody yet: the lines are not committed.
    Uncommitted,
    /// Unknown: git does not track the file, or it also holds tasks, so that its lines are not those in git.
    Unknown,
}

impl LineAuthor {
    /// The edit that wrote them, if one did.
    pub(crate) fn edit(&self) -> Option<&EditAnchor> {
        match self {
            Self::Edit(_, anchor) => Some(anchor),
            _ => None,
        }
    }
}

/// Consecutive lines of one author.
#[derive(Clone, Debug)]
pub(crate) struct BlamedRange {
    /// Who wrote them.
    pub author: LineAuthor,
    /// The number of the first one, from 1.
    pub from: usize,
    /// The lines.
    pub lines: Vec<ShownText>,
}

/// A file of the harness.
#[derive(Clone, Debug)]
pub(crate) struct BlamedFile {
    /// Its path.
    pub path: ShownText,
    /// Its lines.
    pub ranges: Vec<BlamedRange>,
    /// The number of lines that are not shown.
    pub left_out: usize,
}

impl BlamedFile {
    /// The edits that wrote lines of the file, in order.
    pub(crate) fn edits(&self) -> impl Iterator<Item = &EditAnchor> {
        self.ranges.iter().filter_map(|range| range.author.edit())
    }
}

/// The files of the harness, and the names of those for which there is no place.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlamedHarness {
    /// Those with lines of edits come first.
    pub files: Vec<BlamedFile>,
    /// Names of files that are not shown.
    pub others: Vec<ShownText>,
}

impl BlamedHarness {
    /// Asks git about the files of the harness.
    ///
    /// # Errors
    /// git fails, or the sessions cannot be listed.
    pub(crate) fn of(source: &ReportSource) -> Result<Self, CommandFailure> {
        let history = BlameHistory::new(source.workspace, source.inputs)?;
        let paths: Vec<&str> = source.present.files().map(|(path, _)| path).collect();
        let (asked, others) = paths.split_at(paths.len().min(MOST_FILES));
        let mut harness = Self::default();
        for path in asked {
            harness.files.extend(file(source, &history, path)?);
        }
        harness.others = others.iter().map(|path| source.veil.line(path)).collect();
        harness.files.sort_by_key(|file| file.edits().next().is_none());
        let mut left = MOST_BYTES;
        harness.files.iter_mut().for_each(|file| shorten(file, &mut left));
        Ok(harness)
    }

    /// The edits that wrote lines.
    pub(crate) fn edits(&self) -> BTreeSet<&EditAnchor> {
        self.files.iter().flat_map(BlamedFile::edits).collect()
    }
}

/// A file with its lines; `None` if it is not text.
fn file(source: &ReportSource, history: &BlameHistory, path: &str) -> Result<Option<BlamedFile>, CommandFailure> {
    let Some(text) = source.present.text(path) else {
        return Ok(None);
    };
    let shown = source.veil.line(path);
    // A file that git does not track has no history.
    let lines = match is_partial(path) {
        true => None,
        false => blamed(source.workspace, path).ok(),
    };
    let Some(lines) = lines else {
        let lines: Vec<&str> = text.lines().collect();
        let range = BlamedRange {
            author: LineAuthor::Unknown,
            from: 1,
            lines: source.veil.lines(&lines),
        };
        return Ok(Some(BlamedFile {
            path: shown,
            ranges: vec![range],
            left_out: 0,
        }));
    };
    let past = FilePast::of(history, path, &lines)?;
    Ok(Some(BlamedFile {
        path: shown,
        ranges: ranges(source, &past, &lines),
        left_out: 0,
    }))
}

fn ranges(source: &ReportSource, past: &FilePast, lines: &[BlamedLine]) -> Vec<BlamedRange> {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let mut texts = source.veil.lines(&texts).into_iter();
    let mut from = 1;
    let range = |of: &[BlamedLine]| {
        let range = BlamedRange {
            author: author(source, &of[0].origin, past.commit(&of[0])),
            from,
            lines: texts.by_ref().take(of.len()).collect(),
        };
        from += of.len();
        range
    };
    past.ranges(lines).map(range).collect()
}

fn author(source: &ReportSource, origin: &Origin, story: CommitStory) -> LineAuthor {
    let session = story.session.filter(|name| session::is_id(name));
    if let (Some(session), Some(digest)) = (session, story.edit_digest) {
        let label = story.edit_id.unwrap_or_else(|| digest.short());
        return LineAuthor::Edit(source.veil.line(&label), EditAnchor::new(&session, digest));
    }
    let Some(commit) = &origin.commit else {
        return LineAuthor::Uncommitted;
    };
    let day = origin.written_at.get(..10).unwrap_or(&origin.written_at);
    LineAuthor::Commit(
        [&commit_digits(commit), &origin.author, day, &origin.subject].map(|text| source.veil.line(text)),
    )
}

/// Drops the lines of a file for which there is no place, from its end.
fn shorten(file: &mut BlamedFile, left: &mut usize) {
    for range in &mut file.ranges {
        let fits = range.lines.iter().take_while(|line| {
            let size = line.as_str().len() + LINE_ELEMENT;
            let fits = size <= *left;
            *left = if fits { *left - size } else { 0 };
            fits
        });
        let count = fits.count();
        file.left_out += range.lines.len() - count;
        range.lines.truncate(count);
    }
    file.ranges.retain(|range| !range.lines.is_empty());
}
