//! Readiness: are there enough usable traces, and a benchmark? If not, what is missing and how to get it. Pure.

use crate::artifact::readiness::{BenchmarkPin, Readiness};
use crate::cold_start;
use crate::port::TracePin;

/// Judges what there is. `unscorable` says what is missing for tasks that have no scorer here.
pub fn readiness(
    usable_traces: usize,
    min_traces: usize,
    traces: TracePin,
    benchmark: BenchmarkPin,
    unscorable: Option<String>,
) -> Readiness {
    let mut missing = Vec::new();
    let enough = cold_start::traces(usable_traces, min_traces);
    if !enough.ready {
        missing.push(format!(
            "{min_traces} usable traces are needed, there are {usable_traces}: let the agent work, `kaizen traces collect` \
             to run it over the train tasks, or lower [session] min_traces"
        ));
    }
    if benchmark.gate == 0 {
        missing.push("no gate tasks: add tasks to benchmark/tasks.jsonl, or `kaizen init --tasks FILE`".to_owned());
    }
    if benchmark.train == 0 {
        missing.push("no train tasks: add tasks with \"split\": \"train\" to benchmark/tasks.jsonl".to_owned());
    }
    missing.extend(unscorable);
    let message = match missing.is_empty() {
        true => enough.message,
        false => format!("Not ready: {}", missing.join("; ")),
    };
    Readiness {
        version: 1,
        ready: missing.is_empty(),
        message,
        missing,
        usable_traces,
        traces,
        benchmark,
        extra: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn check(traces: usize, train: usize, gate: usize) -> Readiness {
        let digest = Digest::of_bytes(b"");
        let pin = TracePin {
            count: traces as u64,
            digest,
        };
        readiness(
            traces,
            20,
            pin,
            BenchmarkPin {
                train,
                gate,
                test: 0,
                digest,
            },
            None,
        )
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
}
