//! Digests: identities of values and files, as 160 bits of BLAKE3 over canonical bytes.
//!
//! The parts of each digest, and the parts that are left out:
//!
//! | digest | covers | leaves out |
//! |---|---|---|
//! | edit | op, target, payload | rationale, references, tier, order, label: they do not change the harness |
//! | harness | relative paths and bytes | times, modes, absolute paths, git state: a clone must hit the same cache |
//! | attempt | task, the harness as the student can see it, student identity, seed | host, time, concurrency |
//! | phase definition | stanza, settings used, engine identity, a manual revision | kaizen's version, credentials |
//!
//! git uses 160 bits too. A digest is short enough for a file name, and a collision takes 2^80 work.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Length of a digest in bytes.
const LENGTH: usize = 20;

/// A content digest, as 40 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Digest([u8; LENGTH]);

impl Digest {
    /// The digest of bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::truncate(blake3::hash(bytes))
    }

    /// The digest of a reader's content, computed without loading it into memory.
    ///
    /// # Errors
    /// The reader fails.
    pub fn of_reader(reader: impl Read) -> io::Result<Self> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(reader)?;
        Ok(Self::truncate(hasher.finalize()))
    }

    /// Copies a reader's content to a writer and returns its digest.
    ///
    /// # Errors
    /// The reader or the writer fails.
    pub(crate) fn of_copy(reader: impl Read, mut writer: impl Write) -> io::Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let mut hasher = blake3::Hasher::new();
        loop {
            let chunk = reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(Self::truncate(hasher.finalize()));
            }
            hasher.update(chunk);
            writer.write_all(chunk)?;
            let length = chunk.len();
            reader.consume(length);
        }
    }

    /// The digest of a value's canonical JSON (keys sorted, no white space).
    ///
    /// # Panics
    /// The value cannot be written as JSON, such as a map whose keys are not strings.
    pub fn of_value(value: &impl Serialize) -> Self {
        // Converting to `Value` sorts the keys of structs and maps.
        let canonical = serde_json::to_value(value).expect("a hashed value can be written as JSON");
        Self::of_bytes(canonical.to_string().as_bytes())
    }

    /// The digest of named parts in the given order; it covers names and lengths too.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for (name, bytes) in parts {
            for piece in [name.as_bytes(), bytes] {
                hasher.update(&(piece.len() as u64).to_le_bytes());
                hasher.update(piece);
            }
        }
        Self::truncate(hasher.finalize())
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..10].to_owned()
    }

    /// A number derived from the digest, for seeds.
    pub fn seed(&self) -> u64 {
        let mut low = [0; 8];
        low.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(low)
    }

    fn truncate(hash: blake3::Hash) -> Self {
        let mut short = [0; LENGTH];
        short.copy_from_slice(&hash.as_bytes()[..LENGTH]);
        Self(short)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The text is not 40 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a digest (40 lower-case hexadecimal digits)")]
pub struct NotADigest(String);

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let lower_hex = |c: &u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 2 * LENGTH || !text.as_bytes().iter().all(lower_hex) {
            return Err(NotADigest(text.to_owned()));
        }
        let mut bytes = [0; LENGTH];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| NotADigest(text.to_owned()))?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_hash_by_content_and_not_by_key_order() {
        let one: serde_json::Value = serde_json::from_str(r#"{"a":1,"b":[2,3]}"#).unwrap();
        let two: serde_json::Value = serde_json::from_str(r#"{"b":[2,3],"a":1}"#).unwrap();
        assert_eq!(Digest::of_value(&one), Digest::of_value(&two));
        assert_ne!(Digest::of_value(&one), Digest::of_value(&json!({"a":1,"b":[3,2]})));
    }

    #[test]
    fn parts_cannot_be_shifted_between_name_and_bytes() {
        let one = Digest::of_parts([("ab", b"c".as_slice())]);
        let two = Digest::of_parts([("a", b"bc".as_slice())]);
        assert_ne!(one, two);
    }

    #[test]
    fn text_form_round_trips_and_rejects_the_rest() {
        let digest = Digest::of_bytes(b"x");
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        for bad in ["", "zz", &"A".repeat(40), &"a".repeat(41), &"é".repeat(20)] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }
}
