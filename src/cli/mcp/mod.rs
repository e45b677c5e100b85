//! `kaizen mcp`: the session as a Model Context Protocol server on stdin and stdout; the client is the teacher.

mod answer;
mod desk;
mod driven;
mod result;
mod server;
mod status;
mod submit;
mod tools;
mod work;

use clap::Args;
use rmcp::ServiceExt;

use self::driven::Driven;
use self::server::Server;
use super::Setting;
use super::exit::{Code, Failure};
use crate::sys::signal;

/// Serve this workspace to a coding agent over MCP
///
/// The server speaks the Model Context Protocol on stdin and stdout.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Mcp {}

/// Serves until the client goes, then ends the process: a run that is under way is gone on with by the next one.
///
/// # Errors
/// There is no workspace, or the client does not speak the protocol.
pub(crate) fn mcp(_: &Mcp, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    let server = Server::new(Driven::new(workspace.root.to_path_buf()));
    signal::on_signal(|_| {}).map_err(|error| Failure::failed(format!("cannot listen to signals: {error}")))?;
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("the client cannot be served: {error}"));
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
    // Calls that are still at work are not waited for.
    runtime.shutdown_background();
    served?;
    signal::now()
}
