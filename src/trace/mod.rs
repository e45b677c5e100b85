//! Traces: the formats of other programs, the import, and the stores.

pub(crate) mod eligible;
pub(crate) mod evidence;
pub(crate) mod format;
pub(crate) mod import;
pub(crate) mod source;
pub(crate) mod store;
