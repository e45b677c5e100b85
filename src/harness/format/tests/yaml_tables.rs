//! Single changes of YAML and front matter, with the exact text that results.

use super::checks::{lists_are_edited, path, places_are_refused, values_are_set, values_are_unset};
use crate::harness::format::list::edit_list;
use crate::harness::format::{set_value, unset_value, values};
use crate::manifest::surface::SurfaceFormat;
use serde_json::{Value as Json, json};

use SurfaceFormat::{FrontMatter, Yaml};

#[test]
fn a_new_value_replaces_only_the_old_one() {
    let cases: &[(SurfaceFormat, &str, &str, Json, &str)] = &[
        (Yaml, "a: 1 # one\nb: 2\n", "a", json!(3), "a: 3 # one\nb: 2\n"),
        (Yaml, "a: x # one\n", "a", json!("y z"), "a: y z # one\n"),
        (Yaml, "a: &x 1 # one\nb: 2\n", "a", json!(3), "a: &x 3 # one\nb: 2\n"),
        (Yaml, "a: &x 1\n", "a", json!("y\nz\n"), "a: &x |\n  y\n  z\n"),
        (Yaml, "a: &x\n  b: 1\n", "a.b", json!(2), "a: &x\n  b: 2\n"),
        (Yaml, "a: &x\n  b: 1\n", "a.c", json!(2), "a: &x\n  b: 1\n  c: 2\n"),
        (Yaml, "a: x\n", "a", json!("y: z"), "a: \"y: z\"\n"),
        (Yaml, "a: x\n", "a", json!("- y"), "a: \"- y\"\n"),
        (Yaml, "a: x\n", "a", json!("true"), "a: \"true\"\n"),
        (Yaml, "a: x\n", "a", json!("no"), "a: \"no\"\n"),
        (Yaml, "a: x\n", "a", json!("1.5"), "a: \"1.5\"\n"),
        (Yaml, "a: 0.0.1\n", "a", json!("0.0.2"), "a: 0.0.2\n"),
        (Yaml, "a: x\n", "a", json!("12 miles"), "a: 12 miles\n"),
        (Yaml, "a: x\n", "a", json!("12:30"), "a: \"12:30\"\n"),
        (Yaml, "a: x\n", "a", json!("1_000"), "a: \"1_000\"\n"),
        (Yaml, "a: x\n", "a", json!("0x1F"), "a: \"0x1F\"\n"),
        (Yaml, "a: x\n", "a", json!("gpt-4o"), "a: gpt-4o\n"),
        (Yaml, "a: x\n", "a", json!("2024-01-02"), "a: \"2024-01-02\"\n"),
        (Yaml, "a: 2024-01-02\n", "a", json!("2024-02-03"), "a: 2024-02-03\n"),
        (Yaml, "a: x\n", "a", json!(""), "a: \"\"\n"),
        (Yaml, "a: x\n", "a", json!(" y"), "a: \" y\"\n"),
        (Yaml, "a: 'x'\n", "a", json!("it's: y"), "a: 'it''s: y'\n"),
        (Yaml, "a: \"x\"\n", "a", json!("y"), "a: \"y\"\n"),
        (Yaml, "a: x\n", "a", json!("y\nz\n"), "a: |\n  y\n  z\n"),
        (Yaml, "a: [x, 'y']\n", "a[0]", json!("z, w"), "a: [\"z, w\", 'y']\n"),
        (
            Yaml,
            "a:\n  b: |\n    One.\n    Two.\n\n# end\nc: 1\n",
            "a.b",
            json!("One.\n\nThree.\n"),
            "a:\n  b: |\n    One.\n\n    Three.\n\n# end\nc: 1\n",
        ),
        (
            Yaml,
            "a: |- # why\r\n   One.\r\nb: 1\r\n",
            "a",
            json!("One.\nTwo."),
            "a: |- # why\r\n   One.\r\n   Two.\r\nb: 1\r\n",
        ),
        (Yaml, "a: |\n  One.\n", "a", json!("Two."), "a: |-\n  Two.\n"),
        (Yaml, "a: |\n  One.\n", "a", json!("  Two.\n"), "a: |2\n    Two.\n"),
        (
            Yaml,
            "a: |\n  One.\n\nb: 1\n",
            "a",
            json!("Two.\n\n"),
            "a: |+\n  Two.\n\nb: 1\n",
        ),
        (Yaml, "a: |\n  One.", "a", json!("Two.\n"), "a: |\n  Two.\n"),
        (
            Yaml,
            "a: >\n  One\n  two.\n\n  Three.\nb: 1\n",
            "a",
            json!("One two.\nFour.\n"),
            "a: >\n  One\n  two.\n\n  Four.\nb: 1\n",
        ),
        (
            Yaml,
            "a: >-\n  One.\n",
            "a",
            json!("One.\n\nTwo."),
            "a: >-\n  One.\n\n\n  Two.\n",
        ),
        (
            Yaml,
            "a: One\n  two three four five six seven eight nine.\nb: 1\n",
            "a",
            json!("One two three four five six seven eight nine ten eleven."),
            "a: One two three four five six seven eight\n  nine ten eleven.\nb: 1\n",
        ),
        (
            Yaml,
            "m:\n- name: a\n  v: 1\n- name: b # two\n  v: 2\n",
            "m[name=b].v",
            json!(3),
            "m:\n- name: a\n  v: 1\n- name: b # two\n  v: 3\n",
        ),
        (
            Yaml,
            "m:\n  - name: a\n    roles: [x]\n",
            "m[name=a].k",
            json!("v"),
            "m:\n  - name: a\n    roles: [x]\n    k: v\n",
        ),
        (Yaml, "a: {b: 1}\n", "a.c", json!("x"), "a: {b: 1, c: x}\n"),
        (Yaml, "a: {}\n", "a.c", json!([1, "x"]), "a: {c: [1, x]}\n"),
        (Yaml, "a:\nb: 1\n", "a", json!("x"), "a: x\nb: 1\n"),
        (Yaml, "a:\nb: 1\n", "a.c.d", json!("x"), "a:\n  c:\n    d: x\nb: 1\n"),
        (
            Yaml,
            "a:\n    b: 1\n",
            "c.d",
            json!("x"),
            "a:\n    b: 1\nc:\n    d: x\n",
        ),
        (
            Yaml,
            "a: 1",
            "b",
            json!([{"c": 1, "d": "x\ny\n"}]),
            "a: 1\nb:\n  - c: 1\n    d: |\n      x\n      y\n",
        ),
        (Yaml, "", "b", json!(1), "b: 1\n"),
        (
            Yaml,
            "---\n# c\na: 1\n...\n",
            "b",
            json!(1),
            "---\n# c\na: 1\nb: 1\n...\n",
        ),
        (
            Yaml,
            "a: # one\n  - x\n",
            "a",
            json!(["v", "w"]),
            "a: # one\n  - v\n  - w\n",
        ),
        (Yaml, "a: x # one\n", "a", json!(["v"]), "a:\n  - v # one\n"),
        (Yaml, "a: &x 1\nb: 2\n", "b", json!(3), "a: &x 1\nb: 3\n"),
        (Yaml, "\"a.b\": 1\n", "\"a.b\"", json!(2), "\"a.b\": 2\n"),
        (Yaml, "- a\n- - b\n  - c\n", "[1][1]", json!("d"), "- a\n- - b\n  - d\n"),
        (
            FrontMatter,
            "---\ndescription: Use it: now\nglobs: **/*.py,**/x.toml\nalwaysApply: false\n---\n\n# B\n",
            "alwaysApply",
            json!(true),
            "---\ndescription: Use it: now\nglobs: **/*.py,**/x.toml\nalwaysApply: true\n---\n\n# B\n",
        ),
        (
            FrontMatter,
            "---\nglobs: **/*.py # x\n---\n",
            "globs",
            json!("**/*.ts"),
            "---\nglobs: **/*.ts # x\n---\n",
        ),
        (
            FrontMatter,
            "---\ndescription: Use it: now\n---\n",
            "description",
            json!("Use: it"),
            "---\ndescription: \"Use: it\"\n---\n",
        ),
        (
            FrontMatter,
            "---\nname: x\n---\nBody.\n",
            "model",
            json!("haiku"),
            "---\nname: x\nmodel: haiku\n---\nBody.\n",
        ),
        (
            FrontMatter,
            "---\ndescription:\nglobs: *.ts\n---\n",
            "description",
            json!("Rules"),
            "---\ndescription: Rules\nglobs: *.ts\n---\n",
        ),
        (
            FrontMatter,
            "Body.\n",
            "model",
            json!("haiku"),
            "---\nmodel: haiku\n---\nBody.\n",
        ),
        (
            FrontMatter,
            "\u{feff}---\r\nname: x\r\n---\r\nBody.\r\n",
            "name",
            json!("z"),
            "\u{feff}---\r\nname: z\r\n---\r\nBody.\r\n",
        ),
        (
            FrontMatter,
            "---\ntools: ['search', 'edit']\n---\n",
            "tools",
            json!(["search", "edit", "test"]),
            "---\ntools: ['search', 'edit', 'test']\n---\n",
        ),
    ];
    values_are_set(cases);
}

