//! What a WebSocket of the client notices, each played by a server of a few lines.

use std::net::TcpStream;

use rustix::net::sockopt::set_socket_linger;
use strict_client::{Failure, Mode, Record};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Message, WebSocket, accept_hdr};

use crate::run::first_of;
use crate::server::{Client, Server};

fn first(serve: impl Fn(Client) + Send + Sync + 'static) -> Record {
    let server = Server::start(serve);
    first_of(Mode::WebSocket, 1, server.address).remove(0)
}

/// Opens the WebSocket as instance `a`, and answers the messages with these texts.
fn answer(client: Client, texts: &[&str]) -> WebSocket<TcpStream> {
    #[expect(clippy::result_large_err, reason = "the shape is the library's")]
    let name = |_: &Request, mut response: Response| {
        response.headers_mut().insert("x-instance", "a".parse().unwrap());
        Ok(response)
    };
    let mut socket = accept_hdr(client.into_stream(), name).unwrap();
    for text in texts {
        socket.read().unwrap();
        socket.send(Message::text(*text)).unwrap();
    }
    socket
}

#[test]
fn a_web_socket_that_talks_to_its_end_is_one_record_with_all_its_messages() {
    let record = first(|client| {
        let mut socket = answer(client, &["a 1", "a 2", "a 3"]);
        while socket.read().is_ok() {}
    });
    assert_eq!((record.failure, record.exchanges), (None, 3), "{record:?}");
    assert_eq!((record.status, record.instance.as_deref()), (Some(101), Some("a")), "{record:?}");
}

#[test]
fn a_wrong_echo_is_noticed() {
    let cases: [(&[&str], Failure, u64); 5] = [
        (&["a 1", "a 3"], Failure::OutOfSequence, 1),
        (&["a 1", "a 1"], Failure::OutOfSequence, 1),
        (&["a 1", "b 2"], Failure::WrongInstance, 1),
        (&["b 1"], Failure::WrongInstance, 0),
        (&["nonsense"], Failure::Malformed, 0),
    ];
    for (texts, failure, exchanges) in cases {
        let record = first(move |client| {
            answer(client, texts);
        });
        assert_eq!((record.failure, record.exchanges), (Some(failure), exchanges), "{texts:?}: {record:?}");
    }
}

#[test]
fn an_end_before_the_last_message_is_noticed_whatever_its_manner() {
    type End = fn(WebSocket<TcpStream>);
    let ends: [(&str, End, Failure); 3] = [
        (
            "closes in order",
            |mut socket| {
                socket.close(None).unwrap();
                while socket.read().is_ok() {}
            },
            Failure::EndedEarly,
        ),
        (
            "closes the connection",
            |mut socket| {
                // Read, so that it ends with a FIN and not with a RST.
                socket.read().unwrap();
            },
            Failure::EofWithinResponse,
        ),
        (
            "resets the connection",
            |mut socket| {
                socket.read().unwrap();
                set_socket_linger(socket.get_ref(), Some(std::time::Duration::ZERO)).unwrap();
            },
            Failure::Reset,
        ),
    ];
    for (manner, end, failure) in ends {
        let record = first(move |client| end(answer(client, &["a 1", "a 2"])));
        assert_eq!((record.failure, record.exchanges), (Some(failure), 2), "{manner}: {record:?}");
    }
}

#[test]
fn a_close_that_is_not_answered_is_noticed() {
    let record = first(|client| {
        let socket = answer(client, &["a 1", "a 2", "a 3"]);
        // Takes the close without a word.
        std::io::Read::read(&mut socket.get_ref(), &mut [0; 64]).unwrap();
    });
    assert_eq!((record.failure, record.exchanges), (Some(Failure::EofWithinResponse), 3), "{record:?}");
}

#[test]
fn a_message_that_nobody_asked_for_is_noticed() {
    let record = first(|client| {
        let mut socket = answer(client, &["a 1", "a 2", "a 3"]);
        socket.send(Message::text("a 4")).unwrap();
        while socket.read().is_ok() {}
    });
    assert_eq!((record.failure, record.exchanges), (Some(Failure::OutOfSequence), 3), "{record:?}");
}

#[test]
fn a_refused_upgrade_is_a_bad_status() {
    let record = first(|mut client| {
        client.has_request();
        client.answer(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        client.wait_for_end();
    });
    assert_eq!((record.failure, record.status), (Some(Failure::BadStatus(502)), Some(502)), "{record:?}");
    let gone = first(|mut client| {
        client.has_request();
    });
    assert_eq!((gone.failure, gone.first_byte_at), (Some(Failure::EofBeforeResponse), None), "{gone:?}");
}
