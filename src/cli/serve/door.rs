//! Decides which requests are answered: those of this machine that know the secret, and only to read.

use hyper::header::HOST;
use hyper::{Method, Request, StatusCode};

/// Where the server answers.
pub(super) struct Door {
    port: u16,
    secret: String,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServedPage {
    /// The page with the report.
    Report,
    /// The stream of what changes.
    Events,
    /// The page without the slash at the end of its address.
    Nearly,
}

impl Door {
    /// The door of a server on this port.
    pub(super) fn new(port: u16, secret: String) -> Self {
        Self { port, secret }
    }

    /// The address of the page.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.secret)
    }

    /// What a request gets.
    ///
    /// # Errors
    /// The status of the refusal. A request without the secret learns nothing.
    pub(super) fn admits<T>(&self, request: &Request<T>) -> Result<ServedPage, StatusCode> {
        if !self.is_host(request) {
            // A page of another site reaches this address if its own name leads here.
            return Err(StatusCode::MISDIRECTED_REQUEST);
        }
        let path = request.uri().path().strip_prefix('/').unwrap_or_default();
        let (secret, rest) = path
            .split_once('/')
            .map_or((path, None), |(secret, rest)| (secret, Some(rest)));
        if !is_equal(secret.as_bytes(), self.secret.as_bytes()) {
            return Err(StatusCode::NOT_FOUND);
        }
        let page = match rest {
            Some("") => ServedPage::Report,
            Some("events") => ServedPage::Events,
            None => ServedPage::Nearly,
            Some(_) => return Err(StatusCode::NOT_FOUND),
        };
        match *request.method() {
            Method::GET | Method::HEAD => Ok(page),
            _ => Err(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    /// Whether a request is for this machine by one of its own names.
    fn is_host<T>(&self, request: &Request<T>) -> bool {
        let names = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        let is_own = |host: &str| names.iter().any(|name| name.eq_ignore_ascii_case(host));
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        let authority = request.uri().authority();
        host.is_some_and(is_own) && hosts.next().is_none() && authority.is_none_or(|one| is_own(one.as_str()))
    }
}

/// Compares in a time that does not depend on where two texts of the same length differ.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0, |sum, (one, other)| sum | (one ^ other));
    one.len() == other.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_with_the_secret_and_the_right_host_gets_in() {
        let door = Door::new(8080, "s3cret".into());
        assert_eq!(door.url(), "http://127.0.0.1:8080/s3cret/");
        let own = "127.0.0.1:8080";
        for (method, host, path, expected) in [
            ("GET", own, "/s3cret/", Ok(ServedPage::Report)),
            ("HEAD", "LOCALHOST:8080", "/s3cret/?x=1", Ok(ServedPage::Report)),
            ("GET", own, "/s3cret/events", Ok(ServedPage::Events)),
            ("GET", own, "/s3cret", Ok(ServedPage::Nearly)),
            ("GET", own, "http://localhost:8080/s3cret/", Ok(ServedPage::Report)),
            ("POST", own, "/s3cret/", Err(405)),
            ("OPTIONS", own, "/s3cret/events", Err(405)),
            ("GET", own, "/", Err(404)),
            ("POST", own, "/wrong/", Err(404)),
            ("GET", own, "/s3cre/", Err(404)),
            ("GET", own, "/s3cret/../../etc/passwd", Err(404)),
            ("GET", own, "/%733cret/", Err(404)),
            ("GET", "evil.example:8080", "/s3cret/", Err(421)),
            ("GET", "127.0.0.1", "/s3cret/", Err(421)),
            ("GET", "127.0.0.1:8080.evil.example", "/s3cret/", Err(421)),
            ("GET", "", "/s3cret/", Err(421)),
            ("GET", own, "http://evil.example/s3cret/", Err(421)),
        ] {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(HOST, host)
                .body(())
                .unwrap();
            let admitted = door.admits(&request).map_err(|status| status.as_u16());
            assert_eq!(admitted, expected, "{method} {host} {path}");
        }
        let bare = Request::builder().uri("/s3cret/").body(()).unwrap();
        assert_eq!(door.admits(&bare), Err(StatusCode::MISDIRECTED_REQUEST));
        let two = Request::builder()
            .uri("/s3cret/")
            .header(HOST, own)
            .header(HOST, own)
            .body(())
            .unwrap();
        assert_eq!(door.admits(&two), Err(StatusCode::MISDIRECTED_REQUEST));
    }
}
