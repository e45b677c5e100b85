//! Unpacks the files of a zip archive one at a time, and refuses those that exceed a size limit.

use std::borrow::Cow;
use std::io::{Read, Seek};

use zip::ZipArchive;

use crate::sys::disk::LARGEST_ARTIFACT;
use crate::trace::format::Archive;

/// Size limits for unpacking, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnpackBounds {
    /// The limit for one file.
    pub file: u64,
    /// The limit for all files together.
    pub all: u64,
}

/// The limits for an import.
pub(crate) const BOUNDS: UnpackBounds = UnpackBounds {
    file: LARGEST_ARTIFACT,
    all: 4 << 30,
};

/// Opens an archive.
///
/// # Errors
/// The bytes are not a zip archive.
pub(crate) fn open<'a>(file: impl Read + Seek + 'a, bounds: UnpackBounds) -> Result<Archive<'a>, String> {
    let mut archive =
        ZipArchive::new(file).map_err(|error| format!("it is an archive that cannot be opened: {error}"))?;
    let names = archive.file_names().flatten().map(Cow::into_owned).collect();
    let mut left = bounds.all;
    let unpack = move |name: &str| {
        let most = bounds.file.min(left);
        let file = archive.by_name(name).map_err(|error| broken(&error))?;
        let mut content = Vec::new();
        // The stated size may be false, so this counts the unpacked bytes.
        let unpacked = file.take(most + 1).read_to_end(&mut content);
        left = left.saturating_sub(content.len() as u64);
        match unpacked {
            Err(error) => Err(broken(&error)),
            Ok(length) if length as u64 <= most => Ok(content),
            Ok(_) if most == bounds.file => Err(format!("it unpacks to more than {} MiB", bounds.file >> 20)),
            Ok(_) => Err(format!(
                "the archive unpacks to more than {} MiB: split it",
                bounds.all >> 20
            )),
        }
    };
    Ok(Archive {
        names,
        unpack: Box::new(unpack),
    })
}

fn broken(error: &dyn std::error::Error) -> String {
    format!("it cannot be unpacked: {error}")
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer
                .start_file(*name, zip::write::SimpleFileOptions::default())
                .unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let large = vec![b'a'; 3 << 20];
        let bytes = zipped(&[("a", b"{}"), ("b", &large), ("c", &large)]);
        let lengths = |file: u64, all: u64| {
            let bounds = UnpackBounds {
                file: file << 20,
                all: all << 20,
            };
            let mut archive = open(Cursor::new(&bytes), bounds).unwrap();
            let unpacked = archive.names.iter().map(|name| (archive.unpack)(name));
            unpacked
                .map(|content| content.map_or_else(|error| error, |content| content.len().to_string()))
                .collect::<Vec<_>>()
        };
        assert_eq!(lengths(3, 9), ["2", "3145728", "3145728"]);
        assert_eq!(
            lengths(2, 9),
            ["2", "it unpacks to more than 2 MiB", "it unpacks to more than 2 MiB"]
        );
        assert_eq!(lengths(3, 4)[2], "the archive unpacks to more than 4 MiB: split it");
    }

    #[test]
    fn broken_archives_are_refused_and_broken_files_named() {
        assert!(open(Cursor::new(b"PK\x03\x04nothing"), BOUNDS).is_err());
        let mut bytes = zipped(&[("a.json", b"some words that are longer than a few bytes, some words")]);
        let place = 30 + "a.json".len();
        bytes[place..place + 8].fill(0xff);
        let mut archive = open(Cursor::new(&bytes), BOUNDS).unwrap();
        assert!((archive.unpack)("a.json").is_err());
        for end in 0..bytes.len() {
            let cut = open(Cursor::new(&bytes[..end]), BOUNDS);
            let _ = cut.map(|mut archive| (archive.unpack)("a.json"));
        }
    }
}
