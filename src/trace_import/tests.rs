//! Tests of the import of traces.
