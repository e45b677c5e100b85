//! Reads the traces of an OpenJarvis `traces.db`, a SQLite database, read-only, even while OpenJarvis writes to it.
//!
//! OpenJarvis stores '' and 0 for unknown values, so empty names and zero times are read as absent.
#![allow(clippy::disallowed_methods)] // edge: trace files

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Rows, params};
use serde_json::Value;

use super::search_terms::{fts_query, plain_words};
use super::trace_store::pin_of;
use crate::artifact::Extra;
use crate::artifact::trace::{Trace, TracePin, TraceStep};
use crate::sys::disk::{sqlite_problem, sqlite_uri};
use crate::trace::evidence::EvidenceFile;
use crate::trace::{TraceError, TraceSource};

/// Sorts row numbers rather than rows, so that a large store needs little memory.
const NEWEST_FIRST: &str = "SELECT id FROM traces ORDER BY started_at DESC, id";

/// Steps in the order of [`NEWEST_FIRST`]. `trace_steps` has no index, so one query returns the steps of all traces.
const STEPS_NEWEST_FIRST: &str = "
    SELECT t.id, s.id FROM trace_steps AS s JOIN traces AS t ON t.trace_id = s.trace_id
    ORDER BY t.started_at DESC, t.id, s.step_index, s.id";

const STEPS_OF_SOME: &str = "
    SELECT * FROM trace_steps WHERE trace_id IN (SELECT value FROM json_each(?1)) ORDER BY step_index, id";

/// An OpenJarvis trace store.
pub(crate) struct OpenJarvisSource {
    file: EvidenceFile,
}

impl OpenJarvisSource {
    /// A source over this database.
    pub(crate) fn new(file: EvidenceFile) -> Self {
        Self { file }
    }

    /// Runs a read on one consistent snapshot.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, TraceError> {
        let (path, mut connection) = self.open()?;
        // SQLite opens by path, so another file may have replaced the one that was checked.
        if self.resolved()? != path {
            return Err(TraceError(format!(
                "{}: the file was replaced while kaizen opened it; run again",
                path.display()
            )));
        }
        let run = || work(&*connection.transaction()?);
        run().map_err(|error| self.unreadable(&error))
    }

    fn resolved(&self) -> Result<PathBuf, TraceError> {
        self.file.resolved().map_err(|error| TraceError(error.to_string()))
    }

    fn open(&self) -> Result<(PathBuf, Connection), TraceError> {
        let path = self.resolved()?;
        let connection = open_read_only(&path).map_err(|error| self.unreadable(&error))?;
        Ok((path, connection))
    }

    fn unreadable(&self, error: &rusqlite::Error) -> TraceError {
        let path = self.file.path().display();
        TraceError(format!(
            "{path}: cannot be read as an OpenJarvis trace store: {}; check `[traces]` in kaizen.toml",
            sqlite_problem(error)
        ))
    }
}

impl TraceSource for OpenJarvisSource {
    fn scan(&self, visit: &mut dyn FnMut(Trace) -> ControlFlow<()>) -> Result<(), TraceError> {
        self.read(|store| scan(store, visit))
    }

    fn get(&self, trace_id: &str) -> Result<Option<Trace>, TraceError> {
        self.read(|store| Ok(load(store, &[trace_id.to_owned()])?.pop()))
    }

    fn search(&self, terms: &str, limit: usize) -> Result<Vec<Trace>, TraceError> {
        let Some(query) = fts_query(terms) else {
            return Ok(Vec::new());
        };
        self.read(|store| match has_index(store)? {
            true => load(store, &matching_ids(store, &query, limit)?),
            false => search_unindexed(store, &plain_words(terms), limit),
        })
    }

    fn pin(&self) -> Result<TracePin, TraceError> {
        pin_of(self)
    }
}

/// Opens a database read-only.
///
/// A store in WAL mode needs its `-shm` file. If that cannot be created, as in a read-only folder, the database file is
/// read alone, without the entries that are still in the write-ahead log.
fn open_read_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let open = |options: &str| -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(sqlite_uri(path, options), flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    };
    match open("mode=ro") {
        Err(error)
            if path.is_file()
                && matches!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
                ) =>
        {
            tracing::warn!(path = %path.display(), "the folder is not writable: the write-ahead log is ignored");
            open("mode=ro&immutable=1")
        }
        other => other,
    }
}

fn scan(store: &Connection, visit: &mut dyn FnMut(Trace) -> ControlFlow<()>) -> rusqlite::Result<()> {
    let mut order = store.prepare(NEWEST_FIRST)?;
    let mut trace_by_row = store.prepare("SELECT * FROM traces WHERE id = ?1")?;
    let mut step_by_row = store.prepare("SELECT * FROM trace_steps WHERE id = ?1")?;
    let mut step_order = store.prepare(STEPS_NEWEST_FIRST)?;
    let mut rows = order.query([])?;
    let mut step_rows = step_order.query([])?;
    let mut next_step = next_pair(&mut step_rows)?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let mut trace = trace_by_row.query_row([id], trace_from)?;
        while let Some((_, step)) = next_step.filter(|(owner, _)| *owner == id) {
            trace.steps.push(step_by_row.query_row([step], step_from)?);
            next_step = next_pair(&mut step_rows)?;
        }
        if visit(trace).is_break() {
            break;
        }
    }
    Ok(())
}

