//! What a release is told by who asks as nginx does: whom the request is for, where it comes from, and nobody's secrets.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use shared::host::{Answer, Host, ProxiedRequest, Request};

use crate::on_machine;
use crate::subject::{ROOT, Subject};

#[test]
fn f130_a_release_is_asked_with_the_headers_of_a_proxy_without_credentials_and_with_no_cookie_but_its_own() {
    on_machine::run(ROOT, async |subject| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = thread::spawn(move || {
            [(); 3].map(|()| {
                let (mut client, _) = listener.accept().unwrap();
                let mut lines: Vec<String> = BufReader::new(&client)
                    .lines()
                    .map(|line| line.unwrap().to_lowercase())
                    .take_while(|line| !line.is_empty())
                    .collect();
                let answer =
                    "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nset-cookie: c=d\r\nContent-Length: 2\r\n\r\nok";
                client.write_all(answer.as_bytes()).unwrap();
                lines.sort();
                lines
            })
        });
        let request = Request {
            url: format!("http://127.0.0.1:{port}/owners?page=2"),
            host: Some("shop.example.com".to_owned()),
            at_most: Duration::from_mins(2),
        };
        let first = ProxiedRequest { request, https: true, cookie: None, closes: false, as_browser: false };
        let second = ProxiedRequest { cookie: Some("a=b; c=d".to_owned()), ..first.clone() };
        let third = ProxiedRequest { closes: true, as_browser: true, ..first.clone() };
        for asked in [first, second, third] {
            let timed = subject.host().get_as_proxy(&[asked]).await.unwrap();
            assert!(matches!(timed[0].answer, Answer::Response { status: 200, .. }), "{timed:?}");
            assert_eq!(timed[0].cookies, ["a=b; Path=/", "c=d"]);
        }
        let expected = [
            "accept: */*",
            "get /owners?page=2 http/1.1",
            "host: shop.example.com",
            "user-agent: warm-up",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: shop.example.com",
            "x-forwarded-proto: https",
        ];
        let [without, with, closing] = seen.join().unwrap();
        assert_eq!(without, expected);
        let with_cookie: Vec<&str> = with.iter().map(String::as_str).filter(|line| !expected.contains(line)).collect();
        assert_eq!((with_cookie, with.len()), (vec!["cookie: a=b; c=d"], expected.len() + 1));
        let others: Vec<&str> = closing.iter().map(String::as_str).filter(|line| !expected.contains(line)).collect();
        let browser = "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let own =
            ["accept-encoding: gzip, deflate, br", "accept-language: en-us,en;q=0.5", browser, "connection: close"];
        assert_eq!(others, [&own[..], &["get /owners?page=2 http/1.0"]].concat());
    });
}
