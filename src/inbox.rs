//! The inbox: files dropped in `triggers/`, each of which becomes the `trigger.json` of one session by a rename.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use crate::artifact::Artifact;
use crate::artifact::trigger::Trigger;
use crate::digest::Digest;
use crate::disk::{self, DiskError, effect};

/// The folder, in a workspace.
pub const FOLDER: &str = "triggers";
/// A larger file is no trigger.
const LARGEST: u64 = 1 << 20;

/// A dropped file.
pub struct Dropped {
    /// Its name in the inbox.
    pub name: String,
    /// What it says, or why it cannot be one.
    pub trigger: Result<Trigger, String>,
    /// For how long nobody wrote into it.
    pub quiet: Duration,
}

/// Whether a file in the inbox is meant as a trigger: `*.json`, or a name without an extension; hidden files and
/// those that editors and copying programs leave while they work are not.
pub fn is_trigger_name(name: &str) -> bool {
    !name.starts_with('.') && !name.ends_with('~') && (name.ends_with(".json") || !name.contains('.'))
}

/// The dropped files, by name. A file that is not a trigger stays where it is.
///
/// # Errors
/// The folder cannot be listed.
pub fn dropped(root: &Path) -> Result<Vec<Dropped>, DiskError> {
    let folder = root.join(FOLDER);
    let names = disk::names(&folder)?.into_iter().filter(|name| is_trigger_name(name));
    Ok(names.filter_map(|name| read(&folder, name)).collect())
}

/// `None` for a folder, and for a file that is gone.
fn read(folder: &Path, name: String) -> Option<Dropped> {
    let path = folder.join(&name);
    let facts = path.symlink_metadata().ok()?;
    if facts.is_dir() {
        return None;
    }
    let trigger = match () {
        () if !facts.is_file() => Err(format!("{} is not a plain file; drop a plain file", path.display())),
        () if facts.len() > LARGEST => Err(format!("{} is larger than 1 MiB; it is no trigger", path.display())),
        () => parse(&path)?,
    };
    let quiet = quiet(&facts);
    Some(Dropped { name, trigger, quiet })
}

/// A time to come is nobody's writing just now.
fn quiet(facts: &fs::Metadata) -> Duration {
    let written = facts.modified().ok().and_then(|time| time.elapsed().ok());
    written.unwrap_or(Duration::MAX)
}

fn parse(path: &Path) -> Option<Result<Trigger, String>> {
    let mut bytes = Vec::new();
    let opened = fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => return Some(Err(format!("cannot read {}: {error}", path.display()))),
        Ok(_) => {}
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.display()));
    Some(text.and_then(|text| Trigger::from_dropped(path, &text).map_err(|error| error.to_string())))
}

/// Moves a dropped file to where a session has its trigger; `false` when somebody else took it first.
///
/// # Errors
/// The file cannot be moved.
pub fn claim(root: &Path, name: &str, to: &Path) -> Result<bool, DiskError> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(disk::failed("create", folder))?;
    }
    effect("claim trigger");
    let from = root.join(FOLDER).join(name);
    match fs::rename(&from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(disk::failed("move", &from)(error)),
    }
}

/// Drops a trigger; its name is made of what it says, so that the same wish twice, before it is claimed, is one.
///
/// # Errors
/// The file cannot be written.
pub fn drop_trigger(root: &Path, trigger: &Trigger) -> Result<String, DiskError> {
    let said = Digest::of_value(&(trigger.kind, &trigger.metadata, &trigger.created_at));
    let name = format!("{}.json", said.short());
    disk::publish(&root.join(FOLDER).join(&name), trigger.to_text().as_bytes())?;
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
        let root = folder.path();
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

    #[test]
    fn a_dropped_file_is_as_quiet_as_its_last_write_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("triggers/go");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        let quiet = || dropped(folder.path()).unwrap()[0].quiet;
        assert!(quiet() < Duration::from_secs(60));
        let now = std::time::SystemTime::now();
        for (time, least) in [
            (now - Duration::from_secs(600), 600),
            (now + Duration::from_secs(600), 3600),
        ] {
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(time)
                .unwrap();
            assert!(quiet() >= Duration::from_secs(least));
        }
    }
}
