//! kaizen.
fn main() {}
