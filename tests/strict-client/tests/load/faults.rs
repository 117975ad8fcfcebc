//! For each mode the faults that it is there to notice (I1a, I1b), each played by a server of a few lines.

use std::sync::Mutex;

use strict_client::{Failure, Mode, Record};

use crate::run::{first_of, run_until_failed};
use crate::server::{Client, GOOD, Server};

const BODY: usize = 512;
/// Where a server's kernel answers bytes that come too late, a FIN and a RST are both on their way.
const DEATH: &[Failure] = &[Failure::EofBeforeResponse, Failure::Reset];

type Serve = fn(Client);

/// The first request that a mode sends to the server.
fn first(mode: Mode, serve: impl Fn(Client) + Send + Sync + 'static) -> Record {
    let server = Server::start(serve);
    first_of(mode, 1, server.address).remove(0)
}

fn expect(table: &[(Mode, &str, Serve, &[Failure])]) {
    for (mode, fault, serve, failures) in table {
        let record = first(*mode, *serve);
        assert!(record.failure.is_some_and(|failure| failures.contains(&failure)), "{mode}: {fault}: {record:?}");
        assert_eq!((record.nth_use, record.retried), (1, false), "{mode}: {fault}: {record:?}");
    }
}

fn answer_with(mut client: Client, body: &[u8]) {
    let head = format!("HTTP/1.1 200 OK\r\nX-Instance: a\r\nContent-Length: {}\r\n\r\n", body.len());
    client.answer(&[head.as_bytes(), body].concat());
    client.wait_for_end();
}

#[test]
fn a_post_notices_every_change_of_its_body() {
    let echo: Serve = |mut client| {
        let body = client.body(BODY);
        answer_with(client, &body);
    };
    let changed: Serve = |mut client| {
        let mut body = client.body(BODY);
        body[BODY - 1] = b'!';
        answer_with(client, &body);
    };
    let shorter: Serve = |mut client| {
        let body = client.body(BODY);
        answer_with(client, &body[1..]);
    };
    let cut: Serve = |mut client| {
        let body = client.body(BODY);
        answer_with(client, &body[..BODY - 1]);
    };
    let longer: Serve = |mut client| {
        let body = client.body(BODY);
        answer_with(client, &[&body[..], b"."].concat());
    };
    let empty: Serve = |mut client| {
        client.body(BODY);
        answer_with(client, b"");
    };
    for mode in [Mode::Post, Mode::Upload] {
        let good = first(mode, echo);
        assert_eq!((good.failure, good.exchanges), (None, 1), "{good:?}");
        expect(&[
            (mode, "changed", changed, &[Failure::WrongBody]),
            (mode, "shorter", shorter, &[Failure::WrongBody]),
            (mode, "cut", cut, &[Failure::WrongBody]),
            (mode, "longer", longer, &[Failure::WrongBody]),
            (mode, "empty", empty, &[Failure::WrongBody]),
        ]);
    }
}

#[test]
fn a_server_that_goes_is_noticed_by_every_mode_wherever_it_goes() {
    expect(&[
        (Mode::Post, "closes after the request", |mut client| drop(client.body(BODY)), &[Failure::EofBeforeResponse]),
        (
            Mode::Post,
            "resets after the request",
            |mut client| {
                client.body(BODY);
                client.reset();
            },
            &[Failure::Reset],
        ),
        (Mode::Upload, "closes in the middle of the body", |mut client| drop(client.body(BODY / 2)), DEATH),
        (
            Mode::Upload,
            "resets in the middle of the body",
            |mut client| {
                client.body(BODY / 2);
                client.reset();
            },
            &[Failure::Reset],
        ),
        (Mode::Preconnected, "closes before the request", |client| drop(client), DEATH),
        // So early that it may be seen while still connecting.
        (Mode::Preconnected, "resets before the request", Client::reset, &[Failure::Reset, Failure::Connect]),
        (
            Mode::Long,
            "closes after the request",
            |mut client| assert!(client.has_request()),
            &[Failure::EofBeforeResponse],
        ),
        (
            Mode::Long,
            "closes in the middle of the response",
            |mut client| {
                client.has_request();
                client.answer(&GOOD[..GOOD.len() - 1]);
            },
            &[Failure::EofWithinResponse],
        ),
        (
            Mode::Long,
            "says that it is too late",
            |mut client| {
                client.has_request();
                client.answer(b"HTTP/1.1 504 Gateway Time-out\r\nContent-Length: 0\r\n\r\n");
                client.wait_for_end();
            },
            &[Failure::BadStatus(504)],
        ),
    ]);
}

const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\nX-Instance: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Events by their number and the instance that they name.
type Events = &'static [(u64, &'static str)];

