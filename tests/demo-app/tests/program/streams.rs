//! The endpoints whose answers go on for a while, and what SIGTERM means to them.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;

use demo_app::Jar;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::support::{Running, exit_of};

fn open_web_socket(running: &Running) -> (WebSocket<TcpStream>, String) {
    let stream = running.try_connect().unwrap();
    let (socket, response) = client("ws://localhost/websocket", stream).unwrap();
    (socket, response.headers()["x-instance"].to_str().unwrap().to_owned())
}

fn say(socket: &mut WebSocket<TcpStream>, text: &str) -> String {
    socket.send(Message::text(text)).unwrap();
    socket.read().unwrap().into_text().unwrap().as_str().to_owned()
}

#[test]
fn events_are_numbered_and_name_the_instance() {
    let running = Running::start(&Jar::release("v1"), "real1", &[]);
    let answer = running.ask("GET /events?count=3&every=5", "");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"), "{answer}");
    let instance = answer.lines().find_map(|line| line.strip_prefix("x-instance: ")).unwrap().to_owned();
    for id in 1..=3 {
        assert!(answer.contains(&format!("id: {id}\ndata: {instance}\n\n")), "{answer}");
    }
    assert!(!answer.contains("id: 4"), "{answer}");
    for query in ["", "?count=3", "?count=3&every=0", "?count=x&every=5"] {
        let answer = running.ask(&format!("GET /events{query}"), "");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.ends_with("needed ?count=NUMBER&every=MILLISECONDS"), "{answer}");
    }
}

#[test]
fn a_web_socket_gives_every_message_back_after_the_instance() {
    let running = Running::start(&Jar::release("v1"), "real1", &[]);
    let (mut socket, instance) = open_web_socket(&running);
    for text in ["1", "two words", ""] {
        assert_eq!(say(&mut socket, text), format!("{instance} {text}"));
    }
    socket.close(None).unwrap();
    assert!(matches!(socket.read(), Ok(Message::Close(_))));
    let plain = running.ask("GET /websocket", "");
    assert!(plain.starts_with("HTTP/1.1 426 "), "{plain}");
    assert!(running.ask("POST /websocket", "").starts_with("HTTP/1.1 405 "));
}

#[test]
fn sigterm_lets_streams_finish_before_the_process_ends() {
    let mut running = Running::start(&Jar::release("v1"), "real1", &[]);
    let (mut socket, instance) = open_web_socket(&running);
    let mut events = BufReader::new(running.send("GET /events?count=8&every=100", ""));
    let mut line = String::new();
    while !line.starts_with("id: 1") {
        line.clear();
        assert_ne!(events.read_line(&mut line).unwrap(), 0, "the stream began");
    }
    running.terminate();
    running.wait_until_refused();
    let mut rest = String::new();
    events.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("id: 8\n"), "{rest}");
    assert_eq!(say(&mut socket, "1"), format!("{instance} 1"), "the WebSocket is served on");
    assert_eq!(running.child.try_wait().unwrap(), None, "the process must not leave a WebSocket behind");
    socket.close(None).unwrap();
    while socket.read().is_ok() {}
    assert_eq!(exit_of(&mut running.child).code(), Some(143));
}
