//! What the tables of all formats check in each of their rows.

use serde_json::{Value as Json, json};

use crate::artifact::key_path::KeyPath;
use crate::harness::format::list::edit_list;
use crate::harness::format::{set_value, unset_value, value};
use crate::manifest::surface::SurfaceFormat;

pub(super) fn path(text: &str) -> KeyPath {
    text.parse().unwrap()
}

/// Rows: format, text, key, new value, new text. The value is there afterwards, and setting it again changes nothing.
pub(super) fn values_are_set(rows: &[(SurfaceFormat, &str, &str, Json, &str)]) {
    for (format, text, key, new, wanted) in rows {
        let changed = set_value(*format, text, &path(key), new);
        assert_eq!(changed.as_deref(), Ok(*wanted), "{text} {key}");
        assert_eq!(value(*format, wanted, &path(key)).as_ref(), Ok(new), "{text} {key}");
        assert_eq!(
            set_value(*format, wanted, &path(key), new).as_deref(),
            Ok(*wanted),
            "{text} {key}"
        );
    }
}

/// Rows: format, text, key, new text.
pub(super) fn values_are_unset(rows: &[(SurfaceFormat, &str, &str, &str)]) {
    for (format, text, key, wanted) in rows {
        assert_eq!(
            unset_value(*format, text, &path(key)).as_deref(),
            Ok(*wanted),
            "{text} {key}"
        );
    }
}

/// Rows: format, text, key, items to add, items to remove, new text.
pub(super) fn lists_are_edited(rows: &[(SurfaceFormat, &str, &str, Json, Json, &str)]) {
    for (format, text, key, add, remove, wanted) in rows {
        let (add, remove) = (add.as_array().unwrap(), remove.as_array().unwrap());
        assert_eq!(
            edit_list(*format, text, &path(key), add, remove).as_deref(),
            Ok(*wanted),
            "{text} {key}"
        );
    }
}

/// Rows: format, text, key, the message of the refusal.
pub(super) fn places_are_refused(rows: &[(SurfaceFormat, &str, &str, &str)]) {
    for (format, text, key, wanted) in rows {
        let refused = set_value(*format, text, &path(key), &json!("x")).map_err(|error| error.to_string());
        assert_eq!(refused, Err((*wanted).to_owned()), "{text}");
    }
}
