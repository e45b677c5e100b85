//! `kaizen mcp`: the session as a Model Context Protocol server on stdin and stdout; the client is the teacher.

mod background_run;
mod diagnostic_tools;
mod driven_session;
mod message;
mod request_table;
#[cfg(test)]
mod request_table_tests;
mod result;
mod server;
mod status;
mod submission;
mod submit;
mod tools;
mod transport;

use std::time::Duration;

use clap::Args;
use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;

use self::driven_session::DrivenSession;
use self::server::McpServer;
use self::transport::LineTransport;
use super::exit::{Code, CommandFailure};
use super::{Setting, terminal};
use crate::sys::signal;

/// How long the last replies may take to be written.
const LAST_REPLIES: Duration = Duration::from_secs(2);

/// Serve this workspace to a coding agent over MCP
///
/// The server speaks the Model Context Protocol on stdin and stdout.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct McpArgs {}

/// Serves until the client disconnects, then ends the process. The next run resumes an interrupted one.
///
/// # Errors
/// There is no workspace, or the client does not speak the protocol.
pub(crate) fn mcp(_: &McpArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    if terminal::is_out_closed() {
        return Err(CommandFailure::failed("stdout is closed, so no client can be answered"));
    }
    let workspace = setting.workspace()?;
    let server = McpServer::new(DrivenSession::new(workspace.root.to_path_buf()));
    signal::on_signal(|_| {}).map_err(|error| CommandFailure::failed(format!("cannot handle signals: {error}")))?;
    let failed =
        |error: &dyn std::fmt::Display| CommandFailure::failed(format!("the client cannot be served: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed(&error))?;
    let served = runtime.block_on(async {
        let (transport, written) = LineTransport::new(tokio::io::stdin(), terminal::message_output());
        let served = match server.serve(transport).await {
            Ok(running) => running.waiting().await.map(drop).map_err(|error| failed(&error)),
            // The client left before the handshake.
            Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(failed(&error)),
        };
        // The last replies. A client that does not read them is not waited for.
        match tokio::time::timeout(LAST_REPLIES, written).await {
            Ok(Ok(Err(error))) => served.and(Err(failed(&error))),
            _ => served,
        }
    });
    // Does not wait for calls in progress.
    runtime.shutdown_background();
    served?;
    signal::now()
}
