//! Tests of the formats through the functions that others use.
#![allow(clippy::too_many_lines)] // tables

mod tables;
mod yaml_tables;
