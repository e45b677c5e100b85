//! Decodes the texts of files.

use std::path::Path;

use super::error::{DiskError, refuse_stored};
use super::lines::{is_utf16, remove_mark};

/// The text of a file, without a byte order mark.
///
/// # Errors
/// It is not UTF-8, or it is what a git filter keeps instead of the content.
pub(super) fn text_of(mut bytes: Vec<u8>, path: &Path) -> Result<String, DiskError> {
    refuse_stored(&bytes, path)?;
    if is_utf16(&bytes) {
        return Err(DiskError::Utf16 { path: path.to_owned() });
    }
    remove_mark(&mut bytes);
    String::from_utf8(bytes).map_err(|error| DiskError::NotUtf8 {
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })
}
