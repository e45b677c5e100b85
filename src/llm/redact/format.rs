//! Formats of keys, tokens and hashes that do not belong to one provider.

use super::finding::FindingKind::{PrivateKey, Secret, Token};
use super::provider::{KeyForm, of};

/// All formats.
pub(super) const FORMATS: &[KeyForm] = &[
    of(
        Token,
        "eyJ",
        r"eyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{8,8192}\.(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,2})?",
    ),
    of(Token, "v4.local.", r"v4\.local\.[A-Za-z0-9_-]{30,}"),
    of(Secret, "otpauth://", r"(?i)otpauth://[^\s<>]{8,}"),
    of(Secret, "otpauth-migration://", r"(?i)otpauth-migration://[^\s<>]{8,}"),
    of(Secret, "$1$", r"\$1\$[A-Za-z0-9./]{1,16}\$[A-Za-z0-9./]{20,}"),
    of(
        Secret,
        "$5$",
        r"\$5\$(?:rounds=[0-9]+\$)?[A-Za-z0-9./]{1,24}\$[A-Za-z0-9./]{30,}",
    ),
    of(
        Secret,
        "$6$",
        r"\$6\$(?:rounds=[0-9]+\$)?[A-Za-z0-9./]{1,24}\$[A-Za-z0-9./]{40,}",
    ),
    of(
        Secret,
        "$y$",
        r"\$y\$[A-Za-z0-9./]{1,12}\$[A-Za-z0-9./]{1,40}\$[A-Za-z0-9./]{30,}",
    ),
    of(Secret, "$2", r"\$2[abxy]\$[0-9]{2}\$[A-Za-z0-9./]{50,}"),
    of(Secret, "$apr1$", r"\$apr1\$[A-Za-z0-9./]{1,16}\$[A-Za-z0-9./]{20,}"),
    of(Secret, "$argon2", r"\$argon2[a-z]{1,2}\$[A-Za-z0-9=,$+/]{30,}"),
    of(Secret, "$scrypt$", r"\$scrypt\$[A-Za-z0-9=,$+/]{30,}"),
    of(
        Secret,
        "pbkdf2_sha",
        r"pbkdf2_sha[0-9]+\$[0-9]+\$[A-Za-z0-9]+\$[A-Za-z0-9+/=]{20,}",
    ),
    of(Secret, "{SSHA", r"(?i)\{ssha[0-9]*\}[A-Za-z0-9+/]{20,}={0,2}"),
    of(Secret, "{SHA}", r"(?i)\{sha\}[A-Za-z0-9+/]{20,}={0,2}"),
    of(
        PrivateKey,
        "-----BEGIN ",
        r"(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
    of(
        PrivateKey,
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY",
        r"(?s)---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----.*?(?:---- END SSH2 ENCRYPTED PRIVATE KEY ----|\z)",
    ),
    of(
        PrivateKey,
        "PuTTY-User-Key-File-",
        r"(?s)PuTTY-User-Key-File-[0-9]:.*?(?:Private-MAC: [0-9a-f]+|\z)",
    ),
    of(PrivateKey, "MIIEv", r"MIIEv[A-Za-z0-9+/]{200,}={0,2}"),
    of(PrivateKey, "MIIEp", r"MIIEp[A-Za-z0-9+/]{200,}={0,2}"),
    of(PrivateKey, "LS0tLS1CRUdJTi", r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{40,}={0,2}"),
    of(
        PrivateKey,
        "b3BlbnNzaC1rZXktdjE",
        r"b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/\s]{100,}={0,2}",
    ),
    // The signature of a URL, and related parameters
    of(Token, "sig=", r"(?i)sig=([A-Za-z0-9%+/=_-]{16,})"),
    of(Token, "X-Amz-Signature=", r"(?i)X-Amz-Signature=([0-9a-f]{16,})"),
    of(
        Token,
        "X-Amz-Security-Token=",
        r"(?i)X-Amz-Security-Token=([A-Za-z0-9%+/=_-]{16,})",
    ),
    of(
        Token,
        "X-Goog-Signature=",
        r"(?i)X-Goog-Signature=([0-9A-Za-z%+/=_-]{16,})",
    ),
];
