//! Reads one line of a client as JSON-RPC: its requests, and an error reply for whatever is malformed.

use std::collections::BTreeMap;

use rmcp::model::{ClientRequest, ErrorCode, ErrorData, GetMeta, ProtocolVersion};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::llm::json;

/// A message of a client.
#[derive(Debug)]
pub(crate) enum ClientMessage {
    /// A request, with its id as the client wrote it.
    Request(Box<RawValue>, Box<ClientRequest>),
    /// The client no longer wants the reply to the request with this id.
    Cancellation(Value),
    /// A malformed message: the id for the error reply, which is null if the client's cannot be read, and the error.
    Malformed(Box<RawValue>, ErrorData),
    /// A response, or a notification that changes nothing.
    Ignored,
}

/// The messages of one line.
#[derive(Debug)]
pub(crate) struct ClientLine {
    /// The messages; at most one, unless the line is a batch.
    pub messages: Vec<ClientMessage>,
    /// Whether the line is a batch, whose replies are sent together.
    pub is_batch: bool,
}

/// The methods that need no capability of the server except tools.
const METHODS: [&str; 5] = ["initialize", "ping", "server/discover", "tools/list", "tools/call"];

type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Reads a line. Bytes that are not UTF-8 and lone surrogates become the replacement character.
pub(crate) fn read(line: &[u8], has_batches: bool) -> ClientLine {
    let text = json::without_lone_surrogates(&String::from_utf8_lossy(line));
    let text = text.trim_start_matches('\u{feff}').trim();
    let whole = match serde_json::from_str::<&RawValue>(text) {
        Ok(whole) => whole,
        Err(_) if text.is_empty() => return alone(ClientMessage::Ignored),
        Err(error) => {
            return alone(malformed(
                None,
                ErrorCode::PARSE_ERROR,
                format!("this is not JSON: {error}"),
            ));
        }
    };
    let invalid = |problem: &str| alone(malformed(None, ErrorCode::INVALID_REQUEST, problem));
    match serde_json::from_str::<Vec<&RawValue>>(whole.get()) {
        Err(_) => alone(message(whole)),
        Ok(_) if !has_batches => invalid("this version of the protocol has no batches: send one request per line"),
        Ok(parts) if parts.is_empty() => invalid("the batch is empty"),
        Ok(parts) => ClientLine {
            messages: parts.into_iter().map(message).collect(),
            is_batch: true,
        },
    }
}

/// The reply to a line that is too long to be read.
pub(crate) fn too_long(most: usize) -> ClientMessage {
    let problem = format!("the line is longer than {} MiB", most >> 20);
    malformed(None, ErrorCode::INVALID_REQUEST, problem)
}

/// Whether a request brings its own version of the protocol, and so needs no handshake.
pub(crate) fn is_inline(request: &ClientRequest) -> bool {
    let missing = request.get_meta().missing_required_keys(&ProtocolVersion::V_2026_07_28);
    missing.is_empty() && !is_of_handshake(request)
}

fn is_of_handshake(request: &ClientRequest) -> bool {
    matches!(
        request,
        ClientRequest::InitializeRequest(_) | ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_)
    )
}

/// The error for a request before the handshake; `None` if it may come first.
pub(crate) fn too_early(request: &ClientRequest) -> Option<ErrorData> {
    let problem =
        "the session has not begun: send `initialize` first, then `notifications/initialized`, then this request";
    let is_early = !is_of_handshake(request) && !is_inline(request);
    is_early.then(|| ErrorData::new(ErrorCode::INVALID_REQUEST, problem, None))
}

fn alone(message: ClientMessage) -> ClientLine {
    ClientLine {
        messages: vec![message],
        is_batch: false,
    }
}

fn malformed(id: Option<&RawValue>, code: ErrorCode, problem: impl Into<String>) -> ClientMessage {
    let id = id.unwrap_or(RawValue::NULL).to_owned();
    ClientMessage::Malformed(id, ErrorData::new(code, problem.into(), None))
}

