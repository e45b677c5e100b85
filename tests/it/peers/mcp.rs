//! `kaizen mcp` with the official clients: the Python and TypeScript SDKs, and the Inspector's command-line mode.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::peer;
use crate::space::{KAIZEN, Space};

fn script(name: &str) -> String {
    format!("{}/tests/peers/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Runs a client in the environment of a workspace.
fn run(space: &Space, program: &Path, arguments: &[&str]) -> Output {
    let output = space
        .bare(program.to_str().unwrap(), arguments)
        .env_remove("KAIZEN_NOW")
        .env("MCP_CATALOG_PATH", space.home.join("catalog.json"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    println!("{}{}", text(&output.stdout), text(&output.stderr));
    output
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

#[test]
fn the_python_sdk_drives_a_session() {
    let Some(folder) = peer::installed("mcp-python/bin/python") else {
        return;
    };
    let space = Space::new();
    let ended = run(
        &space,
        &folder.join("mcp-python/bin/python"),
        &[&script("mcp_session.py"), KAIZEN],
    );
    assert!(ended.status.success());
}

#[test]
fn the_typescript_sdk_drives_a_session() {
    let Some(folder) = peer::installed("mcp-node/node_modules/@modelcontextprotocol/sdk") else {
        return;
    };
    if !is_installed("node") {
        return println!("SKIPPED: there is no node");
    }
    let space = Space::new();
    let (modules, root) = (folder.join("mcp-node"), space.root.to_str().unwrap());
    let arguments = [&script("mcp_session.mjs"), modules.to_str().unwrap(), KAIZEN, root];
    assert!(run(&space, Path::new("node"), &arguments).status.success());
}

#[test]
fn the_inspector_finds_nothing_to_object_to() {
    let Some(folder) = peer::installed("mcp-node/node_modules/.bin/mcp-inspector") else {
        return;
    };
    let space = Space::new();
    let root = space.root.to_str().unwrap().to_owned();
    let inspect = |arguments: &[&str]| {
        let all = [&["--cli", KAIZEN, "-C", &root, "mcp", "--method"], arguments].concat();
        run(&space, &folder.join("mcp-node/node_modules/.bin/mcp-inspector"), &all)
    };
    let read = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap();
    // Exit code 6 means that a schema is not portable between model providers.
    let tools = inspect(&["tools/list", "--strict"]);
    assert_eq!(tools.status.code(), Some(0));
    assert_eq!(read(&tools)["tools"].as_array().unwrap().len(), 16);
    let traces = inspect(&["tools/call", "--tool-name", "list_traces", "--tool-arg", "limit=2"]);
    assert_eq!(traces.status.code(), Some(0));
    assert_eq!(
        read(&traces)["content"].as_array().unwrap().len(),
        2,
        "a page, and a note"
    );
    for wrong in [
        &["--tool-name", "nope"] as &[&str],
        &["--tool-name", "list_traces", "--tool-arg", "limit=0"],
    ] {
        assert_eq!(
            inspect(&[&["tools/call"], wrong].concat()).status.code(),
            Some(5),
            "{wrong:?}"
        );
    }
    let load = inspect(&[
        "tools/call",
        "--tool-name",
        "session_status",
        "--load",
        "--load-requests",
        "50",
    ]);
    assert_eq!(read(&load)["errorRate"], 0);
}
