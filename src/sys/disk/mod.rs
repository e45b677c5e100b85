//! The disk: all files of a workspace are accessed through an open folder, [`Root`], which no link can lead out of.
#![allow(clippy::disallowed_methods)] // edge: the file system

mod bounded_log;
mod database;
mod draft;
mod error;
mod folder;
mod folder_digest;
mod leftover;
mod lines;
mod listing;
mod lock;
mod mode;
mod mounted;
pub(crate) mod plain_name;
mod private;
mod publish;
mod remedy;
mod root;
mod scratch;
pub(crate) mod side_file;
mod space;
mod stamp;
mod stored_form;
mod text;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use database::{DatabaseError, sqlite_problem, sqlite_uri, system_error};
pub use error::DiskError;
pub(crate) use error::{failed, refuse_stored};
pub(crate) use folder_digest::folder_digest;
pub(crate) use lines::{BYTE_ORDER_MARK, is_utf16, read_line, remove_mark, without_mark};
pub use lock::LockError;
pub(crate) use lock::{Lock, LockText, hold_still, try_hold_still};
pub(crate) use publish::take_published;
pub(crate) use remedy::{ErrorWithRemedy, of_output, reported_problem};
pub use root::Root;
pub(crate) use root::{LARGEST_ARTIFACT, LARGEST_HARNESS_FILE, nonblocking, open_named, ordinary, plain, read_named};
pub(crate) use scratch::Scratch;
pub(crate) use space::free_bytes;
pub(crate) use stamp::{FileStamp, StampTime};
pub(crate) use stored_form::FORM_BYTES;
pub use stored_form::StoredForm;
pub(crate) use walk::WalkVisitor;

/// kaizen's own folder in a workspace; git ignores it.
pub(crate) const OWN_FOLDER: &str = ".kaizen";

/// Marks an effect on the disk. In debug builds, the process aborts before effect number `KAIZEN_CRASH_BEFORE`, to test
/// that a rerun recovers from a crash at any point, and effects are logged to the file `KAIZEN_EFFECTS`.
pub(crate) fn effect(name: &str) {
    #[cfg(debug_assertions)]
    {
        use std::io::Write;
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(log) = std::env::var_os("KAIZEN_EFFECTS") {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(log);
            let _ = file.and_then(|mut file| writeln!(file, "{number} {name}"));
        }
        if std::env::var("KAIZEN_CRASH_BEFORE")
            .ok()
            .and_then(|text| text.parse().ok())
            == Some(number)
        {
            std::process::abort();
        }
    }
    tracing::trace!(name, "effect");
}
