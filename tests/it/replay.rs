//! The example session comes from `kaizen demo`: a replay at a fixed time creates the same bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The time at which the example was created.
const NOW: &str = "2026-11-23T08:15:00Z";

#[test]
fn the_example_session_replays_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("demo");
    let output = Command::new(env!("CARGO_BIN_EXE_kaizen"))
        .args(["demo".as_ref(), workspace.as_os_str()])
        .env("KAIZEN_NOW", NOW)
        .env("HOME", folder.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sessions: Vec<PathBuf> = std::fs::read_dir(workspace.join("sessions"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let made = files(&sessions[0]);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions/example");
    if std::env::var_os("BLESS").is_some() {
        let _ = std::fs::remove_dir_all(&example);
        for (path, bytes) in &made {
            let path = example.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
    let kept = files(&example);
    assert_eq!(
        kept.keys().collect::<Vec<_>>(),
        made.keys().collect::<Vec<_>>(),
        "BLESS=1 cargo test --test it replay creates it again"
    );
    for (path, bytes) in &made {
        assert!(
            kept[path] == *bytes,
            "{path} differs; BLESS=1 cargo test --test it replay creates it again"
        );
    }
}

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file());
    let read = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
        (path, std::fs::read(entry.path()).unwrap())
    };
    entries.map(read).collect()
}
