//! Sessions against servers written by others: a scripted Anthropic-compatible teacher (aimock), a scripted
//! OpenAI-compatible student (stubllm), the real llama.cpp server, and a server that judges its client (llmock).
//!
//! `KAIZEN_PEERS` names the folder where they are installed (`tests/it/peers/install.sh DIR`); without it nothing runs here.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests: real processes, files and servers

mod conformance;
mod faults;
mod llama;
mod peer;
mod script;
mod session;
mod space;
