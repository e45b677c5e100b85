//! Tests of JSON Lines stores and combined stores, on files that each test writes.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: real files, long tables

use std::fs;

use super::*;
use crate::sys::disk::LARGEST_ARTIFACT;

struct Workspace(tempfile::TempDir);

impl Workspace {
    fn new(files: &[(&str, &str)]) -> Self {
        let workspace = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, text)| workspace.write(name, text));
        workspace
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn root(&self) -> Root {
        Root::open(self.0.path()).unwrap()
    }

    fn open(&self) -> Box<dyn TraceSource> {
        let patterns = ["traces/*.jsonl".to_owned(), "traces.db".to_owned()];
        open(&self.root(), &patterns).unwrap()
    }
}

fn ids(traces: &[Trace]) -> Vec<String> {
    traces.iter().map(|trace| trace.trace_id.clone()).collect()
}

fn all(source: &dyn TraceSource) -> Vec<Trace> {
    list(source, &Filter::default()).unwrap()
}

#[test]
fn every_well_formed_shape_is_read_newest_first() {
    let workspace = Workspace::new(&[
        (
            "traces/a.jsonl",
            "\u{feff}{\"trace_id\":\"a1\",\"started_at\":5}\r\n\r\n  \n{\"trace_id\":\"a2\"}\n{\"trace_id\":\"a3\",\"started_at\":\"1970-01-01T00:00:09Z\"}",
        ),
        (
            "traces/b.jsonl",
            "{\"trace_id\":\"b1\",\"started_at\":7}\n{\"trace_id\":\"a1\",\"query\":\"again\"}\n{\"trace_id\":\"b2\"}\n{\"trace_id\":\"cut",
        ),
        ("traces/c.jsonl", ""),
        ("traces/deep/d.jsonl", "not read"),
        ("elsewhere.jsonl", "not read"),
    ]);
    let source = workspace.open();
    assert_eq!(ids(&all(&*source)), ["a3", "b1", "a1", "b2", "a2"]);
    assert_eq!(source.get("a1").unwrap().unwrap().query, "", "the first of two counts");
    assert_eq!(source.get("cut").unwrap(), None);
    assert_eq!(source.pin().unwrap().count, 5);
    let two = Filter {
        limit: Some(2),
        ..Filter::default()
    };
    assert_eq!(ids(&list(&*source, &two).unwrap()), ["a3", "b1"]);
}

#[test]
fn a_workspace_without_traces_is_empty() {
    let source = Workspace::new(&[]).open();
    assert_eq!((all(&*source).len(), source.pin().unwrap().count), (0, 0));
    assert_eq!(source.search("x", 5).unwrap(), []);
}

#[test]
fn wrong_lines_are_named_with_their_place() {
    let long = format!("\n{{\"trace_id\":\"{}\"}}", "x".repeat(LARGEST_ARTIFACT as usize));
    for (text, part) in [
        (
            "{\"trace_id\":\"a\"}\n{\"trace_id\":\n{\"trace_id\":\"b\"}\n",
            "a.jsonl:2: not a trace",
        ),
        ("{\"trace_id\":\"a\"}\n\n{}\n", "a.jsonl:3: not a trace"),
        ("{\"trace_id\":\"a\",\"steps\":5}\n", "a.jsonl:1: not a trace"),
        (&long, "a.jsonl:2: the line is longer"),
    ] {
        let workspace = Workspace::new(&[("traces/a.jsonl", text)]);
        let source = workspace.open();
        let message = source.pin().unwrap_err().to_string();
        assert!(message.contains(part) && message.contains("delete"), "{message}");
        assert!(source.search("a", 5).is_err());
    }
}

#[test]
fn other_files_and_bad_globs_are_refused() {
    let workspace = Workspace::new(&[("traces/a.csv", "x")]);
    for pattern in ["traces/*", "traces/[", "traces/a.csv"] {
        let opened = open(&workspace.root(), &[pattern.to_owned()]);
        let message = opened.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("kaizen.toml"), "{pattern}: {message}");
    }
}

#[test]
fn a_pin_changes_with_any_content_and_only_then() {
    let pin = |text: &str| Workspace::new(&[("traces/a.jsonl", text)]).open().pin().unwrap();
    let plain = pin("{\"trace_id\":\"a\",\"query\":\"q\"}");
    assert_eq!(plain, pin("\n{ \"query\": \"q\", \"trace_id\": \"a\" }\r\n"));
    assert_ne!(plain, pin("{\"trace_id\":\"a\",\"query\":\"r\"}"));
    assert_ne!(plain, pin("{\"trace_id\":\"a\",\"query\":\"q\",\"mood\":1}"));
}

