//! Tests that nothing outside a root is read or written, whatever links or special files are in it.
#![allow(clippy::disallowed_methods)] // edge: real files, in tests

use std::path::Path;

use super::*;
use crate::manifest::membership::{EvidencePatterns, Membership};
use crate::trace::evidence::{EvidenceFile, EvidenceFiles};

/// A workspace, and a folder outside it with one file that must not be touched.
struct Place {
    _folder: tempfile::TempDir,
    root: Root,
    outside: std::path::PathBuf,
}

const PRECIOUS: &str = "the user's own words";

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let (inside, outside) = (folder.path().join("work"), folder.path().join("home"));
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join("precious"), PRECIOUS).unwrap();
    Place {
        root: Root::open(&inside).unwrap(),
        _folder: folder,
        outside,
    }
}

impl Place {
    fn is_untouched(&self) -> bool {
        let names = std::fs::read_dir(&self.outside).unwrap().count();
        names == 1 && std::fs::read_to_string(self.outside.join("precious")).unwrap() == PRECIOUS
    }
}

fn opened(root: &Root, path: &str) -> Result<(), DiskError> {
    root.open_database(path).map(drop).map_err(|error| match error {
        DatabaseError::Disk(error) => error,
        DatabaseError::Sqlite(error) => panic!("{error}"),
    })
}

#[test]
fn paths_that_lead_out_are_refused() {
    let place = place();
    for path in ["../home/precious", "a/../../home/precious", "/etc/passwd"] {
        assert!(
            matches!(place.root.read(path), Err(DiskError::Outside { .. })),
            "{path}"
        );
        assert!(
            matches!(place.root.publish(path, b"x"), Err(DiskError::Outside { .. })),
            "{path}"
        );
    }
    let whole = place.root.join("a");
    place.root.publish(&whole, b"x").unwrap();
    assert_eq!(place.root.read("./a").unwrap().unwrap(), b"x");
}

#[test]
#[cfg(unix)]
fn every_operation_refuses_a_link_in_the_place_of_a_file_or_folder() {
    let place = place();
    let link = |name: &str, to: &Path| std::os::unix::fs::symlink(to, place.root.join(name)).unwrap();
    link("file", &place.outside.join("precious"));
    link("folder", &place.outside);
    let root = &place.root;
    for path in ["file", "folder/precious", "folder/new"] {
        let results = [
            root.read(path).map(drop),
            root.read_text(path).map(drop),
            root.publish(path, b"x"),
            root.publish_over(path, b"x", None).map(drop),
            root.append(path, "x\n"),
            root.append_if(path, "x\n", &|_| true).map(drop),
            root.make_private(path),
            opened(root, path),
            root.lock(path, "x").map(drop).map_err(|error| match error {
                LockError::Disk(error) => error,
                held => panic!("{held}"),
            }),
        ];
        for (number, result) in results.into_iter().enumerate() {
            assert!(
                matches!(result, Err(DiskError::Link { .. })),
                "{path} {number}: {result:?}"
            );
        }
        assert!(!matches!(root.has_file(path), Ok(true)), "{path}");
    }
    for result in [
        root.names("folder").map(drop),
        root.names("").map(drop),
        root.check_plain(""),
        root.make_folder("folder/sub"),
        root.make_private_folder("folder"),
        root.fill_folder("folder/sub", [("a", &b"x"[..])]),
        root.rename("folder/precious", "taken").map(drop),
        root.remove("folder/precious"),
        root.remove_folder("folder/sub"),
    ] {
        assert!(matches!(result, Err(DiskError::Link { .. })), "{result:?}");
    }
    root.remove_folder("folder").unwrap();
    root.remove("file").unwrap();
    assert!(place.is_untouched());
}

#[test]
#[cfg(unix)]
fn pipes_and_sockets_are_errors_at_once() {
    let place = place();
    let root = &place.root;
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    for path in ["pipe", "socket"] {
        for result in [
            root.read(path).map(drop),
            root.publish(path, b"x"),
            root.append(path, "x"),
            opened(root, path),
            root.check_plain(""),
        ] {
            assert!(matches!(result, Err(DiskError::Special { .. })), "{path}: {result:?}");
        }
        assert!(open_named(&root.join(path)).is_err());
    }
    let all = EvidencePatterns::new(&["*".to_owned()]).unwrap();
    assert!(root.evidence_files(&all).is_err());
}

