//! Computes the digest of a phase's definition: its stanza, the settings that affect it, the identity of its engine,
//! and a revision number.

use serde_json::{Value, json};

use crate::artifact::record::Autonomy;
use crate::digest::Digest;
use crate::eval::score;
use crate::manifest::phases::Stanza;
use crate::manifest::{GateSection, Manifest, PrivacySection};
use crate::workspace::engines::Engines;

/// Increment this when the meaning of a built-in phase changes, so that old checkpoints become invalid.
const REVISION: u32 = 1;

/// The digest of a phase's definition. Default values of `[privacy]` are left out, so that checkpoints from before this
/// section existed stay valid.
pub(crate) fn definition(
    manifest: &Manifest,
    phase: &str,
    stanza: &Stanza,
    engines: &Engines,
    autonomy: Autonomy,
) -> Digest {
    let mut definition = json!({
        "revision": REVISION,
        "stanza": stanza,
        "settings": settings(manifest, phase, engines, autonomy),
    });
    let obeyed = privacy(&manifest.privacy, phase, stanza);
    if obeyed != PrivacySection::default() {
        definition["privacy"] = json!(obeyed);
    }
    Digest::of_value(&definition)
}

/// The settings of `[privacy]` that affect a phase: for `readiness`, which counts traces, those that exclude traces;
/// for a phase that receives traces, all. The built-in `plan` receives them even if its stanza does not list them.
fn privacy(privacy: &PrivacySection, phase: &str, stanza: &Stanza) -> PrivacySection {
    let is_given = phase == "plan" || stanza.reads.iter().any(|name| name == "@traces");
    match (phase, is_given) {
        ("readiness", _) => PrivacySection {
            redact: Vec::new(),
            exempt: Vec::new(),
            keep: Vec::new(),
            redact_student: false,
            ..privacy.clone()
        },
        (_, true) => privacy.clone(),
        (_, false) => PrivacySection::default(),
    }
}

/// The settings of the gate that affect its decisions; `worn_after` only controls a warning.
fn deciding(gate: &GateSection) -> Value {
    let mut settings = json!(gate);
    if let Value::Object(settings) = &mut settings {
        settings.remove("worn_after");
        settings.insert("alpha_session".to_owned(), json!(gate.alpha_session()));
    }
    settings
}

