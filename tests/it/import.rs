//! Import of other programs' traces, tested through the program, into a workspace that then uses them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::space::{KAIZEN, Said, Space};

/// The repository's samples, one for each dialect.
fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports")
}

fn import(space: &Space, arguments: &[&str]) -> Said {
    space.kaizen(&[&["traces", "import", "--format", "json"], arguments].concat())
}

/// The report on one file.
fn report(said: &Said, file: &str) -> Value {
    let found = said
        .events()
        .into_iter()
        .find(|one| one["file"].as_str().is_some_and(|name| name.ends_with(file)));
    found.unwrap_or_else(|| panic!("no {file} in {}", said.out))
}

fn total(said: &Said) -> Value {
    said.events().last().unwrap()["total"].clone()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_folder_of_all_dialects_is_imported_once() {
    let space = Space::new();
    let samples = samples();
    let folder = samples.to_str().unwrap();
    let before = names_in(&space.root.join("traces"));

    let dry = import(&space, &[folder, "--dry-run"]).exits(0);
    assert_eq!(names_in(&space.root.join("traces")), before, "a dry run writes nothing");
    let first = import(&space, &[folder, "--agent", "porter"]).exits(0);
    assert_eq!(
        (total(&dry)["new"].clone(), total(&first)["dry_run"].clone()),
        (total(&first)["new"].clone(), json!(false))
    );
    assert_eq!(
        (
            &total(&first)["files"],
            &total(&first)["new"],
            &total(&first)["duplicates"]
        ),
        (&json!(12), &json!(21), &json!(0))
    );

    says_what_a_file_is_good_for(&space, &report(&first, "chat.jsonl"));

    // The store has the traces. `--agent` applies only to those without an agent.
    let found = space
        .kaizen(&["traces", "search", "herb", "--format", "json"])
        .exits(0)
        .events();
    assert_eq!(
        (&found[0]["query"], &found[0]["agent"]),
        (&json!("Name a herb."), &json!("porter"))
    );
    let found = space
        .kaizen(&["traces", "show", "otlp:aa01", "--format", "json"])
        .exits(0)
        .events();
    assert_eq!(found[0]["agent"], "skipper");
    let listed = space
        .kaizen(&["traces", "list", "--limit", "1000", "--format", "json"])
        .exits(0)
        .events();
    assert_eq!(listed.len(), 24 + 21);

    let after = names_in(&space.root.join("traces"));
    let second = import(&space, &[folder]).exits(0);
    assert_eq!(
        (&total(&second)["read"], &report(&second, "chat.jsonl")["status"]),
        (&json!(0), &json!("already_imported"))
    );
    assert_eq!(names_in(&space.root.join("traces")), after);
}

/// Asserts the report on `chat.jsonl`, and that the files that it names exist.
fn says_what_a_file_is_good_for(space: &Space, chat: &Value) {
    assert_eq!(
        (&chat["dialect"], &chat["status"], &chat["new"]),
        (&json!("chat"), &json!("imported"), &json!(3))
    );
    assert_eq!(chat["usable"], json!({"with_query": 3, "with_result": 2, "judged": 0}));
    assert_eq!(
        chat["missing"],
        json!({"query": 0, "result": 1, "outcome": 3, "feedback": 3, "time": 3, "agent": 0, "model": 2, "tokens": 3})
    );
    assert_eq!(chat["skipped"][0]["places"], json!(["line 3"]));
    let written = chat["written"].as_str().unwrap();
    let original = space
        .root
        .join("traces/imported")
        .join(chat["digest"].as_str().unwrap());
    assert_eq!(space.read(written).lines().count(), 3);
    assert_eq!(
        fs::read(original).unwrap(),
        fs::read(samples().join("chat.jsonl")).unwrap(),
        "the original is kept byte for byte"
    );
    assert_eq!(space.git(&["status", "--porcelain"]), "", "traces are private");
}

#[test]
fn an_archive_of_inspect_holds_the_traces_of_its_log() {
    let space = Space::new();
    let text = fs::read_to_string(samples().join("inspect.json")).unwrap();
    let mut log: Value = serde_json::from_str(&text.replace("NaN", "0")).unwrap();
    let mut archive = zip::ZipWriter::new(fs::File::create(space.root.join("log.eval")).unwrap());
    let mut put = |name: &str, value: &Value| {
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        serde_json::to_writer(&mut archive, value).unwrap();
    };
    for (at, sample) in log["samples"].take().as_array().unwrap().iter().enumerate() {
        put(&format!("samples/{at}_epoch_1.json"), sample);
    }
    put("summaries.json", &json!([]));
    put("header.json", &log);
    archive.finish().unwrap();
    let said = import(&space, &["log.eval"]).exits(0);
    let one = report(&said, "log.eval");
    assert_eq!((&one["dialect"], &one["new"]), (&json!("inspect"), &json!(3)));
    assert_eq!(one["skipped"][0]["places"], json!(["samples/3_epoch_1.json"]));
    let whole = samples().join("inspect.json");
    let said = import(&space, &[whole.to_str().unwrap()]).exits(0);
    assert_eq!(
        (&total(&said)["new"], &total(&said)["duplicates"]),
        (&json!(0), &json!(3))
    );
}

/// The archive has the first three samples of `inspect.json`, each in two frames of zstd, which is Inspect's default.
#[test]
fn an_archive_in_zstd_holds_the_traces_of_its_log() {
    let space = Space::new();
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/archives/inspect_zstd.eval");
    let said = import(&space, &[archive.to_str().unwrap()]).exits(0);
    let one = report(&said, "inspect_zstd.eval");
    assert_eq!((&one["dialect"], &one["new"]), (&json!("inspect"), &json!(3)), "{one}");
    let whole = samples().join("inspect.json");
    let said = import(&space, &[whole.to_str().unwrap()]).exits(0);
    assert_eq!(
        (&total(&said)["new"], &total(&said)["duplicates"]),
        (&json!(0), &json!(3))
    );
}

/// Lines of a Claude Code transcript: the type, the text and the second.
fn transcript(session: &str, lines: &[(&str, &str, usize)]) -> String {
    let line = |(kind, text, second): &(&str, &str, usize)| {
        let line = json!({"type": kind, "sessionId": session, "uuid": format!("u{second}"), "timestamp": format!("2026-01-01T10:00:{second:02}Z"),
            "message": {"role": kind, "content": [{"type": "text", "text": text}]}});
        format!("{line}\n")
    };
    lines.iter().map(line).collect()
}

#[test]
fn a_resumed_session_counts_once_and_notes_are_no_prompts() {
    let space = Space::new();
    let first = [("user", "Capital of Italy?", 1), ("assistant", "Rome.", 2)];
    let more = [
        ("user", "<task-notification>done</task-notification>", 3),
        ("user", "And Spain?", 4),
        ("assistant", "Madrid.", 5),
    ];
    space.write("in/b.jsonl", &transcript("S2", &[&first[..], &more[..]].concat()));
    space.write("in/a.jsonl", &transcript("S1", &first));
    let said = import(&space, &["in"]).exits(0);
    let counts = (&total(&said)["new"], &total(&said)["duplicates"]);
    assert_eq!(counts, (&json!(2), &json!(1)), "{}", said.out);
    assert_eq!(
        report(&said, "b.jsonl")["changed"],
        0,
        "the same content under another session id"
    );
    let found = space
        .kaizen(&["traces", "search", "Spain", "--format", "json"])
        .exits(0)
        .events();
    assert_eq!(found[0]["result"], "Madrid.");
}

#[test]
fn a_recognised_file_without_a_trace_is_named_with_the_reason() {
    let space = Space::new();
    let aside =
        json!({"type": "user", "sessionId": "s", "isSidechain": true, "message": {"role": "user", "content": "Look"}});
    space.write("in/agent-1.jsonl", &format!("{aside}\n{aside}\n"));
    space.write("in/spans.json", "{\"resourceSpans\": []}");
    space.write("in/rows.jsonl", "{\"messages\": [{\"id\": 1, \"text\": \"a\"}]}\n");
    let reasons = [
        "in/agent-1.jsonl: not imported: it looks like Claude Code transcripts, but it contains no trace: a message of a sub-agent (2: line 1, line 2)",
        "in/spans.json: not imported: it looks like OpenTelemetry spans, but it contains no trace",
        "in/rows.jsonl: not imported: it looks like chat, but no message has a role",
    ];
    space.kaizen(&["traces", "import", "in"]).exits(1).says(&reasons);
    // One good file is enough for the folder, on the second import as well.
    space.write("in/good.jsonl", &format!("{}\n", chat("q", 1)));
    space.kaizen(&["traces", "import", "in"]).exits(0).says(&reasons);
    space.kaizen(&["traces", "import", "in"]).exits(0).says(&reasons);
    space.kaizen(&["traces", "import", "in", "in/spans.json"]).exits(1);
    fs::create_dir(space.root.join("nothing")).unwrap();
    space.kaizen(&["traces", "import", "in", "nothing"]).exits(1);
}

#[test]
fn utf16_is_named_and_a_byte_order_mark_is_skipped() {
    let space = Space::new();
    let line = format!("{}\n", chat("q", 1));
    space.write("mark.jsonl", &format!("\u{feff}{line}"));
    let utf16: Vec<u8> = format!("\u{feff}{line}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(space.root.join("wide.jsonl"), utf16).unwrap();
    space
        .kaizen(&["traces", "import", "mark.jsonl", "wide.jsonl"])
        .exits(1)
        .says(&["wide.jsonl: not imported: it is UTF-16 text: save it as UTF-8"]);
}

#[test]
fn duplicates_are_dropped_by_id_and_by_content() {
    let space = Space::new();
    let line = |word: &str| {
        format!(
            "{}\n",
            json!({"messages": [{"role": "user", "content": word}, {"role": "assistant", "content": "yes"}]})
        )
    };
    space.write("a.jsonl", &[line("one"), line("two"), line("one")].concat());
    space.write("b.jsonl", &[line("two"), line("three")].concat());
    space.write("c.jsonl", &line("three"));
    let own = json!({"trace_id": "mine", "query": "q"});
    space.write(
        "d.jsonl",
        &format!("{own}\n{}\n", json!({"trace_id": "mine", "query": "other"})),
    );
    let said = import(&space, &["a.jsonl", "b.jsonl", "c.jsonl", "d.jsonl"]).exits(0);
    let counts = |file: &str| {
        let one = report(&said, file);
        (
            one["new"].as_u64().unwrap(),
            one["duplicates"].as_u64().unwrap(),
            one["changed"].as_u64().unwrap(),
        )
    };
    assert_eq!(
        [
            counts("a.jsonl"),
            counts("b.jsonl"),
            counts("c.jsonl"),
            counts("d.jsonl")
        ],
        [(2, 1, 0), (1, 1, 0), (0, 1, 0), (1, 1, 1)]
    );
    assert_eq!(report(&said, "c.jsonl")["status"], "nothing_new");
    assert_eq!(
        names_in(&space.root.join("traces/imported")).len(),
        3,
        "a file without new traces is not kept"
    );
    let text = space.kaizen(&["traces", "import", "a.jsonl", "c.jsonl"]).exits(0);
    assert!(
        text.out.contains("a.jsonl: already imported")
            && text
                .out
                .contains("c.jsonl: chat, 1 trace: 0 new, 1 dropped as duplicates"),
        "{}",
        text.out
    );
}

#[test]
fn what_cannot_be_imported_is_named_and_the_rest_is() {
    let space = Space::new();
    space.write(
        "in/good.jsonl",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}\n",
    );
    space.write("in/empty.jsonl", "");
    space.write("in/letter.txt", "Dear all,\n");
    space.write("in/other.json", "{\"rows\": []}");
    space.write("in/cut.json", "{\n\"eval\": {\"task\": \"");
    space.write("in/.hidden.json", "{");
    fs::write(space.root.join("in/noise.bin"), [0, 159, 146, 150, 10, 13, 0]).unwrap();
    fs::write(space.root.join("in/cut.eval"), b"PK\x03\x04\x14\x00").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", space.root.join("in/broken")).unwrap();
        std::os::unix::fs::symlink("..", space.root.join("in/up")).unwrap();
    }
    let said = space.kaizen(&["traces", "import", "in", "gone.json"]).exits(1).says(&[
        "in/empty.jsonl: not imported: it is empty",
        "in/letter.txt: not imported: it is not JSON: expected value at line 1, column 1",
        "in/other.json: not imported: its format is unknown; known formats are chat conversations, Claude Code transcripts",
        "in/cut.json: not imported: it is not JSON: EOF while parsing a string at line 2",
        "in/noise.bin: not imported",
        "in/cut.eval: not imported: it is an archive that cannot be opened",
        "gone.json: not imported: No such file",
    ]);
    assert!(said.out.contains("in/good.jsonl: chat, 1 trace: 1 new"), "{}", said.out);
    assert!(
        said.out.contains("7 failed") && !said.out.contains("hidden"),
        "{}",
        said.out
    );
    #[cfg(unix)]
    assert!(
        said.out.contains("in/broken: not followed, because it is a link"),
        "{}",
        said.out
    );
    // The folder holds a trace, and each named file without one counts.
    space.kaizen(&["traces", "import", "in"]).exits(0);
    space.kaizen(&["traces", "import", "in/empty.jsonl"]).exits(1);
    space.kaizen(&["traces", "import"]).exits(2);
    Space::empty()
        .kaizen(&["traces", "import", "x"])
        .exits(2)
        .says(&["no kaizen.toml"]);
}

