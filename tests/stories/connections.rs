//! What becomes of one connection when nginx is reloaded and when the flag moves traffic, looked at from its client's side: over TLS,
//! by HTTP/2, and in the middle of a large page (F145, F146).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use demo_app::Jar;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::rig::{Rig, ended};

type Connection = StreamOwned<ClientConnection, TcpStream>;

/// Far more than nginx and the kernel keep of a page, so that the rest of it is not yet sent when the first of it is read.
const PAGE: usize = 40_000_000;
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;

/// A connection over TLS, on which this protocol is agreed on and nothing asked for yet.
fn connect(rig: &Rig, protocol: &str) -> Connection {
    let mut roots = RootCertStore::empty();
    let certificate = rig.host.nginx().certificate().unwrap();
    roots.add(CertificateDer::from(certificate).into_owned()).unwrap();
    let mut configuration = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    configuration.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let socket = TcpStream::connect(("127.0.0.1", rig.host.ports().secure)).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(2))).unwrap();
    let client = ClientConnection::new(Arc::new(configuration), "localhost".try_into().unwrap()).unwrap();
    let mut connection = StreamOwned::new(client, socket);
    while connection.conn.is_handshaking() {
        connection.conn.complete_io(&mut connection.sock).unwrap();
    }
    assert_eq!(connection.conn.alpn_protocol(), Some(protocol.as_bytes()));
    connection
}

/// A connection of HTTP/2 whose worker knows of it, and has got no request.
fn connect_by_http2(rig: &Rig) -> Connection {
    let mut connection = connect(rig, "h2");
    // The client's preface, and settings that say nothing.
    connection.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    connection.flush().unwrap();
    // Its own, which come with the first that it writes.
    assert_eq!(frame(&mut connection).0, 4);
    connection
}

/// The next frame of HTTP/2: its kind, its stream, and what is in it.
fn frame(connection: &mut Connection) -> (u8, u32, Vec<u8>) {
    let mut head = [0; 9];
    connection.read_exact(&mut head).unwrap();
    let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
    connection.read_exact(&mut payload).unwrap();
    (head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload)
}

/// The next frame of one of these kinds.
fn frame_of(connection: &mut Connection, kinds: &[u8]) -> (u8, u32, Vec<u8>) {
    loop {
        let found = frame(connection);
        if kinds.contains(&found.0) {
            return found;
        }
    }
}

/// `GET /` of `localhost` as the first request, its head in HPACK.
fn get_by_http2(connection: &mut Connection) {
    let head = b"\x82\x87\x84\x41\x09localhost";
    let length = u8::try_from(head.len()).unwrap();
    // END_STREAM and END_HEADERS.
    connection.write_all(&[&[0, 0, length, HEADERS, 5, 0, 0, 0, 1], &head[..]].concat()).unwrap();
    connection.flush().unwrap();
}

fn back(rig: &Rig) {
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
}

#[test]
fn f145_a_reload_leaves_a_connection_of_http2_without_a_request_and_says_so_and_the_flag_leaves_it_alone() {
    let rig = Rig::with_tls();
    let install = || {
        rig.host.set("proxy.cutover", "\"instant\"").unwrap();
        ended(&rig.host.hook("switch").argument("--install").run().unwrap(), 0, &[]);
    };
    let bare = || rig.host.nginx().reload_and_wait().unwrap();
    for reload in [&bare as &dyn Fn(), &|| back(&rig), &install] {
        let mut connection = connect_by_http2(&rig);
        reload();
        let (_, stream, told) = frame_of(&mut connection, &[GOAWAY]);
        // No request was processed, and there is no error: whatever is on its way may be sent again.
        assert_eq!((stream, told.as_slice()), (0, &[0; 8][..]));
        let mut rest = Vec::new();
        drop(connection.read_to_end(&mut rest));
    }
    let mut connection = connect_by_http2(&rig);
    let before = rig.release();
    back(&rig);
    assert_ne!(rig.release(), before);
    get_by_http2(&mut connection);
    let (kind, stream, head) = frame_of(&mut connection, &[GOAWAY, HEADERS]);
    // `:status 200` has number 8 in HPACK's table.
    assert_eq!((kind, stream, head[0]), (HEADERS, 1, 0x88));
}

#[test]
fn f146_over_tls_a_client_that_has_said_nothing_yet_and_one_in_the_middle_of_a_page_outlive_a_reload() {
    let rig = Rig::with_tls();
    let get = |connection: &mut Connection, path: &str, encoding: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{encoding}Connection: close\r\n\r\n");
        connection.write_all(head.as_bytes()).unwrap();
        connection.flush().unwrap();
    };
    let page = format!("/large?bytes={PAGE}");
    for encoding in ["", "Accept-Encoding: gzip\r\n"] {
        let mut silent = connect(&rig, "http/1.1");
        let mut reading = connect(&rig, "http/1.1");
        get(&mut reading, &page, encoding);
        let mut answer = vec![0; 1000];
        reading.read_exact(&mut answer).unwrap();
        let old = rig.host.nginx().worker_pids();
        back(&rig);
        assert!(!rig.host.nginx().worker_pids().iter().any(|id| old.contains(id)), "nginx was reloaded");
        reading.read_to_end(&mut answer).unwrap();
        let head = String::from_utf8_lossy(&answer[..400]).into_owned();
        assert_eq!(head.contains("Content-Encoding: gzip"), !encoding.is_empty(), "{head}");
        assert!(answer.ends_with(b"\r\n0\r\n\r\n"), "{encoding:?}: {} bytes", answer.len());
        assert!(!encoding.is_empty() || answer.len() > PAGE, "{} bytes", answer.len());
        get(&mut silent, "/", "");
        let mut answer = String::new();
        silent.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[test]
fn f146_a_release_is_deployed_while_a_page_is_read_that_the_one_before_it_began() {
    let rig = Rig::with_tls();
    for cutover in ["reload", "instant"] {
        rig.host.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
        let mut reading = connect(&rig, "http/1.1");
        write!(reading, "GET /large?bytes={PAGE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = vec![0; 1000];
        reading.read_exact(&mut answer).unwrap();
        rig.deploy(&Jar::release(&format!("w-{cutover}"))).succeeds();
        reading.read_to_end(&mut answer).unwrap();
        assert!(answer.ends_with(b"\r\n0\r\n\r\n") && answer.len() > PAGE, "{cutover}: {} bytes", answer.len());
    }
}
