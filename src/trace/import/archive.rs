//! Unpacks the files of a zip archive one at a time, and refuses those that exceed a size limit.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, Seek};

use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use zip::{CompressionMethod, ZipArchive};

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
        let content = unpacked(&mut archive, name, most)?;
        left = left.saturating_sub(content.len() as u64);
        match content.len() as u64 {
            length if length <= most => Ok(content),
            _ if most == bounds.file => Err(format!("it unpacks to more than {} MiB", bounds.file >> 20)),
            _ => Err(format!(
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

/// The first `most` bytes of a file and one more, if it has more. The stated size may be false, so this counts the
/// unpacked bytes.
fn unpacked(archive: &mut ZipArchive<impl Read + Seek>, name: &str, most: u64) -> Result<Vec<u8>, String> {
    let at = archive.index_for_name(name).ok_or("it is not in the archive")?;
    let packed = archive.by_index_raw(at).map_err(|error| broken(&error))?;
    if packed.compression() == CompressionMethod::ZSTD {
        let checksum = packed.crc32();
        let content = from_zstd(BufReader::new(packed), most).map_err(|error| broken(&*error))?;
        let is_whole = content.len() as u64 > most || checksum_of(&content) == checksum;
        return is_whole
            .then_some(content)
            .ok_or_else(|| "it cannot be unpacked: invalid checksum".to_owned());
    }
    drop(packed);
    let file = archive.by_index(at).map_err(|error| broken(&error))?;
    let mut content = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut content)
        .map_err(|error| broken(&error))?;
    Ok(content)
}

/// Unpacks all zstd frames: Inspect writes one for each part of a file.
fn from_zstd(mut packed: impl BufRead, most: u64) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut content = Vec::new();
    while content.len() as u64 <= most && !packed.fill_buf()?.is_empty() {
        let left = most + 1 - content.len() as u64;
        match StreamingDecoder::new(&mut packed) {
            Ok(frame) => frame.take(left).read_to_end(&mut content).map(|_| ())?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                io::copy(&mut packed.by_ref().take(length.into()), &mut io::sink())?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(content)
}

fn checksum_of(bytes: &[u8]) -> u32 {
    let mut checksum = flate2::Crc::new();
    checksum.update(bytes);
    checksum.sum()
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

    /// An archive of one file in frames of zstd, which the `zip` crate does not write without its C library.
    fn zstd_zipped(name: &str, frames: &[&[u8]]) -> Vec<u8> {
        let pack =
            |bytes: &&[u8]| ruzstd::encoding::compress_to_vec(*bytes, ruzstd::encoding::CompressionLevel::Fastest);
        let skippable = [&0x184D_2A50_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"abc"].concat();
        let packed = [skippable, frames.iter().map(pack).collect::<Vec<_>>().concat()].concat();
        let mut bytes = zipped(&[(name, b"")]);
        let start = 30 + name.len();
        let central = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        let (checksum, length) = (checksum_of(&frames.concat()), packed.len() as u32);
        let sizes = [
            checksum.to_le_bytes(),
            length.to_le_bytes(),
            (frames.concat().len() as u32).to_le_bytes(),
        ]
        .concat();
        for (method, at) in [(8, 14), (central + 10, central + 16)] {
            bytes[method..method + 2].copy_from_slice(&93_u16.to_le_bytes());
            bytes[at..at + 12].copy_from_slice(&sizes);
        }
        let end = bytes.len() - 22;
        bytes[end + 16..end + 20].copy_from_slice(&(start as u32 + length).to_le_bytes());
        bytes.splice(start..central, packed);
        bytes
    }

    #[test]
    fn frames_of_zstd_are_unpacked_within_the_limits() {
        let large = vec![b'a'; 2 << 20];
        let unpack = |bytes: Vec<u8>, file: u64| {
            let bounds = UnpackBounds { file, all: 1 << 30 };
            let mut archive = open(Cursor::new(bytes), bounds)?;
            (archive.unpack)("a.json").map(|content| content.len())
        };
        assert_eq!(unpack(zstd_zipped("a.json", &[b"{\"a\":", b"1}", b""]), 7), Ok(7));
        let bomb = zstd_zipped("a.json", &[&large, &large]);
        assert!(bomb.len() < 10_000);
        assert_eq!(unpack(bomb.clone(), 4 << 20), Ok(4 << 20));
        assert_eq!(
            unpack(bomb.clone(), 3 << 20),
            Err("it unpacks to more than 3 MiB".to_owned())
        );
        let mut wrong = bomb;
        wrong[14] ^= 1;
        let central = wrong.len() - 22 - 46 - "a.json".len();
        wrong[central + 16] ^= 1;
        assert_eq!(
            unpack(wrong, 4 << 20),
            Err("it cannot be unpacked: invalid checksum".to_owned())
        );
        let whole = zstd_zipped("a.json", &[b"some words that are longer than a few bytes, some words"]);
        for at in 36..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            let _ = unpack(changed, 1 << 20);
        }
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
