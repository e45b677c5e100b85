//! Phase declarations: a stanza lists a phase's program, reads and writes; the graph derives the order from them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::phase_files::{self, check_read, check_write, is_identifier, overlap};
use super::range::WEEK;
use crate::artifact::nearest::nearest;

/// The manifest of the built-in phases.
const DEFAULT: &str = include_str!("default.toml");

/// Phases that no program can replace, because they enforce the guarantees of gate, ledger and record.
const ONLY_BUILT_IN: [&str; 4] = ["readiness", "baseline", "execute", "record"];

/// Default timeout of a program in seconds: one day.
const TIMEOUT: u64 = 86_400;

/// One phase.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stanza {
    /// Session files that the phase reads; folders end in `/`, inputs of the workspace start with `@`.
    pub reads: Vec<String>,
    /// Session files that the phase writes; folders end in `/`.
    pub writes: Vec<String>,
    /// Program and arguments, started without a shell; absent: the built-in implementation.
    pub run: Vec<String>,
    /// Timeout of the program in seconds, 1 to 604800 (one week); absent: 86400 (one day).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 604_800))]
    pub timeout_seconds: Option<u64>,
}

impl Stanza {
    /// Timeout of the program in seconds.
    pub(crate) fn timeout(&self) -> u64 {
        self.timeout_seconds.unwrap_or(TIMEOUT)
    }

    /// This stanza, with the values that `other` sets.
    pub(crate) fn overridden(&self, other: &Stanza) -> Stanza {
        let pick = |ours: &Vec<String>, theirs: &Vec<String>| {
            if theirs.is_empty() {
                ours.clone()
            } else {
                theirs.clone()
            }
        };
        Stanza {
            reads: pick(&self.reads, &other.reads),
            writes: pick(&self.writes, &other.writes),
            run: pick(&self.run, &other.run),
            timeout_seconds: other.timeout_seconds.or(self.timeout_seconds),
        }
    }
}

/// The stanzas of the default manifest.
pub(crate) fn built_in() -> BTreeMap<String, Stanza> {
    #[derive(Deserialize)]
    struct Default {
        phase: BTreeMap<String, Stanza>,
    }
    // Parsed only once, because a listing of a thousand sessions calls this a thousand times. A test parses the text,
    // so it cannot fail here.
    static PARSED: LazyLock<BTreeMap<String, Stanza>> = LazyLock::new(|| {
        let default = toml::from_str::<Default>(DEFAULT);
        default.map(|default| default.phase).unwrap_or_default()
    });
    PARSED.clone()
}

/// The order in which phases run: readers after writers, ties by name.
///
/// # Errors
/// A cycle, overlapping writes, an invalid name or path, a write to one of kaizen's files, or a program for a phase
/// that cannot be replaced.
pub(crate) fn graph(phases: &BTreeMap<String, Stanza>) -> Result<Vec<String>, String> {
    check_all(phases)?;
    let mut order: Vec<String> = Vec::new();
    let mut left: BTreeSet<&String> = phases.keys().collect();
    while !left.is_empty() {
        let is_written = |read: &String| left.iter().any(|other| writes(&phases[*other], read));
        let waits = |name: &String| phases[name].reads.iter().any(is_written);
        let Some(next) = left.iter().find(|name| !waits(name)).copied() else {
            let names: Vec<&str> = left.iter().map(|name| name.as_str()).collect();
            return Err(format!(
                "[phase] {} form a cycle: each reads what another one writes",
                names.join(", ")
            ));
        };
        left.remove(next);
        order.push(next.clone());
    }
    // The record summarizes the whole session, so it always runs last.
    if let Some(at) = order.iter().position(|name| name == "record") {
        let record = order.remove(at);
        order.push(record);
    }
    Ok(order)
}

/// Whether a phase writes a path that another phase reads, or part of it.
fn writes(stanza: &Stanza, read: &str) -> bool {
    stanza.writes.iter().any(|write| overlap(write, read))
}

