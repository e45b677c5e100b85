//! Asks the model servers on this machine which models they offer. The request carries no key and nothing of a
//! workspace, so it needs no approval.
#![allow(clippy::disallowed_methods)] // edge: the network, the environment

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

use crate::manifest::suggested_student::LocalServer;

/// The ports of Ollama and of llama.cpp.
const PORTS: [u16; 2] = [11434, 8080];

/// The time for one server, from connecting to the last byte.
const TIMEOUT: Duration = Duration::from_millis(200);

/// The largest list of models in bytes.
const LARGEST: u64 = 1 << 20;

/// The servers that answer. `KAIZEN_LOCAL_PORTS` replaces the ports with a list such as `11434,1234`; the empty list asks
/// nobody.
pub(crate) fn local_servers() -> Vec<LocalServer> {
    let ports = match std::env::var("KAIZEN_LOCAL_PORTS") {
        Ok(ports) => ports.split(',').filter_map(|port| port.trim().parse().ok()).collect(),
        Err(_) => PORTS.to_vec(),
    };
    ports.into_iter().filter_map(server_on).collect()
}

/// The server on a port; `None` if it does not answer with a list of models in time.
fn server_on(port: u16) -> Option<LocalServer> {
    let config = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .proxy(None);
    let agent: Agent = config.build().into();
    let url = format!("http://127.0.0.1:{port}/v1/models");
    let mut response = agent.get(&url).call().ok()?;
    let body = response.body_mut().with_config().limit(LARGEST).read_to_vec().ok()?;
    let list: Value = serde_json::from_slice(&body).ok()?;
    // A name ends up in kaizen.toml and on the terminal.
    let is_plain = |name: &&str| !name.chars().any(char::is_control);
    let name = |model: &Value| model["id"].as_str().filter(is_plain).map(str::to_owned);
    let models = list["data"].as_array()?.iter().filter_map(name).collect();
    Some(LocalServer { port, models })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// Serves one reply, and returns the request that came.
    fn serve(reply: &'static str) -> (u16, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).unwrap();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", reply.len());
            stream.write_all(format!("{head}{reply}").as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        (port, served)
    }

    #[test]
    fn a_server_tells_its_models_and_learns_nothing() {
        let (port, served) =
            serve(r#"{"object": "list", "data": [{"id": "smollm2"}, {"id": 3}, {"id": "x\ny"}, {"id": "b"}]}"#);
        let models = vec!["smollm2".to_owned(), "b".to_owned()];
        assert_eq!(server_on(port), Some(LocalServer { port, models }));
        let request = served.join().unwrap().to_lowercase();
        assert!(request.starts_with("get /v1/models "), "{request}");
        assert!(
            !request.contains("authorization") && !request.contains("content-length"),
            "{request}"
        );
    }

    #[test]
    fn other_servers_are_no_model_servers() {
        for reply in ["<html>hello</html>", "{}", r#"{"data": "x"}"#, ""] {
            let (port, served) = serve(reply);
            assert_eq!(server_on(port), None, "{reply}");
            served.join().unwrap();
        }
    }
}
