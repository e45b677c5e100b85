//! Chat: what is asked of a language model and what it says, free of any provider's format.

mod message;
mod reply;
mod request;

pub use message::Message;
pub use reply::{Reply, Stop, ToolCall};
pub use request::{Request, Shape, ToolSpec};