#[test]
fn an_unset_value_leaves_the_rest() {
    let cases: &[(SurfaceFormat, &str, &str, &str)] = &[
        (Yaml, "a: 1 # one\nb: 2\n", "a", "b: 2\n"),
        (
            Yaml,
            "a: 1\nb: |\n  x\n\n  y\n\n# c\nc: 3\n",
            "b",
            "a: 1\n\n# c\nc: 3\n",
        ),
        (Yaml, "a: 1\nb: 2", "b", "a: 1"),
        (Yaml, "a:\n  b: 1\n", "a.b", "a: {}\n"),
        (Yaml, "a: {b: 1, c: 2}\n", "a.b", "a: {c: 2}\n"),
        (Yaml, "- a: 1\n  b: 2\n- c\n", "[0].a", "- b: 2\n- c\n"),
        (Yaml, "- a: 1\n  b: 2\n- c\n", "[0]", "- c\n"),
        (Yaml, "a:\n- x\n- y # two\n", "a[1]", "a:\n- x\n"),
        (Yaml, "a:\n- x\nb: 1\n", "a", "b: 1\n"),
        (
            FrontMatter,
            "---\na: 1\nglobs: *.x\n---\nB\n",
            "a",
            "---\nglobs: *.x\n---\nB\n",
        ),
        (FrontMatter, "---\na: 1\n---\nB\n", "a", "---\n---\nB\n"),
    ];
    values_are_unset(cases);
}

