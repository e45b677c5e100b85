//! Names the running system and its process ids: several machines and containers may share a folder, and a process id or
//! a lock proves something only about the processes that it can belong to.
#![allow(clippy::disallowed_methods)] // edge: the files of the kernel

use std::sync::LazyLock;

use crate::digest::Digest;

/// The length of a name, in hexadecimal digits.
const LENGTH: usize = 8;
/// The name of a system that does not tell one boot from another.
const UNKNOWN: &str = "unknown0";

/// This boot of this machine: an advisory lock that is free here is free for all processes of the same boot, in whatever
/// container.
pub(crate) static BOOT: LazyLock<SystemName> = LazyLock::new(|| SystemName::of(boot_id()));

/// The process ids of this boot that this process can see: containers have their own.
pub(crate) static PROCESS_IDS: LazyLock<SystemName> = LazyLock::new(|| {
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok();
    let both = boot_id().zip(namespace);
    SystemName::of(both.map(|(boot, namespace)| format!("{boot} {}", namespace.display())))
});

/// A short name for file names.
#[derive(Debug)]
pub(crate) struct SystemName(String);

impl SystemName {
    fn of(identity: Option<String>) -> Self {
        let digest = |identity: String| Digest::of_bytes(identity.as_bytes()).to_string()[..LENGTH].to_owned();
        Self(identity.map_or_else(|| UNKNOWN.to_owned(), digest))
    }

    /// The name, of letters and digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name from a file name certainly means this system.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.0 == name && name != UNKNOWN
    }
}

fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Whether a text has the form of a name.
pub(crate) fn is_name(text: &str) -> bool {
    text == UNKNOWN || (text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_system_is_never_certainly_the_same() {
        let unknown = SystemName::of(None);
        assert!(is_name(unknown.as_str()) && !unknown.is(unknown.as_str()));
        let known = SystemName::of(Some("a".to_owned()));
        assert!(is_name(known.as_str()) && known.is(known.as_str()) && !known.is("0000000g"));
        assert!(!is_name("12345") && !is_name("notes"));
    }
}