/// Sends the beginning of a stream with these events; `true`, if it is the whole stream.
fn stream(client: &mut Client, events: &[(u64, &str)], is_whole: bool) {
    assert!(client.has_request());
    client.answer(STREAM);
    for (id, instance) in events {
        let event = format!("id: {id}\ndata: {instance}\n\n");
        client.answer(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
    }
    if is_whole {
        client.answer(b"0\r\n\r\n");
    }
}

#[test]
fn an_event_stream_notices_lost_and_doubled_events_another_instance_and_an_early_end() {
    let good = first(Mode::Sse, |mut client| stream(&mut client, &[(1, "a"), (2, "a"), (3, "a")], true));
    assert_eq!((good.failure, good.exchanges, good.instance.as_deref()), (None, 3, Some("a")), "{good:?}");
    let cases: [(Events, bool, Failure, u64); 7] = [
        (&[(1, "a"), (3, "a")], true, Failure::OutOfSequence, 1),
        (&[(1, "a"), (1, "a"), (2, "a"), (3, "a")], true, Failure::OutOfSequence, 1),
        (&[(1, "a"), (2, "a"), (3, "a"), (4, "a")], true, Failure::OutOfSequence, 3),
        (&[(1, "a"), (2, "b"), (3, "b")], true, Failure::WrongInstance, 1),
        (&[(1, "b"), (2, "b"), (3, "b")], true, Failure::WrongInstance, 3),
        (&[(1, "a"), (2, "a")], true, Failure::EndedEarly, 2),
        (&[(1, "a"), (2, "a")], false, Failure::EofWithinResponse, 2),
    ];
    for (events, is_whole, failure, exchanges) in cases {
        let record = first(Mode::Sse, move |mut client| stream(&mut client, events, is_whole));
        assert_eq!(record.failure, Some(failure), "{events:?}: {record:?}");
        // Events that come in one read with a wrong one are not counted.
        assert!(record.exchanges <= exchanges, "{events:?}: {record:?}");
    }
    let reset = first(Mode::Sse, |mut client| {
        stream(&mut client, &[(1, "a")], false);
        client.reset();
    });
    assert_eq!(reset.failure, Some(Failure::Reset), "{reset:?}");
    let refused = first(Mode::Sse, |mut client| {
        client.has_request();
        client.answer(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno");
        client.wait_for_end();
    });
    assert_eq!(refused.failure, Some(Failure::BadStatus(502)), "{refused:?}");
}

#[test]
fn a_blind_client_runs_into_a_connection_that_was_closed_while_idle_and_does_not_retry() {
    let server = Server::start(|mut client| {
        if client.has_request() {
            client.answer_and_close(GOOD);
        }
    });
    let history = run_until_failed(Mode::Blind, 3, server.address);
    let records = history.records();
    let failures: Vec<_> = records.iter().filter(|record| record.failure.is_some()).collect();
    for record in failures {
        assert!(record.is_failure_that_a_retry_would_have_saved() && !record.retried, "{record:?}");
    }
    assert!(records.iter().all(|record| record.failure.is_none() || record.nth_use == 2), "{records:?}");
}

#[test]
fn a_blind_client_obeys_a_response_that_says_close() {
    let server = Server::start(|mut client| {
        if client.has_request() {
            client.answer_and_close(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }
    });
    for record in first_of(Mode::Blind, 12, server.address) {
        assert_eq!((record.failure, record.nth_use), (None, 1), "{record:?}");
    }
}

#[test]
fn a_post_is_never_sent_twice() {
    static BODIES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
    // Takes the second request of each connection and closes without a byte: the client cannot have seen it coming.
    let server = Server::start(|mut client| {
        let body = client.body(BODY);
        BODIES.lock().unwrap().push(body.clone());
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY}\r\n\r\n");
        client.answer(&[head.as_bytes(), &body].concat());
        if client.has_request() {
            let mut body = vec![0; BODY];
            std::io::Read::read_exact(client.reader(), &mut body).unwrap();
            BODIES.lock().unwrap().push(body);
        }
    });
    let history = run_until_failed(Mode::Post, 3, server.address);
    let records = history.records();
    let failed: Vec<_> = records.iter().filter(|record| record.failure.is_some()).collect();
    assert!(failed.iter().all(|record| record.failure == Some(Failure::EofBeforeResponse)), "{records:?}");
    assert!(records.iter().all(|record| !record.retried), "{records:?}");
    let mut bodies = BODIES.lock().unwrap().clone();
    bodies.sort();
    bodies.dedup();
    let came = BODIES.lock().unwrap().len();
    assert_eq!((bodies.len(), came), (records.len(), records.len()), "every body came once");
}
