//! Files that people wrote: every scalar can be set to itself and to another value, and nothing else changes.

use std::env;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::super::all_values::all_values;
use super::super::change::KeyText;
use super::super::error::FormatError;
use super::super::front_matter::{body, with_body};
use super::super::list::edit_list;
use super::super::section::{section, section_names, with_section};
use super::super::{set_value, value, values};
use super::laws::{only_the_place_changed, scalars};
use crate::artifact::key_path::KeyPath;
use crate::manifest::surface::SurfaceFormat;

/// The maximum size of a file, and the maximum number of its values, unless all are wanted.
const MOST: (u64, usize) = (60_000, 4);

fn real_files() -> Vec<PathBuf> {
    let data = env::var("KAIZEN_DATA").unwrap_or_else(|_| "../shared/data".into());
    let samples = Path::new(&data).join("../samples");
    let (is_full, mut files) = (env::var("KAIZEN_FULL").is_ok(), Vec::new());
    let mut folders = vec![PathBuf::from(&data), samples];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let is_small = entry.metadata().is_ok_and(|metadata| metadata.len() <= MOST.0);
            match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => folders.push(entry.path()),
                false if is_full || is_small => files.push(entry.path()),
                false => {}
            }
        }
    }
    files.sort();
    files
}

#[test]
fn real_files_change_only_in_the_place_of_a_value() {
    let (mut count, mut unread) = (0, 0);
    for path in real_files() {
        let format = SurfaceFormat::of(&path.to_string_lossy());
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let name = path.display();
        if format == SurfaceFormat::FrontMatter {
            check_text(&text, &name.to_string());
            if let Err(problem) = all_values(format, &text) {
                eprintln!("{name}: {problem}");
            }
        }
        match values(format, &text) {
            Ok(present) if format == SurfaceFormat::Json => {
                assert_eq!(
                    serde_json::from_str::<Json>(text.trim_start_matches('\u{feff}')).unwrap(),
                    present,
                    "{name}"
                );
                count += check_values(format, &text, &present, &name.to_string());
            }
            Ok(present) => count += check_values(format, &text, &present, &name.to_string()),
            Err(_) => unread += 1,
        }
    }
    eprintln!("{count} values changed; {unread} files without keys");
}

fn check_values(format: SurfaceFormat, text: &str, present: &Json, name: &str) -> usize {
    let paths = scalars(present);
    let step = match env::var("KAIZEN_FULL") {
        Ok(_) => 1 + paths.len() / 500,
        Err(_) => 1 + paths.len() / MOST.1,
    };
    let mut count = 0;
    for path in paths.iter().step_by(step) {
        let Ok(current) = value(format, text, path) else {
            continue;
        };
        assert_eq!(
            set_value(format, text, path, &current).as_deref(),
            Ok(text),
            "{name} {path}"
        );
        for new in [json!("another: value"), json!(42), json!("two\nlines\n")] {
            match set_value(format, text, path, &new) {
                Ok(changed) => {
                    assert_eq!(value(format, &changed, path), Ok(new), "{name} {path}");
                    only_the_place_changed(format, text, &changed, path);
                    count += 1;
                }
                Err(error) => {
                    let keys = KeyText::of(format, text).unwrap();
                    let is_obstacle = keys
                        .tree
                        .find(&keys.text, path)
                        .is_ok_and(|found| found.obstacle.is_some());
                    assert!(
                        is_obstacle || matches!(error, FormatError::Place { .. }),
                        "{name} {path} {new}: {error}"
                    );
                }
            }
        }
    }
    count
}

fn check_text(text: &str, name: &str) {
    if let Ok(old) = body(SurfaceFormat::FrontMatter, text) {
        assert_eq!(
            with_body(SurfaceFormat::FrontMatter, text, old).as_deref(),
            Ok(text),
            "{name}"
        );
    }
    for heading in section_names(text) {
        let Ok(place) = section(text, &heading) else {
            continue;
        };
        let same = with_section(text, &heading, &text[place.text]);
        assert_eq!(same.as_deref(), Ok(text), "{name} {heading}");
    }
}

/// The edits of sample homes give the lines that their authors expect.
#[test]
fn sample_homes_change_as_expected() {
    let data = env::var("KAIZEN_DATA").unwrap_or_else(|_| "../shared/data".into());
    let homes = Path::new(&data).join("../samples/dialects/homes");
    for entry in std::fs::read_dir(&homes).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(home) = name.strip_suffix(".expected.json") else {
            continue;
        };
        let expected: Json = serde_json::from_str(&std::fs::read_to_string(entry.path()).unwrap()).unwrap();
        for edit in expected["edits"].as_array().into_iter().flatten() {
            check_edit(&homes.join(home), edit);
        }
    }
}

fn check_edit(home: &Path, edit: &Json) {
    let (Some(path), Some(line)) = (edit["path"].as_str(), edit["after_line"].as_str()) else {
        return;
    };
    let text = std::fs::read_to_string(home.join(path)).unwrap();
    let (format, key) = (SurfaceFormat::of(path), KeyPath::from_json(&edit["key"]).unwrap());
    let items = |name: &str| edit[name].as_array().cloned().unwrap_or_default();
    let changed = match edit["op"].as_str() {
        Some("edit_list") => edit_list(format, &text, &key, &items("add"), &items("remove")),
        _ => set_value(format, &text, &key, &edit["value"]),
    };
    let changed = changed.unwrap();
    assert!(changed.lines().any(|one| one == line), "{path} {key}\n{changed}");
    let others = |text: &str| text.lines().count();
    assert_eq!(others(&text), others(&changed), "{path}");
}
