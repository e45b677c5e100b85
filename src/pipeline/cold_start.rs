//! Checks whether there is enough evidence to learn from, and says what is missing.

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
pub(crate) fn traces(count: usize, min_traces: usize) -> ColdStart {
    let ready = count >= min_traces;
    let message = if ready {
        format!("Ready: {count} traces available.")
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
pub(crate) fn benchmark(feedback: &[Option<f64>], min_feedback: f64, min_samples: usize) -> ColdStart {
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

    #[test]
    fn old_ratings_count_as_much_as_new_ones() {
        let mut feedback = vec![None; 30];
        feedback.extend([Some(0.9); 10]);
        assert!(benchmark(&feedback, 0.7, 10).ready);
        assert!(!benchmark(&feedback, 0.95, 10).ready);
        assert!(!benchmark(&[Some(f64::NAN); 10], 0.7, 10).ready);
    }

    #[test]
    fn a_refusal_says_what_is_missing() {
        let refusal = traces(3, 20);
        assert!(!refusal.ready && refusal.message.contains("have 3") && refusal.message.contains("20"));
        assert!(traces(20, 20).ready);
    }
}
