//! The inbox: files in `triggers/`, each of which becomes the `trigger.json` of one session by a rename.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::artifact::Artifact;
use crate::artifact::trigger::Trigger;
use crate::digest::Digest;
use crate::sys::disk::side_file::is_side_file;
use crate::sys::disk::{DiskError, Root, effect};
use crate::workspace::schema_line;

/// The folder in a workspace.
pub(crate) const FOLDER: &str = "triggers";
/// The largest size of a trigger, in bytes.
const LARGEST: u64 = 1 << 20;

/// A file in the inbox.
pub(crate) struct InboxFile {
    /// The name of the file.
    pub name: String,
    /// The trigger, or why the file is not one.
    pub trigger: Result<Trigger, String>,
}

/// Whether the name of a file means a trigger: `*.json`, or no extension. Side files of editors and sync programs are
/// not triggers.
pub(crate) fn is_trigger_name(name: &str) -> bool {
    !is_side_file(name) && (name.ends_with(".json") || !name.contains('.'))
}

/// The files in the inbox, sorted by name. A file that is not a trigger stays where it is.
///
/// # Errors
/// The folder cannot be listed.
pub(crate) fn dropped(root: &Root) -> Result<Vec<InboxFile>, DiskError> {
    Ok(quiet(root, Duration::ZERO)?.0)
}

/// The files that have not been written to for `quiet`, and whether there are newer ones: a file that is still empty
/// may be about to be filled.
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
            // Another process took it.
            Err(_) => {}
        }
    }
    Ok((found, more))
}

/// The time since a file was written; a file with a time in the future counts as old.
fn age(facts: &fs::Metadata) -> Duration {
    let written = facts.modified().ok();
    written.and_then(|time| time.elapsed().ok()).unwrap_or(Duration::MAX)
}

/// Reads a file; `None` if it no longer exists.
fn read(root: &Root, name: String, facts: &fs::Metadata) -> Option<InboxFile> {
    let path = root.join(FOLDER).join(&name);
    let trigger = match () {
        () if !facts.is_file() => Err(format!("{} is not a plain file; drop a plain file", path.display())),
        () if facts.len() > LARGEST => Err(format!(
            "{} is larger than 1 MiB and cannot be a trigger",
            path.display()
        )),
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

/// Moves a file to the trigger of a session; `false` if another process took it first.
///
/// # Errors
/// The file cannot be moved.
pub(crate) fn claim(root: &Root, name: &str, to: &Path) -> Result<bool, DiskError> {
    effect("claim trigger");
    root.rename(Path::new(FOLDER).join(name), to)
}

/// Writes a trigger to the inbox. Its name is the digest of its content, so that a duplicate request before it is
/// claimed has no effect.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn drop_trigger(root: &Root, trigger: &Trigger) -> Result<String, DiskError> {
    let said = Digest::of_value(&(trigger.kind, &trigger.metadata, &trigger.created_at));
    let name = format!("{}.json", said.short());
    let text = trigger.to_text();
    let text = schema_line::stored(root, &text)?;
    root.publish(Path::new(FOLDER).join(&name), text.as_bytes())?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_work_in_progress_are_not_triggers() {
        for name in ["a.json", "go", "2026-11-23", "fix #3"] {
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
            "#go#",
            "go (Ann's conflicted copy 2026-01-31).json",
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
