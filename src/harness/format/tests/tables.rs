//! Single changes, with the exact text that results.

use super::checks::{lists_are_edited, path, places_are_refused, values_are_set, values_are_unset};
use crate::harness::format::error::FormatError;
use crate::harness::format::{set_value, values};
use crate::manifest::surface::SurfaceFormat;
use serde_json::{Value as Json, json};

use SurfaceFormat::{Json as JsonFile, Jsonc, Jsonl, Toml};

#[test]
fn a_new_value_replaces_only_the_old_one() {
    let cases: &[(SurfaceFormat, &str, &str, Json, &str)] = &[
        (JsonFile, "{\"a\": 1}", "a", json!(2), "{\"a\": 2}"),
        (
            JsonFile,
            "{\n  \"x\": [\n    {\"b\": 1, \"a\": []}\n  ]\n}\n",
            "x",
            json!([{"b": 1, "a": []}, {"a": ["é"], "b": 2}]),
            "{\n  \"x\": [\n    {\"b\": 1, \"a\": []},\n    {\"b\": 2, \"a\": [\"é\"]}\n  ]\n}\n",
        ),
        (
            JsonFile,
            "{\"a\": \"\\ud83d\\ude00\", \"b\": 1e2}",
            "a",
            json!("\u{1f600}!"),
            "{\"a\": \"\u{1f600}!\", \"b\": 1e2}",
        ),
        (
            JsonFile,
            "\u{feff}{\r\n  \"a\": {\"b\": \"x\"}\r\n}",
            "a.b",
            json!("y\n"),
            "\u{feff}{\r\n  \"a\": {\"b\": \"y\\n\"}\r\n}",
        ),
        (
            JsonFile,
            "{\"m\": [{\"n\": \"x\", \"v\": 1}, {\"n\": \"y\", \"v\": 2}]}",
            "m[n=y].v",
            json!(3),
            "{\"m\": [{\"n\": \"x\", \"v\": 1}, {\"n\": \"y\", \"v\": 3}]}",
        ),
        (
            JsonFile,
            "{\n  \"a\": 1\n}\n",
            "b",
            json!(2),
            "{\n  \"a\": 1,\n  \"b\": 2\n}\n",
        ),
        (
            JsonFile,
            "{\n  \"a\": 1\n}\n",
            "b.c",
            json!(2),
            "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 2\n  }\n}\n",
        ),
        (JsonFile, "{}", "b", json!(2), "{\"b\": 2}"),
        (JsonFile, "{\n}\n", "b", json!(2), "{\n  \"b\": 2\n}\n"),
        (JsonFile, "{\"a\":1}", "b", json!([1, 2]), "{\"a\":1, \"b\":[1,2]}"),
        (JsonFile, "{\"a\":null}", "a.b", json!(1), "{\"a\":{\"b\":1}}"),
        (JsonFile, "[1, 2]", "[1]", json!(3), "[1, 3]"),
        (
            Jsonc,
            "{\n\t// one\n\t\"a\": 1, // two\n\t\"b\": [1, 2,], /* three */\n}\n",
            "a",
            json!("x"),
            "{\n\t// one\n\t\"a\": \"x\", // two\n\t\"b\": [1, 2,], /* three */\n}\n",
        ),
        (
            Jsonc,
            "{\n\t\"a\": 1, // two\n}\n",
            "b",
            json!(true),
            "{\n\t\"a\": 1, // two\n\t\"b\": true,\n}\n",
        ),
        (
            Jsonc,
            "{\n\t\"a\": 1 // two\n}\n",
            "b",
            json!(true),
            "{\n\t\"a\": 1, // two\n\t\"b\": true\n}\n",
        ),
        (
            Jsonl,
            "{\"q\":1}\n\n{\"q\":2}\n",
            "[1].q",
            json!(3),
            "{\"q\":1}\n\n{\"q\":3}\n",
        ),
        (
            Toml,
            "a = 1 # one\n[t]\nb = 'x'\n",
            "t.b",
            json!("y"),
            "a = 1 # one\n[t]\nb = 'y'\n",
        ),
        (
            Toml,
            "a = \"\"\"\nOne.\nTwo.\n\"\"\"\n",
            "a",
            json!("One.\nThree.\n"),
            "a = \"\"\"\nOne.\nThree.\n\"\"\"\n",
        ),
        (Toml, "a = 1\n", "b", json!(2), "a = 1\nb = 2\n"),
        (Toml, "a = 1\n", "t.b", json!(2), "a = 1\n\n[t]\nb = 2\n"),
        (Toml, "t.a = 1\n", "t.b", json!(2), "t.a = 1\nt.b = 2\n"),
        (
            Toml,
            "[[m]]\nn = \"x\"\nv = 1\n[[m]]\nn = \"y\"\n",
            "m[n=x].w",
            json!(2),
            "[[m]]\nn = \"x\"\nv = 1\nw = 2\n[[m]]\nn = \"y\"\n",
        ),
        (Toml, "m = { a = 1 }\n", "m.b.c", json!(2), "m = { a = 1, b.c = 2 }\n"),
        (
            Toml,
            "d = 2024-01-02 # day\n",
            "d",
            json!("2024-02-03"),
            "d = 2024-02-03 # day\n",
        ),
        (Toml, "l = [\n  1, # one\n]\n", "l", json!([]), "l = []\n"),
        (
            Toml,
            "l = [\n  \"a\", # a\n  \"b\" # b\n]\n",
            "l",
            json!(["c", "b"]),
            "l = [\n  \"c\",\n  \"b\" # b\n]\n",
        ),
        (
            Toml,
            "l = [\n  1, # one\n  2,\n]\n",
            "l",
            json!([1, 3, 4]),
            "l = [\n  1, # one\n  3,\n  4,\n]\n",
        ),
    ];
    values_are_set(cases);
}