#[test]
fn too_many_bytes_are_an_error_and_not_a_full_memory() {
    let place = place();
    let file = std::fs::File::create(place.root.join("large")).unwrap();
    file.set_len(LARGEST_ARTIFACT + 1).unwrap();
    assert!(matches!(place.root.read("large"), Err(DiskError::TooLarge { .. })));
    file.set_len(LARGEST_HARNESS_FILE + 1).unwrap();
    let all = Membership::of_files(&["**".to_owned()]).unwrap();
    assert!(matches!(place.root.read_harness(&all), Err(DiskError::TooLarge { .. })));
}

#[test]
fn a_text_that_is_not_utf8_names_the_byte() {
    let place = place();
    std::fs::write(place.root.join("text"), b"ab\xff\xfe").unwrap();
    let error = place.root.read_text("text").unwrap_err().to_string();
    assert!(
        error.contains("text is not UTF-8") && error.contains("byte 2"),
        "{error}"
    );
}

#[test]
#[cfg(unix)]
fn evidence_may_be_a_link_inside_and_outside_only_after_approval() {
    let place = place();
    let write = |path: &Path, text: &str| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let (outside, root) = (place.outside.canonicalize().unwrap(), &place.root);
    write(&root.join("data/real.jsonl"), "1");
    write(&root.join("traces/own.jsonl"), "2");
    let link = |name: &str, to: &Path| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
    link("traces/inside.jsonl", Path::new("../data/real.jsonl"));
    link("traces/outside.jsonl", &outside.join("precious"));
    link("traces/nowhere.jsonl", Path::new("/no/such/file"));
    link("more", &outside);
    write(&root.join(".kaizen/state.jsonl"), "3");
    link("traces/state.jsonl", Path::new("../.kaizen/state.jsonl"));
    let patterns = EvidencePatterns::new(&["traces/*.jsonl".to_owned(), "more/*".to_owned()]).unwrap();
    let names = |evidence: &EvidenceFiles| -> Vec<String> {
        let shown = |file: &EvidenceFile| file.path().strip_prefix(&**root).unwrap().display().to_string();
        evidence.files.iter().map(shown).collect()
    };
    let found = root.evidence(&patterns, &|_| false).unwrap();
    assert_eq!(names(&found), ["traces/inside.jsonl", "traces/own.jsonl"]);
    assert_eq!(found.outside.len(), 2, "{:?}", found.outside);

    let approved = found.outside;
    let found = root.evidence(&patterns, &|link| approved.contains(link)).unwrap();
    let wanted = [
        "more/precious",
        "traces/inside.jsonl",
        "traces/outside.jsonl",
        "traces/own.jsonl",
    ];
    assert_eq!(names(&found), wanted);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut found.files[2].open().unwrap(), &mut text).unwrap();
    assert_eq!(text, PRECIOUS);

    // A link with another target than the approved one is not approved.
    std::fs::remove_file(root.join("traces/outside.jsonl")).unwrap();
    link("traces/outside.jsonl", Path::new("/etc/hostname"));
    let found = root.evidence(&patterns, &|link| approved.contains(link)).unwrap();
    assert!(!names(&found).contains(&"traces/outside.jsonl".to_owned()));
}

#[test]
#[cfg(unix)]
fn a_folder_that_is_swapped_for_a_link_all_the_time_leads_nowhere() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let place = place();
    let root = &place.root;
    root.publish("agents/a/prompt.md", b"0").unwrap();
    std::os::unix::fs::symlink(&place.outside, root.join("agents/evil")).unwrap();
    let stop = AtomicBool::new(false);
    let (one, other) = (root.join("agents/a"), root.join("agents/evil"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let exchange = rustix::fs::RenameFlags::EXCHANGE;
                // On a file system without this call, the test is weaker but still correct.
                let _ = rustix::fs::renameat_with(rustix::fs::CWD, &one, rustix::fs::CWD, &other, exchange);
            }
        });
        for _ in 0..2000 {
            // Either the real folder is used, or the link is refused.
            let _ = root.publish("agents/a/prompt.md", b"1");
            let _ = root.append("agents/a/prompt.md", "x\n");
            let _ = root.read("agents/a/precious").map(|read| assert_eq!(read, None));
            let _ = root.make_folder("agents/a/sub");
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(place.is_untouched());
}

#[test]
fn a_file_is_removed_with_the_folders_that_it_leaves_empty() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    for path in ["a/kept", "a/b/c/file"] {
        root.publish(path, b"x").unwrap();
    }
    root.remove_with_folders("a/b/c/file").unwrap();
    assert!(root.join("a/kept").is_file() && !root.join("a/b").exists());
    root.remove_with_folders("a/b/c/file").unwrap();
    root.remove_with_folders("a/kept").unwrap();
    assert!(root.is_dir() && !root.join("a").exists());
}
