//! The page's style, its script, and the policy that lets a browser use these two and load nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The style of the page.
pub(crate) const STYLE: &str = include_str!("style.css");
/// The script of the page, which adds comfort only.
pub(crate) const SCRIPT: &str = include_str!("script.js");

/// What a page of a server has in addition.
#[cfg(feature = "serve")]
pub(crate) const LIVE_STYLE: &str = include_str!("live.css");
/// The script that keeps it up to date.
#[cfg(feature = "serve")]
pub(crate) const LIVE_SCRIPT: &str = include_str!("live.js");

/// The Content-Security-Policy of a page of a server: as that of the page, and it may load from its own server.
#[cfg(feature = "serve")]
pub(crate) fn live_policy() -> String {
    let [style, live_style] = [STYLE, LIVE_STYLE].map(source);
    let [script, live_script] = [SCRIPT, LIVE_SCRIPT].map(source);
    format!(
        "default-src 'none'; style-src '{style}' '{live_style}'; script-src '{script}' '{live_script}'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'"
    )
}

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

    #[cfg(feature = "serve")]
    #[test]
    fn a_live_page_loads_from_its_own_server_only() {
        for text in [LIVE_STYLE, LIVE_SCRIPT] {
            for part in [
                "</", "<!--", "@import", "url(", "http:", "https:", "//#", "import(", "eval(",
            ] {
                assert!(!text.contains(part), "{part}");
            }
        }
        assert!(live_policy().contains("connect-src 'self'; ") && !policy().contains("connect-src"));
    }
}
