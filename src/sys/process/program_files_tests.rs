//! Tests of the files that are accepted or refused.

use super::*;

fn small() -> FileLimits {
    FileLimits {
        file: 10,
        total: 15,
        files: 2,
    }
}

fn taken(files: &[(&str, &str)], writes: &[&str]) -> Result<Vec<String>, String> {
    let scratch = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = scratch.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let writes: Vec<String> = writes.iter().map(|name| (*name).to_owned()).collect();
    let taken = take(scratch.path(), &writes, small()).map_err(|error| error.to_string())?;
    Ok(taken.into_iter().map(|(name, _)| name).collect())
}

#[test]
fn what_was_declared_is_taken() {
    let files = [("a.md", "x"), ("b/2", "y"), ("b/1", "z"), ("other", "")];
    let names = taken(&files, &["a.md", "b/", "c/", "log.jsonl"]).unwrap();
    assert_eq!(names, ["a.md", "b/1", "b/2", "log.jsonl"]);
}

#[test]
fn the_message_names_the_file_and_the_limit() {
    for (files, write, parts) in [
        (vec![], "a.md", ["it did not write a.md", ""]),
        (vec![("a", "12345678901")], "a", ["a is larger than", "MiB"]),
        (
            vec![("a/1", "1234567890"), ("a/2", "123456")],
            "a/",
            ["with a/2", "together"],
        ),
        (
            vec![("a/1", ""), ("a/2", ""), ("a/3", "")],
            "a/",
            ["a/ contains more than 2", "fewer"],
        ),
        (
            vec![("a/x y", "")],
            "a/",
            ["a/ contains a file named \"x y\"", "use ASCII"],
        ),
        (vec![("a/.hidden", "")], "a/", [".hidden", "start with"]),
        (vec![("a/b/c", "")], "a/", ["a/b is a folder", "not a plain file"]),
        (vec![("a/b", "")], "a", ["a is a folder", "not a plain file"]),
        (vec![("a", "")], "a/", ["a/ is a file", "not a folder"]),
    ] {
        let problem = taken(&files, &[write]).unwrap_err();
        assert!(parts.iter().all(|part| problem.contains(part)), "{write}: {problem}");
    }
}

/// Links in any part of a path, and a pipe that would block forever.
#[cfg(unix)]
#[test]
fn links_and_pipes_are_refused_at_once() {
    let scratch = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x"), "theirs").unwrap();
    std::os::unix::fs::symlink(outside.path(), scratch.path().join("folder")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("x"), scratch.path().join("file")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(scratch.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    for (write, kind) in [
        ("folder/", "a link"),
        ("folder/x", "a link"),
        ("file", "a link"),
        ("pipe", "a pipe, a socket or a device"),
    ] {
        let problem = take(scratch.path(), &[write.to_owned()], small())
            .unwrap_err()
            .to_string();
        assert!(problem.contains(kind), "{write}: {problem}");
    }
    assert!(take_one(scratch.path(), "file", small()).is_err());
    assert!(take_one(scratch.path(), "none", small()).unwrap().is_none());
}
