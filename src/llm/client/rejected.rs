//! The file of rejected fields: one line for each field that a server rejects for a model. It may be deleted at any
//! time; the next request then asks the server again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::account;
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

/// The rejected fields in the file, in its order. What cannot be read is skipped, because the server will reject the
/// field again.
pub(super) fn remembered(root: &Root) -> Vec<(ServerModel, String)> {
    let lines: Vec<RejectedField> = account::lines(root, Path::new(REJECTED)).unwrap_or_default();
    lines
        .into_iter()
        .map(|line| ((line.server, line.model), line.field))
        .collect()
}

/// Appends a field to the file. If that fails, the next process asks the server again.
pub(super) fn remember(root: &Root, (server, model): ServerModel, field: &str) {
    let field = field.to_owned();
    let line = account::text(&RejectedField { server, model, field });
    let written = root.make_folder(FOLDER).and_then(|()| root.append(REJECTED, &line));
    if let Err(error) = written {
        tracing::debug!(%error, "a rejected field is not remembered");
    }
}
