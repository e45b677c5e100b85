//! Artifacts name their schema only where the workspace has schemas.

use std::borrow::Cow;

use crate::artifact::without_schema;
use crate::sys::disk::{DiskError, Root};

/// The folder of the schemas, which `kaizen schema --write` makes.
pub(crate) const FOLDER: &str = "schemas";

/// The text of an artifact as this workspace stores it.
///
/// # Errors
/// The system does not say whether there are schemas.
pub(crate) fn stored<'t>(root: &Root, text: &'t str) -> Result<Cow<'t, str>, DiskError> {
    Ok(match root.is_taken(FOLDER)? {
        true => Cow::Borrowed(text),
        false => without_schema(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_artifacts_lose_a_line_and_only_without_schemas() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let text = "{\n  \"$schema\": \"../x.json\",\n  \"a\": 1\n}\n";
        assert_eq!(stored(&root, text).unwrap(), "{\n  \"a\": 1\n}\n");
        for other in ["# Text\n", "{\"$schema\": 1}", "{\n  \"a\": 1\n}\n"] {
            assert_eq!(stored(&root, other).unwrap(), other);
        }
        root.publish("schemas/x.json", b"{}").unwrap();
        assert_eq!(stored(&root, text).unwrap(), text);
    }
}
