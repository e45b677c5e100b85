//! Checks of a home's hosts: the student is one of their programs, and their traces are imported.

use super::{DoctorRow, bad, failed, good, not_tried};
use crate::cli::found_traces::{self, FoundTraces};
use crate::cli::host_student::host_student;
use crate::harness::layout::HostLayout;
use crate::harness::layout::table::LayoutTable;
use crate::manifest::layout::DEFAULT_LAYOUT;
use crate::workspace::Workspace;
use crate::workspace::consent::ConsentError;

/// The layouts that the manifest names.
fn named<'t>(workspace: &Workspace, table: &'t LayoutTable) -> Vec<&'t HostLayout> {
    let names = &workspace.manifest.harness.layouts;
    let rows = table.rows().iter().map(|row| &row.layout);
    rows.filter(|layout| names.contains(&layout.name)).collect()
}

/// A row about the student if the manifest names none and the built-in one does not read the home.
pub(super) fn student(workspace: &Workspace, table: &LayoutTable) -> Option<DoctorRow> {
    let layouts = named(workspace, table);
    if layouts.is_empty() || layouts.iter().any(|layout| layout.name == DEFAULT_LAYOUT) {
        return None;
    }
    let student = host_student(&layouts)?;
    let names: Vec<&str> = layouts.iter().map(|layout| layout.name.as_str()).collect();
    let found = format!(
        "none is set, and the built-in student does not read the files of {}",
        names.join(", ")
    );
    Some(bad("student", found, student.fix()))
}

/// The traces of the hosts that could be imported.
pub(super) fn traces(workspace: &Workspace, table: Result<LayoutTable, ConsentError>) -> DoctorRow {
    let table = match table {
        Ok(table) => table,
        Err(error) => return failed("traces", error.into()),
    };
    let places = found_traces::found(&named(workspace, &table), workspace);
    let words: Vec<String> = places.iter().map(FoundTraces::words).collect();
    let waiting: Vec<&str> = places
        .iter()
        .filter(|place| place.waiting > 0)
        .map(|place| place.place.as_str())
        .collect();
    match (words.as_slice(), waiting.as_slice()) {
        ([], _) => good(
            "traces",
            "no host of this home is known to keep traces elsewhere".to_owned(),
        ),
        (_, []) => good("traces", words.join("; ")),
        (_, waiting) => not_tried(
            "traces",
            words.join("; "),
            format!("kaizen traces import {}", waiting.join(" ")),
        ),
    }
}
