//! HTTP: one POST with limits on time and size, using the proxy and certificates that the environment sets.
#![allow(clippy::disallowed_methods)] // edge: the network, the environment, certificate files

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};

use crate::manifest::trust::Way;
use crate::sys::consent::Consent;

/// Maximum size of a reply in bytes, far above that of any real answer.
const LARGEST: u64 = 16 << 20;

/// The response of a server.
pub(crate) struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no response.
pub(crate) enum HttpFailure {
    /// A retry may succeed; nothing was charged.
    Passing(String),
    /// A retry may succeed, but this attempt may have been charged for: the request had arrived.
    Late(String),
    /// A retry would fail too.
    Lasting(String),
}

/// Two HTTP agents: servers on this machine are never reached through a proxy, even if the environment sets one.
pub(crate) struct Http {
    out: Agent,
    here: Agent,
}

impl Http {
    /// Creates a client with a timeout from connecting to the last byte.
    ///
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are respected; `SSL_CERT_FILE` replaces the built-in
    /// trusted certificates.
    ///
    /// # Errors
    /// The certificates cannot be read.
    pub(crate) fn new(timeout: Duration) -> Result<Self, String> {
        let config = || {
            Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(timeout))
                // Never follow redirects: a request with a body and a key must not go to another server.
                .max_redirects(0)
                // The maximum number of concurrent attempts.
                .max_idle_connections_per_host(64)
                .max_idle_connections(64)
                .user_agent(concat!("kaizen/", env!("CARGO_PKG_VERSION")))
        };
        let tls = match std::env::var_os("SSL_CERT_FILE") {
            Some(path) => TlsConfig::builder().root_certs(certificates(&path)?).build(),
            None => TlsConfig::default(),
        };
        Ok(Self {
            out: config().tls_config(tls.clone()).build().into(),
            here: config().tls_config(tls).proxy(None).build().into(),
        })
    }

    /// Posts a JSON body; the consent proves that it may be sent.
    ///
    /// # Errors
    /// See [`HttpFailure`]; the messages contain no headers.
    pub(crate) fn post(
        &self,
        _: &Consent,
        url: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> Result<Response, HttpFailure> {
        let is_here = Way::to(url, &[]) == Way::Local;
        let agent = if is_here { &self.here } else { &self.out };
        let mut request = agent.post(url).content_type("application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut response = request.send(body).map_err(broken)?;
        let header = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (status, retry_after) = (response.status().as_u16(), header("retry-after"));
        let is_packed = header("content-encoding").is_some_and(|name| name.to_ascii_lowercase().contains("gzip"));
        let body = response.body_mut().with_config().limit(LARGEST).read_to_vec();
        Ok(Response {
            status,
            retry_after,
            body: match (body.map_err(|error| broken(error).into_late())?, is_packed) {
                (body, true) => unpacked(&body)?,
                (body, false) => body,
            },
        })
    }
}

/// The content of a body that a proxy compressed although nobody asked for that.
fn unpacked(body: &[u8]) -> Result<Vec<u8>, HttpFailure> {
    let mut content = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(body).take(LARGEST + 1);
    match reader.read_to_end(&mut content) {
        Ok(_) if content.len() as u64 > LARGEST => Err(too_large()),
        Ok(_) => Ok(content),
        Err(error) => Err(HttpFailure::Late(format!(
            "the compressed reply cannot be read: {error}"
        ))),
    }
}

fn too_large() -> HttpFailure {
    HttpFailure::Lasting(format!(
        "the reply is larger than {} MiB and was discarded",
        LARGEST >> 20
    ))
}

impl HttpFailure {
    /// Turns a failure into a late one, because the response's headers had already arrived.
    fn into_late(self) -> Self {
        match self {
            HttpFailure::Passing(why) => HttpFailure::Late(why),
            other => other,
        }
    }
}

fn broken(error: ureq::Error) -> HttpFailure {
    match error {
        ureq::Error::BodyExceedsLimit(_) => too_large(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl => {
            HttpFailure::Lasting(error.to_string())
        }
        ureq::Error::Tls(_) | ureq::Error::Pem(_) => HttpFailure::Lasting(error.to_string()),
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            HttpFailure::Passing("the connection timed out".to_owned())
        }
        ureq::Error::Timeout(_) => HttpFailure::Late(
            "no complete answer within [network] timeout_seconds; it may have been charged for".to_owned(),
        ),
        ureq::Error::Io(error) if !is_unconnected(&error) => HttpFailure::Late(format!(
            "the connection broke ({error}); the call may have been charged for"
        )),
        other => HttpFailure::Passing(other.to_string()),
    }
}

/// Whether the request cannot have reached the server.
fn is_unconnected(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable};
    matches!(
        error.kind(),
        ConnectionRefused | HostUnreachable | NetworkUnreachable | AddrNotAvailable
    )
}

fn certificates(path: &std::ffi::OsStr) -> Result<RootCerts, String> {
    let place = format!("SSL_CERT_FILE={}", path.display());
    let bytes = std::fs::read(path).map_err(|error| format!("{place}: {error}"))?;
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let found: Vec<Certificate> = parse_pem(&bytes).filter_map(certificate).collect();
    match found.is_empty() {
        true => Err(format!("{place} contains no certificate in PEM format")),
        false => Ok(RootCerts::Specific(Arc::new(found))),
    }
}
