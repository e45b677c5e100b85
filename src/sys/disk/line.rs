//! Lines of a text file, read one at a time up to a bound.

use std::io::{self, BufRead, Read};

use super::root::LARGEST_ARTIFACT;

/// How some programs begin a text in UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the next line, with its ending, in place of what `line` holds. Returns how many bytes were read: 0 at the end
/// of the file, and one more than [`LARGEST_ARTIFACT`] when the line is longer than that.
///
/// # Errors
/// Whatever the reader fails with.
pub(crate) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let length = reader.take(LARGEST_ARTIFACT + 1).read_until(b'\n', line)?;
    Ok(length as u64)
}

/// The bytes without a byte order mark at their start.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}
