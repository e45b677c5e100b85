//! Matches the server's replies with the client's requests: their ids, and the batches in which they came.

use std::collections::BTreeMap;

use rmcp::model::{
    CancelledNotification, CancelledNotificationParam, ClientJsonRpcMessage, ErrorData, ProtocolVersion, RequestId,
    ServerJsonRpcMessage, ServerResult,
};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::message::{self, ClientLine, ClientMessage};

/// The open requests of a client. The server sees its own numbers instead of the client's ids, which may be any text or
/// number, and may repeat.
#[derive(Default)]
pub(crate) struct RequestTable {
    last: i64,
    open: BTreeMap<i64, OpenRequest>,
    /// By number; requests and batches are numbered together.
    batches: BTreeMap<i64, ReplyBatch>,
    version: Option<ProtocolVersion>,
    /// Whether the requests bring their own version of the protocol, so that there is no handshake.
    is_inline: bool,
}

/// A request without a reply.
struct OpenRequest {
    id: Box<RawValue>,
    batch: Option<i64>,
}

/// The replies of a batch, until all are there.
struct ReplyBatch {
    /// The number of requests without a reply, and one more while the line is being read.
    missing: usize,
    replies: Vec<String>,
}

/// The effects of a line: messages for the server, and lines for the client.
#[derive(Default)]
pub(crate) struct ReadLine {
    /// Messages for the server.
    pub messages: Vec<ClientJsonRpcMessage>,
    /// Lines for the client.
    pub replies: Vec<String>,
}

#[derive(Serialize)]
struct ReplyLine<'a> {
    jsonrpc: &'static str,
    id: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a ServerResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a ErrorData>,
}

impl RequestTable {
    /// Reads a line of the client.
    pub(crate) fn hear(&mut self, line: &[u8]) -> ReadLine {
        // Only 2025-03-26 has batches; 2024-11-05 leaves them to JSON-RPC, and 2025-06-18 removed them.
        let has_batches = self
            .version
            .as_ref()
            .is_some_and(|version| *version <= ProtocolVersion::V_2025_03_26);
        self.take(message::read(line, has_batches))
    }

    /// Reads a line that was too long, and was not kept.
    pub(crate) fn hear_too_long(&mut self, most: usize) -> ReadLine {
        self.take(ClientLine {
            messages: vec![message::too_long(most)],
            is_batch: false,
        })
    }

    fn take(&mut self, line: ClientLine) -> ReadLine {
        let mut read = ReadLine::default();
        let batch = line.is_batch.then(|| {
            let (number, missing, replies) = (self.next_number(), 1, Vec::new());
            self.batches.insert(number, ReplyBatch { missing, replies });
            number
        });
        for message in line.messages {
            let message = self.in_order(message);
            let whole = batch.and_then(|number| self.batches.get_mut(&number));
            match message {
                ClientMessage::Request(id, request) => {
                    if let Some(whole) = whole {
                        whole.missing += 1;
                    }
                    let number = self.next_number();
                    self.open.insert(number, OpenRequest { id, batch });
                    let number = RequestId::Number(number);
                    read.messages.push(ClientJsonRpcMessage::request(*request, number));
                }
                ClientMessage::Cancellation(id) => self.cancel(&id, &mut read),
                ClientMessage::Malformed(id, error) => match whole {
                    Some(whole) => whole.replies.push(reply(&id, Err(&error))),
                    None => read.replies.push(reply(&id, Err(&error))),
                },
                ClientMessage::Ignored => {}
            }
        }
        read.replies.extend(batch.and_then(|number| self.settle(number, None)));
        read
    }

    /// Refuses a request that comes before the handshake.
    fn in_order(&mut self, message: ClientMessage) -> ClientMessage {
        let ClientMessage::Request(id, request) = message else {
            return message;
        };
        let early = match self.version.is_some() || self.is_inline {
            true => None,
            false => message::too_early(&request),
        };
        if let Some(error) = early {
            return ClientMessage::Malformed(id, error);
        }
        self.is_inline |= message::is_inline(&request);
        ClientMessage::Request(id, request)
    }

    fn next_number(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    /// Drops a request. The protocol wants no reply to it.
    fn cancel(&mut self, id: &Value, read: &mut ReadLine) {
        let is_it = |open: &OpenRequest| serde_json::from_str::<Value>(open.id.get()).is_ok_and(|open| open == *id);
        let Some(number) = self
            .open
            .iter()
            .find_map(|(number, open)| is_it(open).then_some(*number))
        else {
            return;
        };
        let batch = self.open.remove(&number).and_then(|open| open.batch);
        let params = CancelledNotificationParam::new(Some(RequestId::Number(number)), None);
        let notification = CancelledNotification::new(params);
        read.messages
            .push(ClientJsonRpcMessage::notification(notification.into()));
        read.replies.extend(batch.and_then(|batch| self.settle(batch, None)));
    }

    /// The line for a message of the server; `None` if nothing is to be sent (yet).
    pub(crate) fn tell(&mut self, message: &ServerJsonRpcMessage) -> Option<String> {
        let (id, answer) = match message {
            ServerJsonRpcMessage::Response(response) => (Some(&response.id), Ok(&response.result)),
            ServerJsonRpcMessage::Error(error) => (error.id.as_ref(), Err(&error.error)),
            other => return serde_json::to_string(other).ok(),
        };
        if let Ok(ServerResult::InitializeResult(result)) = answer {
            self.version = Some(result.protocol_version.clone());
        }
        let Some(RequestId::Number(number)) = id else {
            return Some(reply(RawValue::NULL, answer));
        };
        let open = self.open.remove(number)?;
        let line = reply(&open.id, answer);
        match open.batch {
            Some(batch) => self.settle(batch, Some(line)),
            None => Some(line),
        }
    }

    /// Adds the end of one request, or of the line, to its batch; the line for all replies if it was the last.
    fn settle(&mut self, number: i64, line: Option<String>) -> Option<String> {
        let batch = self.batches.get_mut(&number)?;
        batch.missing -= 1;
        batch.replies.extend(line);
        if batch.missing > 0 {
            return None;
        }
        let replies = self.batches.remove(&number)?.replies;
        (!replies.is_empty()).then(|| format!("[{}]", replies.join(",")))
    }
}

fn reply(id: &RawValue, answer: Result<&ServerResult, &ErrorData>) -> String {
    let reply = ReplyLine {
        jsonrpc: "2.0",
        id,
        result: answer.ok(),
        error: answer.err(),
    };
    serde_json::to_string(&reply).unwrap_or_default()
}
