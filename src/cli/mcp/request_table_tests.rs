//! Lines of a client, and the replies to them.

use proptest::prelude::*;
use rmcp::model::{
    ClientJsonRpcMessage, EmptyResult, Implementation, InitializeResult, ProtocolVersion, ServerCapabilities,
    ServerJsonRpcMessage, ServerResult,
};
use serde_json::{Value, json};

use super::request_table::{ReadLine, RequestTable};

/// The server's answer `{}` to each request of a line.
fn answers(read: ReadLine) -> Vec<ServerJsonRpcMessage> {
    let answer = |message| match message {
        ClientJsonRpcMessage::Request(request) => Some(ServerJsonRpcMessage::response(
            ServerResult::EmptyResult(EmptyResult {}),
            request.id,
        )),
        _ => None,
    };
    read.messages.into_iter().filter_map(answer).collect()
}

/// A table after the handshake, with a server that answers every request with `{}`.
fn opened(version: ProtocolVersion) -> RequestTable {
    let mut table = RequestTable::default();
    let hello = json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
    let heard = table.hear(hello.to_string().as_bytes());
    let [ClientJsonRpcMessage::Request(request)] = &heard.messages[..] else {
        panic!("not a request")
    };
    let info = InitializeResult::new(ServerCapabilities::default())
        .with_protocol_version(version)
        .with_server_info(Implementation::new("kaizen", "1"));
    let answer = ServerJsonRpcMessage::response(ServerResult::InitializeResult(info), request.id.clone());
    assert!(table.tell(&answer).is_some());
    table
}

/// All replies to a line.
fn replies(table: &mut RequestTable, line: &[u8]) -> Vec<Value> {
    let mut heard = table.hear(line);
    let mut lines = std::mem::take(&mut heard.replies);
    for answer in answers(heard) {
        lines.extend(table.tell(&answer));
    }
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The code of an error reply or 0, and its id.
fn short(reply: &Value) -> (i64, Value) {
    assert_eq!(reply["jsonrpc"], "2.0");
    assert_eq!(reply.get("result").is_some(), reply.get("error").is_none());
    (reply["error"]["code"].as_i64().unwrap_or(0), reply["id"].clone())
}

#[test]
#[allow(clippy::too_many_lines)] // a table
fn every_line_gets_the_reply_that_json_rpc_demands() {
    let deep = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/call\",\"params\":{{\"name\":\"x\",\"arguments\":{{\"a\":{}{}}}}}}}",
        "[".repeat(9999),
        "]".repeat(9999)
    );
    let open = "[".repeat(99_999);
    let null = Value::Null;
    let rows: Vec<(&[u8], Option<_>)> = vec![
        (b"{\"jsonrpc\": \"2.0\", \"id\": 5, \"method\": \"tools/list\"", Some((-32700, null.clone()))),
        (b"garbage", Some((-32700, null.clone()))),
        (b"\0", Some((-32700, null.clone()))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\0ng\"}", Some((-32700, null.clone()))),
        (b"\xff\xfe{\0}\0", Some((-32700, null.clone()))),
        (b"{\"id\": NaN}", Some((-32700, null.clone()))),
        (open.as_bytes(), Some((-32700, null.clone()))),
        (deep.as_bytes(), Some((-32602, json!(9)))),
        (b"", None),
        (b" \t\r", None),
        (b"5", Some((-32600, null.clone()))),
        (b"\"ping\"", Some((-32600, null.clone()))),
        (b"{}", Some((-32600, null.clone()))),
        (b"[]", Some((-32600, null.clone()))),
        (b"[1]", Some((-32600, null.clone()))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1}", Some((-32600, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", Some((-32600, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"method\":7}", Some((-32600, null.clone()))),
        (b"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", Some((-32600, json!(1)))),
        (b"{\"id\":1,\"method\":\"ping\"}", Some((-32600, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", Some((-32600, null.clone()))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", Some((-32600, null.clone()))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}", Some((-32600, null.clone()))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", Some((-32600, null.clone()))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nope\"}", Some((-32601, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", Some((-32601, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":[1]}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":\"x\"}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":5}}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":5}}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":1e999}}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"arguments\":{}}}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":5}}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":[1]}}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":\"5\"}}", Some((-32602, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":\"{}\"}}", Some((0, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x\",\"arguments\":[]}}", Some((0, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x\\ud83d\"}}", Some((0, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x\xff\"}}", Some((0, json!(1)))),
        (b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r", Some((0, json!(1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\",\"params\":null}", Some((0, json!(1.5)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":-1,\"method\":\"ping\",\"params\":[]}", Some((0, json!(-1)))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":\"\",\"method\":\"tools/list\",\"params\":{\"cursor\":\"\"}}", Some((0, json!("")))),
        (b"{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\"}", None),
        (b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\",\"params\":[1]}", None),
        (b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":77}}", None),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", None),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"\"}}", None),
        (b"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,\"message\":\"\"}}", None),
    ];
    let mut table = opened(ProtocolVersion::V_2025_06_18);
    for (line, reply) in rows {
        let found: Vec<_> = replies(&mut table, line).iter().map(short).collect();
        let shown = String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned();
        assert_eq!(found, reply.into_iter().collect::<Vec<_>>(), "{shown}");
    }
}

#[test]
fn a_request_before_the_handshake_is_told_to_wait() {
    let mut table = RequestTable::default();
    for line in [
        &br#"{"jsonrpc":"2.0","id":"a","method":"tools/list"}"#[..],
        br#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"session_status"}}"#,
    ] {
        let heard = table.hear(line);
        assert!(heard.messages.is_empty());
        let reply: Value = serde_json::from_str(&heard.replies[0]).unwrap();
        assert_eq!(short(&reply), (-32600, json!("a")));
        assert!(
            reply["error"]["message"]
                .as_str()
                .unwrap()
                .contains("send `initialize` first"),
            "{reply}"
        );
    }
    assert_eq!(
        table
            .hear(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
            .messages
            .len(),
        1
    );
    // A request that brings its own version needs no handshake, and neither do those after it.
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}});
    let inline = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {"_meta": meta}});
    assert_eq!(table.hear(inline.to_string().as_bytes()).messages.len(), 1);
    assert_eq!(
        table
            .hear(br#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#)
            .messages
            .len(),
        1
    );
}

#[test]
fn an_id_is_returned_as_it_was_written() {
    let mut table = opened(ProtocolVersion::V_2025_11_25);
    for id in ["123456789012345678901234567890", "1.50", "\"a\\u0041\"", "-0", "1e3"] {
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"ping\"}}");
        let [answer] = &answers(table.hear(line.as_bytes()))[..] else {
            panic!("{id}")
        };
        let line = table.tell(answer).unwrap();
        assert_eq!(line, format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{}}}}"));
        assert_eq!(table.tell(answer), None, "a second reply");
    }
}

