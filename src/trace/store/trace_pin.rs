//! The pin of a trace store: the count and digest that identify the state that was read.

use std::ops::ControlFlow;

use crate::artifact::trace::TracePin;
use crate::digest::Digest;
use crate::trace::source::{TraceError, TraceSource};

/// Returns the count and the digest of all traces. Each digest covers the previous one, so that only one trace is in
/// memory at a time.
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
