//! Outgoing connections use the proxy of the environment, except to a server on this machine.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::server::{Reply, Server};
use crate::space::{KAIZEN, Said, Space};

/// A proxy that tunnels everything to one address, and counts the tunnels.
struct Proxy {
    url: String,
    tunnels: Arc<AtomicUsize>,
}

fn proxy(to: String) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let tunnels = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tunnels);
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let to = to.clone();
            let count = Arc::clone(&count);
            std::thread::spawn(move || tunnel(client, &to, &count));
        }
    });
    Proxy { url, tunnels }
}

fn tunnel(mut client: TcpStream, to: &str, count: &AtomicUsize) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read_exact(&mut byte).is_err() {
            return;
        }
        head.push(byte[0]);
    }
    assert!(
        head.starts_with(b"CONNECT models.test:"),
        "{}",
        String::from_utf8_lossy(&head)
    );
    count.fetch_add(1, Ordering::SeqCst);
    let mut server = TcpStream::connect(to).unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let (mut back, mut forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut back, &mut forth));
    let _ = std::io::copy(&mut client, &mut server);
}

#[test]
fn no_key_takes_a_plain_road_unless_the_user_says_so() {
    let server = Server::start();
    server.on("", Reply::says("four"));
    let here = server.url();
    let proxy = proxy(here.trim_start_matches("http://").trim_end_matches("/v1").to_owned());
    let allowed = "[network]\nplain_http_hosts = [\"models.test\"]\n";
    for (named, config, code, key) in [
        ("", "", 0, None),
        ("api_key_env = \"MY_KEY\"", "", 1, None),
        ("", allowed, 0, Some("Bearer usual")),
        ("api_key_env = \"MY_KEY\"", allowed, 0, Some("Bearer mine")),
    ] {
        let space = Space::new();
        let student = "[student]\nengine = \"chat\"\nmodel = \"own\"\nbase_url = \"http://models.test/v1\"";
        // A file in the repository cannot change this.
        space.write(".config/kaizen/config.toml", allowed);
        space.write("kaizen.toml", &format!("{student}\n{named}\n[network]\nattempts = 1\n"));
        space.write("config.toml", "[agent]\ndefault_agent = \"assistant\"\n");
        let task = json!({"task_id": "a", "query": "2 + 2?", "reference_answer": "four", "split": "gate"});
        space.write("benchmark/tasks.jsonl", &format!("{task}\n"));
        std::fs::create_dir_all(space.home.join(".config/kaizen")).unwrap();
        std::fs::write(space.home.join(".config/kaizen/config.toml"), config).unwrap();
        let before = server.received().len();
        let mut command = space.command(KAIZEN, &["eval"]);
        command
            .env("HTTP_PROXY", &proxy.url)
            .env("MY_KEY", "mine")
            .env("OPENAI_API_KEY", "usual");
        let said = Said::of(command.output().unwrap()).exits(code);
        let received = server.received().split_off(before);
        if code == 1 {
            assert!(received.is_empty());
            said.says(&["plain HTTP", "https://", "plain_http_hosts"]);
        } else {
            assert_eq!(received[0].header("authorization"), key, "{named} {config}");
        }
    }
}

#[test]
fn a_proxy_is_obeyed_but_not_for_this_machine() {
    let server = Server::start();
    server.on("", Reply::says("four"));
    let here = server
        .url()
        .trim_start_matches("http://")
        .trim_end_matches("/v1")
        .to_owned();
    let proxy = proxy(here.clone());
    for (host, through) in [("models.test", true), (here.as_str(), false)] {
        let space = Space::new();
        space.write(
            "kaizen.toml",
            &format!("[student]\nengine = \"chat\"\nmodel = \"own\"\nbase_url = \"http://{host}/v1\"\n[network]\nattempts = 1\n"),
        );
        space.write("config.toml", "[agent]\ndefault_agent = \"assistant\"\n");
        let task = json!({"task_id": "a", "query": "2 + 2?", "reference_answer": "four", "split": "gate"});
        space.write("benchmark/tasks.jsonl", &format!("{task}\n"));
        let mut command = space.command(KAIZEN, &["eval"]);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(name, &proxy.url);
        }
        let before = proxy.tunnels.load(Ordering::SeqCst);
        let said = Said::of(command.env("OPENAI_API_KEY", "key-of-mine").output().unwrap()).exits(0);
        assert!(said.out.contains("100.0 %"), "{}", said.out);
        assert_eq!(proxy.tunnels.load(Ordering::SeqCst) > before, through, "{host}");
    }
}