#[test]
fn an_unset_value_leaves_the_rest() {
    let cases: &[(SurfaceFormat, &str, &str, &str)] = &[
        (JsonFile, "{\"a\": 1, \"b\": 2}", "a", "{\"b\": 2}"),
        (JsonFile, "{\"a\": 1, \"b\": 2}", "b", "{\"a\": 1}"),
        (JsonFile, "{\"a\": 1}", "a", "{}"),
        (JsonFile, "{\n  \"a\": 1,\n  \"b\": 2\n}\n", "b", "{\n  \"a\": 1\n}\n"),
        (JsonFile, "{\n  \"a\": 1,\n  \"b\": 2\n}\n", "a", "{\n  \"b\": 2\n}\n"),
        (
            Jsonc,
            "{\n  \"a\": 1, // one\n  \"b\": 2 // two\n}\n",
            "b",
            "{\n  \"a\": 1 // one\n}\n",
        ),
        (Jsonc, "{\n  \"a\": 1,\n  \"b\": 2,\n}\n", "b", "{\n  \"a\": 1,\n}\n"),
        (Jsonl, "1\n2\n3", "[2]", "1\n2"),
        (Jsonl, "1\n2\n3", "[0]", "2\n3"),
        (Toml, "a = 1 # one\nb = 2\n", "a", "b = 2\n"),
        (Toml, "a = 1\nb = 2", "b", "a = 1"),
        (Toml, "m = { a = 1, b = 2 }\n", "m.b", "m = { a = 1 }\n"),
        (Toml, "m = { a.x = 1, b = 2 }\n", "m.b", "m = { a.x = 1 }\n"),
        (
            Toml,
            "x = 1\n\n[t]\nk = 1\n\n# of u\n[u]\nk = 2\n",
            "t",
            "x = 1\n\n# of u\n[u]\nk = 2\n",
        ),
        (Toml, "[[t]]\nk = 1\n[[t]]\nk = 2\n", "t[k=2]", "[[t]]\nk = 1\n"),
        (Toml, "t.a = 1\nu = 2\nt.b = 3\n", "t", "u = 2\n"),
    ];
    values_are_unset(cases);
}

