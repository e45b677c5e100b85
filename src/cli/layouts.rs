//! `kaizen layouts`: lists the layouts of agent homes that `kaizen init` recognises.

use clap::Args;
use serde_json::{Value, json};

use super::exit::{Code, CommandFailure};
use super::visible::visible;
use super::{Setting, init_report, render};
use crate::harness::layout::table::TableRow;
use crate::workspace::consent::layout_table;

/// List the layouts of agent homes that `init` finds
///
/// Your own layouts are TOML files in ~/.config/kaizen/layouts (or $XDG_CONFIG_HOME/kaizen/layouts).
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct LayoutsArgs {}

/// Runs the command.
///
/// # Errors
/// A layout of the user is malformed or cannot be read.
pub(crate) fn layouts(_: &LayoutsArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let table = layout_table(&setting.directory)?;
    for row in table.rows() {
        match setting.is_json() {
            true => render::json(&object(row)),
            false => print(row),
        }
    }
    Ok(Code::Settled)
}

fn print(row: &TableRow) {
    let layout = &row.layout;
    let own = if row.is_users { " (yours)" } else { "" };
    out!("{:<15} {}{own}", layout.name, visible(&layout.about));
    let markers: Vec<&str> = layout.markers.iter().map(|marker| marker.path.as_str()).collect();
    out!("{:<15} found by {}", "", visible(&markers.join(", ")));
    for surface in &layout.surfaces {
        out!(
            "{:<15}   {}: {}",
            "",
            visible(&surface.path),
            visible(&init_report::parts(surface, &surface.path))
        );
    }
}

fn object(row: &TableRow) -> Value {
    let layout = &row.layout;
    let surfaces: Vec<Value> = layout
        .surfaces
        .iter()
        .map(|surface| {
            json!({"name": surface.name, "path": surface.path, "body": surface.body().name(), "keys": surface.keys,
                "fills": surface.fills, "create": surface.create.name()})
        })
        .collect();
    let markers: Vec<&str> = layout.markers.iter().map(|marker| marker.path.as_str()).collect();
    json!({"layout": layout.name, "about": layout.about, "own": row.is_users, "markers": markers, "surfaces": surfaces,
        "at_start": layout.at_start, "protected": {"files": layout.protected.files, "keys": layout.protected.keys},
        "shown": layout.shown, "student": layout.student, "traces": layout.traces})
}
