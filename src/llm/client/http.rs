//! HTTP: one POST, with a limit on time and size, by way of the proxy and the certificates of the environment.
#![allow(clippy::disallowed_methods)] // edge: the network, the environment, certificate files

use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};

use crate::manifest::trust::Way;
use crate::sys::consent::Consent;

/// Bytes of a reply, at most: a model's answer is a thousandth of it.
const LARGEST: u64 = 16 << 20;

/// What a server answered.
pub(crate) struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Its `Retry-After`.
    pub retry_after: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
pub(crate) enum Broken {
    /// Another attempt may fare better; nothing was charged for.
    Passing(String),
    /// The same, and this one may have been charged for: the question had arrived.
    Late(String),
    /// It would not.
    Lasting(String),
}

/// Two ways out: servers on this machine are never reached through a proxy, even where the environment names one.
pub(crate) struct Http {
    out: Agent,
    here: Agent,
}

impl Http {
    /// A client that gives up after `timeout`, from the connection to the last byte.
    ///
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are obeyed; `SSL_CERT_FILE` names the certificates to trust
    /// in the place of the built-in ones.
    ///
    /// # Errors
    /// The certificates cannot be read.
    pub(crate) fn new(timeout: Duration) -> Result<Self, String> {
        let config = || {
            Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(timeout))
                // A request with a body and a key is not sent on to wherever a server points.
                .max_redirects(0)
                // As many as there may be attempts at once.
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

    /// Posts a JSON body, with the proof that it may be sent.
    ///
    /// # Errors
    /// See [`Broken`]; the texts hold no header.
    pub(crate) fn post(
        &self,
        _: &Consent,
        url: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> Result<Response, Broken> {
        let is_here = Way::to(url, &[]) == Way::Local;
        let agent = if is_here { &self.here } else { &self.out };
        let mut request = agent.post(url).content_type("application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut response = request.send(body).map_err(broken)?;
        let header = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (status, retry_after) = (response.status().as_u16(), header("retry-after"));
        let body = response.body_mut().with_config().limit(LARGEST).read_to_vec();
        Ok(Response {
            status,
            retry_after,
            body: body.map_err(|error| broken(error).behind_the_question())?,
        })
    }
}

impl Broken {
    /// What breaks after the head of an answer was there breaks late.
    fn behind_the_question(self) -> Self {
        match self {
            Broken::Passing(why) => Broken::Late(why),
            other => other,
        }
    }
}

fn broken(error: ureq::Error) -> Broken {
    match error {
        ureq::Error::BodyExceedsLimit(_) => Broken::Lasting(format!(
            "the reply is larger than {} MiB; nothing of it was kept",
            LARGEST >> 20
        )),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl => {
            Broken::Lasting(error.to_string())
        }
        ureq::Error::Tls(_) | ureq::Error::Pem(_) => Broken::Lasting(error.to_string()),
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            Broken::Passing("it cannot be reached in time".to_owned())
        }
        ureq::Error::Timeout(_) => Broken::Late("it took too long, and may have been charged for".to_owned()),
        other => Broken::Passing(other.to_string()),
    }
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
        true => Err(format!("{place} holds no certificate in PEM form")),
        false => Ok(RootCerts::Specific(Arc::new(found))),
    }
}
