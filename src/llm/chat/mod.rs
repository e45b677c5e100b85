//! Chat: what is asked of a language model and what it says, free of any provider's format.

mod message;
mod reply;
mod request;

pub(crate) use message::Message;
pub(crate) use reply::{Reply, Stop, ToolCall};
pub(crate) use request::{Request, Shape, ToolSpec};
