//! Phase `readiness`: checks that there are enough usable traces and a benchmark; otherwise says what is missing and
//! how to get it.

use super::PhaseOutput;
use crate::artifact::Artifact;
use crate::artifact::readiness::{self, BenchmarkPin, Readiness, UnscorableTask};
use crate::artifact::trace::TracePin;
use crate::pipeline::context::Context;
use crate::workspace::error::RunError;

/// The number of usable traces, and the number that is needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UsableTraces {
    /// Traces that can be evidence.
    pub count: usize,
    /// Traces that only `[privacy]` excludes.
    pub left_out: usize,
    /// The minimum for a session.
    pub needed: usize,
}

/// Checks the traces and the benchmark. Tasks that cannot be scored are in no split; they do not prevent a session as long
/// as the others suffice.
pub(crate) fn readiness(
    usable: UsableTraces,
    traces: TracePin,
    benchmark: BenchmarkPin,
    unscorable: Vec<UnscorableTask>,
) -> Readiness {
    let mut missing = Vec::new();
    let enough = enough_traces(usable.count, usable.needed);
    if !enough.ready {
        missing.push(too_few(usable, benchmark.train));
    }
    if benchmark.gate == 0 {
        missing.push("no gate tasks: add tasks with \"split\": \"gate\" to benchmark/tasks.jsonl".to_owned());
    }
    if benchmark.train == 0 {
        missing.push("no train tasks: add tasks with \"split\": \"train\" to benchmark/tasks.jsonl".to_owned());
    }
    let message = match missing.is_empty() {
        true => enough.message + &and_left_out(usable.left_out),
        false => format!("Not ready: {}", missing.join("; ")),
    };
    let message = match readiness::unscorable(&unscorable) {
        Some(named) => format!("{}. {named}", message.trim_end_matches('.')),
        None => message,
    };
    Readiness {
        version: 1,
        ready: missing.is_empty(),
        message,
        missing,
        usable_traces: usable.count,
        left_out_by_privacy: usable.left_out,
        unscorable,
        traces,
        benchmark,
        extra: Default::default(),
    }
}

fn too_few(usable: UsableTraces, train: usize) -> String {
    let UsableTraces {
        count,
        left_out,
        needed,
    } = usable;
    let beside = match left_out {
        0 => String::new(),
        _ => format!(" (and {left_out} that [privacy] leaves out)"),
    };
    // Each train task gives one trace.
    let collect = match train < needed {
        true => "add train tasks and run it on them",
        false => "run it on the train tasks",
    };
    format!(
        "{needed} usable traces are needed, but there are {count}{beside}: let the agent work, {collect} with \
         `kaizen traces collect`, or lower [session] min_traces"
    )
}

/// A sentence about the traces that `[privacy]` excludes.
fn and_left_out(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => " 1 more is left out by [privacy].".into(),
        _ => format!(" {count} more are left out by [privacy]."),
    }
}

/// Runs the phase.
pub(super) fn run(context: &Context) -> Result<PhaseOutput, RunError> {
    let inputs = context.inputs;
    let (counted, pin, benchmark) = (
        inputs.usable_traces(context.moment()?)?,
        inputs.trace_pin()?.clone(),
        inputs.benchmark()?.pin(),
    );
    let usable = UsableTraces {
        count: counted.usable,
        left_out: counted.left_out,
        needed: context.manifest().session.min_traces,
    };
    let readiness = readiness(usable, pin, benchmark, inputs.benchmark()?.unscorable.clone());
    Ok(PhaseOutput {
        files: vec![("readiness.json".into(), readiness.to_text())],
        summary: readiness.message,
    })
}

/// Whether there is enough evidence to start, with the counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColdStart {
    /// Whether there is enough.
    pub ready: bool,
    /// One line for people: the counts, what is missing and how to get it.
    pub message: String,
    /// Number of traces.
    pub trace_count: usize,
    /// Number of traces with a sufficient rating; 0 if ratings do not matter.
    pub high_feedback_count: usize,
}

