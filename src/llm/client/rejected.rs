//! The file of rejected fields: one line for each field that a server rejects for a model. It may be deleted at any time;
//! then the next request asks the server again.

use serde::{Deserialize, Serialize};

use crate::sys::disk::Root;

const FOLDER: &str = ".kaizen/cache";

/// The file, relative to the workspace.
const REJECTED: &str = ".kaizen/cache/rejected.jsonl";

/// A server's address and a model.
pub(super) type ServerModel = (String, String);

/// One line of the file.
#[derive(Serialize, Deserialize)]
struct RejectedField {
    server: String,
    model: String,
    field: String,
}

/// The rejected fields in the file, in its order. Lines that cannot be read are skipped, because the server tells them
/// again.
pub(super) fn remembered(root: &Root) -> Vec<(ServerModel, String)> {
    let text = root.read_text(REJECTED).ok().flatten().unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    lines
        .map(|line: RejectedField| ((line.server, line.model), line.field))
        .collect()
}

/// The line for a field.
pub(super) fn line(server: &ServerModel, field: &str) -> String {
    let (server, model) = server.clone();
    let field = field.to_owned();
    let line = serde_json::to_string(&RejectedField { server, model, field });
    format!("{}\n", line.unwrap_or_default())
}

/// Appends a line. If that fails, the next process asks the server again.
pub(super) fn remember(root: &Root, line: &str) {
    let written = root.make_folder(FOLDER).and_then(|()| root.append(REJECTED, line));
    if let Err(error) = written {
        tracing::debug!(%error, "a rejected field is not remembered");
    }
}
