//! The manifest: `kaizen.toml`, parsed and checked.

pub mod layout;