fn next_pair(rows: &mut Rows) -> rusqlite::Result<Option<(i64, i64)>> {
    rows.next()?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// The traces with these ids, in the order of the ids, with their steps. Unknown ids are left out.
fn load(store: &Connection, ids: &[String]) -> rusqlite::Result<Vec<Trace>> {
    let mut steps: BTreeMap<String, Vec<TraceStep>> = BTreeMap::new();
    let mut statement = store.prepare(STEPS_OF_SOME)?;
    let mut rows = statement.query([serde_json::json!(ids).to_string()])?;
    while let Some(row) = rows.next()? {
        steps.entry(row.get("trace_id")?).or_default().push(step_from(row)?);
    }
    let mut by_id = store.prepare("SELECT * FROM traces WHERE trace_id = ?1")?;
    let mut traces = Vec::new();
    for id in ids {
        if let Some(mut trace) = by_id.query_row([id], trace_from).optional()? {
            trace.steps = steps.remove(id).unwrap_or_default();
            traces.push(trace);
        }
    }
    Ok(traces)
}

fn has_index(store: &Connection) -> rusqlite::Result<bool> {
    store
        .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'traces_fts'")?
        .exists([])
}

fn matching_ids(store: &Connection, query: &str, limit: usize) -> rusqlite::Result<Vec<String>> {
    let mut statement = store.prepare(
        "SELECT t.trace_id FROM traces_fts JOIN traces AS t ON t.rowid = traces_fts.rowid
         WHERE traces_fts MATCH ?1 ORDER BY traces_fts.rank, t.id LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    statement.query_map(params![query, limit], |row| row.get(0))?.collect()
}

/// The newest traces that contain every word, for a store without a full-text index.
fn search_unindexed(store: &Connection, words: &[String], limit: usize) -> rusqlite::Result<Vec<Trace>> {
    let mut found = Vec::new();
    scan(store, &mut |trace| {
        if found.len() == limit {
            return ControlFlow::Break(());
        }
        let [result, agent] = [&trace.result, &trace.agent].map(|part| part.as_deref().unwrap_or_default());
        let text = format!("{} {} {result} {agent}", trace.trace_id, trace.query).to_lowercase();
        if words.iter().all(|word| text.contains(word)) {
            found.push(trace);
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn trace_from(row: &Row) -> rusqlite::Result<Trace> {
    let mut columns = columns(row, &["metadata", "messages"])?;
    let name = |value: Option<Value>| text(value).filter(|name| !name.is_empty());
    let time = |value: Option<Value>| number(value).filter(|seconds| *seconds != 0.0);
    Ok(Trace {
        trace_id: text(columns.remove("trace_id")).unwrap_or_default(),
        query: text(columns.remove("query")).unwrap_or_default(),
        agent: name(columns.remove("agent")),
        model: name(columns.remove("model")),
        engine: name(columns.remove("engine")),
        result: text(columns.remove("result")),
        outcome: text(columns.remove("outcome")),
        feedback: number(columns.remove("feedback")),
        started_at: time(columns.remove("started_at")),
        ended_at: time(columns.remove("ended_at")),
        total_tokens: columns.remove("total_tokens").and_then(|value| value.as_u64()),
        total_latency_seconds: number(columns.remove("total_latency_seconds")),
        metadata: columns.remove("metadata").unwrap_or_default(),
        steps: Vec::new(),
        extra: columns,
    })
}

fn step_from(row: &Row) -> rusqlite::Result<TraceStep> {
    let mut columns = columns(row, &["input", "output", "metadata"])?;
    columns.remove("trace_id");
    columns.remove("step_index");
    Ok(TraceStep {
        step_type: text(columns.remove("step_type")).unwrap_or_default(),
        input: columns.remove("input").unwrap_or_default(),
        output: columns.remove("output").unwrap_or_default(),
        duration_seconds: number(columns.remove("duration_seconds")),
        extra: columns,
    })
}

/// A row by column name, without its row number. The columns in `json` are parsed as JSON; if one does not parse, it
/// stays text.
fn columns(row: &Row, json: &[&str]) -> rusqlite::Result<Extra> {
    let mut columns = Extra::new();
    for (at, name) in row.as_ref().column_names().enumerate() {
        let value = match row.get_ref(at)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => number.into(),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                let parsed = json.contains(&name).then(|| serde_json::from_str(&text).ok()).flatten();
                parsed.unwrap_or_else(|| text.into_owned().into())
            }
        };
        columns.insert(name.to_owned(), value);
    }
    columns.remove("id");
    Ok(columns)
}

fn text(value: Option<Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn number(value: Option<Value>) -> Option<f64> {
    value.and_then(|value| value.as_f64())
}

#[cfg(test)]
#[path = "openjarvis_tests.rs"]
mod tests;
