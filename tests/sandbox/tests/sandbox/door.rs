//! Every door answers as it is named.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use sandbox::{Door, Sandbox};

use crate::tiny_server::TinyServer;

#[test]
fn every_door_answers_as_it_is_named_and_only_to_the_profile() {
    let host = Sandbox::builder().build().unwrap();
    let _app = TinyServer::start(host.ports().blue, "real1").unwrap();
    host.nginx().start().unwrap();
    let table = [
        (Door::ToTheApp, 200, None, "real1"),
        (Door::returns(301), 301, Some("/login"), "<title>301 Moved Permanently</title>"),
        (Door::returns(302), 302, Some("/login"), "<title>302 Found</title>"),
        (Door::returns(401), 401, None, "<title>401 Authorization Required</title>"),
        (Door::returns(404), 404, None, "<title>404 Not Found</title>"),
        (Door::returns(500), 500, None, "<title>500 Internal Server Error</title>"),
        (Door::returns(503), 503, None, "<title>503 Service Temporarily Unavailable</title>"),
        (Door::Returns { status: 500, body: Some("no \"real-db\" \\".to_owned()) }, 500, None, "no \"real-db\" \\"),
        (Door::Html, 200, None, "<!doctype html>"),
        (Door::AnotherProfile("real2".to_owned()), 200, None, "real2"),
        (Door::ToTheApp, 200, None, "real1"),
    ];
    for (door, status, location, body) in table {
        host.nginx().set_door(&door).unwrap();
        let answer = host.door_get("/profile").unwrap();
        assert_eq!(answer.status, status, "{door:?}: {answer:?}");
        assert!(answer.body.contains(body), "{door:?}: {answer:?}");
        assert_eq!(answer.release().is_some(), door == Door::ToTheApp, "{door:?}: {answer:?}");
        let led_to = answer.header("location").unwrap_or_default();
        assert!(led_to.ends_with(location.unwrap_or_default()), "{door:?}: {answer:?}");
        assert_eq!(led_to.is_empty(), location.is_none(), "{door:?}: {answer:?}");
        assert_eq!(host.door_get("/").unwrap().body, "real1", "{door:?}");
    }
}

#[test]
fn a_door_that_hangs_takes_the_request_and_never_answers() {
    let host = Sandbox::builder().build().unwrap();
    let _app = TinyServer::start(host.ports().blue, "real1").unwrap();
    host.nginx().start().unwrap();
    host.nginx().set_door(&Door::Hangs).unwrap();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, host.ports().door)).unwrap();
    stream.write_all(b"GET /profile HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    let error = stream.read(&mut [0; 100]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(host.door_get("/").unwrap().body, "real1");
    host.nginx().set_door(&Door::ToTheApp).unwrap();
    assert_eq!(host.door_get("/profile").unwrap().body, "real1");
}

#[test]
fn a_door_that_is_set_before_the_start_is_in_force_after_it() {
    let host = Sandbox::builder().build().unwrap();
    host.nginx().set_door(&Door::Hangs).unwrap();
    host.nginx().set_door(&Door::returns(404)).unwrap();
    host.nginx().start().unwrap();
    assert_eq!(host.door_get("/profile").unwrap().status, 404);
}
