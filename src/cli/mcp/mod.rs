//! `kaizen mcp`: the session as a Model Context Protocol server on stdin and stdout; the client is the teacher.

mod background_run;
mod diagnostic_tools;
mod driven_session;
mod result;
mod server;
mod status;
mod submit;
mod tools;

use clap::Args;
use rmcp::ServiceExt;

use self::driven_session::DrivenSession;
use self::server::McpServer;
use super::Setting;
use super::exit::{Code, CommandFailure};
use crate::sys::signal;

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
        let running = server
            .serve(rmcp::transport::io::stdio())
            .await
            .map_err(|error| failed(&error))?;
        running.waiting().await.map(drop).map_err(|error| failed(&error))
    });
    // Does not wait for calls in progress.
    runtime.shutdown_background();
    served?;
    signal::now()
}
