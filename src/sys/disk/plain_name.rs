//! Plain names: parts of a path with the same meaning on every file system.

/// Names that Windows reserves for devices, with any extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

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
    let stem = part
        .split(['.', ':'])
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_ascii_lowercase();
    let is_port = ["com", "lpt"].iter().any(|port| {
        let number = stem.strip_prefix(port).unwrap_or_default().chars();
        number.clone().count() == 1 && number.clone().all(|digit| "0123456789¹²³".contains(digit))
    });
    is_port || DEVICES.contains(&stem.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_any_case_and_any_extension() {
        for name in [
            "CON",
            "prn",
            "Aux.txt",
            "nul.tar.gz",
            "COM0",
            "lpt9.md",
            "com¹",
            "LPT³.x",
            "CONIN$",
            "conout$.log",
            "nul .txt",
        ] {
            assert!(is_device(name), "{name}");
        }
        for name in ["con1", "com10", "com", "lpt", "console", "a.con", "nul-1", "comx"] {
            assert!(!is_device(name) && is_plain(name), "{name}");
        }
    }
}