/// Whether there are enough traces.
pub(crate) fn enough_traces(count: usize, min_traces: usize) -> ColdStart {
    let ready = count >= min_traces;
    let message = if ready {
        format!("Ready: {} available.", crate::artifact::counted(count, "trace"))
    } else {
        format!(
            "Too few traces to learn from: have {count}, need at least {min_traces}. \
             Use the agent for a while, or point [traces] at an older store."
        )
    };
    ColdStart {
        ready,
        message,
        trace_count: count,
        high_feedback_count: 0,
    }
}

/// Whether at least `min_samples` of all traces are rated `min_feedback` (0 to 1) or better.
pub(crate) fn enough_feedback(feedback: &[Option<f64>], min_feedback: f64, min_samples: usize) -> ColdStart {
    let count = feedback
        .iter()
        .flatten()
        .filter(|rating| **rating >= min_feedback)
        .count();
    let ready = count >= min_samples;
    let message = if ready {
        format!("Benchmark ready: {count} high-feedback traces available.")
    } else {
        format!(
            "Personal benchmark needs at least {min_samples} high-feedback traces \
             (feedback >= {min_feedback:?}). Have {count} so far. Will be populated automatically."
        )
    };
    ColdStart {
        ready,
        message,
        trace_count: feedback.len(),
        high_feedback_count: count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn check(traces: usize, train: usize, gate: usize) -> Readiness {
        with_left_out(traces, 0, train, gate)
    }

    fn with_left_out(traces: usize, left_out: usize, train: usize, gate: usize) -> Readiness {
        let digest = Digest::of_bytes(b"");
        let pin = TracePin {
            count: traces as u64,
            digest,
        };
        readiness(
            UsableTraces {
                count: traces,
                left_out,
                needed: 20,
            },
            pin,
            BenchmarkPin {
                train,
                gate,
                test: 0,
                reserve: 0,
                digest,
            },
            Vec::new(),
        )
    }

    #[test]
    fn what_privacy_leaves_out_is_told() {
        assert_eq!(check(20, 1, 1).message, "Ready: 20 traces available.");
        for (traces, left_out, words) in [
            (20, 1, "Ready: 20 traces available. 1 more is left out by [privacy]."),
            (20, 7, "Ready: 20 traces available. 7 more are left out by [privacy]."),
            (19, 7, "there are 19 (and 7 that [privacy] leaves out)"),
        ] {
            let readiness = with_left_out(traces, left_out, 1, 1);
            assert!(readiness.message.contains(words), "{}", readiness.message);
            assert_eq!(readiness.left_out_by_privacy, left_out);
        }
    }

    #[test]
    fn a_remedy_is_one_that_helps() {
        let words = |train| check(3, train, 1).missing.concat();
        assert!(words(25).contains("run it on the train tasks with `kaizen traces collect`"));
        assert!(words(5).contains("add train tasks and run it on them with `kaizen traces collect`"));
        assert!(
            !check(3, 5, 0).message.contains("kaizen init"),
            "there is a workspace already"
        );
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        assert!(check(20, 1, 1).ready);
        for (traces, train, gate, words) in [
            (19, 1, 1, vec!["there are 19"]),
            (20, 1, 0, vec!["gate"]),
            (0, 0, 0, vec!["there are 0", "gate", "train"]),
        ] {
            let readiness = check(traces, train, gate);
            assert!(!readiness.ready);
            assert_eq!(readiness.missing.len(), words.len());
            assert!(
                words.iter().all(|word| readiness.message.contains(word)),
                "{}",
                readiness.message
            );
        }
    }

    #[test]
    fn old_ratings_count_as_much_as_new_ones() {
        let mut feedback = vec![None; 30];
        feedback.extend([Some(0.9); 10]);
        assert!(enough_feedback(&feedback, 0.7, 10).ready);
        assert!(!enough_feedback(&feedback, 0.95, 10).ready);
        assert!(!enough_feedback(&[Some(f64::NAN); 10], 0.7, 10).ready);
    }

    #[test]
    fn a_refusal_says_what_is_missing() {
        let refusal = enough_traces(3, 20);
        assert!(!refusal.ready && refusal.message.contains("have 3") && refusal.message.contains("20"));
        assert!(enough_traces(20, 20).ready);
    }
}
