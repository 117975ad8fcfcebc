//! What a release is told by who asks as nginx does: whom the request is for, where it comes from, and nobody's secrets.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use shared::host::{Answer, Host, ProxiedRequest, Request};

use crate::on_machine;
use crate::subject::{ROOT, Subject};

#[test]
fn f130_a_release_is_asked_with_the_headers_of_a_proxy_and_without_a_cookie_or_credentials() {
    on_machine::run(ROOT, async |subject| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut lines: Vec<String> = BufReader::new(&client)
                .lines()
                .map(|line| line.unwrap().to_lowercase())
                .take_while(|line| !line.is_empty())
                .collect();
            client.write_all(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok").unwrap();
            lines.sort();
            lines
        });
        let request = Request {
            url: format!("http://127.0.0.1:{port}/owners?page=2"),
            host: Some("shop.example.com".to_owned()),
            at_most: Duration::from_mins(2),
        };
        let timed = subject.host().get_as_proxy(&[ProxiedRequest { request, https: true }]).await.unwrap();
        assert!(matches!(timed[0].answer, Answer::Response { status: 200, .. }), "{timed:?}");
        let expected = [
            "accept: */*",
            "connection: close",
            "get /owners?page=2 http/1.1",
            "host: shop.example.com",
            "user-agent: warm-up",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: shop.example.com",
            "x-forwarded-proto: https",
        ];
        assert_eq!(seen.join().unwrap(), expected);
    });
}