/// Whether kaizen or some phase provides a path that a phase reads. Other files exist only if a person creates them.
pub(crate) fn is_provided(phases: &BTreeMap<String, Stanza>, read: &str) -> bool {
    read.starts_with('@') || phase_files::is_kept_by_kaizen(read) || phases.values().any(|stanza| writes(stanza, read))
}

/// The most similar known name for a read that nothing provides.
pub(crate) fn nearest_read(phases: &BTreeMap<String, Stanza>, read: &str) -> Option<String> {
    let written = phases.values().flat_map(|stanza| &stanza.writes).map(String::as_str);
    nearest(read, phase_files::READABLE.into_iter().chain(written)).map(str::to_owned)
}

fn check_all(phases: &BTreeMap<String, Stanza>) -> Result<(), String> {
    let built_in = built_in();
    let mut names: BTreeMap<String, &String> = BTreeMap::new();
    let mut written: Vec<(&String, &String)> = Vec::new();
    for (name, stanza) in phases {
        check(name, stanza, built_in.get(name))?;
        if let Some(other) = names.insert(name.to_ascii_lowercase(), name) {
            return Err(format!(
                "[phase.{name}] and [phase.{other}] differ only in case; rename one of them"
            ));
        }
        for write in &stanza.writes {
            if let Some((other, theirs)) = written.iter().find(|(_, theirs)| overlap(theirs, write)) {
                return Err(format!(
                    "[phase.{name}] writes `{write}`, which overlaps with `{theirs}` of [phase.{other}]; \
                     each phase must write its own files"
                ));
            }
            written.push((name, write));
        }
    }
    Ok(())
}

fn check(name: &str, stanza: &Stanza, built_in: Option<&Stanza>) -> Result<(), String> {
    if !is_identifier(name) {
        let shown: String = name.chars().take(40).collect();
        return Err(format!(
            "[phase.{shown:?}] a phase's name must be a letter followed by at most 63 letters, digits, `_` or `-`; rename it"
        ));
    }
    if ONLY_BUILT_IN.contains(&name) && !stanza.run.is_empty() {
        return Err(format!(
            "[phase.{name}] cannot be replaced by a program: it enforces a session's guarantees"
        ));
    }
    match built_in {
        Some(base) => check_replacement(name, stanza, base)?,
        None => check_own(name, stanza)?,
    }
    let reads = stanza.reads.iter().map(|path| check_read(path));
    reads
        .collect::<Result<Vec<()>, _>>()
        .map_err(|problem| format!("[phase.{name}] reads: {problem}"))?;
    match stanza.timeout_seconds {
        Some(_) if stanza.run.is_empty() => Err(format!(
            "[phase.{name}] timeout_seconds is only for a phase with `run`; remove it"
        )),
        Some(seconds) if !(1..=WEEK).contains(&seconds) => Err(format!(
            "[phase.{name}] timeout_seconds = {seconds} must be between 1 and {WEEK}"
        )),
        _ => Ok(()),
    }
}

/// Checks a program that replaces a built-in phase: it must write the same files.
fn check_replacement(name: &str, stanza: &Stanza, base: &Stanza) -> Result<(), String> {
    match base.writes == stanza.writes && base.reads.iter().all(|read| stanza.reads.contains(read)) {
        true => Ok(()),
        false => Err(format!(
            "[phase.{name}] must write what the built-in phase writes and read at least what it reads"
        )),
    }
}