#[test]
fn lists_keep_their_form() {
    let cases: &[(SurfaceFormat, &str, &str, Json, Json, &str)] = &[
        (
            Yaml,
            "t: Read, Grep\n",
            "t",
            json!(["Glob"]),
            json!([]),
            "t: Read, Grep, Glob\n",
        ),
        (
            Yaml,
            "t: Read # one\n",
            "t",
            json!(["Glob"]),
            json!([]),
            "t: Read, Glob # one\n",
        ),
        (
            Yaml,
            "t: Bash(gh issue view:*)\n",
            "t",
            json!(["Read"]),
            json!([]),
            "t: Bash(gh issue view:*), Read\n",
        ),
        (
            Yaml,
            "t: ['search', 'edit']\n",
            "t",
            json!(["test"]),
            json!([]),
            "t: ['search', 'edit', 'test']\n",
        ),
        (
            Yaml,
            "t: [a, b] # c\n",
            "t",
            json!(["c"]),
            json!(["a"]),
            "t: [b, c] # c\n",
        ),
        (
            Yaml,
            "t:\n  - a # one\n  - b\nu: 1\n",
            "t",
            json!(["c: d"]),
            json!(["a"]),
            "t:\n  - b\n  - \"c: d\"\nu: 1\n",
        ),
        (
            Yaml,
            "t:\n- a\n# end\n",
            "t",
            json!(["b"]),
            json!([]),
            "t:\n- a\n- b\n# end\n",
        ),
        (Yaml, "t:\n- a\n", "t", json!([]), json!(["a"]), "t: []\n"),
        (Yaml, "t: []\n", "t", json!(["a"]), json!([]), "t: [a]\n"),
        (
            Yaml,
            "t: [\n  a,\n  b\n]\n",
            "t",
            json!(["c"]),
            json!([]),
            "t: [\n  a,\n  b,\n  c\n]\n",
        ),
        (
            FrontMatter,
            "---\nname: x\n---\n",
            "t",
            json!(["a"]),
            json!([]),
            "---\nname: x\nt:\n  - a\n---\n",
        ),
        (
            FrontMatter,
            "---\nglobs: **/*.py,**/*.toml\n---\n",
            "globs",
            json!(["**/*.ts"]),
            json!(["**/*.toml"]),
            "---\nglobs: **/*.py,**/*.ts\n---\n",
        ),
        (
            FrontMatter,
            "---\nglobs: **/*.{ts,tsx},**/*.py\n---\n",
            "globs",
            json!(["src/**/*.{js,jsx}"]),
            json!(["**/*.{ts,tsx}"]),
            "---\nglobs: **/*.py,src/**/*.{js,jsx}\n---\n",
        ),
        (
            FrontMatter,
            "---\nglobs: **/*.{ts,tsx}\n---\n",
            "globs",
            json!(["**/*.py"]),
            json!([]),
            "---\nglobs: **/*.{ts,tsx}, **/*.py\n---\n",
        ),
    ];
    lists_are_edited(cases);
}