fn settings(manifest: &Manifest, phase: &str, engines: &Engines, autonomy: Autonomy) -> Value {
    let Manifest {
        harness,
        traces,
        benchmark,
        teacher,
        session,
        gate,
        ..
    } = manifest;
    // A judge counts even if no task uses it: a definition consists of settings only, and the tasks are a separate
    // read. Without a judge nothing is added, so that checkpoints from before judges existed stay valid.
    let judged = |mut settings: Vec<Value>, judge: Option<Value>| {
        settings.extend(judge);
        Value::from(settings)
    };
    // Without surfaces nothing is added, for the same reason.
    let opened = |mut settings: Vec<Value>| {
        settings.extend((!harness.surface.is_empty()).then(|| json!(harness.surface)));
        Value::from(settings)
    };
    match phase {
        "readiness" => {
            let settings = vec![json!(session.min_traces), json!(traces.files), json!(benchmark.files)];
            judged(settings, engines.judge.as_ref().map(|_| "judge".into()))
        }
        "baseline" => {
            let mut settings = vec![
                json!(benchmark.subsample),
                json!(benchmark.seed),
                json!(benchmark.scorer_command),
                json!(harness.globs()),
                engines.student.clone(),
                json!({"scorers": score::REVISION}),
            ];
            settings.extend(gate.probes().then(|| json!("probe")));
            judged(settings, engines.judge.clone())
        }
        "diagnose" => opened(vec![
            json!(teacher.max_edits),
            json!(teacher.seed),
            engines.teacher.clone(),
            engines.student.clone(),
            json!(traces.most),
            json!(harness.layout),
        ]),
        "plan" => opened(vec![
            json!(teacher.max_edits),
            json!(teacher.seed),
            engines.teacher.clone(),
            json!(harness.layout),
            json!(harness.tiers),
        ]),
        "execute" => {
            let settings = vec![
                json!(autonomy),
                deciding(gate),
                json!(harness),
                json!(benchmark.scorer_command),
            ];
            judged(settings, engines.judge.clone())
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(manifest: &Manifest, phase: &str, student: &str, autonomy: Autonomy) -> Digest {
        let engines = Engines {
            student: student.into(),
            teacher: "t".into(),
            judge: manifest.judge().map(|settings| json!(settings)),
        };
        definition(manifest, phase, &manifest.phases()[phase], &engines, autonomy)
    }

    /// A changed setting makes exactly the phases stale that it affects.
    #[test]
    fn each_setting_counts_for_the_phases_that_obey_it() {
        let phases = ["readiness", "baseline", "diagnose", "plan", "execute", "record"];
        let base = Manifest::default();
        let all: Vec<_> = phases
            .iter()
            .map(|phase| digest(&base, phase, "s", Autonomy::Tiered))
            .collect();
        for (text, expected) in [
            ("[session]\nmin_traces = 7", vec!["readiness"]),
            ("[benchmark]\nsubsample = 7", vec!["baseline"]),
            ("[benchmark]\nseed = 7", vec!["baseline"]),
            ("[benchmark]\nscorer_command = [\"true\"]", vec!["baseline", "execute"]),
            ("[teacher]\nmax_edits = 7", vec!["diagnose", "plan"]),
            ("[traces]\nmost = 7", vec!["diagnose"]),
            ("[gate]\nmin_improvement = 0.5", vec!["execute"]),
            ("[gate]\nworn_after = 5", vec![]),
            ("[harness.tiers]\nset_agent_param = \"review\"", vec!["plan", "execute"]),
            ("[judge]\nmodel = \"m\"", vec!["readiness", "baseline", "execute"]),
            ("[ledger]\nhooks = false", vec![]),
            ("[privacy]\nagents = [\"a\"]", vec!["readiness", "diagnose", "plan"]),
            (
                "[privacy]\nexclude_sources = [\"a\"]",
                vec!["readiness", "diagnose", "plan"],
            ),
            ("[privacy]\nmax_age_days = 7", vec!["readiness", "diagnose", "plan"]),
            ("[privacy]\nredact = [\"a\"]", vec!["diagnose", "plan"]),
            ("[privacy]\nexempt = [\"teacher\"]", vec!["diagnose", "plan"]),
            ("[privacy]\nredact = []", vec![]),
            ("[student]\nconcurrency = 7", vec![]),
            ("[phase.plan]\nrun = [\"true\"]", vec!["plan"]),
        ] {
            let manifest = Manifest::parse(std::path::Path::new("kaizen.toml"), text).unwrap();
            let changed: Vec<_> = phases
                .iter()
                .zip(&all)
                .filter(|(phase, was)| digest(&manifest, phase, "s", Autonomy::Tiered) != **was)
                .map(|(phase, _)| *phase)
                .collect();
            assert_eq!(changed, expected, "{text}");
        }
        let engines = Engines {
            student: "s".into(),
            teacher: "t".into(),
            judge: None,
        };
        let scored_by = json!({"scorers": score::REVISION});
        for (phase, counts) in [("baseline", true), ("execute", false), ("record", false)] {
            let settings = settings(&base, phase, &engines, Autonomy::Tiered);
            let has = settings
                .as_array()
                .is_some_and(|settings| settings.contains(&scored_by));
            assert_eq!(has, counts, "{phase}: a corrected scorer makes only a baseline stale");
        }
        assert_ne!(digest(&base, "baseline", "other", Autonomy::Tiered), all[1]);
        assert_ne!(digest(&base, "execute", "s", Autonomy::Auto), all[4]);
    }
}
