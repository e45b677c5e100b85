//! The replies of the server: the page, the stream of events, and refusals.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use hyper::header::{ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use tokio::sync::mpsc;

use super::door::ServedPage;
use super::source::LiveSource;
use crate::cli::report;

/// How often a page is sent a sign of life, which also shows that it is gone.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// The number of events that wait for a slow page.
const WAITING: usize = 4;

/// Fields of every reply: nothing is stored, framed, guessed or passed on.
const FIELDS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// The body of a reply: a text, or a stream of events.
pub(super) enum ReplyBody {
    Text(Option<Bytes>),
    Events(mpsc::Receiver<Bytes>),
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Events(events) => events
                .poll_recv(context)
                .map(|event| event.map(|event| Ok(Frame::data(event)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Text(None))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Self::Text(text) => hyper::body::SizeHint::with_exact(text.as_ref().map_or(0, Bytes::len) as u64),
            Self::Events(_) => hyper::body::SizeHint::default(),
        }
    }
}

/// The reply to a request that was admitted.
pub(super) async fn of(page: ServedPage, source: &Arc<LiveSource>) -> Response<ReplyBody> {
    match page {
        ServedPage::Report => whole(source).await,
        ServedPage::Events => events(source),
        ServedPage::Nearly => {
            let mut response = text(
                StatusCode::PERMANENT_REDIRECT,
                "text/plain; charset=utf-8",
                String::new(),
            );
            // Relative to the path of the request, so that no reply holds the secret again.
            response.headers_mut().insert(LOCATION, HeaderValue::from_static("./"));
            response
        }
    }
}

/// The reply to a request that was not.
pub(super) fn refused(status: StatusCode) -> Response<ReplyBody> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut response = text(status, "text/plain; charset=utf-8", format!("{reason}\n"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

async fn whole(source: &Arc<LiveSource>) -> Response<ReplyBody> {
    let making = Arc::clone(source);
    let made = tokio::task::spawn_blocking(move || making.page()).await;
    match made {
        Ok(Ok(page)) => {
            let mut response = text(StatusCode::OK, "text/html; charset=utf-8", page.to_string());
            if let Ok(policy) = HeaderValue::from_str(&report::live_policy()) {
                response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
            }
            response
        }
        Ok(Err(problem)) => failed(format!("the report cannot be made: {problem}\n")),
        Err(_) => failed("the report cannot be made; this is a bug in kaizen, see its stderr\n".to_owned()),
    }
}

fn failed(problem: String) -> Response<ReplyBody> {
    text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", problem)
}

/// The stream of server-sent events: the present frame, then each new one.
fn events(source: &LiveSource) -> Response<ReplyBody> {
    let (mut frames, (sender, receiver)) = (source.frames(), mpsc::channel(WAITING));
    tokio::spawn(async move {
        loop {
            let event = frames.borrow_and_update().event();
            if sender.send(Bytes::from(event)).await.is_err() {
                return;
            }
            loop {
                tokio::select! {
                    changed = frames.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return,
                    },
                    () = tokio::time::sleep(SIGN_OF_LIFE) => {
                        if sender.send(Bytes::from_static(b": still here\n\n")).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    });
    with_fields(StatusCode::OK, "text/event-stream", ReplyBody::Events(receiver))
}

fn text(status: StatusCode, kind: &'static str, text: String) -> Response<ReplyBody> {
    with_fields(status, kind, ReplyBody::Text(Some(Bytes::from(text))))
}

fn with_fields(status: StatusCode, kind: &'static str, body: ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in FIELDS {
        fields.insert(name, HeaderValue::from_static(value));
    }
    response
}
