//! Full-text search over JSON Lines traces: an FTS5 index in the cache folder. It stores no text, only where each
//! trace is in its file.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::jsonl_lines::{open, read_lines, stamp, unreadable};
use super::search_terms::fts_query;
use crate::artifact::trace::Trace;
use crate::digest::Digest;
use crate::sys::disk::{DatabaseError, DiskError, Root, system_error};
use crate::trace::TraceError;
use crate::trace::evidence::EvidenceFile;

/// The index file, relative to the workspace.
const INDEX: &str = ".kaizen/cache/traces.db";

/// The name that makes SQLite open a temporary database, which is deleted on close.
const TEMPORARY: &str = "";

/// Increment this when the tables change. An index of another version is dropped and rebuilt.
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE file (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
        modified INTEGER NOT NULL, indexed_end INTEGER NOT NULL, edges TEXT NOT NULL);
    CREATE TABLE line (id INTEGER PRIMARY KEY, file INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
        trace_id TEXT NOT NULL);
    CREATE INDEX line_by_file ON line (file);
    CREATE INDEX line_by_trace ON line (trace_id);
    CREATE VIRTUAL TABLE text USING fts5 (trace_id, query, result, agent, content='', contentless_delete=1,
        tokenize='unicode61');";

/// Best match first. If several lines have the same trace id, only the first counts.
const SEARCH: &str = "
    SELECT file.path, line.start, line.end FROM text JOIN line ON line.id = text.rowid JOIN file ON file.id = line.file
    WHERE text MATCH ?1 AND NOT EXISTS (
        SELECT 1 FROM line AS other JOIN file AS home ON home.id = other.file
        WHERE other.trace_id = line.trace_id AND (home.path, other.start) < (file.path, line.start))
    ORDER BY text.rank, file.path, line.start LIMIT ?2";

/// Returns the locations of the best matches.
///
/// Updates the index first, and rebuilds a corrupt one. Uses a temporary index if there is no `root`, or if the index
/// cannot be stored, such as in a read-only workspace.
///
/// # Errors
/// A trace file cannot be read, or the index is in use for too long.
pub(crate) fn search<'f>(
    root: Option<&Root>,
    files: &'f [EvidenceFile],
    terms: &str,
    limit: usize,
) -> Result<Vec<(&'f EvidenceFile, Range<u64>)>, TraceError> {
    let Some(query) = fts_query(terms) else {
        return Ok(Vec::new());
    };
    let wrong = |error: &dyn std::fmt::Display| {
        TraceError(format!(
            "{INDEX}: {error}; make its folder writable, or delete that file"
        ))
    };
    let attempt = |index: Connection| search_index(index, files, &query, limit);
    let temporary = || attempt(Connection::open(TEMPORARY)?);
    let Some(root) = root else {
        return temporary().map_err(|failure| failure.into_trace_error(&wrong));
    };
    let kept = || match root.open_database(INDEX) {
        // The workspace is read-only.
        Err(DatabaseError::Disk(DiskError::Failed { .. } | DiskError::NotFolder { .. })) => temporary(),
        Err(DatabaseError::Disk(error)) => Err(SearchFailure::Traces(TraceError(error.to_string()))),
        Err(DatabaseError::Sqlite(error)) => Err(SearchFailure::Index(error)),
        Ok(index) => attempt(index),
    };
    match kept() {
        Err(SearchFailure::Index(error)) if is_broken(&error) => {
            tracing::warn!(path = INDEX, %error, "the search index is corrupt and is rebuilt");
            root.remove(INDEX).map_err(|error| wrong(&error))?;
            kept()
        }
        Err(SearchFailure::Index(error)) if system_error(&error).is_some() => {
            tracing::warn!(path = INDEX, %error, "the search index cannot be stored; using a temporary one");
            temporary()
        }
        other => other,
    }
    .map_err(|failure| failure.into_trace_error(&wrong))
}

/// A search failure: in the index, which can be rebuilt, or in the traces, which cannot.
enum SearchFailure {
    Index(rusqlite::Error),
    Traces(TraceError),
}

impl SearchFailure {
    /// The error to report; `wrong` makes one from an error of the index.
    fn into_trace_error(self, wrong: &dyn Fn(&dyn std::fmt::Display) -> TraceError) -> TraceError {
        match self {
            SearchFailure::Index(error) => wrong(&error),
            SearchFailure::Traces(error) => error,
        }
    }
}

impl From<rusqlite::Error> for SearchFailure {
    fn from(error: rusqlite::Error) -> Self {
        SearchFailure::Index(error)
    }
}

impl From<TraceError> for SearchFailure {
    fn from(error: TraceError) -> Self {
        SearchFailure::Traces(error)
    }
}

fn is_broken(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

fn search_index<'f>(
    mut connection: Connection,
    files: &'f [EvidenceFile],
    query: &str,
    limit: usize,
) -> Result<Vec<(&'f EvidenceFile, Range<u64>)>, SearchFailure> {
    connection.busy_timeout(Duration::from_secs(30))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    create_tables(&transaction)?;
    forget_missing(&transaction, files)?;
    for file in files {
        update_file(&transaction, file)?;
    }
    transaction.commit()?;
    let mut statement = connection.prepare(SEARCH)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = statement.query_map(params![query, limit], |row| {
        let place = row.get::<_, i64>(1)?.cast_unsigned()..row.get::<_, i64>(2)?.cast_unsigned();
        Ok((row.get::<_, String>(0)?, place))
    })?;
    let found: Vec<(String, Range<u64>)> = found.collect::<Result<_, _>>()?;
    // The index contains only these files: `forget_missing` dropped the others.
    let known = |(path, place): (String, _)| Some((named(files, &path)?, place));
    Ok(found.into_iter().filter_map(known).collect())
}

