//! The inbox: files dropped in `triggers/`, each of which becomes the `trigger.json` of one session by a rename.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::artifact::Artifact;
use crate::artifact::trigger::Trigger;
use crate::digest::Digest;
use crate::sys::disk::{DiskError, Root, effect};

/// The folder, in a workspace.
pub(crate) const FOLDER: &str = "triggers";
/// A larger file is no trigger.
const LARGEST: u64 = 1 << 20;

/// A dropped file.
pub(crate) struct InboxFile {
    /// Its name in the inbox.
    pub name: String,
    /// What it says, or why it cannot be one.
    pub trigger: Result<Trigger, String>,
}

/// Whether a file in the inbox is meant as a trigger: `*.json`, or a name without an extension; hidden files and
/// those that editors and copying programs leave while they work are not.
pub(crate) fn is_trigger_name(name: &str) -> bool {
    !name.starts_with('.') && !name.ends_with('~') && (name.ends_with(".json") || !name.contains('.'))
}

/// The dropped files, by name. A file that is not a trigger stays where it is.
///
/// # Errors
/// The folder cannot be listed.
pub(crate) fn dropped(root: &Root) -> Result<Vec<InboxFile>, DiskError> {
    Ok(quiet(root, Duration::ZERO)?.0)
}

/// The dropped files that nobody wrote to for so long, and whether there are others: an empty file may be one that
/// somebody is about to fill.
///
/// # Errors
/// The folder cannot be listed.
pub(crate) fn quiet(root: &Root, quiet: Duration) -> Result<(Vec<InboxFile>, bool), DiskError> {
    let folder = root.join(FOLDER);
    let names = root.listed(FOLDER)?;
    let (mut found, mut more) = (Vec::new(), false);
    for name in names.into_iter().filter(|name| is_trigger_name(name)) {
        match folder.join(&name).symlink_metadata() {
            Ok(facts) if facts.is_dir() => {}
            Ok(facts) if age(&facts) < quiet => more = true,
            Ok(facts) => found.extend(read(root, name, &facts)),
            // Somebody else took it.
            Err(_) => {}
        }
    }
    Ok((found, more))
}

/// How long ago a file was written to; one from the future is of no age that we know, and old enough.
fn age(facts: &fs::Metadata) -> Duration {
    let written = facts.modified().ok();
    written.and_then(|time| time.elapsed().ok()).unwrap_or(Duration::MAX)
}

/// `None` for a file that is gone.
fn read(root: &Root, name: String, facts: &fs::Metadata) -> Option<InboxFile> {
    let path = root.join(FOLDER).join(&name);
    let trigger = match () {
        () if !facts.is_file() => Err(format!("{} is not a plain file; drop a plain file", path.display())),
        () if facts.len() > LARGEST => Err(format!("{} is larger than 1 MiB; it is no trigger", path.display())),
        () => parse(root, &path)?,
    };
    Some(InboxFile { name, trigger })
}

fn parse(root: &Root, path: &Path) -> Option<Result<Trigger, String>> {
    match root.read_text(path) {
        Ok(text) => Some(Trigger::from_dropped(path, &text?).map_err(|error| error.to_string())),
        Err(error) => Some(Err(error.to_string())),
    }
}

/// Moves a dropped file to where a session has its trigger; `false` when somebody else took it first.
///
/// # Errors
/// The file cannot be moved.
pub(crate) fn claim(root: &Root, name: &str, to: &Path) -> Result<bool, DiskError> {
    effect("claim trigger");
    root.rename(Path::new(FOLDER).join(name), to)
}

/// Drops a trigger; its name is made of what it says, so that the same wish twice, before it is claimed, is one.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn drop_trigger(root: &Root, trigger: &Trigger) -> Result<String, DiskError> {
    let said = Digest::of_value(&(trigger.kind, &trigger.metadata, &trigger.created_at));
    let name = format!("{}.json", said.short());
    root.publish(Path::new(FOLDER).join(&name), trigger.to_text().as_bytes())?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_work_in_progress_are_not_triggers() {
        for name in ["a.json", "go", "2026-11-23"] {
            assert!(is_trigger_name(name), "{name}");
        }
        for name in [
            ".a.json.swp",
            ".gitignore",
            "a.json~",
            "a.json.tmp",
            "README.md",
            "a.json.part",
            "go~",
        ] {
            assert!(!is_trigger_name(name), "{name}");
        }
    }

    #[test]
    fn a_dropped_file_is_claimed_once_and_what_is_no_trigger_stays() {
        let folder = tempfile::tempdir().unwrap();
        let root = &Root::open(folder.path()).unwrap();
        fs::create_dir_all(root.join("triggers/folder")).unwrap();
        fs::write(root.join("triggers/go"), "").unwrap();
        fs::write(root.join("triggers/half.json"), "{\"trigger\":").unwrap();
        fs::write(root.join("triggers/bytes.json"), [0xff, 0xfe]).unwrap();
        fs::write(root.join("triggers/large.json"), vec![b' '; 2 << 20]).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/hostname", root.join("triggers/link")).unwrap();
        let found = dropped(root).unwrap();
        let sound: Vec<&str> = found
            .iter()
            .filter(|one| one.trigger.is_ok())
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(sound, ["go"]);
        assert!(
            found
                .iter()
                .filter_map(|one| one.trigger.as_ref().err())
                .all(|why| why.contains("triggers/"))
        );
        let to = root.join("sessions/s/trigger.json");
        assert!(claim(root, "go", &to).unwrap());
        assert!(!claim(root, "go", &root.join("sessions/t/trigger.json")).unwrap());
        assert!(to.is_file());
    }
}