#[test]
fn batches_are_answered_where_the_version_has_them() {
    let batch = b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},5,{\"jsonrpc\":\"2.0\",\"method\":\"x\"},\
        {\"jsonrpc\":\"2.0\",\"id\":\"b\",\"method\":\"tools/list\"}]";
    let silent = b"[{\"jsonrpc\":\"2.0\",\"method\":\"x\"},{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}]";
    for version in ProtocolVersion::KNOWN_VERSIONS {
        let mut table = opened(version.clone());
        let found = replies(&mut table, batch);
        let (quiet, empty) = (replies(&mut table, silent), replies(&mut table, b"[]"));
        assert_eq!(empty.iter().map(short).collect::<Vec<_>>(), [(-32600, Value::Null)]);
        if *version <= ProtocolVersion::V_2025_03_26 {
            let [Value::Array(found)] = &found[..] else {
                panic!("{found:?}")
            };
            let found: Vec<_> = found.iter().map(short).collect();
            assert_eq!(found, [(-32600, Value::Null), (0, json!(1)), (0, json!("b"))]);
            assert_eq!(quiet, [] as [Value; 0]);
        } else {
            assert_eq!(found.iter().map(short).collect::<Vec<_>>(), [(-32600, Value::Null)]);
        }
    }
}

#[test]
fn a_canceled_request_gets_no_reply_and_delays_no_batch() {
    let mut table = opened(ProtocolVersion::V_2025_03_26);
    let heard = table.hear(
        b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}]",
    );
    let [first, second] = &answers(heard)[..] else {
        panic!("not two requests")
    };
    assert_eq!(table.tell(first), None);
    let cancelled =
        table.hear(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":2}}");
    assert_eq!(cancelled.messages.len(), 1);
    assert_eq!(cancelled.replies, ["[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]"]);
    assert_eq!(table.tell(second), None);
}

/// A valid request with its id, and lines that may be anything.
fn line() -> impl Strategy<Value = (Option<Value>, Vec<u8>)> {
    let id = prop_oneof![
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(json!(0.5))
    ];
    let method = prop_oneof![Just("ping".to_owned()), Just("tools/list".to_owned()), "[a-z/]{0,9}"];
    let request = (id, method, proptest::option::of("\\PC{0,8}")).prop_map(|(id, method, extra)| {
        let params = json!({"extra": extra, "_meta": {}});
        let line = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        (Some(id), line.to_string().into_bytes())
    });
    let bytes = proptest::collection::vec(any::<u8>().prop_filter("one line", |byte| *byte != b'\n'), 0..60);
    let damaged =
        (request.clone(), any::<proptest::sample::Index>(), any::<u8>()).prop_map(|((_, mut line), at, byte)| {
            let at = at.index(line.len());
            line[at] = if byte == b'\n' { b' ' } else { byte };
            (None, line)
        });
    let json = "[\\[\\]{}\",:0-9a-z\\\\ ]{0,40}".prop_map(|text| (None, text.into_bytes()));
    prop_oneof![3 => request, 1 => bytes.prop_map(|bytes| (None, bytes)), 2 => damaged, 1 => json]
}

proptest! {
    #[test]
    fn a_valid_request_gets_exactly_one_reply_whatever_surrounds_it(lines in proptest::collection::vec(line(), 0..12)) {
        let mut table = opened(ProtocolVersion::V_2025_03_26);
        for (id, line) in lines {
            let found = replies(&mut table, &line);
            if let Some(id) = id {
                prop_assert_eq!(found.len(), 1);
                prop_assert_eq!(&found[0]["id"], &id);
            }
            prop_assert!(found.len() <= 1);
        }
    }
}
