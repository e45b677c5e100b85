//! Traces: the formats that are read, the import, and the stores.

pub mod eligible;
pub mod evidence;
pub mod format;
pub mod import;
pub mod source;
pub mod store;