/// The file with this path.
fn named<'f>(files: &'f [EvidenceFile], path: &str) -> Option<&'f EvidenceFile> {
    let at = files.binary_search_by(|file| file.path().cmp(Path::new(path))).ok()?;
    files.get(at)
}

fn create_tables(index: &Transaction) -> Result<(), SearchFailure> {
    let version: i64 = index.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version != VERSION {
        index.execute_batch("DROP TABLE IF EXISTS file; DROP TABLE IF EXISTS line; DROP TABLE IF EXISTS text;")?;
        index.execute_batch(TABLES)?;
        index.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(())
}

/// Drops the lines of files that are no longer part of the store.
fn forget_missing(index: &Transaction, files: &[EvidenceFile]) -> Result<(), SearchFailure> {
    let mut statement = index.prepare("SELECT id, path FROM file")?;
    let known = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    for row in known {
        let (id, path) = row?;
        if named(files, &path).is_none() {
            forget(index, id)?;
        }
    }
    Ok(())
}

fn forget(index: &Transaction, file: i64) -> Result<(), SearchFailure> {
    index.execute(
        "DELETE FROM text WHERE rowid IN (SELECT id FROM line WHERE file = ?1)",
        [file],
    )?;
    index.execute("DELETE FROM line WHERE file = ?1", [file])?;
    index.execute("DELETE FROM file WHERE id = ?1", [file])?;
    Ok(())
}

/// Updates the index for one file: skips it if it is unchanged, adds lines that were appended, and indexes all of it
/// again if it was rewritten.
fn update_file(index: &Transaction, source: &EvidenceFile) -> Result<(), SearchFailure> {
    let (size, modified) = stamp(source)?;
    let modified = modified
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default()
        .as_nanos() as i64;
    let name = source.path().to_string_lossy();
    let known: Option<(i64, i64, i64, i64, String)> = index
        .query_row(
            "SELECT id, size, modified, indexed_end, edges FROM file WHERE path = ?1",
            [&name],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )
        .optional()?;
    let start = match known {
        Some((_, old_size, old_modified, ..)) if (old_size, old_modified) == (size.cast_signed(), modified) => {
            return Ok(());
        }
        Some((_, old_size, _, end, edges))
            if size.cast_signed() > old_size && self::edges(source, end.cast_unsigned())? == edges =>
        {
            end.cast_unsigned()
        }
        Some((id, ..)) => {
            forget(index, id)?;
            0
        }
        None => 0,
    };
    index.execute(
        "INSERT INTO file (path, size, modified, indexed_end, edges) VALUES (?1, 0, 0, 0, '') ON CONFLICT DO NOTHING",
        [&name],
    )?;
    let id: i64 = index.query_row("SELECT id FROM file WHERE path = ?1", [&name], |row| row.get(0))?;
    let end = add_lines(index, id, source, start)?;
    index.execute(
        "UPDATE file SET size = ?2, modified = ?3, indexed_end = ?4, edges = ?5 WHERE id = ?1",
        params![id, size.cast_signed(), modified, end.cast_signed(), edges(source, end)?],
    )?;
    Ok(())
}

fn add_lines(index: &Transaction, file: i64, source: &EvidenceFile, start: u64) -> Result<u64, SearchFailure> {
    let mut line = index.prepare("INSERT INTO line (file, start, end, trace_id) VALUES (?1, ?2, ?3, ?4)")?;
    let mut text =
        index.prepare("INSERT INTO text (rowid, trace_id, query, result, agent) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut add = |trace: &Trace, place: &Range<u64>| -> rusqlite::Result<()> {
        let row = line.insert(params![
            file,
            place.start.cast_signed(),
            place.end.cast_signed(),
            trace.trace_id
        ])?;
        text.execute(params![row, trace.trace_id, trace.query, trace.result, trace.agent])?;
        Ok(())
    };
    let mut failed = None;
    let end = read_lines(source, start, &mut |trace: Trace, place| {
        add(&trace, &place).map_err(|error| {
            let message = TraceError(error.to_string());
            failed = Some(error);
            message
        })
    });
    match failed {
        Some(error) => Err(SearchFailure::Index(error)),
        None => Ok(end?),
    }
}

/// The digest of the first and the last bytes before `end`. Appending to the file does not change it.
fn edges(source: &EvidenceFile, end: u64) -> Result<String, TraceError> {
    const WIDTH: u64 = 4096;
    let mut file = open(source)?;
    let mut read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file.by_ref().take(WIDTH.min(end)).read_to_end(&mut bytes)?;
        file.seek(SeekFrom::Start(end.saturating_sub(WIDTH)))?;
        file.by_ref().take(WIDTH.min(end)).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| unreadable(source.path(), &error))?;
    Ok(Digest::of_bytes(&bytes).to_string())
}
