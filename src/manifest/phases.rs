//! Phases as declared: a stanza is a program with what it reads and writes; the graph orders them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The built-in phases' own manifest.
const DEFAULT: &str = include_str!("default.toml");

/// Phases that no program can replace, because they hold the invariants: the gate and the ledger, and the record of both.
const ONLY_BUILT_IN: [&str; 4] = ["readiness", "baseline", "execute", "record"];

/// One phase.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stanza {
    /// Files of the session that it reads, folders with a closing `/`, inputs of the workspace with `@`.
    pub reads: Vec<String>,
    /// Files of the session that it writes, folders with a closing `/`.
    pub writes: Vec<String>,
    /// Program and arguments; absent: the built-in one. No shell is involved.
    pub run: Vec<String>,
}

impl Stanza {
    /// This stanza with what `other` states in its place.
    pub fn overridden(&self, other: &Stanza) -> Stanza {
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
        }
    }
}

/// The stanzas of the default manifest.
pub fn built_in() -> BTreeMap<String, Stanza> {
    #[derive(Deserialize)]
    struct Default {
        phase: BTreeMap<String, Stanza>,
    }
    // The text is part of the program; a test parses it. Once: a look at a thousand sessions asks as often.
    static PARSED: LazyLock<BTreeMap<String, Stanza>> = LazyLock::new(|| {
        let default = toml::from_str::<Default>(DEFAULT);
        default.map(|default| default.phase).unwrap_or_default()
    });
    PARSED.clone()
}

/// The phases in the order in which they run: readers after writers, names break ties.
///
/// # Errors
/// A cycle, two writers of one file, a path that leaves the session, or a phase that cannot be replaced.
pub fn graph(phases: &BTreeMap<String, Stanza>) -> Result<Vec<String>, String> {
    let writers = writers(phases)?;
    let mut order: Vec<String> = Vec::new();
    let mut left: BTreeSet<&String> = phases.keys().collect();
    while !left.is_empty() {
        let waits = |name: &String| {
            let reads = &phases[name].reads;
            reads
                .iter()
                .filter_map(|read| writers.get(read))
                .any(|writer| left.contains(writer))
        };
        let Some(next) = left.iter().find(|name| !waits(name)).copied() else {
            let names: Vec<&str> = left.iter().map(|name| name.as_str()).collect();
            return Err(format!("[phase] {} read in a cycle what they write", names.join(", ")));
        };
        left.remove(next);
        order.push(next.clone());
    }
    // The record folds everything, so it is the last, whatever else is declared.
    if let Some(at) = order.iter().position(|name| name == "record") {
        let record = order.remove(at);
        order.push(record);
    }
    Ok(order)
}

fn writers(phases: &BTreeMap<String, Stanza>) -> Result<BTreeMap<&String, &String>, String> {
    let built_in = built_in();
    let mut writers = BTreeMap::new();
    for (name, stanza) in phases {
        check(name, stanza, built_in.get(name))?;
        for write in &stanza.writes {
            if let Some(other) = writers.insert(write, name) {
                return Err(format!(
                    "[phase.{name}] writes {write}, which [phase.{other}] writes already"
                ));
            }
        }
    }
    Ok(writers)
}

fn check(name: &str, stanza: &Stanza, built_in: Option<&Stanza>) -> Result<(), String> {
    if ONLY_BUILT_IN.contains(&name) && !stanza.run.is_empty() {
        return Err(format!(
            "[phase.{name}] cannot be replaced by a program: it holds what a session guarantees"
        ));
    }
    if built_in.is_none() && stanza.run.is_empty() {
        return Err(format!(
            "[phase.{name}] is not built in and names no program; add run = [\"program\", \"argument\"]"
        ));
    }
    if built_in
        .is_some_and(|base| base.writes != stanza.writes || !base.reads.iter().all(|read| stanza.reads.contains(read)))
    {
        return Err(format!(
            "[phase.{name}] must write what the built-in phase writes and read at least what it reads"
        ));
    }
    let known = ["@traces", "@train", "@gate", "@harness", "@ledger"];
    for path in stanza.reads.iter().chain(&stanza.writes) {
        let outside = path.starts_with('/') || path.contains('\\') || path.split('/').any(|part| part == "..");
        if outside || path.is_empty() || (path.starts_with('@') && !known.contains(&path.as_str())) {
            return Err(format!(
                "[phase.{name}] `{path}` is neither a path in the session nor one of {}",
                known.join(", ")
            ));
        }
    }
    Ok(())
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
        };
        phases.insert("a_lint".into(), lint);
        let order = graph(&phases).unwrap();
        let at = |name: &str| order.iter().position(|other| other == name).unwrap();
        assert!(at("plan") < at("a_lint") && at("a_lint") < at("record"));
    }
}