#[test]
fn places_that_are_not_clear_are_refused() {
    let cases: &[(SurfaceFormat, &str, &str, &str)] = &[
        (
            Yaml,
            "a: &x\n  b: 1\nc: *x\n",
            "a.b",
            "line 2: an anchor, through which other values may change; change it by hand",
        ),
        (Yaml, "a: &x 1\nc: *x\n", "c", "line 2: an alias; change it by hand"),
        (
            Yaml,
            "a: &x\n  b: &y 1\nc: *y\n",
            "a.b",
            "line 2: an anchor, through which other values may change; change it by hand",
        ),
        (Yaml, "a: !!str 1\n", "a", "line 1: a tag; change it by hand"),
        (
            Yaml,
            "x: &x {k: 1}\na:\n  <<: *x\n",
            "a.k",
            "line 3: a merge key may hold `k`; change it by hand",
        ),
        (
            Yaml,
            "a: 1\n---\na: 2\n",
            "a",
            "line 2: not valid YAML: more than one document",
        ),
        (Yaml, "a: \"x\n", "a", "line 1: not valid YAML: a quote is not closed"),
        (
            Yaml,
            "a:\n\tb: 1\n",
            "a",
            "line 2: not valid YAML: a tab in the indentation",
        ),
        (
            Yaml,
            "a: b: c\n",
            "a",
            "line 1: not valid YAML: a colon and a blank in a text without quotes; put the text in quotes",
        ),
        (
            Yaml,
            "a: 1\n  b: 2\n",
            "a",
            "line 2: not valid YAML: a colon and a blank in a text without quotes; put the text in quotes",
        ),
        (Yaml, "? a\n: b\n", "a", "line 1: not valid YAML: an explicit key"),
        (
            Yaml,
            "a: *x\n",
            "a",
            "line 1: not valid YAML: an alias without its anchor",
        ),
        (
            Yaml,
            "a: {{topic}}\n",
            "a",
            "line 1: not valid YAML: `{{` is no text without quotes; put the whole value into quotes",
        ),
        (
            Yaml,
            "a: 1\na: 2\n",
            "a",
            "line 2: the name `a` occurs twice; change it by hand",
        ),
        (
            FrontMatter,
            "---\na: 1\nx: *.y\na: 2\n---\n",
            "a",
            "line 4: the name `a` occurs twice; change it by hand",
        ),
        (
            FrontMatter,
            "---\na: 1\n",
            "a",
            "line 1: the front matter has no closing `---`; add one",
        ),
    ];
    places_are_refused(cases);
}

