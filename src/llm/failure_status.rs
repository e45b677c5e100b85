//! Finds the HTTP status that the words of a failure name.

/// The HTTP status that a text names, such as `API Error: 529 …`, `HTTP 429`, `status 503` or `Error code: 401`.
pub(crate) fn status_in(text: &str) -> Option<u16> {
    let text = text.to_lowercase();
    [
        "api error: ",
        "error code: ",
        "http ",
        "http error ",
        "http/1.1 ",
        "client error '",
        "server error '",
        "status code ",
        "status code: ",
        "status: ",
        "status ",
        "code: ",
    ]
    .iter()
    .flat_map(|mark| text.match_indices(mark))
    .find_map(|(at, mark)| {
        let digits: String = text[at + mark.len()..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse().ok().filter(|status| (400..600).contains(status))
    })
    .or_else(|| status_before(&text))
}

/// The status in `503 Server Error: …`, as Python's `requests` writes it. A 404 does not count, because it may come
/// from any page that a tool reads.
fn status_before(text: &str) -> Option<u16> {
    [" client error", " server error"]
        .iter()
        .filter_map(|mark| {
            text.split_once(mark)?
                .0
                .rsplit(|letter: char| !letter.is_ascii_digit())
                .next()
        })
        .filter_map(|digits| digits.parse().ok())
        .find(|status| (400..600).contains(status) && *status != 404)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_found_in_prose() {
        for (text, status) in [
            ("API Error: 529 {\"type\":\"error\"}", Some(529)),
            ("openai.RateLimitError: Error code: 429 - {'error'", Some(429)),
            ("unexpected status 502 Bad Gateway", Some(502)),
            ("HTTP/1.1 503 Service Unavailable", Some(503)),
            ("urllib.error.HTTPError: HTTP Error 529: ", Some(529)),
            ("HTTPError: 503 Server Error: Service Unavailable for url: u", Some(503)),
            (
                "httpx.HTTPStatusError: Client error '429 Too Many Requests' for url",
                Some(429),
            ),
            ("404 Client Error: Not Found for url: u", None),
            ("a client error", None),
            ("exit status: 1", None),
            ("status 12000", None),
            ("429", None),
        ] {
            assert_eq!(status_in(text), status, "{text}");
        }
    }
}
