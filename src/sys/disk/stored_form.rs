//! Recognises files that hold what a git filter keeps in the repository instead of their content.

use std::fmt;

/// The number of bytes that show the form.
pub(crate) const FORM_BYTES: u64 = 64;

/// What a git filter keeps in the repository instead of a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredForm {
    /// A pointer of Git LFS.
    LfsPointer,
    /// Content that git-crypt encrypted.
    GitCrypt,
}

impl StoredForm {
    /// The form of a file, by the first [`FORM_BYTES`] bytes; `None` for other content.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"version https://git-lfs.github.com/spec/v1\noid ") {
            return Some(Self::LfsPointer);
        }
        bytes.starts_with(b"\0GITCRYPT\0").then_some(Self::GitCrypt)
    }

    /// How to get the content.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::LfsPointer => "`git lfs pull` gets the content (`git lfs install` sets Git LFS up)",
            Self::GitCrypt => "`git-crypt unlock` decrypts it",
        }
    }
}

impl fmt::Display for StoredForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LfsPointer => "a pointer of Git LFS (filter `lfs`)",
            Self::GitCrypt => "encrypted bytes of git-crypt (filter `git-crypt`)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_forms_are_recognised_by_their_first_bytes() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        assert_eq!(StoredForm::of(pointer), Some(StoredForm::LfsPointer));
        assert_eq!(StoredForm::of(b"\0GITCRYPT\0\x01"), Some(StoredForm::GitCrypt));
        for content in [
            &b""[..],
            b"version 1",
            b"GITCRYPT",
            b"version https://git-lfs.github.com/spec/v1\nis a line",
        ] {
            assert_eq!(StoredForm::of(content), None);
        }
    }
}
