//! Plain names: parts of a path that mean the same on every file system.

/// Names that Windows keeps for devices, whatever extension follows.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The most bytes of a part.
const LONGEST_PART: usize = 100;

/// Whether a text can be one part of a path, and has no second spelling on any file system.
pub(crate) fn is_plain(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && !part.ends_with('.')
        && part.len() <= LONGEST_PART
        && part.chars().all(plain)
        && !is_device(part)
}

/// Whether Windows takes the name for a device.
pub(crate) fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_port = ["com", "lpt"].iter().any(|port| {
        let number = stem.strip_prefix(port).unwrap_or_default();
        number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    is_port || DEVICES.contains(&stem.as_str())
}
