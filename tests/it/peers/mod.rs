//! Sessions with third-party servers: a scripted Anthropic-compatible teacher (aimock), a scripted OpenAI-compatible
//! student (stubllm), the real llama.cpp server, and a server that checks its client (llmock); and with the official MCP
//! clients.
//!
//! `KAIZEN_PEERS` is the folder where they are installed (`tests/it/peers/install.sh DIR`, `tests/peers/install.sh DIR`);
//! without it, these tests are skipped.

mod conformance;
mod faults;
mod llama;
mod mcp;
mod peer;
mod script;
mod session;
mod space;
