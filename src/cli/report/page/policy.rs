//! The page's style, its script, and the policy that lets a browser use these two and load nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The style of the page.
pub(crate) const STYLE: &str = include_str!("style.css");
/// The script of the page, which adds comfort only.
pub(crate) const SCRIPT: &str = include_str!("script.js");

/// The Content-Security-Policy of the page.
pub(crate) fn policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        source(STYLE),
        source(SCRIPT)
    )
}

/// The hash of an inline element, as a policy names it.
pub(crate) fn source(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_the_hash_that_browsers_compute() {
        // From the specification of Content-Security-Policy, level 3.
        let expected = "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=";
        assert_eq!(source("alert('Hello, world.');"), expected);
    }

    #[test]
    fn neither_style_nor_script_ends_its_element_or_loads_anything() {
        for text in [STYLE, SCRIPT] {
            for part in ["</", "<!--", "@import", "url(", "http:", "https:", "fetch", "import("] {
                assert!(!text.contains(part), "{part}");
            }
        }
    }
}