#[test]
fn search_follows_the_files() {
    let workspace = Workspace::new(&[(
        "traces/a.jsonl",
        "{\"trace_id\":\"a\",\"query\":\"weather in Oslo\"}\n{\"trace_id\":\"b\",\"result\":\"transl",
    )]);
    let found = |terms: &str| ids(&workspace.open().search(terms, 9).unwrap());
    assert_eq!((found("oslo"), found("trans*")), (vec!["a".to_owned()], vec![]));
    let text = fs::read_to_string(workspace.path("traces/a.jsonl")).unwrap();
    workspace.write("traces/a.jsonl", &format!("{text}ation\"}}\n"));
    assert_eq!(
        (found("OSLO weather"), found("trans*")),
        (vec!["a".to_owned()], vec!["b".to_owned()])
    );
    workspace.write(
        "traces/b.jsonl",
        "{\"trace_id\":\"a\",\"query\":\"Oslo again\"}\n{\"trace_id\":\"c\",\"agent\":\"multi-hop\"}\n",
    );
    assert_eq!(
        (found("oslo"), found("again"), found("multi-hop")),
        (vec!["a".to_owned()], vec![], vec!["c".to_owned()])
    );
    workspace.write("traces/a.jsonl", "{\"trace_id\":\"z\",\"query\":\"rewritten, and longer than it was before, so that the size does not shrink\"}\n");
    assert_eq!(
        (found("weather"), found("rewritten"), found("again")),
        (vec![], vec!["z".to_owned()], vec!["a".to_owned()])
    );
    fs::remove_file(workspace.path("traces/a.jsonl")).unwrap();
    assert_eq!(found("rewritten"), Vec::<String>::new());
    workspace.write(
        ".kaizen/cache/traces.db",
        "this is no database at all, only a text that is long enough to be one",
    );
    assert_eq!(found("hop"), ["c"]);
}

#[test]
fn where_no_index_can_be_kept_a_search_makes_its_own() {
    let traces = ("traces/a.jsonl", "{\"trace_id\":\"a\",\"query\":\"weather in Oslo\"}\n");
    // Even root cannot create a folder under a file, or a database where a folder is.
    for in_the_way in [(".kaizen", "a file"), (".kaizen/cache/traces.db/x", "in a folder")] {
        let workspace = Workspace::new(&[traces, in_the_way]);
        let found = workspace.open().search("oslo", 9).unwrap();
        assert_eq!(ids(&found), ["a"], "{in_the_way:?}");
        assert_eq!(fs::read_to_string(workspace.path(in_the_way.0)).unwrap(), in_the_way.1);
    }
}

#[test]
fn appended_lines_are_whole() {
    let workspace = Workspace::new(&[]);
    let path = workspace.path("traces/new/x.jsonl");
    let trace = |id: &str| -> Trace {
        serde_json::from_value(serde_json::json!({"trace_id": id, "query": "two\nlines"})).unwrap()
    };
    append(&workspace.root(), &path, &[trace("a"), trace("b")]).unwrap();
    append(&workspace.root(), &path, &[]).unwrap();
    append(&workspace.root(), &path, &[trace("c")]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
    fs::write(&path, "{\"trace_id\":\"unfinished").unwrap();
    append(&workspace.root(), &path, &[trace("d")]).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().next(), Some("{\"trace_id\":\"unfinished"));
    assert!(text.ends_with("}\n") && text.lines().count() == 2);
}

#[test]
fn several_stores_are_merged_newest_first() {
    let source = |name: &str, text: &str| -> (Workspace, Box<dyn TraceSource>) {
        let workspace = Workspace::new(&[(name, text)]);
        let source = workspace.open();
        (workspace, source)
    };
    let (_one, first) = source(
        "traces/a.jsonl",
        "{\"trace_id\":\"1\",\"started_at\":1}\n{\"trace_id\":\"3\",\"started_at\":3,\"query\":\"x\"}\n{\"trace_id\":\"0\"}\n",
    );
    let (_two, second) = source(
        "traces/b.jsonl",
        "{\"trace_id\":\"2\",\"started_at\":2,\"query\":\"x\"}\n{\"trace_id\":\"3\",\"started_at\":3}\n",
    );
    let combined = CombinedSource(vec![first, second]);
    assert_eq!(ids(&all(&combined)), ["3", "2", "1", "0"]);
    assert_eq!(ids(&combined.search("x", 5).unwrap()), ["3", "2"]);
    assert_eq!(combined.get("3").unwrap().unwrap().query, "x");
    let one = Filter {
        limit: Some(1),
        ..Filter::default()
    };
    assert_eq!(ids(&list(&combined, &one).unwrap()), ["3"]);
    let (_bad, broken) = source("traces/c.jsonl", "nonsense\n");
    assert!(
        CombinedSource(vec![combined.0.into_iter().next().unwrap(), broken])
            .pin()
            .is_err()
    );
}
