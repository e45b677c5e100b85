//! Tests of the formats through the functions that others use.
#![allow(clippy::disallowed_methods, clippy::too_many_lines)] // tests: whether the long runs are wanted; tables

mod checks;
mod dice;
mod files;
mod laws;
mod real_files;
mod tables;
mod toml_file;
mod yaml_file;
mod yaml_tables;