#[test]
#[cfg(unix)]
fn what_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let space = Space::new();
    space.write("in/shut/a.json", "{}");
    space.write("in/b.json", "{}");
    for name in ["in/shut", "in/b.json"] {
        fs::set_permissions(space.root.join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let may_read_anything = fs::read(space.root.join("in/b.json")).is_ok();
    let said = space.kaizen(&["traces", "import", "in"]).exits(1);
    fs::set_permissions(space.root.join("in/shut"), fs::Permissions::from_mode(0o755)).unwrap();
    if !may_read_anything {
        said.says(&[
            "in/b.json: not imported: Permission denied",
            "in/shut: not imported: Permission denied",
        ]);
    }
}

/// A conversation whose answer is repeated `times` times.
fn chat(query: &str, times: usize) -> String {
    let answer = "so long ".repeat(times);
    json!({"messages": [{"role": "user", "content": query}, {"role": "assistant", "content": answer}]}).to_string()
}

#[test]
fn a_line_of_many_megabytes_is_named_and_the_others_are_imported() {
    let space = Space::new();
    let lines = [chat("long", 9 << 20), chat("short", 1)];
    space.write("long.jsonl", &lines.join("\n"));
    space.write("only.jsonl", &lines[0]);
    let said = import(&space, &["long.jsonl", "only.jsonl"]).exits(1);
    let one = report(&said, "long.jsonl");
    assert_eq!(
        (&one["read"], &one["new"], &one["skipped"][0]["reason"]),
        (&json!(1), &json!(1), &json!("a line of more than 64 MiB"))
    );
    assert_eq!(one["skipped"][0]["places"], json!(["line 1"]));
    let error = report(&said, "only.jsonl")["error"].clone();
    assert!(error.as_str().unwrap().contains("larger than 64 MiB"), "{error}");
    space.kaizen(&["traces", "list"]).exits(0);
}

/// The peak memory of the program with these arguments, in MiB.
#[cfg(target_os = "linux")]
fn peak(space: &Space, arguments: &[&str]) -> u64 {
    let mut child = space
        .command(KAIZEN, arguments)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        most = most.max(kilobytes.unwrap_or(0) / 1024);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    most
}

/// An import of a file that is too large to be read as a whole needs hardly more memory than one of its lines.
#[test]
#[cfg(target_os = "linux")]
fn a_large_file_streams() {
    let space = Space::new();
    // A file of up to 64 MiB is read as a whole.
    let chats: Vec<String> = (0..34)
        .map(|number| chat(&format!("query {number}"), 1 << 18))
        .collect();
    space.write("small.jsonl", &chats[0]);
    let least = peak(&space, &["traces", "import", "--dry-run", "small.jsonl"]);
    space.write("large.jsonl", &chats.join("\n"));
    let most = peak(&space, &["traces", "import", "large.jsonl"]);
    assert!(
        most < least + 20,
        "{least} MiB for one line, {most} MiB for a file of 68 MiB"
    );
    let original = names_in(&space.root.join("traces/imported"));
    let original = fs::read(space.root.join("traces/imported").join(&original[0])).unwrap();
    assert!(original == fs::read(space.root.join("large.jsonl")).unwrap());
    space.write("large.json", &format!(" [\n{}\n]\n", chats.join(",\n")));
    let most = peak(&space, &["traces", "import", "--dry-run", "large.json"]);
    assert!(
        most < least + 20,
        "{least} MiB for one line, {most} MiB for a list of 68 MiB"
    );
    let said = import(&space, &["--dry-run", "large.json"]).exits(0);
    assert_eq!(report(&said, "large.json")["duplicates"], json!(34));
}

#[test]
fn a_session_is_ready_with_imported_traces_alone() {
    let space = Space::new();
    let traces = space.read("traces/runs.jsonl");
    fs::remove_file(space.root.join("traces/runs.jsonl")).unwrap();
    let line = |line: &str| {
        let trace: Value = serde_json::from_str(line).unwrap();
        format!(
            "{}\n",
            json!({"messages": [{"role": "user", "content": trace["query"]}, {"role": "assistant", "content": "none"}]})
        )
    };
    space.write("chats.jsonl", &traces.lines().map(line).collect::<String>());
    import(&space, &["chats.jsonl", "--agent", "assistant"]).exits(0);
    space.run(&["--until", "readiness"]);
    let readiness = space.artifact("readiness.json");
    assert_eq!(
        (&readiness["ready"], &readiness["usable_traces"]),
        (&json!(true), &json!(24)),
        "{readiness}"
    );
}

#[test]
fn traces_that_the_manifest_does_not_name_are_warned_of() {
    let space = Space::new();
    space.write("kaizen.toml", "[traces]\nfiles = [\"elsewhere/*.jsonl\"]\n");
    space.write(
        "a.jsonl",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}\n",
    );
    import(&space, &["a.jsonl"])
        .exits(0)
        .says(&["`[traces] files` in kaizen.toml does not match traces/imported-"]);
}

