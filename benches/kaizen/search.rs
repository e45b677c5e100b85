//! Benchmark of searching traces.

use kaizen::internals::Root;
use kaizen::internals::open_traces;
use serde_json::json;

use crate::fixture::{lines, sentence, write};
use crate::measure::{Outcome, median, row, timed};

/// 100,000 traces: the index, searches, and the digest of the store.
pub fn search() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    let trace = |at: usize| {
        json!({"trace_id": format!("t{at}"), "query": sentence(at, 12), "agent": "intent",
        "result": sentence(at + 1_000_000, 20), "outcome": "success", "started_at": 1_700_000_000 + at})
    };
    write(
        &root.join("traces/traces.jsonl"),
        lines((0..100_000).map(trace)).as_bytes(),
    )?;
    let patterns = ["traces/*.jsonl".to_owned()];
    let root = &Root::open(root)?;
    let index = median(|| {
        root.remove_folder(".kaizen")?;
        timed(|| Ok(open_traces(root, &patterns)?.search("word7", 10).map(|_| ())?))
    })?;
    row("100,000 traces: first search, with its index", index);
    let store = open_traces(root, &patterns)?;
    for (what, terms) in [("a frequent word", "word7"), ("two words", "word7 word501")] {
        let found = || -> Outcome<()> {
            let found = store.search(terms, 10)?;
            (found.len() == 10)
                .then_some(())
                .ok_or_else(|| format!("{} found", found.len()).into())
        };
        row(&format!("100,000 traces: search for {what}"), median(|| timed(found))?);
    }
    row(
        "100,000 traces: count and digest of all",
        median(|| timed(|| Ok(store.pin().map(|_| ())?)))?,
    );
    Ok(())
}
