//! Benchmark of redacting traces, in megabytes per second.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use kaizen::internals::Redactor;

use crate::measure::{Outcome, RUNS, timed};

/// Typical parts of agents' traces: prose, code, logs, JSON, numbers and times.
const PIECES: &[&str] = &[
    "Please move my meeting with the landlord from Tuesday to the first week of the next month, and tell me whether the train leaves on time.",
    "{\"step_type\": \"tool_call\", \"input\": {\"tool\": \"bash\", \"command\": \"find /workspace -type f -mtime -1 | sort\"}, \"duration_seconds\": 0.25}",
    "2026-11-23T08:15:00.123Z INFO worker-3 finished job 550e8400-e29b-41d4-a716-446655440000 in 4182 ms (tokens: 512 in, 77 out)",
    "for key, value in sorted(table.items()):\n    total += value * 1.5\n    print(f\"{key}: {value:>8.2f}\")\n",
    "-rw-r--r-- 1 root root 61202244 Nov 23 08:15 dir1/subdir2/textfile7.txt  d41d8cd98f00b204e9800998ecf8427e",
    "The author of the paper passes the keyboard to the passenger; the authority publishes the token of appreciation.",
];

/// A text of about 4 MB in fields of about 600 bytes, a few of which contain a key or an address.
pub fn redaction() -> Outcome<()> {
    let fields: Vec<String> = (0..8000).map(field).collect();
    let bytes: usize = fields.iter().map(String::len).sum();
    let redactor = Redactor::default();
    let mut best = f64::MAX;
    for _ in 0..RUNS {
        let all = || -> Outcome<()> {
            fields.iter().for_each(|field| drop(redactor.text(field)));
            Ok(())
        };
        best = best.min(timed(all)?.as_secs_f64());
    }
    println!(
        "{:<58} {:>6.1} MB/s",
        "redact traces, best of 5",
        bytes as f64 / 1e6 / best
    );
    Ok(())
}

fn field(at: usize) -> String {
    let mut field: Vec<&str> = (0..5)
        .map(|piece| PIECES[(at * 7 + piece * (at % 5 + 1)) % PIECES.len()])
        .collect();
    match at % 50 {
        0 => field.push("write to ada@example.org"),
        25 => field.push("with password=hunter2"),
        _ => {}
    }
    field.join("\n")
}
