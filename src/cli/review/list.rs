//! The review queue as a list, for JSON output and if there is no terminal.

use super::queue::QueueEntry;
use super::staleness::Staleness;
use crate::cli::render::{self, STRONG};
use crate::cli::visible::visible;

/// The commands that show and answer an entry.
struct Commands {
    show: String,
    accept: String,
    reject: String,
}

fn commands(entry: &QueueEntry) -> Commands {
    let (name, session) = (&entry.name, &entry.session.id);
    Commands {
        show: format!("kaizen show {}", entry.pending.edit_digest.short()),
        accept: format!("kaizen accept {name} --session {session}"),
        reject: format!("kaizen reject {name} --session {session}"),
    }
}

/// Prints the queue as text, with the exact commands.
pub(crate) fn text(queue: &[QueueEntry]) {
    for (number, entry) in queue.iter().enumerate() {
        let edit = &entry.pending.edit;
        let tier = edit.risk_tier.name();
        let title = format!("{}: {}", edit.id, edit.title());
        let (at, of) = (number + 1, queue.len());
        out!("{STRONG}[{at}/{of}] {}{STRONG:#} ({tier} tier)", visible(&title));
        out!("  {}", visible(&render::shortened(&edit.rationale)));
        if let Some(cluster) = &entry.pending.cluster {
            let about = format!("{}: {}", cluster.id, cluster.description);
            out!("  cluster {}", visible(&render::shortened(&about)));
        }
        if let Some(near_miss) = &entry.pending.near_miss {
            out!("  gate {}", visible(near_miss));
        }
        for remark in &entry.pending.remarks {
            out!("  note: {}", visible(remark));
        }
        if let Some(reason) = entry.staleness.reason() {
            out!("  stale: {}", visible(reason));
        }
        let Commands { show, accept, reject } = commands(entry);
        out!("  {show}\n  {accept}\n  {reject}");
    }
}

/// Prints one JSON object per edit.
pub(crate) fn json(queue: &[QueueEntry]) {
    for entry in queue {
        let Commands { show, accept, reject } = commands(entry);
        render::json(&serde_json::json!({
            "edit": entry.pending.edit,
            "digest": entry.pending.edit_digest,
            "session": entry.session.id,
            "tier": entry.pending.edit.risk_tier,
            "cluster": entry.pending.cluster,
            "near_miss": entry.pending.near_miss,
            "remarks": entry.pending.remarks,
            "diff": entry.diff(),
            "stale": entry.staleness.reason(),
            "applies": !matches!(entry.staleness, Staleness::Inapplicable(_)),
            "commands": {"show": show, "accept": accept, "reject": reject},
        }));
    }
}
