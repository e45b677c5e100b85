//! The pin of a trace store: which state of it was read.

use std::ops::ControlFlow;

use crate::artifact::trace::TracePin;
use crate::digest::Digest;
use crate::trace::source::{TraceError, TraceSource};

/// Count and digest of all traces, one in memory at a time: each digest covers the one before it.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn pin_of(source: &dyn TraceSource) -> Result<TracePin, TraceError> {
    let mut pin = TracePin {
        count: 0,
        digest: Digest::of_bytes(b""),
    };
    source.scan(&mut |trace| {
        let parts = [
            pin.digest.to_string(),
            trace.trace_id.clone(),
            trace.digest().to_string(),
        ];
        pin.count += 1;
        pin.digest = Digest::of_parts(parts.iter().map(|part| ("", part.as_bytes())));
        ControlFlow::Continue(())
    })?;
    Ok(pin)
}
