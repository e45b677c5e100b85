//! `kaizen serve`: the report in a browser of this machine, live while a run works. It reads only.

mod door;
mod panel;
mod reply;
mod source;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use self::door::Door;
use self::source::LiveSource;
use super::exit::{Code, CommandFailure};
use super::{Setting, render};
use crate::sys::{clock, signal};

/// Show the report in a browser, live while a run works
///
/// The page is for this machine only: the server listens on 127.0.0.1, changes nothing, and answers only to the URL
/// that it prints, which holds a secret. Any number of pages can be open. Ctrl-C ends it.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServeArgs {
    /// Listen on this port; without it, on a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
}

/// The largest number of connections; each open page has one or two.
const MOST_CONNECTIONS: usize = 256;
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest head of a request, in bytes, and the largest number of its fields.
const LARGEST_HEAD: usize = 16 << 10;
const MOST_FIELDS: usize = 64;

/// Runs the command until a signal ends it.
///
/// # Errors
/// The workspace or the port cannot be used, or the workspace is moved or deleted.
pub(crate) fn serve(command: &ServeArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let source = LiveSource::start(setting, setting.workspace()?)?;
    signal::on_signal(|signal| err!("stopped by {signal}"))
        .map_err(|error| CommandFailure::failed(format!("cannot handle signals: {error}")))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| CommandFailure::failed(format!("the server cannot start: {error}")))?;
    let ended = runtime.block_on(listen(command.port, source, setting.is_json()));
    runtime.shutdown_background();
    ended
}

async fn listen(port: u16, source: LiveSource, is_json: bool) -> Result<Code, CommandFailure> {
    let refused = |error: std::io::Error| {
        CommandFailure::failed(format!("port {port} of 127.0.0.1 cannot be used: {error}"))
            .hint("give another port, or none: a free one is taken then")
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let door = Arc::new(Door::new(address.port(), clock::secret()));
    let url = door.url();
    match is_json {
        true => render::json(&json!({"url": url})),
        false => out!("{url}"),
    }
    let (source, places) = (Arc::new(source), Arc::new(Semaphore::new(MOST_CONNECTIONS)));
    loop {
        tokio::select! {
            problem = source.ended() => return Err(CommandFailure::failed(problem)),
            accepted = listener.accept() => {
                // A client that leaves at once, or too many open files: the next one may be luckier.
                let Ok((stream, _)) = accepted else {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                // Without a free place, the connection is closed.
                if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                    let (door, source) = (Arc::clone(&door), Arc::clone(&source));
                    tokio::spawn(async move {
                        attend(stream, &door, &source).await;
                        drop(place);
                    });
                }
            }
        }
    }
}

/// Answers the requests of one connection.
async fn attend(stream: TcpStream, door: &Door, source: &Arc<LiveSource>) {
    let answer = service_fn(|request| async move {
        Ok::<_, std::convert::Infallible>(match door.admits(&request) {
            Ok(page) => reply::of(page, source).await,
            Err(refusal) => reply::refused(refusal),
        })
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_FIELDS)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
