//! How a server is reached, and whether a key may be sent to it.

use std::net::IpAddr;

use ureq::http::Uri;

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// On this machine.
    Local,
    /// Over HTTPS.
    Encrypted,
    /// Over plain HTTP, to a host that the user's configuration allows.
    Allowed,
    /// Over plain HTTP to any other host: others on the network can read it.
    Open,
}

impl Way {
    /// Classifies a URL; `hosts` are those that the user allows over plain HTTP.
    pub(crate) fn to(url: &str, hosts: &[String]) -> Self {
        // The same parser as the HTTP client uses, so that both see the same host.
        let Ok(uri) = url.parse::<Uri>() else { return Way::Open };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        if is_local(host) {
            return Way::Local;
        }
        match uri.scheme_str() {
            Some("https") => Way::Encrypted,
            _ if hosts.iter().any(|allowed| is_same(allowed, host)) => Way::Allowed,
            _ => Way::Open,
        }
    }

    /// Whether a key may be sent this way.
    pub(crate) fn carries_keys(self) -> bool {
        self != Way::Open
    }
}

/// Whether a host name always means this machine; other names could resolve to any address.
fn is_local(host: &str) -> bool {
    let address = host.parse::<IpAddr>().map(|address| address.to_canonical());
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn is_same(allowed: &str, host: &str) -> bool {
    let allowed = allowed.trim_matches(['[', ']']);
    !host.is_empty() && allowed.eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_to_this_machine_and_by_https() {
        let hosts = ["box.lan".to_owned(), "fd00::1".to_owned()];
        for (url, way) in [
            ("http://127.0.0.1:8080/v1", Way::Local),
            ("http://127.9.9.9", Way::Local),
            ("http://localhost:1", Way::Local),
            ("http://LOCALHOST:1/v1", Way::Local),
            ("http://[::1]:9/x", Way::Local),
            ("http://[::ffff:127.0.0.1]:9/x", Way::Local),
            ("https://127.0.0.1", Way::Local),
            ("https://api.openai.com/v1", Way::Encrypted),
            ("https://localhost.example.org", Way::Encrypted),
            ("http://localhost.example.org", Way::Open),
            ("http://127.0.0.1.example.org", Way::Open),
            ("http://127.0.0.1@example.org", Way::Open),
            ("http://user:127.0.0.1@example.org/", Way::Open),
            ("http://example.org:80/127.0.0.1", Way::Open),
            ("http://example.org/https://x", Way::Open),
            ("http://example.org#@127.0.0.1", Way::Open),
            ("http://example.org\\@127.0.0.1", Way::Open),
            ("http://2130706433/", Way::Open),
            ("http://0x7f.1/", Way::Open),
            ("http://0.0.0.0/", Way::Open),
            ("http://10.0.0.1:80", Way::Open),
            ("http://[::2]/", Way::Open),
            ("http://box.lan:8080/v1", Way::Allowed),
            ("http://BOX.lan", Way::Allowed),
            ("http://[fd00::1]:80/", Way::Allowed),
            ("http://evil.box.lan", Way::Open),
            ("http://box.lan.evil", Way::Open),
            ("nonsense", Way::Open),
            ("", Way::Open),
        ] {
            assert_eq!(Way::to(url, &hosts), way, "{url}");
        }
    }
}
