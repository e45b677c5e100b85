//! Watch: bells and sights. A bell says that something in a folder may have changed; a sight says what a file was like.

pub mod bell;
pub mod sight;