fn message(part: &RawValue) -> ClientMessage {
    let invalid = |id, problem: &str| malformed(id, ErrorCode::INVALID_REQUEST, problem);
    let Ok(fields) = serde_json::from_str::<Fields>(part.get()) else {
        return invalid(None, "a request is an object");
    };
    let method = fields.get("method").map(|method| serde_json::from_str(method.get()));
    let id = fields.get("id").copied();
    // A client could not read its own number beyond the range of f64 in a reply.
    let is_readable = |id: &Value| id.is_string() || id.is_number();
    let readable = id.filter(|id| serde_json::from_str::<Value>(id.get()).is_ok_and(|id| is_readable(&id)));
    match (method, id) {
        (None, _) if fields.contains_key("result") || fields.contains_key("error") => ClientMessage::Ignored,
        (Some(Ok(method)), None) => notification(method, &fields),
        (_, Some(_)) if readable.is_none() => invalid(None, "the id must be a text or a number"),
        (None, _) => invalid(readable, "there is no `method`"),
        (Some(Err(_)), _) => invalid(readable, "`method` must be a text"),
        (Some(Ok(method)), Some(id)) => match fields.get("jsonrpc").map(|version| version.get()) {
            Some("\"2.0\"") => request(method, id, fields.get("params").copied()),
            _ => invalid(readable, "`jsonrpc` must be \"2.0\""),
        },
    }
}

/// A notification is never answered, not even if it is malformed.
fn notification(method: String, fields: &Fields) -> ClientMessage {
    let params = fields.get("params").and_then(|params| parsed(params).ok());
    match params.as_ref().and_then(|params| params.get("requestId")) {
        Some(id) if method == "notifications/cancelled" => ClientMessage::Cancellation(id.clone()),
        _ => ClientMessage::Ignored,
    }
}

fn request(method: String, id: &RawValue, params: Option<&RawValue>) -> ClientMessage {
    let params = match object(params).and_then(|params| checked(&method, params)) {
        Ok(params) => params,
        Err(problem) => return malformed(Some(id), ErrorCode::INVALID_PARAMS, problem),
    };
    let whole = match params.is_empty() {
        true => json!({"method": method}),
        false => json!({"method": method, "params": params}),
    };
    match serde_json::from_value::<ClientRequest>(whole) {
        Ok(request) if !matches!(request, ClientRequest::CustomRequest(_)) => {
            ClientMessage::Request(id.to_owned(), Box::new(request))
        }
        _ if METHODS.contains(&method.as_str()) => {
            let problem = format!("the params are not those of {method}{}", expected(&method));
            malformed(Some(id), ErrorCode::INVALID_PARAMS, problem)
        }
        _ => malformed(
            Some(id),
            ErrorCode::METHOD_NOT_FOUND,
            format!("there is no method {method}"),
        ),
    }
}

fn expected(method: &str) -> &'static str {
    match method {
        "initialize" => {
            ": protocolVersion (a text), capabilities (an object), clientInfo (an object with name and version)"
        }
        "tools/call" => ": name (a text), arguments (an object)",
        "server/discover" => {
            ": _meta with io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities"
        }
        _ => "",
    }
}

fn parsed(part: &RawValue) -> Result<Value, serde_json::Error> {
    serde_json::from_str(part.get())
}

/// The params as an object. Clients whose language has one kind of array write an empty object as `[]`.
fn object(params: Option<&RawValue>) -> Result<Map<String, Value>, String> {
    match params.map(parsed).transpose() {
        Ok(None | Some(Value::Null)) => Ok(Map::new()),
        Ok(Some(Value::Array(list))) if list.is_empty() => Ok(Map::new()),
        Ok(Some(Value::Object(params))) => Ok(params),
        Ok(Some(_)) => Err("`params` must be an object".to_owned()),
        Err(error) => Err(format!("`params` cannot be read: {error}")),
    }
}

/// The params without optional fields that are empty, and the arguments of a tool as an object.
fn checked(method: &str, mut params: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let is_empty = |value: &Value| value.is_null() || *value == "" || *value == json!([]);
    params.retain(|name, value| !["_meta", "cursor", "arguments"].contains(&name.as_str()) || !is_empty(value));
    if params.get("_meta").is_some_and(|meta| !meta.is_object()) {
        return Err("`_meta` must be an object".to_owned());
    }
    if params.get("cursor").is_some_and(|cursor| !cursor.is_string()) {
        return Err("`cursor` must be a text".to_owned());
    }
    if method != "tools/call" {
        return Ok(params);
    }
    if !params.get("name").is_some_and(Value::is_string) {
        return Err("tools/call needs `name`, the name of a tool, as a text".to_owned());
    }
    if let Some(arguments) = params.get_mut("arguments") {
        let packed = arguments.as_str().and_then(|text| serde_json::from_str(text).ok());
        *arguments = packed.unwrap_or_else(|| arguments.take());
        if !arguments.is_object() {
            return Err("`arguments` must be an object".to_owned());
        }
    }
    Ok(params)
}
