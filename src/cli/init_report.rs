//! What `kaizen init` says about the agent homes that it found.

use serde_json::{Value, json};

use super::host_student::host_student;
use super::offered::OfferedEdits;
use super::visible::visible;
use super::{Setting, found_traces, offered, render};
use crate::artifact::counted;
use crate::harness::layout::HostLayout;
use crate::harness::layout::at_start::ReadOrder;
use crate::harness::layout::detect::{Detection, HomeFile};
use crate::manifest::layout::DEFAULT_LAYOUT;
use crate::manifest::surface::{BodyTier, Surface};
use crate::workspace::error::RunError;

/// How many paths of a list are printed.
const MOST_PATHS: usize = 20;
/// How many editable parts of a file are printed.
const MOST_PARTS: usize = 5;

/// What edits may change in a new workspace.
type NewOffers = Result<OfferedEdits, RunError>;

/// Prints what was found and, if there is a workspace now, what edits may change in it.
pub(super) fn show(found: &Detection, workspace: Option<&NewOffers>, setting: &Setting) {
    let offered = workspace.and_then(|offered| offered.as_ref().ok());
    if setting.is_json() {
        let starter = offered.filter(|_| found.files.is_empty());
        render::json(&harness(found, starter.map_or(&[], |starter| &starter.files)));
        workspace.iter().for_each(|offered| render::json(&ops(offered)));
        return others(found, setting).iter().for_each(render::json);
    }
    for layout in found.layouts() {
        show_layout(layout, found, setting);
    }
    let paths = found.shown.iter();
    let paths = paths.map(|(path, reason)| format!("{path} ({reason})"));
    list("shown to the teacher, never edited", paths.collect());
    let paths = found.left_out.iter();
    let paths = paths.map(|(path, reason)| format!("{path}: {reason}"));
    list("left out", paths.collect());
    let imports = found.skipped_imports.iter();
    let imports = imports.map(|((file, import), reason)| format!("@{import} in {file}: {reason}"));
    list("imports that are not followed", imports.collect());
    if let Some(OfferedEdits { ops, .. }) = offered.filter(|offered| !offered.ops.is_empty()) {
        out!("{}; `kaizen doctor` lists them", offered::summary(ops));
    }
}

/// The ops, as `kaizen doctor` has them.
fn ops(offered: &NewOffers) -> Value {
    match offered {
        Ok(OfferedEdits { ops, .. }) if ops.is_empty() => {
            json!({"check": "ops", "ok": false, "found": offered::NONE, "ops": [], "fix": offered::OPEN})
        }
        Ok(OfferedEdits { ops, .. }) => json!({"check": "ops", "ok": true, "found": offered::summary(ops), "ops": ops}),
        Err(error) => {
            json!({"check": "ops", "ok": false, "found": error.to_string(), "ops": [], "fix": "kaizen doctor"})
        }
    }
}

fn show_layout(layout: &HostLayout, found: &Detection, setting: &Setting) {
    let own = found.files.iter();
    let own = own.filter(|(_, file)| file.home.layout.name == layout.name);
    let files: Vec<(&String, &HomeFile)> = own.collect();
    let count = counted(files.len(), "file");
    out!("found {} ({}): {count}", layout.name, visible(&layout.about));
    let line = |path: &&str| {
        found
            .files
            .get_key_value(*path)
            .map(|(path, file)| self::line(path, file))
    };
    let lines = |paths: &[&str]| paths.iter().filter_map(line).collect::<Vec<_>>();
    let orders = orders(layout, found);
    let (own, nested): (Vec<_>, Vec<_>) = orders.iter().partition(|(folder, _)| folder.is_empty());
    let all = |orders: &[&(&str, ReadOrder)]| orders.iter().flat_map(|(_, order)| lines(&order.at_start)).collect();
    list("  read when it starts, in this order", all(&own));
    let in_folder = |(folder, order): &&(&str, ReadOrder)| {
        let lines = lines(&order.at_start).into_iter();
        lines.map(|line| format!("in {folder}: {line}")).collect::<Vec<_>>()
    };
    list(
        "  read when it starts or works in a nested home, in this order",
        nested.iter().flat_map(in_folder).collect(),
    );
    let later = orders.iter().flat_map(|(_, order)| lines(&order.when_needed));
    list("  read when needed", later.collect());
    let replaced = orders.iter().flat_map(|(_, order)| &order.replaced);
    list(
        "  not read, because the host reads one such file of a folder",
        replaced
            .map(|(path, read)| format!("{path}: {read} comes first"))
            .collect(),
    );
    match (layout.student.as_slice(), &layout.student_advice) {
        ([], Some(advice)) => out!("  a student for it: {}", visible(advice)),
        ([], None) => {}
        (words, _) => {
            let variables = layout.student_variables.iter();
            let variables: Vec<String> = variables
                .map(|(name, folder)| format!("{name}={{sandbox}}/{folder} "))
                .collect();
            let words = format!("{}{}", variables.concat(), words.join(" "));
            out!("  a student for it: `{}`", visible(&words));
            // kaizen.toml suggests one program.
            let first = found.layouts().into_iter().find(|layout| !layout.student.is_empty());
            if first == Some(layout) {
                out!("    kaizen.toml has it as a comment in [student]; it starts only after `kaizen trust`");
            }
        }
    }
    let traces = found_traces::places(layout, &setting.directory);
    if !traces.is_empty() {
        out!("  its traces: {}", visible(&traces.join(", ")));
    }
}

