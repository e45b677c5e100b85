//! Plain names: parts of a path with the same meaning on every file system.

/// Names that Windows reserves for devices, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Maximum number of bytes in a part.
const LONGEST_PART: usize = 100;

/// Whether a text is valid as one part of a path on every file system, and has only one spelling there apart from case.
pub(crate) fn is_plain(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && !part.ends_with('.')
        && part.len() <= LONGEST_PART
        && part.chars().all(plain)
        && !is_device(part)
}

/// Whether the name means a device on Windows.
pub(crate) fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_port = ["com", "lpt"].iter().any(|port| {
        let number = stem.strip_prefix(port).unwrap_or_default();
        number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    is_port || DEVICES.contains(&stem.as_str())
}