#[test]
fn scalars_of_all_kinds_are_read() {
    let cases: &[(&str, Json)] = &[
        ("a: b c # d", json!({"a": "b c"})),
        ("a: b#c", json!({"a": "b#c"})),
        ("a: http://x/y?z=1", json!({"a": "http://x/y?z=1"})),
        (
            "a: -1\nb: 0x1f\nc: 0o17\nd: 1e3\ne: .5\nf: ~\ng:\nh: TRUE\ni: .inf",
            json!({"a": -1, "b": 31, "c": 15, "d": 1000.0, "e": 0.5, "f": null, "g": null, "h": true, "i": ".inf"}),
        ),
        ("a: \"x\\u00e9\\n\\\"y\\\"\"", json!({"a": "xé\n\"y\""})),
        (
            "a: \"one\n  two\n\n  three \\\n  four\"",
            json!({"a": "one two\nthree four"}),
        ),
        ("a: 'it''s\n\n  so'", json!({"a": "it's\nso"})),
        ("a: one\n  two\n\n  three", json!({"a": "one two\nthree"})),
        ("a: |\n  x\n   y\n\n  z\n\n", json!({"a": "x\n y\n\nz\n"})),
        ("a: |+\n  x\n\n", json!({"a": "x\n\n"})),
        ("a: |-\n  x\n\n", json!({"a": "x"})),
        ("a: >\n  x\n  y\n\n  z\n   w\n  v\n", json!({"a": "x y\nz\n w\nv\n"})),
        ("a: |2\n    x\n", json!({"a": "  x\n"})),
        ("a: |\nb: 1\n", json!({"a": "", "b": 1})),
        (
            "a: [x, {y: 1, \"z\":2}, [],\n  # c\n  w v, -1]",
            json!({"a": ["x", {"y": 1, "z": 2}, [], "w v", -1]}),
        ),
        (
            "a: {b: openai:gpt-4, c: , d: 'x'}",
            json!({"a": {"b": "openai:gpt-4", "c": null, "d": "x"}}),
        ),
        (
            "a:\n- x\n-\n  y\n- - z\n  - w\n- k: 1\n  l: 2\n",
            json!({"a": ["x", "y", ["z", "w"], {"k": 1, "l": 2}]}),
        ),
        (
            "a: &x {k: 1}\nb: *x\nc: [*x]\n",
            json!({"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}]}),
        ),
        ("x", json!("x")),
        ("# only a comment\n", json!({})),
        ("- a\n- b: [\n]\n", json!(["a", {"b": []}])),
        ("a: !!str 1\nb: !x y", json!({"a": "1", "b": "y"})),
    ];
    for (text, wanted) in cases {
        assert_eq!(values(Yaml, text).as_ref(), Ok(wanted), "{text}");
    }
}

#[test]
fn anchors_of_items_are_no_obstacle_unless_an_alias_repeats_them() {
    let list = "t: [Read, &t Grep]\n";
    let items = |add: &[&str], remove: &[&str]| {
        let values = |names: &[&str]| names.iter().map(|name| json!(name)).collect::<Vec<_>>();
        edit_list(Yaml, list, &path("t"), &values(add), &values(remove)).unwrap()
    };
    assert_eq!(items(&["Glob"], &[]), "t: [Read, &t Grep, Glob]\n");
    assert_eq!(items(&[], &["Grep"]), "t: [Read]\n");
    assert_eq!(items(&[], &["Read"]), "t: [&t Grep]\n");
    let text = "m:\n  - name: a\n  - &x\n    name: b\n    model: q # m\n";
    let changed = set_value(Yaml, text, &path("m[1].model"), &json!("z")).unwrap();
    assert_eq!(changed, text.replace(": q", ": z"));
    let changed = unset_value(Yaml, text, &path("m[1]")).unwrap();
    assert_eq!(changed, "m:\n  - name: a\n");
    assert!(set_value(Yaml, &format!("{text}n: *x\n"), &path("m[1].model"), &json!("z")).is_err());
    assert!(set_value(Yaml, "t: [&t Grep, *t]\n", &path("t[0]"), &json!("z")).is_err());
}
