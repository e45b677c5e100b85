//! Chat requests and replies of language models, independent of a provider's format.

mod reply;
mod request;

pub(crate) use reply::{Reply, Stop, ToolCall};
pub(crate) use request::{Message, Request, Shape, ToolSpec};
