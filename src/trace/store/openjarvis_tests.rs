//! Tests of the OpenJarvis store, on a small database that each test creates.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: real files, long tables

use super::*;
use crate::manifest::membership::EvidencePatterns;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE traces (id INTEGER PRIMARY KEY AUTOINCREMENT, trace_id TEXT NOT NULL UNIQUE, query TEXT NOT NULL DEFAULT '',
        agent TEXT NOT NULL DEFAULT '', model TEXT NOT NULL DEFAULT '', engine TEXT NOT NULL DEFAULT '',
        result TEXT NOT NULL DEFAULT '', outcome TEXT, feedback REAL, started_at REAL NOT NULL DEFAULT 0.0,
        ended_at REAL NOT NULL DEFAULT 0.0, total_tokens INTEGER NOT NULL DEFAULT 0,
        total_latency_seconds REAL NOT NULL DEFAULT 0.0, metadata TEXT NOT NULL DEFAULT '{}', messages TEXT NOT NULL DEFAULT '[]');
    CREATE TABLE trace_steps (id INTEGER PRIMARY KEY AUTOINCREMENT, trace_id TEXT NOT NULL, step_index INTEGER NOT NULL,
        step_type TEXT NOT NULL, timestamp REAL NOT NULL DEFAULT 0.0, duration_seconds REAL NOT NULL DEFAULT 0.0,
        input TEXT NOT NULL DEFAULT '{}', output TEXT NOT NULL DEFAULT '{}', metadata TEXT NOT NULL DEFAULT '{}');
    CREATE VIRTUAL TABLE traces_fts USING fts5(trace_id, query, result, agent, content='traces', content_rowid='rowid',
        tokenize='unicode61');
    CREATE TRIGGER traces_fts_ai AFTER INSERT ON traces BEGIN
        INSERT INTO traces_fts(rowid, trace_id, query, result, agent)
        VALUES (new.rowid, new.trace_id, new.query, new.result, new.agent); END;
    INSERT INTO traces (trace_id, query, agent, started_at, metadata) VALUES
        ('old', 'Translate bread', 'simple', 10, '{\"n\": 1}'), ('timeless', 'multi-hop tides', '', 0, 'not json'),
        ('tie-1', 'Déjà vu', 'simple', 20, '{}'), ('tie-2', 'Weather in Oslo', 'react', 20, '{}'),
        ('new', 'transfer money', 'react', 30, '{}');
    INSERT INTO trace_steps (trace_id, step_index, step_type, input) VALUES
        ('new', 1, 'respond', '{}'), ('old', 0, 'route', '{\"k\": [1]}'), ('new', 0, 'generate', 'plain'), ('orphan', 0, 'x', '{}');";

/// A store and its writer, which stays open as in OpenJarvis.
fn store() -> (tempfile::TempDir, Connection, OpenJarvisSource) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a ?#%.db");
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch(SCHEMA).unwrap();
    (folder, writer, source(&path))
}

fn source(path: &Path) -> OpenJarvisSource {
    let root = crate::sys::disk::Root::open(path.parent().unwrap()).unwrap();
    let patterns = EvidencePatterns::new(&["*.db".to_owned()]).unwrap();
    let mut files = root.evidence_files(&patterns).unwrap();
    OpenJarvisSource::new(files.pop().unwrap())
}

fn all(source: &OpenJarvisSource) -> Vec<Trace> {
    let mut traces = Vec::new();
    source
        .scan(&mut |trace| {
            traces.push(trace);
            ControlFlow::Continue(())
        })
        .unwrap();
    traces
}

fn ids(traces: &[Trace]) -> Vec<&str> {
    traces.iter().map(|trace| trace.trace_id.as_str()).collect()
}

#[test]
fn scans_newest_first_with_steps_in_order() {
    let (_folder, writer, source) = store();
    let traces = all(&source);
    assert_eq!(ids(&traces), ["new", "tie-1", "tie-2", "old", "timeless"]);
    let kinds: Vec<_> = traces[0].steps.iter().map(|step| step.step_type.as_str()).collect();
    assert_eq!(kinds, ["generate", "respond"]);
    assert_eq!(traces[0].steps[0].input, "plain");
    assert_eq!(traces[3].steps[0].input, serde_json::json!({"k": [1]}));
    assert_eq!((traces[4].started_at, &traces[4].agent), (None, &None));
    assert_eq!(
        (&traces[4].metadata, &traces[4].extra["messages"]),
        (&"not json".into(), &serde_json::json!([]))
    );
    for trace in &traces {
        assert_eq!(source.get(&trace.trace_id).unwrap().as_ref(), Some(trace));
    }
    assert_eq!(source.get("orphan").unwrap(), None);
    drop(writer);
}

#[test]
fn sees_what_its_owner_writes_and_pins_it() {
    let (_folder, writer, source) = store();
    let before = source.pin().unwrap();
    assert_eq!((before.count, &source.pin().unwrap()), (5, &before));
    writer
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO traces (trace_id) VALUES ('x')")
        .unwrap();
    assert_eq!(source.pin().unwrap(), before, "not yet committed");
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(source.pin().unwrap().count, 6);
}

#[test]
fn searches_with_and_without_the_stores_index() {
    let (_folder, writer, source) = store();
    let check = |cases: &[(&str, &[&str])]| {
        for (terms, wanted) in cases {
            let found = source.search(terms, 9).unwrap();
            let mut found = ids(&found);
            found.sort_unstable();
            assert_eq!(found, *wanted, "{terms:?}");
        }
    };
    check(&[
        ("trans*", &["new", "old"]),
        ("multi-hop", &["timeless"]),
        ("who's", &[]),
        ("", &[]),
        ("oslo weather", &["tie-2"]),
        ("OSLO", &["tie-2"]),
        ("deja", &["tie-1"]),
        ("bread OR oslo", &["old", "tie-2"]),
        ("\"in oslo\"", &["tie-2"]),
    ]);
    assert_eq!(source.search("trans*", 1).unwrap().len(), 1);
    writer
        .execute_batch("DROP TRIGGER traces_fts_ai; DROP TABLE traces_fts")
        .unwrap();
    check(&[
        ("trans*", &["new", "old"]),
        ("multi-hop", &["timeless"]),
        ("", &[]),
        ("weather oslo", &["tie-2"]),
    ]);
}

#[test]
fn an_unreadable_store_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.db");
    for bytes in [&b"no database at all, only text that is long enough"[..], b""] {
        std::fs::write(&path, bytes).unwrap();
        let message = source(&path).pin().unwrap_err().to_string();
        assert!(message.contains("traces.db: cannot be read as"), "{message}");
    }
}