/// A file with its editable parts, and the link through which its host reads it.
fn line(path: &str, file: &HomeFile) -> String {
    let parts = parts(&file.surface, path);
    match file.own_link() {
        Some(link) => format!("{path} (as {link}): {parts}"),
        None => format!("{path}: {parts}"),
    }
}

/// The editable parts of a file or a family of a surface, in words.
pub(super) fn parts(surface: &Surface, path: &str) -> String {
    let keys = surface.keys.keys().map(String::as_str);
    let body = (surface.body_of(path) != BodyTier::Off).then_some("text");
    let parts: Vec<&str> = body.into_iter().chain(keys).collect();
    match parts.get(..MOST_PARTS) {
        Some(first) if parts.len() > MOST_PARTS + 1 => {
            format!("{} and {} more", first.join(", "), parts.len() - MOST_PARTS)
        }
        _ => parts.join(", "),
    }
}

/// The homes of a layout by folder, each with the order in which its host reads it.
fn orders<'f>(layout: &HostLayout, found: &'f Detection) -> Vec<(&'f str, ReadOrder<'f>)> {
    let homes = found.homes.iter().filter(|home| home.layout.name == layout.name);
    homes
        .map(|home| (home.folder.as_str(), ReadOrder::of(layout, &home.folder, found)))
        .collect()
}

fn list(title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    out!("{title}:");
    lines
        .iter()
        .take(MOST_PATHS)
        .for_each(|line| out!("    {}", visible(line)));
    if lines.len() > MOST_PATHS {
        out!("    and {} more; `--format json` lists all", lines.len() - MOST_PATHS);
    }
}

/// For each layout an object about its student and one about its traces.
fn others(found: &Detection, setting: &Setting) -> Vec<Value> {
    let mut objects = Vec::new();
    for layout in found.layouts() {
        if let (true, Some(advice)) = (layout.student.is_empty(), &layout.student_advice) {
            objects.push(
                json!({"check": "student", "ok": null, "layout": layout.name, "advice": advice,
                "fix": "put it into [student] of kaizen.toml, then kaizen trust"}),
            );
        }
        if !layout.student.is_empty() {
            let set: serde_json::Map<String, Value> = layout
                .student_variables
                .iter()
                .map(|(name, folder)| (name.clone(), json!(format!("{{sandbox}}/{folder}"))))
                .collect();
            objects.push(
                json!({"check": "student", "ok": null, "layout": layout.name, "run": layout.student, "set": set,
                "fix": host_student(&[layout]).map(|student| student.fix())}),
            );
        }
        let paths = found_traces::places(layout, &setting.directory);
        if !paths.is_empty() {
            objects.push(
                json!({"check": "traces", "ok": null, "layout": layout.name, "paths": paths,
                "fix": "kaizen doctor"}),
            );
        }
    }
    objects
}

/// The harness. A starter agent is in files of the default layout, which no layout of a host found.
fn harness(found: &Detection, starter: &[String]) -> Value {
    let homes = found.homes.iter();
    let homes: Vec<Value> = homes
        .map(|home| {
            let order = ReadOrder::of(home.layout, &home.folder, found);
            json!({"layout": home.layout.name, "folder": home.folder, "read_at_start": order.at_start, "not_read": order.replaced})
        })
        .collect();
    let order = |layout: &HostLayout| (layout.name.clone(), json!(ReadOrder::of(layout, "", found).at_start));
    let order: serde_json::Map<String, Value> = found.layouts().into_iter().map(order).collect();
    let mut layouts: Vec<&str> = found.layouts().iter().map(|layout| layout.name.as_str()).collect();
    if !starter.is_empty() && layouts.is_empty() {
        layouts.push(DEFAULT_LAYOUT);
    }
    let files: Vec<&String> = found.files.keys().chain(starter).collect();
    let imports = found.skipped_imports.iter();
    let imports: Vec<Value> = imports
        .map(|((file, import), reason)| json!({"file": file, "import": import, "reason": reason}))
        .collect();
    let mut object = json!({"check": "harness", "ok": !files.is_empty() && found.bad_links.is_empty(),
        "layouts": layouts, "homes": homes, "files": files,
        "shown": found.shown.keys().collect::<Vec<_>>(), "read_at_start": order, "left_out": found.left_out,
        "skipped_imports": imports, "bad_links": found.bad_links});
    if let Some(link) = found.bad_links.keys().next() {
        object["fix"] = json!(format!(
            "replace {link} by a copy, or by a link to a file of this workspace"
        ));
    } else if object["ok"] == false {
        object["fix"] = json!("kaizen init --tasks FILE");
    }
    object
}