/// File, dialect, and numbers: traces, with a query, with a result, judged, skipped.
type Row = (&'static str, &'static str, u64, u64, u64, u64, u64);

/// The content of the public files.
///
/// A separate script, not this program, counted them: lines of Claude Code with a `user` message without `tool_result`;
/// files under `samples/` of the archive, and the length of `samples`; keys of InterCode; one for each export of
/// Langfuse; events of OpenHands with source `user` and action `message`; distinct `traceId`s; one for each file of
/// SWE-agent and ToolBench. It counted queries, results and steps where the file states them.
const PUBLIC: [Row; 18] = [
    (
        "claude_code/representative_messages.jsonl",
        "claude_code",
        4,
        4,
        3,
        0,
        1,
    ),
    ("claude_code/sample_session.jsonl", "claude_code", 2, 2, 1, 0, 1),
    ("claude_code/todowrite_examples.jsonl", "claude_code", 2, 2, 0, 0, 1),
    ("popularity_dPiJifoWeEQBrfWsAopzWr.eval", "inspect", 10, 10, 10, 0, 0),
    ("2025-05-12T20-28-13-04-00_popularity.json", "inspect", 3, 3, 3, 3, 0),
    (
        "ic_bash_multiturn_gpt-4_10_turns_fs_4.json",
        "intercode",
        27,
        27,
        27,
        27,
        0,
    ),
    ("ic_bash_react_10_turns_fs_4.json", "intercode", 27, 27, 27, 27, 0),
    ("claude-agent-2025-12-22.trace.json", "langfuse", 1, 1, 1, 1, 0),
    ("google-gemini-2025-08-01.trace.json", "langfuse", 1, 1, 1, 0, 0),
    ("koog-2025-08-26.trace.json", "langfuse", 1, 1, 1, 0, 0),
    ("openai-agents-2025-09-30.trace.json", "langfuse", 1, 1, 1, 0, 0),
    (
        "pydantic-ai-with-gemini-2025-12-24.trace.json",
        "langfuse",
        1,
        1,
        1,
        0,
        0,
    ),
    ("openhands/basic.json", "openhands", 1, 1, 1, 0, 0),
    ("openhands/basic_interactions.json", "openhands", 3, 3, 3, 0, 0),
    // Two of the ten spans are embeddings, without query and result.
    ("vercel-v6-all-spans.json", "otlp", 10, 8, 8, 0, 0),
    ("6e44b9__sweagenttestrepo-1c2844.traj", "sweagent", 1, 1, 1, 0, 0),
    ("function_calling_simple.traj", "sweagent", 1, 1, 0, 0, 0),
    ("10_ChatGPT_DFS_woFilter_w2.json", "toolbench", 1, 1, 1, 0, 0),
];

