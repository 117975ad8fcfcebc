//! A way that takes its time, and what it must not change: bytes, FIN and RST.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use strict_client::{DelayedPath, Failure, Load, Mode};

use crate::run::first_of;
use crate::server::{Client, GOOD, Server, deserted_address};

const ROUND_TRIP: Duration = Duration::from_millis(40);

fn connect(path: &DelayedPath) -> TcpStream {
    let stream = TcpStream::connect(path.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

#[test]
fn an_answer_takes_a_round_trip_and_the_first_one_that_of_the_connection_too() {
    let server = Server::start(|mut client| {
        while client.has_request() {
            client.answer(GOOD);
        }
    });
    let path = DelayedPath::open(server.address, ROUND_TRIP).unwrap();
    let connected = Instant::now();
    let mut stream = connect(&path);
    let mut sent = connected;
    for least in [ROUND_TRIP * 2, ROUND_TRIP, ROUND_TRIP] {
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = vec![0; GOOD.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, GOOD);
        assert!(sent.elapsed() >= least, "{:?}", sent.elapsed());
        sent = Instant::now();
    }
}

#[test]
fn many_bytes_are_under_way_at_once_and_arrive_as_they_were_sent() {
    let server = Server::start(|client| {
        let mut stream = client.into_stream();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
    });
    let path = DelayedPath::open(server.address, ROUND_TRIP).unwrap();
    let sent: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let mut stream = connect(&path);
    stream.write_all(&sent).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(received == sent, "{} of {} bytes came back, or others", received.len(), sent.len());
}

#[test]
fn a_fin_arrives_as_late_as_the_bytes_and_after_all_of_them() {
    let server = Server::start(|mut client| {
        client.has_request();
        client.answer_and_close(GOOD);
    });
    let path = DelayedPath::open(server.address, ROUND_TRIP).unwrap();
    let connected = Instant::now();
    let mut stream = connect(&path);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, GOOD);
    assert!(connected.elapsed() >= ROUND_TRIP * 2, "{:?}", connected.elapsed());
}

#[test]
fn a_reset_of_the_server_arrives_as_a_reset_after_the_bytes_before_it() {
    let server = Server::start(|mut client| {
        client.has_request();
        client.answer(&GOOD[..20]);
        // Until the client has them: a reset throws away what its receiver has not read yet.
        client.wait_for_end();
        client.reset();
    });
    let path = DelayedPath::open(server.address, ROUND_TRIP).unwrap();
    let mut stream = connect(&path);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = [0; 20];
    stream.read_exact(&mut answer).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut answer).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_reset_of_the_client_reaches_the_server_as_a_reset() {
    let (tell, told) = std::sync::mpsc::channel();
    let server = Server::start(move |mut client| {
        client.has_request();
        tell.send(client.into_stream().read(&mut [0]).map_err(|error| error.kind())).unwrap();
    });
    let path = DelayedPath::open(server.address, ROUND_TRIP).unwrap();
    let mut stream = connect(&path);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
    assert_eq!(told.recv_timeout(Duration::from_secs(10)).unwrap(), Err(ErrorKind::ConnectionReset));
}

#[test]
fn a_server_that_is_not_there_is_a_reset_connection() {
    let path = DelayedPath::open(deserted_address(), ROUND_TRIP).unwrap();
    let record = first_of(Mode::Fresh, 1, path.address()).remove(0);
    assert_eq!(record.failure, Some(Failure::Reset), "{record:?}");
}

#[test]
fn over_a_long_way_new_connections_and_retries_lose_nothing_to_a_server_that_closes() {
    // Closes while the next request is under way, whichever of the two sets out first.
    let server = Server::start(|mut client: Client| {
        if client.has_request() {
            client.answer_and_close(GOOD);
        }
    });
    let load = Load::builder(server.address)
        .modes([Mode::Fresh, Mode::Retry])
        .connections(1)
        .at_most(Mode::Fresh, 20)
        .at_most(Mode::Retry, 20)
        .round_trip(ROUND_TRIP);
    let history = load.start().unwrap().wait().unwrap();
    assert_eq!(history.summary().failures(), 0, "{}", history.summary());
    assert!(history.records().iter().all(|record| record.latency() >= ROUND_TRIP), "{}", history.summary());
}
