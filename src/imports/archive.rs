//! Archives: the wanted files of a zip, in memory, up to a bound: what unpacks to more is not unpacked.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use crate::trace_import::Part;

/// So many bytes are unpacked from an archive, all its files together.
pub const MOST: u64 = 512 << 20;

/// Unpacks the files that are wanted.
///
/// # Errors
/// The bytes are no archive, or hold more than `most` bytes. One file that cannot be unpacked is no error.
pub fn parts(bytes: &[u8], most: u64, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Part>, String> {
    let broken = |error: zip::result::ZipError| format!("it is an archive that cannot be opened: {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let (mut parts, mut left) = (Vec::new(), most);
    for index in 0..archive.len() {
        let Some(Ok(name)) = archive
            .name_for_index(index)
            .map(|name| name.map(std::borrow::Cow::into_owned))
        else {
            continue;
        };
        if !is_wanted(&name) {
            continue;
        }
        let mut content = Vec::new();
        let unpacked = match archive.by_index(index) {
            // The size that the archive states may be a lie: what comes out is counted.
            Ok(file) => file
                .take(left + 1)
                .read_to_end(&mut content)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        left = left.checked_sub(content.len() as u64).ok_or_else(|| too_large(most))?;
        parts.push(Part {
            name,
            content: unpacked
                .map(|_| content)
                .map_err(|error| format!("it cannot be unpacked: {error}")),
        });
    }
    Ok(parts)
}

fn too_large(most: u64) -> String {
    format!(
        "its files are larger than {} MiB when unpacked: unpack and split it",
        most >> 20
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

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
    fn what_is_wanted_comes_out_and_a_bomb_does_not() {
        let large = vec![b'a'; 3 << 20];
        let bytes = zipped(&[("a.json", b"{}"), ("other", &large), ("b.json", &large)]);
        let wanted = |name: &str| name.ends_with(".json");
        let names = |parts: Vec<Part>| {
            parts
                .into_iter()
                .map(|part| (part.name, part.content.unwrap().len()))
                .collect::<Vec<_>>()
        };
        let all = parts(&bytes, 4 << 20, &wanted).unwrap();
        assert_eq!(names(all), [("a.json".to_owned(), 2), ("b.json".to_owned(), 3 << 20)]);
        let error = parts(&bytes, 2 << 20, &wanted).unwrap_err();
        assert!(error.contains("larger than 2 MiB"), "{error}");
    }

    #[test]
    fn broken_archives_are_refused_and_broken_files_named() {
        assert!(parts(b"PK\x03\x04nothing", MOST, &|_| true).is_err());
        let mut bytes = zipped(&[("a.json", b"some words that are longer than a few bytes, some words")]);
        let place = 30 + "a.json".len();
        bytes[place..place + 8].fill(0xff);
        let read = parts(&bytes, MOST, &|_| true).unwrap();
        assert!(read[0].content.is_err());
        for end in 0..bytes.len() {
            let _ = parts(&bytes[..end], MOST, &|_| true);
        }
    }
}