#[test]
fn lists_keep_their_form() {
    let cases: &[(SurfaceFormat, &str, &str, Json, Json, &str)] = &[
        (
            JsonFile,
            "{\"t\": [\"a\", \"b\"]}",
            "t",
            json!(["c"]),
            json!(["a"]),
            "{\"t\": [\"b\", \"c\"]}",
        ),
        (
            JsonFile,
            "{\"t\": [\n  \"a\",\n  \"b\"\n]}",
            "t",
            json!(["c"]),
            json!([]),
            "{\"t\": [\n  \"a\",\n  \"b\",\n  \"c\"\n]}",
        ),
        (
            JsonFile,
            "{\"t\": \"Read, Grep\"}",
            "t",
            json!(["Glob"]),
            json!(["Read"]),
            "{\"t\": \"Grep, Glob\"}",
        ),
        (
            JsonFile,
            "{\"t\": \"Read\"}",
            "t",
            json!(["Glob"]),
            json!([]),
            "{\"t\": \"Read, Glob\"}",
        ),
        (
            JsonFile,
            "{\"t\": \"Bash(a, b) Read\"}",
            "t",
            json!(["Glob"]),
            json!([]),
            "{\"t\": \"Bash(a, b) Read Glob\"}",
        ),
        (
            JsonFile,
            "{\"t\": \"Read,Grep\"}",
            "t",
            json!(["Glob", "Read"]),
            json!([]),
            "{\"t\": \"Read,Grep,Glob\"}",
        ),
        (
            JsonFile,
            "{\"t\": [\"a\"]}",
            "t",
            json!([]),
            json!(["a"]),
            "{\"t\": []}",
        ),
        (JsonFile, "{}", "t", json!(["a"]), json!([]), "{\"t\": [\"a\"]}"),
        (Toml, "t = ['a']\n", "t", json!(["b"]), json!([]), "t = ['a', 'b']\n"),
        (
            Toml,
            "t = [\n  \"b\", # b\n]\n",
            "t",
            json!([]),
            json!(["b"]),
            "t = [\n]\n",
        ),
        (
            Toml,
            "t = [\n  # \"a\",\n]\n",
            "t",
            json!(["b"]),
            json!([]),
            "t = [\n  \"b\"\n  # \"a\",\n]\n",
        ),
        (
            Toml,
            "t = [\n  \"b\",\n  # \"a\",\n]\n",
            "t",
            json!([]),
            json!(["b"]),
            "t = [\n  # \"a\",\n]\n",
        ),
        (
            Toml,
            "t = [\n  \"a\", # one\n  \"b\" # two\n]\n",
            "t",
            json!(["c"]),
            json!(["a"]),
            "t = [\n  \"b\", # two\n  \"c\"\n]\n",
        ),
    ];
    lists_are_edited(cases);
}

#[test]
fn places_that_are_not_clear_are_refused() {
    let cases: &[(SurfaceFormat, &str, &str, &str)] = &[
        (JsonFile, "{\"a\": 1,}", "a", "line 1: not valid JSON: trailing comma"),
        (
            JsonFile,
            "{\n\"a\": 1,\n\"a\": 2}",
            "a",
            "line 3: the name `a` occurs twice; change it by hand",
        ),
        (JsonFile, "{\"a\": 1}", "a.b", "`a.b`: not inside a map but a number"),
        (
            JsonFile,
            "[{\"n\": 1}, {\"n\": 1}]",
            "[n=1].n",
            "`[n=1]`: 2 items have this member; expected one",
        ),
        (JsonFile, "[1]", "[1]", "no value at `[1]`"),
        (SurfaceFormat::Text, "a", "a", "a plain text has no keys"),
        (
            Jsonl,
            "{}\n{\n",
            "[0].a",
            "line 2: not valid JSON: EOF while parsing an object",
        ),
        (
            Toml,
            "a = \n",
            "a",
            "line 1: not valid TOML: string values must be quoted, expected literal string",
        ),
    ];
    places_are_refused(cases);
    let null = set_value(Toml, "a = 1\n", &path("a"), &Json::Null);
    assert!(matches!(null, Err(FormatError::Value { .. })), "{null:?}");
    assert_eq!(values(Toml, "a = nan\n"), Ok(json!({"a": "NaN"})));
}

#[test]
fn a_new_map_in_a_list_has_the_order_of_the_others() {
    let one = json!({"question": "a", "answer": "b"});
    let two = json!([one, {"extra": 1, "question": "c", "answer": "d"}]);
    for (format, old, new) in [
        (
            JsonFile,
            "{\"demos\": [{\"question\": \"a\", \"answer\": \"b\"}]}",
            "{\"demos\": [{\"question\": \"a\", \"answer\": \"b\"}, {\"question\": \"c\", \"answer\": \"d\", \"extra\": 1}]}",
        ),
        (
            SurfaceFormat::Yaml,
            "demos:\n  - question: a\n    answer: b\n",
            "demos:\n  - question: a\n    answer: b\n  - question: c\n    answer: d\n    extra: 1\n",
        ),
    ] {
        assert_eq!(set_value(format, old, &path("demos"), &two).unwrap(), new);
    }
}