/// Checks an additional phase: it must write its own files.
fn check_own(name: &str, stanza: &Stanza) -> Result<(), String> {
    if stanza.run.is_empty() {
        return Err(format!(
            "[phase.{name}] is not built in and has no program; add run = [\"program\", \"argument\"]"
        ));
    }
    let known = built_in();
    let near = nearest(name, known.keys().map(String::as_str));
    if let Some(near) = near.filter(|_| stanza.writes.is_empty()) {
        return Err(format!(
            "[phase.{name}] is not built in and writes nothing; did you mean [phase.{near}]? Otherwise add writes = [\"file\"]"
        ));
    }
    if stanza.writes.is_empty() {
        return Err(format!(
            "[phase.{name}] writes nothing, so no other phase could use its result; add writes = [\"file\"]"
        ));
    }
    let writes = stanza.writes.iter().map(|path| check_write(path));
    let writes = writes.collect::<Result<Vec<()>, _>>();
    writes
        .map(drop)
        .map_err(|problem| format!("[phase.{name}] writes: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_phases_run_in_the_order_of_the_design() {
        let order = graph(&built_in()).unwrap();
        assert_eq!(
            order,
            ["readiness", "baseline", "diagnose", "plan", "execute", "record"]
        );
    }

    #[test]
    fn a_further_phase_runs_after_what_it_reads() {
        let mut phases = built_in();
        let lint = Stanza {
            reads: vec!["plan.json".into()],
            writes: vec!["lint.md".into()],
            run: vec!["lint".into()],
            timeout_seconds: None,
        };
        phases.insert("a_lint".into(), lint);
        let order = graph(&phases).unwrap();
        let at = |name: &str| order.iter().position(|other| other == name).unwrap();
        assert!(at("plan") < at("a_lint") && at("a_lint") < at("record"));
    }

    fn own(reads: &[&str], writes: &[&str]) -> Stanza {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Stanza {
            reads: owned(reads),
            writes: owned(writes),
            run: vec!["true".into()],
            timeout_seconds: None,
        }
    }

    fn with(further: &[(&str, Stanza)]) -> Result<Vec<String>, String> {
        let mut phases = built_in();
        phases.extend(
            further
                .iter()
                .map(|(name, stanza)| ((*name).to_owned(), stanza.clone())),
        );
        graph(&phases)
    }

    #[test]
    fn a_reader_of_a_folder_runs_after_each_writer_of_a_part_of_it() {
        let order = with(&[("a", own(&["b/"], &["a.md"])), ("b", own(&["plan.json"], &["b/x.md"]))]).unwrap();
        let at = |name: &str| order.iter().position(|other| other == name).unwrap();
        assert!(at("plan") < at("b") && at("b") < at("a"));
    }

    #[test]
    fn the_message_names_the_stanza_and_the_remedy() {
        for (further, parts) in [
            (vec![("../session", own(&[], &["x"]))], ["../session", "rename it"]),
            (
                vec![("Plan", own(&[], &["x"]))],
                ["[phase.plan]", "differ only in case"],
            ),
            (
                vec![("a", own(&[], &["Session.json"]))],
                ["[phase.a]", "choose another name"],
            ),
            (
                vec![("a", own(&[], &["pending_review/x.json"]))],
                ["[phase.a]", "choose another name"],
            ),
            (
                vec![("a", own(&["@gates"], &["x"]))],
                ["[phase.a]", "did you mean `@gate`"],
            ),
            (
                vec![("a", own(&[], &["x/"])), ("b", own(&[], &["X/y.txt"]))],
                ["[phase.b]", "`x/` of [phase.a]"],
            ),
            (vec![("a", own(&[], &["x", "x/y"]))], ["[phase.a]", "its own files"]),
            (
                vec![("notify_team", own(&["plan.json"], &[]))],
                ["[phase.notify_team]", "add writes"],
            ),
        ] {
            let problem = with(&further).unwrap_err();
            assert!(parts.iter().all(|part| problem.contains(part)), "{problem}");
        }
    }

    #[test]
    fn what_nobody_provides_has_a_nearest_name() {
        let mut phases = built_in();
        phases.insert("a".into(), own(&["plan.json"], &["lint/"]));
        for (read, provided, near) in [
            ("diagnosys.md", false, Some("diagnosis.md")),
            ("outcome/", false, Some("outcomes/")),
            ("lints/", false, Some("lint/")),
            ("lint/x.md", true, None),
            ("after.json", true, None),
            ("@gate", true, None),
            ("something-else-entirely.txt", false, None),
        ] {
            assert_eq!(is_provided(&phases, read), provided, "{read}");
            if !provided {
                assert_eq!(nearest_read(&phases, read).as_deref(), near, "{read}");
            }
        }
    }
}