/// Needs public data that is not in this repository; without it, the test does nothing.
#[test]
fn public_files_hold_what_they_hold() {
    let data = std::env::var_os("KAIZEN_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let raw = data.join("traces/raw");
    if !raw.is_dir() {
        eprintln!("skipped: there is no {}", raw.display());
        return;
    }
    let space = Space::new();
    let said = import(&space, &[raw.to_str().unwrap()]).exits(0);
    for (file, dialect, traces, queries, results, judged, passed) in PUBLIC {
        let one = report(&said, file);
        assert_eq!(
            (one["dialect"].as_str(), one["read"].as_u64(), one["new"].as_u64()),
            (Some(dialect), Some(traces), Some(traces)),
            "{file}"
        );
        assert_eq!(
            one["usable"],
            json!({"with_query": queries, "with_result": results, "judged": judged}),
            "{file}"
        );
        let skipped: u64 = one["skipped"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reason| reason["count"].as_u64().unwrap())
            .sum();
        assert_eq!(skipped, passed, "{file}");
    }
    assert_eq!(
        total(&said),
        json!({"files": 18, "failed": 0, "read": 97, "new": 97, "duplicates": 0, "with_query": 95, "dry_run": false})
    );
    steps_and_grades(&space);
}

/// Asserts sums over the imported traces of a dialect, as counted in the files: solved tasks, actions, calls of models
/// and tools.
fn steps_and_grades(space: &Space) {
    let all = space
        .kaizen(&["traces", "list", "--limit", "1000", "--format", "json"])
        .exits(0)
        .events();
    let of = |source: &str| {
        all.iter()
            .filter(|trace| trace["metadata"]["source"] == source)
            .cloned()
            .collect::<Vec<_>>()
    };
    let steps = |traces: &[Value], kind: &str| {
        let each = traces.iter().flat_map(|trace| trace["steps"].as_array().unwrap());
        each.filter(|step| step["step_type"] == kind).count()
    };
    let succeeded = |traces: &[Value]| traces.iter().filter(|trace| trace["outcome"] == "success").count();
    let (intercode, inspect, langfuse) = (of("intercode"), of("inspect"), of("langfuse"));
    // 16 + 7 tasks with a best reward of 1; 131 + 116 actions.
    assert_eq!((succeeded(&intercode), steps(&intercode, "tool_call")), (23, 247));
    // Two samples of the JSON log have score C, one has score I; the archive has no scores.
    assert_eq!((succeeded(&inspect), steps(&inspect, "respond")), (2, 13));
    // 10 observations of type GENERATION, 3 of type TOOL, and 2 spans of Koog with `gen_ai.tool.name`.
    assert_eq!(steps(&langfuse, "generate") + steps(&langfuse, "respond"), 10);
    assert_eq!(steps(&langfuse, "tool_call"), 5);
    // 5 entries in the one trajectory, 5 messages with calls in the other history.
    assert_eq!(steps(&of("sweagent"), "tool_call"), 10);
    // 7 `tool_use` blocks in the three transcripts.
    assert_eq!(steps(&of("claude_code"), "tool_call"), 7);
}
